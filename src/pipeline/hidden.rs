//! Scans what an encoding hides in a piece: values found there that could not be read without decoding.
use super::counted::Counted;
use super::object::{Job, Lines};
use crate::decode::{Hidden, Piece};
use crate::model::{Batch, Cursor, Encoding};
use crate::scan::Scratch;
use std::ops::Range;

impl Job<'_> {
    /// Scans what is hidden in a piece; `known` are the places of the values that need no decoding.
    pub(super) fn hidden(
        &self,
        piece: &Piece<'_>,
        mut hidden: Hidden,
        known: Vec<Range<usize>>,
        scratch: &mut Scratch,
        counted: &mut Counted,
    ) {
        for (at, bytes) in std::mem::take(&mut hidden.files) {
            counted.keep_file(offset(piece, at), bytes);
        }
        let batch = Batch::of_cells(&hidden.bytes, &hidden.cells, Encoding::Utf8);
        let body = 0..hidden.bytes.len();
        let Piece { origin, fields, keys, unit, .. } = *piece;
        let decoded = Piece { batch, body: body.clone(), origin, fields, keys, unit };
        let (mut lines, mut outside) = (Lines::default(), Lines::from(piece.body.start));
        let mut any = false;
        for hit in self.engine.scanner.scan(&batch, body, scratch) {
            // What begins elsewhere belongs to another piece.
            let outer = hidden.place(hit.start..hit.end, &known);
            let Some(outer) = outer.filter(|outer| piece.body.contains(&outer.start)) else { continue };
            let mut cursor = Cursor::default();
            let line = match (piece.batch.spot_from(&mut cursor, outer.start), piece.batch.grid) {
                (None, _) => counted.lines + outside.to(piece.batch.bytes, outer.start),
                (Some(spot), None) => spot.line,
                (Some(_), Some(grid)) => grid.line(&mut cursor),
            };
            lines.set = Some((offset(piece, outer.start), line));
            self.hit(&decoded, hit, &mut lines, counted);
            any = true;
        }
        if any {
            counted.shapes(&scratch.shaped, self.engine.scanner.detectors().len());
        }
    }
}

/// The offset in the object of byte `at` of a piece.
fn offset(piece: &Piece<'_>, at: usize) -> u64 {
    match (piece.batch.spot_from(&mut Cursor::default(), at), piece.batch.grid) {
        (_, Some(grid)) => piece.origin.offset(grid.offset as usize + at),
        (Some(spot), None) => {
            piece.origin.offset_in_cell(spot.offset as usize, at.saturating_sub(spot.start))
        }
        (None, None) => piece.origin.offset(at),
    }
}
