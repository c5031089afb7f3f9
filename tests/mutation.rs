//! Ten thousand broken files, made from good ones of every format: none breaks the scan, none hangs it, none fills memory,
//! and every one is accounted for.
use crate::program::{Scene, root};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Broken files, and how many of them are scanned in one go.
const FILES: usize = 10_000;
const ROUND: usize = 1_000;
/// Larger files would be the same code, slower.
const LARGEST: u64 = 256 << 10;
/// How long one file may take on average, and how long any may; a decoder that hangs holds up the whole round.
const PATIENCE: Duration = Duration::from_millis(60);
const LONGEST: Duration = Duration::from_secs(10);
/// The most resident memory, in KB, the program with all that it maps included.
const MEMORY: u64 = 512 << 10;

/// A generator of numbers that are the same in every run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit.max(1)
    }
}

/// Breaks a file in one of the ways in which files break, or are broken.
fn broken(good: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = good.to_vec();
    let at = numbers.below(bytes.len());
    let length = 1 + numbers.below(64).min(bytes.len() - at - 1);
    match numbers.below(7) {
        0 => bytes.truncate(at),
        1 => (0..=numbers.below(16)).for_each(|_| {
            let at = numbers.below(bytes.len());
            bytes[at] ^= 1 << numbers.below(8);
        }),
        2 => bytes[at..at + length].fill(0),
        // A length or an offset that reaches far beyond the end.
        3 => bytes[at..(at + 4).min(good.len())].fill(0xFF),
        4 => drop(bytes.drain(at..at + length)),
        5 => drop(bytes.splice(at..at, good[..length.min(good.len())].to_vec())),
        _ => (0..length).for_each(|i| bytes[at + i] = numbers.below(256) as u8),
    }
    bytes
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.expect("an entry");
        let meta = entry.metadata().expect("what it is");
        if meta.is_dir() {
            files_below(&entry.path(), found);
        } else if (1..=LARGEST).contains(&meta.len()) {
            found.push(entry.path());
        }
    }
}

/// The good files: the labelled cases, and those that other programs made.
fn good() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files_below(&root().join("corpora/cases"), &mut found);
    files_below(&root().join("target/fixtures"), &mut found);
    found.retain(|path| path.extension().is_none_or(|end| end != "json" && end != "toml"));
    found.sort();
    found
}

/// The most memory that a process has held so far, in KB.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().split(' ').next()?.parse().ok()
}

/// Scans a folder of broken files; returns the most memory it took.
fn survives(scene: &Scene, round: usize) -> u64 {
    let map = scene.beside("map.json");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_pandian"))
        .args(["--lang", "en", "scan", "-q", "-o"])
        .args([&map, &scene.data()])
        .stdout(Stdio::null())
        .spawn()
        .expect("the program runs");
    let (started, mut most) = (Instant::now(), 0);
    let status = loop {
        most = most.max(peak(child.id()).unwrap_or(0));
        if let Some(status) = child.try_wait().expect("a child") {
            break status;
        }
        if started.elapsed() > PATIENCE * ROUND as u32 + LONGEST {
            child.kill().expect("a child");
            panic!("round {round} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(matches!(status.code(), Some(0 | 3)), "round {round}: {status}");
    let map: serde_json::Value = serde_json::from_slice(&std::fs::read(map).expect("a map")).expect("JSON");
    let coverage = &map["coverage"];
    let count = |key: &str| coverage[key].as_u64().expect("a count");
    assert_eq!(count("objects"), count("scanned") + count("partial") + count("skipped") + count("failed"));
    let crashed: Vec<_> = coverage["exceptions"]
        .as_array()
        .expect("a ledger")
        .iter()
        .filter(|row| row["reason"] == "crashed" || row["reason"] == "timed-out")
        .collect();
    assert!(crashed.is_empty(), "round {round}: {crashed:?}");
    most
}

#[test]
fn ten_thousand_broken_files_cost_a_row_each_at_most() {
    let (good, mut numbers) = (good(), Numbers(0x9E37_79B9_7F4A_7C15));
    assert!(good.len() > 100, "no fixtures: make them with corpora/fixtures/setup");
    for round in 0..FILES / ROUND {
        let scene = Scene::new();
        for i in 0..ROUND {
            let from = &good[(round * ROUND + i) % good.len()];
            let bytes = broken(&std::fs::read(from).expect("a file"), &mut numbers);
            let name = from.file_name().expect("a name").to_string_lossy();
            scene.write(format!("{i}-{name}"), &bytes);
        }
        let most = survives(&scene, round);
        assert!(most < MEMORY, "round {round}: {most} KB");
    }
}
