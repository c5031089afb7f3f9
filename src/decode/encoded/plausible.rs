//! Whether bytes that came out of an encoding are text: random bytes must give none.
use crate::decode::formats;
use std::borrow::Cow;

/// Text in GB 2312 has this many characters at least before it is believed.
const FEW: usize = 8;
/// Bytes that are unpacked of one compressed value.
#[cfg(feature = "formats")]
const UNPACKED: u64 = 4 << 20;

/// The text that `bytes` are: UTF-8, UTF-16 or GB 2312, or any of them compressed.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    if let Some(unpacked) = unpacked(bytes) {
        return plain(&unpacked);
    }
    plain(bytes)
}

/// The text that a value packs by gzip or zlib, as columns of bytes often hold it.
pub(in crate::decode) fn unpacked_text<'a>(bytes: &[u8]) -> Option<Cow<'a, [u8]>> {
    Some(Cow::Owned(plain(&unpacked(bytes)?)?.into_bytes()))
}

fn plain(bytes: &[u8]) -> Option<String> {
    if bytes.len() < FEW {
        return None;
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // The last character may be cut off.
        Err(error) if error.error_len().is_none() && error.valid_up_to() >= FEW => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => gb2312(bytes)?,
    };
    let text = if memchr::memchr(0, text.as_bytes()).is_some() { utf16(bytes)? } else { text };
    let is_odd = |c: &char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    text.chars().find(is_odd).is_none().then_some(text)
}

/// UTF-16, little endian, of mostly ASCII: what PowerShell encodes.
fn utf16(bytes: &[u8]) -> Option<String> {
    let zeros = bytes.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
    (zeros * 4 > bytes.len()).then(|| {
        encoding_rs::UTF_16LE
            .decode_without_bom_handling_and_without_replacement(bytes)
            .map(|text| text.into_owned())
    })?
}

/// GB 2312: ASCII, and pairs of bytes of its 87 rows; anything else that GB 18030 allows may be chance.
fn gb2312(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let mut pairs = 0;
    while let Some((&first, behind)) = rest.split_first() {
        rest = match first {
            0x20..0x7F | b'\t' | b'\n' | b'\r' => behind,
            0xA1..=0xA9 | 0xB0..=0xF7 if matches!(behind.first(), Some(0xA1..=0xFE)) => {
                pairs += 1;
                &behind[1..]
            }
            _ => return None,
        };
    }
    let text = encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(bytes)?;
    (pairs >= 2 && bytes.len() >= 2 * FEW).then(|| text.into_owned())
}

/// What gzip (RFC 1952) or zlib (RFC 1950) packed, up to a limit.
#[cfg(feature = "formats")]
fn unpacked(bytes: &[u8]) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut out = Vec::new();
    let read = match bytes {
        [0x1F, 0x8B, 8, ..] => flate2::read::MultiGzDecoder::new(bytes).take(UNPACKED).read_to_end(&mut out),
        [0x78, 0x01 | 0x5E | 0x9C | 0xDA, ..] => {
            flate2::read::ZlibDecoder::new(bytes).take(UNPACKED).read_to_end(&mut out)
        }
        _ => return None,
    };
    // What came before an error is what it is.
    (read.is_ok() || !out.is_empty()).then_some(out)
}

#[cfg(not(feature = "formats"))]
fn unpacked(_: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Whether bytes are a file of a format that is known by a mark of some length.
pub(super) fn is_file(bytes: &[u8]) -> bool {
    const MARKS: [&[u8]; 4] = [b"%PDF-", b"\x89PNG\r\n\x1A\n", b"\xFF\xD8\xFF", b"{\\rtf"];
    bytes.len() > 32
        && (formats::recognise(bytes).is_some() || MARKS.iter().any(|mark| bytes.starts_with(mark)))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn random_bytes_are_no_text() {
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        for length in (16..64).cycle().take(20_000) {
            let bytes: Vec<u8> = (0..length)
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 56) as u8
                })
                .collect();
            assert_eq!(text(&bytes), None, "{bytes:02x?}");
        }
    }

    #[test]
    fn text_is_text_in_any_encoding() {
        let wanted = "手机号码：13800138000";
        assert_eq!(text(wanted.as_bytes()).as_deref(), Some(wanted));
        assert_eq!(text(&encoding_rs::GBK.encode(wanted).0).as_deref(), Some(wanted));
        let ascii = "mobile 13800138000";
        let wide: Vec<u8> = ascii.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&wide).as_deref(), Some(ascii));
    }
}
