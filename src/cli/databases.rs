//! The options of a scan that concern databases, and `--dry-run`.
use super::{COMPLETE, Failure, USAGE, print};
use crate::model::Lang;
use crate::pipeline::{Engine, Extent, Planned, TableOptions, statements};
use crate::source::database::{Access, Database, Rate, Target, Tls};
use clap::{Args, ValueEnum};
use globset::GlobSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// What one statement reads at most, as a rule: for how long it may take where a rate is kept.
const MOST_ROWS: f64 = 1e6;
/// The same in bytes.
const MOST_BYTES: f64 = 128.0 * 1024.0 * 1024.0;

#[derive(Args)]
#[command(next_help_heading = "Databases")]
pub(super) struct DatabaseArgs {
    /// Read a random part of every table: a share (1%) or a number of rows (100000)
    #[arg(long, value_name = "N|P%", value_parser = extent, conflicts_with = "budget")]
    sample: Option<Extent>,
    /// Read for so long (90s, 10m, 2h), the likeliest tables first, at random
    #[arg(long, value_name = "TIME", value_parser = duration)]
    budget: Option<Duration>,
    /// Where the random choice begins: the same number chooses the same rows
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Read no faster than this: 5000rows/s, 20MB/s
    #[arg(long, value_name = "RATE")]
    rate: Option<Rate>,
    /// Connections to a server at a time
    #[arg(long, value_name = "N", default_value = "2")]
    connections: NonZeroUsize,
    /// Have the server end a statement after so long
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    statement_timeout: Duration,
    /// Scan views and materialised views, too
    #[arg(long)]
    views: bool,
    /// How connections are secured; this machine's own servers may answer in the clear under `verify`
    #[arg(long, value_name = "HOW", value_enum, default_value = "verify")]
    tls: TlsArg,
    /// Trust the certificates in this file (PEM)
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Print the statements that would be run, and what they would read; read nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum TlsArg {
    /// Encrypted, the server's certificate verified
    Verify,
    /// Encrypted, whoever answers
    Insecure,
    /// In the clear
    Off,
}

fn extent(text: &str) -> Result<Extent, String> {
    let wrong = || "write a share as 1%, or a number of rows as 100000".to_owned();
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
        let valid = percent > 0.0 && percent <= 100.0;
        return if valid {
            Ok(Extent::Share(percent / 100.0))
        } else {
            Err("a share is more than 0% and at most 100%".into())
        };
    }
    match text.parse() {
        Ok(rows) if rows > 0 => Ok(Extent::Rows(rows)),
        _ => Err(wrong()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "write a time as 90s, 10m or 2h".to_owned();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..split].parse().map_err(|_| wrong())?;
    let seconds = match &text[split..] {
        "" | "s" => number,
        "m" => number * 60,
        "h" => number * 3600,
        _ => return Err(wrong()),
    };
    if seconds > 0 { Ok(Duration::from_secs(seconds)) } else { Err(wrong()) }
}

impl DatabaseArgs {
    /// What was typed, in the terms of the scan.
    pub fn options(&self, include: GlobSet, exclude: GlobSet) -> TableOptions {
        let tls = match self.tls {
            TlsArg::Verify => Tls::Verify,
            TlsArg::Insecure => Tls::Insecure,
            TlsArg::Off => Tls::Off,
        };
        // Servers count the time that a slow reader takes against their statement.
        let slow = match self.rate {
            None => 0.0,
            Some(Rate::Rows(rate)) => MOST_ROWS / rate,
            Some(Rate::Bytes(rate)) => MOST_BYTES / rate,
        };
        TableOptions {
            access: Access {
                statement_timeout: self.statement_timeout + Duration::from_secs_f64(slow),
                views: self.views,
                include,
                exclude,
                tls,
                tls_ca: self.tls_ca.clone(),
            },
            extent: self.sample.or(self.budget.map(Extent::Time)).unwrap_or(Extent::Whole),
            seed: self.seed,
            connections: self.connections,
            rate: self.rate,
        }
    }
}

/// A database as it was named, ready to be connected to.
type Named = (Target, Box<dyn Database>);

/// The databases among the targets.
pub(super) fn open(targets: &[PathBuf]) -> Result<Vec<Named>, Failure> {
    let parsed = targets.iter().filter_map(|target| Target::parse(target.to_str()?));
    parsed
        .map(|target| {
            let target = target?;
            let database = target.open()?;
            Ok((target, database))
        })
        .collect()
}

/// Prints what a scan would run.
pub(super) fn dry_run(
    engine: &Engine,
    databases: &[Named],
    options: &TableOptions,
    lang: Lang,
) -> Result<u8, Failure> {
    let mut code = COMPLETE;
    for (target, database) in databases {
        match statements(engine, target, database.as_ref(), options) {
            Ok(tables) => print(&tables.iter().map(|table| describe(table, lang)).collect::<String>())?,
            Err(failure) => {
                eprintln!("pandian: {}: {failure}", target.shown());
                code = USAGE;
            }
        }
    }
    Ok(code)
}

fn describe(table: &Planned, lang: Lang) -> String {
    let unknown = || lang.pick("未知", "unknown").to_owned();
    let rows = table.rows.map_or_else(unknown, |rows| rows.to_string());
    let bytes = table.bytes.map_or_else(unknown, |bytes| indicatif::HumanBytes(bytes).to_string());
    let mut text = lang.pick(
        format!("-- {}：约 {rows} 行，{bytes}\n", table.path),
        format!("-- {}: about {rows} rows, {bytes}\n", table.path),
    );
    if !table.skipped.is_empty() {
        let columns = table.skipped.join(", ");
        text += &lang.pick(format!("-- 不读取：{columns}\n"), format!("-- not fetched: {columns}\n"));
    }
    for statement in &table.statements {
        text += statement;
        text += ";\n";
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_shares_or_rows() {
        assert_eq!(extent("1%"), Ok(Extent::Share(0.01)));
        assert_eq!(extent("0.5 %"), Ok(Extent::Share(0.005)));
        assert_eq!(extent("100000"), Ok(Extent::Rows(100_000)));
        for wrong in ["0%", "101%", "0", "-1", "some", ""] {
            assert!(extent(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        for wrong in ["", "0", "m", "10d", "1.5h"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
