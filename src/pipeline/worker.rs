//! One thread of a sweep: opens, decodes, scans and judges one object after another, and enters each in the ledger.
use super::counted::Counted;
use super::object::Job;
use super::publish::{Place, plain};
use super::sweep::{Gathered, Sweep};
#[cfg(feature = "db")]
use super::tables;
use crate::decode::{Format, HEAD, Input, sniff};
use crate::model::coverage::{Exception, Reason, State};
use crate::scan::Scratch;
use crate::source::{self, Content, File};
use std::io::{self, Read as _};
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
        self.sweep.gather(std::mem::take(&mut self.gathered));
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
        let place = Place { file: Some(&file.path), ..self.sweep.place(&name) };
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
                let place = self.sweep.place("-");
                if let Some(read) = self.stream(&place, &mut stdin) {
                    self.enter(&place, read);
                }
            }
            Err(error) => self.except(source::failed("-", &error)),
        }
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

    /// What the object is; `None` where it is nothing to decode, which the ledger says then.
    fn format(&mut self, place: &Place<'_>, head: &[u8]) -> Option<Format> {
        match sniff(head) {
            Ok(format) => Some(format),
            #[cfg(feature = "db")]
            Err(tables::SQLITE) if place.file.is_some() => {
                let failed = place.file.and_then(|path| tables::scan_file(self.sweep, path, place.name));
                match failed {
                    Some(row) => self.except(row),
                    // Its tables are objects of their own.
                    None => self.gathered.coverage.scanned(0),
                }
                None
            }
            Err(kind) => {
                let (state, reason) = (State::Skipped, Reason::NoDecoder);
                self.except(Exception { path: place.name.into(), state, reason, detail: kind.into() });
                None
            }
        }
    }

    fn scan(&mut self, input: Input<'_>, format: &Format) -> (Counted, Option<io::Error>) {
        let Sweep { engine, options, watch, .. } = self.sweep;
        let (keep, reveal, fingerprint) = (options.findings.is_some(), options.reveal, &options.fingerprint);
        let job = Job { engine, keep, reveal, fingerprint, stop: &watch.stop, done: &watch.bytes };
        job.run(input, format, &mut self.scratch)
    }

    /// Judges what was counted; keeps the object if it has something to say.
    fn judge(&mut self, place: &Place<'_>, format: &Format, counted: Counted, bytes: u64) {
        let object = plain(format.layout.name(), format.charset.name(), bytes);
        match self.sweep.publish(place, counted, &[], None, object) {
            Ok(object) => self.gathered.objects.extend(object),
            Err(error) => self.gathered.error = Some(error),
        }
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
