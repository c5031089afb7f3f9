//! vCard and iCalendar: one property on every line, long ones folded (RFC 6350, 3.2 and 3.3; RFC 5545, 3.1; vCard 2.1).
use super::encoded::base64;
use super::window::Window;
use super::{Layout, Piece, Sink, Unit};
use crate::model::{Batch, Cell, Encoding, FieldName, TERMINATOR};
use std::collections::HashMap;
use std::ops::Range;

/// Bytes of values gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// Properties with a field of their own.
const MOST_NAMES: usize = 1024;
/// Values are scanned up to this length: what is longer is a picture.
const LONGEST: usize = 1 << 20;

/// Reads properties window by window.
#[derive(Default)]
pub(super) struct Properties {
    fields: Fields,
    /// Cards or entries begun so far.
    row: u64,
}

/// The fields met so far, by name.
#[derive(Default)]
pub(super) struct Fields {
    pub names: Vec<FieldName>,
    numbers: HashMap<String, u32>,
}

impl Fields {
    /// The number of a field.
    pub fn number(&mut self, name: &str) -> u32 {
        if let Some(&known) = self.numbers.get(name) {
            return known;
        }
        let name = if self.names.len() < MOST_NAMES { name } else { "*" };
        if let Some(&known) = self.numbers.get(name) {
            return known;
        }
        self.names.push(FieldName::plain(name));
        let number = self.names.len() as u32 - 1;
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

/// Values on their way to the sink.
#[derive(Default)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

impl Gathered {
    /// Adds a value.
    pub fn push(&mut self, value: &str, cell: Cell) {
        self.bytes.extend_from_slice(value.as_bytes());
        self.cells.push(Cell { end: self.bytes.len(), ..cell });
        self.bytes.push(TERMINATOR);
    }

    /// Whether it is time to scan what was gathered.
    pub fn is_full(&self) -> bool {
        self.bytes.len() > GATHER
    }

    /// Gives what was gathered to the sink.
    pub fn give(&mut self, window: &Window<'_>, fields: &Fields, sink: &mut Sink<'_>) -> bool {
        if self.cells.is_empty() {
            return true;
        }
        let batch = Batch::of_cells(&self.bytes, &self.cells, Encoding::Utf8);
        let (body, origin, fields) = (0..self.bytes.len(), window.origin, fields.names.as_slice());
        let go_on = sink(Piece { batch, body, origin, fields, keys: None, unit: Unit::Line });
        self.bytes.clear();
        self.cells.clear();
        go_on
    }
}

/// Lines with the lines that continue them.
pub(super) struct Folded<'w> {
    bytes: &'w [u8],
    last: bool,
    pub at: usize,
    /// The line that `at` is on.
    pub line: u64,
}

impl<'w> Folded<'w> {
    /// The lines of a window, from where it is not done with.
    pub fn of(window: &Window<'w>) -> Self {
        let passed = memchr::memchr_iter(b'\n', &window.bytes[..window.from]).count() as u64;
        Folded { bytes: window.bytes, last: window.last, at: window.from, line: window.origin.line + passed }
    }

    /// The next line with those that `continues` says belong to it: it is given what was read and what follows. None where
    /// the window shows no end of it.
    pub fn next(&mut self, continues: impl Fn(&[u8], &[u8]) -> bool) -> Option<(Range<usize>, u64)> {
        let (start, line) = (self.at, self.line);
        let mut end = start;
        loop {
            let behind = memchr::memchr(b'\n', &self.bytes[end..]).map(|n| end + n + 1);
            end = match behind {
                Some(end) => end,
                None if self.last => self.bytes.len(),
                None => return None,
            };
            if end == self.bytes.len() && !self.last {
                return None;
            }
            if end == self.bytes.len() || !continues(&self.bytes[start..end], &self.bytes[end..]) {
                break;
            }
        }
        let passed = memchr::memchr_iter(b'\n', &self.bytes[start..end]).count() as u64;
        (self.at, self.line) = (end, line + passed);
        (end > start).then_some((start..end, line))
    }
}

impl Properties {
    /// Gives the window's whole properties to the sink; returns where the first unfinished one begins.
    pub fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        let mut lines = Folded::of(window);
        let mut gathered = Gathered::default();
        while let Some((range, line)) = lines.next(continues) {
            self.property(&window.bytes[range.clone()], (range.start, line), window.encoding, &mut gathered);
            if gathered.is_full() && !gathered.give(window, &self.fields, sink) {
                return (lines.at, false);
            }
        }
        (lines.at, gathered.give(window, &self.fields, sink))
    }

    fn property(
        &mut self,
        raw: &[u8],
        (at, line): (usize, u64),
        encoding: Encoding,
        gathered: &mut Gathered,
    ) {
        let Some(colon) = value_at(raw) else {
            // No property; whatever it is, it is read.
            return self.push("", &decoded(raw, encoding), (at, line), gathered);
        };
        let head = String::from_utf8_lossy(&raw[..colon]).to_ascii_uppercase();
        let mut parts = head.split(';');
        // A group may stand before it: `item1.TEL`.
        let name = parts.next().unwrap_or_default().rsplit('.').next().unwrap_or_default().trim().to_owned();
        let parameters: Vec<&str> = parts.collect();
        let value = &raw[colon + 1..];
        if name == "BEGIN" {
            let kind = value.trim_ascii();
            let row = [&b"VCARD"[..], b"VEVENT", b"VTODO", b"VJOURNAL", b"VFREEBUSY"];
            self.row += u64::from(row.iter().any(|row| kind.eq_ignore_ascii_case(row)));
            return;
        }
        let has = |wanted: &str| parameters.iter().any(|p| p.rsplit('=').next().is_some_and(|p| p == wanted));
        let charset = parameters.iter().find_map(|p| p.strip_prefix("CHARSET="));
        let charset = charset.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
        let value = if has("QUOTED-PRINTABLE") {
            read(&quoted_printable(value), charset, encoding)
        } else if has("BASE64") || has("B") {
            let bytes = base64::decode(value);
            // Pictures, sounds and keys (RFC 6350, 6.2.4) hold no text.
            match simdutf8::basic::from_utf8(&bytes) {
                Ok(text) => text.to_owned(),
                Err(_) if charset.is_some() => read(&bytes, charset, encoding),
                Err(_) => return,
            }
        } else if value.len() > LONGEST && value.iter().take(256).all(|b| !b.is_ascii_whitespace()) {
            return;
        } else {
            read(&unfolded(value), charset, encoding)
        };
        let value = if charset.is_some() || !value.contains('\\') { value } else { unescaped(&value) };
        self.push(&name, &value, (at + colon + 1, line), gathered);
    }

    fn push(&mut self, name: &str, value: &str, (at, line): (usize, u64), gathered: &mut Gathered) {
        let value = value.trim_end();
        if !value.is_empty() {
            let field = self.fields.number(name);
            gathered.push(value, Cell { end: 0, field, row: self.row, line, offset: at as u64 });
        }
    }
}

/// Whether what follows continues a property: lines that begin with a blank, and in vCard 2.1 those behind a soft line break.
fn continues(read: &[u8], behind: &[u8]) -> bool {
    matches!(behind.first(), Some(b' ' | b'\t')) && read.len() < 4 * LONGEST || is_soft(read)
}

/// Whether a quoted-printable value goes on in the next line.
fn is_soft(read: &[u8]) -> bool {
    let text = read.strip_suffix(b"\n").unwrap_or(read);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if !text.ends_with(b"=") || read.len() > LONGEST {
        return false;
    }
    let head = &text[..value_at(text).unwrap_or(0)];
    memchr::memmem::find(&head.to_ascii_uppercase(), b"QUOTED-PRINTABLE").is_some()
}

/// Where the colon is that the value stands behind: the first one that is not in quotes.
fn value_at(raw: &[u8]) -> Option<usize> {
    let mut quoted = false;
    raw.iter().take(4096).position(|&b| {
        quoted ^= b == b'"';
        b == b':' && !quoted
    })
}

/// A value without its folds: a line end and one blank (RFC 6350, 3.2).
fn unfolded(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    for (i, line) in value.split(|&b| b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        out.extend_from_slice(if i > 0 && !line.is_empty() { &line[1..] } else { line });
    }
    out
}

/// Quoted-printable with soft line breaks (vCard 2.1, 2.1.3).
fn quoted_printable(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        if first != b'=' {
            out.push(first);
            continue;
        }
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(byte);
            rest = &behind[2..];
        } else if let Some(next) = behind.strip_prefix(b"\r\n").or_else(|| behind.strip_prefix(b"\n")) {
            rest = next;
        } else {
            out.push(first);
        }
    }
    out
}

/// Text in the charset that a property names, or in that of the file.
fn read(bytes: &[u8], charset: Option<&'static encoding_rs::Encoding>, encoding: Encoding) -> String {
    match (charset, simdutf8::basic::from_utf8(bytes)) {
        (_, Ok(text)) => text.to_owned(),
        (Some(named), Err(_)) if named != encoding_rs::UTF_8 => named.decode(bytes).0.into_owned(),
        // A charset that is not true, or none.
        _ => match encoding {
            Encoding::Utf8 => encoding_rs::GB18030.decode(bytes).0.into_owned(),
            other => decoded(bytes, other),
        },
    }
}

fn decoded(bytes: &[u8], encoding: Encoding) -> String {
    encoding.decoder().decode_without_bom_handling(bytes).0.into_owned()
}

/// A value without backslashes (RFC 6350, 3.4).
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match (c, chars.as_str().chars().next()) {
            ('\\', Some('n' | 'N')) => out.push('\n'),
            ('\\', Some(next)) => out.push(next),
            _ => {
                out.push(c);
                continue;
            }
        }
        chars.next();
    }
    out
}

/// What a text is that begins as a card or a calendar does.
pub(super) fn layout(text: &[u8]) -> Option<Layout> {
    let is = |mark: &[u8]| text.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark));
    if is(b"BEGIN:VCARD") { Some(Layout::VCard) } else { is(b"BEGIN:VCALENDAR").then_some(Layout::ICalendar) }
}
