//! Gathers the values of a structured text, each with its field, row, line and place in the window.
use super::window::Window;
use super::{Escapes, Origin, Piece, Sink, Unit};
use crate::model::{Batch, Cell, FieldName, MARGIN, TERMINATOR};
use std::collections::HashMap;
use std::ops::Range;

/// Bytes of values gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// A value longer than this is scanned where it stands, and not copied.
pub(super) const LONGEST: usize = 1 << 20;
/// Fields told apart; what comes later is counted with the last, `…`.
const MOST_FIELDS: usize = 16 * 1024;
/// A name with this many digits is a value in the place of a name, and must not become part of one.
const DIGITS_IN_NAME: usize = 6;

/// The fields met so far, by number.
#[derive(Default)]
pub(super) struct Fields {
    names: Vec<FieldName>,
    numbers: HashMap<String, u32>,
}

impl Fields {
    /// The number of the field that is shown as `shown`, and of which `words` say what it holds.
    pub fn number(&mut self, shown: &str, words: &str) -> u32 {
        if let Some(&number) = self.numbers.get(shown) {
            return number;
        }
        let (shown, words) = if self.names.len() < MOST_FIELDS { (shown, words) } else { ("…", "") };
        if let Some(&number) = self.numbers.get(shown) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(FieldName { shown: shown.to_owned(), words: words.trim().to_owned() });
        self.numbers.insert(shown.to_owned(), number);
        number
    }
}

/// Whether `name` is a value in the place of a name: an account number that is a key, say.
pub(super) fn is_value(name: &str) -> bool {
    name.len() >= DIGITS_IN_NAME && name.chars().filter(|c| c.is_numeric()).count() >= DIGITS_IN_NAME
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spot {
    /// The number of its field.
    pub field: u32,
    /// The data row, from 1; 0 where there are none.
    pub row: u64,
    /// The line, as [`Gather::line`] counts.
    pub line: u64,
    /// Where it begins in the window.
    pub at: usize,
}

/// The values gathered so far.
pub(super) struct Gather<'g> {
    /// The fields of the object.
    pub fields: &'g mut Fields,
    window: &'g Window<'g>,
    origin: Origin<'g>,
    sink: &'g mut Sink<'g>,
    /// How far lines were counted, and to what line.
    counted: (usize, u64),
    bytes: Vec<u8>,
    cells: Vec<Cell>,
    go_on: bool,
}

impl<'g> Gather<'g> {
    /// No values yet of this window; they are written with `escapes`.
    pub fn new(
        fields: &'g mut Fields,
        window: &'g Window<'g>,
        escapes: Escapes,
        sink: &'g mut Sink<'g>,
    ) -> Self {
        let origin = Origin { escapes, ..window.origin };
        let counted = (0, origin.line);
        Gather { fields, window, origin, sink, counted, bytes: Vec::new(), cells: Vec::new(), go_on: true }
    }

    /// The line of a place in the window. Places should be asked for in order.
    pub fn line(&mut self, at: usize) -> u64 {
        let (from, line) = self.counted;
        if at < from {
            return line - memchr::memchr_iter(b'\n', &self.window.bytes[at..from]).count() as u64;
        }
        let passed = &self.window.bytes[from..at.min(self.window.bytes.len())];
        self.counted = (at, line + memchr::memchr_iter(b'\n', passed).count() as u64);
        self.counted.1
    }

    /// Adds a value.
    #[inline]
    pub fn push(&mut self, spot: Spot, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        let Spot { field, row, line, at } = spot;
        self.cells.push(Cell { end: self.bytes.len(), field, row, line, offset: at as u64 });
        self.bytes.push(TERMINATOR);
        if self.bytes.len() > GATHER {
            self.flush();
        }
    }

    /// Adds a value as it stands in the window.
    pub fn push_raw(&mut self, spot: Spot, range: Range<usize>) {
        if range.len() > LONGEST {
            return self.part(spot, range);
        }
        let window = self.window;
        self.push(Spot { at: range.start, ..spot }, &window.bytes[range]);
    }

    /// Scans a part of a value where it stands; what is round it in the window is seen, too.
    pub fn part(&mut self, spot: Spot, range: Range<usize>) {
        self.flush();
        let bytes = self.window.bytes;
        let (from, to) = (range.start.saturating_sub(MARGIN), (range.end + MARGIN).min(bytes.len()));
        let seen = &bytes[from..to];
        let Spot { field, row, line, .. } = spot;
        let cells = [Cell { end: seen.len(), field, row, line, offset: from as u64 }];
        let batch = Batch::of_cells(seen, &cells, self.window.encoding);
        let body = range.start - from..range.end - from;
        let origin = Origin { escapes: Escapes::None, ..self.origin };
        let fields = &self.fields.names;
        self.go_on &= (self.sink)(Piece { batch, body, origin, fields, keys: None, unit: Unit::Line });
    }

    /// Adds the lines of a part of the window that holds no values of fields of its own.
    pub fn lines(&mut self, field: u32, range: Range<usize>) {
        let bytes = self.window.bytes;
        let mut at = range.start;
        while at < range.end && self.go_on {
            let end = memchr::memchr(b'\n', &bytes[at..range.end]).map_or(range.end, |n| at + n);
            let text = bytes[at..end].trim_ascii_start();
            let from = end - text.len();
            let length = text.trim_ascii_end().len();
            if length > 0 {
                let spot = Spot { field, row: 0, line: self.line(at), at: from };
                self.push_raw(spot, from..from + length);
            }
            at = end + 1;
        }
    }

    /// Whether the sink wants more.
    pub fn goes_on(&self) -> bool {
        self.go_on
    }

    /// Hands on what was gathered; false when the sink wants no more.
    pub fn flush(&mut self) -> bool {
        if !self.cells.is_empty() {
            let batch = Batch::of_cells(&self.bytes, &self.cells, self.window.encoding);
            let body = 0..self.bytes.len();
            let (origin, fields) = (self.origin, &self.fields.names);
            self.go_on &= (self.sink)(Piece { batch, body, origin, fields, keys: None, unit: Unit::Line });
            self.bytes.clear();
            self.cells.clear();
        }
        self.go_on
    }
}
