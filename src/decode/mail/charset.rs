//! The text of mail: read in the charset it names, unless that is plainly not the one it is written in.
use crate::decode::sniff;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// The text that `bytes` are, which say that they are in the charset `label`.
pub(super) fn text<'a>(bytes: &'a [u8], label: Option<&str>) -> Cow<'a, str> {
    let named = label.and_then(named);
    if let Some(wide) = named.filter(|named| !named.is_ascii_compatible()) {
        return endian(wide, bytes).decode(bytes).0;
    }
    let utf8 = simdutf8::basic::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes));
    match (named, utf8) {
        // GBK and Big5 texts are hardly ever UTF-8 by chance, nor is Latin-1; ISO-2022-JP always is.
        (Some(named), Ok(_)) if named == encoding_rs::ISO_2022_JP => named.decode(bytes).0,
        (_, Ok(text)) => Cow::Borrowed(text),
        // Latin-1 is what programs name that do not know: every text is Latin-1.
        (Some(named), Err(_)) if named != UTF_8 && named != WINDOWS_1252 => {
            let text = named.decode_without_bom_handling_and_without_replacement(bytes);
            text.unwrap_or_else(|| guessed(bytes))
        }
        _ => guessed(bytes),
    }
}

fn guessed(bytes: &[u8]) -> Cow<'_, str> {
    sniff::double_byte(bytes).decoder().decode_without_bom_handling(bytes).0
}

fn named(label: &str) -> Option<&'static Encoding> {
    let label = label.trim();
    // GB 2312 and GBK are parts of GB 18030, and those that name them use more than they hold.
    match Encoding::for_label_no_replacement(label.as_bytes())? {
        named if named == encoding_rs::GBK => Some(encoding_rs::GB18030),
        // RFC 2781, 4.3: big endian, where no mark says otherwise.
        named if named == UTF_16LE && label.eq_ignore_ascii_case("utf-16") => Some(UTF_16BE),
        named => Some(named),
    }
}

/// The other UTF-16 where its zeros tell that it is that one: many programs write little endian without a mark.
fn endian(wide: &'static Encoding, bytes: &[u8]) -> &'static Encoding {
    let zeros = |parity: usize| bytes.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    match (zeros(0), zeros(1)) {
        (even, odd) if wide == UTF_16BE && odd > even => UTF_16LE,
        (even, odd) if wide == UTF_16LE && even > odd => UTF_16BE,
        _ => wide,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets_that_are_not_true_are_not_believed() {
        let gbk = encoding_rs::GBK.encode("手机号码是一三八，请联系我们").0.into_owned();
        for label in
            [None, Some("utf-8"), Some("us-ascii"), Some("iso-8859-1"), Some("gb2312"), Some("x-nothing")]
        {
            assert_eq!(text(&gbk, label), "手机号码是一三八，请联系我们", "{label:?}");
        }
        for label in [None, Some("gbk"), Some("big5"), Some("utf-8")] {
            assert_eq!(text("手机".as_bytes(), label), "手机", "{label:?}");
        }
        assert_eq!(text(&[0x62, 0x4B, 0, b'1'], Some("utf-16")), "手1");
        assert_eq!(text(&[0xFF, 0xFE, 0x4B, 0x62, b'1', 0], Some("utf-16")), "手1");
        assert_eq!(text(&[0x4B, 0x62, b'1', 0], Some("utf-16le")), "手1");
        assert_eq!(text(&[0x4B, 0x62, b'1', 0], Some("utf-16")), "手1");
    }
}
