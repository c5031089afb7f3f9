//! Rows on their way from a database to the scanner: cell after cell in one buffer.

/// Marks the end of a cell that is NULL.
const NULL: u32 = 1 << 31;
/// The byte behind every cell; no number contains it.
pub const TERMINATOR: u8 = 0;
/// Bytes after which rows are passed on.
const FULL: usize = 512 * 1024;

/// A batch of rows, each of the same columns.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    /// Where each cell ends; the terminator stands there.
    ends: Vec<u32>,
    columns: usize,
}

impl Rows {
    /// No rows yet, of so many columns.
    pub fn new(columns: usize) -> Self {
        Rows { bytes: Vec::with_capacity(FULL + FULL / 8), ends: Vec::new(), columns: columns.max(1) }
    }

    /// Adds the next cell of the current row. A value of 2 GB and more must have been cut before.
    pub fn push(&mut self, cell: Option<&[u8]>) {
        self.bytes.extend_from_slice(cell.unwrap_or_default());
        let null = if cell.is_none() { NULL } else { 0 };
        self.ends.push(self.bytes.len() as u32 | null);
        self.bytes.push(TERMINATOR);
    }

    /// Adds the next cell, written by `write`.
    pub fn push_with(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len() as u32);
        self.bytes.push(TERMINATOR);
    }

    /// How many whole rows there are.
    pub fn len(&self) -> usize {
        self.ends.len() / self.columns
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Whether it is time to pass the rows on.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    /// Empties the batch, keeping its buffers.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// All bytes: every cell with its terminator.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a cell lies in [`Rows::bytes`]; `None` where it is NULL. `cell` counts through all rows.
    pub fn span(&self, cell: usize) -> Option<std::ops::Range<usize>> {
        let start = if cell == 0 { 0 } else { (self.ends[cell - 1] & !NULL) as usize + 1 };
        let end = self.ends[cell];
        (end & NULL == 0).then_some(start..end as usize)
    }

    /// A cell by row and column.
    pub fn cell(&self, row: usize, column: usize) -> Option<&[u8]> {
        self.span(row * self.columns + column).map(|span| &self.bytes[span])
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_went_in() {
        let mut rows = Rows::new(2);
        for cell in [Some("a"), None, Some(""), Some("号")] {
            rows.push(cell.map(str::as_bytes));
        }
        assert_eq!(rows.len(), 2);
        assert_eq!([rows.cell(0, 0), rows.cell(0, 1)], [Some(&b"a"[..]), None]);
        assert_eq!([rows.cell(1, 0), rows.cell(1, 1)], [Some(&b""[..]), Some("号".as_bytes())]);
    }
}
