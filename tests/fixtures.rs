//! Files made by other programs: every value in them is found where it is, and nothing else.
use crate::program::{Scene, root};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A file, and what is in it. See corpora/fixtures/common.py.
#[derive(Deserialize)]
struct Fixture {
    file: String,
    values: Vec<Expected>,
}

/// A value, and where it is; what is null is not compared.
#[derive(Deserialize)]
struct Expected {
    detector: String,
    value: String,
    path: Option<String>,
    field: Option<String>,
    place: Option<String>,
    row: Option<u64>,
    line: Option<u64>,
}

impl Expected {
    fn is(&self, found: &Value) -> bool {
        let text =
            |key: &str, want: &Option<String>| want.as_ref().is_none_or(|want| found[key] == want.as_str());
        let number = |key: &str, want: Option<u64>| want.is_none_or(|want| found[key] == want);
        let below = found["path"].as_str().and_then(|path| path.split_once('!')).map(|(_, below)| below);
        found["detector"] == self.detector.as_str()
            && found["value"] == self.value.as_str()
            && self.path.as_ref().is_none_or(|want| below == Some(want))
            && text("field", &self.field)
            && text("place", &self.place)
            && number("row", self.row)
            && number("line", self.line)
    }
}

/// Where `corpora/fixtures/setup` puts them.
fn folder() -> PathBuf {
    root().join("target/fixtures")
}

fn families() -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder()) else {
        panic!("no fixtures: make them with corpora/fixtures/setup");
    };
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect()
}

/// The mistakes made in a family of files, and how many files it has.
fn mistakes(family: &str) -> (Vec<String>, usize) {
    let list = std::fs::read(folder().join(format!("{family}.json"))).expect("a list");
    let fixtures: Vec<Fixture> = serde_json::from_slice(&list).expect("a list of files");
    let target = folder().join(family);
    let scene = Scene::new();
    let run = scene.run(&[target.to_str().expect("UTF-8"), "--reveal"], b"").closes();
    let mut found: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for finding in &run.findings {
        let path = finding["path"].as_str().expect("a path");
        let file = path.split('!').next().unwrap_or(path);
        let file =
            file.strip_prefix(folder().to_str().expect("UTF-8")).unwrap_or(file).trim_start_matches('/');
        found.entry(file.to_owned()).or_default().push(finding);
    }
    let mut mistakes = Vec::new();
    for fixture in &fixtures {
        let mut here = found.remove(&fixture.file).unwrap_or_default();
        // Those of which most is said choose first.
        let (within, others): (Vec<_>, Vec<_>) =
            fixture.values.iter().partition(|value| value.path.is_some());
        for value in within.into_iter().chain(others) {
            match here.iter().position(|finding| value.is(finding)) {
                Some(at) => drop(here.swap_remove(at)),
                None => mistakes.push(format!("{}: missed {} {}", fixture.file, value.detector, value.value)),
            }
        }
        mistakes.extend(here.iter().map(|extra| format!("{}: not expected: {extra}", fixture.file)));
    }
    mistakes.extend(found.keys().map(|file| format!("{file}: values in a file that is not listed")));
    (mistakes, fixtures.len())
}

#[test]
fn files_of_other_programs_give_their_values_and_no_others() {
    let (mut all, mut files) = (Vec::new(), 0);
    for family in families() {
        let (mistakes, count) = mistakes(&family);
        files += count;
        all.extend(mistakes);
    }
    assert!(all.is_empty(), "{} mistakes in {files} files:\n{}", all.len(), all.join("\n"));
    assert!(files >= 500, "{files} files are too few");
}
