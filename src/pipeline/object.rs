//! Scans one object and counts what is found, field by field.
use super::counted::Counted;
use super::findings::Found;
use super::judge::Judge;
use super::{Engine, Finding, Fingerprint};
use crate::classify::context::{AFTER, BEFORE};
use crate::decode::{
    Charset, Counter, Escapes, Format, Input, Keys, Layout, Origin, Piece, Unit, decode, uncover,
};
use crate::model::{Batch, Cursor, Encoding, Grid, Hit, Lang, Leaning, Spot, mask};
use crate::scan::{Guise, Scratch, decoded, guise, has_stars, text_before};
use crate::source;
use rayon::prelude::*;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of text that one thread takes at a time.
const BODY: usize = 4 << 20;
/// What cells are told apart by, in text as it is written.
const STRUCTURE: &[u8] = b"\"\r\n,;\t|";
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
        if let Some(grid) = piece.batch.grid
            && !self.engine.scanner.stops_at(STRUCTURE)
        {
            // A detector of the user's own may match across cells as they are written.
            let (bytes, cells) = grid.unfolded();
            let batch = Batch::of_cells(&bytes, &cells, piece.batch.encoding);
            return self.take(&Piece { batch, body: 0..bytes.len(), ..*piece }, scratch, counted);
        }
        let detectors = self.engine.scanner.detectors().len();
        counted.name(piece.fields, self.engine);
        counted.rows |= piece.batch.has_rows();
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
        if self.keep && piece.batch.is_text() {
            counted.lines += lines.passed + newlines(&piece.batch.bytes[lines.at..piece.body.end]);
        }
        self.done.fetch_add(piece.body.len() as u64, Ordering::Relaxed);
    }

    pub(super) fn hit(&self, piece: &Piece<'_>, hit: &Hit, lines: &mut Lines, counted: &mut Counted) {
        let batch = &piece.batch;
        let spot = batch.spot_from(&mut lines.cursor, hit.start);
        let leaning = self.leaning(piece, hit, spot.as_ref(), counted);
        let field = spot.map_or(0, |spot| spot.field);
        if hit.weak && leaning != Leaning::For {
            counted.tallies.entry((field, hit.detector)).or_default().unsupported += 1;
            return;
        }
        let value = decoded(&batch.bytes[hit.start..hit.end], batch.encoding);
        let offset = match (spot, batch.grid) {
            _ if lines.set.is_some() => lines.set.map_or(0, |(offset, _)| offset),
            (_, Some(grid)) => piece.origin.offset(grid.offset as usize + hit.start),
            (Some(spot), _) if piece.unit == Unit::Cell => (hit.start - spot.start) as u64,
            (Some(spot), _) => piece.origin.offset_in_cell(spot.offset as usize, hit.start - spot.start),
            (None, _) => piece.origin.offset(hit.start),
        };
        let tally = counted.tallies.entry((field, hit.detector)).or_default();
        tally.add(leaning, hit.family, offset, &value);
        tally.weak += u64::from(hit.weak);
        if self.keep {
            let line = match (lines.set, spot, batch.grid) {
                (Some((_, line)), _, _) => line,
                (None, None, _) => counted.lines + lines.to(batch.bytes, hit.start),
                (None, Some(spot), None) => spot.line,
                (None, Some(_), Some(grid)) => grid.line(&mut lines.cursor),
            };
            let row = spot.map_or(0, |spot| spot.row);
            let masked = mask(&value);
            let value = self.reveal.then(|| value.into_owned());
            let key = piece.keys.map(|keys| self.key(&keys, row)).filter(|key| !key.is_empty());
            // What a key leads to needs no number, which is not the same in the next scan.
            let row = if key.is_some() { 0 } else { row };
            counted.found.push(Found {
                field,
                line,
                unit: piece.unit,
                column: spot.map_or(0, |spot| spot.offset),
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
    fn leaning(&self, piece: &Piece<'_>, hit: &Hit, spot: Option<&Spot>, counted: &Counted) -> Leaning {
        let (batch, length) = (&piece.batch, hit.end - hit.start);
        if spot.is_none_or(|spot| (spot.start, spot.end) != (hit.start, hit.end)) {
            let (text, start) = batch.surroundings(spot, hit.start);
            let end = (start + length).min(text.len());
            let before = text_before(&text, start.saturating_sub(BEFORE), start, batch.encoding);
            let after = decoded(&text[end..text.len().min(end + AFTER)], batch.encoding);
            let near = self.engine.words.near(&before, &after, hit.detector);
            if near != Leaning::Silent {
                return near;
            }
        }
        let named = spot.and_then(|spot| counted.leanings.get(spot.field as usize));
        named.map_or(Leaning::Silent, |leanings| leanings[hit.detector])
    }
}

/// Notes how many values of each field there are, and how many of them are hidden.
fn see(batch: &Batch<'_>, counted: &mut Counted) {
    if let Some(grid) = batch.grid {
        return see_grid(grid, counted);
    }
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

/// The same where values were counted already, and what may be hidden was marked.
fn see_grid(grid: &Grid<'_>, counted: &mut Counted) {
    for (field, seen) in grid.seen.iter().enumerate() {
        counted.seen_mut(field as u32).merge(*seen);
    }
    let (mut cursor, mut done) = (Cursor::default(), 0);
    for at in grid.doubts.iter().map(|at| *at as usize) {
        if at < done {
            continue;
        }
        let spot = grid.spot(&mut cursor, at);
        done = spot.end + 1;
        match guise(&grid.value(&spot), true) {
            Some(Guise::Masked) => counted.seen_mut(spot.field).masked += 1,
            Some(Guise::Hashed) => counted.seen_mut(spot.field).hashed += 1,
            None => {}
        }
    }
}

/// Counts lines and cells from hit to hit.
#[derive(Default)]
pub(super) struct Lines {
    at: usize,
    passed: u64,
    cursor: Cursor,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DetectorSet;
    use proptest::prelude::*;
    use std::sync::OnceLock;

    fn engine() -> &'static Engine {
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        ENGINE.get_or_init(|| {
            let built_in = DetectorSet::built_in().expect("the detectors that ship load");
            Engine::new(built_in).expect("the detectors that ship compile")
        })
    }

    #[derive(PartialEq)]
    enum Cells {
        LookedUp,
        Copied,
    }

    /// What is counted and found in a table, with its cells looked up, or one by one.
    fn counted(text: &[u8], encoding: Encoding, cells: Cells) -> (Counted, Vec<String>) {
        let (stop, done, fingerprint) = (AtomicBool::new(false), AtomicU64::new(0), Fingerprint::unkeyed());
        let (keep, reveal, fingerprint) = (true, true, &fingerprint);
        let job = Job { engine: engine(), keep, reveal, fingerprint, stop: &stop, done: &done };
        let layout = Layout::Csv { delimiter: b',', header: true };
        let format = Format { charset: Charset::Plain(encoding), layout, bom: 0 };
        let (mut all, mut scratch) = (Counted::default(), Scratch::default());
        let decoded = decode(Input::Whole(text), &format, &mut |piece| {
            match piece.batch.grid.filter(|_| cells == Cells::Copied) {
                Some(grid) => {
                    let (bytes, cells) = grid.unfolded();
                    let batch = Batch::of_cells(&bytes, &cells, encoding);
                    job.take(&Piece { batch, body: 0..bytes.len(), ..piece }, &mut scratch, &mut all);
                }
                None => job.take(&piece, &mut scratch, &mut all),
            }
            true
        });
        decoded.expect("nothing is read");
        let mut found = Vec::new();
        let drained = std::mem::take(&mut all.found).drain(|one| {
            // The column of a cell is of use in sheets only.
            found.push(serde_json::to_string(&Found { column: 0, ..one })?);
            Ok(())
        });
        drained.expect("they are in memory");
        (all, found)
    }

    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => Just("13800138000".to_owned()),
            2 => Just("110101190001011009".to_owned()),
            2 => Just("6222020000000007".to_owned()),
            2 => "\"(手机|订单|\"\"|tel|[ ,\n0-9+-]|138 0013 8000|13800138000|6222 0200 0000 0007|１３８００１３８０００){0,6}\"",
            2 => "[0-9 .+()-]{0,14}",
            1 => Just(String::new()),
            1 => Just("5f4dcc3b5aa765d61d8327deb882cf99".to_owned()),
            1 => "\"?138[*xX•●＊]{3,5}8000\"?",
            1 => "[张李]?\\*{1,2}",
            1 => Just("\"$2a$10$abcdefghijklmnopqrstuvwxyz0123456789\"".to_owned()),
            1 => "[a-z号\u{3000}]{0,9}",
        ]
    }

    fn table() -> impl Strategy<Value = String> {
        let row = prop::collection::vec(cell(), 1..7).prop_map(|cells| cells.join(","));
        let end = prop_oneof![4 => Just("\n"), 4 => Just("\r\n"), 1 => Just("\n\n")];
        prop::collection::vec((row, end), 0..60).prop_map(|rows| {
            let rows = rows.iter().flat_map(|(row, end)| [row.as_str(), end]);
            ["手机号,备注,order_no,card,e,f\n"].into_iter().chain(rows).collect()
        })
    }

    proptest! {
        #[test]
        fn cells_that_are_looked_up_are_those_that_are_copied(text in table()) {
            for encoding in [Encoding::Utf8, Encoding::Gb18030] {
                let bytes = encoding.decoder().encode(&text).0;
                let (looked_up, copied) = (counted(&bytes, encoding, Cells::LookedUp), counted(&bytes, encoding, Cells::Copied));
                prop_assert_eq!(&looked_up.0.tallies, &copied.0.tallies);
                prop_assert_eq!(&looked_up.0.seen, &copied.0.seen);
                prop_assert_eq!(&looked_up.1, &copied.1);
                prop_assert_eq!(looked_up.0.rows, copied.0.rows);
            }
        }
    }

    #[test]
    fn no_value_goes_on_from_cell_to_cell() {
        assert!(engine().scanner.stops_at(STRUCTURE));
        assert!(!engine().scanner.stops_at(b" "));
    }
}
