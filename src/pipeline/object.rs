//! Scans one object and counts what is found, field by field.
use super::{Engine, Finding};
use crate::classify::context::{AFTER, BEFORE};
use crate::classify::evidence::{Judgement, reason};
use crate::decode::{Charset, Counter, Escapes, Format, Input, Layout, Origin, Piece, decode};
use crate::model::map::{ContextCounts, Field, Label};
use crate::model::{Batch, Cell, Encoding, Hit, Lang, Leaning, Tally, mask};
use crate::pipeline::findings::{Found, Spool};
use crate::scan::{Scratch, decoded, text_before};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of text that one thread takes at a time.
const BODY: usize = 4 << 20;
/// Bodies whose findings are held before they are put in order.
const ROUND: usize = 32;

/// By field and detector: the confidence of a finding, by its leaning.
type Confidences = BTreeMap<(u32, usize), [f64; 3]>;

/// What was counted in one object.
#[derive(Default)]
pub(super) struct Counted {
    /// By field and detector.
    tallies: BTreeMap<(u32, usize), Tally>,
    fields: Vec<String>,
    /// What the field names say, as far as they were asked.
    leanings: Vec<Vec<Leaning>>,
    found: Spool,
    lines: u64,
    /// Whether the object has rows, so that its fields are columns.
    rows: bool,
}

/// What an object's scan needs beside its bytes.
pub(super) struct Job<'a> {
    pub engine: &'a Engine,
    /// Keep every finding, with its line.
    pub keep: bool,
    /// Keep the values too.
    pub reveal: bool,
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
                        self.take(
                            &Piece { batch: *batch, body: body.clone(), origin, fields: &[] },
                            scratch,
                            &mut counted,
                        );
                    }
                    counted
                })
                .collect();
            parts.into_iter().for_each(|part| all.append(part));
        }
        all
    }

    fn take(&self, piece: &Piece<'_>, scratch: &mut Scratch, counted: &mut Counted) {
        let detectors = self.engine.scanner.detectors().len();
        counted.name(piece.fields, self.engine);
        counted.rows |= piece.batch.cells.first().is_some_and(|cell| cell.row > 0);
        let hits = self.engine.scanner.scan(&piece.batch, piece.body.clone(), scratch);
        let mut lines = Lines { at: piece.body.start, passed: 0 };
        for hit in hits {
            self.hit(piece, hit, &mut lines, counted);
        }
        for (i, &shaped) in scratch.shaped.iter().enumerate().filter(|(_, shaped)| **shaped > 0) {
            let key = ((i / detectors) as u32, i % detectors);
            counted.tallies.entry(key).or_default().shaped += shaped;
        }
        if self.keep && piece.batch.cells.is_empty() {
            counted.lines += lines.passed + newlines(&piece.batch.bytes[lines.at..piece.body.end]);
        }
        self.done.fetch_add(piece.body.len() as u64, Ordering::Relaxed);
    }

    fn hit(&self, piece: &Piece<'_>, hit: &Hit, lines: &mut Lines, counted: &mut Counted) {
        let batch = &piece.batch;
        let cell = batch.cell(hit.start);
        let start = cell.map_or(0, |(index, _)| batch.start_of(index));
        let end = cell.map_or(batch.bytes.len(), |(_, cell)| cell.end);
        let leaning = self.leaning(piece, hit, start..end, cell.map(|(_, cell)| cell), counted);
        if hit.weak && leaning != Leaning::For {
            return;
        }
        let value = decoded(&batch.bytes[hit.start..hit.end], batch.encoding);
        let offset = match cell {
            Some((_, cell)) => piece.origin.offset_in_cell(cell.offset as usize, hit.start - start),
            None => piece.origin.offset(hit.start),
        };
        let field = cell.map_or(0, |(_, cell)| cell.field);
        let tally = counted.tallies.entry((field, hit.detector)).or_default();
        tally.add(leaning, hit.family, offset, &value);
        if self.keep {
            let line =
                cell.map_or_else(|| counted.lines + lines.to(batch.bytes, hit.start), |(_, cell)| cell.line);
            let row = cell.map_or(0, |(_, cell)| cell.row);
            let masked = mask(&value);
            let value = self.reveal.then_some(value);
            counted.found.push(Found {
                field,
                line,
                row,
                offset,
                detector: hit.detector,
                leaning: leaning as u8,
                masked,
                value,
            });
        }
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

/// Counts lines from hit to hit.
struct Lines {
    at: usize,
    passed: u64,
}

impl Lines {
    fn to(&mut self, bytes: &[u8], at: usize) -> u64 {
        self.passed += newlines(&bytes[self.at..at.max(self.at)]);
        self.at = at.max(self.at);
        self.passed
    }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

impl Counted {
    fn name(&mut self, fields: &[String], engine: &Engine) {
        for name in &fields[self.fields.len().min(fields.len())..] {
            // In a path the last part names the value: `$.order.mobile`.
            let last =
                name.strip_prefix('$').map_or(name.as_str(), |path| path.rsplit('.').next().unwrap_or(path));
            self.leanings.push(engine.words.of_name(last));
            self.fields.push(name.clone());
        }
    }

    /// Adds what follows in the same object.
    fn append(&mut self, next: Counted) {
        for (key, tally) in next.tallies {
            self.tallies.entry(key).or_default().merge(tally);
        }
        self.found.append(next.found, self.lines);
        self.lines += next.lines;
    }

    /// The labels, by field; and for each field and detector the confidence of a finding by its leaning.
    pub fn judge(&self, engine: &Engine, min: f64, lang: Lang) -> (Vec<Field>, Confidences) {
        let mut fields: BTreeMap<u32, Field> = BTreeMap::new();
        let mut confidences = BTreeMap::new();
        for (&(field, detector), tally) in self.tallies.iter().filter(|(_, tally)| tally.passed() > 0) {
            let detector_ref = &engine.scanner.detectors()[detector];
            let judgement = Judgement::new(tally, detector_ref);
            let (matched, confidence) = judgement.matched(tally, min);
            let label = Label {
                detector: detector_ref.id.clone(),
                confidence: rounded(confidence),
                matched,
                passed: tally.passed(),
                candidates: tally.shaped.max(tally.passed()),
                expected_by_chance: rounded(judgement.expected),
                log10_chance: rounded(judgement.log10_chance),
                context: ContextCounts { supporting: tally.passed[2], opposing: tally.passed[0] },
                reason: reason(&judgement, tally, lang),
                samples: tally.samples.iter().cloned().map(Into::into).collect(),
            };
            let name = self.field_name(field, lang);
            fields.entry(field).or_insert_with(|| Field { name, labels: Vec::new() }).labels.push(label);
            confidences.insert((field, detector), judgement.confidence);
        }
        (fields.into_values().collect(), confidences)
    }

    /// A column without a name is called by its number; text has no fields.
    fn field_name(&self, field: u32, lang: Lang) -> Option<String> {
        let name = self.fields.get(field as usize).filter(|name| !name.is_empty()).cloned();
        let number = field + 1;
        name.or_else(|| self.rows.then(|| lang.pick(format!("第{number}列"), format!("column {number}"))))
    }

    /// The findings that reach `min`, in order.
    ///
    /// # Errors
    /// The spool's, and those of `each`.
    pub fn findings(
        self,
        engine: &Engine,
        path: &str,
        min: f64,
        lang: Lang,
        mut each: impl FnMut(&Finding) -> io::Result<()>,
    ) -> io::Result<Vec<Field>> {
        let (fields, confidences) = self.judge(engine, min, lang);
        if self.found.is_empty() {
            return Ok(fields);
        }
        let names: BTreeMap<u32, Option<String>> =
            self.tallies.keys().map(|&(field, _)| (field, self.field_name(field, lang))).collect();
        self.found.drain(|found| {
            let confidence = confidences
                .get(&(found.field, found.detector))
                .map_or(0.0, |c| c[usize::from(found.leaning)]);
            if confidence < min {
                return Ok(());
            }
            each(&Finding {
                path: path.to_owned(),
                field: names.get(&found.field).cloned().flatten(),
                line: found.line,
                row: (found.row > 0).then_some(found.row),
                offset: found.offset,
                detector: engine.scanner.detectors()[found.detector].id.clone(),
                masked: found.masked,
                confidence: rounded(confidence),
                value: found.value,
            })
        })?;
        Ok(fields)
    }
}

/// Four digits are more than any of these figures can promise.
fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// See [`Engine::find`].
pub(super) fn find(engine: &Engine, text: &str, min: f64) -> Vec<Finding> {
    let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
    let job = Job { engine, keep: true, reveal: true, stop: &stop, done: &done };
    let format = Format { charset: Charset::Plain(Encoding::Utf8), layout: Layout::Text, bom: 0 };
    let mut findings = Vec::new();
    let (counted, _) = job.run(Input::Whole(text.as_bytes()), &format, &mut Scratch::default());
    let drained = counted.findings(engine, "", min, Lang::En, |finding| {
        findings.push(finding.clone());
        Ok(())
    });
    debug_assert!(drained.is_ok(), "a text in memory cannot fail to be read");
    findings
}
