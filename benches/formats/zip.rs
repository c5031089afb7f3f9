//! A zip of small text files, beside unzip writing all of them to where nothing is kept.
use crate::generator;
use crate::program::Checked;
use crate::shared::{Bar, Failure, Mode, SEED, Table, count, data};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    let files = mode.choose(10_000, 400);
    let mut truth = Vec::new();
    let archive = write(files, &mut truth)?;
    // The archive is an object of its own.
    let scan = Checked::new(&archive, files + 1, &count(&truth))?;
    let name = "zip of 10,000 small text files: unzip -p (s)";
    if Command::new("unzip").arg("-v").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        table.paired(name, Bar::Faster(0.8), || scan.time("2"), || unzip(&archive))
    } else {
        table.missing(name, "apt-get install unzip, or benches/setup");
        Ok(())
    }
}

/// Writes the archive anew: that takes less time than to see whether it is the same.
fn write(files: u64, truth: &mut Vec<generator::Truth>) -> Result<PathBuf, Failure> {
    let path = data(&format!("small-{SEED}-{files}.zip"))?;
    let mut archive = zip::ZipWriter::new(BufWriter::new(File::create(&path)?));
    let mut result = Ok(());
    generator::tree(SEED, files, truth, |name, content| {
        if result.is_ok() {
            result = add(&mut archive, name, content);
        }
    });
    result?;
    archive.finish()?.flush()?;
    Ok(path)
}

fn add(archive: &mut zip::ZipWriter<BufWriter<File>>, name: &str, content: &[u8]) -> Result<(), Failure> {
    archive.start_file(name, zip::write::SimpleFileOptions::default())?;
    Ok(archive.write_all(content)?)
}

fn unzip(archive: &Path) -> Result<f64, Failure> {
    let start = std::time::Instant::now();
    let status =
        Command::new("unzip").arg("-p").arg(archive).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    assert!(status.success(), "unzip: {status}");
    Ok(start.elapsed().as_secs_f64())
}
