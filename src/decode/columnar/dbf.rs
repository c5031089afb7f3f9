//! dBase tables (dBase III and IV, FoxPro, Visual FoxPro, Clipper): records of fixed length behind a header.
use super::gather::Gather;
use crate::decode::{Failure, Output};
use crate::model::FieldName;
use crate::model::coverage::Reason;
use encoding_rs::Encoding;
use std::io::{BufRead, BufReader, Read};

/// The first byte: the program that wrote the table, and whether it has memo fields.
const VERSIONS: [u8; 14] =
    [0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x83, 0x8B, 0x8C, 0xCB, 0xF5];
/// What ends the descriptions of the fields.
const END: u8 = 0x0D;
/// What ends the table.
const EOF: u8 = 0x1A;
/// Bytes of the header before the fields, and of each field's description.
const PART: usize = 32;
/// A field of any type that there is.
const TYPES: &[u8] = b"CNDLMFBGPYTI@OV+QW0";

/// A column, and where it lies in a record.
struct Column {
    name: Vec<u8>,
    kind: u8,
    start: usize,
    length: usize,
}

struct Header {
    length: usize,
    record: usize,
    records: u64,
    encrypted: bool,
    encoding: Option<&'static Encoding>,
    columns: Vec<Column>,
}

/// Whether an object begins as a dBase table does. There is no mark, so everything must fit.
pub(in crate::decode) fn is_one(head: &[u8]) -> bool {
    header(head).is_some()
}

fn header(head: &[u8]) -> Option<Header> {
    let (start, _) = head.split_first_chunk::<PART>()?;
    if !VERSIONS.contains(&start[0]) || start[2] > 12 || start[3] > 31 {
        return None;
    }
    let two = |at: usize| usize::from(u16::from_le_bytes([start[at], start[at + 1]]));
    let (length, record) = (two(8), two(10));
    let records = u64::from(u32::from_le_bytes([start[4], start[5], start[6], start[7]]));
    // A column's length has two bytes where it holds text, says Clipper; one, say others.
    let mut columns = None;
    for wide in [false, true] {
        columns = columns.or_else(|| columns_of(head.get(PART..length)?, record, wide.then_some(b'C')));
    }
    Some(Header {
        length,
        record,
        records,
        encrypted: start[15] == 1,
        encoding: encoding(start[29]),
        columns: columns?,
    })
}

fn columns_of(mut parts: &[u8], record: usize, wide: Option<u8>) -> Option<Vec<Column>> {
    let mut columns = Vec::new();
    // The first byte of a record tells whether it was deleted.
    let mut start = 1;
    while *parts.first()? != END {
        let (part, rest) = parts.split_at_checked(PART)?;
        let name = part[..11].split(|b| *b == 0).next()?.to_vec();
        let kind = part[11];
        if name.is_empty() || name.iter().any(|b| *b < 0x20) || !TYPES.contains(&kind) {
            return None;
        }
        let high = if wide == Some(kind) { usize::from(part[17]) } else { 0 };
        let length = usize::from(part[16]) + 256 * high;
        columns.push(Column { name, kind, start, length });
        start += length;
        parts = rest;
    }
    (!columns.is_empty() && start == record).then_some(columns)
}

/// The encoding that the language driver of the header names; not all programs set it.
fn encoding(driver: u8) -> Option<&'static Encoding> {
    match driver {
        0x4D | 0x7A => Some(encoding_rs::GB18030),
        0x4F | 0x78 => Some(encoding_rs::BIG5),
        0x13 | 0x7B => Some(encoding_rs::SHIFT_JIS),
        0x4E | 0x79 => Some(encoding_rs::EUC_KR),
        _ => None,
    }
}

/// Reads a table.
pub fn read(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let mut reader = BufReader::with_capacity(64 << 10, reader);
    let mut head = Vec::new();
    reader.by_ref().take(PART as u64).read_to_end(&mut head)?;
    let length = head.get(8..10).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    reader.by_ref().take(u64::from(length).saturating_sub(PART as u64)).read_to_end(&mut head)?;
    let header = header(&head).filter(|header| header.length == head.len());
    let header = header.ok_or_else(|| Failure::malformed("its header is broken"))?;
    if header.encrypted {
        return Err(Failure::Unread(Reason::Encrypted, "dBase encryption".to_owned()));
    }
    if header.records > 0 && header.columns.iter().any(|column| matches!(column.kind, b'M' | b'G' | b'P')) {
        output.gap(Reason::NoDecoder, "its memo fields lie in another file (.dbt, .fpt)");
    }
    let fields = header.columns.iter().map(|column| FieldName::plain(header.text(&column.name)));
    let mut gather = Gather::new(output, usize::MAX >> 16, fields.collect());
    let ended = records(&mut reader, &header, &mut gather);
    gather.flush();
    ended
}

fn records(reader: &mut impl BufRead, header: &Header, gather: &mut Gather<'_>) -> Result<(), Failure> {
    let mut record = Vec::with_capacity(header.record);
    for row in 1_u64.. {
        record.clear();
        reader.take(header.record as u64).read_to_end(&mut record)?;
        // Deleted records are marked with a star, and still there.
        if !matches!(record.first(), Some(b' ' | b'*')) {
            let ends = record.first().is_none_or(|b| *b == EOF) || row > header.records;
            return if ends && row > header.records {
                Ok(())
            } else {
                Err(Failure::malformed("it has fewer records than its header says"))
            };
        }
        if record.len() < header.record {
            return Err(Failure::malformed("a record is cut off"));
        }
        for (field, column) in header.columns.iter().enumerate() {
            let value = &record[column.start..column.start + column.length];
            if !header.value(column, value, field as u32, row, gather) {
                return Ok(());
            }
        }
    }
    Ok(())
}

impl Header {
    fn text(&self, bytes: &[u8]) -> String {
        match self.encoding {
            Some(encoding) if !bytes.is_ascii() => encoding.decode_without_bom_handling(bytes).0.into_owned(),
            _ => match crate::decode::charset::text_of(bytes) {
                Some(text) => String::from_utf8_lossy(&text).into_owned(),
                None => String::from_utf8_lossy(bytes).into_owned(),
            },
        }
    }

    /// Gives a value; false when no more are wanted.
    fn value(&self, column: &Column, value: &[u8], field: u32, row: u64, gather: &mut Gather<'_>) -> bool {
        let trimmed = value.split(|b| *b == 0).next().unwrap_or_default().trim_ascii();
        match (column.kind, self.encoding) {
            (b'C' | b'V', _) if trimmed.is_empty() => gather.goes_on(),
            (b'C' | b'V', Some(encoding)) if !trimmed.is_ascii() => {
                let text = encoding.decode_without_bom_handling(trimmed).0;
                gather.text(field, row, text.as_bytes())
            }
            (b'C' | b'V' | b'N' | b'F', _) => gather.text(field, row, trimmed),
            // Visual FoxPro's double. In dBase V the same letter is a number of a memo.
            (b'B', _) if column.length == 8 => {
                let number = value.try_into().map_or(0.0, f64::from_le_bytes);
                gather.real(field, row, number)
            }
            (b'Y', _) => {
                let number = value.try_into().map_or(0, i64::from_le_bytes);
                gather.integer(field, row, number / 10_000)
            }
            _ => gather.goes_on(),
        }
    }
}
