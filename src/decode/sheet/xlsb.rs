//! Binary workbooks (MS-XLSB): the package of an Excel workbook, with records in place of XML.
use super::binary::Bytes;
use super::loose::{Loose, NOWHERE};
use super::number;
use super::parts::Relation;
use super::shared::Shared;
use super::xlsx::{Book, Sheet};
use crate::decode::cells::Cells;
use crate::decode::grid::{Grid, Spot};
use crate::decode::{Failure, Output};
use crate::model::coverage::Reason;
use std::io::{self, BufReader, ErrorKind, Read};

/// The longest record that is taken; the longest text of a cell has 64 KB.
const LONGEST: u32 = 4 << 20;

// Types of records (MS-XLSB 2.3.2).
const ROW: u16 = 0;
const CELL_RK: u16 = 2;
const CELL_REAL: u16 = 5;
const CELL_STRING: u16 = 6;
const CELL_SHARED: u16 = 7;
const FORMULA_STRING: u16 = 8;
const FORMULA_NUMBER: u16 = 9;
const SHARED_ITEM: u16 = 19;
const PIVOT_NUMBER: u16 = 21;
const PIVOT_STRING: u16 = 24;
const PIVOT_STRING_MORE: u16 = 30;
const CELL_RICH: u16 = 62;
const BUNDLE_SHEET: u16 = 156;
const PIVOT_FIELD: u16 = 183;
const BEGIN_HEADER_FOOTER: u16 = 479;
const BEGIN_COMMENT: u16 = 635;
const COMMENT_TEXT: u16 = 637;

/// Reads a workbook.
pub(in crate::decode) fn xlsb(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut book = Book::open(bytes, output)?;
    let read = sheets(&mut book).and_then(|go_on| Ok(go_on && book.rest()?));
    book.end(read)
}

fn sheets(book: &mut Book<'_, '_>) -> Result<bool, Failure> {
    let relations = book.parts.relations("xl/workbook.bin");
    let mut named: Vec<Sheet> = Vec::new();
    for (name, read) in
        [("xl/workbook.bin", workbook as Records), ("xl/sharedStrings.bin", strings as Records)]
    {
        if let Some(part) = book.parts.find(name) {
            book.raw(part, |reader, _, shared| {
                read(&mut Reader(BufReader::new(reader)), shared, &mut named)
            })?;
        }
    }
    for (name, id) in named {
        let target =
            relations.iter().find(|relation| relation.id == id).map(|relation| relation.target.clone());
        let Some(part) = target.as_ref().and_then(|target| book.parts.find(target)) else { continue };
        let go_on = book.raw(part, |reader, beside, shared| {
            let mut worksheet =
                Worksheet { grid: Grid::new(&name), shared, loose: beside.loose, name: &name };
            let read = worksheet.read(&mut Reader(BufReader::new(reader)), beside.cells);
            let go_on = worksheet.grid.end(beside.cells);
            read.map(|read| read && go_on)
        })?;
        let relations = book.parts.relations(&target.unwrap_or_default());
        if !go_on || !book.related(&name, &relations)? || !comments(book, &name, &relations)? {
            return Ok(false);
        }
    }
    let caches: Vec<usize> = (0..book.parts.names.len())
        .filter(|&part| book.parts.names[part].to_lowercase().starts_with("xl/pivotcache/"))
        .filter(|&part| book.parts.names[part].ends_with(".bin"))
        .collect();
    for part in caches {
        if !pivot_cache(book, part)? {
            return Ok(false);
        }
    }
    book.unused()
}

/// What is done with the records of a part.
type Records = fn(&mut Reader<'_>, &mut Shared, &mut Vec<Sheet>) -> io::Result<bool>;

/// Reads the names of the sheets.
fn workbook(reader: &mut Reader<'_>, _: &mut Shared, sheets: &mut Vec<Sheet>) -> io::Result<bool> {
    let mut record = Vec::new();
    while let Some(kind) = reader.next(&mut record)? {
        let mut bytes = Bytes(&record);
        if kind == BUNDLE_SHEET && bytes.take(8).is_some() {
            let id = bytes.wide_string().unwrap_or_default();
            sheets.push((bytes.wide_string().unwrap_or_default(), id));
        }
    }
    Ok(true)
}

fn strings(reader: &mut Reader<'_>, shared: &mut Shared, _: &mut Vec<Sheet>) -> io::Result<bool> {
    let mut record = Vec::new();
    while let Some(kind) = reader.next(&mut record)? {
        if kind == SHARED_ITEM {
            shared.add(&rich(&mut Bytes(&record)).unwrap_or_default());
        }
    }
    Ok(true)
}

/// Text with its runs of letters behind it (2.5.121).
fn rich(bytes: &mut Bytes<'_>) -> Option<String> {
    bytes.u8()?;
    bytes.wide_string()
}

fn comments(book: &mut Book<'_, '_>, sheet: &str, relations: &[Relation]) -> Result<bool, Failure> {
    let shown = format!("{sheet}!comments");
    for relation in relations.iter().filter(|relation| relation.kind == "comments") {
        let Some(part) = book.parts.find(&relation.target) else { continue };
        let go_on = book.raw(part, |reader, beside, _| {
            let (mut record, mut spot, mut reader) = (Vec::new(), NOWHERE, Reader(BufReader::new(reader)));
            while let Some(kind) = reader.next(&mut record)? {
                let mut bytes = Bytes(&record);
                if kind == BEGIN_COMMENT {
                    // The author, then the first and last row, the first and last column (2.4.28).
                    let mut place = || Some([bytes.u32()?, bytes.u32()?, bytes.u32()?, bytes.u32()?]);
                    spot = place().map_or(NOWHERE, |[_, row, _, column]| Spot {
                        row: u64::from(row) + 1,
                        column: column.into(),
                    });
                } else if kind == COMMENT_TEXT
                    && let Some(text) = rich(&mut bytes)
                    && !beside.loose.push(beside.cells, [&shown, ""], spot, &text)
                {
                    return Ok(false);
                }
            }
            Ok(true)
        })?;
        if !go_on {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads the values that a pivot cache keeps with its fields; the records hold mostly their numbers.
fn pivot_cache(book: &mut Book<'_, '_>, part: usize) -> Result<bool, Failure> {
    let name = book.parts.names[part].clone();
    let stem = name.rsplit('/').next().unwrap_or_default().trim_end_matches(".bin").to_owned();
    if stem.to_lowercase().contains("records") {
        book.cells.output.gap(Reason::NoDecoder, "the records of a pivot cache in a binary workbook");
        book.done.insert(part);
        return Ok(true);
    }
    book.raw(part, |reader, beside, _| {
        let (mut record, mut reader, mut words) = (Vec::new(), Reader(BufReader::new(reader)), String::new());
        while let Some(kind) = reader.next(&mut record)? {
            let mut bytes = Bytes(&record);
            let value = match kind {
                PIVOT_FIELD => {
                    // Flags and numbers in front of the name (2.4.152).
                    words = bytes.take(18).and_then(|_| bytes.wide_string()).unwrap_or_default();
                    None
                }
                PIVOT_STRING | PIVOT_STRING_MORE => bytes.wide_string(),
                PIVOT_NUMBER => bytes.f64().and_then(number::of_double),
                _ => None,
            };
            let shown = format!("{stem}!{words}");
            if let Some(value) = value
                && !beside.loose.push(beside.cells, [&shown, &words], NOWHERE, &value)
            {
                return Ok(false);
            }
        }
        Ok(true)
    })
}

/// A worksheet while it is read.
struct Worksheet<'w> {
    grid: Grid,
    shared: &'w mut Shared,
    loose: &'w mut Loose,
    name: &'w str,
}

impl Worksheet<'_> {
    fn read(&mut self, reader: &mut Reader<'_>, cells: &mut Cells<'_>) -> io::Result<bool> {
        let (mut record, mut row) = (Vec::new(), 0);
        while let Some(kind) = reader.next(&mut record)? {
            let bytes = &mut Bytes(&record);
            let go_on = match kind {
                ROW => {
                    row = bytes.u32().map_or(row, u64::from);
                    true
                }
                BEGIN_HEADER_FOOTER => {
                    let shown = format!("{}!header and footer", self.name);
                    bytes.take(2);
                    let texts: Vec<String> = (0..6).map_while(|_| bytes.wide_string()).collect();
                    let text = super::worksheet::without_codes(&texts.join("\n"));
                    self.loose.push(cells, [&shown, ""], NOWHERE, &text)
                }
                _ => self.cell(kind, row, bytes, cells).unwrap_or(true),
            };
            if !go_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A cell; nothing where the record is none, or too short.
    fn cell(&mut self, kind: u16, row: u64, bytes: &mut Bytes<'_>, cells: &mut Cells<'_>) -> Option<bool> {
        if !matches!(kind, CELL_RK | CELL_REAL..=FORMULA_NUMBER | CELL_RICH) {
            return None;
        }
        let spot = Spot { row: row + 1, column: bytes.u32()?.into() };
        bytes.u32()?;
        match kind {
            CELL_SHARED => {
                let text = self.shared.take(bytes.u32()? as usize)?;
                Some(self.grid.cell(cells, spot, text))
            }
            CELL_STRING | FORMULA_STRING => Some(self.grid.cell(cells, spot, &bytes.wide_string()?)),
            CELL_RICH => Some(self.grid.cell(cells, spot, &rich(bytes)?)),
            CELL_RK => Some(self.grid.cell(cells, spot, &number::of_double(bytes.rk()?)?)),
            _ => Some(self.grid.cell(cells, spot, &number::of_double(bytes.f64()?)?)),
        }
    }
}

/// Records: a type of one or two bytes, a length of one to four, seven bits in each (2.1.4).
struct Reader<'r>(BufReader<&'r mut dyn Read>);

impl Reader<'_> {
    /// Reads the next record; its type, or nothing at the end.
    fn next(&mut self, record: &mut Vec<u8>) -> io::Result<Option<u16>> {
        let Some(first) = self.byte()? else { return Ok(None) };
        let mut kind = u16::from(first);
        if first & 0x80 != 0 {
            kind = u16::from(first & 0x7F) | u16::from(self.needed()? & 0x7F) << 7;
        }
        let mut length = 0;
        for at in 0..4 {
            let byte = self.needed()?;
            length |= u32::from(byte & 0x7F) << (7 * at);
            if byte & 0x80 == 0 {
                break;
            }
        }
        record.clear();
        if length > LONGEST {
            io::copy(&mut self.0.by_ref().take(length.into()), &mut io::sink())?;
            return Ok(Some(kind));
        }
        let read = self.0.by_ref().take(length.into()).read_to_end(record)?;
        if read < length as usize {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(kind))
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut byte = [0];
        match self.0.read(&mut byte)? {
            0 => Ok(None),
            _ => Ok(Some(byte[0])),
        }
    }

    fn needed(&mut self) -> io::Result<u8> {
        self.byte()?.ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }
}
