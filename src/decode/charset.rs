//! The encoding of single values: bytes that may be text, and text that was read in the wrong encoding.
use std::borrow::Cow;

/// A value with more control characters than one in this many bytes is no text.
const CONTROLS: usize = 64;

/// The text that `bytes` are, in UTF-8: as they stand, or decoded from GB 18030; `None` where they are none.
pub(super) fn text_of(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    let is_control = |b: &&u8| **b < 0x20 && !matches!(**b, b'\t' | b'\n' | b'\r');
    if bytes.iter().filter(is_control).count() * CONTROLS > bytes.len() {
        return None;
    }
    if simdutf8::basic::from_utf8(bytes).is_ok() {
        return Some(match std::str::from_utf8(bytes).ok().and_then(|text| misread(text.as_bytes())) {
            Some(text) => Cow::Owned(text.into_bytes()),
            None => Cow::Borrowed(bytes),
        });
    }
    let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes)?;
    Some(Cow::Owned(text.into_owned().into_bytes()))
}

/// What a text was before someone took its bytes for Latin-1: `æ‰‹æœº` is 手机. `None` where it makes sense as it is.
///
/// This is what a connection leaves behind that named the wrong character set (`SET NAMES latin1`).
pub(super) fn misread(text: &[u8]) -> Option<String> {
    memchr::memchr2(0xC2, 0xC3, text)?;
    let text = std::str::from_utf8(text).ok()?;
    // The encoder writes what it cannot write as a numeric reference; then it was no such text.
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
    if unmappable {
        return None;
    }
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    if let Ok(utf8) = std::str::from_utf8(&bytes) {
        // Letters with accents read as UTF-8 by chance once in a while, characters of three bytes hardly ever.
        return (high >= 3 && utf8.chars().any(|c| c.len_utf8() >= 3)).then(|| utf8.to_owned());
    }
    // GB 2312 writes every character as two high bytes; French and German hardly ever have two in a row.
    let mut rest: &[u8] = &bytes;
    let mut pairs = 0;
    while let Some(at) = rest.iter().position(|b| *b >= 0x80) {
        let pair = rest.get(at..at + 2).filter(|pair| pair.iter().all(|b| (0xA1..=0xFE).contains(b)))?;
        pairs += 1;
        rest = &rest[at + pair.len()..];
    }
    let decoded = encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(&bytes)?;
    (pairs >= 2).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mojibake(text: &str, encoding: &'static encoding_rs::Encoding) -> String {
        let (bytes, _, _) = encoding.encode(text);
        encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes).0.into_owned()
    }

    #[test]
    fn text_read_in_the_wrong_encoding_comes_back() {
        for text in ["手机号", "联系电话：１３８００１３８０００", "客户甲 13800138000"]
        {
            for encoding in [encoding_rs::UTF_8, encoding_rs::GBK] {
                assert_eq!(
                    misread(mojibake(text, encoding).as_bytes()).as_deref(),
                    Some(text),
                    "{}",
                    encoding.name()
                );
            }
        }
    }

    #[test]
    fn text_that_makes_sense_is_left_alone() {
        for text in ["été à Zürich", "naïve café", "手机", "plain", "5 £", "Straße, Größe", "Ã"]
        {
            assert_eq!(misread(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn bytes_are_text_in_utf8_or_gb18030_or_none() {
        assert_eq!(text_of("手机".as_bytes()).as_deref(), Some("手机".as_bytes()));
        assert_eq!(
            text_of(&encoding_rs::GBK.encode("手机13800138000").0).as_deref(),
            Some("手机13800138000".as_bytes())
        );
        assert_eq!(text_of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), None);
    }
}
