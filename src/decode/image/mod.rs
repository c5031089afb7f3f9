//! Pictures: what is written in them is not read, what is said of them is (Exif, IPTC, XMP, comments).
mod exif;

use super::cells::{At, Cells};
use super::format::Failure;
use super::{Output, Unit, xmp};
use crate::model::FieldName;
use crate::model::coverage::Reason;
use std::collections::HashMap;
#[cfg(feature = "formats")]
use std::io::Read;

/// The longest text of a PNG that is unpacked.
#[cfg(feature = "formats")]
const UNPACKED: u64 = 1 << 20;

/// What is said of a picture, on its way to the scanner.
struct Said<'o> {
    cells: Cells<'o>,
    fields: HashMap<String, u32>,
}

impl Said<'_> {
    /// Takes a text; false when no more is wanted.
    fn take(&mut self, name: &str, text: &str) -> bool {
        if text.trim().is_empty() {
            return true;
        }
        let cells = &mut self.cells;
        let field =
            *self.fields.entry(name.to_owned()).or_insert_with(|| cells.field(FieldName::plain(name)));
        cells.push(At { field, ..At::default() }, text)
    }

    fn exif(&mut self, bytes: &[u8]) {
        exif::read(bytes, &mut |name, text| self.take(name, text));
    }

    fn iptc(&mut self, bytes: &[u8]) {
        iptc(bytes, &mut |name, text| self.take(name, text));
    }
}

/// Reads what `parts` finds in a picture, and says that the picture itself was not read.
fn read(
    name: &str,
    bytes: &[u8],
    output: &mut dyn Output,
    parts: fn(&[u8], &mut Said<'_>) -> Option<()>,
) -> Result<(), Failure> {
    let mut said = Said { cells: Cells::new(output, Unit::Line), fields: HashMap::new() };
    // It ends with nothing where the picture does.
    let _ = parts(bytes, &mut said);
    let (start, end) = (b"<x:xmpmeta", b"</x:xmpmeta>");
    if let Some(start) = memchr::memmem::find(bytes, start)
        && let Some(length) = memchr::memmem::find(&bytes[start..], end)
    {
        xmp::read(&bytes[start..start + length], &mut |name, text| said.take(name, text));
    }
    said.cells.flush();
    // The seam for text recognition: it would take `bytes` here, push what it reads into `said.cells`, and end with `Ok`;
    // what it is not sure of would be a gap.
    Err(Failure::Unread(Reason::Image, name.into()))
}

/// JPEG (ITU-T T.81, annex B): segments up to the first scan.
pub(super) fn jpeg(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    read("jpeg", bytes, output, |bytes, said| {
        let mut rest = bytes.get(2..)?;
        loop {
            let [0xFF, kind, high, low, ..] = *rest else { return None };
            // Fill bytes may stand before a marker (B.1.1.2).
            if kind == 0xFF {
                rest = &rest[1..];
                continue;
            }
            let segment = rest.get(4..2 + usize::from(u16::from_be_bytes([high, low])))?;
            rest = &rest[4 + segment.len()..];
            match kind {
                0xE1 => {
                    if let Some(block) = segment.strip_prefix(b"Exif\0\0") {
                        said.exif(block);
                    }
                }
                0xED => said.iptc(segment),
                0xFE => {
                    said.take("Comment", &exif::plain(segment));
                }
                0xDA => return None,
                _ => {}
            }
        }
    })
}

/// PNG (third edition, 5.3): chunks.
pub(super) fn png(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    read("png", bytes, output, |bytes, said| {
        let mut rest = bytes.get(8..)?;
        loop {
            let (length, behind) = rest.split_first_chunk()?;
            let (kind, behind) = behind.split_first_chunk::<4>()?;
            let chunk = behind.get(..u32::from_be_bytes(*length) as usize)?;
            rest = behind.get(chunk.len() + 4..)?;
            if kind == b"eXIf" {
                said.exif(chunk);
            } else if let Some((name, text)) = png_text(kind, chunk) {
                said.take(&name, &text);
            }
        }
    })
}

/// The keyword and the text of a chunk (11.3.3).
fn png_text(kind: &[u8; 4], chunk: &[u8]) -> Option<(String, String)> {
    let (name, rest) = chunk.split_at(memchr::memchr(0, chunk)?);
    let rest = &rest[1..];
    let text = match kind {
        b"tEXt" => exif::plain(rest),
        b"zTXt" => exif::plain(&inflated(rest.get(1..)?)),
        b"iTXt" => {
            let mut parts = rest.get(2..)?.splitn(3, |byte| *byte == 0).skip(2);
            let text = parts.next()?;
            if rest[0] == 0 { exif::plain(text) } else { exif::plain(&inflated(text)) }
        }
        _ => return None,
    };
    let name = exif::plain(name);
    // XMP is looked for in its own way.
    (name != "XML:com.adobe.xmp").then_some((name, text))
}

#[cfg(feature = "formats")]
fn inflated(packed: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // What comes before an error stands.
    let _ = flate2::read::ZlibDecoder::new(packed).take(UNPACKED).read_to_end(&mut text);
    text
}

#[cfg(not(feature = "formats"))]
fn inflated(_: &[u8]) -> Vec<u8> {
    Vec::new()
}

/// TIFF (6.0).
pub(super) fn tiff(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    read("tiff", bytes, output, |bytes, said| {
        said.exif(bytes);
        None
    })
}

/// GIF (89a, 24): comments.
pub(super) fn gif(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    read("gif", bytes, output, |bytes, said| {
        let table = |flags: u8| if flags & 0x80 == 0 { 0 } else { 6 << (flags & 7) };
        let mut at = 13 + table(*bytes.get(10)?);
        loop {
            let (comment, mut next) = match *bytes.get(at)? {
                0x21 => (bytes.get(at + 1) == Some(&0xFE), at + 2),
                0x2C => (false, at + 11 + table(*bytes.get(at + 9)?)),
                _ => return None,
            };
            let mut text = Vec::new();
            loop {
                let length = usize::from(*bytes.get(next)?);
                if length == 0 {
                    break;
                }
                if comment {
                    text.extend_from_slice(bytes.get(next + 1..next + 1 + length)?);
                }
                next += 1 + length;
            }
            said.take("Comment", &exif::plain(&text));
            at = next + 1;
        }
    })
}

/// WebP (RFC 9649, 2): chunks of a RIFF file.
pub(super) fn webp(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    read("webp", bytes, output, |bytes, said| {
        let mut rest = bytes.get(12..)?;
        loop {
            let (kind, behind) = rest.split_first_chunk::<4>()?;
            let (length, behind) = behind.split_first_chunk()?;
            let chunk = behind.get(..u32::from_le_bytes(*length) as usize)?;
            rest = behind.get(chunk.len() + chunk.len() % 2..)?;
            if kind == b"EXIF" {
                // Some writers leave the mark of JPEG before it.
                said.exif(chunk.strip_prefix(b"Exif\0\0").unwrap_or(chunk));
            }
        }
    })
}

/// HEIF (ISO/IEC 23008-12, annex A.2.1): the block lies where the file says, and is found by its mark.
pub(super) fn heif(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    read("heif", bytes, output, |bytes, said| {
        let at = memchr::memmem::find(bytes, b"Exif\0\0")?;
        said.exif(&bytes[at + 6..]);
        None
    })
}

/// IPTC-IIM records in the resources of Photoshop: `8BIM`, a number, a name, a length, a content.
fn iptc(segment: &[u8], take: &mut dyn FnMut(&str, &str) -> bool) -> Option<()> {
    let mut rest = segment.strip_prefix(b"Photoshop 3.0\0")?;
    loop {
        let (number, behind) = rest.strip_prefix(b"8BIM")?.split_first_chunk()?;
        let name = usize::from(*behind.first()?) + 1;
        let (length, behind) = behind.get(name + name % 2..)?.split_first_chunk()?;
        let content = behind.get(..u32::from_be_bytes(*length) as usize)?;
        if u16::from_be_bytes(*number) == 0x0404 {
            records(content, take);
        }
        rest = behind.get(content.len() + content.len() % 2..)?;
    }
}

/// The texts of record 2 (IIM 4.2, chapter 6).
fn records(mut rest: &[u8], take: &mut dyn FnMut(&str, &str) -> bool) -> Option<()> {
    const NAMES: [(u8, &str); 10] = [
        (5, "ObjectName"),
        (25, "Keywords"),
        (40, "SpecialInstructions"),
        (80, "By-line"),
        (90, "City"),
        (105, "Headline"),
        (110, "Credit"),
        (116, "CopyrightNotice"),
        (118, "Contact"),
        (120, "Caption"),
    ];
    while let [0x1C, record, dataset, high, low, behind @ ..] = rest {
        let text = behind.get(..usize::from(u16::from_be_bytes([*high, *low])))?;
        if let Some((_, name)) = NAMES.iter().find(|(known, _)| *record == 2 && known == dataset)
            && !take(name, &exif::plain(text))
        {
            return None;
        }
        rest = &behind[text.len()..];
    }
    None
}
