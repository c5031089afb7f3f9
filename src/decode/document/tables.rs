//! A table of a document while it is read; what its header and its labels are is found by the grid.
use crate::decode::cells::Cells;
use crate::decode::grid::{Grid, Spot};

/// Bytes of a cell whose paragraphs are one text: the words of a label, an address. In a longer one every paragraph has
/// its own place.
const ONE_TEXT: usize = 240;
/// Bytes of a cell that are held.
const HELD: usize = 256 * 1024;

/// A table.
pub struct Table {
    grid: Grid,
    row: u64,
    /// The column of the cell at hand.
    column: u64,
    /// The column of the next one.
    next: u64,
    in_cell: bool,
    /// The paragraphs of the cell with their numbers.
    paragraphs: Vec<(u64, String)>,
    bytes: usize,
}

impl Table {
    /// The table with this number in its document.
    pub fn new(number: u32) -> Self {
        let grid = Grid::new(&format!("table {number}"));
        Table { grid, row: 0, column: 0, next: 0, in_cell: false, paragraphs: Vec::new(), bytes: 0 }
    }

    /// Begins a row; false when the decoder is to end.
    pub fn open_row(&mut self, cells: &mut Cells<'_>) -> bool {
        let go_on = self.close_row(cells);
        self.row += 1;
        self.next = 0;
        go_on
    }

    /// Begins a cell.
    pub fn open_cell(&mut self, cells: &mut Cells<'_>) -> bool {
        let go_on = self.give(cells);
        self.column = self.next;
        self.next = self.next.saturating_add(1);
        self.in_cell = true;
        go_on
    }

    /// The cell at hand takes this many columns.
    pub fn widen(&mut self, columns: u64) {
        self.next = self.column.saturating_add(columns.max(1));
    }

    /// Whether there is a cell to put paragraphs in.
    pub fn in_cell(&self) -> bool {
        self.in_cell
    }

    /// Adds a paragraph to the cell at hand.
    pub fn paragraph(&mut self, cells: &mut Cells<'_>, number: u64, text: &str) -> bool {
        if text.trim().is_empty() {
            return true;
        }
        self.bytes += text.len();
        self.paragraphs.push((number, text.trim().to_owned()));
        self.bytes < HELD || self.give(cells)
    }

    /// Ends a row.
    pub fn close_row(&mut self, cells: &mut Cells<'_>) -> bool {
        self.in_cell = false;
        self.give(cells)
    }

    /// Ends the table.
    pub fn end(&mut self, cells: &mut Cells<'_>) -> bool {
        self.close_row(cells) && self.grid.end(cells)
    }

    fn give(&mut self, cells: &mut Cells<'_>) -> bool {
        let spot = Spot { row: self.row.max(1), column: self.column };
        let paragraphs = std::mem::take(&mut self.paragraphs);
        let bytes = std::mem::take(&mut self.bytes);
        let Some((first, _)) = paragraphs.first() else { return true };
        if bytes <= ONE_TEXT {
            let texts: Vec<&str> = paragraphs.iter().map(|(_, text)| text.as_str()).collect();
            self.grid.place = Some(*first);
            return self.grid.cell(cells, spot, &texts.join("\n"));
        }
        paragraphs.iter().all(|(number, text)| {
            self.grid.place = Some(*number);
            self.grid.cell(cells, spot, text)
        })
    }
}
