//! Where in the object a place in a window or in a cell is.
use super::markup;
use std::cell::Cell;

/// How a cell's bytes are written in the window, where they are not written as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escapes {
    /// As they are.
    None,
    /// In quotes, with inner quotes doubled (RFC 4180).
    Quotes,
    /// As a JSON string (RFC 8259, section 7).
    Json,
    /// As a literal of SQL, quotes doubled; or as a value of PostgreSQL's COPY.
    Sql {
        /// Whether backslashes escape in literals.
        backslash: bool,
    },
    /// With character references, and tags within.
    Markup,
    /// With units of UTF-16 in hexadecimal: `\u624b`.
    Unicode,
}

/// Maps offsets in a window to offsets and lines in the object.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// Offset in the object of the window's first byte.
    pub base: u64,
    /// Line of the window's first byte, from 1.
    pub line: u64,
    /// The window.
    pub window: &'a [u8],
    /// Whether the object is UTF-16, and the window its transcription.
    pub transcribed: bool,
    /// How cells are written.
    pub escapes: Escapes,
    /// What was counted so far.
    pub counted: &'a Counter,
}

/// The places that were asked for last. Most are asked for in order, so that counting goes on from there.
#[derive(Default)]
pub struct Counter {
    /// A place in the window, and the bytes of UTF-16 before it.
    utf16: Cell<(usize, u64)>,
    /// Where a cell begins, a place in its text, and the same place as it is written.
    cell: Cell<(usize, usize, usize)>,
}

impl Origin<'_> {
    /// The offset in the object of byte `at` of the window.
    pub fn offset(&self, at: usize) -> u64 {
        if !self.transcribed {
            return self.base + at as u64;
        }
        let (at, last) = (at.min(self.window.len()), self.counted.utf16.get());
        let (from, before) = if last.0 <= at { last } else { (0, 0) };
        let before = before + utf16_bytes(&self.window[from..at]);
        self.counted.utf16.set((at, before));
        self.base + before
    }

    /// The offset in the object of byte `at` of a cell whose text begins at `cell` in the window.
    pub fn offset_in_cell(&self, cell: usize, at: usize) -> u64 {
        let quoted = cell > 0 && self.window.get(cell - 1) == Some(&b'"');
        let within = match self.escapes {
            Escapes::Quotes if quoted => self.written(cell, at, doubled_quote),
            Escapes::Json if quoted => self.written(cell, at, json_escape),
            Escapes::Markup => self.written(cell, at, markup_escape),
            Escapes::Unicode => self.written(cell, at, unicode_escape),
            // Statements that are scanned as text stand at the beginning of lines, as they are.
            Escapes::Sql { backslash } => match self.window.get(cell.wrapping_sub(1)) {
                Some(b'\'') if !backslash => self.written(cell, at, doubled_apostrophe),
                Some(b'\'' | b'\t') => self.written(cell, at, sql_escape),
                _ => at,
            },
            _ => at,
        };
        self.offset(cell + within)
    }

    /// How many bytes `at` bytes of a cell's text take as they are written; `escape` tells the written and the
    /// read length of an escape.
    fn written(&self, cell: usize, at: usize, escape: fn(&[u8]) -> Option<(usize, usize)>) -> usize {
        let (of, from, length) = self.counted.cell.get();
        let (mut read, mut written) = if of == cell && from <= at { (from, length) } else { (0, 0) };
        while cell + written < self.window.len() {
            let (long, short) = escape(&self.window[cell + written..]).unwrap_or((1, 1));
            // A tag before the place is no part of what stands there.
            if read >= at && short > 0 {
                break;
            }
            written += long;
            read += short;
        }
        self.counted.cell.set((cell, read, written));
        written
    }
}

fn doubled_quote(rest: &[u8]) -> Option<(usize, usize)> {
    rest.starts_with(b"\"\"").then_some((2, 1))
}

fn doubled_apostrophe(rest: &[u8]) -> Option<(usize, usize)> {
    rest.starts_with(b"''").then_some((2, 1))
}

fn sql_escape(rest: &[u8]) -> Option<(usize, usize)> {
    (rest.first() == Some(&b'\\') || rest.starts_with(b"''")).then_some((2, 1))
}

fn markup_escape(rest: &[u8]) -> Option<(usize, usize)> {
    match rest.first()? {
        b'&' => {
            let (character, length) = markup::reference(rest)?;
            Some((length, character.map_or(0, char::len_utf8)))
        }
        b'<' => memchr::memchr(b'>', &rest[..rest.len().min(4096)]).map(|end| (end + 1, 0)),
        _ => None,
    }
}

fn unicode_escape(rest: &[u8]) -> Option<(usize, usize)> {
    rest.starts_with(b"\\u").then(|| json_escape(rest))?
}

fn json_escape(rest: &[u8]) -> Option<(usize, usize)> {
    let unit = |rest: &[u8]| {
        let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match (unit(rest), rest.first()) {
        // A pair of surrogates is one character of four bytes.
        (Some(0xD800..=0xDBFF), _) if rest.get(6..).and_then(unit).is_some() => Some((12, 4)),
        (Some(unit), _) => Some((6, char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER).len_utf8())),
        (None, Some(b'\\')) => Some((2, 1)),
        _ => None,
    }
}

/// How many bytes UTF-8 text takes in UTF-16: two for every character, four where UTF-8 takes four.
fn utf16_bytes(text: &[u8]) -> u64 {
    let starts = text.iter().filter(|&&b| b & 0xC0 != 0x80).count();
    let long = text.iter().filter(|&&b| b >= 0xF0).count();
    2 * (starts + long) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(window: &str, cell: usize, at: usize, escapes: Escapes) -> u64 {
        let (window, counted) = (window.as_bytes(), &Counter::default());
        let origin = Origin { base: 0, line: 1, window, transcribed: false, escapes, counted };
        origin.offset_in_cell(cell, at)
    }

    #[test]
    fn escapes_before_a_value_are_counted() {
        assert_eq!(offset("a,\"x\"\"138\"", 3, 2, Escapes::Quotes), 6);
        assert_eq!(offset("a,x138", 2, 1, Escapes::Quotes), 3);
        // 号 is three bytes, 😀 four.
        assert_eq!(offset(r#""\u53f7\t138""#, 1, 4, Escapes::Json), 9);
        assert_eq!(offset(r#""\ud83d\ude00138""#, 1, 4, Escapes::Json), 13);
    }

    #[test]
    fn utf16_is_counted_in_its_own_bytes() {
        for text in ["", "号13", "😀𠀀a"] {
            assert_eq!(utf16_bytes(text.as_bytes()), 2 * text.encode_utf16().count() as u64, "{text}");
        }
    }
}
