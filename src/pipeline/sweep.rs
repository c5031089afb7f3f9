//! Sweeps the targets: every file is opened, decoded, scanned and judged, and every one ends in the ledger.
use super::worker::Worker;
use super::{Engine, FindingsFile};
use crate::model::Lang;
use crate::model::coverage::Coverage;
use crate::model::map::{ClassificationMap, Object, SCHEMA, Total};
use crate::source::{self, Walk};
use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What to sweep, and how.
pub struct Options {
    /// The folders and files; a target `-` must be taken out and set as `stdin`.
    pub walk: Walk,
    /// Scan standard input, too.
    pub stdin: bool,
    /// The targets as the user gave them.
    pub targets: Vec<String>,
    /// The confidence from which a value counts.
    pub min_confidence: f64,
    /// Where findings go, if anywhere.
    pub findings: Option<FindingsFile>,
    /// Write values.
    pub reveal: bool,
    /// The language of the reasons.
    pub lang: Lang,
}

/// Watched from other threads while a sweep runs.
#[derive(Default)]
pub struct Watch {
    /// Set it to end the sweep.
    pub stop: AtomicBool,
    /// Bytes scanned.
    pub bytes: AtomicU64,
    /// Objects that are done with.
    pub objects: AtomicU64,
    /// Values matched.
    pub matched: AtomicU64,
}

/// What one thread has gathered; merged when the thread is done.
#[derive(Default)]
pub(super) struct Gathered {
    pub objects: Vec<Object>,
    pub coverage: Coverage,
    pub error: Option<io::Error>,
}

/// What all threads of a sweep share.
pub(super) struct Sweep<'a> {
    pub engine: &'a Engine,
    pub options: &'a Options,
    pub watch: &'a Watch,
    pub gathered: Mutex<Gathered>,
}

/// Sweeps the targets.
///
/// # Errors
/// The findings file cannot be written: then nothing more is scanned. What cannot be read is no error, but in the ledger.
pub fn sweep(engine: &Engine, options: &Options, watch: &Watch) -> io::Result<ClassificationMap> {
    let started = jiff::Timestamp::now().to_string();
    let sweep = Sweep { engine, options, watch, gathered: Mutex::default() };
    source::visit(&options.walk, || {
        let mut worker = Worker::new(&sweep);
        move |found| {
            worker.take(found);
            worker.goes_on()
        }
    });
    if options.stdin {
        Worker::new(&sweep).stdin();
    }
    let gathered = sweep.gathered.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(error) = gathered.error {
        return Err(error);
    }
    if let Some(findings) = &options.findings {
        findings.flush()?;
    }
    let (mut objects, mut coverage) = (gathered.objects, gathered.coverage);
    objects.sort_by(|a, b| a.path.cmp(&b.path));
    coverage.exceptions.sort();
    let interrupted = watch.stop.load(Ordering::Relaxed);
    Ok(ClassificationMap {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        started,
        finished: jiff::Timestamp::now().to_string(),
        complete: !interrupted && coverage.is_complete(),
        targets: options.targets.iter().map(|target| engine.masked(target).into_owned()).collect(),
        min_confidence: options.min_confidence,
        totals: totals(&objects),
        objects,
        coverage,
    })
}

fn totals(objects: &[Object]) -> Vec<Total> {
    let mut totals: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for object in objects {
        let mut here: BTreeMap<&str, u64> = BTreeMap::new();
        for label in object.fields.iter().flat_map(|field| &field.labels).filter(|label| label.matched > 0) {
            *here.entry(&label.detector).or_default() += label.matched;
        }
        for (detector, matched) in here {
            let total = totals.entry(detector).or_default();
            *total = (total.0 + matched, total.1 + 1);
        }
    }
    let total =
        |(detector, (matched, objects)): (&str, _)| Total { detector: detector.into(), matched, objects };
    totals.into_iter().map(total).collect()
}
