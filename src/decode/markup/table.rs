//! Tables in HTML: which header stands over a cell, which before it.

/// Columns whose headers are kept.
const MOST_COLUMNS: usize = 1024;
/// A header that is longer is none.
const LONGEST: usize = 96;
/// Cells in the first row that make it headers though they are not marked so.
const ENOUGH: usize = 3;

/// A table that is open.
#[derive(Debug, Default)]
pub(super) struct Table {
    headers: Vec<String>,
    /// The cells of the row at hand, by column: their text as far as it can be a header.
    row: Vec<String>,
    /// How many of them are marked as headers.
    marked: usize,
    cells: usize,
    column: usize,
    /// Columns that the cell at hand takes.
    span: usize,
    /// The data row at hand, from 1.
    pub number: u64,
    pub in_cell: bool,
}

impl Table {
    /// A row begins.
    pub fn row(&mut self) {
        self.end_row();
        self.number += 1;
    }

    /// A cell begins; `span` columns wide.
    pub fn cell(&mut self, marked: bool, span: usize) {
        self.end_cell();
        if self.number == 0 {
            self.number = 1;
        }
        self.marked += usize::from(marked);
        self.cells += 1;
        self.span = span.clamp(1, MOST_COLUMNS);
        self.in_cell = true;
    }

    /// A cell ends.
    pub fn end_cell(&mut self) {
        if self.in_cell {
            self.in_cell = false;
            self.column += self.span;
        }
    }

    /// Takes what a cell holds, should it be a header.
    pub fn text(&mut self, text: &str) {
        if self.in_cell && self.column < MOST_COLUMNS {
            let last = (self.column + self.span).min(MOST_COLUMNS);
            self.row.resize(self.row.len().max(last), String::new());
            for header in &mut self.row[self.column..last] {
                if header.len() + text.len() < LONGEST {
                    header.push_str(if header.is_empty() { "" } else { " " });
                    header.push_str(text);
                }
            }
        }
    }

    /// A row ends: it may have been headers.
    pub fn end_row(&mut self) {
        self.end_cell();
        let digits = |text: &String| text.chars().filter(|c| c.is_numeric()).count();
        let plain = self.row.iter().all(|text| !text.is_empty() && digits(text) <= 3);
        let first = self.headers.is_empty() && self.number == 1 && self.cells >= ENOUGH && plain;
        if self.cells > 1 && (self.marked == self.cells || first) {
            // Under another row of headers: the names below are the closer ones.
            let above = std::mem::take(&mut self.headers);
            self.headers = std::mem::take(&mut self.row);
            for (header, above) in self.headers.iter_mut().zip(above) {
                if header.is_empty() {
                    *header = above;
                }
            }
            self.number = 0;
        }
        (self.marked, self.cells, self.column) = (0, 0, 0);
        self.row.clear();
    }

    /// The header over the cell at hand; none where the cell is one itself.
    pub fn header(&self) -> Option<&str> {
        let header = self.headers.get(self.column).filter(|_| self.in_cell)?;
        (!header.is_empty()).then_some(header)
    }
}
