//! Readers round the decoders: errors of one kind, checks of what came out, and bytes that end in an error.
use std::io::{self, ErrorKind, Read};

/// An error in the bytes themselves.
pub(super) fn malformed(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

/// Gives the errors of decompressors the kinds that tell a broken object from a limit.
pub(super) struct Unpacking<R>(pub R);

impl<R: Read> Read for Unpacking<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(sorted)
    }
}

/// The same error as malformed, or as a limit that was reached.
pub(super) fn sorted(error: io::Error) -> io::Error {
    let text = || error.to_string();
    match error.kind() {
        ErrorKind::OutOfMemory => io::Error::new(ErrorKind::QuotaExceeded, text()),
        // zstd has one kind for all.
        ErrorKind::Other if text().contains("memory") => io::Error::new(ErrorKind::QuotaExceeded, text()),
        ErrorKind::Other | ErrorKind::Unsupported => io::Error::new(ErrorKind::InvalidData, text()),
        _ => error,
    }
}

/// Checks length and checksum of what is unpacked, as far as it is read to its end.
pub(super) struct Checked<R> {
    inner: R,
    left: u64,
    sum: flate2::Crc,
    expected: u32,
}

impl<R: Read> Checked<R> {
    pub fn new(inner: R, length: u64, expected: u32) -> Self {
        Checked { inner, left: length, sum: flate2::Crc::new(), expected }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            return match (self.left, self.sum.sum() == self.expected) {
                (0, true) => Ok(0),
                (0, false) => Err(malformed("the checksum does not match")),
                _ => Err(ErrorKind::UnexpectedEof.into()),
            };
        }
        self.sum.update(&buffer[..read]);
        self.left = self.left.checked_sub(read as u64).ok_or(malformed("is longer than the archive says"))?;
        Ok(read)
    }
}

/// Bytes, and then an error.
pub(super) struct Broken<'a> {
    pub bytes: &'a [u8],
    pub error: Option<io::Error>,
}

impl Read for Broken<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && !buffer.is_empty() {
            return self.error.take().map_or(Ok(0), Err);
        }
        self.bytes.read(buffer)
    }
}

/// Reads as much as there is.
pub(super) fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
