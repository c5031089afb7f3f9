//! Sweeps the targets: every file is opened, decoded, scanned and judged, and every one ends in the ledger.
use super::object::Job;
use super::{Engine, FindingsFile};
use crate::decode::{Format, HEAD, Input, sniff};
use crate::model::Lang;
use crate::model::coverage::{Coverage, Exception, Reason, State};
use crate::model::map::{ClassificationMap, Object, SCHEMA, Total};
use crate::scan::Scratch;
use crate::source::{self, Content, File, Walk};
use std::collections::BTreeMap;
use std::io::{self, Read};
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
struct Gathered {
    objects: Vec<Object>,
    coverage: Coverage,
    error: Option<io::Error>,
}

/// One thread of a sweep, with its buffers.
struct Worker<'a> {
    sweep: &'a Sweep<'a>,
    gathered: Gathered,
    scratch: Scratch,
    buffer: Vec<u8>,
}

struct Sweep<'a> {
    engine: &'a Engine,
    options: &'a Options,
    watch: &'a Watch,
    gathered: Mutex<Gathered>,
}

/// Sweeps the targets.
///
/// # Errors
/// The findings file cannot be written: then nothing more is scanned. What cannot be read is no error, but in the ledger.
pub fn sweep(engine: &Engine, options: &Options, watch: &Watch) -> io::Result<ClassificationMap> {
    let started = jiff::Timestamp::now().to_string();
    let sweep = Sweep { engine, options, watch, gathered: Mutex::default() };
    source::visit(&options.walk, || {
        let mut worker = sweep.worker();
        move |found| {
            worker.take(found);
            worker.goes_on()
        }
    });
    if options.stdin {
        sweep.worker().stdin();
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
        targets: options.targets.clone(),
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

impl Sweep<'_> {
    fn worker(&self) -> Worker<'_> {
        Worker { sweep: self, gathered: Gathered::default(), scratch: Scratch::default(), buffer: Vec::new() }
    }
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let mut all = self.sweep.gathered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.objects.append(&mut self.gathered.objects);
        all.coverage.merge(std::mem::take(&mut self.gathered.coverage));
        all.error = all.error.take().or(self.gathered.error.take());
    }
}

impl Worker<'_> {
    fn goes_on(&self) -> bool {
        self.gathered.error.is_none() && !self.sweep.watch.stop.load(Ordering::Relaxed)
    }

    fn take(&mut self, found: Result<File, Exception>) {
        self.sweep.watch.objects.fetch_add(1, Ordering::Relaxed);
        match found {
            Ok(file) => self.file(&file),
            Err(exception) => self.gathered.coverage.exception(exception, 0),
        }
    }

    fn file(&mut self, file: &File) {
        let mut buffer = std::mem::take(&mut self.buffer);
        match source::open(file, &mut buffer) {
            Ok(mut opened) => {
                let read = match opened.content(&buffer) {
                    Content::Whole(bytes) => self.whole(&file.shown, bytes),
                    Content::Stream(mut reader) => self.stream(&file.shown, &mut reader),
                };
                if let Some(bytes) = read {
                    self.enter(&file.shown, bytes, opened.was_truncated());
                }
            }
            Err(exception) => self.gathered.coverage.exception(exception, 0),
        }
        self.buffer = buffer;
    }

    /// Scans bytes in memory. Like the two below: returns how many bytes were scanned, unless a ledger row says why not.
    fn whole(&mut self, shown: &str, bytes: &[u8]) -> Option<u64> {
        let format = self.format(shown, bytes)?;
        let object = self.object(shown, Input::Whole(bytes), &format)?;
        self.keep(Object { bytes: bytes.len() as u64, ..object });
        Some(bytes.len() as u64)
    }

    fn stream(&mut self, shown: &str, reader: &mut dyn Read) -> Option<u64> {
        let mut head = Vec::new();
        if let Err(error) = reader.take(HEAD as u64).read_to_end(&mut head) {
            self.gathered.coverage.exception(source::failed(shown, &error), 0);
            return None;
        }
        let format = self.format(shown, &head)?;
        let mut whole = Counting { inner: io::Cursor::new(&head).chain(reader), count: 0 };
        let object = self.object(shown, Input::Stream(&mut whole), &format)?;
        let bytes = whole.count;
        self.keep(Object { bytes, ..object });
        Some(bytes)
    }

    fn stdin(&mut self) {
        self.sweep.watch.objects.fetch_add(1, Ordering::Relaxed);
        match source::Stdin::new(&self.sweep.watch.stop) {
            Ok(mut stdin) => {
                if let Some(bytes) = self.stream("-", &mut stdin) {
                    self.enter("-", bytes, false);
                }
            }
            Err(error) => self.gathered.coverage.exception(source::failed("-", &error), 0),
        }
    }

    fn format(&mut self, shown: &str, head: &[u8]) -> Option<Format> {
        let row = |kind: &str| Exception {
            path: shown.into(),
            state: State::Skipped,
            reason: Reason::NoDecoder,
            detail: kind.into(),
        };
        sniff(head).map_err(|kind| self.gathered.coverage.exception(row(kind), 0)).ok()
    }

    /// Scans and judges; the findings are written when the whole object is judged.
    fn object(&mut self, shown: &str, input: Input<'_>, format: &Format) -> Option<Object> {
        let Sweep { engine, options, watch, .. } = self.sweep;
        let job = Job {
            engine,
            keep: options.findings.is_some(),
            reveal: options.reveal,
            stop: &watch.stop,
            done: &watch.bytes,
        };
        let counted = match job.run(input, format, &mut self.scratch) {
            Ok(counted) => counted,
            Err(error) => {
                self.gathered.coverage.exception(source::failed(shown, &error), 0);
                return None;
            }
        };
        let mut lines = Vec::new();
        let fields = counted.findings(engine, shown, options.min_confidence, options.lang, |finding| {
            serde_json::to_writer(&mut lines, finding)?;
            lines.push(b'\n');
            match &options.findings {
                Some(file) if lines.len() > 1 << 20 => file.write(&std::mem::take(&mut lines)),
                _ => Ok(()),
            }
        });
        let written = fields.and_then(|fields| {
            options.findings.as_ref().map_or(Ok(()), |file| file.write(&lines)).map(|()| fields)
        });
        let (layout, encoding) = (format.layout.name().into(), format.charset.name().into());
        let object = |fields| Object { path: shown.into(), format: layout, encoding, bytes: 0, fields };
        written.map(object).map_err(|error| self.gathered.error = Some(error)).ok()
    }

    /// Keeps an object that has something to say.
    fn keep(&mut self, object: Object) {
        let labels = object.fields.iter().flat_map(|field| &field.labels);
        self.sweep.watch.matched.fetch_add(labels.map(|label| label.matched).sum(), Ordering::Relaxed);
        if !object.fields.is_empty() {
            self.gathered.objects.push(object);
        }
    }

    /// Enters an object that was scanned, in whole or in part.
    fn enter(&mut self, shown: &str, bytes: u64, truncated: bool) {
        let coverage = &mut self.gathered.coverage;
        let partial =
            |reason| Exception { path: shown.into(), state: State::Partial, reason, detail: String::new() };
        if truncated {
            // Its end was read as zeros; what was found before stands.
            coverage.exception(partial(Reason::Truncated), bytes);
        } else if self.sweep.watch.stop.load(Ordering::Relaxed) {
            coverage.exception(partial(Reason::Interrupted), 0);
        } else {
            coverage.scanned(bytes);
        }
    }
}

/// Counts what is read.
struct Counting<R> {
    inner: R,
    count: u64,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}
