//! Base64 (RFC 4648, sections 4 and 5), with either alphabet, and broken into lines.

/// What stands for no six bits.
const NONE: u8 = 0xFF;

/// The six bits of every byte; both alphabets at once, for no text mixes them.
const SIXES: [u8; 256] = {
    let mut sixes = [NONE; 256];
    let mut at = 0;
    while at < 26 {
        sixes[b'A' as usize + at] = at as u8;
        sixes[b'a' as usize + at] = at as u8 + 26;
        at += 1;
    }
    let mut at = 0;
    while at < 10 {
        sixes[b'0' as usize + at] = at as u8 + 52;
        at += 1;
    }
    sixes[b'+' as usize] = 62;
    sixes[b'-' as usize] = 62;
    sixes[b'/' as usize] = 63;
    sixes[b'_' as usize] = 63;
    sixes
};

/// Whether a byte stands for six bits.
#[inline]
pub(in crate::decode) fn is_six(byte: u8) -> bool {
    SIXES[byte as usize] != NONE
}

/// The bytes that `text` stands for. What belongs to no alphabet is passed over, as mail asks for (RFC 2045, 6.8); padding in
/// the middle begins anew: there were two texts.
pub(in crate::decode) fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for &byte in text {
        let six = SIXES[byte as usize];
        if six != NONE {
            bits = bits << 6 | u32::from(six);
            count += 6;
            if count >= 8 {
                count -= 8;
                bytes.push((bits >> count) as u8);
            }
        } else if byte == b'=' {
            (bits, count) = (0, 0);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_the_vectors_of_the_standard() {
        for (text, bytes) in
            [("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYmFy", "foobar"), ("Zm9vYg", "foob")]
        {
            assert_eq!(decode(text.as_bytes()), bytes.as_bytes(), "{text}");
        }
        assert_eq!(decode(b"Zm9v\r\nYmFy\r\n"), b"foobar");
        assert_eq!(decode(b"Zg==Zm9v"), b"ffoo");
        assert_eq!(decode(b"-_8"), [0xFB, 0xFF]);
    }
}
