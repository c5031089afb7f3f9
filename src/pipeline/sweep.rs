//! Sweeps the targets: every file is opened, decoded, scanned and judged, and every one ends in the ledger.
use super::isolated::Isolation;
use super::limits::Limits;
#[cfg(feature = "db")]
use super::tables::{self, TableOptions};
use super::worker::Worker;
use super::{DEFAULT_MIN_CONFIDENCE, Engine, FindingsFile, Fingerprint};
use crate::model::Lang;
use crate::model::coverage::Coverage;
use crate::model::map::{ClassificationMap, Object, SCHEMA, Total};
#[cfg(feature = "db")]
use crate::source::database::{Database, Target};
use crate::source::{self, Walk};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What to sweep, and how.
pub struct Options {
    /// The folders and files; a target `-` must be taken out and set as `stdin`.
    pub walk: Walk,
    /// Scan standard input, too.
    pub stdin: bool,
    /// The databases.
    #[cfg(feature = "db")]
    pub databases: Vec<(Target, Box<dyn Database>)>,
    /// How databases are scanned, also those in files.
    #[cfg(feature = "db")]
    pub tables: TableOptions,
    /// What may be unpacked of one file.
    pub limits: Limits,
    /// Where decoders run that may crash.
    pub isolation: Isolation,
    /// The targets as they may be shown.
    pub targets: Vec<String>,
    /// The confidence from which a value counts.
    pub min_confidence: f64,
    /// Where findings go, if anywhere.
    pub findings: Option<FindingsFile>,
    /// Write values.
    pub reveal: bool,
    /// Stands in for the keys of rows where values are not written.
    pub fingerprint: Fingerprint,
    /// The language of the reasons.
    pub lang: Lang,
}

impl Options {
    /// A sweep of files alone, with nothing but the defaults.
    pub fn new(walk: Walk, fingerprint: Fingerprint) -> Self {
        Options {
            walk,
            stdin: false,
            #[cfg(feature = "db")]
            databases: Vec::new(),
            #[cfg(feature = "db")]
            tables: TableOptions::default(),
            limits: Limits::default(),
            isolation: Isolation::None,
            targets: Vec::new(),
            min_confidence: DEFAULT_MIN_CONFIDENCE,
            findings: None,
            reveal: false,
            fingerprint,
            lang: Lang::En,
        }
    }
}

/// Watched from other threads while a sweep runs.
#[derive(Default)]
pub struct Watch {
    /// Set it to end the sweep.
    pub stop: AtomicBool,
    /// Bytes scanned.
    pub bytes: AtomicU64,
    /// Bytes that databases say they will give, as far as they were asked; files are counted by whoever wants to know.
    pub expected: AtomicU64,
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

impl Gathered {
    /// Adds what another thread has gathered.
    pub fn merge(&mut self, mut other: Gathered) {
        self.objects.append(&mut other.objects);
        self.coverage.merge(std::mem::take(&mut other.coverage));
        self.error = self.error.take().or(other.error);
    }
}

/// What all threads of a sweep share.
pub(super) struct Sweep<'a> {
    pub engine: &'a Engine,
    pub options: &'a Options,
    pub watch: &'a Watch,
    pub gathered: Mutex<Gathered>,
}

impl Sweep<'_> {
    /// Takes what a thread has gathered.
    pub fn gather(&self, gathered: Gathered) {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).merge(gathered);
    }
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
    #[cfg(feature = "db")]
    for (target, database) in &options.databases {
        tables::scan(&sweep, target, database.as_ref());
    }
    let gathered = sweep.gathered.into_inner().unwrap_or_else(PoisonError::into_inner);
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
