//! What a decoder hands to the scanner: one run of text, or many cells in one flat buffer.
use super::{Cursor, Grid, Spot};
use serde::Serialize;
use std::borrow::Cow;

/// How far round a body of text a scanner may look, in bytes: values that overlap it, context words, and
/// character boundaries. A window that is to be cut must reach this far beyond the cut.
pub const MARGIN: usize = 1024;

/// The ASCII-compatible encodings that are scanned as they stand; UTF-16 is transcoded before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, also for plain ASCII and for bytes of unknown origin.
    Utf8,
    /// GB 18030-2022, which GBK and GB 2312 are parts of.
    Gb18030,
    /// Big5 with the extensions of the WHATWG encoding standard.
    Big5,
}

impl Encoding {
    /// The decoder of the WHATWG encoding standard for this encoding.
    pub fn decoder(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Gb18030 => encoding_rs::GB18030,
            Encoding::Big5 => encoding_rs::BIG5,
        }
    }
}

/// One cell of a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// Where the cell ends in the batch's bytes; the byte there is a terminator that no number contains.
    pub end: usize,
    /// The field (column, JSON path) that the cell belongs to, as the decoder numbers them.
    pub field: u32,
    /// The data row, from 1; 0 where there are no rows.
    pub row: u64,
    /// The line the cell's record starts on, from 1.
    pub line: u64,
    /// Offset of the cell's first byte in the object.
    pub offset: u64,
}

/// A piece of an object: either running text (`cells` is empty), or cells one after another, or a grid of them.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The bytes to scan.
    pub bytes: &'a [u8],
    /// The cells in order, each ending where the next begins; empty for running text.
    pub cells: &'a [Cell],
    /// How the bytes are to be read.
    pub encoding: Encoding,
    /// The cells, where `bytes` are rows and columns as they were written.
    pub grid: Option<&'a Grid<'a>>,
}

impl<'a> Batch<'a> {
    /// Running text.
    pub fn text(bytes: &'a [u8], encoding: Encoding) -> Self {
        Batch::of_cells(bytes, &[], encoding)
    }

    /// Cells, each behind the other.
    pub fn of_cells(bytes: &'a [u8], cells: &'a [Cell], encoding: Encoding) -> Self {
        Batch { bytes, cells, encoding, grid: None }
    }

    /// Rows and columns as they were written.
    pub fn of_grid(grid: &'a Grid<'a>, encoding: Encoding) -> Self {
        Batch { grid: Some(grid), ..Batch::text(grid.text, encoding) }
    }

    /// Whether this is running text.
    pub fn is_text(&self) -> bool {
        self.cells.is_empty() && self.grid.is_none()
    }

    /// Whether the cells lie in rows.
    pub fn has_rows(&self) -> bool {
        self.grid.is_some() || self.cells.first().is_some_and(|cell| cell.row > 0)
    }

    /// How many fields there may be: one more than the highest number; one in running text.
    pub fn fields(&self) -> usize {
        let fields = self.cells.iter().map(|cell| cell.field as usize + 1).max().unwrap_or(1);
        self.grid.map_or(fields, |grid| grid.fields as usize)
    }

    /// The field that byte `at` belongs to, for places that are asked for in order; 0 in running text.
    pub fn field_from(&self, cursor: &mut Cursor, at: usize) -> u32 {
        match self.grid {
            Some(grid) => grid.field(cursor, at),
            None => self.cell_from(&mut cursor.index, at).map_or(0, |(_, cell)| cell.field),
        }
    }

    /// The cell that byte `at` lies in, for places that are asked for in order; `None` in running text.
    pub fn spot_from(&self, cursor: &mut Cursor, at: usize) -> Option<Spot> {
        if let Some(grid) = self.grid {
            return Some(grid.spot(cursor, at));
        }
        let (index, &Cell { end, field, row, line, offset }) = self.cell_from(&mut cursor.index, at)?;
        Some(Spot { start: self.start_of(index), end, field, row, line, offset })
    }

    /// What stands in a cell, or all of a running text, and where byte `at` of the batch is in it.
    pub fn surroundings(&self, spot: Option<&Spot>, at: usize) -> (Cow<'a, [u8]>, usize) {
        match (spot, self.grid) {
            (None, _) => (Cow::Borrowed(self.bytes), at),
            (Some(spot), None) => (Cow::Borrowed(&self.bytes[spot.start..spot.end]), at - spot.start),
            (Some(spot), Some(grid)) => {
                let before = Spot { end: at, ..*spot };
                (grid.value(spot), grid.value(&before).len())
            }
        }
    }

    /// The cell that byte `at` lies in; `None` in running text.
    pub fn cell(&self, at: usize) -> Option<(usize, &'a Cell)> {
        let index = self.cells.partition_point(|cell| cell.end <= at);
        self.cells.get(index).map(|cell| (index, cell))
    }

    /// The same for places that are asked for in order; `cursor` begins at 0 and is kept between the calls.
    pub fn cell_from(&self, cursor: &mut usize, at: usize) -> Option<(usize, &'a Cell)> {
        let behind = &self.cells[*cursor..];
        // The next one is near as a rule: look further and further, then between.
        let mut step = 1;
        while behind.get(step).is_some_and(|cell| cell.end <= at) {
            step *= 2;
        }
        let near = &behind[step / 2..behind.len().min(step + 1)];
        *cursor += step / 2 + near.partition_point(|cell| cell.end <= at);
        self.cells.get(*cursor).map(|cell| (*cursor, cell))
    }

    /// Where the cell with this index starts in the batch's bytes.
    pub fn start_of(&self, index: usize) -> usize {
        if index == 0 { 0 } else { self.cells[index - 1].end + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_found_in_order_as_out_of_order() {
        let ends = [0usize, 1, 5, 6, 30, 31, 32, 33, 34, 99];
        let cells: Vec<_> =
            ends.iter().map(|&end| Cell { end, field: 0, row: 0, line: 0, offset: 0 }).collect();
        let batch = Batch::of_cells(&[b' '; 100], &cells, Encoding::Utf8);
        for step in 1..40 {
            let mut cursor = 0;
            for at in (0..=100).step_by(step) {
                let index = |found: Option<(usize, &Cell)>| found.map(|(index, _)| index);
                assert_eq!(index(batch.cell_from(&mut cursor, at)), index(batch.cell(at)), "{at} by {step}");
            }
        }
    }
}
