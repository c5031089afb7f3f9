//! Peak memory on a file of 4 GB, and on one line of 2 GB, mapped and from a pipe.
use crate::generator;
use crate::program::{Map, PANDIAN};
use crate::shared::{Bar, Failure, Mode, Planted, SEED, Table, data, peak::watch};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// What design and README promise, beyond the pages of mapped files.
const LIMIT: f64 = 256.0;

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    // Small: more than two bodies still, so that the threads share the file as they do the large one.
    let (file, line, chunk) =
        mode.choose((4_usize << 30, 2_usize << 30, 64_usize << 20), (24 << 20, 12 << 20, 4 << 20));
    let (path, planted) = write("memory-file.log", file, chunk, b'\n')?;
    peak(table, "4 GB file: peak MB beside the limit", Some(&path), &planted, None)?;
    fs::remove_file(&path)?;
    let (path, planted) = write("memory-line.log", line, chunk, b' ')?;
    peak(table, "2 GB line: peak MB beside the limit", Some(&path), &planted, None)?;
    peak(table, "2 GB line on stdin: peak MB beside the limit", None, &planted, Some(&path))?;
    Ok(fs::remove_file(&path)?)
}

/// Writes logs chunk by chunk, each from a seed of its own; `end` stands at the ends of lines.
fn write(name: &str, bytes: usize, chunk: usize, end: u8) -> Result<(PathBuf, Planted), Failure> {
    let (path, mut planted) = (data(name)?, Planted::new());
    let mut file = BufWriter::new(File::create(&path)?);
    for seed in 0..bytes / chunk {
        let mut truth = Vec::new();
        let mut logs = generator::logs(SEED + seed as u64, chunk, &mut truth);
        if end != b'\n' {
            logs.iter_mut().filter(|b| **b == b'\n').for_each(|b| *b = end);
        }
        file.write_all(&logs)?;
        truth.iter().for_each(|value| *planted.entry(value.detector).or_default() += 1);
    }
    file.flush()?;
    Ok((path, planted))
}

/// Scans a file, or what a pipe brings, with the map and the findings asked for, and prints the peak.
fn peak(
    table: &Table,
    name: &str,
    file: Option<&Path>,
    planted: &Planted,
    pipe: Option<&Path>,
) -> Result<(), Failure> {
    let mut command = Command::new(PANDIAN);
    command.args(["scan", "-q", "-o"]).arg(data("map.json")?);
    command.arg("--findings").arg(data("findings.jsonl")?).arg(file.unwrap_or(Path::new("-")));
    let mut child = command.stdin(if pipe.is_some() { Stdio::piped() } else { Stdio::null() }).spawn()?;
    let feed = pipe.map(|path| (path.to_owned(), child.stdin.take()));
    let feeder = feed.map(|(path, stdin)| {
        thread::spawn(move || -> io::Result<()> {
            if let Some(mut stdin) = stdin {
                io::copy(&mut File::open(path)?, &mut stdin)?;
            }
            Ok(())
        })
    });
    let (anonymous, resident) = watch(&mut child)?;
    if let Some(feeder) = feeder {
        feeder.join().map_err(|_| "the feeder of the pipe panicked")??;
    }
    Map::read()?.assert(1, planted);
    let lines = memchr::memchr_iter(b'\n', &fs::read(data("findings.jsonl")?)?).count() as u64;
    assert!(lines >= planted.values().sum(), "{lines} findings");
    fs::remove_file(data("findings.jsonl")?)?;
    assert!(anonymous < LIMIT, "{name}: {anonymous:.0} MB");
    table.row(name, Bar::AtMost(1.0), &[(anonymous, LIMIT)], None);
    table.note(&format!("{resident:>10.3}  VmHWM, with the pages of mapped files"));
    Ok(())
}
