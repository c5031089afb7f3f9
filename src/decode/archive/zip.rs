//! zip archives: entry by entry as the central directory lists them, and where it is lost, as they follow one another.
use super::names::Names;
use super::reader::{Broken, Checked};
use super::zip_directory::{Directory, Listed};
use super::{SMALL, zip_method, zip_walk};
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
#[cfg(feature = "formats")]
use std::io::Read;

/// A zip archive.
pub fn zip(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let found = Directory::find(bytes).map(|directory| (directory, Survey::of(&directory)));
    let Some((directory, survey)) = found.filter(|(directory, survey)| survey.is_whole(directory)) else {
        return zip_walk::walk(bytes, output);
    };
    if survey.count == 0 && memchr::memmem::find(bytes, b"PK\x03\x04").is_some() {
        return zip_walk::walk(bytes, output);
    }
    let shared = if survey.in_order { Vec::new() } else { shared(&directory) };
    let mut unpacker = Unpacker::new(survey.names);
    for (number, listed) in directory.entries().enumerate() {
        if shared.binary_search(&(number as u64)).is_ok() {
            output.gap(Reason::Malformed, "entries lie within one another; only the first is read");
            continue;
        }
        if !listed.holds_nothing() && !unpacker.entry(&listed, bytes, output)? {
            break;
        }
    }
    Ok(())
}

#[cfg(feature = "formats")]
/// The first bytes of the entry of that name; none where it cannot be read.
pub(in crate::decode) fn start_of(directory: &Directory<'_>, name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut start = Vec::new();
    let listed = directory.entries().find(|listed| &*listed.name_bytes() == name.as_bytes());
    if let Some((listed, packed)) = listed.and_then(|listed| Some((listed, listed.content(bytes)?)))
        && let Some(Ok(reader)) = zip_method::reader(listed.method, packed, listed.size)
    {
        // What comes before an error is there.
        let _ = reader.take(256).read_to_end(&mut start);
    }
    start
}

/// What a first look at all entries tells.
struct Survey {
    names: Names,
    count: u64,
    /// Every entry begins behind the one before, so that none lies within another.
    in_order: bool,
}

impl Survey {
    fn of(directory: &Directory<'_>) -> Self {
        let mut survey = Survey { names: Names::new(), count: 0, in_order: true };
        let mut end = 0;
        for listed in directory.entries() {
            survey.names.learn(&listed.name_bytes());
            survey.count += 1;
            survey.in_order &= listed.offset >= end;
            end = listed.end();
        }
        survey
    }

    /// Whether as many were found as there should be; old writers count to 65,535 and begin anew.
    fn is_whole(&self, directory: &Directory<'_>) -> bool {
        self.count == directory.count || self.count & 0xFFFF == directory.count
    }
}

/// The numbers of the entries that begin within an earlier part of the file that another entry takes: so a small file
/// can unpack to any size (Fifield, "A better zip bomb", 2019).
fn shared(directory: &Directory<'_>) -> Vec<u64> {
    let mut places: Vec<(u64, u64, u64)> = directory
        .entries()
        .enumerate()
        .filter(|(_, listed)| !listed.holds_nothing())
        .map(|(number, listed)| (listed.offset, listed.end(), number as u64))
        .collect();
    places.sort_unstable_by_key(|&(offset, _, number)| (offset, number));
    let (mut end, mut shared) = (0, Vec::new());
    for (offset, behind, number) in places {
        if offset < end {
            shared.push(number);
        }
        end = end.max(behind);
    }
    shared.sort_unstable();
    shared
}

/// Unpacks entries, with what can be used for more than one.
pub(super) struct Unpacker {
    names: Names,
    inflate: flate2::Decompress,
    buffer: Vec<u8>,
}

impl Unpacker {
    pub fn new(names: Names) -> Self {
        Unpacker { names, inflate: flate2::Decompress::new(false), buffer: Vec::new() }
    }

    /// Gives one entry out; false when that is enough.
    fn entry(&mut self, listed: &Listed<'_>, bytes: &[u8], output: &mut dyn Output) -> Result<bool, Failure> {
        let name = listed.name(&mut self.names);
        if listed.is_encrypted() {
            return Ok(output.unread(&name, Reason::Encrypted, "zip"));
        }
        let Some(packed) = listed.content(bytes) else {
            return Ok(output.unread(&name, Reason::Malformed, "is not where the archive says"));
        };
        self.unpack(&name, listed, packed, output)
    }

    /// Gives an entry out whose packed bytes are known.
    pub fn unpack(
        &mut self,
        name: &str,
        listed: &Listed<'_>,
        packed: &[u8],
        output: &mut dyn Output,
    ) -> Result<bool, Failure> {
        if let Some(whole) = self.whole(listed, packed) {
            return Ok(output.entry(name, Entry::Whole(whole)));
        }
        Ok(match zip_method::reader(listed.method, packed, listed.size) {
            None => output.unread(name, Reason::NoDecoder, &zip_method::name(listed.method)),
            Some(Err(error)) => {
                output.entry(name, Entry::Stream(&mut Broken { bytes: &[], error: Some(error) }))
            }
            Some(Ok(reader)) => {
                output.entry(name, Entry::Stream(&mut Checked::new(reader, listed.size, listed.checksum)))
            }
        })
    }

    /// All of an entry, if it is small and nothing is wrong with it. What is wrong comes out in the stream.
    fn whole<'s>(&'s mut self, listed: &Listed<'_>, packed: &'s [u8]) -> Option<&'s [u8]> {
        let bytes = match listed.method {
            zip_method::STORED => packed,
            zip_method::DEFLATED if listed.size <= SMALL => {
                self.inflate.reset(false);
                self.buffer.clear();
                // One more than it should be: whatever wants that is longer than it says.
                self.buffer.reserve(listed.size as usize + 1);
                let finish = flate2::FlushDecompress::Finish;
                let status = self.inflate.decompress_vec(packed, &mut self.buffer, finish).ok()?;
                (status == flate2::Status::StreamEnd).then_some(&self.buffer[..])?
            }
            _ => return None,
        };
        (bytes.len() as u64 == listed.size && checksum(bytes) == listed.checksum).then_some(bytes)
    }

    /// See [`Listed::name`].
    pub fn name(&mut self, listed: &Listed<'_>) -> String {
        listed.name(&mut self.names)
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}
