//! Speed beside its yardsticks, in one run, as ratios; every row asserts its count. `-- --test` runs small, for the counts.
#[path = "../corpora/generator/mod.rs"]
mod generator;

use generator::Truth;
use pandian::simd::{self, Kind, Spec, WideDigits};
use pandian::{Batch, DetectorSet, Encoding, Scanner, Scratch};
use std::time::Instant;

/// Bytes that the scanner is given at a time, as a sweep does it.
const BODY: usize = 4 << 20;
/// Bytes of a trigger pass, as the scanner does it.
const PASS: usize = 32 << 10;
const ROUNDS: usize = 5;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let bytes = if small() { 4 << 20 } else { 512 << 20 };
    let scanner = Scanner::new(DetectorSet::built_in()?)?;
    let mut truth = Vec::new();
    let logs = generator::logs(1, bytes, &mut truth);
    let prose = generator::prose(1, bytes);
    println!("{:<34}{:>10}{:>10}{:>9}{:>9}", "row", "GB/s", "yardstick", "ratio", "bar");
    row("trigger pass, logs", &logs, 0.40, || triggers(&logs));
    row("engine, logs", &logs, 0.10, || assert_found(&scanner, &logs, &truth));
    row("engine, prose and source", &prose, 0.30, || {
        assert_eq!(scan(&scanner, &prose, |_, _| ()), 0, "prose holds nothing");
    });
    Ok(())
}

/// Whether to run small, for the counts.
fn small() -> bool {
    std::env::args().any(|arg| arg == "--test")
}

/// Times `work` and newline counting in turn; the medians make the ratio.
fn row(name: &str, hay: &[u8], bar: f64, mut work: impl FnMut()) {
    let newlines = memchr::memchr_iter(b'\n', hay).count();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work();
        ours.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        assert_eq!(memchr::memchr_iter(b'\n', hay).count(), newlines);
        theirs.push(start.elapsed().as_secs_f64());
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    if small() {
        // A few megabytes stay in the cache: the yardstick would look faster than memory is.
        println!("{name:<34}  counts only");
        return;
    }
    let (ours, theirs, size) = (median(&mut ours), median(&mut theirs), hay.len() as f64 / 1e9);
    println!("{name:<34}{:>10.2}{:>10.2}{:>9.3}{bar:>9.2}", size / ours, size / theirs, theirs / ours);
}

/// The trigger pass alone: every line's order number and no fewer.
fn triggers(hay: &[u8]) {
    let spec = Spec { run: 11, wide: WideDigits { mid: 0xBC, low: 0x90, width: 3 }, mixed: false };
    let (mut events, mut plain) = (Vec::new(), 0);
    for start in (0..hay.len()).step_by(PASS) {
        events.clear();
        simd::triggers(hay, start, (start + PASS).min(hay.len()), spec, &mut events);
        plain += events.iter().filter(|event| event.kind() == Kind::Run).count();
    }
    assert!(plain >= memchr::memchr_iter(b'\n', &hay[..BODY]).count(), "every line holds an order number");
}

fn scan(scanner: &Scanner, hay: &[u8], mut each: impl FnMut(usize, &[u8])) -> usize {
    let (batch, mut scratch, mut found) = (Batch::text(hay, Encoding::Utf8), Scratch::default(), 0);
    for start in (0..hay.len()).step_by(BODY) {
        for hit in scanner.scan(&batch, start..(start + BODY).min(hay.len()), &mut scratch) {
            if !hit.weak {
                found += 1;
                each(hit.detector, &hay[hit.start..hit.end]);
            }
        }
    }
    found
}

/// All that was planted, in order, among what was found: chance adds a few, and may not add many.
fn assert_found(scanner: &Scanner, hay: &[u8], truth: &[Truth]) {
    let mut planted = truth.iter().peekable();
    let found = scan(scanner, hay, |detector, value| {
        let is_next = |next: &&Truth| {
            next.value.as_bytes() == value && next.detector == scanner.detectors()[detector].id
        };
        if planted.peek().is_some_and(is_next) {
            planted.next();
        }
    });
    assert_eq!(planted.count(), 0, "a planted value was missed");
    assert!(found <= truth.len() + truth.len() / 50 + 5, "{found} found, {} planted", truth.len());
}
