//! The table of strings that the cells of a workbook share (ECMA-376, part 1, 18.4).
use super::xml::{Token, Xml, unescape};
use std::borrow::Cow;
use std::io;

/// Bytes of strings that are held; what comes after them is scanned at once, without a place.
const HELD: usize = 256 << 20;
/// A string longer than this is long: it is not scanned for each of thousands of cells that share it.
const LONG: usize = 256;
/// Bytes of long strings that are scanned again, for the cells that share them.
const AGAIN: u64 = 64 << 20;
/// The longest string that is gathered: Excel allows 32,767 characters.
const LONGEST: usize = 1 << 20;

/// The strings, by number.
#[derive(Default)]
pub(super) struct Shared {
    text: String,
    ends: Vec<usize>,
    used: Vec<bool>,
    again: u64,
    /// Whether a long string was left out of a cell, since it had been scanned often enough.
    pub left_out: bool,
}

impl Shared {
    /// Reads the table. What is too much to be held goes to `beyond`, which returns false to end.
    pub fn read(
        xml: &mut Xml<'_>,
        beyond: &mut dyn FnMut(&str) -> bool,
    ) -> io::Result<(Self, Option<io::Error>)> {
        let mut shared = Shared::default();
        let failed = shared.fill(xml, beyond).err();
        Ok((shared, failed))
    }

    fn fill(&mut self, xml: &mut Xml<'_>, beyond: &mut dyn FnMut(&str) -> bool) -> io::Result<()> {
        let mut value = Vec::new();
        // Within <t>, and not within the reading aid of a string (18.4.6).
        let (mut in_text, mut in_aid) = (false, false);
        while let Some(token) = xml.next()? {
            match token {
                Token::Open(b"si", _) => value.clear(),
                Token::Open(b"t", _) => in_text = true,
                Token::Close(b"t") => in_text = false,
                Token::Open(b"rPh", _) => in_aid = true,
                Token::Close(b"rPh") => in_aid = false,
                Token::Text(_) | Token::Data(_) if !in_text || in_aid => {}
                Token::Text(raw) => unescape(raw, &mut value),
                Token::Data(raw) => value.extend_from_slice(raw),
                Token::Close(b"si") => {
                    let text = string(&value);
                    if !self.add(&text) && !beyond(&text) {
                        return Ok(());
                    }
                }
                _ => {}
            }
            if value.len() > LONGEST {
                if !beyond(&string(&value)) {
                    return Ok(());
                }
                value.clear();
            }
        }
        Ok(())
    }

    /// Adds a string; false where there is no room for more.
    pub fn add(&mut self, text: &str) -> bool {
        let room = self.text.len() + text.len() + self.ends.len() * 9 < HELD;
        if room {
            self.text.push_str(text);
            self.ends.push(self.text.len());
            self.used.push(false);
        }
        room
    }

    fn get(&self, number: usize) -> Option<&str> {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..*self.ends.get(number)?)
    }

    /// The string of a cell, unless it is a long one that was scanned often enough.
    pub fn take(&mut self, number: usize) -> Option<&str> {
        let used = std::mem::replace(self.used.get_mut(number)?, true);
        let len = self.get(number)?.len();
        if used && len > LONG {
            self.again += len as u64;
            if self.again > AGAIN {
                self.left_out = true;
                return None;
            }
        }
        self.get(number)
    }

    /// The strings that no cell has used: what was deleted may still be there.
    pub fn unused(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter(|&number| !self.used[number]).filter_map(|number| self.get(number))
    }
}

/// The text of a string: `_x000A_` stands for a character that XML cannot hold (22.9.2.19).
pub(super) fn string(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if memchr::memmem::find(text.as_bytes(), b"_x").is_none() {
        return text;
    }
    let (mut out, mut rest) = (String::new(), &*text);
    while let Some(at) = rest.find("_x") {
        let code = rest.get(at + 2..at + 7).and_then(|code| code.strip_suffix('_'));
        let char = code.and_then(|code| u32::from_str_radix(code, 16).ok()).and_then(char::from_u32);
        let end = at + if char.is_some() { 7 } else { 2 };
        out.push_str(if char.is_some() { &rest[..at] } else { &rest[..end] });
        out.extend(char);
        rest = &rest[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Shared {
        let mut reader = xml.as_bytes();
        Shared::read(&mut Xml::new(&mut reader), &mut |_| true).expect("no error").0
    }

    #[test]
    fn strings_are_joined_from_their_runs() {
        let mut shared = read(
            "<sst><si><t>手机</t></si><si><r><rPr/><t>138</t></r><r><t>00138000</t></r><rPh><t>ka</t></rPh></si><si/>\
             <si><t>a&amp;b_x000A_c_xZ_</t></si></sst>",
        );
        assert_eq!(shared.take(1), Some("13800138000"));
        assert_eq!(shared.take(2), Some(""));
        assert_eq!(shared.take(3), Some("a&b\nc_xZ_"));
        assert_eq!(shared.take(4), None);
        assert_eq!(shared.unused().collect::<Vec<_>>(), ["手机"]);
    }

    #[test]
    fn a_long_string_is_not_scanned_for_ever() {
        let mut shared = read(&format!("<sst><si><t>{}</t></si></sst>", "x".repeat(1 << 19)));
        let taken = (0..10_000).filter(|_| shared.take(0).is_some()).count();
        assert!(taken > 100 && taken < 200, "{taken}");
        assert!(shared.left_out);
    }
}
