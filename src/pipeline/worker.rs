//! One thread of a sweep: opens, decodes, scans and judges one object after another, and enters each in the ledger.
use super::object::{Counted, Job};
use super::sweep::{Gathered, Sweep};
use crate::decode::{Format, HEAD, Input, sniff};
use crate::model::coverage::{Exception, Reason, State};
use crate::model::map::{Field, Object};
use crate::scan::Scratch;
use crate::source::{self, Content, File};
use std::borrow::Cow;
use std::io::{self, Read as _};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// A thread's buffers, and what it has gathered.
pub(super) struct Worker<'a> {
    sweep: &'a Sweep<'a>,
    gathered: Gathered,
    scratch: Scratch,
    buffer: Vec<u8>,
}

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        let mut all = self.sweep.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        all.objects.append(&mut self.gathered.objects);
        all.coverage.merge(std::mem::take(&mut self.gathered.coverage));
        all.error = all.error.take().or(self.gathered.error.take());
    }
}

impl<'a> Worker<'a> {
    pub fn new(sweep: &'a Sweep<'a>) -> Self {
        Worker { sweep, gathered: Gathered::default(), scratch: Scratch::default(), buffer: Vec::new() }
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
        let place = self.place(&name);
        let mut buffer = std::mem::take(&mut self.buffer);
        match source::open(file, &mut buffer) {
            Ok(mut opened) => {
                let read = match opened.content(&buffer) {
                    Content::Whole(bytes) => self.whole(&place, bytes),
                    Content::Stream(mut reader) => self.stream(&place, &mut reader),
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
                let place = self.place("-");
                if let Some(read) = self.stream(&place, &mut stdin) {
                    self.enter(&place, read);
                }
            }
            Err(error) => self.except(source::failed("-", &error)),
        }
    }

    /// How an object is called: names hold values, too, and those are masked.
    fn place<'n>(&self, name: &'n str) -> Place<'n> {
        Place { name, shown: self.sweep.engine.masked(name) }
    }

    /// Scans bytes in memory. Like the next: `None` when there is no decoder, which the ledger says already.
    fn whole(&mut self, place: &Place<'_>, bytes: &[u8]) -> Option<Read> {
        let format = self.format(place, bytes)?;
        let counted = self.scan(Input::Whole(bytes), &format).0;
        self.judge(place, &format, counted, bytes.len() as u64);
        Some(Read { bytes: bytes.len() as u64, cut: None })
    }

    fn stream(&mut self, place: &Place<'_>, reader: &mut dyn io::Read) -> Option<Read> {
        let mut head = Vec::new();
        if let Err(error) = reader.take(HEAD as u64).read_to_end(&mut head)
            && head.is_empty()
        {
            self.except(source::failed(place.name, &error));
            return None;
        }
        let format = self.format(place, &head)?;
        let mut whole = Counting { inner: io::Cursor::new(&head).chain(reader), count: 0 };
        let (counted, failed) = self.scan(Input::Stream(&mut whole), &format);
        let bytes = whole.count;
        self.judge(place, &format, counted, bytes);
        Some(Read { bytes, cut: failed.map(|error| source::failed(place.name, &error)) })
    }

    fn format(&mut self, place: &Place<'_>, head: &[u8]) -> Option<Format> {
        sniff(head)
            .map_err(|kind| {
                let (state, reason) = (State::Skipped, Reason::NoDecoder);
                self.except(Exception { path: place.name.into(), state, reason, detail: kind.into() });
            })
            .ok()
    }

    fn scan(&mut self, input: Input<'_>, format: &Format) -> (Counted, Option<io::Error>) {
        let Sweep { engine, options, watch, .. } = self.sweep;
        let (keep, reveal) = (options.findings.is_some(), options.reveal);
        let job = Job { engine, keep, reveal, stop: &watch.stop, done: &watch.bytes };
        job.run(input, format, &mut self.scratch)
    }

    /// Judges what was counted; keeps the object if it has something to say.
    fn judge(&mut self, place: &Place<'_>, format: &Format, counted: Counted, bytes: u64) {
        match self.findings(place, counted) {
            Ok(fields) if fields.is_empty() => {}
            Ok(fields) => {
                let labels = fields.iter().flat_map(|field| &field.labels);
                self.sweep
                    .watch
                    .matched
                    .fetch_add(labels.map(|label| label.matched).sum(), Ordering::Relaxed);
                self.gathered.objects.push(Object {
                    path: place.shown.to_string(),
                    format: format.layout.name().into(),
                    encoding: format.charset.name().into(),
                    bytes,
                    fields,
                });
            }
            Err(error) => self.gathered.error = Some(error),
        }
    }

    /// Judges field by field, and writes the findings.
    fn findings(&self, place: &Place<'_>, counted: Counted) -> io::Result<Vec<Field>> {
        let Sweep { engine, options, .. } = self.sweep;
        let path = if options.reveal { place.name } else { &place.shown };
        let mut lines = Vec::new();
        let write = |lines: &[u8]| options.findings.as_ref().map_or(Ok(()), |file| file.write(lines));
        let fields = counted.findings(engine, path, options.min_confidence, options.lang, |finding| {
            serde_json::to_writer(&mut lines, finding)?;
            lines.push(b'\n');
            if lines.len() > 1 << 20 { write(&std::mem::take(&mut lines)) } else { Ok(()) }
        })?;
        write(&lines)?;
        Ok(fields)
    }

    /// Enters an object that was scanned, in whole or in part.
    fn enter(&mut self, place: &Place<'_>, read: Read) {
        let coverage = &mut self.gathered.coverage;
        let partial = |reason, detail| Exception {
            path: place.shown.to_string(),
            state: State::Partial,
            reason,
            detail,
        };
        if let Some(cut) = read.cut {
            coverage.exception(partial(cut.reason, cut.detail), read.bytes);
        } else if self.sweep.watch.stop.load(Ordering::Relaxed) {
            // How far it came is not known.
            coverage.exception(partial(Reason::Interrupted, String::new()), 0);
        } else {
            coverage.scanned(read.bytes);
        }
    }

    /// Enters an object that was not read at all.
    fn except(&mut self, row: Exception) {
        let masked = |text: &str| self.sweep.engine.masked(text).into_owned();
        let row = Exception { path: masked(&row.path), detail: masked(&row.detail), ..row };
        self.gathered.coverage.exception(row, 0);
    }
}

/// An object's path, and the same with values masked.
struct Place<'n> {
    name: &'n str,
    shown: Cow<'n, str>,
}

/// How much of an object was read, and why not more.
struct Read {
    bytes: u64,
    cut: Option<Exception>,
}

impl Read {
    /// The file became shorter under the map: its end was read as zeros; what was found before stands.
    fn torn(self) -> Self {
        let (state, reason) = (State::Partial, Reason::Truncated);
        let row = Exception { path: String::new(), state, reason, detail: String::new() };
        Read { cut: Some(row), ..self }
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
