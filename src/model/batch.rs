//! What a decoder hands to the scanner: one run of text, or many cells in one flat buffer.
use serde::Serialize;

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

/// A piece of an object: either running text (`cells` is empty), or cells one after another.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The bytes to scan.
    pub bytes: &'a [u8],
    /// The cells in order, each ending where the next begins; empty for running text.
    pub cells: &'a [Cell],
    /// How the bytes are to be read.
    pub encoding: Encoding,
}

impl<'a> Batch<'a> {
    /// Running text.
    pub fn text(bytes: &'a [u8], encoding: Encoding) -> Self {
        Batch { bytes, cells: &[], encoding }
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
        let batch = Batch { bytes: &[b' '; 100], cells: &cells, encoding: Encoding::Utf8 };
        for step in 1..40 {
            let mut cursor = 0;
            for at in (0..=100).step_by(step) {
                let index = |found: Option<(usize, &Cell)>| found.map(|(index, _)| index);
                assert_eq!(index(batch.cell_from(&mut cursor, at)), index(batch.cell(at)), "{at} by {step}");
            }
        }
    }
}
