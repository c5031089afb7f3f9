//! The tables of a dump: their columns and comments, as far as statements before the data tell.
use super::token::{Cursor, Dialect, literal};
use crate::decode::gather::{Fields, is_value};
use std::collections::HashMap;

/// Columns numbered apart; what lies beyond is counted with the last.
const MOST_COLUMNS: usize = 4096;
/// What a part of a table's definition begins with that is no column.
const NO_COLUMN: [&str; 13] = [
    "constraint",
    "primary",
    "key",
    "unique",
    "index",
    "foreign",
    "check",
    "fulltext",
    "spatial",
    "like",
    "exclude",
    "period",
    "supplemental",
];

/// A column, and the comment on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Column {
    name: String,
    comment: String,
}

/// A table that was met.
#[derive(Debug, Default)]
struct Table {
    /// The name to show.
    shown: String,
    columns: Vec<Column>,
    rows: u64,
}

/// The tables met so far.
#[derive(Default)]
pub(super) struct Schema {
    /// The database that statements name before the tables in it.
    database: String,
    tables: Vec<Table>,
    numbers: HashMap<String, usize>,
}

/// Rows that follow: of which table, in which columns.
#[derive(Clone, Debug)]
pub(super) struct Target {
    table: usize,
    /// The columns that the statement names; empty where all of them follow.
    names: Vec<String>,
    /// The numbers of the fields, by place, as far as they were asked for.
    fields: Vec<u32>,
}

impl Schema {
    /// Takes note of the database whose tables follow.
    pub fn uses(&mut self, database: String) {
        self.database = database;
    }

    fn table(&mut self, mut path: Vec<String>) -> usize {
        if path.len() == 1 && !self.database.is_empty() {
            path.insert(0, self.database.clone());
        }
        let shown = path.join(".");
        let key = shown.to_lowercase();
        if let Some(&number) = self.numbers.get(&key) {
            return number;
        }
        self.tables.push(Table { shown, ..Table::default() });
        self.numbers.insert(key, self.tables.len() - 1);
        self.tables.len() - 1
    }

    /// What follows `INSERT INTO` or `COPY`.
    pub fn target(&mut self, path: Vec<String>, names: Vec<String>) -> Target {
        Target { table: self.table(path), names, fields: Vec::new() }
    }

    /// Counts a row of a table.
    pub fn row(&mut self, target: &Target) -> u64 {
        let rows = &mut self.tables[target.table].rows;
        *rows += 1;
        *rows
    }

    /// The field of a value by its place in the row.
    #[inline]
    pub fn field(&self, target: &mut Target, place: usize, fields: &mut Fields) -> u32 {
        match target.fields.get(place) {
            Some(&field) => field,
            None => self.new_field(target, place, fields),
        }
    }

    fn new_field(&self, target: &mut Target, place: usize, fields: &mut Fields) -> u32 {
        let table = &self.tables[target.table];
        let place = place.min(MOST_COLUMNS - 1);
        for at in target.fields.len()..=place {
            let column = if target.names.is_empty() {
                table.columns.get(at)
            } else {
                let name = target.names.get(at);
                name.and_then(|name| table.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)))
            };
            let name = target.names.get(at).or(column.map(|column| &column.name));
            // A table or column that is called by a number of somebody is no name to show.
            let clean = |name: &str| if is_value(name) { "*".into() } else { name.to_owned() };
            let shown = name.map_or_else(|| (at + 1).to_string(), |name| clean(name));
            let words = match (name, column) {
                (Some(name), Some(column)) => format!("{name} {}", column.comment),
                (Some(name), None) => name.clone(),
                _ => String::new(),
            };
            target.fields.push(fields.number(&format!("{}.{shown}", clean(&table.shown)), &words));
        }
        target.fields[place]
    }

    /// Reads `CREATE TABLE`, from behind the word `TABLE`.
    pub fn create(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let _ = cursor.word("if") && cursor.word("not") && cursor.word("exists");
        let path = cursor.path()?;
        if !cursor.sign(b'(') {
            return None;
        }
        let mut columns = Vec::new();
        loop {
            cursor.skip();
            if cursor.peek()? == b')' {
                break;
            }
            let is_column = !NO_COLUMN.iter().any(|word| cursor.clone().word(word));
            let name = cursor.name()?;
            let comment = rest_of_column(cursor)?;
            if is_column && columns.len() < MOST_COLUMNS {
                columns.push(Column { name, comment });
            }
            if !cursor.sign(b',') {
                break;
            }
            // What is written behind the comma on the same line is about the column before it.
            if let Some(note) = note(cursor)
                && let Some(column) =
                    columns.last_mut().filter(|column| is_column && column.comment.is_empty())
            {
                column.comment = note;
            }
        }
        let number = self.table(path);
        self.tables[number].columns = columns;
        Some(())
    }

    /// Reads `COMMENT ON COLUMN`, from behind the word `COLUMN` (PostgreSQL, Oracle).
    pub fn comment(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let mut path = cursor.path()?;
        let column = path.pop()?;
        if path.is_empty() || !cursor.word("is") {
            return None;
        }
        let comment = cursor.string()?;
        self.remark(path, &column, comment);
        Some(())
    }

    /// Reads a call of `sp_addextendedproperty` (SQL Server): the comment, and what it is on, are among its literals.
    pub fn property(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let mut literals = Vec::new();
        loop {
            cursor.skip();
            match cursor.peek() {
                Some(b'\'') => literals.push(cursor.string()?),
                Some(b'N') if cursor.text.get(cursor.at + 1) == Some(&b'\'') => {
                    literals.push(cursor.string()?)
                }
                None | Some(b';') => break,
                _ if cursor.clone().word("go") => break,
                _ => cursor.at += 1,
            }
        }
        let behind = |word: &str| {
            let at = literals.iter().position(|literal| literal.eq_ignore_ascii_case(word))?;
            literals.get(at + 1).cloned()
        };
        let (comment, column) = (behind("MS_Description")?, behind("COLUMN")?);
        let path = behind("SCHEMA").into_iter().chain(behind("TABLE")).collect();
        self.remark(path, &column, comment);
        Some(())
    }

    fn remark(&mut self, path: Vec<String>, column: &str, comment: String) {
        let number = self.table(path);
        let columns = &mut self.tables[number].columns;
        if let Some(known) = columns.iter_mut().find(|known| known.name.eq_ignore_ascii_case(column)) {
            known.comment = comment;
        }
    }
}

/// Goes over the type and all else that is said of a column, up to the comma or parenthesis behind it; the comment, if
/// there is one.
fn rest_of_column(cursor: &mut Cursor<'_>) -> Option<String> {
    let (mut depth, mut comment) = (0usize, String::new());
    loop {
        cursor.skip();
        if depth == 0 && cursor.word("comment") {
            comment = cursor.string().or_else(|| cursor.name())?;
            continue;
        }
        match cursor.peek()? {
            b'(' => depth += 1,
            b')' | b',' if depth == 0 => return Some(comment),
            b')' => depth -= 1,
            quote @ (b'\'' | b'"' | b'`') => {
                let Ok(literal) = literal(cursor.text, cursor.at + 1, quote, cursor.dialect) else {
                    cursor.at = cursor.text.len();
                    return None;
                };
                cursor.at = literal.end;
            }
            b if super::token::is_name(b) => {
                cursor.name()?;
                continue;
            }
            _ => {}
        }
        cursor.at += 1;
    }
}

/// A comment behind a comma, on the same line.
fn note(cursor: &Cursor<'_>) -> Option<String> {
    let rest = cursor.text.get(cursor.at..)?;
    let line = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
    let text = line.trim_ascii_start().strip_prefix(b"--")?;
    let Dialect { encoding, .. } = cursor.dialect;
    Some(encoding.decoder().decode_without_bom_handling(text).0.trim().to_owned())
}
