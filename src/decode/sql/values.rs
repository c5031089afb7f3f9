//! The rows of `INSERT … VALUES` and of `COPY … FROM stdin`, value by value.
use super::schema::{Schema, Target};
use super::token::{Dialect, Literal, from_hex, literal, unescape};
use crate::decode::charset;
use crate::decode::gather::{Gather, LONGEST, Spot};

/// Rows on their way.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    pub target: Target,
    /// The row at hand.
    pub spot: Spot,
    /// How many of its values are done; `None` between two rows.
    pub place: Option<usize>,
}

/// What comes next.
pub(super) enum Next {
    /// More of the same, from here.
    More(usize),
    /// Something else, from here.
    Over(usize),
    /// It cannot be told yet.
    Cut,
}

/// What reading rows needs.
pub(super) struct Reader<'r, 'g> {
    pub text: &'r [u8],
    pub dialect: Dialect,
    pub schema: &'r mut Schema,
    pub gather: &'r mut Gather<'g>,
}

impl Reader<'_, '_> {
    /// Reads up to the end of one row in parentheses, or of the last value that is here.
    pub fn row(&mut self, rows: &mut Rows, at: usize) -> Next {
        let mut at = self.behind_space(at);
        if rows.place.is_none() {
            // Before a row: the comma behind the last one, and the parenthesis.
            if self.text.get(at) == Some(&b',') {
                at = self.behind_space(at + 1);
            }
            match self.text.get(at) {
                Some(b'(') => {}
                Some(b';') => return Next::Over(at + 1),
                Some(b'R') if self.text[at..].starts_with(b"ROW(") => at += 3,
                Some(_) => return Next::Over(at),
                None => return Next::Cut,
            }
            rows.spot.row = self.schema.row(&rows.target);
            rows.spot.line = self.gather.line(at);
            rows.place = Some(0);
            at = self.behind_space(at + 1);
        }
        while let Some(place) = rows.place {
            rows.spot.field = self.schema.field(&mut rows.target, place, self.gather.fields);
            let Some(end) = self.value(rows.spot, at) else {
                return Next::More(at);
            };
            let more = self.text[end] == b',';
            rows.place = more.then_some(place + 1);
            at = self.behind_space(end + 1);
        }
        Next::More(at)
    }

    #[inline]
    fn behind_space(&self, mut at: usize) -> usize {
        while self.text.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    }

    /// Adds the value at `at`; the place of the comma or parenthesis behind it. `None` where the text ends before.
    #[inline]
    fn value(&mut self, spot: Spot, at: usize) -> Option<usize> {
        let ends = |at: usize| matches!(self.text.get(at), Some(b',' | b')'));
        match self.text.get(at)? {
            b'\'' => {
                if let Ok(Literal { end, plain: true }) = literal(self.text, at + 1, b'\'', self.dialect)
                    && ends(end + 1)
                {
                    // The way to write bytes of PostgreSQL's bytea.
                    let raw = &self.text[at + 1..end];
                    match raw.strip_prefix(b"\\x").and_then(from_hex) {
                        Some(bytes) => self.gather.push(Spot { at: at + 1, ..spot }, &readable(&bytes)),
                        None => self.gather.push_raw(spot, at + 1..end),
                    }
                    return Some(end + 1);
                }
            }
            b'0'..=b'9' | b'-' => {
                let length =
                    self.text[at + 1..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
                let end = at + 1 + length;
                if ends(end) {
                    self.gather.push(Spot { at, ..spot }, &self.text[at..end]);
                    return Some(end);
                }
            }
            b'N' if self.text[at..].starts_with(b"NULL") && ends(at + 4) => {
                self.gather.push(Spot { at, ..spot }, b"");
                return Some(at + 4);
            }
            _ => {}
        }
        self.expression(spot, at)
    }

    /// The same for what is not written so simply: literals with escapes and marks before them, functions, casts.
    fn expression(&mut self, spot: Spot, from: usize) -> Option<usize> {
        let (mut at, mut depth) = (from, 0usize);
        let mut said = Said::default();
        loop {
            match *self.text.get(at)? {
                b',' | b')' if depth == 0 => break,
                b'(' | b'[' => depth += 1,
                b')' | b']' => depth = depth.saturating_sub(1),
                quote @ (b'\'' | b'"') => {
                    at = self.literal(&mut said, from, at, quote)?;
                    continue;
                }
                b'-' if self.text[at..].starts_with(b"--") => at += memchr::memchr(b'\n', &self.text[at..])?,
                b'/' if self.text[at..].starts_with(b"/*") => {
                    at += memchr::memmem::find(&self.text[at..], b"*/")? + 1;
                }
                b if b.is_ascii_whitespace() || matches!(b, b'|' | b'+') => {}
                _ => said.apart = true,
            }
            at += 1;
        }
        match said.at {
            // So long a value is scanned where it stands; its escapes are not worth a copy.
            Some(begin) if said.value.len() > LONGEST => self.gather.push_raw(spot, begin..at),
            Some(begin) => self.gather.push(Spot { at: begin, ..spot }, &said.value),
            None => self.bare(spot, from, at),
        }
        Some(at)
    }

    /// Adds the literal whose quote stands at `at` to what an expression says; the place behind it.
    fn literal(&self, said: &mut Said, from: usize, at: usize, quote: u8) -> Option<usize> {
        let before = &self.text[from..at];
        let letters = before.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let mark = &before[before.len() - letters..];
        let is_mark = |marks: &[&str]| marks.iter().any(|m| mark.eq_ignore_ascii_case(m.as_bytes()));
        let dialect =
            if is_mark(&["e"]) { Dialect { backslash: true, ..self.dialect } } else { self.dialect };
        let (start, end, behind) = if quote == b'\'' && is_mark(&["q", "nq"]) {
            // Any character may stand inside the quotes of Oracle's q'[…]'.
            let open = *self.text.get(at + 1)?;
            let close = match open {
                b'[' => b']',
                b'(' => b')',
                b'{' => b'}',
                b'<' => b'>',
                same => same,
            };
            let end = at + 2 + memchr::memmem::find(self.text.get(at + 2..)?, &[close, b'\''])?;
            (at + 2, end, end + 2)
        } else {
            let end = literal(self.text, at + 1, quote, dialect).ok()?.end;
            // What follows decides whether this is the end.
            self.text.get(end + 1)?;
            (at + 1, end, end + 1)
        };
        let raw = &self.text[start..end];
        if said.at.is_none() {
            said.at = Some(start);
        } else if said.apart {
            said.value.push(b' ');
        }
        match is_mark(&["x"]).then(|| from_hex(raw)).flatten() {
            Some(bytes) => said.value.extend_from_slice(&readable(&bytes)),
            None if quote == b'\'' && is_mark(&["q", "nq"]) => said.value.extend_from_slice(raw),
            None if dialect.backslash || memchr::memchr(quote, raw).is_some() => {
                unescape(&mut said.value, raw, quote, dialect);
            }
            None => said.value.extend_from_slice(raw),
        }
        said.apart = false;
        Some(behind)
    }

    /// Adds a value without quotes.
    fn bare(&mut self, spot: Spot, from: usize, to: usize) {
        let text = self.text[from..to].trim_ascii();
        let spot = Spot { at: from, ..spot };
        let digits = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"));
        if let Some(bytes) = digits.and_then(from_hex) {
            return self.gather.push(spot, &readable(&bytes));
        }
        let is_null = text.eq_ignore_ascii_case(b"null") || text.eq_ignore_ascii_case(b"default");
        self.gather.push(spot, if is_null { b"" } else { text });
    }

    /// Reads one line of `COPY … FROM stdin` (PostgreSQL 17 manual, COPY, text format).
    pub fn line(&mut self, rows: &mut Rows, at: usize, last: bool) -> Next {
        let rest = &self.text[at..];
        let end = match memchr::memchr(b'\n', rest) {
            Some(end) => at + end,
            None if last && !rest.is_empty() => self.text.len(),
            None => return Next::Cut,
        };
        let next = (end + 1).min(self.text.len());
        let line = self.text[at..end].strip_suffix(b"\r").unwrap_or(&self.text[at..end]);
        if line == b"\\." {
            return Next::Over(next);
        }
        rows.spot.row = self.schema.row(&rows.target);
        rows.spot.line = self.gather.line(at);
        let dialect = Dialect { backslash: true, ..self.dialect };
        let mut start = 0;
        for (place, tab) in memchr::memchr_iter(b'\t', line).chain([line.len()]).enumerate() {
            let value = &line[start..tab];
            rows.spot.field = self.schema.field(&mut rows.target, place, self.gather.fields);
            let spot = Spot { at: at + start, ..rows.spot };
            match value {
                b"\\N" => self.gather.push(spot, b""),
                _ if value.len() > LONGEST => self.gather.push_raw(spot, at + start..at + tab),
                _ if memchr::memchr(b'\\', value).is_some() => {
                    let mut plain = Vec::with_capacity(value.len());
                    unescape(&mut plain, value, b'\t', dialect);
                    // The other way to write bytes, bytea: \x and digits.
                    let bytes = plain.strip_prefix(b"\\x").and_then(from_hex);
                    self.gather.push(spot, &bytes.map_or(plain, |bytes| readable(&bytes)));
                }
                _ => self.gather.push(spot, value),
            }
            start = tab + 1;
        }
        Next::More(next)
    }
}

/// What the literals of one expression say.
#[derive(Default)]
struct Said {
    value: Vec<u8>,
    /// Where the first of them begins.
    at: Option<usize>,
    /// Whether more than a sign of concatenation stood before the next.
    apart: bool,
}

/// The text that bytes are; what is none is left out, but for a mark that something was there.
fn readable(bytes: &[u8]) -> Vec<u8> {
    charset::text_of(bytes).map_or_else(|| b"0x".to_vec(), |text| text.into_owned())
}
