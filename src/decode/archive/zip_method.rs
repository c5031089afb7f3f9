//! How the entries of a zip file are packed (APPNOTE.TXT 4.4.5).
use super::MEMORY_KIB;
use super::compressed::zstd_reader;
use super::reader::{Unpacking, malformed, sorted};
use std::io::{self, Read};

/// As it stands, and deflate.
pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;

/// A reader of what is packed in `bytes`; none where nothing here unpacks it.
pub(super) fn reader<'a>(method: u16, bytes: &'a [u8], size: u64) -> Option<io::Result<Box<dyn Read + 'a>>> {
    Some(match method {
        STORED => Ok(Box::new(bytes)),
        DEFLATED => Ok(Box::new(Unpacking(flate2::bufread::DeflateDecoder::new(bytes)))),
        9 => Ok(Box::new(Unpacking(deflate64::Deflate64Decoder::with_buffer(bytes)))),
        12 => Ok(Box::new(Unpacking(bzip2::bufread::MultiBzDecoder::new(bytes)))),
        14 => lzma(bytes, size),
        20 | 93 => zstd_reader(bytes).map(|reader| Box::new(Unpacking(reader)) as Box<dyn Read>),
        95 => Ok(Box::new(Unpacking(lzma_rust2::XzReader::new_mem_limit(bytes, true, MEMORY_KIB)))),
        _ => return None,
    })
}

/// LZMA, whose properties stand before the data (5.8.8): two bytes of version, two of their size, and they.
fn lzma(bytes: &[u8], size: u64) -> io::Result<Box<dyn Read + '_>> {
    let [_, _, 5, 0, props, d0, d1, d2, d3, data @ ..] = bytes else {
        return Err(malformed("the properties of lzma are broken"));
    };
    let dictionary = u32::from_le_bytes([*d0, *d1, *d2, *d3]);
    if lzma_rust2::lzma_get_memory_usage_by_props(dictionary, *props).map_err(sorted)? > MEMORY_KIB {
        return Err(io::Error::new(io::ErrorKind::QuotaExceeded, "needs more memory than is allowed"));
    }
    let reader =
        lzma_rust2::LzmaReader::new_with_props(data, size, *props, dictionary, None).map_err(sorted)?;
    Ok(Box::new(Unpacking(reader)))
}

/// What a method is called.
pub(super) fn name(method: u16) -> String {
    let name = match method {
        1 => "Shrink",
        2..=5 => "Reduce",
        6 => "Implode",
        10 => "PKWARE DCL Implode",
        94 => "MP3",
        96 => "JPEG",
        97 => "WavPack",
        98 => "PPMd",
        99 => "AES",
        _ => return format!("compression method {method}"),
    };
    format!("compression method {method} ({name})")
}
