//! Workbooks of Excel 2 to 2003 (MS-XLS, BIFF2 to BIFF8), and WPS `.et`, which are the same: records in a stream of a
//! compound file, or before Excel 5 in the file itself. Sheets are read as they come, hidden ones too.
use super::biff::{Record, Records, Strings, encoding};
use super::binary::Bytes;
use super::loose::{Loose, NOWHERE};
use super::number;
use super::shared::Shared;
use crate::decode::cells::Cells;
use crate::decode::grid::{Grid, Spot};
use crate::decode::{Failure, Output, Unit};
use crate::model::coverage::Reason;
use encoding_rs::Encoding;
use std::collections::HashMap;
use std::io::{BufReader, Cursor, Read};

/// Sheets within one another: a sheet holds its charts.
const DEEPEST: usize = 16;

// Types of records (MS-XLS 2.3.2; OpenOffice 5).
const EOF: u16 = 0x0A;
const HEADER: u16 = 0x14;
const FOOTER: u16 = 0x15;
const NOTE: u16 = 0x1C;
const FILE_PASS: u16 = 0x2F;
const CODE_PAGE: u16 = 0x42;
const OBJECT: u16 = 0x5D;
const BOUND_SHEET: u16 = 0x85;
const MUL_RK: u16 = 0xBD;
const RICH_STRING: u16 = 0xD6;
const SHARED_TABLE: u16 = 0xFC;
const LABEL_SHARED: u16 = 0xFD;
const TEXT_OBJECT: u16 = 0x1B6;
const RK: u16 = 0x27E;

/// Reads a workbook in a compound file.
pub(in crate::decode) fn xls(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let broken = |_| Failure::malformed("not a compound file");
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(broken)?;
    let mut cells = Cells::new(output, Unit::Cell);
    let mut read = Ok(true);
    // Some files hold two, for Excel 5 and for Excel 97, with the same content.
    if let Some(name) = ["/Workbook", "/Book"].into_iter().find(|name| file.exists(name)) {
        let stream = file.open_stream(name).map_err(broken)?;
        read = workbook(stream, &mut cells);
    }
    if matches!(read, Ok(true)) {
        read = super::streams::others(&mut file, &mut cells);
    }
    cells.flush();
    read.map(drop)
}

/// Reads a workbook or sheet of Excel 2 to 4, which is no compound file.
pub(in crate::decode) fn biff(mut bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut cells = Cells::new(output, Unit::Cell);
    let read = workbook(&mut bytes, &mut cells);
    cells.flush();
    read.map(drop)
}

fn workbook(reader: impl Read, cells: &mut Cells<'_>) -> Result<bool, Failure> {
    let mut records = Records::new(BufReader::new(reader));
    let mut book = Book {
        version: 8,
        encoding: encoding(1252),
        names: Vec::new(),
        sheets: 0,
        depth: 0,
        shared: Shared::default(),
        loose: Loose::default(),
        grid: None,
        sheet: String::new(),
        object: 0,
        texts: HashMap::new(),
        pending: None,
    };
    let mut record = Record::default();
    let read = loop {
        match records.next(&mut record) {
            Ok(true) => {}
            Ok(false) => break Ok(true),
            Err(error) => break Err(Failure::malformed(error.to_string())),
        }
        if record.kind == FILE_PASS {
            break Err(Failure::Unread(Reason::Encrypted, "xls".into()));
        }
        match book.record(&record, cells) {
            // A record that is too short is passed over.
            None | Some(true) => {}
            Some(false) => break Ok(false),
        }
    };
    let go_on = book.end_of_sheet(cells) && book.unused(cells);
    read.map(|read| read && go_on)
}

/// A workbook while it is read.
struct Book {
    /// 2, 3, 4, 5 or 8.
    version: u8,
    encoding: &'static Encoding,
    /// The names of the sheets, by where they begin in the stream, which is their order nearly always.
    names: Vec<(u32, String)>,
    sheets: usize,
    depth: usize,
    shared: Shared,
    loose: Loose,
    grid: Option<Grid>,
    sheet: String,
    /// The number of the drawing object at hand.
    object: u16,
    /// Texts of drawing objects of the sheet, by number, until it is known whether they are notes.
    texts: HashMap<u16, String>,
    /// A formula whose text stands in the next record.
    pending: Option<Spot>,
}

impl Book {
    /// Takes a record: false when the decoder is to end, nothing where it is too short.
    fn record(&mut self, record: &Record, cells: &mut Cells<'_>) -> Option<bool> {
        let bytes = &mut Bytes(&record.bytes);
        match record.kind {
            0x09 | 0x209 | 0x409 | 0x809 => return self.begin(record.kind, bytes, cells),
            EOF => {
                self.depth = self.depth.saturating_sub(1);
                return Some(self.depth > 0 || self.end_of_sheet(cells));
            }
            CODE_PAGE => self.encoding = encoding(bytes.u16()?),
            BOUND_SHEET => {
                let start = bytes.u32()?;
                bytes.u16()?;
                let length = usize::from(bytes.u8()?);
                let name = self.characters(bytes, length)?;
                self.names.push((start, name));
            }
            SHARED_TABLE => {
                let mut strings = Strings::new(record, 8);
                while let Some(text) = strings.next() {
                    if !self.shared.add(&text)
                        && !self.loose.push(cells, ["shared strings", ""], NOWHERE, &text)
                    {
                        return Some(false);
                    }
                }
            }
            HEADER | FOOTER => {
                let length = self.length(bytes, self.version < 8)?;
                let text = self.characters(bytes, length)?;
                let shown = format!("{}!header and footer", self.sheet);
                return Some(self.loose.push(
                    cells,
                    [&shown, ""],
                    NOWHERE,
                    &super::worksheet::without_codes(&text),
                ));
            }
            OBJECT if self.version >= 5 => {
                // The first part says the kind and the number (2.4.181).
                bytes.take(6)?;
                self.object = bytes.u16()?;
            }
            TEXT_OBJECT => {
                bytes.take(10)?;
                let count = usize::from(bytes.u16()?);
                let text = record.seams.first().and_then(|&seam| {
                    let flags = *record.bytes.get(seam)?;
                    Strings::new(record, seam + 1).characters(count, flags)
                })?;
                if self.texts.len() < 100_000 {
                    self.texts.insert(self.object, text);
                }
            }
            NOTE => return self.note(bytes, cells),
            0x07 | 0x207 => {
                let spot = self.pending.take()?;
                let length = self.length(bytes, self.version == 2)?;
                let text = self.text_of(record, bytes, length)?;
                return Some(self.push(cells, spot, &text));
            }
            kind => return self.cell(kind, record, bytes, cells),
        }
        Some(true)
    }

    /// A stream, or a sheet in it, begins.
    fn begin(&mut self, kind: u16, bytes: &mut Bytes<'_>, cells: &mut Cells<'_>) -> Option<bool> {
        self.depth = (self.depth + 1).min(DEEPEST);
        let version = bytes.u16().unwrap_or_default();
        let of = bytes.u16().unwrap_or_default();
        self.version = match kind {
            0x09 => 2,
            0x209 => 3,
            0x409 => 4,
            _ if version < 0x600 => 5,
            _ => 8,
        };
        // The globals of a workbook (5), or of a workspace of Excel 4 (0x100), are no sheet; what lies in a sheet is a chart.
        if self.depth > 1 && !(self.version == 4 && self.grid.is_none()) {
            return Some(true);
        }
        if of == 5 || of == 0x100 {
            return Some(true);
        }
        let go_on = self.end_of_sheet(cells);
        self.sheet = match self.names.get(self.sheets) {
            Some((_, name)) => name.clone(),
            None => format!("Sheet{}", self.sheets + 1),
        };
        self.sheets += 1;
        self.grid = Some(Grid::new(&self.sheet));
        Some(go_on)
    }

    /// A sheet ends: what its drawing objects say that are no notes is the text of shapes.
    fn end_of_sheet(&mut self, cells: &mut Cells<'_>) -> bool {
        self.pending = None;
        let go_on = self.grid.take().is_none_or(|mut grid| grid.end(cells));
        let shown = format!("{}!shapes", self.sheet);
        let mut texts: Vec<_> = self.texts.drain().collect();
        texts.sort_unstable();
        go_on && texts.iter().all(|(_, text)| self.loose.push(cells, [&shown, ""], NOWHERE, text))
    }

    fn unused(&mut self, cells: &mut Cells<'_>) -> bool {
        if self.shared.left_out {
            cells
                .output
                .gap(Reason::Limit, "a long text that many cells share was not scanned for all of them");
        }
        let loose = &mut self.loose;
        self.shared.unused().all(|text| loose.push(cells, ["shared strings", ""], NOWHERE, text))
    }

    /// A note to a cell: its text stands in a drawing object (2.4.179), before Excel 97 in the note itself.
    fn note(&mut self, bytes: &mut Bytes<'_>, cells: &mut Cells<'_>) -> Option<bool> {
        let spot = Spot { row: u64::from(bytes.u16()?) + 1, column: bytes.u16()?.into() };
        let text = if self.version == 8 {
            bytes.u16()?;
            self.texts.remove(&bytes.u16()?)?
        } else {
            let length = usize::from(bytes.u16()?).min(bytes.0.len());
            self.characters(bytes, length)?
        };
        let shown = format!("{}!comments", self.sheet);
        Some(self.loose.push(cells, [&shown, ""], spot, &text))
    }

    /// A cell; nothing where the record is none, or too short.
    fn cell(
        &mut self,
        kind: u16,
        record: &Record,
        bytes: &mut Bytes<'_>,
        cells: &mut Cells<'_>,
    ) -> Option<bool> {
        if !matches!(
            kind,
            0x02..=0x06 | 0x203 | 0x204 | 0x206 | 0x406 | RK | MUL_RK | LABEL_SHARED | RICH_STRING
        ) {
            return None;
        }
        let mut spot = Spot { row: u64::from(bytes.u16()?) + 1, column: bytes.u16()?.into() };
        // The format: three bytes in Excel 2.
        if kind != MUL_RK {
            bytes.take(if self.version == 2 { 3 } else { 2 })?;
        }
        match kind {
            0x02 => Some(self.push(cells, spot, &bytes.u16()?.to_string())),
            0x03 | 0x203 => self.number(cells, spot, bytes.f64()?),
            RK => self.number(cells, spot, bytes.rk()?),
            MUL_RK => {
                // Until six bytes before the end, which hold the last column.
                while bytes.0.len() >= 8 {
                    bytes.u16()?;
                    if self.number(cells, spot, bytes.rk()?) == Some(false) {
                        return Some(false);
                    }
                    spot.column += 1;
                }
                Some(true)
            }
            LABEL_SHARED => {
                let text = self.shared.take(bytes.u32()? as usize)?;
                Some(self.grid.as_mut()?.cell(cells, spot, text))
            }
            0x04 | 0x204 | RICH_STRING => {
                let length = self.length(bytes, self.version == 2)?;
                let text = self.text_of(record, bytes, length)?;
                Some(self.push(cells, spot, &text))
            }
            0x06 | 0x206 | 0x406 => {
                let result = bytes.take(8)?;
                // What is no number: text, which follows, truth value, error (2.5.133).
                if result[6..] == [0xFF, 0xFF] && self.version > 2 {
                    self.pending = (result[0] == 0).then_some(spot);
                    return Some(true);
                }
                self.pending = Some(spot);
                self.number(cells, spot, Bytes(result).f64()?)
            }
            _ => None,
        }
    }

    fn number(&mut self, cells: &mut Cells<'_>, spot: Spot, number: f64) -> Option<bool> {
        let shown = number::of_double(number)?;
        Some(self.push(cells, spot, &shown))
    }

    fn push(&mut self, cells: &mut Cells<'_>, spot: Spot, text: &str) -> bool {
        // Excel 2 and 3 have no workbook: a sheet may begin without a mark that was understood.
        let sheet = &self.sheet;
        self.grid.get_or_insert_with(|| Grid::new(sheet)).cell(cells, spot, text)
    }

    /// The length of a text, in one byte or two.
    fn length(&self, bytes: &mut Bytes<'_>, short: bool) -> Option<usize> {
        if short { bytes.u8().map(usize::from) } else { bytes.u16().map(usize::from) }
    }

    /// So many characters: with a byte of flags in front in Excel 97, else in the code page.
    fn characters(&self, bytes: &mut Bytes<'_>, count: usize) -> Option<String> {
        if self.version < 8 {
            let count = count.min(bytes.0.len());
            let text = self.encoding.decode_without_bom_handling(bytes.take(count)?).0;
            return Some(text.into_owned());
        }
        match bytes.u8()? & 1 {
            0 => Some(bytes.take(count)?.iter().map(|&byte| char::from(byte)).collect()),
            _ => bytes.wide(count),
        }
    }

    /// The same where the record may go on in another.
    fn text_of(&self, record: &Record, bytes: &mut Bytes<'_>, count: usize) -> Option<String> {
        if self.version < 8 || record.seams.is_empty() {
            return self.characters(bytes, count);
        }
        let flags = bytes.u8()?;
        Strings::new(record, record.bytes.len() - bytes.0.len()).characters(count, flags)
    }
}
