//! The whole engine on one thread beside Hyperscan 5.4 with three patterns, on the same log; both count what they find.
#[path = "../corpora/generator/mod.rs"]
mod generator;
mod shared;

use pandian::{Batch, DetectorSet, Encoding, Scanner, Scratch};
use shared::{Bar, Failure, Mode, PATTERNS, SHAPES, Table, assert_near, root};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Bytes that the scanner is given at a time, as a sweep does it.
const BODY: usize = 4 << 20;

fn main() -> Result<(), Failure> {
    let mode = Mode::from_args();
    let mut truth = Vec::new();
    let (path, logs) = shared::log_file(mode.choose(512 << 20, 4 << 20), &mut truth)?;
    let scanner = Scanner::new(DetectorSet::built_in()?)?;
    let ours = || {
        let start = Instant::now();
        let found = scan(&scanner, &logs);
        let seconds = start.elapsed().as_secs_f64();
        assert_near(found, truth.len() as u64, "engine");
        Ok(seconds)
    };
    ours()?;
    let table = Table::new(mode);
    let rows = [
        ("engine, logs: Hyperscan, three patterns (s)", PATTERNS),
        ("engine, logs: Hyperscan, three bare shapes (s)", SHAPES),
    ];
    let yardstick = compile()?;
    for (name, patterns) in rows {
        let Some(yardstick) = &yardstick else {
            table.missing(name, "apt-get install libhyperscan-dev pkg-config gcc, or benches/setup");
            continue;
        };
        table.paired(name, Bar::Faster(4.0), ours, || {
            let (matches, seconds) = hyperscan(yardstick, &path, &patterns)?;
            assert!(matches >= truth.len() as u64, "Hyperscan: {matches} matches, {} planted", truth.len());
            Ok(seconds)
        })?;
    }
    Ok(())
}

fn scan(scanner: &Scanner, hay: &[u8]) -> u64 {
    let (batch, mut scratch, mut found) = (Batch::text(hay, Encoding::Utf8), Scratch::default(), 0);
    for start in (0..hay.len()).step_by(BODY) {
        let hits = scanner.scan(&batch, start..(start + BODY).min(hay.len()), &mut scratch);
        found += hits.iter().filter(|hit| !hit.weak).count() as u64;
    }
    found
}

/// Compiles the yardstick, so that no build of ours needs the library; `None` where the library is not installed.
fn compile() -> Result<Option<PathBuf>, Failure> {
    let flags = match Command::new("pkg-config").args(["--cflags", "--libs", "libhs"]).output() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout)?,
        _ => return Ok(None),
    };
    let program = shared::data("hyperscan")?;
    let compiled = Command::new("cc")
        .args(["-O2", "-Wall", "-Wextra", "-o"])
        .args([&program, &root("benches/hyperscan.c")])
        .args(flags.split_whitespace())
        .status();
    match compiled {
        Ok(status) if status.success() => Ok(Some(program)),
        Ok(status) => Err(format!("cc benches/hyperscan.c: {status}").into()),
        Err(_) => Ok(None),
    }
}

/// The matches, and the seconds of the scan alone.
fn hyperscan(program: &Path, file: &Path, patterns: &[&str]) -> Result<(u64, f64), Failure> {
    let output = Command::new(program).arg(file).args(patterns).output()?;
    let (out, err) = (String::from_utf8(output.stdout)?, String::from_utf8_lossy(&output.stderr));
    let mut words = out.split_whitespace();
    match (words.next(), words.next()) {
        (Some(matches), Some(seconds)) if output.status.success() => Ok((matches.parse()?, seconds.parse()?)),
        _ => Err(format!("the Hyperscan yardstick: {out}{err}").into()),
    }
}
