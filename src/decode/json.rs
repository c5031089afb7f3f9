//! JSON and JSON Lines: strings without their escapes, numbers as they stand, each under its path.
use super::json_known::{Known, Token};
use super::json_walk::{Open, Visitor, walk};
use super::window::Window;
use super::{Origin, Piece, Sink, Unit, text};
use crate::model::{Batch, Cell, Encoding, FieldName, TERMINATOR};
use std::collections::HashMap;
use std::ops::Range;

/// Bytes of values gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// Bytes that are validated at a time.
const VALIDATE: usize = if cfg!(test) { 40 } else { 16 * 1024 };
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
    /// What lines looked like so far.
    known: Option<Known>,
}

impl Paths {
    /// Paths of many documents, one on each line.
    pub fn of_lines() -> Self {
        Paths { known: Some(Known::new()), ..Paths::default() }
    }

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
        // How far the text is known to be UTF-8: asked for many lines at a time.
        let mut valid = at;
        while at < end {
            let next = memchr::memchr(b'\n', &window.bytes[at..end]).map_or(end, |n| at + n + 1);
            values.paths.row += 1;
            values.line = Some(line);
            if next > valid {
                valid = valid_to(window.bytes, at, end).max(at);
            }
            if next > valid || !values.known_at(at..next) {
                let document = &window.bytes[at..next];
                if !values.document_at("$", document) && !document.trim_ascii().is_empty() {
                    values.path.truncate(1);
                    values.push(&String::from_utf8_lossy(document), at);
                }
            }
            (at, line) = (next, line + 1);
            if values.is_full() && !values.flush(window, sink) {
                return (at, false);
            }
        }
        (end.max(window.from), values.flush(window, sink))
    }
}

/// To where the next lines are UTF-8; `at` where it is not known of the first.
fn valid_to(bytes: &[u8], at: usize, end: usize) -> usize {
    let upto = end.min(at + VALIDATE);
    let upto =
        if upto == end { end } else { memchr::memrchr(b'\n', &bytes[at..upto]).map_or(at, |n| at + n + 1) };
    if simdutf8::basic::from_utf8(&bytes[at..upto]).is_ok() { upto } else { at }
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
    /// The values of the document at hand and their states, where they are to be learned.
    learned: Option<Vec<(Token, usize)>>,
}

impl<'p, 'w> Values<'p, 'w> {
    /// No values yet of documents that lie in `whole`, which begins on `line`.
    pub fn new(paths: &'p mut Paths, whole: &'w [u8], line: u64) -> Self {
        let (bytes, cells) = (Vec::new(), Vec::new());
        Values { paths, whole, path: "$".into(), line: None, counted: (0, line), bytes, cells, learned: None }
    }

    /// Whether it is time to scan what was gathered.
    pub fn is_full(&self) -> bool {
        self.bytes.len() > GATHER
    }

    /// Adds a document whose paths begin with `root`; false when it is none.
    pub fn document_at(&mut self, root: &str, bytes: &[u8]) -> bool {
        simdutf8::basic::from_utf8(bytes).is_ok_and(|text| self.text_at(root, text))
    }

    /// Adds the document in this part of the whole, which is UTF-8, if it is like one before; else learns it if it is one, and
    /// returns whether it is.
    fn known_at(&mut self, part: Range<usize>) -> bool {
        let whole = self.whole;
        let document = &whole[part.clone()];
        let Some(mut known) = self.paths.known.take_if(|known| known.is_of_use()) else { return false };
        let (cells, length) = (self.cells.len(), self.bytes.len());
        let mut is_one = known.read(document, |token| self.token(document, part.start, token));
        if !is_one {
            self.cells.truncate(cells);
            self.bytes.truncate(length);
            self.learned = Some(Vec::new());
            self.paths.known = Some(known);
            is_one = self.document_at("$", document);
            let learned = self.learned.take();
            let Some(mut known) = self.paths.known.take() else { return is_one };
            if let Some(mut values) = learned.filter(|_| is_one) {
                for (token, _) in &mut values {
                    (token.start, token.end) = (token.start - part.start, token.end - part.start);
                }
                known.learn(document, &values);
            }
            self.paths.known = Some(known);
            return is_one;
        }
        self.paths.known = Some(known);
        true
    }

    /// Adds a value of a document that begins at `base` in the whole.
    #[inline]
    fn token(&mut self, document: &[u8], base: usize, Token { start, end, field, escaped }: Token) {
        let is_string = document[start] == b'"';
        let inner = if is_string { start + 1..end - 1 } else { start..end };
        let at = base + inner.start;
        if escaped {
            let unescaped = serde_json::from_slice::<String>(&document[start..end]).ok();
            let value = unescaped.as_ref().map_or(&document[start..end], |text| text.as_bytes());
            self.bytes.extend_from_slice(value);
        } else {
            self.bytes.extend_from_slice(&document[inner]);
        }
        let (row, line) = (self.paths.row, self.line.unwrap_or_default());
        self.cells.push(Cell { end: self.bytes.len(), field, row, line, offset: at as u64 });
        self.bytes.push(TERMINATOR);
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
        let batch = Batch::of_cells(&self.bytes, &self.cells, encoding);
        let body = 0..self.bytes.len();
        let go_on = self.cells.is_empty()
            || sink(Piece { batch, body, origin, fields: &self.paths.names, keys: None, unit: Unit::Line });
        self.bytes.clear();
        self.cells.clear();
        go_on
    }
}

impl Visitor for Values<'_, '_> {
    fn value(&mut self, token: &str, open: &[Open]) {
        let at = self.place_of(token);
        let state = match (&self.learned, &mut self.paths.known) {
            (Some(_), Some(known)) => known.state(&self.path, open),
            _ => None,
        };
        match token.strip_prefix('"') {
            Some(inner) if memchr::memchr(b'\\', token.as_bytes()).is_none() => {
                self.push(&inner[..inner.len() - 1], at + 1)
            }
            Some(_) => {
                let unescaped = serde_json::from_str::<String>(token);
                self.push(unescaped.as_deref().unwrap_or(token), at + 1);
            }
            None => self.push(token, at),
        }
        let field = self.cells.last().map_or(0, |cell| cell.field);
        if let Some(learned) = &mut self.learned {
            match state {
                Some(state) => {
                    learned.push((Token { start: at, end: at + token.len(), field, escaped: false }, state));
                }
                None => self.learned = None,
            }
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
            // Between values no other can stand.
            self.learned = None;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{Counter, Escapes};
    use proptest::prelude::*;
    use serde_json::Value;

    /// What is given out of lines: path, row, line, offset, text.
    fn given(text: &[u8], mut paths: Paths) -> Vec<(String, u64, u64, u64, String)> {
        let (counted, escapes, mut all) = (&Counter::default(), Escapes::Json, Vec::new());
        let origin = Origin { base: 0, line: 1, window: text, transcribed: false, escapes, counted };
        let window = Window { bytes: text, encoding: Encoding::Utf8, from: 0, last: true, origin };
        let (done, _) = paths.lines(&window, &mut |piece| {
            let mut start = 0;
            for cell in piece.batch.cells {
                let value = String::from_utf8_lossy(&piece.batch.bytes[start..cell.end]).into_owned();
                let path = piece.fields[cell.field as usize].shown.clone();
                all.push((path, cell.row, cell.line, cell.offset, value));
                start = cell.end + 1;
            }
            true
        });
        assert_eq!(done, text.len());
        all
    }

    /// The same by way of serde_json, without places.
    fn expected(value: &Value, path: &str, all: &mut Vec<(String, String)>) {
        match value {
            Value::Array(elements) => elements.iter().for_each(|e| expected(e, &format!("{path}[]"), all)),
            Value::Object(members) => {
                members.iter().for_each(|(k, v)| expected(v, &format!("{path}.{k}"), all))
            }
            Value::String(text) => all.push((path.to_owned(), text.clone())),
            other => all.push((path.to_owned(), other.to_string())),
        }
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            "[a-z0-9号\"\\\\\n]{0,24}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                prop::collection::vec(("[abc]", inner), 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn lines_like_others_are_read_as_all_are(
            documents in prop::collection::vec(document(), 1..5),
            order in prop::collection::vec((0usize..5, 0usize..8), 0..40),
            ends in prop_oneof![Just("\n"), Just("\r\n"), Just("\n\n")],
        ) {
            let (mut text, mut want, mut whole) = (String::new(), Vec::new(), true);
            for (which, how) in order {
                let document = &documents[which % documents.len()];
                let line = serde_json::to_string(document).expect("JSON");
                let broken = how == 0 && line.len() > 4;
                whole &= !broken;
                if broken {
                    // What was read before with its end cut off, or something behind it.
                    text += line.get(..line.len() - 2).unwrap_or("{");
                    text += ends;
                    text += &line;
                    text += "]";
                } else {
                    if how == 1 { text += " "; }
                    text += &line;
                    expected(document, "$", &mut want);
                }
                text += ends;
            }
            let all = given(text.as_bytes(), Paths::of_lines());
            prop_assert_eq!(&all, &given(text.as_bytes(), Paths::default()));
            if whole {
                let got: Vec<_> = all.into_iter().map(|(path, _, _, _, value)| (path, value)).collect();
                prop_assert_eq!(got, want);
            }
        }

        #[test]
        fn bytes_that_are_no_text_are_taken_line_by_line(
            lines in prop::collection::vec(prop_oneof![
                Just(&b"{\"a\":\"x\",\"b\":[1,2]}"[..]),
                Just(&b"{\"a\":\"\xFF\",\"b\":[1,2]}"[..]),
                Just(&b"{\"a\":\"y\",\"b\":[1,2,3]}"[..]),
                Just(&b"INFO \xB4 no document"[..]),
                Just(&b"{\"123456789\":1}"[..]),
            ], 0..30),
        ) {
            let text = lines.join(&b'\n');
            prop_assert_eq!(given(&text, Paths::of_lines()), given(&text, Paths::default()));
        }
    }
}
