//! The formats that are no text: how each is told, and what reads it. A new one is a line in [`FORMATS`].
#[cfg(feature = "archives")]
use super::archive;
use super::format::{FileFormat, Reading};
use crate::model::coverage::Reason;

/// A format, the bytes it begins with, and at what offset they stand.
struct Known {
    offset: usize,
    magic: &'static [u8],
    format: FileFormat,
}

const fn known(magic: &'static [u8], format: FileFormat) -> Known {
    Known { offset: 0, magic, format }
}

const fn read(name: &'static str, about: [&'static str; 2], read: Reading) -> FileFormat {
    FileFormat { name, about, read, isolated: false }
}

const fn not(name: &'static str, about: [&'static str; 2]) -> FileFormat {
    FileFormat { name, about, read: Reading::Not(Reason::NoDecoder), isolated: false }
}

/// What the first bytes tell for certain.
static FORMATS: &[Known] = &[
    known(b"SQLite format 3\0", read("sqlite", ["SQLite database", "SQLite 数据库"], Reading::Database)),
    #[cfg(feature = "archives")]
    known(b"\x1F\x8B", read("gzip", ["gzip", "gzip"], Reading::Stream(archive::compressed::gzip))),
    known(b"Rar!\x1A\x07", not("rar", ["RAR archive", "RAR 压缩包"])),
];

/// The format whose mark the first bytes of an object bear.
pub(super) fn recognise(head: &[u8]) -> Option<&'static FileFormat> {
    FORMATS
        .iter()
        .find(|known| head.get(known.offset..).is_some_and(|rest| rest.starts_with(known.magic)))
        .map(|known| &known.format)
}

/// All formats that are no text.
pub fn formats() -> impl Iterator<Item = &'static FileFormat> {
    FORMATS.iter().map(|known| &known.format)
}
