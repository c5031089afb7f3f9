//! Holds the shape of the source: which stage may know which, and where what is dangerous may stand.
use crate::program::root;
use std::path::{Path, PathBuf};

const STAGES: [&str; 6] = ["source", "decode", "scan", "validate", "classify", "report"];

/// What a stage may know of another, and why.
const EXCEPTIONS: [(&str, &str, &str); 1] =
    [("scan", "validate::Verdict", "the scanner keeps what a validator passes; it calls none by name")];

/// A source file: its path below `src/`, its lines, and where its tests begin.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The code without comments and tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let body = self.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let numbered = body.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        numbered.filter(|(_, line)| !line.starts_with("//"))
    }

    /// Asserts that no line of code holds any of `words`.
    fn lacks(&self, words: &[&str]) {
        for (number, line) in self.code() {
            let word = words.iter().find(|word| line.contains(**word));
            assert!(word.is_none(), "src/{}:{number}: `{}`: {line}", self.path, word.unwrap_or(&""));
        }
    }

    fn is_below(&self, folder: &str) -> bool {
        self.path.starts_with(&format!("{folder}/"))
    }
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn sources(folder: &str) -> Vec<Source> {
    let top = root().join(folder);
    let mut paths = Vec::new();
    rust_files(&top, &mut paths);
    let shown = |path: &PathBuf| path.strip_prefix(&top).expect("below").to_string_lossy().into_owned();
    paths
        .iter()
        .map(|path| Source { path: shown(path), text: std::fs::read_to_string(path).expect("UTF-8") })
        .collect()
}

#[test]
fn stages_do_not_import_one_another() {
    let sources = sources("src");
    for stage in STAGES {
        let files: Vec<_> = sources.iter().filter(|source| source.is_below(stage)).collect();
        assert!(!files.is_empty(), "src/{stage}/ is gone; this test must follow");
        for source in files {
            // Groups would hide what is imported.
            source.lacks(&["crate::{", "super::super::super::"]);
            for (number, line) in source.code() {
                for path in line.split("crate::").skip(1) {
                    let to = path.split([':', ';', ' ', '(']).next().unwrap_or_default();
                    let excepted =
                        EXCEPTIONS.iter().any(|(from, what, _)| *from == stage && path.starts_with(what));
                    let allowed = to == stage
                        || !STAGES.contains(&to) && !["pipeline", "cli"].contains(&to)
                        || excepted;
                    assert!(allowed, "src/{}:{number}: {stage} imports {to}: {line}", source.path);
                }
            }
        }
    }
}

#[test]
fn raw_values_do_not_reach_reports() {
    for source in
        sources("src").iter().filter(|source| source.is_below("classify") || source.is_below("report"))
    {
        source.lacks(&["Secret", "expose("]);
    }
}

#[test]
fn unsafe_code_is_where_it_belongs() {
    for source in
        sources("src").iter().filter(|source| !source.is_below("simd") && source.path != "source/map.rs")
    {
        source.lacks(&["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "allow(unsafe"]);
    }
}

#[test]
fn only_the_command_line_and_the_reports_print() {
    for source in sources("src").iter().filter(|source| !source.is_below("cli") && !source.is_below("report"))
    {
        source.lacks(&["print!(", "println!("]);
    }
}

#[test]
fn nothing_is_left_half_done() {
    let sources = sources("src");
    assert!(sources.iter().any(|source| source.path == "lib.rs"));
    for source in &sources {
        source.lacks(&[".unwrap()", "todo!(", "dbg!(", "unimplemented!("]);
    }
}

#[test]
fn files_are_short_and_say_what_they_do() {
    for source in sources("src").iter().chain(&sources("tests")) {
        let first = source.text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("//! ") && first.len() > 12,
            "{} does not open with what it does",
            source.path
        );
        assert!(source.text.lines().count() <= 500, "{} is longer than 500 lines", source.path);
    }
}
