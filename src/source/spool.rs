//! Keeps the bytes of a stream for a reader that needs all of them: in memory where they are few, else in a file without a name.
use super::map::Mapping;
use std::io::{self, Read, Write};

/// Bytes that are kept in memory.
const IN_MEMORY: u64 = 4 << 20;

/// The bytes of a stream.
pub enum Spooled {
    /// In memory.
    Memory(Vec<u8>),
    /// In a file that goes with the process.
    Mapped(Mapping),
}

impl Spooled {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Spooled::Memory(bytes) => bytes,
            Spooled::Mapped(mapping) => mapping.bytes(),
        }
    }
}

/// Reads a stream to its end, or to its first error: what came before is kept, and the error handed out beside it.
///
/// # Errors
/// The file cannot be made, written or mapped.
pub fn spool(reader: &mut dyn Read) -> io::Result<(Spooled, Option<io::Error>)> {
    let mut bytes = Vec::new();
    let failed = reader.take(IN_MEMORY).read_to_end(&mut bytes).err();
    if failed.is_some() || (bytes.len() as u64) < IN_MEMORY {
        return Ok((Spooled::Memory(bytes), failed));
    }
    let mut file = tempfile::tempfile()?;
    let failed = copy(&mut io::Cursor::new(bytes).chain(reader), &mut file)?;
    let length = file.metadata()?.len();
    let mapping = Mapping::new(&file, length)
        .ok_or_else(|| io::Error::other("what was unpacked to disk cannot be mapped"))?;
    Ok((Spooled::Mapped(mapping), failed))
}

/// Copies a stream into a file with a name, for a reader that opens it itself.
///
/// # Errors
/// The file cannot be made or written.
pub fn to_file(reader: &mut dyn Read) -> io::Result<(tempfile::NamedTempFile, Option<io::Error>)> {
    let mut file = tempfile::NamedTempFile::new()?;
    let failed = copy(reader, file.as_file_mut())?;
    Ok((file, failed))
}

/// Copies to the end or to the reader's first error, which is handed out; the error is the writer's.
fn copy(reader: &mut dyn Read, file: &mut std::fs::File) -> io::Result<Option<io::Error>> {
    let mut buffer = vec![0; 256 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(None),
            Ok(read) => file.write_all(&buffer[..read])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Ok(Some(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives so many bytes, then an error.
    struct Broken(u64);

    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::other("broken"));
            }
            let read = (buffer.len() as u64).min(self.0) as usize;
            buffer[..read].fill(b'x');
            self.0 -= read as u64;
            Ok(read)
        }
    }

    #[test]
    fn what_came_before_an_error_is_kept() {
        for length in [10, IN_MEMORY - 1, IN_MEMORY, IN_MEMORY + 100_000] {
            let (spooled, failed) = spool(&mut Broken(length)).expect("room on disk");
            assert_eq!(spooled.bytes().len() as u64, length);
            assert!(spooled.bytes().iter().all(|b| *b == b'x') && failed.is_some());
            let (spooled, failed) = spool(&mut io::repeat(b'x').take(length)).expect("room on disk");
            assert_eq!((spooled.bytes().len() as u64, failed.is_none()), (length, true));
        }
    }
}
