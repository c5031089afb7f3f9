//! One large log in the page cache: beside ripgrep, beside Kingfisher, and two threads beside one.
use crate::generator::Truth;
use crate::program::{Checked, is_there, pandian, timed};
use crate::shared::{Bar, Failure, Mode, PATTERNS, SHAPES, Table, count, data, log_file, root};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    let mut truth = Vec::new();
    let (path, logs) = log_file(mode.choose(512 << 20, 12 << 20), &mut truth)?;
    drop(logs);
    assert_every_value(&path, &truth)?;
    let log = Checked::new(&path, 1, &count(&truth))?;
    let scan = |jobs: &str| log.time(jobs);
    let names =
        ["512 MB log, 2 threads: rg -c, three patterns (s)", "512 MB log, 2 threads: rg -c, bare shapes (s)"];
    for (name, patterns) in names.into_iter().zip([PATTERNS, SHAPES]) {
        if is_there("rg") {
            table.paired(
                name,
                Bar::Faster(6.0),
                || scan("2"),
                || ripgrep(&path, &patterns, truth.len() as u64),
            )?;
        } else {
            table.missing(name, "apt-get install ripgrep, or benches/setup");
        }
    }
    let name = "512 MB log, 2 threads: Kingfisher, three rules (s)";
    let program = root("target/tools/kingfisher/bin/kingfisher");
    if is_there(&program) {
        let rules = data("kingfisher.yml")?;
        fs::write(&rules, kingfisher_rules())?;
        let theirs = || kingfisher(&program, &rules, &path, truth.len() as u64);
        table.paired(name, Bar::Faster(20.0), || scan("2"), theirs)?;
    } else {
        table.missing(name, "benches/setup");
    }
    table.paired("512 MB log, 2 threads: own time on 1 (s)", Bar::Faster(1.8), || scan("2"), || scan("1"))
}

/// Every planted value is among the findings, on its line, by its detector.
fn assert_every_value(path: &Path, truth: &[Truth]) -> Result<(), Failure> {
    let file = data("findings.jsonl")?;
    pandian(path, &["--findings".as_ref(), file.as_os_str(), "--reveal".as_ref()])?;
    let mut found = BTreeMap::new();
    for line in fs::read_to_string(&file)?.lines() {
        let finding: Value = serde_json::from_str(line)?;
        if let (Some(line), Some(value)) = (finding["line"].as_u64(), finding["value"].as_str()) {
            found.insert((line, value.to_owned()), finding["detector"].clone());
        }
    }
    fs::remove_file(&file)?;
    let is_missing = |planted: &&Truth| {
        found.get(&(planted.line, planted.value.clone())).is_none_or(|d| *d != planted.detector)
    };
    assert_eq!(truth.iter().filter(is_missing).count(), 0, "planted values were missed");
    Ok(())
}

/// Lines with a match. A line holds one planted value at most, and every one has the shape.
fn ripgrep(path: &Path, patterns: &[&str], planted: u64) -> Result<f64, Failure> {
    let mut command = Command::new("rg");
    command.arg("-c");
    for pattern in patterns {
        // Bytes in the place of characters, which spares it the larger automaton.
        command.arg("-e").arg(format!("(?-u:{pattern})"));
    }
    let (seconds, output) = timed(command.arg(path))?;
    let lines: u64 = String::from_utf8(output.stdout)?.trim().parse()?;
    assert!(lines >= planted, "ripgrep: {lines} lines, {planted} planted");
    Ok(seconds)
}

fn kingfisher_rules() -> String {
    let mut rules = "rules:\n".to_owned();
    for (id, pattern) in ["id", "mobile", "card"].into_iter().zip(PATTERNS) {
        rules +=
            &format!("  - id: cn.{id}\n    name: {id}\n    pattern: '{pattern}'\n    confidence: medium\n");
        rules += "    min_entropy: 0.0\n    examples: []\n";
    }
    rules
}

/// Three rules and none of its own, nothing validated, and its automata from its cache.
fn kingfisher(program: &Path, rules: &Path, path: &Path, planted: u64) -> Result<f64, Failure> {
    let out = data("kingfisher.jsonl")?;
    let cache = data("kingfisher-cache")?;
    let mut command = Command::new(program);
    command.args(["scan", "--no-update-check", "--load-builtins", "false", "--no-validate", "--no-dedup"]);
    command.args(["--max-file-size", "0", "--git-history", "none", "--jobs", "2", "--format", "jsonl"]);
    command
        .arg("--rule-cache-dir")
        .arg(cache)
        .arg("--rules-path")
        .arg(rules)
        .arg("--output")
        .arg(&out)
        .arg(path);
    let (seconds, output) = timed(&mut command)?;
    let found = fs::read_to_string(&out)?.lines().filter(|line| line.starts_with("{\"rule\"")).count() as u64;
    fs::remove_file(&out)?;
    assert!(found >= planted, "Kingfisher: {found} found, {planted} planted: {output:?}");
    Ok(seconds)
}
