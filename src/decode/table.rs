//! Rows of a database table: cells as they come, JSON value by value under its path, bytes where they are text.
use super::json::{Paths, Values};
use super::{Counter, Escapes, Origin, Piece, Sink, Unit, charset, encoded};
use crate::model::{Batch, Cell, Encoding, FieldName, Holds, Rows, Seen, TERMINATOR, Table};
use std::ops::Range;

/// Reads the rows of one table, batch by batch.
pub struct TableDecoder {
    /// What the fetched columns hold.
    holds: Vec<Holds>,
    /// The columns, and behind them the JSON paths.
    paths: Paths,
    /// With what the paths of each column begin.
    roots: Vec<String>,
    /// The columns of the key, by number among the fetched ones, and their names.
    keys: Vec<(usize, String)>,
    /// A value as long as this was cut by the server.
    longest: usize,
    /// Of the columns: nulls, and values that could not be read whole or at all.
    seen: Vec<Seen>,
    bytes: Vec<u8>,
    cells: Vec<Cell>,
}

/// The keys of the rows in a batch: what leads from a finding back to its row.
#[derive(Clone, Copy)]
pub struct Keys<'a> {
    rows: &'a Rows,
    columns: &'a [(usize, String)],
    /// The number of the batch's first row.
    first: u64,
}

impl Keys<'_> {
    /// The key of a row, column by column; empty where the table has none.
    pub fn of(&self, row: u64) -> impl Iterator<Item = (&str, &[u8])> {
        let at = row.saturating_sub(self.first) as usize;
        self.columns
            .iter()
            .map(move |(column, name)| (name.as_str(), self.rows.cell(at, *column).unwrap_or_default()))
    }
}

impl TableDecoder {
    /// For the columns that are fetched of `table`, and its rows' address behind them, where there is one.
    /// Values of `longest` bytes and more are taken to have been cut.
    pub fn new(table: &Table, address: Option<&str>, longest: usize) -> Self {
        let fetched = table.fetched();
        let columns: Vec<_> = fetched.iter().map(|&i| &table.columns[i]).collect();
        let name = |column: &&crate::model::Column| FieldName {
            shown: column.name.clone(),
            words: format!("{} {}", column.name, column.comment),
        };
        let place = |key: &usize| fetched.iter().position(|i| i == key);
        let mut keys: Vec<_> = table
            .key
            .iter()
            .filter_map(|key| Some((place(key)?, table.columns[*key].name.clone())))
            .collect();
        if let Some(address) = address {
            keys.push((columns.len(), address.to_owned()));
        }
        TableDecoder {
            holds: columns.iter().map(|column| column.holds).collect(),
            paths: Paths::behind(columns.iter().map(name).collect()),
            roots: columns.iter().map(|column| format!("{}$", column.name)).collect(),
            keys,
            longest,
            seen: vec![Seen::default(); columns.len()],
            bytes: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// The names of all fields met so far, the columns first.
    pub fn fields(&self) -> &[FieldName] {
        &self.paths.names
    }

    /// What was seen of the columns, beside the values that were given out.
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.paths.row
    }

    /// Gives the cells of more rows to the sink; false when it says stop.
    pub fn feed(&mut self, rows: &Rows, sink: &mut Sink<'_>) -> bool {
        let first = self.paths.row + 1;
        self.bytes.clear();
        self.cells.clear();
        // UTF-8 as a whole, nearly always; then no cell needs to be looked at by itself.
        let whole = Whole::of(rows.bytes());
        let mut paths = std::mem::take(&mut self.paths);
        let mut values = Values::new(&mut paths, rows.bytes(), 0);
        values.line = Some(0);
        for row in 0..rows.len() {
            values.paths.row += 1;
            for column in 0..self.holds.len() {
                let Some(span) = rows.span(row * rows.columns() + column) else {
                    self.seen[column].nulls += 1;
                    continue;
                };
                let cell = &rows.bytes()[span.clone()];
                self.seen[column].cut += u64::from(cell.len() >= self.longest);
                let row = values.paths.row;
                match self.holds[column] {
                    Holds::Nothing => {}
                    Holds::Bytes => match charset::text_of(cell).or_else(|| encoded::unpacked_text(cell)) {
                        Some(text) => self.push(column, row, &text),
                        None => self.seen[column].binary += 1,
                    },
                    Holds::Json | Holds::Text if is_document(cell) => {
                        let before = values.cells.len();
                        let root = &self.roots[column];
                        let is_one = match whole.text(span.clone()) {
                            Some(text) => values.text_at(root, text),
                            None => values.document_at(root, cell),
                        };
                        if is_one {
                            // Its values are counted under their paths; the column is not empty for that.
                            self.seen[column].values += 1;
                            values.cells[before..]
                                .iter_mut()
                                .for_each(|cell| cell.offset -= span.start as u64);
                        } else {
                            self.text(column, row, cell, whole);
                        }
                    }
                    Holds::Json | Holds::Text | Holds::Number => self.text(column, row, cell, whole),
                }
            }
        }
        let counter = Counter::default();
        let origin = Origin {
            base: 0,
            line: 0,
            window: rows.bytes(),
            transcribed: false,
            escapes: Escapes::None,
            counted: &counter,
        };
        let keys = Keys { rows, columns: &self.keys, first };
        let piece = |bytes, cells, fields| Piece {
            batch: Batch::of_cells(bytes, cells, Encoding::Utf8),
            body: 0..bytes.len(),
            origin,
            fields,
            keys: Some(keys),
            unit: Unit::Line,
        };
        let (bytes, cells) = (&values.bytes, &values.cells);
        let go_on = (self.cells.is_empty() || sink(piece(&self.bytes, &self.cells, &values.paths.names)))
            && (cells.is_empty() || sink(piece(bytes, cells, &values.paths.names)));
        self.paths = paths;
        go_on
    }

    fn text(&mut self, column: usize, row: u64, cell: &[u8], whole: Whole<'_>) {
        match whole {
            Whole::Plain(_) => self.push(column, row, cell),
            Whole::Latin(_) => match charset::misread(cell) {
                Some(text) => self.push(column, row, text.as_bytes()),
                None => self.push(column, row, cell),
            },
            Whole::Broken => match charset::text_of(cell) {
                Some(text) => self.push(column, row, &text),
                None => self.push(column, row, cell),
            },
        }
    }

    fn push(&mut self, column: usize, row: u64, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.cells.push(Cell { end: self.bytes.len(), field: column as u32, row, line: 0, offset: 0 });
        self.bytes.push(TERMINATOR);
    }
}

/// Whether a cell looks like a JSON document: many are kept in columns of plain text.
fn is_document(cell: &[u8]) -> bool {
    matches!((cell.first(), cell.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')))
}

/// What can be said of all cells of a batch together.
#[derive(Clone, Copy)]
enum Whole<'a> {
    /// UTF-8, and none of the letters that misread bytes turn into.
    Plain(&'a str),
    /// UTF-8 with letters of Latin-1, which may be misread bytes.
    Latin(&'a str),
    /// Not UTF-8, somewhere.
    Broken,
}

impl<'a> Whole<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        match simdutf8::basic::from_utf8(bytes) {
            Err(_) => Whole::Broken,
            // U+0080 to U+00FF are written with these, and no other character is.
            Ok(text) if memchr::memchr2(0xC2, 0xC3, bytes).is_some() => Whole::Latin(text),
            Ok(text) => Whole::Plain(text),
        }
    }

    /// A cell, where it need not be looked at to know that it is UTF-8.
    fn text(self, span: Range<usize>) -> Option<&'a str> {
        match self {
            Whole::Plain(text) | Whole::Latin(text) => text.get(span),
            Whole::Broken => None,
        }
    }
}
