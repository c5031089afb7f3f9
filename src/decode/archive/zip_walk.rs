//! A zip file without its central directory: cut off, or broken. What is there of it is still read.
use super::names::Names;
use super::reader::{Broken, Unpacking};
use super::zip::Unpacker;
use super::zip_directory::{Listed, Local};
use super::zip_method;
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use memchr::memmem;

/// The sizes stand behind the content (APPNOTE.TXT 4.4.4, bit 3).
const SIZES_BEHIND: u16 = 1 << 3;

/// Reads the entries by the headers before them.
pub(super) fn walk(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let (header, mut unpacker, mut at) = (memmem::Finder::new(b"PK\x03\x04"), Unpacker::new(Names::new()), 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| header.find(rest)) {
        at += found;
        let Some(local) = Local::at(bytes, at).filter(|local| is_plausible(&local.listed)) else {
            at += 4;
            continue;
        };
        let (listed, rest) = (local.listed, bytes.get(local.content..).unwrap_or_default());
        at = local.content;
        if listed.holds_nothing() {
            continue;
        }
        let name = unpacker.name(&listed);
        let goes_on = if listed.is_encrypted() {
            at += usize::try_from(listed.packed).map_or(rest.len(), |packed| packed.min(rest.len()));
            output.unread(&name, Reason::Encrypted, "zip")
        } else if listed.flags & SIZES_BEHIND == 0 {
            let packed =
                &rest[..usize::try_from(listed.packed).map_or(rest.len(), |len| len.min(rest.len()))];
            at += packed.len();
            unpacker.unpack(&name, &listed, packed, output)?
        } else if listed.method == zip_method::DEFLATED {
            // The data says itself where it ends.
            let mut reader = flate2::bufread::DeflateDecoder::new(rest);
            let goes_on = output.entry(&name, Entry::Stream(&mut Unpacking(&mut reader)));
            at += usize::try_from(reader.total_in()).map_or(rest.len(), |read| read.min(rest.len()));
            goes_on
        } else {
            let packed = &rest[..sized(rest)];
            at += packed.len();
            unsized_entry(&name, listed.method, packed, output)
        };
        if !goes_on {
            return Ok(());
        }
    }
    Err(Failure::malformed(match bytes {
        [b'P', b'K', 7, 8, ..] => "is the first part of an archive that was split",
        _ => "the list of entries is missing or broken; they were read one after another",
    }))
}

/// Gives out an entry of which neither size nor checksum is known.
fn unsized_entry(name: &str, method: u16, packed: &[u8], output: &mut dyn Output) -> bool {
    match zip_method::reader(method, packed, u64::MAX) {
        _ if method == zip_method::STORED => output.entry(name, Entry::Whole(packed)),
        None => output.unread(name, Reason::NoDecoder, &zip_method::name(method)),
        Some(Ok(mut reader)) => output.entry(name, Entry::Stream(&mut reader)),
        Some(Err(error)) => output.entry(name, Entry::Stream(&mut Broken { bytes: &[], error: Some(error) })),
    }
}

/// A header by chance has numbers by chance.
fn is_plausible(listed: &Listed<'_>) -> bool {
    listed.method < 100 && listed.flags & 0b1100_0111_1000_0000 == 0
}

/// The length of content whose sizes stand behind it: up to the record that has them, and has this length.
fn sized(rest: &[u8]) -> usize {
    let is_its = |at: &usize| {
        let stated = rest.get(at + 8..at + 12).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes);
        stated == u32::try_from(*at).ok()
    };
    let next = || memmem::find(rest, b"PK\x03\x04").or_else(|| memmem::find(rest, b"PK\x01\x02"));
    memmem::find_iter(rest, b"PK\x07\x08").find(is_its).or_else(next).unwrap_or(rest.len())
}
