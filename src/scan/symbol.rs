//! Reads one character of the original bytes as the canonical text that patterns are written for.
use crate::model::Encoding;

/// A canonical character in UTF-8, and where the next one starts in the original bytes.
#[derive(Clone, Copy)]
pub(super) struct Symbol {
    bytes: [u8; 4],
    len: u8,
    pub next: usize,
}

impl Symbol {
    /// The canonical bytes; none for characters that do not show, such as the zero-width space.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The canonical character, if it is ASCII.
    pub fn ascii(&self) -> Option<u8> {
        (self.len == 1).then_some(self.bytes[0])
    }

    fn new(folded: Option<char>, next: usize) -> Self {
        let mut bytes = [0; 4];
        let len = folded.map_or(0, |c| c.encode_utf8(&mut bytes).len()) as u8;
        Symbol { bytes, len, next }
    }
}

/// The character that starts at `at`, which must be inside `hay` and the start of a character.
#[inline]
pub(super) fn symbol(hay: &[u8], at: usize, encoding: Encoding) -> Symbol {
    let first = hay[at];
    if first < 0x80 {
        return Symbol { bytes: [first, 0, 0, 0], len: 1, next: at + 1 };
    }
    long_symbol(hay, at, encoding)
}

#[cold]
fn long_symbol(hay: &[u8], at: usize, encoding: Encoding) -> Symbol {
    let (decoded, len) = match encoding {
        Encoding::Utf8 => utf8(&hay[at..]),
        Encoding::Gb18030 | Encoding::Big5 => double_byte(&hay[at..], encoding),
    };
    Symbol::new(fold(decoded), at + len)
}

fn utf8(rest: &[u8]) -> (char, usize) {
    let want = match rest[0] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    let decoded = rest.get(..want).and_then(|bytes| std::str::from_utf8(bytes).ok());
    decoded.and_then(|text| text.chars().next()).map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, want))
}

fn double_byte(rest: &[u8], encoding: Encoding) -> (char, usize) {
    let len = match (rest, encoding) {
        ([0x81..=0xFE, b'0'..=b'9', 0x81..=0xFE, b'0'..=b'9', ..], Encoding::Gb18030) => 4,
        ([0x81..=0xFE, 0x40..=0xFE, ..], _) => 2,
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    let decoded = encoding.decoder().decode_without_bom_handling_and_without_replacement(&rest[..len]);
    let c = decoded.and_then(|text| text.chars().next()).unwrap_or(char::REPLACEMENT_CHARACTER);
    (c, len)
}

/// The canonical form of a character; `None` for one that does not show.
///
/// An explicit table, for NFKC does both too much (`①` becomes `1`) and too little (dashes stay apart).
fn fold(c: char) -> Option<char> {
    Some(match c {
        '\u{FF01}'..='\u{FF5E}' if c != '\u{FF0D}' => char::from((c as u32 - 0xFEE0) as u8),
        '\u{3000}' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' => ' ',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE63}' | '\u{FF0D}' => '-',
        '\u{B7}' | '\u{2022}' | '\u{30FB}' => '.',
        // What optical recognition and hand entry make of the check character X.
        '\u{425}' | '\u{445}' | '\u{D7}' | '\u{2169}' => 'X',
        '\u{200B}'..='\u{200D}' | '\u{FEFF}' => return None,
        other => other,
    })
}

/// How far back a character boundary is looked for in a double-byte encoding.
pub(super) const SYNC: usize = 256;

/// A character boundary at or before `at`, for walking forward from.
///
/// In UTF-8 the bytes say so themselves. In GB 18030 and Big5 a byte below 0x30 is never part of a
/// longer character, so the byte behind it is a boundary; where none is near, a byte below 0x80 that
/// follows another is the next best.
pub(super) fn boundary_before(hay: &[u8], at: usize, encoding: Encoding) -> usize {
    if encoding == Encoding::Utf8 {
        let back = (0..=at.min(3)).find(|&n| hay.get(at - n).is_none_or(|b| b & 0xC0 != 0x80));
        return at - back.unwrap_or(0);
    }
    let floor = at.saturating_sub(SYNC);
    let safe = hay[floor..at].iter().rposition(|&b| b < 0x30);
    safe.map_or(floor, |n| floor + n + 1)
}

/// The start of the character that contains byte `at`: `at` itself, if it starts one.
pub(super) fn start_of_char(hay: &[u8], at: usize, encoding: Encoding) -> usize {
    let mut start = boundary_before(hay, at, encoding);
    if encoding == Encoding::Utf8 {
        return start;
    }
    while start < at {
        let next = symbol(hay, start, encoding).next;
        if next > at {
            break;
        }
        start = next;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(bytes: &[u8], encoding: Encoding) -> String {
        let (mut at, mut out) = (0, Vec::new());
        while at < bytes.len() {
            let symbol = symbol(bytes, at, encoding);
            out.extend_from_slice(symbol.bytes());
            at = symbol.next;
        }
        String::from_utf8(out).expect("symbols are UTF-8")
    }

    #[test]
    fn folds_what_people_type_for_digits_and_separators() {
        let text = "１３９\u{3000}００—00\u{200b}·号Ｘ×";
        for encoding in [Encoding::Utf8, Encoding::Gb18030] {
            let (bytes, _, _) = encoding.decoder().encode(text);
            assert_eq!(canonical(&bytes, encoding), "139 00-00.号XX", "{encoding:?}");
        }
    }

    #[test]
    fn four_byte_characters_of_gb18030_hide_no_digits() {
        let bytes = [0x81, 0x39, 0xEE, 0x39, b'1'];
        assert_eq!(canonical(&bytes, Encoding::Gb18030), "㐀1");
        assert_eq!(start_of_char(&bytes, 3, Encoding::Gb18030), 0);
        assert_eq!(start_of_char(&bytes, 4, Encoding::Gb18030), 4);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_stop_the_walk() {
        assert_eq!(canonical(&[0xFF, b'1', 0xE4, 0xBD], Encoding::Utf8), "\u{FFFD}1\u{FFFD}\u{FFFD}");
    }
}
