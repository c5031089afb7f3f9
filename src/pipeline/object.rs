//! Scans one object and counts what is found, field by field.
use super::counted::Counted;
use super::findings::Found;
use super::judge::Judge;
use super::{Engine, Finding, Fingerprint};
use crate::classify::context::{AFTER, BEFORE};
use crate::decode::{
    Charset, Counter, Escapes, Format, Input, Keys, Layout, Origin, Piece, Unit, decode, uncover,
};
use crate::model::{Batch, Cell, Encoding, Hit, Lang, Leaning, mask};
use crate::scan::{Guise, Scratch, decoded, guise, has_stars, text_before};
use crate::source;
use rayon::prelude::*;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of text that one thread takes at a time.
const BODY: usize = 4 << 20;
/// Bodies whose findings are held before they are put in order.
const ROUND: usize = 32;

/// What an object's scan needs beside its bytes.
pub(super) struct Job<'a> {
    pub engine: &'a Engine,
    /// Keep every finding, with its line.
    pub keep: bool,
    /// Keep the values and the keys of rows as they are.
    pub reveal: bool,
    /// Stands in for the keys of rows.
    pub fingerprint: &'a Fingerprint,
    /// Set when the user interrupts.
    pub stop: &'a AtomicBool,
    /// Bytes done, for the progress.
    pub done: &'a AtomicU64,
}

impl Job<'_> {
    /// Scans an object; the error is the reader's, and what came before it is counted.
    pub fn run(
        &self,
        input: Input<'_>,
        format: &Format,
        scratch: &mut Scratch,
    ) -> (Counted, Option<io::Error>) {
        if let (Input::Whole(bytes), Charset::Plain(encoding), Layout::Text) =
            (&input, format.charset, &format.layout)
            && bytes.len() > 2 * BODY
        {
            return (self.parallel(&Batch::text(bytes, encoding), format.bom), None);
        }
        let mut counted = Counted { lines: 1, ..Counted::default() };
        let decoded = decode(input, format, &mut |piece| {
            self.take(&piece, scratch, &mut counted);
            !self.stop.load(Ordering::Relaxed)
        });
        (counted, decoded.err())
    }

    /// Text that lies in memory as a whole: every thread takes a body, the counts are merged in order.
    fn parallel(&self, batch: &Batch<'_>, bom: usize) -> Counted {
        let bodies: Vec<Range<usize>> =
            (bom..batch.bytes.len()).step_by(BODY).map(|at| at..(at + BODY).min(batch.bytes.len())).collect();
        let mut all = Counted { lines: 1, ..Counted::default() };
        for round in bodies.chunks(ROUND) {
            let parts: Vec<Counted> = round
                .par_iter()
                .map_init(Scratch::default, |scratch, body| {
                    let mut counted = Counted::default();
                    if !self.stop.load(Ordering::Relaxed) {
                        let part = &batch.bytes[body.clone()];
                        source::prepare(part);
                        let (window, counter) = (batch.bytes, &Counter::default());
                        let escapes = Escapes::None;
                        let origin = Origin {
                            base: 0,
                            line: 0,
                            window,
                            transcribed: false,
                            escapes,
                            counted: counter,
                        };
                        let body = body.clone();
                        let piece =
                            Piece { batch: *batch, body, origin, fields: &[], keys: None, unit: Unit::Line };
                        self.take(&piece, scratch, &mut counted);
                        source::release(part);
                    }
                    counted
                })
                .collect();
            parts.into_iter().for_each(|part| all.append(part));
        }
        all
    }

    /// Scans one piece.
    pub fn take(&self, piece: &Piece<'_>, scratch: &mut Scratch, counted: &mut Counted) {
        let detectors = self.engine.scanner.detectors().len();
        counted.name(piece.fields, self.engine);
        counted.rows |= piece.batch.cells.first().is_some_and(|cell| cell.row > 0);
        counted.bytes += piece.body.len() as u64;
        see(&piece.batch, counted);
        let hits = self.engine.scanner.scan(&piece.batch, piece.body.clone(), scratch);
        let mut lines = Lines::from(piece.body.start);
        for hit in hits {
            self.hit(piece, hit, &mut lines, counted);
        }
        let hidden = uncover(&piece.batch, piece.body.clone());
        let known = hidden.iter().flat_map(|_| hits).map(|hit| hit.start..hit.end).collect();
        counted.shapes(&scratch.shaped, detectors);
        if let Some(hidden) = hidden {
            self.hidden(piece, hidden, known, scratch, counted);
        }
        if self.keep && piece.batch.cells.is_empty() {
            counted.lines += lines.passed + newlines(&piece.batch.bytes[lines.at..piece.body.end]);
        }
        self.done.fetch_add(piece.body.len() as u64, Ordering::Relaxed);
    }

    pub(super) fn hit(&self, piece: &Piece<'_>, hit: &Hit, lines: &mut Lines, counted: &mut Counted) {
        let batch = &piece.batch;
        let cell = batch.cell_from(&mut lines.cell, hit.start);
        let start = cell.map_or(0, |(index, _)| batch.start_of(index));
        let end = cell.map_or(batch.bytes.len(), |(_, cell)| cell.end);
        let leaning = self.leaning(piece, hit, start..end, cell.map(|(_, cell)| cell), counted);
        let field = cell.map_or(0, |(_, cell)| cell.field);
        if hit.weak && leaning != Leaning::For {
            counted.tallies.entry((field, hit.detector)).or_default().unsupported += 1;
            return;
        }
        let value = decoded(&batch.bytes[hit.start..hit.end], batch.encoding);
        let offset = match cell {
            _ if lines.set.is_some() => lines.set.map_or(0, |(offset, _)| offset),
            Some(_) if piece.unit == Unit::Cell => (hit.start - start) as u64,
            Some((_, cell)) => piece.origin.offset_in_cell(cell.offset as usize, hit.start - start),
            None => piece.origin.offset(hit.start),
        };
        let tally = counted.tallies.entry((field, hit.detector)).or_default();
        tally.add(leaning, hit.family, offset, &value);
        tally.weak += u64::from(hit.weak);
        if self.keep {
            let line = match (lines.set, cell) {
                (Some((_, line)), _) => line,
                (None, Some((_, cell))) => cell.line,
                (None, None) => counted.lines + lines.to(batch.bytes, hit.start),
            };
            let row = cell.map_or(0, |(_, cell)| cell.row);
            let masked = mask(&value);
            let value = self.reveal.then(|| value.into_owned());
            let key = piece.keys.map(|keys| self.key(&keys, row)).filter(|key| !key.is_empty());
            // What a key leads to needs no number, which is not the same in the next scan.
            let row = if key.is_some() { 0 } else { row };
            counted.found.push(Found {
                field,
                line,
                unit: piece.unit,
                column: cell.map_or(0, |(_, cell)| cell.offset),
                row,
                key,
                offset,
                detector: hit.detector,
                leaning: leaning as u8,
                masked,
                value,
            });
        }
    }

    /// The key of a row: `id=42` where values may be shown, else `id=#5bdcc146bf60754e`.
    fn key(&self, keys: &Keys<'_>, row: u64) -> String {
        let part = |(name, value): (&str, &[u8])| {
            if self.reveal {
                return format!("{name}={}", String::from_utf8_lossy(value));
            }
            format!("{name}=#{}", self.fingerprint.of(value))
        };
        keys.of(row).map(part).collect::<Vec<_>>().join(", ")
    }

    /// What the words in the same text or cell say, and where they say nothing, the name of the field.
    fn leaning(
        &self,
        piece: &Piece<'_>,
        hit: &Hit,
        within: Range<usize>,
        cell: Option<&Cell>,
        counted: &Counted,
    ) -> Leaning {
        let batch = &piece.batch;
        if within != (hit.start..hit.end) {
            let floor = within.start.max(hit.start.saturating_sub(BEFORE));
            let before = text_before(batch.bytes, floor, hit.start, batch.encoding);
            let after = decoded(&batch.bytes[hit.end..within.end.min(hit.end + AFTER)], batch.encoding);
            let near = self.engine.words.near(&before, &after, hit.detector);
            if near != Leaning::Silent {
                return near;
            }
        }
        let named = cell.and_then(|cell| counted.leanings.get(cell.field as usize));
        named.map_or(Leaning::Silent, |leanings| leanings[hit.detector])
    }
}

/// Notes how many values of each field there are, and how many of them are hidden.
fn see(batch: &Batch<'_>, counted: &mut Counted) {
    let stars = !batch.cells.is_empty() && has_stars(batch.bytes);
    let mut start = 0;
    for cell in batch.cells {
        let seen = counted.seen_mut(cell.field);
        if start == cell.end {
            seen.nulls += 1;
        } else {
            seen.values += 1;
        }
        match guise(&batch.bytes[start..cell.end], stars) {
            Some(Guise::Masked) => seen.masked += 1,
            Some(Guise::Hashed) => seen.hashed += 1,
            None => {}
        }
        start = cell.end + 1;
    }
}

/// Counts lines and cells from hit to hit.
#[derive(Default)]
pub(super) struct Lines {
    at: usize,
    passed: u64,
    cell: usize,
    /// The offset and the line of the next hit, where they are known.
    pub set: Option<(u64, u64)>,
}

impl Lines {
    /// Counting from byte `at`.
    pub fn from(at: usize) -> Self {
        Lines { at, ..Lines::default() }
    }

    pub fn to(&mut self, bytes: &[u8], at: usize) -> u64 {
        self.passed += newlines(&bytes[self.at..at.max(self.at)]);
        self.at = at.max(self.at);
        self.passed
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// See [`Engine::find`].
pub(super) fn find(engine: &Engine, text: &str, min_confidence: f64) -> Vec<Finding> {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    // No rows, no keys: the fingerprint is not used.
    let fingerprint = &Fingerprint::unkeyed();
    let job = Job { engine, keep: true, reveal: true, fingerprint, stop: &stop, done: &done };
    let format = Format { charset: Charset::Plain(Encoding::Utf8), layout: Layout::Text, bom: 0 };
    let mut findings = Vec::new();
    let (counted, _) = job.run(Input::Whole(text.as_bytes()), &format, &mut Scratch::default());
    let judge = Judge { engine, min_confidence, lang: Lang::En, estimate: None };
    let drained = counted.findings(&judge, "", &[], |finding| {
        findings.push(finding.clone());
        Ok(())
    });
    debug_assert!(drained.is_ok(), "a text in memory cannot fail to be read");
    findings
}
