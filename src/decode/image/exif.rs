//! The texts of an Exif block, which is a TIFF file (TIFF 6.0, section 2; Exif 3.0, 4.6).
use encoding_rs::{GBK, UTF_16BE, UTF_16LE};

/// Directories that are read: a TIFF file has one for every page.
const DIRECTORIES: usize = 4096;
/// The longest text that is read.
const LONGEST: usize = 1 << 20;

/// Tags that hold a text, and its name.
const TEXTS: [(u16, &str); 9] = [
    (0x010D, "DocumentName"),
    (0x010E, "ImageDescription"),
    (0x013B, "Artist"),
    (0x013C, "HostComputer"),
    (0x8298, "Copyright"),
    (0xA430, "CameraOwnerName"),
    (0xA436, "ImageTitle"),
    (0xA437, "Photographer"),
    (0xA438, "ImageEditor"),
];

/// Tags that Windows writes, in UTF-16 of the little end.
const WIDE: [(u16, &str); 5] = [
    (0x9C9B, "XPTitle"),
    (0x9C9C, "XPComment"),
    (0x9C9D, "XPAuthor"),
    (0x9C9E, "XPKeywords"),
    (0x9C9F, "XPSubject"),
];

/// Numbers in one byte order or the other.
#[derive(Clone, Copy)]
struct Tiff<'b> {
    bytes: &'b [u8],
    big: bool,
}

/// A field of a directory: its tag, and its bytes.
type Field<'b> = (u16, &'b [u8]);

impl<'b> Tiff<'b> {
    fn small(self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn number(self, at: usize) -> Option<u32> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// The fields of a directory, and where the next one is.
    fn directory(self, at: usize) -> Option<(Vec<Field<'b>>, usize)> {
        let count = usize::from(self.small(at)?);
        let fields = (0..count).map_while(|index| self.field(at + 2 + 12 * index)).flatten().collect();
        Some((fields, self.number(at + 2 + 12 * count).unwrap_or(0) as usize))
    }

    /// A field; nothing within where its value lies outside.
    fn field(self, at: usize) -> Option<Option<Field<'b>>> {
        let (tag, kind, count) = (self.small(at)?, self.small(at + 2)?, self.number(at + 4)? as usize);
        let size = match kind {
            1 | 2 | 6 | 7 | 129 => 1,
            3 | 8 => 2,
            5 | 10 | 12 => 8,
            _ => 4,
        };
        let length = count.saturating_mul(size);
        let place = if length <= 4 { at + 8 } else { self.number(at + 8)? as usize };
        let value = self.bytes.get(place..).and_then(|value| value.get(..length));
        Some(value.map(|value| (tag, &value[..length.min(LONGEST)])))
    }

    /// Degrees, minutes and seconds as degrees.
    fn degrees(self, value: &[u8]) -> Option<f64> {
        let value = Tiff { bytes: value, ..self };
        let part = |at: usize| {
            let (over, under) = (value.number(at)?, value.number(at + 4)?);
            (under != 0).then(|| f64::from(over) / f64::from(under))
        };
        Some(part(0)? + part(8).unwrap_or(0.0) / 60.0 + part(16).unwrap_or(0.0) / 3600.0)
    }
}

/// Hands each text to `take` with its name, until `take` returns false.
pub(super) fn read(bytes: &[u8], take: &mut dyn FnMut(&str, &str) -> bool) -> bool {
    let big = bytes.starts_with(b"MM\0*");
    if !big && !bytes.starts_with(b"II*\0") {
        return true;
    }
    let tiff = Tiff { bytes, big };
    let (mut open, mut known) = (Vec::from_iter(tiff.number(4).map(|at| (at as usize, false))), Vec::new());
    while let Some((at, is_position)) = open.pop() {
        if at == 0 || known.len() >= DIRECTORIES || known.contains(&at) {
            continue;
        }
        known.push(at);
        let Some((fields, next)) = tiff.directory(at) else { continue };
        if is_position {
            if !position(tiff, &fields).is_none_or(|text| take("GPS", &text)) {
                return false;
            }
            continue;
        }
        open.push((next, false));
        for (tag, value) in fields {
            let below = || Tiff { bytes: value, big }.number(0).map(|at| at as usize);
            match tag {
                0x8769 => open.extend(below().map(|at| (at, false))),
                0x8825 => open.extend(below().map(|at| (at, true))),
                _ => {
                    if !named(tiff, tag, value).is_none_or(|(name, text)| take(name, &text)) {
                        return false;
                    }
                }
            }
        }
    }
    true
}

/// The name and the text of a field that holds one.
fn named(tiff: Tiff<'_>, tag: u16, value: &[u8]) -> Option<(&'static str, String)> {
    if let Some((_, name)) = TEXTS.iter().find(|(known, _)| *known == tag) {
        return Some((name, plain(value)));
    }
    if let Some((_, name)) = WIDE.iter().find(|(known, _)| *known == tag) {
        return Some((name, trimmed(&UTF_16LE.decode_without_bom_handling(value).0)));
    }
    // Its first eight bytes say how it is written (Exif 3.0, 4.6.6.10).
    let (code, text) = if tag == 0x9286 { value.split_at_checked(8)? } else { return None };
    let text = match code {
        b"UNICODE\0" if tiff.big => UTF_16BE.decode(text).0.into_owned(),
        b"UNICODE\0" => UTF_16LE.decode(text).0.into_owned(),
        b"JIS\0\0\0\0\0" => encoding_rs::ISO_2022_JP.decode(text).0.into_owned(),
        _ => plain(text),
    };
    Some(("UserComment", trimmed(&text)))
}

/// Where the picture was taken.
fn position(tiff: Tiff<'_>, fields: &[Field<'_>]) -> Option<String> {
    let of = |tag: u16| fields.iter().find(|(known, _)| *known == tag).map(|(_, value)| *value);
    let signed = |reference: u16, value: u16, minus: u8| {
        let degrees = tiff.degrees(of(value)?)?;
        Some(if of(reference).is_some_and(|reference| reference.first() == Some(&minus)) {
            -degrees
        } else {
            degrees
        })
    };
    Some(format!("GPS {:.6},{:.6}", signed(1, 2, b'S')?, signed(3, 4, b'W')?))
}

/// Text in an encoding that nobody names: UTF-8, else what Chinese programs write.
pub(super) fn plain(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => trimmed(text),
        Err(_) => trimmed(&GBK.decode_without_bom_handling(bytes).0),
    }
}

fn trimmed(text: &str) -> String {
    text.trim_matches(|c: char| c == '\0' || c.is_whitespace()).replace('\0', " ")
}

#[cfg(test)]
mod tests {
    use super::read;

    fn texts(bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        read(bytes, &mut |name, text| {
            found.push(format!("{name}={text}"));
            true
        });
        found
    }

    fn field(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
        [&tag.to_be_bytes()[..], &kind.to_be_bytes(), &count.to_be_bytes(), &value.to_be_bytes()].concat()
    }

    #[test]
    fn texts_are_found_and_loops_end() {
        let mut tiff = b"MM\0*\0\0\0\x08\0\x03".to_vec();
        tiff.extend(field(0x010E, 2, 5, 62));
        tiff.extend(field(0x8769, 4, 1, 8));
        tiff.extend(field(0x9286, 7, 12, 67));
        tiff.extend(8_u32.to_be_bytes());
        tiff.resize(62, 0);
        tiff.extend(b"138\0\0UNICODE\0\x5F\x20\x00\x31");
        assert_eq!(texts(&tiff), ["ImageDescription=138", "UserComment=张1"]);
        for at in 0..tiff.len() {
            let mut broken = tiff.clone();
            broken[at] ^= 0xFF;
            texts(&broken);
            texts(&tiff[..at]);
        }
    }
}
