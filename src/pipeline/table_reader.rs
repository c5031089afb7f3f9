//! One connection of a table scan: reads a chunk, again where the connection was lost, and counts it.
use super::counted::Counted;
use super::object::Job;
use super::table::Table;
use super::tables::Shared;
use crate::decode::TableDecoder;
use crate::scan::Scratch;
use crate::source::database::{Chunk, Failure, LONGEST_VALUE, Reader};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often a chunk is tried on a new connection.
const TRIES: u32 = 4;
/// How long the first new try waits; each one after that waits three times as long.
const PAUSE: Duration = Duration::from_millis(500);

/// A connection, made when it is needed, and the buffers of its thread.
pub(super) struct TableReader<'s, 'a> {
    shared: &'s Shared<'a>,
    connection: Option<(String, Box<dyn Reader>)>,
    scratch: Scratch,
}

/// What a chunk gave.
pub(super) struct Read {
    pub counted: Counted,
    pub rows: u64,
}

impl<'s, 'a> TableReader<'s, 'a> {
    pub fn new(shared: &'s Shared<'a>) -> Self {
        TableReader { shared, connection: None, scratch: Scratch::default() }
    }

    /// What reads the rows of a table.
    pub fn decoder(table: &Table) -> TableDecoder {
        TableDecoder::new(&table.found.table, table.plan.address, LONGEST_VALUE)
    }

    /// Reads a chunk whole; `None` when the scan is over before its end.
    pub fn read(&mut self, table: &Table, chunk: &Chunk) -> Result<Option<Read>, Failure> {
        let gone = &self.shared.gone;
        let tries = if gone.load(Ordering::Relaxed) { 1 } else { TRIES };
        let mut pause = PAUSE;
        for _ in 1..tries {
            match self.once(table, chunk) {
                Err(failure) if failure.may_pass => {
                    self.connection = None;
                    if !self.rest(pause) {
                        return Ok(None);
                    }
                    pause *= 3;
                }
                outcome => return outcome,
            }
        }
        let outcome = self.once(table, chunk);
        gone.store(outcome.as_ref().is_err_and(|failure| failure.may_pass), Ordering::Relaxed);
        outcome
    }

    fn once(&mut self, table: &Table, chunk: &Chunk) -> Result<Option<Read>, Failure> {
        let (mut connection, mut scratch) =
            (self.connect(&table.found.database)?, std::mem::take(&mut self.scratch));
        let (sweep, throttle) = (self.shared.sweep, self.shared.throttle);
        let options = sweep.options;
        let (keep, reveal, fingerprint) = (options.findings.is_some(), options.reveal, &options.fingerprint);
        let watch = sweep.watch;
        let job =
            Job { engine: sweep.engine, keep, reveal, fingerprint, stop: &watch.stop, done: &watch.bytes };
        let mut decoder = Self::decoder(table);
        let mut counted = Counted::default();
        let mut over = false;
        let outcome = connection.1.read(chunk, &watch.stop, &mut |rows| {
            decoder.feed(rows, &mut |piece| {
                job.take(&piece, &mut scratch, &mut counted);
                true
            });
            over = self.shared.is_over() || !self.rest(throttle.after(rows.len(), rows.bytes().len()));
            !over
        });
        self.scratch = scratch;
        if outcome.as_ref().err().is_none_or(|failure| !failure.may_pass) {
            self.connection = Some(connection);
        }
        outcome?;
        counted.name(decoder.fields(), sweep.engine);
        for (field, seen) in decoder.seen().iter().enumerate() {
            counted.seen_mut(field as u32).merge(*seen);
        }
        let rows = decoder.rows();
        Ok((!over && !self.shared.is_over()).then_some(Read { counted, rows }))
    }

    fn connect(&mut self, database: &str) -> Result<(String, Box<dyn Reader>), Failure> {
        match self.connection.take() {
            Some(connection) if connection.0 == database => Ok(connection),
            _ => {
                let reader = self.shared.database.connect(database, self.shared.access)?;
                Ok((database.to_owned(), reader))
            }
        }
    }

    /// Waits, and looks up now and then; false when the scan is over.
    fn rest(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !self.shared.is_over() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
        false
    }
}
