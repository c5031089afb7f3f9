//! A table that lies in a sheet or a document: which row is its header, and cells named by it on their way to the scanner.
//!
//! Cells are given row by row. The first rows are held until the header is found: titles may stand above it, columns
//! may be empty to its left, and it may be of several rows (`联系方式` over `手机`, `邮箱`), whose words are joined.
//!
//! * Below a header a cell's field is `prefix!header`, its row counts from 1 after the header. Where the cell to the
//!   left is a label (`联系电话 | 138…` in a footer), the label stands before the value in the cell's text.
//! * Without a header the field is `prefix!C`, and its words are empty; in a table the row is that of the sheet.
//! * In a form (`身份证号 | 1101…`), and above a header, the field is `prefix!label`, with the label to the left, else the
//!   one above; there are no rows.
//!
//! After a blank row a header is looked for again: sheets hold tables below tables.
mod header;
mod label;

use super::cells::{At, Cells};
use crate::decode::column_letters;
use crate::model::FieldName;
use header::{Columns, Held, Sheet};
use label::{is_label, is_value, name_of};
use std::collections::HashMap;

/// Rows that are held until the header is chosen.
const HELD_ROWS: u64 = 28;
/// Cells that are held at most: there are rows of 16,384.
const HELD_CELLS: usize = 20_000;
/// Bytes of text that are held at most.
const HELD_BYTES: usize = 256 * 1024;
/// Columns with a field of their own: as many as a sheet of Excel has.
const MOST_COLUMNS: u64 = 16_384;
/// Labels with a field of their own.
const MOST_LABELS: usize = 512;
/// Characters of the prefix: a sheet's name has 31 in Excel.
const LONGEST_PREFIX: usize = 64;
/// Columns to the right of a label in which its value may stand.
const REACH: u64 = 8;

/// Where a cell stands in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    /// From 1.
    pub row: u64,
    /// From 0.
    pub column: u64,
}

/// A table while its cells come in. One for every sheet, and for every table of a document.
pub(super) struct Grid {
    prefix: String,
    /// The page, paragraph or slide of the cells to come, where places are counted in those; `None` in a sheet, whose
    /// cells are called by column and row.
    pub place: Option<u64>,
    held: Vec<Held>,
    text: String,
    /// Whether cells are held.
    holding: bool,
    first_row: u64,
    row: u64,
    kind: Kind,
    /// The fields by column, as far as they are known.
    columns: Vec<Option<u32>>,
    /// The names that the header gives to columns.
    named: Columns,
    /// All fields of this table by name.
    fields: HashMap<String, u32>,
    /// The label to the left in the row at hand, and its column.
    left: Option<(String, u64)>,
    /// In a form: the labels above, by column.
    above: HashMap<u64, String>,
    joined: String,
}

/// What the cells at hand are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Rows below this one, which is the last of the header; 0 where there is none.
    Table(u64),
    /// Labels and values.
    Form,
}

impl Grid {
    /// A table without cells; the names of its fields begin with `prefix!`, or with nothing where that is empty.
    pub fn new(prefix: &str) -> Self {
        let mut prefix: String = prefix.chars().take(LONGEST_PREFIX).collect();
        if !prefix.is_empty() {
            prefix.push('!');
        }
        Grid {
            prefix,
            place: None,
            held: Vec::new(),
            text: String::new(),
            holding: true,
            first_row: 0,
            row: 0,
            kind: Kind::Form,
            columns: Vec::new(),
            named: Columns::default(),
            fields: HashMap::new(),
            left: None,
            above: HashMap::new(),
            joined: String::new(),
        }
    }

    /// Takes the next cell, row by row, in each from left to right; false when the decoder is to end.
    pub fn cell(&mut self, cells: &mut Cells<'_>, spot: Spot, text: &str) -> bool {
        if text.trim_ascii().is_empty() {
            return true;
        }
        if spot.row != self.row && !self.new_row(cells, spot.row) {
            return false;
        }
        if !self.holding {
            return self.push(cells, spot, self.place, text);
        }
        if self.held.is_empty() {
            self.first_row = spot.row;
        }
        let start = self.text.len();
        self.text.push_str(text);
        self.held.push(Held { spot, place: self.place, text: start..self.text.len() });
        let full = self.held.len() >= HELD_CELLS || self.text.len() >= HELD_BYTES;
        !full || self.decide(cells)
    }

    /// Hands on what is still held; to be called after the last cell. The cells are not flushed.
    pub fn end(&mut self, cells: &mut Cells<'_>) -> bool {
        self.decide(cells)
    }

    fn new_row(&mut self, cells: &mut Cells<'_>, row: u64) -> bool {
        let blank = row > self.row + 1 && self.row > 0;
        let full = row >= self.first_row.saturating_add(HELD_ROWS) && !self.held.is_empty();
        self.row = row;
        self.left = None;
        if self.holding && full {
            return self.decide(cells);
        }
        // Another table may begin below the blank row.
        self.holding |= blank;
        true
    }

    /// Finds out what the held cells are, and hands them on.
    fn decide(&mut self, cells: &mut Cells<'_>) -> bool {
        let (held, text) = (std::mem::take(&mut self.held), std::mem::take(&mut self.text));
        self.holding = false;
        if held.is_empty() {
            return true;
        }
        let sheet = Sheet::new(&held, &text);
        let known = matches!(self.kind, Kind::Table(_)) && !self.columns.is_empty();
        let header = sheet.header().filter(|header| !known || header.has_labels);
        self.left = None;
        let (mut first, mut last) = (0, 0);
        if let Some(header) = &header {
            (first, last) = (header.first, header.last);
        }
        match &header {
            // What stands above it.
            Some(_) => self.kind = Kind::Form,
            None if known => {}
            None => self.kind = if sheet.is_form() { Kind::Form } else { Kind::Table(0) },
        }
        let mut row = 0;
        let mut header = header;
        for cell in &held {
            if cell.spot.row != row {
                (row, self.left) = (cell.spot.row, None);
                if row > last
                    && let Some(header) = header.take()
                {
                    self.begin(cells, header.columns, last);
                }
            }
            let in_header = (first..=last).contains(&row);
            if !in_header && !self.push(cells, cell.spot, cell.place, &text[cell.text.clone()]) {
                return false;
            }
        }
        if let Some(header) = header {
            self.begin(cells, header.columns, last);
        }
        true
    }

    /// From here on columns are called by a header that ends in `row`.
    fn begin(&mut self, cells: &mut Cells<'_>, columns: Columns, row: u64) {
        self.kind = Kind::Table(row);
        self.columns.clear();
        self.named = columns;
        let mut numbers: Vec<u64> = self.named.keys().copied().collect();
        numbers.sort_unstable();
        for column in numbers {
            self.column(cells, column);
        }
    }

    fn push(&mut self, cells: &mut Cells<'_>, spot: Spot, place: Option<u64>, text: &str) -> bool {
        let (number, offset) = place.map_or((spot.row, spot.column), |place| (place, 0));
        let label = is_label(text);
        let near = |(_, column): &&(String, u64)| spot.column.saturating_sub(*column) <= REACH;
        let at = At { field: 0, row: 0, number, offset };
        let go_on = match self.kind {
            Kind::Table(header) => {
                let at =
                    At { field: self.column(cells, spot.column), row: spot.row.saturating_sub(header), ..at };
                match self.left.as_ref().filter(near) {
                    Some((left, _)) if !label && is_value(text) => {
                        self.joined.clear();
                        self.joined.extend([left, " ", text]);
                        cells.push(at, &self.joined)
                    }
                    _ => cells.push(at, text),
                }
            }
            Kind::Form => {
                let left = self.left.as_ref().filter(near).map(|(label, _)| label);
                let named = left.or_else(|| self.above.get(&spot.column)).filter(|_| !label).cloned();
                let field = match named {
                    Some(label) => self.label(cells, &label, spot.column),
                    None => self.column(cells, spot.column),
                };
                cells.push(At { field, ..at }, text)
            }
        };
        if label {
            let name = name_of(text);
            if self.kind == Kind::Form && self.above.len() < MOST_LABELS {
                self.above.insert(spot.column, name.to_owned());
            }
            self.left = Some((name.to_owned(), spot.column));
        } else if self.left.is_some() && !is_value(text) {
            // 姓名 | 王芳 | 138…: the number is no name, whatever it is. In a row of values all have the same label.
            self.left = self.left.take().filter(|_| self.kind == Kind::Form);
        }
        go_on
    }

    /// The field of a column.
    fn column(&mut self, cells: &mut Cells<'_>, column: u64) -> u32 {
        let column = column.min(MOST_COLUMNS - 1);
        let at = column as usize;
        if let Some(Some(field)) = self.columns.get(at) {
            return *field;
        }
        if self.columns.len() <= at {
            self.columns.resize(at + 1, None);
        }
        let field = match self.named.get(&column) {
            Some(name) => self.field(cells, &name.clone(), name.clone()),
            None => self.field(cells, &column_letters(column), String::new()),
        };
        self.columns[at] = Some(field);
        field
    }

    /// The field of a label; that of the column where there are too many.
    fn label(&mut self, cells: &mut Cells<'_>, label: &str, column: u64) -> u32 {
        if self.fields.len() > MOST_LABELS {
            return self.column(cells, column);
        }
        self.field(cells, label, label.to_owned())
    }

    fn field(&mut self, cells: &mut Cells<'_>, name: &str, words: String) -> u32 {
        let shown = format!("{}{name}", self.prefix);
        if let Some(&field) = self.fields.get(&shown) {
            return field;
        }
        let field = cells.field(FieldName { shown: shown.clone(), words });
        self.fields.insert(shown, field);
        field
    }
}

#[cfg(test)]
mod tests;
