//! Values of columns on their way to the scanner: text as it stands, bytes where they are text, JSON under its paths.
use crate::decode::json::{Paths, Values};
use crate::decode::{Counter, Escapes, Origin, Output, Piece, Unit, charset};
use crate::model::coverage::Reason;
use crate::model::{Batch, Cell, Encoding, FieldName, TERMINATOR};
use std::borrow::Cow;
use std::ops::Range;

/// Bytes of values gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// However small an object is, so many bytes of values may come out of it; and so many times its own size.
const MOST: u64 = 8 << 30;
const RATIO: u64 = 1000;
/// Numbers below this have fewer digits than anything that is looked for.
pub(super) const SMALL: u64 = 100_000_000;

/// A JSON document in a cell.
struct Document {
    field: u32,
    row: u64,
    span: Range<usize>,
}

/// Values of numbered fields.
pub(super) struct Gather<'o> {
    pub output: &'o mut dyn Output,
    paths: Paths,
    /// With what the JSON paths of each field begin; empty for fields that are met on the way.
    roots: Vec<String>,
    bytes: Vec<u8>,
    cells: Vec<Cell>,
    written: Vec<u8>,
    documents: Vec<Document>,
    /// Bytes that may still be given out: a dictionary can stand for far more than it should.
    left: u64,
    stopped: bool,
}

impl<'o> Gather<'o> {
    /// No values yet of an object of `size` bytes, with these fields.
    pub fn new(output: &'o mut dyn Output, size: usize, fields: Vec<FieldName>) -> Self {
        Gather {
            output,
            roots: fields.iter().map(|field| format!("{}$", field.shown)).collect(),
            paths: Paths::behind(fields),
            bytes: Vec::with_capacity(GATHER + GATHER / 4),
            cells: Vec::new(),
            written: Vec::new(),
            documents: Vec::new(),
            left: MOST.max((size as u64).saturating_mul(RATIO)),
            stopped: false,
        }
    }

    /// The number of a field that is met on the way, by its path.
    pub fn path(&mut self, path: &str) -> u32 {
        self.paths.look_up(path)
    }

    /// False when nothing more is wanted.
    pub fn goes_on(&self) -> bool {
        !self.stopped
    }

    /// Adds text, in whatever encoding. What is in no row (row 0) is left out, here and below.
    pub fn text(&mut self, field: u32, row: u64, text: &[u8]) -> bool {
        if row == 0 {
            return !self.stopped;
        }
        if is_document(text) {
            let start = self.written.len();
            self.written.extend_from_slice(text);
            self.documents.push(Document { field, row, span: start..self.written.len() });
        } else {
            self.bytes.extend_from_slice(text);
            self.end_cell(field, row);
        }
        self.goes_on_after(text.len())
    }

    /// Adds bytes, where they are text.
    pub fn bytes(&mut self, field: u32, row: u64, bytes: &[u8]) -> bool {
        match charset::text_of(bytes) {
            Some(text) => self.text(field, row, &text),
            None => !self.stopped,
        }
    }

    /// Adds a number; one that is too small to be anything stands for itself.
    pub fn integer(&mut self, field: u32, row: u64, number: i64) -> bool {
        if row == 0 {
            return !self.stopped;
        }
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number.unsigned_abs();
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if number < 0 {
            self.bytes.push(b'-');
        }
        self.bytes.extend_from_slice(&digits[at..]);
        self.end_cell(field, row);
        self.goes_on_after(digits.len() - at)
    }

    /// Adds a floating-point number. What a spreadsheet or a data frame made one of, is written without a fraction.
    pub fn real(&mut self, field: u32, row: u64, number: f64) -> bool {
        let exact = number.trunc() == number && number.abs() < 9_007_199_254_740_992.0;
        if exact || number.abs() < SMALL as f64 {
            return self.integer(field, row, number as i64);
        }
        self.text(field, row, number.to_string().as_bytes())
    }

    fn end_cell(&mut self, field: u32, row: u64) {
        self.cells.push(Cell { end: self.bytes.len(), field, row, line: 0, offset: 0 });
        self.bytes.push(TERMINATOR);
    }

    fn goes_on_after(&mut self, length: usize) -> bool {
        if self.left < length as u64 && !self.stopped {
            self.output.gap(Reason::Limit, "holds more values than are allowed for its size");
            self.stopped = true;
        }
        self.left = self.left.saturating_sub(length as u64 + 1);
        if self.bytes.len() + self.written.len() >= GATHER { self.flush() } else { !self.stopped }
    }

    /// Hands on what was gathered; to be called at the end. False when nothing more is wanted.
    pub fn flush(&mut self) -> bool {
        self.walk_documents();
        if !self.cells.is_empty() {
            self.settle();
            let go_on = give(self.output, &self.bytes, &self.cells, &self.paths.names);
            self.stopped |= !go_on;
            self.bytes.clear();
            self.cells.clear();
        }
        !self.stopped
    }

    /// Gives the values of the JSON documents; what turns out to be none is a cell like others.
    fn walk_documents(&mut self) {
        if self.documents.is_empty() {
            return;
        }
        let (documents, written) = (std::mem::take(&mut self.documents), std::mem::take(&mut self.written));
        let mut paths = std::mem::take(&mut self.paths);
        let mut values = Values::new(&mut paths, &written, 0);
        values.line = Some(0);
        for Document { field, row, span } in documents {
            values.paths.row = row;
            let before = values.cells.len();
            let root = self.roots.get(field as usize).map_or("$", String::as_str);
            if values.document_at(root, &written[span.clone()]) {
                let within = |cell: &mut Cell| cell.offset = cell.offset.saturating_sub(span.start as u64);
                values.cells[before..].iter_mut().for_each(within);
            } else {
                self.bytes.extend_from_slice(&written[span]);
                self.end_cell(field, row);
            }
        }
        if !values.cells.is_empty() && !self.stopped {
            let go_on = give(self.output, &values.bytes, &values.cells, &values.paths.names);
            self.stopped |= !go_on;
        }
        self.paths = paths;
        self.written = written;
        self.written.clear();
    }

    /// Makes UTF-8 of all cells. They are UTF-8 as a whole, nearly always; then no cell is looked at by itself.
    fn settle(&mut self) {
        let whole = simdutf8::basic::from_utf8(&self.bytes).is_ok();
        // U+0080 to U+00FF are written with these: they may be bytes that were read in the wrong encoding.
        if whole && memchr::memchr2(0xC2, 0xC3, &self.bytes).is_none() {
            return;
        }
        let mut settled = Vec::with_capacity(self.bytes.len());
        let mut start = 0;
        for cell in &mut self.cells {
            let text = &self.bytes[start..cell.end];
            start = cell.end + 1;
            let decoded = if text.is_ascii() { None } else { charset::text_of(text) };
            settled.extend_from_slice(&decoded.unwrap_or(Cow::Borrowed(text)));
            cell.end = settled.len();
            settled.push(TERMINATOR);
        }
        self.bytes = settled;
    }
}

/// Hands on cells; false when nothing more is wanted.
fn give(output: &mut dyn Output, bytes: &[u8], cells: &[Cell], fields: &[FieldName]) -> bool {
    let counted = &Counter::default();
    let origin =
        Origin { base: 0, line: 0, window: &[], transcribed: false, escapes: Escapes::None, counted };
    let batch = Batch { bytes, cells, encoding: Encoding::Utf8 };
    output.piece(Piece { batch, body: 0..bytes.len(), origin, fields, keys: None, unit: Unit::Line })
}

/// Whether a cell looks like a JSON document: many are kept in columns of plain text.
fn is_document(cell: &[u8]) -> bool {
    matches!((cell.first(), cell.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')))
}
