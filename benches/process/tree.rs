//! Many small files in nested folders, beside ripgrep looking for a literal that does not occur.
use crate::generator;
use crate::program::{Checked, is_there, timed};
use crate::shared::{Bar, Failure, Mode, SEED, Table, count, data};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Occurs in none of the words that the generator has.
const ABSENT: &str = "gainsborough";

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    let files = mode.choose(100_000, 400);
    let mut truth = Vec::new();
    let top = write(files, &mut truth)?;
    let scan = Checked::new(&top, files, &count(&truth))?;
    let name = "100,000 small files: rg -c, an absent literal (s)";
    if is_there("rg") {
        // The folder lies in one that .gitignore names.
        let listed = timed(Command::new("rg").args(["--no-ignore", "--files"]).arg(&top))?.1.stdout;
        assert_eq!(memchr::memchr_iter(b'\n', &listed).count() as u64, files, "ripgrep sees every file");
        table.paired(name, Bar::AtMost(1.5), || scan.time("2"), || ripgrep(&top))
    } else {
        table.missing(name, "apt-get install ripgrep, or benches/setup");
        Ok(())
    }
}

/// Writes the tree, unless it is there whole.
fn write(files: u64, truth: &mut Vec<generator::Truth>) -> Result<PathBuf, Failure> {
    let (top, whole) = (data(&format!("tree-{SEED}-{files}"))?, data(&format!("tree-{SEED}-{files}.whole"))?);
    // A sum over all content: the tree of another generator is written anew.
    let (mut sum, mut result) = (0_u64, Ok(()));
    generator::tree(SEED, files, truth, |path, content| {
        let bytes = path.bytes().chain(content.iter().copied());
        sum = bytes.fold(sum, |sum, b| (sum ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
    });
    if fs::read_to_string(&whole).ok() == Some(sum.to_string()) {
        return Ok(top);
    }
    if top.exists() {
        fs::remove_dir_all(&top)?;
    }
    generator::tree(SEED, files, &mut Vec::new(), |path, content| {
        let path = top.join(path);
        if result.is_ok() {
            result =
                path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, content));
        }
    });
    result?;
    fs::write(&whole, sum.to_string())?;
    Ok(top)
}

fn ripgrep(top: &Path) -> Result<f64, Failure> {
    let (seconds, output) = timed(Command::new("rg").args(["--no-ignore", "-c", ABSENT]).arg(top))?;
    // 1: searched, and nothing found.
    assert_eq!(output.status.code(), Some(1), "ripgrep finds nothing: {output:?}");
    Ok(seconds)
}
