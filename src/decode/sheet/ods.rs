//! OpenDocument spreadsheets (OpenDocument 1.3, part 3, 9), read as a stream: cells may be repeated a million times.
use super::beside::{Beside, Form};
use super::loose::{Loose, NOWHERE};
use super::number;
use super::parts::Parts;
use super::xml::{Attributes, Token, Xml, text, unescape};
use crate::decode::cells::Cells;
use crate::decode::grid::{Grid, Spot};
use crate::decode::{Entry, Failure, Output, Unit};
use crate::model::coverage::Reason;
use std::io;

/// Cells with a value that are scanned beyond those that are written out: the others are repetitions.
const REPEATED: u64 = 100_000;
/// The longest text of a cell that is gathered.
const LONGEST: usize = 1 << 20;
/// Parts that hold no values, and the picture of the first page, which is read.
const EMPTY: [&str; 6] =
    ["mimetype", "settings.xml", "META-INF/", "Configurations2/", "manifest.rdf", "Thumbnails/"];
/// Paragraphs anywhere.
const PARAGRAPHS: Form = Form { items: &[b"p", b"h"], texts: &[b"p", b"h"], lines: &[b"line-break"] };

/// Reads a spreadsheet.
pub(in crate::decode) fn ods(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut parts = Parts::open(bytes)?;
    if let Some(part) = parts.find("META-INF/manifest.xml")
        && parts.read(part, is_encrypted).unwrap_or(false)
    {
        return Err(Failure::Unread(Reason::Encrypted, "ods".into()));
    }
    let (mut cells, mut loose) = (Cells::new(output, Unit::Cell), Loose::default());
    let names = parts.names.clone();
    for (part, name) in names.iter().enumerate() {
        if name.ends_with('/') || EMPTY.iter().any(|empty| name.starts_with(empty)) {
            continue;
        }
        let read = parts.read(part, |reader| {
            let mut beside = Beside { cells: &mut cells, loose: &mut loose };
            match name.as_str() {
                "content.xml" => Content::new(&mut beside).read(&mut Xml::new(reader)),
                "meta.xml" => beside.elements(&mut Xml::new(reader), "properties"),
                "styles.xml" => beside.items(&mut Xml::new(reader), &PARAGRAPHS, "header and footer"),
                _ if name.ends_with(".xml") => {
                    let stem = name.trim_end_matches(".xml").replace('/', "!");
                    beside.items(&mut Xml::new(reader), &PARAGRAPHS, &stem)
                }
                _ => Ok(cells.output.entry(name, Entry::Stream(reader))),
            }
        });
        match read {
            Ok(true) => {}
            Ok(false) => break,
            Err(Failure::Unread(reason, detail)) => cells.output.gap(reason, &format!("{name}: {detail}")),
            Err(failure) => return Err(failure),
        }
    }
    cells.flush();
    Ok(())
}

/// Whether any part is encrypted (part 2, 4.8.3).
fn is_encrypted(reader: &mut dyn io::Read) -> io::Result<bool> {
    let mut xml = Xml::new(reader);
    while let Some(token) = xml.next()? {
        if matches!(token, Token::Open(b"encryption-data", _)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The sheets while they are read.
struct Content<'c, 'b, 'o> {
    beside: &'c mut Beside<'b, 'o>,
    sheet: String,
    grid: Option<Grid>,
    spot: Spot,
    /// How often the row and the cell at hand are repeated.
    rows: u64,
    columns: u64,
    /// The values of the row at hand, by column.
    row: Vec<(u64, String)>,
    kind: Kind,
    value: Vec<u8>,
    /// Of a number: as it stands in its attribute.
    number: Option<String>,
    /// The text of a comment, apart from that of its cell; none outside.
    note: Option<Vec<u8>>,
    in_text: u32,
    repeated: u64,
}

/// What the text at hand belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Something beside the cells.
    Loose,
    Text,
    Number,
    /// Dates, times and truth values.
    Nothing,
}

impl<'c, 'b, 'o> Content<'c, 'b, 'o> {
    fn new(beside: &'c mut Beside<'b, 'o>) -> Self {
        Content {
            beside,
            sheet: String::new(),
            grid: None,
            spot: Spot { row: 1, column: 0 },
            rows: 1,
            columns: 1,
            row: Vec::new(),
            kind: Kind::Loose,
            value: Vec::new(),
            number: None,
            note: None,
            in_text: 0,
            repeated: 0,
        }
    }

    fn read(mut self, xml: &mut Xml<'_>) -> io::Result<bool> {
        let read = self.marks(xml);
        if self.repeated > REPEATED {
            let why = "cells that are repeated very often were not scanned for every place";
            self.beside.cells.output.gap(Reason::Limit, why);
        }
        let go_on = self.end_of_row() && self.end_of_sheet();
        read.map(|read| read && go_on)
    }

    fn marks(&mut self, xml: &mut Xml<'_>) -> io::Result<bool> {
        while let Some(token) = xml.next()? {
            let go_on = match token {
                Token::Open(name, attributes) => self.open(name, attributes),
                Token::Close(name) => self.close(name),
                Token::Text(_) | Token::Data(_) if self.in_text == 0 => true,
                Token::Text(raw) => {
                    unescape(raw, self.note.as_mut().unwrap_or(&mut self.value));
                    self.is_short_enough()
                }
                Token::Data(raw) => {
                    self.note.as_mut().unwrap_or(&mut self.value).extend_from_slice(raw);
                    self.is_short_enough()
                }
            };
            if !go_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn open(&mut self, name: &[u8], attributes: Attributes<'_>) -> bool {
        match name {
            b"table" => {
                let go_on = self.end_of_row() && self.end_of_sheet();
                self.sheet = attributes.text("name").unwrap_or_default();
                self.grid = Some(Grid::new(&self.sheet));
                self.spot = Spot { row: 1, column: 0 };
                return go_on;
            }
            b"table-row" => {
                self.rows = count(attributes, "number-rows-repeated");
                self.spot.column = 0;
            }
            b"table-cell" | b"covered-table-cell" | b"change-track-table-cell" => {
                self.value.clear();
                self.columns = count(attributes, "number-columns-repeated");
                self.number = attributes.text("value");
                self.kind = match attributes.get("value-type") {
                    Some(b"float" | b"currency" | b"percentage") => Kind::Number,
                    Some(b"date" | b"time" | b"boolean") => Kind::Nothing,
                    _ => Kind::Text,
                };
                // What the cell holds, where it shows something else.
                if let Some(text) = attributes.get("string-value") {
                    unescape(text, &mut self.value);
                }
            }
            b"annotation" => self.note = Some(Vec::new()),
            b"p" | b"h" => {
                self.in_text += 1;
                let to = self.note.as_mut().unwrap_or(&mut self.value);
                if !to.is_empty() {
                    to.push(b'\n');
                }
            }
            b"s" | b"tab" => self.note.as_mut().unwrap_or(&mut self.value).push(b' '),
            b"line-break" => self.note.as_mut().unwrap_or(&mut self.value).push(b'\n'),
            b"a" => {
                let shown = format!("{}!links", self.sheet);
                let link = attributes.text("href").unwrap_or_default();
                return self.beside.loose.push(self.beside.cells, [&shown, ""], NOWHERE, &link);
            }
            b"content-validation" => {
                let rule = attributes.text("condition").unwrap_or_default();
                return self.beside.loose.push(self.beside.cells, ["validation", ""], NOWHERE, &rule);
            }
            _ => {}
        }
        true
    }

    fn close(&mut self, name: &[u8]) -> bool {
        match name {
            b"table-cell" | b"covered-table-cell" => return self.end_of_cell(),
            b"change-track-table-cell" => return self.give("changes"),
            b"table-row" => return self.end_of_row(),
            b"table" => return self.end_of_sheet(),
            b"annotation" => {
                let text = self.note.take().unwrap_or_default();
                let shown = format!("{}!comments", self.sheet);
                let text = String::from_utf8_lossy(&text);
                return self.beside.loose.push(self.beside.cells, [&shown, ""], self.spot, &text);
            }
            b"p" | b"h" => {
                self.in_text = self.in_text.saturating_sub(1);
                if self.kind == Kind::Loose && self.note.is_none() {
                    return self.give("shapes");
                }
            }
            _ => {}
        }
        true
    }

    /// Hands on text that is in no cell.
    fn give(&mut self, what: &str) -> bool {
        let shown = format!("{}!{what}", self.sheet);
        let go_on = self.beside.loose.push(
            self.beside.cells,
            [&shown, ""],
            NOWHERE,
            &String::from_utf8_lossy(&self.value),
        );
        self.value.clear();
        self.kind = Kind::Loose;
        go_on
    }

    fn end_of_cell(&mut self) -> bool {
        let text = match self.kind {
            Kind::Number => self.number.take().and_then(|number| number::digits(&number)).unwrap_or_default(),
            Kind::Nothing | Kind::Loose => String::new(),
            Kind::Text => String::from_utf8_lossy(&self.value).into_owned(),
        };
        self.value.clear();
        self.kind = Kind::Loose;
        if !text.trim().is_empty() {
            let times = self.allowed(self.columns);
            self.row.extend((0..times).map(|at| (self.spot.column + at, text.clone())));
        }
        self.spot.column = self.spot.column.saturating_add(self.columns);
        true
    }

    fn end_of_row(&mut self) -> bool {
        let row = std::mem::take(&mut self.row);
        let times = if row.is_empty() { 0 } else { 1 + self.allowed_rows(row.len() as u64) };
        for at in 0..times {
            for (column, text) in &row {
                let spot = Spot { row: self.spot.row.saturating_add(at), column: *column };
                if self.grid.as_mut().is_some_and(|grid| !grid.cell(self.beside.cells, spot, text)) {
                    return false;
                }
            }
        }
        self.spot.row = self.spot.row.saturating_add(std::mem::replace(&mut self.rows, 1));
        true
    }

    fn end_of_sheet(&mut self) -> bool {
        self.rows = 1;
        self.grid.take().is_none_or(|mut grid| grid.end(self.beside.cells))
    }

    /// How often a cell is taken that stands so often side by side.
    fn allowed(&mut self, times: u64) -> u64 {
        let more = (times - 1).min(REPEATED.saturating_sub(self.repeated));
        self.repeated = self.repeated.saturating_add(times - 1);
        more + 1
    }

    /// How many more rows are taken like the one at hand, of so many cells.
    fn allowed_rows(&mut self, cells: u64) -> u64 {
        let more = self.rows - 1;
        let taken = more.min(REPEATED.saturating_sub(self.repeated) / cells);
        self.repeated = self.repeated.saturating_add(more.saturating_mul(cells));
        taken
    }

    /// Hands on what was gathered of a text that is far too long.
    fn is_short_enough(&mut self) -> bool {
        let to = self.note.as_mut().unwrap_or(&mut self.value);
        if to.len() <= LONGEST {
            return true;
        }
        let long = std::mem::take(to);
        let shown = format!("{}!long texts", self.sheet);
        let text = String::from_utf8_lossy(&long);
        self.beside.loose.push(self.beside.cells, [&shown, ""], self.spot, &text)
    }
}

/// How often something is repeated.
fn count(attributes: Attributes<'_>, name: &str) -> u64 {
    let count = attributes.get(name).map(text).and_then(|count| count.parse().ok());
    count.unwrap_or(1).clamp(1, 1 << 32)
}
