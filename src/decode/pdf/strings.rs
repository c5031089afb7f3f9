//! Text strings of a PDF that stand outside its pages: names, titles, values of forms (ISO 32000-2, 7.9.2.2).
use encoding_rs::{UTF_16BE, UTF_16LE};

/// What the bytes from 0x80 to 0xA0 stand for in PDFDocEncoding (ISO 32000-2, annex D.3).
const FROM_80: [char; 33] = [
    '\u{2022}', '\u{2020}', '\u{2021}', '\u{2026}', '\u{2014}', '\u{2013}', '\u{0192}', '\u{2044}',
    '\u{2039}', '\u{203A}', '\u{2212}', '\u{2030}', '\u{201E}', '\u{201C}', '\u{201D}', '\u{2018}',
    '\u{2019}', '\u{201A}', '\u{2122}', '\u{FB01}', '\u{FB02}', '\u{0141}', '\u{0152}', '\u{0160}',
    '\u{0178}', '\u{017D}', '\u{0131}', '\u{0142}', '\u{0153}', '\u{0161}', '\u{017E}', '\u{FFFD}',
    '\u{20AC}',
];

/// The text of a text string. Writers that know no better leave it in UTF-8 or GBK, which is told by its bytes.
pub(super) fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xFE, 0xFF, rest @ ..] => unescaped(&UTF_16BE.decode_without_bom_handling(rest).0),
        [0xFF, 0xFE, rest @ ..] => unescaped(&UTF_16LE.decode_without_bom_handling(rest).0),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => {
            let Ok(text) = std::str::from_utf8(bytes) else { return legacy(bytes) };
            text.to_owned()
        }
    }
}

fn legacy(bytes: &[u8]) -> String {
    // Two Chinese characters at least: a lone accented letter is none.
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    if high >= 4
        && let Some(text) = encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(bytes)
        && text.chars().any(|c| ('\u{4E00}'..'\u{A000}').contains(&c))
    {
        return text.into_owned();
    }
    bytes
        .iter()
        .map(|&byte| FROM_80.get(usize::from(byte).wrapping_sub(0x80)).copied().unwrap_or(char::from(byte)))
        .collect()
}

/// Without the language that an escape may name.
fn unescaped(text: &str) -> String {
    let parts: Vec<&str> = text.split('\u{1B}').collect();
    match parts.as_slice() {
        // Between two escapes stands the language.
        [first, .., last] if parts.len() == 3 => format!("{first}{last}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn encodings_are_told() {
        assert_eq!(text(b"\xFE\xFF\x5F\x20\x00\x31"), "张1");
        assert_eq!(text(b"\xFF\xFE\x20\x5F\x31\x00"), "张1");
        assert_eq!(text("\u{FEFF}张".as_bytes()), "张");
        assert_eq!(text(b"\xD5\xC5\xC8\xFD 138"), "张三 138");
        assert_eq!(text(b"caf\xE9 \x80"), "café •");
        assert_eq!(text(b"\xFE\xFF\x00\x1B\x00z\x00h\x00\x1B\x5F\x20"), "张");
    }
}
