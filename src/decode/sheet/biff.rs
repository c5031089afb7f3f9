//! Records of old Excel workbooks, versions 2 to 8 (MS-XLS 2.1.4; for the older ones OpenOffice's documentation of the
//! Excel file format, 2.1): a type, a length, and bytes, which may go on in the next record.
use super::binary::Bytes;
use encoding_rs::Encoding;
use std::io::{self, Read};

/// A record goes on in the next one.
const CONTINUE: u16 = 0x3C;
/// Bytes of a record and those it goes on in, at most: a table of shared strings may be large.
const LONGEST: usize = 512 << 20;

/// A record with those it goes on in.
#[derive(Default)]
pub(super) struct Record {
    pub kind: u16,
    pub bytes: Vec<u8>,
    /// Where each of those begins that it goes on in.
    pub seams: Vec<usize>,
}

/// Reads records one after another.
pub(super) struct Records<R> {
    reader: R,
    /// The type and length of the next record, read in advance.
    ahead: Option<(u16, usize)>,
}

impl<R: Read> Records<R> {
    pub fn new(reader: R) -> Self {
        Records { reader, ahead: None }
    }

    /// Reads the next record; false at the end.
    pub fn next(&mut self, record: &mut Record) -> io::Result<bool> {
        record.bytes.clear();
        record.seams.clear();
        let head = match self.ahead.take() {
            Some(head) => Some(head),
            None => self.head()?,
        };
        let Some((kind, length)) = head else { return Ok(false) };
        record.kind = kind;
        self.body(length, &mut record.bytes)?;
        loop {
            self.ahead = self.head()?;
            match self.ahead {
                Some((CONTINUE, length)) if record.bytes.len() < LONGEST => {
                    record.seams.push(record.bytes.len());
                    self.body(length, &mut record.bytes)?;
                }
                _ => return Ok(true),
            }
        }
    }

    fn head(&mut self) -> io::Result<Option<(u16, usize)>> {
        let mut head = Vec::new();
        self.reader.by_ref().take(4).read_to_end(&mut head)?;
        let mut bytes = Bytes(&head);
        let both = || Some((bytes.u16()?, usize::from(bytes.u16()?)));
        let mut both = both;
        // Streams are padded with zeros.
        Ok(both().filter(|head| *head != (0, 0)))
    }

    fn body(&mut self, length: usize, to: &mut Vec<u8>) -> io::Result<()> {
        let read = self.reader.by_ref().take(length as u64).read_to_end(to)?;
        if read < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}

/// A record of strings that may be cut where it goes on: the rest of the characters has a byte of flags of its own.
pub(super) struct Strings<'r> {
    record: &'r Record,
    at: usize,
    seam: usize,
}

impl<'r> Strings<'r> {
    /// From a place in the record on.
    pub fn new(record: &'r Record, at: usize) -> Self {
        Strings { record, at, seam: record.seams.iter().take_while(|&&seam| seam <= at).count() }
    }

    /// Where the part ends that the place at hand lies in.
    fn end(&self) -> usize {
        self.record.seams.get(self.seam).copied().unwrap_or(self.record.bytes.len())
    }

    fn skip(&mut self, count: usize) {
        self.at = self.at.saturating_add(count).min(self.record.bytes.len());
        while self.record.seams.get(self.seam).is_some_and(|&seam| seam <= self.at) {
            self.seam += 1;
        }
    }

    fn u8(&mut self) -> Option<u8> {
        let byte = *self.record.bytes.get(self.at)?;
        self.skip(1);
        Some(byte)
    }

    fn number(&mut self, count: usize) -> Option<usize> {
        let mut sum = 0;
        for at in 0..count {
            sum |= usize::from(self.u8()?) << (8 * at);
        }
        Some(sum)
    }

    /// The next string with its runs and reading aids (MS-XLS 2.5.293); `None` at the end.
    pub fn next(&mut self) -> Option<String> {
        let count = self.number(2)?;
        let flags = self.u8()?;
        let runs = if flags & 8 != 0 { self.number(2)? } else { 0 };
        let aid = if flags & 4 != 0 { self.number(4)? } else { 0 };
        let text = self.characters(count, flags)?;
        self.skip(runs * 4 + aid);
        Some(text)
    }

    /// So many characters, of one byte or two as the flags say.
    pub fn characters(&mut self, mut count: usize, mut flags: u8) -> Option<String> {
        let mut text = String::new();
        while count > 0 {
            let width = 1 + usize::from(flags & 1);
            let here = count.min((self.end() - self.at) / width);
            let bytes = &self.record.bytes[self.at..self.at + here * width];
            if width == 1 {
                text.extend(bytes.iter().map(|&byte| char::from(byte)));
            } else {
                text.push_str(&encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0);
            }
            count -= here;
            if count == 0 {
                self.skip(here * width);
                break;
            }
            // The rest stands behind the seam; half a character before it is lost.
            let seam = *self.record.seams.get(self.seam)?;
            (self.at, self.seam) = (seam, self.seam + 1);
            flags = *self.record.bytes.get(self.at)?;
            self.at += 1;
        }
        Some(text)
    }
}

/// The encoding of a code page (MS-XLS 2.4.52).
pub(super) fn encoding(code_page: u16) -> &'static Encoding {
    match code_page {
        932 => encoding_rs::SHIFT_JIS,
        // GBK as Chinese Excel and WPS write it.
        936 => encoding_rs::GB18030,
        949 => encoding_rs::EUC_KR,
        950 => encoding_rs::BIG5,
        1250 => encoding_rs::WINDOWS_1250,
        1251 => encoding_rs::WINDOWS_1251,
        1253 => encoding_rs::WINDOWS_1253,
        1254 => encoding_rs::WINDOWS_1254,
        1255 => encoding_rs::WINDOWS_1255,
        1256 => encoding_rs::WINDOWS_1256,
        1257 => encoding_rs::WINDOWS_1257,
        1258 => encoding_rs::WINDOWS_1258,
        874 => encoding_rs::WINDOWS_874,
        10000 | 32768 => encoding_rs::MACINTOSH,
        10008 => encoding_rs::GBK,
        54936 => encoding_rs::GB18030,
        65001 => encoding_rs::UTF_8,
        _ => encoding_rs::WINDOWS_1252,
    }
}
