//! Delimited columns without copying them: cells are marked in the text as it stands, block by block.
use crate::model::{Grid, Seen};
use crate::simd;

/// Text that is marked at a time: it and its marks stay in a near cache until they are used.
pub(super) const STRETCH: usize = if cfg!(test) { 700 } else { 128 * 1024 };

/// Marks the cells of one stretch of text after another.
#[derive(Default)]
pub(super) struct Gridder {
    marks: simd::Columns,
    rows: Vec<u32>,
    doubts: Vec<u32>,
    seen: Vec<Seen>,
    /// Rows of the same number of cells, and that number, which are not yet in `seen`.
    alike: (u64, usize),
}

/// What came of a stretch.
pub(super) struct Marked {
    /// The bytes of its whole records that hold to the rules of quoting, and of the line ends behind them.
    pub length: usize,
    /// How many records these are, and how many line feeds.
    pub rows: u64,
    pub lines: u64,
    /// The place from which on something else is needed.
    pub broken: Option<usize>,
}

impl Gridder {
    /// Marks the cells of `text`, which begins with a record, of which `most` fields are told apart.
    pub fn mark(&mut self, text: &[u8], delimiter: u8, most: usize) -> Marked {
        simd::columns(text, delimiter, &mut self.marks);
        self.rows.clear();
        self.doubts.clear();
        self.seen.clear();
        let broken = self.marks.broken;
        let Some(last) = last_bit(&self.marks.records, broken.unwrap_or(text.len())) else {
            return Marked { length: 0, rows: 0, lines: 0, broken };
        };
        self.rows.push(0);
        let length = behind_lines(text, last + 1);
        self.walk(text, last, most);
        for bits in self.seen.iter_mut() {
            bits.values -= bits.nulls;
        }
        let lines = memchr::memchr_iter(b'\n', &text[last..length]).count() as u64;
        let before =
            self.marks.newlines[..last / 64].iter().map(|word| u64::from(word.count_ones())).sum::<u64>();
        let within = self.marks.newlines[last / 64] & !(u64::MAX << (last % 64));
        Marked {
            length,
            rows: self.rows.len() as u64,
            lines: lines + before + u64::from(within.count_ones()),
            broken,
        }
    }

    /// The grid of what was marked; `text` is of that length, and lies behind so many rows and lines at `offset`.
    pub fn grid<'a>(&'a self, text: &'a [u8], row: u64, line: u64, offset: usize) -> Grid<'a> {
        Grid {
            text,
            ends: &self.marks.ends,
            newlines: &self.marks.newlines,
            rows: &self.rows,
            row,
            line,
            offset: offset as u64,
            fields: self.seen.len() as u32,
            seen: &self.seen,
            doubts: &self.doubts,
        }
    }

    /// Goes over the marks up to the one at `last`, which ends the last record.
    fn walk(&mut self, text: &[u8], last: usize, most: usize) {
        let mut cells = 0;
        self.alike = (0, 0);
        for i in 0..=last / 64 {
            let upto = if i == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            let (ends, records) = (self.marks.ends[i] & upto, self.marks.records[i] & upto);
            let empty = self.marks.empty[i];
            let (mut marks, mut above) = ((empty & upto) | records, u64::MAX);
            while marks != 0 {
                let bit = marks & marks.wrapping_neg();
                marks ^= bit;
                let field = cells + (ends & above & (bit - 1)).count_ones() as usize;
                if empty & bit != 0 {
                    self.null(field.min(most - 1));
                }
                if records & bit != 0 {
                    self.row((field + 1).min(most));
                    let at = 64 * i + bit.trailing_zeros() as usize;
                    if at < last {
                        self.rows.push(behind_lines(text, at + 1) as u32);
                    }
                    cells = 0;
                    above = !(bit | (bit - 1));
                }
            }
            cells += (ends & above).count_ones() as usize;
            let mut doubts = self.marks.doubts[i] & upto;
            while doubts != 0 {
                self.doubts.push((64 * i) as u32 + doubts.trailing_zeros());
                doubts &= doubts - 1;
            }
        }
        self.row(0);
    }

    #[inline]
    fn null(&mut self, field: usize) {
        if self.seen.len() <= field {
            self.seen.resize(field + 1, Seen::default());
        }
        self.seen[field].nulls += 1;
    }

    /// Counts a row of so many cells.
    #[inline]
    fn row(&mut self, cells: usize) {
        let (count, alike) = self.alike;
        if alike == cells {
            self.alike.0 += 1;
            return;
        }
        if self.seen.len() < alike {
            self.seen.resize(alike, Seen::default());
        }
        self.seen[..alike].iter_mut().for_each(|seen| seen.values += count);
        self.alike = (1, cells);
    }
}

/// Behind the line ends at `at`.
pub(super) fn behind_lines(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// The last bit before `end`.
fn last_bit(words: &[u64], end: usize) -> Option<usize> {
    let mut index = end.div_ceil(64).min(words.len());
    while index > 0 {
        index -= 1;
        let below = if end < 64 * (index + 1) { !(u64::MAX << (end % 64)) } else { u64::MAX };
        let word = words[index] & below;
        if word != 0 {
            return Some(64 * index + 63 - word.leading_zeros() as usize);
        }
    }
    None
}
