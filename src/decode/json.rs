//! JSON and JSON Lines: strings without their escapes, numbers as they stand, each under its path.
use super::json_walk::{Visitor, walk};
use super::window::Window;
use super::{Origin, Piece, Sink, Unit, text};
use crate::model::{Batch, Cell, Encoding, FieldName, TERMINATOR};
use std::collections::HashMap;

/// Bytes of values gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// Paths told apart; what comes later is counted with the last, `$…`.
const MOST_PATHS: usize = 4096;
/// A key with this many digits is a value in the place of a key, and must not become part of a path.
const DIGITS_IN_KEY: usize = 6;

/// The paths met so far, by number.
#[derive(Default)]
pub(super) struct Paths {
    pub names: Vec<FieldName>,
    numbers: HashMap<String, u32>,
    /// The numbers of the last document's paths, in order: most documents have the same.
    last: Vec<u32>,
    /// How far the present document is in it.
    at: usize,
    pub row: u64,
}

impl Paths {
    /// Paths that are numbered behind the columns of a table.
    pub fn behind(columns: Vec<FieldName>) -> Self {
        Paths { names: columns, ..Paths::default() }
    }

    fn number(&mut self, path: &str) -> u32 {
        let at = self.at;
        self.at += 1;
        if let Some(&number) = self.last.get(at)
            && self.names[number as usize].shown == path
        {
            return number;
        }
        let number = self.look_up(path);
        self.last.resize(self.last.len().max(at + 1).min(MOST_PATHS), number);
        if let Some(last) = self.last.get_mut(at) {
            *last = number;
        }
        number
    }

    /// The number of a path, whichever came before it.
    pub fn look_up(&mut self, path: &str) -> u32 {
        if let Some(&number) = self.numbers.get(path) {
            return number;
        }
        let name = if self.names.len() < MOST_PATHS { path } else { "$…" };
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(FieldName::path(name));
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The window's whole lines, each a document of its own; a line that is none is taken as text.
    pub fn lines(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        let end = if window.last {
            window.bytes.len()
        } else {
            memchr::memrchr(b'\n', window.bytes).map_or(window.from, |at| at + 1)
        };
        let mut line =
            window.origin.line + memchr::memchr_iter(b'\n', &window.bytes[..window.from]).count() as u64;
        let mut at = window.from;
        let mut values = Values::new(self, window.bytes, window.origin.line);
        while at < end {
            let next = memchr::memchr(b'\n', &window.bytes[at..end]).map_or(end, |n| at + n + 1);
            values.paths.row += 1;
            values.line = Some(line);
            let document = &window.bytes[at..next];
            if !values.document_at("$", document) && !document.trim_ascii().is_empty() {
                values.path.truncate(1);
                values.push(&String::from_utf8_lossy(document), at);
            }
            (at, line) = (next, line + 1);
            if values.is_full() && !values.flush(window, sink) {
                return (at, false);
            }
        }
        (end.max(window.from), values.flush(window, sink))
    }
}

/// The window as one document; `None` when it is none, or not all of it is here.
pub(super) fn document(window: &Window<'_>, sink: &mut Sink<'_>) -> Option<(usize, bool)> {
    if !window.last {
        // Held back whole until the end is there; beyond the window's size it is read as text.
        return (window.from == 0).then_some((0, true));
    }
    let mut paths = Paths::default();
    let mut values = Values::new(&mut paths, window.bytes, window.origin.line);
    if window.from > 0 || !values.document_at("$", window.bytes) {
        return Some(text::feed(window, sink));
    }
    Some((window.bytes.len(), values.flush(window, sink)))
}

/// The values gathered so far.
pub(super) struct Values<'p, 'w> {
    pub paths: &'p mut Paths,
    /// What the documents lie in, and offsets are counted in.
    whole: &'w [u8],
    path: String,
    /// The line all values are on; `None` when it must be counted.
    pub line: Option<u64>,
    /// How far lines were counted, and to what line.
    counted: (usize, u64),
    pub bytes: Vec<u8>,
    pub cells: Vec<Cell>,
}

impl<'p, 'w> Values<'p, 'w> {
    /// No values yet of documents that lie in `whole`, which begins on `line`.
    pub fn new(paths: &'p mut Paths, whole: &'w [u8], line: u64) -> Self {
        let (bytes, cells) = (Vec::new(), Vec::new());
        Values { paths, whole, path: "$".into(), line: None, counted: (0, line), bytes, cells }
    }

    /// Whether it is time to scan what was gathered.
    pub fn is_full(&self) -> bool {
        self.bytes.len() > GATHER
    }

    /// Adds a document whose paths begin with `root`; false when it is none.
    pub fn document_at(&mut self, root: &str, bytes: &[u8]) -> bool {
        simdutf8::basic::from_utf8(bytes).is_ok_and(|text| self.text_at(root, text))
    }

    /// The same where it is known to be UTF-8.
    pub fn text_at(&mut self, root: &str, text: &str) -> bool {
        self.path.clear();
        self.path.push_str(root);
        let (cells, length) = (self.cells.len(), self.bytes.len());
        let known = (self.paths.at, self.paths.names.len());
        self.paths.at = 0;
        let whole = walk(text, self).is_some();
        if !whole {
            // What was taken for values before it turned out to be no document.
            self.cells.truncate(cells);
            self.bytes.truncate(length);
            self.paths.at = known.0;
        }
        whole
    }

    /// Adds a value that stands at `at` in the whole.
    pub fn push(&mut self, value: &str, at: usize) {
        let line = self.line.unwrap_or_else(|| {
            let (from, line) = self.counted;
            let passed = self.whole.get(from..at).unwrap_or_default();
            self.counted = (at.max(from), line + memchr::memchr_iter(b'\n', passed).count() as u64);
            self.counted.1
        });
        self.bytes.extend_from_slice(value.as_bytes());
        let field = self.paths.number(&self.path);
        self.cells.push(Cell { end: self.bytes.len(), field, row: self.paths.row, line, offset: at as u64 });
        self.bytes.push(TERMINATOR);
    }

    /// Where a part of the whole stands in it.
    fn place_of(&self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.whole.as_ptr() as usize)
    }

    fn flush(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> bool {
        self.give(window.encoding, window.origin, sink)
    }

    /// Gives what was gathered to the sink.
    pub fn give(&mut self, encoding: Encoding, origin: Origin<'_>, sink: &mut Sink<'_>) -> bool {
        let batch = Batch { bytes: &self.bytes, cells: &self.cells, encoding };
        let body = 0..self.bytes.len();
        let go_on = self.cells.is_empty()
            || sink(Piece { batch, body, origin, fields: &self.paths.names, keys: None, unit: Unit::Line });
        self.bytes.clear();
        self.cells.clear();
        go_on
    }
}

impl Visitor for Values<'_, '_> {
    fn value(&mut self, token: &str) {
        let at = self.place_of(token);
        match token.strip_prefix('"') {
            Some(inner) if !token.contains('\\') => self.push(&inner[..inner.len() - 1], at + 1),
            Some(_) => {
                let unescaped = serde_json::from_str::<String>(token);
                self.push(unescaped.as_deref().unwrap_or(token), at + 1);
            }
            None => self.push(token, at),
        }
    }

    fn key(&mut self, token: &str) {
        let inner = &token[1..token.len() - 1];
        let unescaped = inner.contains('\\').then(|| serde_json::from_str::<String>(token).ok()).flatten();
        let key = unescaped.as_deref().unwrap_or(inner);
        // A short one cannot hold so many.
        if key.len() < DIGITS_IN_KEY || key.chars().filter(|c| c.is_numeric()).count() < DIGITS_IN_KEY {
            self.path.push('.');
            self.path.push_str(key);
        } else {
            self.path.push_str(".*");
            self.push(key, self.place_of(inner));
        }
    }

    fn elements(&mut self) {
        self.path.push_str("[]");
    }

    fn depth(&self) -> usize {
        self.path.len()
    }

    fn back_to(&mut self, depth: usize) {
        self.path.truncate(depth);
    }
}
