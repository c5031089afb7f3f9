//! Chooses the header among the first rows of a table.
use super::Spot;
use super::label::{is_label, is_name, is_short_number, name_of};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Rows among which the header is.
const CANDIDATES: usize = 20;
/// Rows below a candidate that tell how wide the table is.
const BELOW: usize = 8;
/// Rows below a label in which its first value stands.
const NEAR: usize = 3;
/// Rows that a header has at most.
const HEADER_ROWS: usize = 3;

/// A cell that is held, its text a part of what all of them say.
pub(super) struct Held {
    pub spot: Spot,
    pub place: Option<u64>,
    pub text: Range<usize>,
}

/// The names of columns, by column.
pub(super) type Columns = HashMap<u64, String>;

/// A header.
pub(super) struct Header {
    /// Its first row in the sheet.
    pub first: u64,
    /// Its last row in the sheet.
    pub last: u64,
    pub columns: Columns,
    /// Whether it holds labels that have values below them.
    pub has_labels: bool,
}

/// The rows that are held.
pub(super) struct Sheet<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    number: u64,
    cells: Vec<(u64, &'a str)>,
    /// Labels with a value to the right, and labels with a value below.
    pairs: [usize; 2],
}

impl Row<'_> {
    fn cell(&self, column: u64) -> Option<&str> {
        let at = self.cells.binary_search_by_key(&column, |cell| cell.0).ok()?;
        Some(self.cells[at].1)
    }

    /// Whether all of it are names, nearly all of them different; years may stand between them.
    fn is_names(&self) -> bool {
        let names = self.cells.iter().filter(|cell| is_name(cell.1)).count();
        let different: HashSet<&str> = self.cells.iter().map(|cell| cell.1).collect();
        names * 2 > self.cells.len()
            && different.len() * 2 > self.cells.len()
            && self.cells.iter().all(|cell| is_name(cell.1) || is_short_number(cell.1))
    }
}

impl<'a> Sheet<'a> {
    pub fn new(held: &[Held], text: &'a str) -> Self {
        let mut rows: Vec<Row<'a>> = Vec::new();
        for cell in held {
            let Spot { row, column } = cell.spot;
            if rows.last().is_none_or(|last| last.number != row) {
                rows.push(Row { number: row, cells: Vec::new(), pairs: [0; 2] });
            }
            if let Some(last) = rows.last_mut() {
                last.cells.push((column, &text[cell.text.clone()]));
            }
        }
        rows.iter_mut().for_each(|row| row.cells.sort_by_key(|cell| cell.0));
        let mut sheet = Sheet { rows };
        let pairs: Vec<_> = (0..sheet.rows.len()).map(|at| sheet.pairs(at)).collect();
        sheet.rows.iter_mut().zip(pairs).for_each(|(row, pairs)| row.pairs = pairs);
        sheet
    }

    fn pairs(&self, at: usize) -> [usize; 2] {
        let cells = &self.rows[at].cells;
        let mut pairs = [0; 2];
        for (i, (column, _)) in cells.iter().enumerate().filter(|(_, cell)| is_label(cell.1)) {
            let right = cells.get(i + 1).is_some_and(|next| !is_label(next.1));
            let mut below = self.rows[at + 1..].iter().take(NEAR).filter_map(|row| row.cell(*column));
            pairs[0] += usize::from(right);
            pairs[1] += usize::from(below.next().is_some_and(|text| !is_label(text)));
        }
        pairs
    }

    /// Whether labels stand to the left of their values rather than above.
    pub fn is_form(&self) -> bool {
        let sum = |which: usize| self.rows.iter().map(|row| row.pairs[which]).sum::<usize>();
        sum(0) > sum(1)
    }

    /// The header, if there is one.
    pub fn header(&self) -> Option<Header> {
        let form = self.is_form();
        let mut best: Option<(usize, usize)> = None;
        for at in 0..self.rows.len().min(CANDIDATES) {
            let [right, below] = self.rows[at].pairs;
            let only = self.rows.len() == 1 && self.rows[0].cells.len() > 2;
            let fits = (right <= below && (below > 0 || !form)) || only;
            if fits
                && self.is_candidate(at)
                && best.is_none_or(|(_, score)| below.saturating_sub(right) > score)
            {
                best = Some((at, below.saturating_sub(right)));
            }
        }
        let at = best?.0;
        let (first, last) = self.extent(at);
        let has_labels = self.rows[first..=last].iter().any(|row| row.pairs[1] > 0);
        let columns = self.columns(first, last);
        Some(Header { first: self.rows[first].number, last: self.rows[last].number, columns, has_labels })
    }

    /// Whether a row can be a header: names, about as many as the rows below have cells.
    fn is_candidate(&self, at: usize) -> bool {
        let row = &self.rows[at];
        let mut widths: Vec<usize> =
            self.rows[at + 1..].iter().take(BELOW).map(|row| row.cells.len()).collect();
        widths.sort_unstable();
        let width = widths.get(widths.len() / 2).copied().unwrap_or(2);
        row.cells.len() * 10 >= width * 6 && row.is_names()
    }

    /// The rows of a header that has this one: what is a group above, and what fills its gaps below.
    fn extent(&self, at: usize) -> (usize, usize) {
        let (mut first, mut last) = (at, at);
        while last + 1 < self.rows.len() && last + 1 - first < HEADER_ROWS && self.fills(first, last + 1) {
            last += 1;
        }
        while first > 0 && last + 1 - first < HEADER_ROWS && self.groups(first - 1) {
            first -= 1;
        }
        (first, last)
    }

    /// Whether a row stands right below the header, in columns that were empty so far or are parts of a group, and
    /// leaves out only what has its name already.
    fn fills(&self, first: usize, at: usize) -> bool {
        let (above, row) = (&self.rows[at - 1], &self.rows[at]);
        let new = row.cells.iter().filter(|(column, _)| above.cell(*column).is_none()).count();
        let both = row.cells.len() - new;
        let names_below = self.rows.get(at + 1).is_some_and(|next| next.cells.len() > row.cells.len());
        row.number == self.rows[first].number + (at - first) as u64
            && new > 0
            && above.cells.len() > both
            && names_below
            && row.is_names()
    }

    /// Whether a row stands right above the header, and its cells are names of groups of columns. A single one is
    /// a title.
    fn groups(&self, at: usize) -> bool {
        let (row, below) = (&self.rows[at], &self.rows[at + 1]);
        row.number + 1 == below.number
            && row.cells.len() > 1
            && row.cells.len() <= below.cells.len()
            && row.pairs[0] <= row.pairs[1] + 1
            && row.is_names()
    }

    /// What the columns are called. A group's name holds to the right as far as the next one.
    fn columns(&self, first: usize, last: usize) -> Columns {
        let mut columns = Columns::new();
        for (column, _) in self.rows[first..=last].iter().flat_map(|row| &row.cells) {
            if columns.contains_key(column) {
                continue;
            }
            let mut names: Vec<&str> = Vec::new();
            for (depth, row) in self.rows[first..=last].iter().enumerate() {
                let lower = self.rows[first + depth + 1..=last].iter().any(|row| row.cell(*column).is_some());
                let own = row.cell(*column);
                let group = || {
                    let before = row.cells.partition_point(|cell| cell.0 < *column);
                    before.checked_sub(1).map(|at| row.cells[at].1)
                };
                names.extend(own.or_else(|| lower.then(group).flatten()).map(name_of));
            }
            names.dedup();
            columns.insert(*column, one_line(&names.join(" ")));
        }
        columns
    }
}

/// Names are broken into lines to fit their columns.
fn one_line(name: &str) -> String {
    if !name.contains(char::is_control) {
        return name.to_owned();
    }
    let han = |c: char| c >= '\u{2E80}';
    let mut line = String::new();
    for part in name.split(char::is_control).map(str::trim).filter(|part| !part.is_empty()) {
        let joins = line.chars().next_back().is_some_and(han) && part.chars().next().is_some_and(han);
        if !line.is_empty() && !joins {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}
