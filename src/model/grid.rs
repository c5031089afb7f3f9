//! Rows and columns as they lie in the text: cells are marked by bits, and looked up only where something is found.
use super::{Cell, Seen, TERMINATOR};
use std::borrow::Cow;
use std::ops::Range;

/// The cells of a text of delimited columns. Nothing is copied: every place is found by counting bits.
///
/// A cell is in quotes as a whole, with inner ones doubled, or holds none (RFC 4180).
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    /// The text: whole records, each with its end.
    pub text: &'a [u8],
    /// A bit for every byte that ends a cell.
    pub ends: &'a [u64],
    /// A bit for every line feed.
    pub newlines: &'a [u64],
    /// Where each row starts.
    pub rows: &'a [u32],
    /// Rows before the first.
    pub row: u64,
    /// The line that the text begins on.
    pub line: u64,
    /// Where the text begins in the window.
    pub offset: u64,
    /// How many fields are told apart; what lies beyond is counted with the last.
    pub fields: u32,
    /// By field, how many values there are.
    pub seen: &'a [Seen],
    /// Places in cells that may be masked, or digests.
    pub doubts: &'a [u32],
}

/// A cell, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its first byte in the batch.
    pub start: usize,
    /// Behind its last.
    pub end: usize,
    /// See [`Cell::field`].
    pub field: u32,
    /// See [`Cell::row`].
    pub row: u64,
    /// See [`Cell::line`]; in a grid [`Grid::line`] counts it.
    pub line: u64,
    /// See [`Cell::offset`].
    pub offset: u64,
}

/// How far the cells were looked at: places are asked for in order, so that counting goes on from there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cursor {
    /// The cell, or the row.
    pub(super) index: usize,
    /// Where fields were counted to in the row, and how many there are before.
    at: usize,
    field: u32,
    /// The same of lines.
    line_at: usize,
    lines: u64,
    /// The cell that was found last, with what it is in and its end.
    last: (usize, usize),
}

impl<'a> Grid<'a> {
    /// The places of all cells of at least so many bytes, their quotes left out.
    pub fn long_cells(&self, least: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let bits = |(i, word): (usize, &u64)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(64 * i + bit)
            })
        };
        let mut start = 0;
        self.ends.iter().enumerate().flat_map(bits).chain([self.text.len()]).filter_map(move |end| {
            let cell = start..end.min(self.text.len());
            start = end + 1;
            let quoted = self.text.get(cell.start) == Some(&b'"');
            let within = if quoted { cell.start + 1..cell.end.saturating_sub(1) } else { cell };
            (within.len() >= least).then_some(within)
        })
    }

    /// The field of the cell that byte `at` lies in.
    pub fn field(&self, cursor: &mut Cursor, at: usize) -> u32 {
        while self.rows.get(cursor.index + 1).is_some_and(|start| *start as usize <= at) {
            cursor.index += 1;
        }
        let row = self.rows.get(cursor.index).map_or(0, |start| *start as usize);
        if cursor.at < row || cursor.at > at {
            (cursor.at, cursor.field) = (row, 0);
        }
        cursor.field += count(self.ends, cursor.at, at);
        cursor.at = at;
        cursor.field.min(self.fields.saturating_sub(1))
    }

    /// The cell that byte `at` lies in.
    pub fn spot(&self, cursor: &mut Cursor, at: usize) -> Spot {
        let field = self.field(cursor, at);
        let row = self.rows.get(cursor.index).map_or(0, |start| *start as usize);
        if !(cursor.last.0..cursor.last.1).contains(&at) {
            let start = last_before(self.ends, row, at).map_or(row, |end| end + 1);
            cursor.last = (start, first_from(self.ends, at).unwrap_or(self.text.len()));
        }
        let (mut start, mut end) = cursor.last;
        if self.text.get(start) == Some(&b'"') {
            start += 1;
            end = start.max(end - 1);
        }
        Spot {
            start,
            end,
            field,
            row: self.row + cursor.index as u64 + 1,
            line: 0,
            offset: self.offset + start as u64,
        }
    }

    /// The line that the row of the cell begins on that was found last.
    pub fn line(&self, cursor: &mut Cursor) -> u64 {
        let row = self.rows.get(cursor.index).map_or(0, |start| *start as usize);
        if cursor.line_at > row {
            (cursor.line_at, cursor.lines) = (0, 0);
        }
        cursor.lines += u64::from(count(self.newlines, cursor.line_at, row));
        cursor.line_at = row;
        self.line + cursor.lines
    }

    /// What is written in the cell.
    pub fn value(&self, spot: &Spot) -> Cow<'a, [u8]> {
        let text = self.text;
        let written = &text[spot.start..spot.end];
        if spot.start == 0 || self.text[spot.start - 1] != b'"' || memchr::memchr(b'"', written).is_none() {
            return Cow::Borrowed(written);
        }
        let mut value = Vec::with_capacity(written.len());
        let mut at = 0;
        while at < written.len() {
            value.push(written[at]);
            at += if written[at] == b'"' { 2 } else { 1 };
        }
        Cow::Owned(value)
    }

    /// The cells one by one, their bytes and what is known of each, as a batch without a grid has them.
    pub fn unfolded(&self) -> (Vec<u8>, Vec<Cell>) {
        let (mut bytes, mut cells, mut cursor) = (Vec::new(), Vec::new(), Cursor::default());
        let ends = self.rows.iter().skip(1).map(|start| *start as usize).chain([self.text.len()]);
        for (row, next) in self.rows.iter().zip(ends) {
            let mut at = *row as usize;
            loop {
                let spot = self.spot(&mut cursor, at);
                bytes.extend_from_slice(&self.value(&spot));
                let (Spot { field, row, offset, .. }, line) = (spot, self.line(&mut cursor));
                cells.push(Cell { end: bytes.len(), field, row, line, offset });
                bytes.push(TERMINATOR);
                at = cursor.last.1 + 1;
                if at >= next || matches!(self.text[at - 1], b'\r' | b'\n') {
                    break;
                }
            }
        }
        (bytes, cells)
    }
}

/// How many bits are set in `from..to`.
fn count(words: &[u64], from: usize, to: usize) -> u32 {
    if from >= to {
        return 0;
    }
    let (first, last) = (from / 64, to / 64);
    let (above, below) = (u64::MAX << (from % 64), !(u64::MAX << (to % 64)));
    let word = |i: usize| words.get(i).copied().unwrap_or(0);
    if first == last {
        return (word(first) & above & below).count_ones();
    }
    let between: u32 = (first + 1..last).map(|i| word(i).count_ones()).sum();
    (word(first) & above).count_ones() + between + (word(last) & below).count_ones()
}

/// The last bit in `from..to`.
fn last_before(words: &[u64], from: usize, to: usize) -> Option<usize> {
    let mut index = to / 64;
    let mut word = words.get(index).copied().unwrap_or(0) & !(u64::MAX << (to % 64));
    while word == 0 {
        if index * 64 <= from {
            return None;
        }
        index -= 1;
        word = words[index];
    }
    Some(index * 64 + 63 - word.leading_zeros() as usize).filter(|at| *at >= from)
}

/// The first bit from `from` on.
fn first_from(words: &[u64], from: usize) -> Option<usize> {
    let mut index = from / 64;
    let mut word = words.get(index)? & u64::MAX << (from % 64);
    while word == 0 {
        index += 1;
        word = *words.get(index)?;
    }
    Some(index * 64 + word.trailing_zeros() as usize)
}
