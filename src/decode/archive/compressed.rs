//! Single files, compressed: what is in them goes by their name.
use crate::decode::{Entry, Failure, Output};
use std::io::Read;

/// gzip (RFC 1952), with all its members.
pub fn gzip(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    output.unwrapped(Entry::Stream(&mut flate2::read::MultiGzDecoder::new(reader)));
    Ok(())
}
