//! Delimited columns: delimiter and header sniffed, quotes and ragged rows taken as they come.
use super::window::Window;
use super::{Charset, Layout, Piece, Sink, Unit};
use crate::model::{Batch, Cell, Encoding, FieldName, MARGIN, TERMINATOR};
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

/// Bytes of cells gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// A field longer than this is scanned in parts: most likely a quote was never closed.
const LONGEST_FIELD: usize = 1 << 20;
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

impl Columns {
    pub fn new(delimiter: u8, header: bool) -> Self {
        Columns { delimiter, header, names: Vec::new(), row: 0 }
    }

    /// Gives the window's whole records to the sink; returns where the first unfinished one begins.
    pub fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        let mut core = reader(self.delimiter);
        let mut gathered = Gathered::default();
        let mut at = window.from;
        // The first line of the window itself; `from` lies behind some of its lines.
        let passed = memchr::memchr_iter(b'\n', &window.bytes[..at]).count() as u64;
        let mut record = Record { row: self.row, line: window.origin.line + passed };
        let (mut field, mut field_at, mut done) = (0u32, at, at);
        let mut chunk = vec![0; 16 * 1024];
        loop {
            let (result, read, written) = core.read_field(&window.bytes[at..], &mut chunk);
            gathered.bytes.extend_from_slice(&chunk[..written]);
            at += read;
            match result {
                ReadFieldResult::OutputFull => {
                    if gathered.bytes.len() - gathered.cells.last().map_or(0, |c| c.end + 1) > LONGEST_FIELD
                        && !self.part(&mut gathered, window, record, (field, field_at), sink)
                    {
                        return (done, false);
                    }
                }
                ReadFieldResult::InputEmpty if !window.last => break,
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::Field { record_end } => {
                    self.cell(&mut gathered, window, record, (field, field_at));
                    field += 1;
                    field_at = at;
                    if record_end {
                        self.end_of_record(&mut gathered, record, window.encoding);
                        record =
                            Record { row: self.row, line: window.origin.line + passed + core.line() - 1 };
                        (field, done) = (0, at);
                        if gathered.bytes.len() > GATHER && !self.flush(&mut gathered, window, sink) {
                            return (done, false);
                        }
                    }
                }
                ReadFieldResult::End => {
                    done = window.bytes.len();
                    break;
                }
            }
        }
        // Cells of a record that goes on in the next window are read again there.
        gathered.cells.retain(|cell| cell.row <= self.row || window.last);
        gathered.bytes.truncate(gathered.cells.last().map_or(0, |cell| cell.end + 1));
        let go_on = self.flush(&mut gathered, window, sink);
        (done, go_on)
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
        let batch = Batch { bytes: &gathered.bytes, cells: &gathered.cells, encoding: window.encoding };
        sink(Piece { batch, body, origin: window.origin, fields: &self.names, keys: None, unit: Unit::Line })
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
