//! What statements are made of: blanks and comments, names, literals.
use crate::model::Encoding;

/// How literals are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Whether a backslash escapes the next character in every literal (MySQL 8.4 manual, 11.1.1).
    pub backslash: bool,
    /// GB 18030 and Big5: a byte that looks like a backslash or a quote of names can be half of a character.
    pub encoding: Encoding,
}

impl Dialect {
    fn wide(self) -> bool {
        self.encoding != Encoding::Utf8
    }

    /// How many bytes the character at the beginning of `rest` takes.
    fn width(self, rest: &[u8]) -> usize {
        match (self.encoding, rest) {
            (Encoding::Utf8, _) | (_, [..=0x80 | 0xFF, ..]) => 1,
            (Encoding::Gb18030, [_, b'0'..=b'9', ..]) => 4,
            _ => 2,
        }
    }
}

/// A literal that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    /// Where its closing quote stands.
    pub end: usize,
    /// It is written as it is, without an escape.
    pub plain: bool,
}

/// The end of the literal whose content begins at `at`; where the text ends before it, a place up to which no escape
/// is cut in two.
#[inline]
pub(super) fn literal(text: &[u8], at: usize, quote: u8, dialect: Dialect) -> Result<Literal, usize> {
    if dialect.wide() {
        return wide_literal(text, at, quote, dialect);
    }
    let (mut at, mut plain) = (at, true);
    // Most literals are short, and a search has its price; so the first bytes are looked at one by one.
    let near = text.get(at..text.len().min(at + 24)).unwrap_or_default();
    let first = near.iter().position(|&b| b == quote || b == b'\\');
    if let Some(first) = first
        && near[first] == quote
        && text.get(at + first + 1) != Some(&quote)
    {
        return Ok(Literal { end: at + first, plain });
    }
    loop {
        let safe = at.min(text.len());
        let rest = &text[safe..];
        let found =
            if dialect.backslash { memchr::memchr2(quote, b'\\', rest) } else { memchr::memchr(quote, rest) };
        let Some(found) = found else { return Err(safe) };
        let end = safe + found;
        let escaped = text[end] == b'\\' && quote != b'`';
        if !escaped && text[end] == quote && text.get(end + 1) != Some(&quote) {
            return Ok(Literal { end, plain });
        }
        if end + 1 >= text.len() {
            return Err(end);
        }
        plain = false;
        at = end + if escaped || text[end] == quote { 2 } else { 1 };
    }
}

/// The same where characters must be told apart from their halves.
fn wide_literal(text: &[u8], at: usize, quote: u8, dialect: Dialect) -> Result<Literal, usize> {
    let (mut at, mut plain) = (at, true);
    while let Some(&b) = text.get(at) {
        let escaped = b == b'\\' && dialect.backslash && quote != b'`';
        if b == quote && text.get(at + 1) != Some(&quote) {
            return Ok(Literal { end: at, plain });
        }
        let step = if escaped || b == quote { 2 } else { dialect.width(&text[at..]) };
        plain &= !escaped && b != quote;
        if at + step > text.len() {
            return Err(at);
        }
        at += step;
    }
    Err(at)
}

/// Writes what a literal means.
pub(super) fn unescape(out: &mut Vec<u8>, raw: &[u8], quote: u8, dialect: Dialect) {
    let mut at = 0;
    while let Some(&b) = raw.get(at) {
        match (b, raw.get(at + 1)) {
            (b'\\', Some(&next)) if dialect.backslash => match escape(next, &raw[at + 2..]) {
                Some((character, length)) => {
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    at += length;
                }
                None => {
                    // A character of any length stands for itself.
                    let width = dialect.width(&raw[at + 1..]);
                    out.extend_from_slice(&raw[at + 1..(at + 1 + width).min(raw.len())]);
                    at += 1 + width;
                }
            },
            (b, Some(&next)) if b == quote && next == quote => {
                out.push(quote);
                at += 2;
            }
            _ => {
                let width = dialect.width(&raw[at..]);
                out.extend_from_slice(&raw[at..(at + width).min(raw.len())]);
                at += width;
            }
        }
    }
}

/// The character that a letter behind a backslash stands for, and how long the escape is; `None` where the character
/// stands for itself.
fn escape(letter: u8, rest: &[u8]) -> Option<(char, usize)> {
    Some(match letter {
        b'n' => ('\n', 2),
        b't' => ('\t', 2),
        b'r' => ('\r', 2),
        b'0' | b'b' | b'Z' => (' ', 2),
        // PostgreSQL 17 manual, 4.1.2.2; MySQL knows no such escape, and has an "u" here hardly ever.
        b'u' => {
            let digits = std::str::from_utf8(rest.get(..4)?).ok()?;
            (char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, 6)
        }
        _ => return None,
    })
}

/// The bytes that hexadecimal digits stand for; `None` where they are none, or too many.
pub(super) fn from_hex(digits: &[u8]) -> Option<Vec<u8>> {
    let value = |b: u8| char::from(b).to_digit(16).map(|digit| digit as u8);
    if digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    digits.chunks(2).map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect()
}

/// Reads a statement from left to right. Where nothing comes back, the statement is another one, or not all of it is
/// here: then the text is at its end.
#[derive(Clone)]
pub(super) struct Cursor<'t> {
    pub text: &'t [u8],
    pub at: usize,
    pub dialect: Dialect,
}

impl<'t> Cursor<'t> {
    /// The byte that is next.
    pub fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Goes over blanks and comments.
    pub fn skip(&mut self) {
        loop {
            let rest = &self.text[self.at.min(self.text.len())..];
            let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            self.at += blanks;
            let rest = &rest[blanks..];
            let comment = if rest.starts_with(b"--") {
                memchr::memchr(b'\n', rest).unwrap_or(rest.len())
            } else if rest.starts_with(b"/*") {
                memchr::memmem::find(rest, b"*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += comment;
        }
    }

    /// Takes the next word if it is this one, in capitals or not.
    pub fn word(&mut self, word: &str) -> bool {
        self.skip();
        let is_next = self.text.get(self.at..self.at + word.len()).is_some_and(|next| {
            next.eq_ignore_ascii_case(word.as_bytes())
                && !self.text.get(self.at + word.len()).is_some_and(|b| is_name(*b))
        });
        self.at += if is_next { word.len() } else { 0 };
        is_next
    }

    /// Takes the next byte if it is this one.
    pub fn sign(&mut self, sign: u8) -> bool {
        self.skip();
        let is_next = self.peek() == Some(sign);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes a name, quoted in any way or not.
    pub fn name(&mut self) -> Option<String> {
        self.skip();
        let quote = match self.peek()? {
            b'[' => b']',
            quote @ (b'`' | b'"') => quote,
            b if is_name(b) => {
                let rest = &self.text[self.at..];
                let length = rest.iter().take_while(|b| is_name(**b)).count();
                self.at += length;
                return Some(self.decoded(&rest[..length]));
            }
            _ => return None,
        };
        let names = Dialect { backslash: false, ..self.dialect };
        let end = match literal(self.text, self.at + 1, quote, names) {
            Ok(literal) => literal.end,
            Err(_) => {
                self.at = self.text.len();
                return None;
            }
        };
        let name = self.decoded(&self.text[self.at + 1..end]);
        self.at = end + 1;
        let quote = char::from(quote);
        Some(name.replace(&format!("{quote}{quote}"), &quote.to_string()))
    }

    /// Takes names with dots between them.
    pub fn path(&mut self) -> Option<Vec<String>> {
        let mut parts = vec![self.name()?];
        while self.sign(b'.') {
            // Two dots leave out the schema (SQL Server).
            if self.peek() != Some(b'.') {
                parts.push(self.name()?);
            }
        }
        Some(parts)
    }

    /// Takes names in parentheses.
    pub fn names(&mut self) -> Option<Vec<String>> {
        if !self.sign(b'(') {
            return None;
        }
        let mut names = Vec::new();
        loop {
            names.push(self.path()?.pop()?);
            if self.sign(b')') {
                return Some(names);
            }
            if !self.sign(b',') {
                return None;
            }
        }
    }

    /// Takes a literal in single quotes; `None` where none is next.
    pub fn string(&mut self) -> Option<String> {
        self.skip();
        let start = self.at + usize::from(matches!(self.peek(), Some(b'N' | b'n' | b'E')));
        if self.text.get(start) != Some(&b'\'') {
            return None;
        }
        match literal(self.text, start + 1, b'\'', self.dialect) {
            Ok(Literal { end, .. }) => {
                let mut value = Vec::new();
                unescape(&mut value, &self.text[start + 1..end], b'\'', self.dialect);
                self.at = end + 1;
                Some(self.decoded(&value))
            }
            Err(_) => {
                self.at = self.text.len();
                None
            }
        }
    }

    fn decoded(&self, bytes: &[u8]) -> String {
        self.dialect.encoding.decoder().decode_without_bom_handling(bytes).0.into_owned()
    }
}

/// Whether a byte can be part of a name without quotes.
pub(super) fn is_name(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'#' | b'@') || b >= 0x80
}
