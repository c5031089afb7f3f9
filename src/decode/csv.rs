//! Delimited columns: delimiter and header sniffed, quotes and ragged rows taken as they come.
use super::csv_grid::{Gridder, STRETCH, behind_lines};
use super::window::Window;
use super::{Charset, Layout, Piece, Sink, Unit};
use crate::model::{Batch, Cell, Encoding, FieldName, MARGIN, TERMINATOR};
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

/// Bytes of cells gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// A field longer than this is scanned in parts: most likely a quote was never closed.
const LONGEST_FIELD: usize = 1 << 20;
/// Bytes that are read record by record where the rules of quoting are broken, at least.
const SLOW: usize = if cfg!(test) { 100 } else { 32 * 1024 };
/// Records looked at to tell a table from a text.
const SAMPLE_RECORDS: usize = 64;
/// Columns numbered apart; what lies beyond is counted with the last.
const MOST_COLUMNS: u32 = 4096;

/// Reads records window by window.
pub(super) struct Columns {
    delimiter: u8,
    header: bool,
    names: Vec<FieldName>,
    row: u64,
    /// Reads what holds to the rules, which is nearly everything, without copying; there is none in tests that compare.
    gridder: Option<Gridder>,
}

/// The cells gathered so far.
#[derive(Default)]
struct Gathered {
    bytes: Vec<u8>,
    cells: Vec<Cell>,
    /// Bytes at the start that were scanned before, and are here as margin.
    scanned: usize,
    /// Bytes of the first cell that were there before, and are gone.
    dropped: usize,
}

/// Where a record begins.
#[derive(Clone, Copy)]
struct Record {
    row: u64,
    line: u64,
}

fn reader(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).build()
}

/// How far the records were read, and how it goes on.
struct Read {
    done: usize,
    next: Next,
}

#[derive(PartialEq)]
enum Next {
    /// There may be more.
    Record,
    /// The window holds no other whole one.
    Window,
    /// The sink said stop.
    Stop,
}

impl Columns {
    pub fn new(delimiter: u8, header: bool) -> Self {
        Columns { delimiter, header, names: Vec::new(), row: 0, gridder: Some(Gridder::default()) }
    }

    /// Gives the window's whole records to the sink; returns where the first unfinished one begins.
    pub fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        // In these a semicolon does not tell where a character begins, as what is below 0x30 does.
        let told = window.encoding == Encoding::Utf8 || self.delimiter < 0x30;
        let mut gridder = self.gridder.take().filter(|_| told);
        let (mut at, mut passed, mut line) = (window.from, 0, window.origin.line);
        let end = loop {
            at = behind_lines(window.bytes, at);
            // `at` lies behind some of the window's lines.
            line += memchr::memchr_iter(b'\n', &window.bytes[passed..at]).count() as u64;
            passed = at;
            let text = &window.bytes[at..window.bytes.len().min(at + STRETCH)];
            let mut slow = 0;
            // The header alone is read in any case.
            if let Some(gridder) = &mut gridder
                && !(self.header && self.names.is_empty())
            {
                let marked = gridder.mark(text, self.delimiter, MOST_COLUMNS as usize);
                let grid = gridder.grid(&text[..marked.length], self.row, line, at);
                self.row += marked.rows;
                at += marked.length;
                (passed, line) = (at, line + marked.lines);
                if marked.length > 0 && !sink(self.piece(Batch::of_grid(&grid, window.encoding), window)) {
                    break (at, false);
                }
                let Some(broken) = marked.broken.or((marked.length == 0).then_some(0)) else { continue };
                slow = SLOW + broken - marked.length.min(broken);
            }
            let read = self.records(window, (at, line), slow, sink);
            match read.next {
                Next::Record => at = read.done,
                Next::Window => break (read.done, true),
                Next::Stop => break (read.done, false),
            }
        };
        self.gridder = gridder.or(self.gridder.take());
        end
    }

    /// Reads records one by one, `least` bytes of them where there are so many, from `start`, a place and its line.
    fn records(
        &mut self,
        window: &Window<'_>,
        start: (usize, u64),
        least: usize,
        sink: &mut Sink<'_>,
    ) -> Read {
        let (mut at, mut line) = start;
        let (mut core, mut chunk) = (reader(self.delimiter), vec![0; 16 * 1024]);
        // It takes the marks of UTF-8 at its start for a byte order mark, which the object has but once; so it starts here.
        core.read_field(b"\n", &mut chunk);
        core.set_line(0);
        let mut gathered = Gathered::default();
        let mut record = Record { row: self.row, line };
        let (mut field, mut field_at, mut done) = (0u32, at, at);
        let next = loop {
            if at == window.bytes.len() && !window.last {
                // Nothing more would be taken for the end.
                break Next::Window;
            }
            let (result, read, written) = core.read_field(&window.bytes[at..], &mut chunk);
            gathered.bytes.extend_from_slice(&chunk[..written]);
            at += read;
            match result {
                ReadFieldResult::OutputFull => {
                    // Of a record that does not end in the window nothing may be given out: it is read again in the next.
                    if window.last
                        && gathered.bytes.len() - gathered.cells.last().map_or(0, |c| c.end + 1)
                            > LONGEST_FIELD
                        && !self.part(&mut gathered, window, record, (field, field_at), sink)
                    {
                        return Read { done, next: Next::Stop };
                    }
                }
                ReadFieldResult::InputEmpty if !window.last => break Next::Window,
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::Field { record_end } => {
                    self.cell(&mut gathered, window, record, (field, field_at));
                    field += 1;
                    field_at = at;
                    if record_end {
                        self.end_of_record(&mut gathered, record, window.encoding);
                        let behind = behind_lines(window.bytes, at);
                        line += memchr::memchr_iter(b'\n', &window.bytes[at..behind]).count() as u64;
                        at = behind;
                        record = Record { row: self.row, line: line + core.line() };
                        (field, field_at, done) = (0, at, at);
                        if gathered.bytes.len() > GATHER && !self.flush(&mut gathered, window, sink) {
                            return Read { done, next: Next::Stop };
                        }
                        if at >= start.0 + least && at < window.bytes.len() {
                            break Next::Record;
                        }
                    }
                }
                ReadFieldResult::End => {
                    done = window.bytes.len();
                    break Next::Window;
                }
            }
        };
        // Cells of a record that goes on in the next window are read again there.
        gathered.cells.retain(|cell| cell.row <= self.row || window.last);
        gathered.bytes.truncate(gathered.cells.last().map_or(0, |cell| cell.end + 1));
        let go_on = self.flush(&mut gathered, window, sink);
        Read { done, next: if go_on { next } else { Next::Stop } }
    }

    fn cell(&self, gathered: &mut Gathered, window: &Window<'_>, record: Record, (field, at): (u32, usize)) {
        let quoted = window.bytes[at..].first() == Some(&b'"');
        let dropped = if gathered.cells.is_empty() { gathered.dropped } else { 0 };
        gathered.cells.push(Cell {
            end: gathered.bytes.len(),
            field: field.min(MOST_COLUMNS - 1),
            row: record.row + 1,
            line: record.line,
            offset: (at + usize::from(quoted) + dropped) as u64,
        });
        gathered.bytes.push(TERMINATOR);
    }

    fn end_of_record(&mut self, gathered: &mut Gathered, record: Record, encoding: Encoding) {
        let is_header = self.header && self.names.is_empty();
        if is_header {
            let mut start = 0;
            for cell in &gathered.cells {
                let (name, _) =
                    encoding.decoder().decode_without_bom_handling(&gathered.bytes[start..cell.end]);
                start = cell.end + 1;
                self.names.push(FieldName::plain(name.trim()));
            }
            gathered.bytes.clear();
            gathered.cells.clear();
        } else {
            self.row = record.row + 1;
        }
    }

    /// A part of a field too long to be held: scanned, and its end kept as the margin of the next part.
    fn part(
        &self,
        gathered: &mut Gathered,
        window: &Window<'_>,
        record: Record,
        field: (u32, usize),
        sink: &mut Sink<'_>,
    ) -> bool {
        let whole = gathered.bytes.len();
        self.cell(gathered, window, record, field);
        let body = gathered.scanned..whole - MARGIN;
        let go_on = self.give(gathered, body, window, sink);
        gathered.bytes.truncate(whole);
        gathered.bytes.drain(..whole - 2 * MARGIN);
        gathered.cells.clear();
        gathered.scanned = MARGIN;
        gathered.dropped += whole - 2 * MARGIN;
        go_on
    }

    fn flush(&self, gathered: &mut Gathered, window: &Window<'_>, sink: &mut Sink<'_>) -> bool {
        let body = gathered.scanned.min(gathered.bytes.len())..gathered.bytes.len();
        let go_on = gathered.cells.is_empty() || self.give(gathered, body, window, sink);
        *gathered = Gathered::default();
        go_on
    }

    fn give(
        &self,
        gathered: &Gathered,
        body: std::ops::Range<usize>,
        window: &Window<'_>,
        sink: &mut Sink<'_>,
    ) -> bool {
        let batch = Batch::of_cells(&gathered.bytes, &gathered.cells, window.encoding);
        sink(Piece { body, ..self.piece(batch, window) })
    }

    fn piece<'a>(&'a self, batch: Batch<'a>, window: &Window<'a>) -> Piece<'a> {
        let body = 0..batch.bytes.len();
        Piece { batch, body, origin: window.origin, fields: &self.names, keys: None, unit: Unit::Line }
    }
}

/// Whether `text` is a table, and of what kind.
pub(super) fn sniff(text: &[u8], charset: Charset) -> Option<Layout> {
    // In GB 18030 and Big5 the byte of | can be half of a character.
    let wide = matches!(charset, Charset::Plain(Encoding::Gb18030 | Encoding::Big5));
    let delimiters: &[u8] = if wide { b",\t;" } else { b",\t;|" };
    let (_, columns, delimiter, first) = delimiters
        .iter()
        .filter_map(|&delimiter| {
            shape(text, delimiter).map(|(score, columns, first)| (score, columns, delimiter, first))
        })
        .max_by_key(|(score, ..)| *score)?;
    let header = is_header(&first);
    // Two columns without names: as likely a log with a comma in every line.
    (columns > 2 || header).then_some(Layout::Csv { delimiter, header })
}

/// How well a delimiter cuts the text into records of one length: a score, that length, the first record.
fn shape(text: &[u8], delimiter: u8) -> Option<(usize, usize, Vec<String>)> {
    // Most files are no tables: their first line holds no delimiter, and nothing needs to be parsed.
    let first_line = memchr::memchr(b'\n', text).unwrap_or(text.len());
    memchr::memchr(delimiter, &text[..first_line])?;
    let quoted = memchr::memchr(b'"', text).is_some();
    let (counts, first) = if quoted {
        let (counts, first) = parsed(text, delimiter);
        (counts, Some(first))
    } else {
        (split(text, delimiter), None)
    };
    let columns = *counts.first()?;
    let usual = counts.iter().filter(|&&count| count == columns).count();
    let is_table = columns >= 2 && counts.len() >= 2 && usual * 10 >= counts.len() * enough(columns);
    is_table.then(|| {
        let first = first.unwrap_or_else(|| names(text, delimiter));
        (columns * usual * 100 / counts.len(), columns, first)
    })
}

/// How many of ten records must have as many fields as the first.
fn enough(columns: usize) -> usize {
    if columns > 2 { 7 } else { 9 }
}

/// The lines that are not blank.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n').filter(|line| !line.trim_ascii().is_empty())
}

/// How many fields each of the first records has, where no quote needs to be minded. Of what cannot be a table any
/// more, the rest is not looked at: most files are none, and their first lines show it.
fn split(text: &[u8], delimiter: u8) -> Vec<usize> {
    // A line that the head of the object cuts off has fewer fields than it should.
    let cut = text.len() >= super::sniff::HEAD;
    let whole = if cut { memchr::memrchr(b'\n', text).unwrap_or(text.len()) } else { text.len() };
    let text = &text[..whole];
    let most = SAMPLE_RECORDS.min(memchr::memchr_iter(b'\n', text).count() + 1);
    let (mut counts, mut unusual) = (Vec::with_capacity(most), 0);
    for line in lines(text).take(SAMPLE_RECORDS) {
        counts.push(memchr::memchr_iter(delimiter, line).count() + 1);
        unusual += usize::from(counts[counts.len() - 1] != counts[0]);
        if unusual * 10 > most * (10 - enough(counts[0])) {
            break;
        }
    }
    counts
}

/// The fields of the first record, where no quote needs to be minded.
fn names(text: &[u8], delimiter: u8) -> Vec<String> {
    let name = |field: &[u8]| String::from_utf8_lossy(field).trim().to_owned();
    lines(text).next().map(|line| line.split(|&b| b == delimiter).map(name).collect()).unwrap_or_default()
}

/// The fields of each of the first records, and the first record, by the rules of quoting.
fn parsed(text: &[u8], delimiter: u8) -> (Vec<usize>, Vec<String>) {
    let mut core = reader(delimiter);
    let (mut at, mut out) = (0, [0; 1024]);
    let (mut counts, mut fields, mut first, mut name) = (Vec::new(), 0, Vec::new(), Vec::new());
    while counts.len() < SAMPLE_RECORDS {
        let (result, read, written) = core.read_field(&text[at..], &mut out);
        at += read;
        name.extend_from_slice(&out[..written]);
        match result {
            ReadFieldResult::Field { record_end } => {
                if counts.is_empty() {
                    first.push(String::from_utf8_lossy(&name).trim().to_owned());
                }
                name.clear();
                fields += 1;
                if record_end {
                    counts.push(fields);
                    fields = 0;
                }
            }
            ReadFieldResult::InputEmpty if at < text.len() => {}
            ReadFieldResult::InputEmpty if text.len() >= super::sniff::HEAD => break,
            ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
            ReadFieldResult::End => break,
        }
    }
    (counts, first)
}

/// A header has names: short, not empty, and no numbers of more than three digits.
fn is_header(record: &[String]) -> bool {
    let named = record.iter().filter(|name| !name.is_empty()).count();
    let digits = |name: &String| name.chars().filter(|c| c.is_numeric()).count();
    named * 2 > record.len()
        && record.iter().all(|name| name.len() <= 96 && digits(name) <= 3 && !name.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::super::window::Window;
    use super::super::{Counter, Escapes, Origin};
    use super::*;
    use crate::model::{Grid, MARGIN, Seen};
    use proptest::prelude::*;

    /// A cell as it was given out: field, row, line, offset in the object, and text.
    type Given = (u32, u64, u64, u64, Vec<u8>);

    /// What is given out of `text` in windows that end at `cuts`, and by field how many values and nulls there are.
    fn given(
        text: &[u8],
        cuts: &[usize],
        encoding: Encoding,
        mut columns: Columns,
    ) -> (Vec<Given>, Vec<Seen>) {
        let (mut all, mut seen) = (Vec::new(), Vec::new());
        let (mut from, mut base, mut line) = (0, 0, 1);
        for (i, end) in cuts.iter().copied().chain([text.len()]).enumerate() {
            let (bytes, counted) = (&text[base..end], &Counter::default());
            let escapes = Escapes::Quotes;
            let origin =
                Origin { base: base as u64, line, window: bytes, transcribed: false, escapes, counted };
            let window = Window { bytes, encoding, from, last: i == cuts.len(), origin };
            let (done, _) = columns.feed(&window, &mut |piece| {
                let unfolded = piece.batch.grid.map(Grid::unfolded);
                let (bytes, cells) = match &unfolded {
                    Some((bytes, cells)) => (bytes.as_slice(), cells.as_slice()),
                    None => (piece.batch.bytes, piece.batch.cells),
                };
                let mut start = 0;
                for cell in cells {
                    let field = cell.field as usize;
                    seen.resize(seen.len().max(field + 1), Seen::default());
                    if piece.batch.grid.is_none() {
                        seen[field].nulls += u64::from(start == cell.end);
                        seen[field].values += u64::from(start < cell.end);
                    }
                    let offset = piece.origin.base + cell.offset;
                    all.push((cell.field, cell.row, cell.line, offset, bytes[start..cell.end].to_vec()));
                    start = cell.end + 1;
                }
                for (field, more) in piece.batch.grid.map_or(&[][..], |grid| grid.seen).iter().enumerate() {
                    seen[field].merge(*more);
                }
                true
            });
            let keep = done.saturating_sub(MARGIN.min(7));
            line += memchr::memchr_iter(b'\n', &bytes[..keep]).count() as u64;
            (base, from) = (base + keep, done - keep);
        }
        (all, seen)
    }

    fn soup() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => "[0-9a-z]{0,12}".prop_map(String::into_bytes),
            6 => "\"[0-9a-z,号]{0,40}\"".prop_map(String::into_bytes),
            12 => Just(b",".to_vec()),
            2 => "\"(a|\"\"|\r|\n|,){0,9}\"".prop_map(String::into_bytes),
            6 => "\r\n|\n|\r|\n\n|\r\n\r\n".prop_map(String::into_bytes),
            1 => "[\"a,;\n\r\u{feff}]{1,4}".prop_map(String::into_bytes),
            1 => prop::collection::vec(0x30_u8..=255, 0..5),
        ];
        // Long enough that rules are broken and held to again.
        (prop::collection::vec(piece, 0..90), 1..8usize)
            .prop_map(|(pieces, times)| pieces.concat().repeat(times))
    }

    proptest! {
        #[test]
        fn marked_cells_are_those_that_are_read_one_by_one(
            text in soup(),
            cuts in prop::collection::vec(0usize..4000, 0..4),
            header in any::<bool>(),
            delimiter in prop_oneof![4 => Just(b','), 1 => Just(b';')],
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            for encoding in [Encoding::Utf8, Encoding::Gb18030] {
                let plain = Columns { gridder: None, ..Columns::new(delimiter, header) };
                let want = given(&text, &[], encoding, plain);
                for cuts in [&[][..], &cuts] {
                    let got = given(&text, cuts, encoding, Columns::new(delimiter, header));
                    let differs = got.0.iter().zip(&want.0).find(|(got, want)| got != want);
                    prop_assert_eq!(differs, None, "cut at {:?}", cuts);
                    prop_assert_eq!(got.0.len(), want.0.len(), "cut at {:?}", cuts);
                    prop_assert_eq!(&got.1, &want.1, "cut at {:?}", cuts);
                }
            }
        }
    }
}
