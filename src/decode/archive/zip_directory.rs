//! The central directory of a zip file (APPNOTE.TXT 4.3), read in place: a million entries take no memory.
use super::names::Names;
use std::borrow::Cow;

/// Bytes of the record that ends the directory, and the longest comment behind it (4.3.16).
const END: usize = 22;
const COMMENT: usize = u16::MAX as usize;
/// Bytes of a header in the directory, and of a local one, without what varies in length (4.3.12, 4.3.7).
const HEADER: usize = 46;
const LOCAL: usize = 30;

/// Where the entries of a zip file are listed.
#[derive(Clone, Copy)]
pub struct Directory<'a> {
    bytes: &'a [u8],
    start: usize,
    /// What stands before the archive: offsets count from there.
    before: u64,
    /// How many entries there should be; in files of more than 65,535, perhaps by modulo.
    pub count: u64,
}

impl<'a> Directory<'a> {
    /// Finds it from the end.
    pub fn find(bytes: &'a [u8]) -> Option<Self> {
        let from = bytes.len().saturating_sub(END + COMMENT);
        let ends = memchr::memmem::rfind_iter(&bytes[from..], b"PK\x05\x06");
        ends.map(|at| from + at).find_map(|at| Self::ending(bytes, at))
    }

    /// The directory of the record at `end`, if it leads to one.
    fn ending(bytes: &'a [u8], end: usize) -> Option<Self> {
        let record = bytes.get(end..end + END)?;
        let (mut count, mut size, mut offset) =
            (u64::from(u16_at(record, 10)), u64::from(u32_at(record, 12)), u64::from(u32_at(record, 16)));
        let mut behind = end;
        if let Some(at) = zip64_end(bytes, end) {
            (count, size, offset) =
                (u64_at(&bytes[at..], 32), u64_at(&bytes[at..], 40), u64_at(&bytes[at..], 48));
            behind = at;
        }
        // What stands before the archive shifts it all (self-extracting programs); some writers count that in.
        let shifted = (behind as u64).checked_sub(size).and_then(|at| Some((at, at.checked_sub(offset)?)));
        let candidates = [shifted, Some((offset, 0))];
        let is_there = |at: usize| match count {
            0 => at == behind,
            _ => bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PK\x01\x02")),
        };
        candidates.into_iter().flatten().find_map(|(at, before)| {
            let start = usize::try_from(at).ok().filter(|at| is_there(*at))?;
            Some(Directory { bytes, start, before, count })
        })
    }

    /// The entries, in the order of the directory, up to the first header that is broken.
    pub fn entries(&self) -> Entries<'a> {
        Entries { bytes: self.bytes, at: self.start, before: self.before }
    }

    #[cfg(feature = "formats")]
    /// What is known by the name of an entry: the first of `known` that is listed.
    pub fn known<T: Copy>(&self, known: &[(&str, T)]) -> Option<T> {
        let place = |name: &[u8]| known.iter().position(|(known, _)| known.as_bytes() == name);
        let first = self.entries().filter_map(|entry| place(entry.raw_name)).min()?;
        Some(known[first].1)
    }
}

/// The record that has the large numbers (4.3.14), by its locator (4.3.15), which stands before the other record.
fn zip64_end(bytes: &[u8], end: usize) -> Option<usize> {
    let at = end.checked_sub(20)?;
    let locator = bytes.get(at..end).filter(|locator| locator.starts_with(b"PK\x06\x07"))?;
    let stated = usize::try_from(u64_at(locator, 8)).ok();
    let candidates = [at.checked_sub(56), stated];
    candidates.into_iter().flatten().find(|at| {
        bytes.get(*at..at.saturating_add(56)).is_some_and(|record| record.starts_with(b"PK\x06\x06"))
    })
}

/// What the directory says of an entry.
#[derive(Clone, Copy)]
pub struct Listed<'a> {
    pub flags: u16,
    pub method: u16,
    pub checksum: u32,
    /// Bytes in the archive, and unpacked.
    pub packed: u64,
    pub size: u64,
    /// Where its local header is.
    pub offset: u64,
    made_by: u8,
    attributes: u32,
    raw_name: &'a [u8],
    extra: &'a [u8],
}

impl<'a> Listed<'a> {
    /// Its path, with one kind of separator.
    pub(super) fn name(&self, names: &mut Names) -> String {
        let name = names.read(&self.name_bytes());
        // Decoded first: half of a character may look like a backslash.
        if name.contains('\\') && !name.contains('/') { name.replace('\\', "/") } else { name }
    }

    /// Its name in UTF-8 where an extra field has it (4.6.9), which holds only for the name it was made for.
    pub fn name_bytes(&self) -> Cow<'a, [u8]> {
        let unicode = fields(self.extra).find(|(id, field)| *id == 0x7075 && field.len() > 5);
        let valid = unicode.filter(|(_, field)| u32_at(field, 1) == checksum(self.raw_name));
        Cow::Borrowed(valid.map_or(self.raw_name, |(_, field)| &field[5..]))
    }

    /// Whether it is a folder, or a link, of which all is told by its name.
    pub fn holds_nothing(&self) -> bool {
        const KIND: u32 = 0o170_000;
        const LINK: u32 = 0o120_000;
        let is_link = self.made_by == 3 && (self.attributes >> 16) & KIND == LINK;
        is_link || self.size == 0 && matches!(self.raw_name.last(), Some(b'/' | b'\\'))
    }

    /// Whether a password is needed: for the content (4.4.4, bit 0), or even for the directory (bit 13).
    pub fn is_encrypted(&self) -> bool {
        self.flags & (1 | 1 << 13) != 0
    }

    /// Where the entry ends, if its local header is no longer than this one says.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.packed).saturating_add((LOCAL + self.raw_name.len()) as u64)
    }

    /// The packed bytes, as many as there are; `None` where there is no local header.
    pub fn content(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let local = Local::at(bytes, usize::try_from(self.offset).ok()?)?;
        let rest = bytes.get(local.content..)?;
        Some(&rest[..usize::try_from(self.packed).map_or(rest.len(), |packed| packed.min(rest.len()))])
    }
}

/// The entries of a directory.
pub struct Entries<'a> {
    bytes: &'a [u8],
    /// Where the next header is.
    pub at: usize,
    before: u64,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Listed<'a>;

    fn next(&mut self) -> Option<Listed<'a>> {
        let header = self.bytes.get(self.at..)?;
        if header.len() < HEADER || !header.starts_with(b"PK\x01\x02") {
            return None;
        }
        let (name, extra, comment) = (length_at(header, 28), length_at(header, 30), length_at(header, 32));
        let raw_name = header.get(HEADER..HEADER + name)?;
        let extra = header.get(HEADER + name..HEADER + name + extra)?;
        let mut large = Large::of(extra);
        let (packed, size, offset) = (u32_at(header, 20), u32_at(header, 24), u32_at(header, 42));
        let (size, packed) = (large.number(size), large.number(packed));
        let offset = large.number(offset).saturating_add(self.before);
        self.at += HEADER + name + extra.len() + comment;
        Some(Listed {
            flags: u16_at(header, 8),
            method: u16_at(header, 10),
            checksum: u32_at(header, 16),
            packed,
            size,
            offset,
            made_by: header[5],
            attributes: u32_at(header, 38),
            raw_name,
            extra,
        })
    }
}

/// The header before the content of an entry.
pub(super) struct Local<'a> {
    pub listed: Listed<'a>,
    /// Where the content begins.
    pub content: usize,
}

impl<'a> Local<'a> {
    /// The one at `at`, if there is one.
    pub fn at(bytes: &'a [u8], at: usize) -> Option<Self> {
        let header = bytes.get(at..).filter(|rest| rest.len() >= LOCAL && rest.starts_with(b"PK\x03\x04"))?;
        let (name, extra) = (length_at(header, 26), length_at(header, 28));
        let raw_name = header.get(LOCAL..LOCAL + name)?;
        let extra = header.get(LOCAL + name..LOCAL + name + extra)?;
        let mut large = Large::of(extra);
        let (size, packed) = (large.number(u32_at(header, 22)), large.number(u32_at(header, 18)));
        let listed = Listed {
            flags: u16_at(header, 6),
            method: u16_at(header, 8),
            checksum: u32_at(header, 14),
            packed,
            size,
            offset: at as u64,
            made_by: 0,
            attributes: 0,
            raw_name,
            extra,
        };
        Some(Local { listed, content: at + LOCAL + name + extra.len() })
    }
}

/// The large numbers of an entry, which stand in an extra field in the order of those that say so (4.5.3).
struct Large<'a>(&'a [u8]);

impl<'a> Large<'a> {
    fn of(extra: &'a [u8]) -> Self {
        Large(fields(extra).find(|(id, _)| *id == 1).map_or(&[], |(_, field)| field))
    }

    fn number(&mut self, small: u32) -> u64 {
        if small != u32::MAX || self.0.len() < 8 {
            return u64::from(small);
        }
        let number = u64_at(self.0, 0);
        self.0 = &self.0[8..];
        number
    }
}

/// The extra fields: their ids and contents (4.5.1).
fn fields(mut extra: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let head = extra.get(..4)?;
        let field = extra.get(4..4 + length_at(head, 2))?;
        let id = u16_at(head, 0);
        extra = &extra[4 + field.len()..];
        Some((id, field))
    })
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn length_at(bytes: &[u8], at: usize) -> usize {
    usize::from(u16_at(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
