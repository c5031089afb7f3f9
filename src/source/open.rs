//! Opens one file: the policy of what is mapped and what is read, in one place.
use super::map::Mapping;
use super::{File, skipped};
use crate::model::coverage::{Exception, Reason};
use std::fs;
use std::io::{self, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;

/// Files from this size on are mapped: below it, the system calls cost more than the copy.
const MAP_FROM: u64 = 1 << 20;

/// A file's bytes.
pub enum Content<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// To be read from here: the file is large and cannot be mapped.
    Stream(Box<dyn Read + Send + 'a>),
}

/// An open file that may still have to be read.
pub enum Opened {
    /// So many bytes were read into the buffer given to [`open`].
    Buffered(usize),
    /// Is mapped.
    Mapped(Mapping),
    /// Is to be read as a stream, as far as it went when it was opened: what grows faster than it is read has no end.
    Stream(io::Take<fs::File>),
}

impl Opened {
    /// The bytes; `buffer` is the one given to [`open`].
    pub fn content<'a>(&'a mut self, buffer: &'a [u8]) -> Content<'a> {
        match self {
            Opened::Buffered(read) => Content::Whole(&buffer[..*read]),
            Opened::Mapped(mapping) => Content::Whole(mapping.bytes()),
            Opened::Stream(file) => Content::Stream(Box::new(file)),
        }
    }

    /// Whether the file became shorter while it was mapped, so that its end was read as zeros.
    pub fn was_truncated(&self) -> bool {
        matches!(self, Opened::Mapped(mapping) if mapping.was_torn())
    }
}

/// Opens `file`, and reads it into `buffer` if it is small.
///
/// # Errors
/// A ledger row: it cannot be opened or read, or is no file that may be read.
pub fn open(file: &File, buffer: &mut Vec<u8>) -> Result<Opened, Exception> {
    let failed = |error: io::Error| super::failed(&file.shown(), &error);
    // O_NONBLOCK: what was a file when the folder was listed may be a FIFO by now.
    let mut handle = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(&file.path)
        .map_err(failed)?;
    let meta = handle.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(skipped(&file.shown(), Reason::SpecialFile, ""));
    }
    if meta.len() == 0 && is_pseudo(&handle) {
        return Err(skipped(&file.shown(), Reason::SpecialFile, "a file system of the kernel"));
    }
    if meta.len() >= MAP_FROM {
        let mapped = if is_local(&handle) { Mapping::new(&handle, meta.len()) } else { None };
        return Ok(mapped.map_or_else(|| Opened::Stream(handle.take(meta.len())), Opened::Mapped));
    }
    if let Some(read) = read_small(&mut handle, meta.len(), buffer).map_err(failed)? {
        return Ok(Opened::Buffered(read));
    }
    handle.rewind().map_err(failed)?;
    let length = handle.metadata().map_err(failed)?.len();
    Ok(Opened::Stream(handle.take(length)))
}

/// Reads a file that had `length` bytes, in one call where it has them still; `None` when it has become large.
fn read_small(handle: &mut fs::File, length: u64, buffer: &mut Vec<u8>) -> io::Result<Option<usize>> {
    buffer.resize(MAP_FROM as usize + 1, 0);
    let mut filled = 0;
    loop {
        match handle.read(&mut buffer[filled..]) {
            // A local file that gives as much as it should is at its end, for there was room for more.
            Ok(read) if read == 0 || (filled + read) as u64 == length => {
                return Ok(Some(filled + read));
            }
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled == buffer.len() {
            return Ok(None);
        }
    }
}

/// /proc and its like: files of no size that make up their content, some of them without end.
fn is_pseudo(handle: &fs::File) -> bool {
    const KINDS: [u32; 6] = [0x9FA0, 0x6265_6572, 0x6462_6720, 0x7472_6163, 0x6367_7270, 0x2726_1EEB];
    rustix::fs::fstatfs(handle).is_ok_and(|fs| KINDS.contains(&(fs.f_type as u32)))
}

/// Whether the file lies on this machine. A mapped page of a network file system can fail at any time.
fn is_local(handle: &fs::File) -> bool {
    // NFS, SMB, CIFS, SMB2, FUSE, 9P, AFS, Ceph.
    const REMOTE: [u32; 8] =
        [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x6573_5546, 0x0102_1997, 0x5346_414F, 0x00C3_6400];
    rustix::fs::fstatfs(handle).is_ok_and(|fs| !REMOTE.contains(&(fs.f_type as u32)))
}
