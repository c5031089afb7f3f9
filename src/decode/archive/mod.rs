//! Archives and compressed files: what lies in them is scanned as objects of their own.
pub mod ar;
pub mod compressed;
#[cfg(test)]
mod hostile;
mod names;
mod reader;
pub mod sevenz;
mod sparse;
pub mod tar;
mod tar_header;
pub mod zip;
mod zip_directory;
mod zip_method;
mod zip_walk;

#[cfg(feature = "formats")]
pub(super) use zip::start_of;
pub(super) use zip_directory::Directory;

use super::format::FileFormat;
use super::formats::{EXECUTABLE, RAR, SEVEN_ZIP, ZIP};

/// What a program is that may unpack itself: the archive that it has behind it.
pub(super) fn self_extracting(bytes: &[u8]) -> &'static FileFormat {
    // RAR and 7z have theirs behind the code, zip is read from the end.
    let holds = |magic: &[u8]| memchr::memmem::find(bytes, magic).is_some();
    match () {
        () if Directory::find(bytes).is_some_and(|directory| directory.count > 0) => &ZIP,
        () if sevenz::is_behind(bytes) => &SEVEN_ZIP,
        () if holds(b"Rar!\x1A\x07\0") || holds(b"Rar!\x1A\x07\x01\0") => &RAR,
        () => &EXECUTABLE,
    }
}

/// Entries up to this size are unpacked in one piece: far cheaper than a stream, and little memory even where archives
/// are nested.
const SMALL: u64 = 256 << 10;

/// No dictionary or window may take more, in KiB: `xz -9` and `zstd --ultra -22` need half of it.
const MEMORY_KIB: u32 = 136 << 10;
