//! The whole program on a large JSON Lines file, beside parsers that make a value of every line in memory.
use crate::generator::tables;
use crate::program::Checked;
use crate::shared::{Bar, Failure, Mode, SEED, Table, count, data_file};
use std::hint::black_box;
use std::time::Instant;

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    let mut truth = Vec::new();
    let bytes = tables::json_lines(SEED, mode.choose(500_000_000, 8_000_000), &mut truth);
    let file = data_file(&format!("orders-{SEED}-{}.jsonl", bytes.len()), &bytes)?;
    let scan = Checked::new(&file, 1, &count(&truth))?;
    let lines = memchr::memchr_iter(b'\n', &bytes).count();
    for (name, bar, parse) in [
        ("500 MB JSON Lines, 1 thread: sonic-rs (s)", 1.0, sonic as fn(&[u8], &mut Vec<u8>) -> bool),
        ("500 MB JSON Lines, 1 thread: simd-json (s)", 1.0, simd),
    ] {
        let theirs = || Ok(values(&bytes, lines, parse));
        table.paired(name, Bar::Faster(bar), || scan.time("1"), theirs)?;
    }
    Ok(())
}

fn values(bytes: &[u8], lines: usize, parse: fn(&[u8], &mut Vec<u8>) -> bool) -> f64 {
    let start = Instant::now();
    let (mut at, mut count, mut copy) = (0, 0, Vec::new());
    for end in memchr::memchr_iter(b'\n', bytes) {
        count += usize::from(parse(&bytes[at..end], &mut copy));
        at = end + 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(count, lines, "every line is a document");
    seconds
}

fn sonic(line: &[u8], _: &mut Vec<u8>) -> bool {
    black_box(sonic_rs::from_slice::<sonic_rs::Value>(line)).is_ok()
}

/// It writes into the text that it parses, so it gets a copy, as every user must make one who wants to keep the text.
fn simd(line: &[u8], copy: &mut Vec<u8>) -> bool {
    copy.clear();
    copy.extend_from_slice(line);
    black_box(simd_json::to_borrowed_value(copy)).is_ok()
}
