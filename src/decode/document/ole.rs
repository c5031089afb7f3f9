//! Compound files ([MS-CFB]): their streams, and the objects that are embedded in storages of them.
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use std::io::{Cursor, Read, Write};
use std::path::Path;

/// A compound file in memory.
pub struct Compound<'b> {
    file: cfb::CompoundFile<Cursor<&'b [u8]>>,
    /// No stream is longer than its file.
    most: u64,
}

/// The streams by which a storage is known to be a document of its own.
const DOCUMENTS: [&str; 4] = ["Workbook", "Book", "WordDocument", "PowerPoint Document"];

impl<'b> Compound<'b> {
    pub fn open(bytes: &'b [u8]) -> Result<Self, Failure> {
        let file = cfb::CompoundFile::open(Cursor::new(bytes));
        let file = file.map_err(|_| Failure::malformed("its directory cannot be read"))?;
        Ok(Compound { file, most: bytes.len() as u64 })
    }

    /// All of a stream; nothing where there is none. A broken one ends early.
    pub fn stream(&mut self, path: impl AsRef<Path>) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Ok(stream) = self.file.open_stream(path) {
            // What comes before an error is read.
            let _ = stream.take(self.most).read_to_end(&mut bytes);
        }
        bytes
    }

    /// Whether there is such a stream, with anything in it.
    pub fn has(&self, path: &str) -> bool {
        self.file.entry(path).is_ok_and(|entry| entry.is_stream() && !entry.is_empty())
    }

    /// Gives out the objects that are embedded in a storage, each in one of its own.
    pub fn give(&mut self, storage: &str, output: &mut dyn Output) -> bool {
        let Ok(entries) = self.file.read_storage(storage) else { return true };
        let storages: Vec<_> = entries.filter(cfb::Entry::is_storage).collect();
        storages.iter().all(|entry| {
            let name = format!("{}/{}", storage.trim_start_matches('/'), entry.name());
            self.give_one(entry.path(), &name, output)
        })
    }

    fn give_one(&mut self, path: &Path, name: &str, output: &mut dyn Output) -> bool {
        let has = |file: &cfb::CompoundFile<_>, stream: &str| file.is_stream(path.join(stream));
        for stream in ["Package", "CONTENTS"] {
            if has(&self.file, stream) {
                return output.entry(name, Entry::Whole(&self.stream(path.join(stream))));
            }
        }
        if has(&self.file, "\u{1}Ole10Native") {
            let native = self.stream(path.join("\u{1}Ole10Native"));
            return match native_data(&native) {
                Some(data) => output.entry(name, Entry::Whole(data)),
                None => output.unread(name, Reason::Malformed, "embedded object"),
            };
        }
        if DOCUMENTS.iter().any(|stream| has(&self.file, stream)) {
            return match self.extracted(path) {
                Some(bytes) => output.entry(name, Entry::Whole(&bytes)),
                None => output.unread(name, Reason::Malformed, "embedded object"),
            };
        }
        output.unread(name, Reason::NoDecoder, "embedded object")
    }

    /// A storage as a compound file of its own.
    fn extracted(&mut self, path: &Path) -> Option<Vec<u8>> {
        let mut own = cfb::CompoundFile::create(Cursor::new(Vec::new())).ok()?;
        let entries: Vec<_> = self.file.read_storage(path).ok()?.filter(cfb::Entry::is_stream).collect();
        for entry in entries {
            let bytes = self.stream(entry.path());
            own.create_stream(Path::new("/").join(entry.name())).ok()?.write_all(&bytes).ok()?;
        }
        own.flush().ok()?;
        Some(own.into_inner().into_inner())
    }
}

/// The file in a package of the Object Packager: names in front of it, and its length.
fn native_data(native: &[u8]) -> Option<&[u8]> {
    // Length, flags, label, path, two numbers, the length of another path, the path, the length of the data.
    let rest = native.get(6..)?;
    let rest = after_zero(after_zero(rest)?)?;
    let length = u32_at(rest, 4)? as usize;
    let rest = rest.get(8..)?.get(length..)?;
    let size = u32_at(rest, 0)? as usize;
    let data = rest.get(4..)?;
    Some(&data[..size.min(data.len())])
}

fn after_zero(bytes: &[u8]) -> Option<&[u8]> {
    let at = memchr::memchr(0, bytes)?;
    bytes.get(at + 1..)
}

/// A number of two bytes, little endian.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// A number of four bytes, little endian.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
