//! What the benches beside other programs share: paired rounds, the table, the patterns, and data kept between runs.
#![allow(dead_code, reason = "every bench includes the whole module and uses a part of it")]

mod load;
pub mod peak;

use crate::generator::Truth;
use load::Load;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub type Failure = Box<dyn std::error::Error>;

/// By detector, how many values were planted.
pub type Planted = BTreeMap<&'static str, u64>;

/// The seed of all data.
pub const SEED: u64 = 1;

/// Identity number, mobile number, card number as one writes them without a checksum to lean on: with the digits
/// that a date, a network and an issuer allow. So the yardsticks' answers come as near to ours as patterns can.
pub const PATTERNS: [&str; 3] = [
    "(?:^|[^0-9])([1-8][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx])(?:[^0-9]|$)",
    "(?:^|[^0-9])(1[3-9][0-9]{9})(?:[^0-9]|$)",
    "(?:^|[^0-9])([3-6][0-9]{14,18})(?:[^0-9]|$)",
];

/// The bare shapes, as our detectors' patterns state them. Cheaper for an automaton, and no answer yet: every order
/// number in the logs fits, and would still have to be checked.
pub const SHAPES: [&str; 3] = [
    "(?:^|[^0-9])[1-8][0-9]{16}[0-9Xx](?:[^0-9]|$)",
    "(?:^|[^0-9])[1-9][0-9]{10}(?:[^0-9]|$)",
    "(?:^|[^0-9])[1-9][0-9]{14,18}(?:[^0-9]|$)",
];

/// Quiet pairs of a row.
const PAIRS: usize = 7;
/// A pair counts when others had at most this share of the machine, in percent.
const QUIET: f64 = 5.0;
/// Pairs after which a row is made of what there is.
const MOST_PAIRS: usize = 30;
/// Pairs that a row has at least, however long they take, and the time after which no more are taken.
const FEWEST_PAIRS: usize = 3;
const LONGEST: Duration = Duration::from_secs(180);

/// What a ratio must reach.
#[derive(Clone, Copy)]
pub enum Bar {
    /// The yardstick must take at least so many times as long as we do.
    Faster(f64),
    /// We may take, or use, at most so many times the yardstick.
    AtMost(f64),
}

/// Whether to measure, or to run small for the counts.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    Measure,
    CountsOnly,
}

impl Mode {
    /// `-- --test` asks for the counts only.
    pub fn from_args() -> Self {
        if std::env::args().any(|arg| arg == "--test") { Mode::CountsOnly } else { Mode::Measure }
    }

    /// `large` when measuring, else `small`.
    pub fn choose<T>(self, large: T, small: T) -> T {
        if self == Mode::Measure { large } else { small }
    }
}

/// Measures a part and prints its rows.
#[allow(dead_code, reason = "not every bench is of such parts")]
pub type Rows = fn(&Table, Mode) -> Result<(), Failure>;

/// Runs the parts that the command line names (`cargo bench --bench process -- tree`), or all of them.
#[allow(dead_code, reason = "not every bench is of such parts")]
pub fn run(parts: &[(&str, Rows)]) -> Result<(), Failure> {
    let mode = Mode::from_args();
    let table = Table::new(mode);
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, rows) in parts {
        if asked.is_empty() || asked.iter().any(|arg| arg == name) {
            rows(&table, mode)?;
        }
    }
    Ok(())
}

/// The table. Other work on the machine moves single times much, and both times of a pair alike; so a row is the
/// median of the ratios of its pairs, beside the least and the greatest. A program with two threads suffers more from
/// other work than one with one; so pairs that were disturbed are taken again, whatever their ratio, and the share of the
/// machine that others had in those that count is in the table.
pub struct Table(Mode);

impl Table {
    pub fn new(mode: Mode) -> Self {
        println!(
            "{:<52}{:>10}{:>10}{:>8}{:>8}{:>8}{:>8}  bar",
            "row", "ours", "yardstick", "ratio", "least", "most", "others"
        );
        Table(mode)
    }

    /// Runs `ours` and `theirs` in turn, each of which returns what it cost, and prints the row.
    pub fn paired(
        &self,
        name: &str,
        bar: Bar,
        mut ours: impl FnMut() -> Result<f64, Failure>,
        mut theirs: impl FnMut() -> Result<f64, Failure>,
    ) -> Result<(), Failure> {
        // Warms the caches, and is all there is to do for the counts.
        let mut pairs = vec![(ours()?, theirs()?)];
        if self.0 == Mode::CountsOnly {
            self.row(name, bar, &pairs, None);
            return Ok(());
        }
        pairs.clear();
        let (mut shares, mut quiet, begun) = (Vec::new(), 0, Instant::now());
        let goes_on = |taken: usize| taken < FEWEST_PAIRS || taken < MOST_PAIRS && begun.elapsed() < LONGEST;
        while quiet < PAIRS && goes_on(pairs.len()) {
            let load = Load::now();
            pairs.push((ours()?, theirs()?));
            shares.push(load.and_then(|load| load.others()).unwrap_or(0.0));
            quiet = shares.iter().filter(|share| **share <= QUIET).count();
        }
        // Never quiet for long enough: all that there is, and the reader sees it in the column.
        let limit = if quiet < PAIRS { f64::INFINITY } else { QUIET };
        let (pairs, shares): (Vec<_>, Vec<_>) =
            pairs.into_iter().zip(shares).filter(|(_, share)| *share <= limit).unzip();
        self.row(name, bar, &pairs, Some(shares.iter().sum::<f64>() / shares.len() as f64));
        Ok(())
    }

    /// Prints a row of what was measured in pairs: ours, yardstick; `others` in percent, where it matters.
    pub fn row(&self, name: &str, bar: Bar, pairs: &[(f64, f64)], others: Option<f64>) {
        if self.0 == Mode::CountsOnly {
            println!("{name:<52}  counts only");
            return;
        }
        let ratios = pairs.iter().map(|&(ours, theirs)| match bar {
            Bar::Faster(_) => theirs / ours,
            Bar::AtMost(_) => ours / theirs,
        });
        let ratios = sorted(ratios);
        let (ours, theirs) =
            (sorted(pairs.iter().map(|pair| pair.0)), sorted(pairs.iter().map(|pair| pair.1)));
        let middle = pairs.len() / 2;
        let ratio = ratios[middle];
        let (sign, limit, holds) = match bar {
            Bar::Faster(limit) => (">=", limit, ratio >= limit),
            Bar::AtMost(limit) => ("<=", limit, ratio <= limit),
        };
        println!(
            "{name:<52}{:>10.3}{:>10.3}{ratio:>8.2}{:>8.2}{:>8.2}{:>8}  {sign} {limit}{}",
            ours[middle],
            theirs[middle],
            ratios[0],
            ratios[ratios.len() - 1],
            others.map_or("-".into(), |share| format!("{share:.0} %")),
            if holds { "" } else { "  MISSED" }
        );
    }

    /// A figure without a bar, below the row it belongs to.
    pub fn note(&self, text: &str) {
        if self.0 == Mode::Measure {
            println!("{:<52}{text}", "");
        }
    }

    /// A row whose yardstick is not there: said, never dropped.
    pub fn missing(&self, name: &str, install: &str) {
        println!("{name:<52}  not installed: {install}");
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

/// A path in the checkout.
pub fn root(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

/// A path among the data, which `cargo clean` removes.
pub fn data(name: &str) -> io::Result<PathBuf> {
    let folder = root("target/bench-data");
    fs::create_dir_all(&folder)?;
    Ok(folder.join(name))
}

/// Service logs as a file; what was planted comes from making them anew, which takes less time than reading a list.
pub fn log_file(bytes: usize, truth: &mut Vec<Truth>) -> io::Result<(PathBuf, Vec<u8>)> {
    let logs = crate::generator::logs(SEED, bytes, truth);
    Ok((data_file(&format!("logs-{SEED}-{bytes}.log"), &logs)?, logs))
}

/// A file among the data that holds `bytes`.
pub fn data_file(name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let path = data(name)?;
    // A changed generator shows in the bytes, and comparing them also brings the file into the page cache.
    if fs::read(&path).ok().as_deref() != Some(bytes) {
        fs::write(&path, bytes)?;
    }
    Ok(path)
}

/// How many values of each detector were planted.
pub fn count(truth: &[Truth]) -> Planted {
    let mut planted = Planted::new();
    truth.iter().for_each(|value| *planted.entry(value.detector).or_default() += 1);
    planted
}

/// What was found holds what was planted; chance adds a few, and may not add many.
pub fn assert_near(found: u64, planted: u64, what: &str) {
    assert!(found >= planted, "{what}: {found} found, {planted} planted");
    assert!(found <= planted + planted / 50 + 5, "{what}: {found} found, {planted} planted");
}
