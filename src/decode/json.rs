//! JSON and JSON Lines: strings without their escapes, numbers as they stand, each under its path.
use super::window::Window;
use super::{Piece, Sink, text};
use crate::model::{Batch, Cell};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// Bytes of values gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// Values nested deeper are scanned as one text: each level is read once more.
const DEEPEST: usize = 32;
/// Paths told apart; what comes later is counted with the last, `$…`.
const MOST_PATHS: usize = 4096;
/// A key with this many digits is a value in the place of a key, and must not become part of a path.
const DIGITS_IN_KEY: usize = 6;

/// The paths met so far, by number.
#[derive(Default)]
pub(super) struct Paths {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
    row: u64,
}

impl Paths {
    fn number(&mut self, path: &str) -> u32 {
        if let Some(&number) = self.numbers.get(path) {
            return number;
        }
        let name = if self.names.len() < MOST_PATHS { path } else { "$…" };
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
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
        let mut values = Values::new(self, window);
        while at < end {
            let next = memchr::memchr(b'\n', &window.bytes[at..end]).map_or(end, |n| at + n + 1);
            values.paths.row += 1;
            values.line = Some(line);
            let document = &window.bytes[at..next];
            if values.document(document).is_none() && !document.trim_ascii().is_empty() {
                values.push("$", &String::from_utf8_lossy(document), at);
            }
            (at, line) = (next, line + 1);
            if values.bytes.len() > GATHER && !values.flush(sink) {
                return (at, false);
            }
        }
        (end.max(window.from), values.flush(sink))
    }
}

/// The window as one document; `None` when it is none, or not all of it is here.
pub(super) fn document(window: &Window<'_>, sink: &mut Sink<'_>) -> Option<(usize, bool)> {
    if !window.last {
        // Held back whole until the end is there; beyond the window's size it is read as text.
        return (window.from == 0).then_some((0, true));
    }
    let mut paths = Paths::default();
    let mut values = Values::new(&mut paths, window);
    if window.from > 0 || values.document(window.bytes).is_none() {
        return Some(text::feed(window, sink));
    }
    Some((window.bytes.len(), values.flush(sink)))
}

/// The values gathered so far.
struct Values<'p, 'w> {
    paths: &'p mut Paths,
    window: &'w Window<'w>,
    path: String,
    depth: usize,
    /// The line all values are on; `None` when it must be counted.
    line: Option<u64>,
    /// How far lines were counted, and to what line.
    counted: (usize, u64),
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

impl<'p, 'w> Values<'p, 'w> {
    fn new(paths: &'p mut Paths, window: &'w Window<'w>) -> Self {
        let counted = (0, window.origin.line);
        Values {
            paths,
            window,
            path: "$".into(),
            depth: 0,
            line: None,
            counted,
            bytes: Vec::new(),
            cells: Vec::new(),
        }
    }

    fn document(&mut self, bytes: &[u8]) -> Option<()> {
        let raw: &RawValue = serde_json::from_slice(bytes.trim_ascii()).ok()?;
        self.value(raw);
        Some(())
    }

    fn value(&mut self, raw: &RawValue) {
        let text = raw.get();
        // `raw` borrows from the window, so its address tells where it stands.
        let at = (text.as_ptr() as usize).saturating_sub(self.window.bytes.as_ptr() as usize);
        let path = self.path.clone();
        match text.as_bytes().first() {
            Some(b'{' | b'[') if self.depth < DEEPEST => {
                self.depth += 1;
                let mut parser = serde_json::Deserializer::from_str(text);
                // `raw` was checked when it was cut out, so this cannot fail half way.
                let _ = Inside(self).deserialize(&mut parser);
                self.depth -= 1;
                self.path = path;
            }
            Some(b'"') => {
                let unescaped = serde_json::from_str::<Cow<'_, str>>(text);
                self.push(&path, unescaped.as_deref().unwrap_or(text), at + 1);
            }
            _ => self.push(&path, text, at),
        }
    }

    fn push(&mut self, path: &str, value: &str, at: usize) {
        let line = self.line.unwrap_or_else(|| {
            let (from, line) = self.counted;
            let passed = self.window.bytes.get(from..at).unwrap_or_default();
            self.counted = (at.max(from), line + memchr::memchr_iter(b'\n', passed).count() as u64);
            self.counted.1
        });
        self.bytes.extend_from_slice(value.as_bytes());
        let field = self.paths.number(path);
        self.cells.push(Cell { end: self.bytes.len(), field, row: self.paths.row, line, offset: at as u64 });
        self.bytes.push(0);
    }

    fn key(&mut self, key: &str) {
        if key.chars().filter(|c| c.is_numeric()).count() < DIGITS_IN_KEY {
            self.path.push('.');
            self.path.push_str(key);
        } else {
            self.path.push_str(".*");
            let (path, at) = (self.path.clone(), self.counted.0);
            self.push(&path, key, at);
        }
    }

    fn flush(&mut self, sink: &mut Sink<'_>) -> bool {
        let batch = Batch { bytes: &self.bytes, cells: &self.cells, encoding: self.window.encoding };
        let body = 0..self.bytes.len();
        let go_on = self.cells.is_empty()
            || sink(Piece { batch, body, origin: self.window.origin, fields: &self.paths.names });
        self.bytes.clear();
        self.cells.clear();
        go_on
    }
}

/// Visits the members of an object or array without building them.
struct Inside<'v, 'p, 'w>(&'v mut Values<'p, 'w>);

impl<'de> DeserializeSeed<'de> for Inside<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inside<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let base = self.0.path.len();
        while let Some((key, value)) = map.next_entry::<Cow<'de, str>, &'de RawValue>()? {
            self.0.key(&key);
            self.0.value(value);
            self.0.path.truncate(base);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let base = self.0.path.len();
        self.0.path.push_str("[]");
        while let Some(value) = seq.next_element::<&'de RawValue>()? {
            self.0.value(value);
        }
        self.0.path.truncate(base);
        Ok(())
    }
}
