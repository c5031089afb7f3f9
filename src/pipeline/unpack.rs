//! Formats that only a program of the user's own reads: unpacked by it, and scanned as if a decoder had.
use super::publish::Place;
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use crate::source::{self, Bounds, Content, File, Shortfall};

/// Unpacks an object and gives out what lies in it.
pub(super) fn unpack(
    place: &Place<'_>,
    entry: Entry<'_>,
    bounds: &Bounds<'_>,
    output: &mut dyn Output,
) -> Result<(), Failure> {
    let unpacked = match (place.file, entry) {
        (Some(path), _) => source::unpack(path, bounds)?,
        (None, Entry::Whole(mut bytes)) => source::unpack(source::to_file(&mut bytes)?.0.path(), bounds)?,
        (None, Entry::Stream(reader)) => {
            let (file, failed) = source::to_file(reader)?;
            if let Some(error) = failed {
                return Err(error.into());
            }
            source::unpack(file.path(), bounds)?
        }
    };
    let mut buffer = Vec::new();
    for (name, path) in unpacked.files() {
        let goes_on = match source::open(&File { path }, &mut buffer) {
            Ok(mut opened) => match opened.content(&buffer) {
                Content::Whole(bytes) => output.entry(&name, Entry::Whole(bytes)),
                Content::Stream(mut reader) => output.entry(&name, Entry::Stream(&mut reader)),
            },
            Err(row) => output.unread(&name, row.reason, &row.detail),
        };
        if !goes_on {
            return Ok(());
        }
    }
    let (reason, detail) = match unpacked.shortfall {
        None => return Ok(()),
        Some(Shortfall::NoProgram) => (Reason::NoDecoder, "none of unrar, 7zz, 7z and unar is on the PATH"),
        Some(Shortfall::Password) => (Reason::Encrypted, "the unpacker wants a password"),
        Some(Shortfall::Failed) => (Reason::Malformed, "the unpacker ended with an error"),
        Some(Shortfall::TimedOut) => (Reason::TimedOut, "the unpacker took longer than ten minutes"),
        Some(Shortfall::TooMuch) => (Reason::Limit, "unpacks to more than is allowed for its size"),
        Some(Shortfall::Interrupted) => (Reason::Interrupted, ""),
    };
    Err(Failure::Unread(reason, detail.into()))
}
