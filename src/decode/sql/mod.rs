//! SQL dumps: the values of `INSERT` and `COPY` under their table and column, all other statements as text.
//!
//! Statements are told from one another at the beginning of lines and behind the end of data, and no tree is built of
//! them: a dump that has 100 MB of rows in one statement is read in windows like any other.
mod schema;
mod sniff;
mod token;
mod values;

pub(super) use sniff::{has_backslashes, is_dump};

use super::gather::{Fields, Gather, Spot};
use super::window::{WINDOW, Window};
use super::{Escapes, Sink};
use crate::model::{Encoding, MARGIN};
use schema::{Schema, Target};
use token::{Cursor, Dialect, Literal, literal};
use values::{Next, Reader, Rows};

/// Bytes that are looked at to understand a statement.
const LOOK_AHEAD: usize = 256 * 1024;
/// So many statements may be longer than that, or never end; then no more are looked at.
const PATIENCE: u32 = 64;
/// Header bytes that hold this many digits are scanned: names of tables can hold values.
const DIGITS: usize = 8;

/// Reads a dump window by window.
pub(super) struct Dump {
    dialect: Dialect,
    schema: Schema,
    fields: Fields,
    state: State,
    /// The last `INSERT INTO t (…) VALUES`, and what it says: most are followed by the same.
    header: Option<(Vec<u8>, Target)>,
    patience: u32,
}

/// What the next bytes are.
#[derive(Clone)]
enum State {
    Statement,
    Rows(Rows),
    Copy(Rows),
    /// The rest of something longer than a window: up to this byte, and then what.
    Long(Spot, u8, Box<State>),
}

/// What a statement is.
enum Statement {
    Rows(Target),
    Copy(Target),
    Other,
}

impl Dump {
    /// For dumps whose literals have escapes with backslashes, or not.
    pub fn new(escapes: Escapes) -> Self {
        Dump {
            dialect: Dialect {
                backslash: escapes == Escapes::Sql { backslash: true },
                encoding: Encoding::Utf8,
            },
            schema: Schema::default(),
            fields: Fields::default(),
            state: State::Statement,
            header: None,
            patience: PATIENCE,
        }
    }

    /// Gives what the window holds to the sink; returns how far it came, and whether to go on.
    pub fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        self.dialect.encoding = window.encoding;
        let mut fields = std::mem::take(&mut self.fields);
        let escapes = Escapes::Sql { backslash: self.dialect.backslash };
        let text = fields.number("statement", "");
        let mut gather = Gather::new(&mut fields, window, escapes, sink);
        let mut at = window.from;
        while at < window.bytes.len() && gather.goes_on() {
            let next = match std::mem::replace(&mut self.state, State::Statement) {
                State::Statement => self.statement(window, at, text, &mut gather),
                State::Rows(rows) => self.rows(window, at, rows, &mut gather),
                State::Copy(rows) => self.copy(window, at, rows, &mut gather),
                State::Long(spot, until, then) => self.long(window, at, (spot, until, then), &mut gather),
            };
            match next {
                Some(next) => at = next,
                None if window.last => {
                    // The dump ends in the middle.
                    gather.lines(text, at..window.bytes.len());
                    at = window.bytes.len();
                }
                None if at == window.from && window.bytes.len() >= WINDOW => {
                    at = self.stuck(window, at, text, &mut gather);
                }
                None => break,
            }
        }
        let go_on = gather.flush();
        self.fields = fields;
        (at, go_on)
    }

    /// Goes over a line that is no data, or up to the data of a statement.
    fn statement(
        &mut self,
        window: &Window<'_>,
        at: usize,
        text: u32,
        gather: &mut Gather<'_>,
    ) -> Option<usize> {
        let bytes = window.bytes;
        let at = at + bytes[at..].iter().take_while(|b| b.is_ascii_whitespace() || **b == b';').count();
        let rest = &bytes[at..];
        if let Some((header, target)) = &self.header
            && rest.starts_with(header)
        {
            self.state = State::Rows(Rows { target: target.clone(), spot: Spot::default(), place: None });
            return Some(at + header.len());
        }
        let ahead = &rest[..rest.len().min(LOOK_AHEAD)];
        let mut cursor = Cursor { text: ahead, at: 0, dialect: self.dialect };
        let statement = if self.patience > 0 { self.understand(&mut cursor) } else { Statement::Other };
        let ended = cursor.at >= ahead.len() && !rest.is_empty();
        if matches!(statement, Statement::Other) {
            if ended && ahead.len() == rest.len() && !window.last {
                return None;
            }
            self.patience -= u32::from(ended && ahead.len() == LOOK_AHEAD).min(self.patience);
        }
        let rows = |target| Rows { target, spot: Spot::default(), place: None };
        let end = match statement {
            Statement::Rows(target) => {
                self.header = Some((ahead[..cursor.at].to_vec(), target.clone()));
                self.state = State::Rows(rows(target));
                at + cursor.at
            }
            Statement::Copy(target) => {
                self.state = State::Copy(rows(target));
                at + cursor.at
            }
            Statement::Other => {
                let end = memchr::memchr(b'\n', rest).map(|end| at + end + 1);
                let end = end.or_else(|| window.last.then_some(bytes.len()))?;
                gather.lines(text, at..end);
                return Some(end);
            }
        };
        if bytes[at..end].iter().filter(|b| b.is_ascii_digit()).count() >= DIGITS {
            gather.lines(text, at..end);
        }
        Some(end)
    }

    /// Tells what statement begins here; the cursor is then where its data begins.
    fn understand(&mut self, cursor: &mut Cursor<'_>) -> Statement {
        match cursor.peek().map(|b| b.to_ascii_uppercase()) {
            Some(b'I' | b'R')
                if cursor.word("insert") || cursor.word("replace") || cursor.clone().word("into") =>
            {
                return insert(cursor, &mut self.schema).map_or(Statement::Other, Statement::Rows);
            }
            Some(b'C') if cursor.word("copy") => {
                return copy(cursor, &mut self.schema).map_or(Statement::Other, Statement::Copy);
            }
            Some(b'C') if cursor.word("create") => {
                let kinds = ["global", "temporary", "temp", "unlogged", "external", "foreign"];
                while kinds.iter().any(|kind| cursor.word(kind)) {}
                if cursor.word("table") {
                    self.schema.create(cursor);
                }
            }
            Some(b'C') if cursor.word("comment") && cursor.word("on") && cursor.word("column") => {
                self.schema.comment(cursor);
            }
            Some(b'U') if cursor.word("use") => {
                if let Some(name) = cursor.name() {
                    self.schema.uses(name);
                }
            }
            Some(b'E') if (cursor.word("exec") || cursor.word("execute")) && adds_property(cursor) => {
                self.schema.property(cursor);
            }
            Some(b'-') => self.remark(cursor.text),
            _ => {}
        }
        Statement::Other
    }

    /// The database, where a comment at the beginning names it (mysqldump, phpMyAdmin).
    fn remark(&mut self, text: &[u8]) {
        let line =
            &text[..text.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(text.len().min(200))];
        let line = self.dialect.encoding.decoder().decode_without_bom_handling(line).0;
        let mysqldump =
            line.strip_prefix("-- Host: ").and_then(|rest| Some(rest.split_once("Database: ")?.1));
        let others = ["-- Database: ", "-- 数据库： ", "-- 数据库: "];
        let name = mysqldump.or_else(|| others.iter().find_map(|start| line.strip_prefix(start)));
        if let Some(name) = name.map(|name| name.trim().trim_matches('`')).filter(|name| !name.is_empty()) {
            self.schema.uses(name.to_owned());
        }
    }

    fn rows(
        &mut self,
        window: &Window<'_>,
        at: usize,
        mut rows: Rows,
        gather: &mut Gather<'_>,
    ) -> Option<usize> {
        let (text, dialect) = (window.bytes, self.dialect);
        let mut reader = Reader { text, dialect, schema: &mut self.schema, gather };
        let (from, mut at) = (at, at);
        loop {
            match reader.row(&mut rows, at) {
                Next::More(next) if next > at => at = next,
                Next::Over(next) => return Some(next),
                Next::More(_) | Next::Cut => {
                    self.state = State::Rows(rows);
                    return (at > from).then_some(at);
                }
            }
            if !reader.gather.goes_on() {
                return Some(at);
            }
        }
    }

    fn copy(
        &mut self,
        window: &Window<'_>,
        at: usize,
        mut rows: Rows,
        gather: &mut Gather<'_>,
    ) -> Option<usize> {
        let (text, dialect) = (window.bytes, self.dialect);
        let mut reader = Reader { text, dialect, schema: &mut self.schema, gather };
        match reader.line(&mut rows, at, window.last) {
            Next::More(next) => {
                self.state = State::Copy(rows);
                Some(next)
            }
            Next::Over(next) => Some(next),
            Next::Cut => {
                self.state = State::Copy(rows);
                None
            }
        }
    }

    /// Gives out what is longer than the window, and notes what is to come of it.
    fn stuck(&mut self, window: &Window<'_>, at: usize, text: u32, gather: &mut Gather<'_>) -> usize {
        let bytes = window.bytes;
        let end = bytes.len() - MARGIN;
        let state = std::mem::replace(&mut self.state, State::Statement);
        let (spot, until, cut) = match &state {
            State::Rows(rows) if rows.place.is_some() => {
                let open = memchr::memchr(b'\'', &bytes[at..at + MARGIN]);
                let Some(open) = open else {
                    gather.lines(text, at..end);
                    return end;
                };
                let cut = match literal(bytes, at + open + 1, b'\'', self.dialect) {
                    Ok(Literal { end, .. }) => end,
                    Err(safe) => safe.max(end),
                };
                (rows.spot, b'\'', cut)
            }
            _ => (Spot { field: text, row: 0, line: gather.line(at), at }, b'\n', end),
        };
        gather.part(spot, at..cut);
        self.state = State::Long(spot, until, Box::new(state));
        cut
    }

    fn long(
        &mut self,
        window: &Window<'_>,
        at: usize,
        (spot, until, then): (Spot, u8, Box<State>),
        gather: &mut Gather<'_>,
    ) -> Option<usize> {
        let bytes = window.bytes;
        let end = if until == b'\n' {
            memchr::memchr(b'\n', &bytes[at..]).map(|end| at + end).ok_or(at)
        } else {
            literal(bytes, at, until, self.dialect).map(|literal| literal.end)
        };
        if let Ok(end) = end {
            gather.part(spot, at..end);
            self.state = *then;
            return Some(end + 1);
        }
        let safe = end.unwrap_or_else(|safe| safe);
        let cut = if window.last { bytes.len() } else { safe.max(bytes.len().saturating_sub(MARGIN)) };
        self.state = State::Long(spot, until, then);
        if cut <= at {
            return None;
        }
        gather.part(spot, at..cut);
        Some(cut)
    }
}

/// Whether the procedure that is called notes a comment (SQL Server).
fn adds_property(cursor: &mut Cursor<'_>) -> bool {
    cursor.path().and_then(|mut path| path.pop()).is_some_and(|name| name.ends_with("property"))
}

/// Reads an `INSERT` from behind its first word up to its rows.
fn insert(cursor: &mut Cursor<'_>, schema: &mut Schema) -> Option<Target> {
    for word in ["low_priority", "delayed", "high_priority", "ignore", "or"] {
        if cursor.word(word) && word == "or" {
            cursor.name()?;
        }
    }
    let _ = cursor.word("overwrite") || cursor.word("into");
    let _ = cursor.word("table") || cursor.word("only");
    let path = cursor.path()?;
    cursor.skip();
    let names = if cursor.peek()? == b'(' { cursor.names()? } else { Vec::new() };
    if cursor.word("overriding") {
        let _ = cursor.word("system") || cursor.word("user");
        let _ = cursor.word("value");
    }
    let values = cursor.word("values") || cursor.word("value");
    cursor.skip();
    let follows = cursor.peek()?;
    (values && (follows == b'(' || follows == b'R')).then(|| schema.target(path, names))
}

/// Reads a `COPY` from behind its first word up to its rows; only the text format is meant, which is what dumps hold.
fn copy(cursor: &mut Cursor<'_>, schema: &mut Schema) -> Option<Target> {
    let path = cursor.path()?;
    cursor.skip();
    let names = if cursor.peek()? == b'(' { cursor.names()? } else { Vec::new() };
    if !(cursor.word("from") && cursor.word("stdin")) {
        return None;
    }
    let rest = &cursor.text[cursor.at..];
    let line = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let options = rest[..line].to_ascii_lowercase();
    cursor.at += line;
    let next = (cursor.at < cursor.text.len()).then_some(cursor.at + 1)?;
    if ["csv", "binary", "delimiter"]
        .iter()
        .any(|word| memchr::memmem::find(&options, word.as_bytes()).is_some())
    {
        return None;
    }
    cursor.at = next;
    Some(schema.target(path, names))
}

#[cfg(test)]
mod tests;
