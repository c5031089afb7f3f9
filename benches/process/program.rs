//! Runs a program and takes its time; our own also gives back its map.
#![allow(dead_code, reason = "every bench includes the whole module and uses a part of it")]

use crate::shared::{Failure, Planted, assert_near, data};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

/// Our own program.
pub const PANDIAN: &str = env!("CARGO_BIN_EXE_pandian");

/// The map that a scan wrote.
pub struct Map(Value);

/// A scan whose result is known to be right.
pub struct Checked<'a> {
    target: &'a Path,
    report: Vec<u8>,
}

impl<'a> Checked<'a> {
    /// Scans `target` with a map, and asserts that so many objects were scanned and the planted values found.
    pub fn new(target: &'a Path, objects: u64, planted: &Planted) -> Result<Self, Failure> {
        let (_, report) = pandian(target, &["-o".as_ref(), data("map.json")?.as_os_str()])?;
        Map::read()?.assert(objects, planted);
        Ok(Checked { target, report })
    }

    /// The seconds of the same scan as a user types it; the report that it prints must be the same to the byte.
    pub fn time(&self, jobs: &str) -> Result<f64, Failure> {
        let (seconds, report) = pandian(self.target, &["-j".as_ref(), jobs.as_ref()])?;
        assert!(
            report == self.report,
            "two scans of the same, two reports: {}",
            String::from_utf8_lossy(&report)
        );
        Ok(seconds)
    }
}

/// Scans; the seconds, and the report.
pub fn pandian(target: &Path, options: &[&OsStr]) -> Result<(f64, Vec<u8>), Failure> {
    let mut command = Command::new(PANDIAN);
    let (seconds, output) = timed(command.env("LC_ALL", "C").arg("scan").arg(target).args(options))?;
    if !output.status.success() {
        return Err(format!("pandian: {}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok((seconds, output.stdout))
}

impl Map {
    /// Reads the map that the last scan wrote.
    pub fn read() -> Result<Self, Failure> {
        Ok(Map(serde_json::from_str(&fs::read_to_string(data("map.json")?)?)?))
    }

    /// Asserts that so many objects were scanned from end to end, and that each detector found what was planted.
    pub fn assert(&self, objects: u64, planted: &Planted) {
        let Map(map) = self;
        assert_eq!(map["complete"], true, "{}", map["coverage"]);
        assert_eq!(map["coverage"]["scanned"], objects, "{}", map["coverage"]);
        let totals = map["totals"].as_array().map(Vec::as_slice).unwrap_or_default();
        for (detector, &planted) in planted {
            let total = totals.iter().find(|total| total["detector"] == *detector);
            assert_near(total.and_then(|t| t["matched"].as_u64()).unwrap_or(0), planted, detector);
        }
    }
}

/// Runs to the end; the seconds, and what it said.
pub fn timed(command: &mut Command) -> Result<(f64, Output), Failure> {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    Ok((start.elapsed().as_secs_f64(), output))
}

/// Whether a program can be run.
pub fn is_there(program: impl AsRef<OsStr>) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}
