//! `pandian eval`: precision and recall on labelled cases, by detector and by format.
use super::{COMPLETE, Failure, SetArgs, print};
use crate::model::Lang;
use crate::pipeline::{Engine, FindingsFile, Fingerprint, Options, Watch, sweep};
use crate::report::terminal;
use crate::source::Walk;
use comfy_table::CellAlignment;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The labels of one case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[expect(dead_code, reason = "for people")]
    about: String,
    format: String,
    encoding: String,
    #[serde(default, rename = "finding")]
    findings: Vec<Label>,
}

/// A value that is there. What is left out of a label is not compared.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    detector: String,
    value: String,
    field: Option<String>,
    row: Option<u64>,
    line: Option<u64>,
    /// Below the input, without the `!`.
    path: Option<String>,
    place: Option<String>,
}

/// A line of `--findings --reveal`.
#[derive(Deserialize)]
struct Found {
    detector: String,
    path: String,
    field: Option<String>,
    line: Option<u64>,
    place: Option<String>,
    row: Option<u64>,
    value: String,
}

impl Found {
    /// Where it is, for people.
    fn at(&self) -> String {
        let line = || self.line.map(|line| line.to_string());
        self.place.clone().or_else(line).unwrap_or_else(|| self.path.clone())
    }
}

/// Right, wrong and missed.
#[derive(Clone, Copy, Default)]
struct Score {
    right: u64,
    wrong: u64,
    missed: u64,
}

impl Score {
    fn precision(self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    fn recall(self) -> f64 {
        share(self.right, self.right + self.missed)
    }

    fn f1(self) -> f64 {
        share(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

/// Of nothing, all is right.
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl Label {
    fn is(&self, found: &Found) -> bool {
        self.detector == found.detector
            && self.value == found.value
            && self.field.as_ref().is_none_or(|field| found.field.as_ref() == Some(field))
            && self.row.is_none_or(|row| found.row == Some(row))
            && self.line.is_none_or(|line| found.line == Some(line))
            && self.place.as_ref().is_none_or(|place| found.place.as_ref() == Some(place))
            && self
                .path
                .as_ref()
                .is_none_or(|path| found.path.split_once('!').is_some_and(|(_, below)| below == path))
    }
}

pub(super) fn run(folder: &Path, min_confidence: f64, set: &SetArgs, lang: Lang) -> Result<u8, Failure> {
    let engine = Engine::new(set.load()?)?;
    let (mut detectors, mut formats) = (BTreeMap::<String, Score>::new(), BTreeMap::<String, Score>::new());
    let mut mistakes = Vec::new();
    let cases = cases(folder)?;
    for case in &cases {
        let expected = case.join("expected.toml");
        let text = std::fs::read_to_string(&expected).map_err(|e| format!("{}: {e}", expected.display()))?;
        let expected: Expected = toml::from_str(&text).map_err(|e| format!("{}: {e}", expected.display()))?;
        let format = format!("{} {}", expected.format, expected.encoding);
        let mut labels = expected.findings;
        labels.retain(|label| engine.scanner.detectors().get(&label.detector).is_some());
        for found in find(&engine, case, min_confidence)? {
            let right =
                labels.iter().position(|label| label.is(&found)).map(|at| labels.swap_remove(at)).is_some();
            if !right {
                mistakes.push(format!(
                    "{}:{}: + {} {}",
                    case.display(),
                    found.at(),
                    found.detector,
                    found.value
                ));
            }
            for score in
                [detectors.entry(found.detector).or_default(), formats.entry(format.clone()).or_default()]
            {
                *(if right { &mut score.right } else { &mut score.wrong }) += 1;
            }
        }
        for missed in labels {
            mistakes.push(format!(
                "{}:{}: - {} {}",
                case.display(),
                missed.line.unwrap_or(0),
                missed.detector,
                missed.value
            ));
            detectors.entry(missed.detector).or_default().missed += 1;
            formats.entry(format.clone()).or_default().missed += 1;
        }
    }
    print(&lang.pick(format!("{} 个用例\n", cases.len()), format!("{} cases\n", cases.len())))?;
    print(&table(&detectors, lang.pick("检测器", "Detector"), lang))?;
    print(&table(&formats, lang.pick("格式", "Format"), lang))?;
    if !mistakes.is_empty() {
        print(lang.pick("\n+ 误报  - 漏报\n", "\n+ should not have been found   - was missed\n"))?;
        print(&(mistakes.join("\n") + "\n"))?;
    }
    Ok(COMPLETE)
}

/// The folders below that hold an `expected.toml`, in order.
fn cases(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut cases = Vec::new();
    for entry in ignore::WalkBuilder::new(folder).standard_filters(false).build() {
        let path = entry?.into_path();
        if path.ends_with("expected.toml") {
            cases.extend(path.parent().map(Path::to_owned));
        }
    }
    cases.sort();
    if cases.is_empty() {
        return Err(format!("{}: holds no expected.toml; see corpora/README.md", folder.display()).into());
    }
    Ok(cases)
}

/// What a scan of the case's input finds, by the same way that a user's scan goes.
fn find(engine: &Engine, case: &Path, min_confidence: f64) -> Result<Vec<Found>, Failure> {
    let scratch = tempfile::tempdir()?;
    let findings = scratch.path().join("findings.jsonl");
    let walk = Walk {
        targets: vec![case.to_owned()],
        include: super::scan::globs(&["input*".into()])?,
        jobs: 1,
        ..Walk::default()
    };
    let options = Options {
        min_confidence,
        findings: Some(FindingsFile::create(&findings)?),
        reveal: true,
        ..Options::new(walk, Fingerprint::random()?)
    };
    sweep(engine, &options, &Watch::default())?;
    let lines = std::fs::read_to_string(&findings)?;
    Ok(lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn table(scores: &BTreeMap<String, Score>, first: &str, lang: Lang) -> String {
    let [right, wrong, missed, precision, recall] = lang.pick(
        ["正确", "误报", "漏报", "精确率", "召回率"],
        ["Right", "Wrong", "Missed", "Precision", "Recall"],
    );
    let mut table = terminal::table(&[first, right, wrong, missed, precision, recall, "F1"]);
    for (name, score) in scores {
        let counts = [score.right, score.wrong, score.missed].map(|count| count.to_string());
        let rates = [score.precision(), score.recall(), score.f1()].map(|rate| format!("{rate:.4}"));
        table.add_row([name.clone()].into_iter().chain(counts).chain(rates));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n")
}
