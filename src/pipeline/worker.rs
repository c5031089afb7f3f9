//! One thread of a sweep: opens, decodes, scans and judges one object after another, and enters each in the ledger.
use super::counted::Counted;
use super::inside::Inside;
use super::isolated::{Isolation, Process, Task};
use super::limits::{Budget, Limited};
use super::object::Job;
use super::publish::{Place, plain};
use super::sweep::{Gathered, Sweep};
use super::unpack::unpack;
use super::{guard, tables_in};
use crate::decode::{Entry, FileFormat, Format, HEAD, Input, Kind, Reading, sniff, strings};
use crate::model::coverage::{Exception, Reason, State};
use crate::scan::Scratch;
use crate::source::{self, Bounds, Content, File};
use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A thread's buffers, and what it has gathered.
pub(super) struct Worker<'a> {
    pub sweep: &'a Sweep<'a>,
    pub scratch: Scratch,
    gathered: Gathered,
    buffer: Vec<u8>,
    /// What may still come out of the file at hand.
    budget: Arc<Budget>,
    /// Waits for an object that is to be decoded in a process of its own.
    process: Option<Process>,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        self.sweep.gather(std::mem::take(&mut self.gathered));
    }
}

impl<'a> Worker<'a> {
    pub fn new(sweep: &'a Sweep<'a>) -> Self {
        let budget = Budget::new(sweep.options.limits, 0);
        let (gathered, scratch, buffer) = (Gathered::default(), Scratch::default(), Vec::new());
        Worker { sweep, scratch, gathered, buffer, budget, process: None }
    }

    /// False when the sweep is to end.
    pub fn goes_on(&self) -> bool {
        self.gathered.error.is_none() && !self.sweep.watch.stop.load(Ordering::Relaxed)
    }

    /// Scans a file, or enters the ledger row that the walk made in its place.
    pub fn take(&mut self, found: Result<File, Exception>) {
        self.sweep.watch.objects.fetch_add(1, Ordering::Relaxed);
        match found {
            Ok(file) => self.file(&file),
            Err(exception) => self.except(exception),
        }
    }

    fn file(&mut self, file: &File) {
        let name = file.shown();
        let place = Place { file: Some(&file.path), ..self.sweep.place(&name) };
        let mut buffer = std::mem::take(&mut self.buffer);
        match source::open(file, &mut buffer) {
            Ok(mut opened) => {
                let read = match opened.content(&buffer) {
                    Content::Whole(bytes) => {
                        self.budget = Budget::new(self.sweep.options.limits, bytes.len() as u64);
                        self.whole(&place, bytes)
                    }
                    Content::Stream(mut reader) => self.unlimited(&place, &mut reader),
                };
                if let Some(read) = read {
                    self.enter(&place, if opened.was_truncated() { read.torn() } else { read });
                }
            }
            Err(exception) => self.except(exception),
        }
        self.buffer = buffer;
    }

    /// Scans standard input.
    pub fn stdin(&mut self) {
        self.sweep.watch.objects.fetch_add(1, Ordering::Relaxed);
        match source::Stdin::new(&self.sweep.watch.stop) {
            Ok(mut stdin) => {
                let place = self.sweep.place("-");
                if let Some(read) = self.unlimited(&place, &mut stdin) {
                    self.enter(&place, read);
                }
            }
            Err(error) => self.except(source::failed("-", &error)),
        }
    }

    /// Scans a stream whose size is not known: what it unpacks to cannot be measured by it.
    fn unlimited(&mut self, place: &Place<'_>, reader: &mut dyn io::Read) -> Option<Read> {
        self.budget = Budget::new(self.sweep.options.limits, u64::MAX);
        self.stream(place, reader)
    }

    /// Scans an object within another, and enters it in the ledger.
    pub fn entry(&mut self, place: &Place<'_>, entry: Entry<'_>) {
        self.sweep.watch.objects.fetch_add(1, Ordering::Relaxed);
        if let Some(read) = self.within(place, entry) {
            self.enter(place, read);
        }
    }

    /// Scans the files that were written in Base64 in an object's text.
    fn files_in(&mut self, place: &Place<'_>, mut counted: Counted) -> Counted {
        for (offset, bytes) in std::mem::take(&mut counted.files) {
            let path = format!("{}!base64 at {offset}", place.name);
            if bytes.is_empty() {
                self.except(unread(&path, Reason::Limit, "more in Base64 than is kept of one object"));
            } else if self.goes_on() {
                let within = Place { depth: place.depth + 1, ..self.sweep.place(&path) };
                self.entry(&within, Entry::Whole(&bytes));
            }
        }
        counted
    }

    /// Scans what lies within an object, as far as the limits allow.
    pub fn within(&mut self, place: &Place<'_>, entry: Entry<'_>) -> Option<Read> {
        let known = if let Entry::Whole(bytes) = &entry { bytes.len() as u64 } else { 0 };
        if !self.budget.take(known) || place.depth > self.sweep.options.limits.depth {
            let deep = "nested too deep; --max-depth allows more";
            self.except(unread(place.name, Reason::Limit, self.budget.exceeded().unwrap_or(deep)));
            return None;
        }
        match entry {
            Entry::Whole(bytes) => self.whole(place, bytes),
            Entry::Stream(reader) => self.stream(place, &mut Limited::new(reader, self.budget.clone())),
        }
    }

    /// Notes that so many bytes were unpacked.
    pub fn spend(&self, bytes: u64) {
        self.budget.spend(bytes);
    }

    /// What was unpacked beyond the limits, in words.
    pub fn exceeded(&self) -> Option<&'static str> {
        self.budget.exceeded()
    }

    /// Scans bytes in memory. Like the next ones: `None` when the ledger says already what became of it.
    fn whole(&mut self, place: &Place<'_>, bytes: &[u8]) -> Option<Read> {
        match sniff(bytes) {
            Kind::Text(format) => {
                let counted = self.scan(Input::Whole(bytes), &format).0;
                let counted = self.files_in(place, counted);
                self.judge_text(place, &format, counted, bytes.len() as u64);
                Some(Read { bytes: bytes.len() as u64, cut: None })
            }
            Kind::File(format) => self.format(place, format, Entry::Whole(bytes)),
            Kind::Unknown(kind) => self.unread(place, unknown(kind), Entry::Whole(bytes)),
        }
    }

    fn stream(&mut self, place: &Place<'_>, reader: &mut dyn io::Read) -> Option<Read> {
        let mut head = Vec::new();
        let failed = reader.take(HEAD as u64).read_to_end(&mut head).err();
        match failed {
            Some(error) if head.is_empty() => {
                self.except(source::failed(place.name, &error));
                return None;
            }
            None if head.len() < HEAD => return self.whole(place, &head),
            _ => {}
        }
        let rest: &mut dyn io::Read = if let Some(error) = failed { &mut Fails(Some(error)) } else { reader };
        let mut whole = Counting { inner: io::Cursor::new(&head).chain(rest), count: 0 };
        match sniff(&head) {
            Kind::Text(format) => {
                let (counted, failed) = self.scan(Input::Stream(&mut whole), &format);
                let bytes = whole.count;
                let counted = self.files_in(place, counted);
                self.judge_text(place, &format, counted, bytes);
                Some(Read { bytes, cut: failed.map(|error| cut(place, &error)) })
            }
            Kind::File(format) => self.format(place, format, Entry::Stream(&mut whole)),
            Kind::Unknown(kind) => self.unread(place, unknown(kind), Entry::Stream(&mut whole)),
        }
    }

    /// Enters an object that nothing reads; where that was asked, what text there is in it is scanned.
    fn unread(
        &mut self,
        place: &Place<'_>,
        (reason, name): (Reason, &str),
        entry: Entry<'_>,
    ) -> Option<Read> {
        if !self.sweep.options.binary || reason != Reason::NoDecoder {
            self.except(unread(place.name, reason, name));
            return None;
        }
        let mut inside = Inside::new(self, place);
        let outcome = guard::guarded(|| match entry {
            Entry::Whole(mut bytes) => strings(&mut bytes, &mut inside),
            Entry::Stream(reader) => strings(reader, &mut inside),
        });
        let (counted, read) = inside.end(outcome)?;
        self.judge(place, name, "", counted, read.bytes);
        let detail = format!("{name}: strings only");
        let row = Exception { state: State::Partial, ..unread(place.name, reason, &detail) };
        Some(Read { cut: read.cut.or(Some(row)), ..read })
    }

    /// Reads an object of a format that is no text.
    fn format(&mut self, place: &Place<'_>, format: &FileFormat, entry: Entry<'_>) -> Option<Read> {
        match (format.read, entry) {
            (Reading::Not(reason), entry) => self.unread(place, (reason, format.name), entry),
            (Reading::External, entry) if self.sweep.options.external_unpackers => {
                let ((bytes, entries), stop) = (self.budget.left(), &self.sweep.watch.stop);
                let bounds = Bounds { bytes, entries, stop };
                self.decode(place, format, |inside| unpack(place, entry, &bounds, inside))
            }
            (Reading::External, entry) => self.unread(place, (Reason::NoDecoder, format.name), entry),
            (Reading::Refined(what), Entry::Whole(bytes)) => {
                self.format(place, what(bytes), Entry::Whole(bytes))
            }
            (Reading::Database, entry) => {
                match tables_in(self.sweep, place, entry) {
                    Some(row) => self.except(row),
                    // Its tables are objects of their own.
                    None => self.gathered.coverage.scanned(0),
                }
                None
            }
            (Reading::Whole(_) | Reading::Stream(_), Entry::Whole(bytes)) if self.isolates(format) => {
                self.isolated(place, format, bytes)
            }
            (Reading::Stream(decode), Entry::Stream(reader)) if !self.isolates(format) => {
                self.decode(place, format, |inside| decode(reader, inside))
            }
            (Reading::Stream(decode), Entry::Whole(mut bytes)) => {
                self.decode(place, format, |inside| decode(&mut bytes, inside))
            }
            (Reading::Whole(decode), Entry::Whole(bytes)) => {
                self.decode(place, format, |inside| decode(bytes, inside))
            }
            (_, Entry::Stream(reader)) => match source::spool(reader) {
                Ok((spooled, broken)) => {
                    let read = self.format(place, format, Entry::Whole(spooled.bytes()))?;
                    // What ended the reading early is the cause of all that is wrong with the rest.
                    let broken = broken.map(|error| cut(place, &error));
                    Some(Read { cut: broken.or(read.cut), ..read })
                }
                Err(error) => {
                    self.except(source::failed(place.name, &error));
                    None
                }
            },
        }
    }

    fn isolates(&self, format: &FileFormat) -> bool {
        format.isolated && !matches!(self.sweep.options.isolation, Isolation::None)
    }

    /// Runs a decoder in a process of its own.
    fn isolated(&mut self, place: &Place<'_>, format: &FileFormat, bytes: &[u8]) -> Option<Read> {
        let Isolation::Process { program, arguments, patience } = &self.sweep.options.isolation else {
            return None;
        };
        // An object within may need one, too, while this one is still busy.
        let process = match self.process.take().map_or_else(|| Process::start(program, arguments), Ok) {
            Ok(process) => process,
            Err(error) => {
                let row = source::failed(place.name, &error);
                let detail = format!("a process to decode it cannot be started: {error}");
                self.except(Exception { reason: Reason::ReadError, detail, ..row });
                return None;
            }
        };
        let task = Task { bytes, file: place.file, stop: &self.sweep.watch.stop };
        let mut inside = Inside::new(self, place);
        let (outcome, process) = process.decode(&task, *patience, &mut inside);
        let ended = inside.end(Some(outcome));
        if self.process.is_none() {
            self.process = process;
        }
        let (counted, read) = ended?;
        self.judge(place, format.name, "", counted, read.bytes);
        Some(read)
    }

    /// Runs a decoder.
    fn decode(
        &mut self,
        place: &Place<'_>,
        format: &FileFormat,
        decode: impl FnOnce(&mut Inside<'_, 'a>) -> Result<(), crate::decode::Failure>,
    ) -> Option<Read> {
        let mut inside = Inside::new(self, place);
        let outcome = guard::guarded(|| decode(&mut inside));
        let (counted, read) = inside.end(outcome)?;
        let counted = self.files_in(place, counted);
        self.judge(place, format.name, "", counted, read.bytes);
        Some(read)
    }

    fn scan(&mut self, input: Input<'_>, format: &Format) -> (Counted, Option<io::Error>) {
        self.job().run(input, format, &mut self.scratch)
    }

    /// What scanning needs.
    pub fn job(&self) -> Job<'a> {
        let Sweep { engine, options, watch, .. } = self.sweep;
        let (keep, reveal, fingerprint) = (options.findings.is_some(), options.reveal, &options.fingerprint);
        Job { engine, keep, reveal, fingerprint, stop: &watch.stop, done: &watch.bytes }
    }

    fn judge_text(&mut self, place: &Place<'_>, format: &Format, counted: Counted, bytes: u64) {
        self.judge(place, format.layout.name(), format.charset.name(), counted, bytes);
    }

    /// Judges what was counted; keeps the object if it has something to say.
    fn judge(&mut self, place: &Place<'_>, format: &str, encoding: &str, counted: Counted, bytes: u64) {
        match self.sweep.publish(place, counted, &[], None, plain(format, encoding, bytes)) {
            Ok(object) => self.gathered.objects.extend(object),
            Err(error) => self.gathered.error = Some(error),
        }
    }

    /// Enters an object that was scanned, in whole or in part.
    fn enter(&mut self, place: &Place<'_>, read: Read) {
        if let Some(cut) = read.cut {
            let row = self.masked(Exception { path: place.name.into(), ..cut });
            self.gathered.coverage.exception(row, read.bytes);
        } else if self.sweep.watch.stop.load(Ordering::Relaxed) {
            // How far it came is not known.
            let row = unread(place.name, Reason::Interrupted, "");
            let row = self.masked(Exception { state: State::Partial, ..row });
            self.gathered.coverage.exception(row, 0);
        } else {
            self.gathered.coverage.scanned(read.bytes);
        }
    }

    /// Enters an object that was not read at all.
    pub fn except(&mut self, row: Exception) {
        let row = self.masked(row);
        self.gathered.coverage.exception(row, 0);
    }

    fn masked(&self, row: Exception) -> Exception {
        let masked = |text: &str| self.sweep.engine.masked(text).into_owned();
        Exception { path: masked(&row.path), detail: masked(&row.detail), ..row }
    }
}

/// Why an object is not read of which only the kind is known.
fn unknown(kind: &str) -> (Reason, &str) {
    (if kind.starts_with("image/") { Reason::Image } else { Reason::NoDecoder }, kind)
}

/// The row of an object that was left out.
pub(super) fn unread(path: &str, reason: Reason, detail: &str) -> Exception {
    let state = match reason {
        Reason::Malformed | Reason::Crashed | Reason::TimedOut => State::Failed,
        _ => State::Skipped,
    };
    Exception { path: path.into(), state, reason, detail: detail.into() }
}

/// The row of an object whose reader ended early.
pub(super) fn cut(place: &Place<'_>, error: &io::Error) -> Exception {
    Exception { state: State::Partial, ..source::failed(place.name, error) }
}

/// How much of an object was read, and why not more.
pub(super) struct Read {
    pub bytes: u64,
    pub cut: Option<Exception>,
}

impl Read {
    /// The file became shorter under the map: its end was read as zeros; what was found before stands.
    fn torn(self) -> Self {
        let (state, reason) = (State::Partial, Reason::Truncated);
        let row = Exception { path: String::new(), state, reason, detail: String::new() };
        Read { cut: Some(row), ..self }
    }
}

/// The rest of a reader that has failed already.
struct Fails(Option<io::Error>);

impl io::Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Counts what is read.
struct Counting<R> {
    inner: R,
    count: u64,
}

impl<R: io::Read> io::Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}
