//! Reads the rows of a SQLite file: the common way fast, tables with values too large for memory with care.
use super::super::{Chunk, Failure, LONGEST_VALUE, Reader};
use super::{catalogue, failure};
use crate::model::Rows;
use crate::model::coverage::Reason;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, MAIN_DB, Row};
use std::collections::HashSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Steps of SQLite's machine between two looks at the clock.
const STEPS: i32 = 100_000;

/// The tables that were found to hold values longer than [`LONGEST_VALUE`].
pub(super) type Large = Arc<Mutex<HashSet<String>>>;

/// A connection that reads chunks.
pub(super) struct RowReader {
    connection: Connection,
    timeout: Duration,
    begun: Instant,
    /// When the running statement is to end, in milliseconds since `begun`.
    deadline: Arc<AtomicU64>,
    large: Large,
}

impl RowReader {
    pub fn new(mut connection: Connection, timeout: Duration, large: Large) -> Self {
        let (begun, deadline) = (Instant::now(), Arc::new(AtomicU64::new(u64::MAX)));
        let seen = deadline.clone();
        // Neither fails on a connection that is open.
        let _ = connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE as i32);
        let late = move || begun.elapsed().as_millis() as u64 > seen.load(Ordering::Relaxed);
        let _ = connection.progress_handler(STEPS, Some(late));
        RowReader { connection, timeout, begun, deadline, large }
    }
}

impl Reader for RowReader {
    fn read(
        &mut self,
        chunk: &Chunk,
        stop: &AtomicBool,
        each: &mut dyn FnMut(&Rows) -> bool,
    ) -> Result<(), Failure> {
        let until = self.begun.elapsed() + self.timeout;
        self.deadline.store(until.as_millis() as u64, Ordering::Relaxed);
        let large = || self.large.lock().unwrap_or_else(PoisonError::into_inner);
        let is_large = large().contains(&chunk.table);
        if let Some(sql) = chunk.careful.as_ref().filter(|_| is_large) {
            return with_care(&self.connection, chunk, sql, stop, each).map_err(|error| failure(&error));
        }
        plainly(&self.connection, chunk, stop, each).map_err(|error| {
            if error.sqlite_error_code() != Some(ErrorCode::TooBig) {
                return failure(&error);
            }
            large().insert(chunk.table.clone());
            // What was handed out counts for nothing: the caller asks again, and is then read to with care.
            Failure::passing(Reason::TooLarge, "values too long to be read whole")
        })
    }
}

fn plainly(
    connection: &Connection,
    chunk: &Chunk,
    stop: &AtomicBool,
    each: &mut dyn FnMut(&Rows) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&chunk.sql)?;
    let (mut found, mut batch) = (statement.query([])?, Rows::new(chunk.columns));
    while let Some(row) = found.next()? {
        for column in 0..chunk.columns {
            push(&mut batch, row, column)?;
        }
        if batch.is_full() {
            if stop.load(Ordering::Relaxed) || !each(&batch) {
                return Ok(());
            }
            batch.clear();
        }
    }
    if !batch.is_empty() {
        each(&batch);
    }
    Ok(())
}

fn push(batch: &mut Rows, row: &Row<'_>, column: usize) -> rusqlite::Result<()> {
    // Writing to a Vec cannot fail.
    match row.get_ref(column)? {
        ValueRef::Null => batch.push(None),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => batch.push(Some(bytes)),
        ValueRef::Integer(number) => batch.push_with(|out| {
            let _ = write!(out, "{number}");
        }),
        ValueRef::Real(number) => batch.push_with(|out| {
            let _ = write!(out, "{number}");
        }),
    }
    Ok(())
}

/// The statement for a table with large values: those come as NULL, and the last columns say which they are, one
/// bit each, and in which row.
pub(super) fn careful(columns: &[String], rowid: Option<&str>, from: &str) -> String {
    let large = |column: &String| format!("octet_length({column}) > {LONGEST_VALUE}");
    let list = columns.iter().map(|column| format!("iif({}, NULL, {column})", large(column)));
    // More than 63 columns do not fit the bits; the last bit stands for all the rest.
    let bits = columns
        .iter()
        .enumerate()
        .map(|(i, column)| format!("((ifnull({}, 0)) << {})", large(column), i.min(62)));
    let bits = bits.reduce(|a, b| format!("{a} | {b}")).unwrap_or_else(|| "0".into());
    let list: Vec<_> = list.chain([bits, rowid.unwrap_or("NULL").to_owned()]).collect();
    format!("SELECT {} {from}", list.join(", "))
}

fn with_care(
    connection: &Connection,
    chunk: &Chunk,
    sql: &str,
    stop: &AtomicBool,
    each: &mut dyn FnMut(&Rows) -> bool,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let (mut found, mut batch) = (statement.query([])?, Rows::new(chunk.columns));
    while let Some(row) = found.next()? {
        let (bits, rowid): (i64, Option<i64>) = (row.get(chunk.columns)?, row.get(chunk.columns + 1)?);
        for column in 0..chunk.columns {
            let is_large = bits >> column.min(62) & 1 == 1 && matches!(row.get_ref(column)?, ValueRef::Null);
            match rowid.filter(|_| is_large) {
                Some(rowid) => beginning(connection, chunk, column, rowid, &mut batch)?,
                // Without a rowid the value cannot be opened; it is not read, and counted as cut.
                None if is_large => batch.push_with(|out| out.resize(out.len() + LONGEST_VALUE, b' ')),
                None => push(&mut batch, row, column)?,
            }
        }
        if batch.is_full() {
            if stop.load(Ordering::Relaxed) || !each(&batch) {
                return Ok(());
            }
            batch = Rows::new(chunk.columns);
        }
    }
    if !batch.is_empty() {
        each(&batch);
    }
    Ok(())
}

/// The first [`LONGEST_VALUE`] bytes of a value, read without the rest of it.
fn beginning(
    connection: &Connection,
    chunk: &Chunk,
    column: usize,
    rowid: i64,
    batch: &mut Rows,
) -> rusqlite::Result<()> {
    let name = catalogue::unquoted(&chunk.names[column]);
    let blob = connection.blob_open(MAIN_DB, chunk.table.as_str(), name.as_str(), rowid, true)?;
    let mut outcome = Ok(());
    batch.push_with(|out| {
        let start = out.len();
        out.resize(start + LONGEST_VALUE, 0);
        outcome = blob.read_at_exact(&mut out[start..], 0);
    });
    outcome
}
