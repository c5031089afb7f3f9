//! Gathers the values of a document into cells, and hands them on in batches.
use super::{Counter, Escapes, Origin, Output, Piece, Unit};
use crate::model::{Batch, Cell, Encoding, FieldName, TERMINATOR};

/// Bytes of values gathered before they are scanned.
const GATHER: usize = 256 * 1024;
/// Fields with a name of their own; what comes after them shares one without. A workbook may claim millions.
const MOST_FIELDS: usize = 50_000;

/// Where a value is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct At {
    /// The number of the field, as [`Cells::field`] gave it.
    pub field: u32,
    /// The data row, from 1; 0 where there are none.
    pub row: u64,
    /// The page, paragraph, slide, or row of the sheet, from 1; 0 where it is not known.
    pub number: u64,
    /// In a sheet the column, from 0; else where the value begins, where that is known.
    pub offset: u64,
}

/// Cells on their way to the scanner.
pub(super) struct Cells<'o> {
    /// Where they go; for what is no cell, it can be used between two of them.
    pub output: &'o mut dyn Output,
    unit: Unit,
    names: Vec<FieldName>,
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

impl<'o> Cells<'o> {
    /// No cells yet, whose places are counted in `unit`.
    pub fn new(output: &'o mut dyn Output, unit: Unit) -> Self {
        Cells { output, unit, names: Vec::new(), bytes: Vec::new(), cells: Vec::new() }
    }

    /// A number for a field.
    pub fn field(&mut self, name: FieldName) -> u32 {
        if self.names.len() <= MOST_FIELDS {
            let last = self.names.len() == MOST_FIELDS;
            self.names.push(if last { FieldName::default() } else { name });
        }
        self.names.len() as u32 - 1
    }

    /// Adds a value, and hands on what was gathered when it is enough; false when the decoder is to end.
    pub fn push(&mut self, at: At, text: &str) -> bool {
        self.bytes.extend_from_slice(text.as_bytes());
        let At { field, row, number, offset } = at;
        self.cells.push(Cell { end: self.bytes.len(), field, row, line: number, offset });
        self.bytes.push(TERMINATOR);
        self.bytes.len() < GATHER || self.flush()
    }

    /// Hands on what was gathered; to be called at the end.
    pub fn flush(&mut self) -> bool {
        if self.cells.is_empty() {
            return true;
        }
        let counted = &Counter::default();
        let origin =
            Origin { base: 0, line: 0, window: &[], transcribed: false, escapes: Escapes::None, counted };
        let batch = Batch { bytes: &self.bytes, cells: &self.cells, encoding: Encoding::Utf8 };
        let body = 0..self.bytes.len();
        let unit = self.unit;
        let go_on = self.output.piece(Piece { batch, body, origin, fields: &self.names, keys: None, unit });
        self.bytes.clear();
        self.cells.clear();
        go_on
    }
}
