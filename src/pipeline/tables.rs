//! Scans the tables of a database: chunk by chunk on a few connections, each chunk counted whole or not at all.
use super::publish::Place;
use super::sample;
use super::sweep::{Gathered, Sweep};
use super::table::Table;
use super::table_reader::TableReader;
use crate::decode::Entry;
use crate::model::coverage::{Exception, Reason};
use crate::source;
use crate::source::database::{Access, Database, Failure, Rate, Target, Throttle};
use globset::GlobSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much of the tables is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    /// Everything.
    Whole,
    /// This share of every table, drawn at random.
    Share(f64),
    /// About so many rows of every table, drawn at random.
    Rows(u64),
    /// As much as can be read in this time, the likeliest tables first, drawn at random.
    Time(Duration),
}

/// How databases are scanned.
#[derive(Clone, Debug)]
pub struct TableOptions {
    /// How to connect, and which tables are wanted.
    pub access: Access,
    /// How much is read.
    pub extent: Extent,
    /// Where the random choice begins; the same seed chooses the same rows.
    pub seed: u64,
    /// Connections to one server at a time.
    pub connections: NonZeroUsize,
    /// The most that is read in a second.
    pub rate: Option<Rate>,
}

impl Default for TableOptions {
    fn default() -> Self {
        TableOptions {
            access: Access::default(),
            extent: Extent::Whole,
            seed: 0,
            connections: NonZeroUsize::MIN,
            rate: None,
        }
    }
}

/// What one connection shares with the others.
pub(super) struct Shared<'a> {
    pub sweep: &'a Sweep<'a>,
    pub database: &'a dyn Database,
    pub access: &'a Access,
    pub throttle: &'a Throttle,
    /// When time is up.
    pub deadline: Option<Instant>,
    /// Set while the server is gone: what was waited for in vain once is not waited for again with every chunk.
    pub gone: AtomicBool,
}

impl Shared<'_> {
    /// Whether the scan is to end: interrupted, or out of time.
    pub fn is_over(&self) -> bool {
        self.sweep.watch.stop.load(Ordering::Relaxed)
            || self.deadline.is_some_and(|end| Instant::now() >= end)
    }
}

/// Scans all wanted tables of a database that was named as a target.
pub(super) fn scan(sweep: &Sweep<'_>, target: &Target, database: &dyn Database) {
    let TableOptions { access, connections, .. } = &sweep.options.tables;
    if let Err(failure) = all(sweep, database, access, &|below| target.path_of(below), *connections) {
        let mut gathered = Gathered::default();
        gathered.coverage.exception(masked(sweep, failure.row(&target.shown())), 0);
        sweep.gather(gathered);
    }
}

/// Scans all tables of a database that is an object of a sweep; what is no file is copied into one first. The ledger row
/// is that of the whole, where it cannot be read.
pub(super) fn scan_entry(sweep: &Sweep<'_>, place: &Place<'_>, entry: Entry<'_>) -> Option<Exception> {
    if let Some(path) = place.file {
        return scan_file(sweep, path, place.name);
    }
    let copied = match entry {
        Entry::Whole(mut bytes) => source::to_file(&mut bytes),
        Entry::Stream(reader) => source::to_file(reader),
    };
    match copied {
        Ok((_, Some(error))) | Err(error) => Some(source::failed(place.name, &error)),
        Ok((file, None)) => scan_file(sweep, file.path(), place.name),
    }
}

/// Scans the tables of a SQLite file that was met on the way, on the thread that met it. Returns a ledger row when
/// it cannot be opened.
fn scan_file(sweep: &Sweep<'_>, path: &Path, name: &str) -> Option<Exception> {
    let database = match Target::Sqlite(path.to_owned()).open() {
        Ok(database) => database,
        Err(detail) => return Some(Failure::new(Reason::ReadError, detail).row(name)),
    };
    // The names that were asked for are those of files.
    let named = &sweep.options.tables.access;
    let access = Access { include: GlobSet::empty(), exclude: GlobSet::empty(), ..named.clone() };
    let path_of = |below: &str| format!("{name}!{below}");
    let outcome = all(sweep, database.as_ref(), &access, &path_of, NonZeroUsize::MIN);
    outcome.err().map(|failure| failure.row(name))
}

/// Scans all wanted tables of a database.
fn all(
    sweep: &Sweep<'_>,
    database: &dyn Database,
    access: &Access,
    path_of: &dyn Fn(&str) -> String,
    connections: NonZeroUsize,
) -> Result<(), Failure> {
    let (mut gathered, options) = (Gathered::default(), &sweep.options.tables);
    let inventory = database.inventory(access)?;
    for row in inventory.exceptions {
        gathered.coverage.exception(masked(sweep, Exception { path: path_of(&row.path), ..row }), 0);
    }
    let deadline = match options.extent {
        Extent::Time(time) => Some(Instant::now() + time),
        _ => None,
    };
    let mut tables = Vec::new();
    for found in inventory.tables {
        let path = path_of(&found.path);
        match Table::new(options, database, access, path.clone(), found) {
            Ok(table) => tables.push(table),
            Err(failure) => gathered.coverage.exception(masked(sweep, failure.row(&path)), 0),
        }
    }
    let throttle = &Throttle::new(options.rate);
    let expected = tables.iter().filter_map(Table::expected).sum();
    sweep.watch.expected.fetch_add(expected, Ordering::Relaxed);
    let shared = Shared { sweep, database, access, throttle, deadline, gone: AtomicBool::new(false) };
    read(&shared, &tables, connections, &mut gathered);
    sweep.gather(gathered);
    Ok(())
}

pub(super) fn masked(sweep: &Sweep<'_>, row: Exception) -> Exception {
    let masked = |text: &str| sweep.engine.masked(text).into_owned();
    Exception { path: masked(&row.path), detail: masked(&row.detail), ..row }
}

/// Reads the chosen chunks; the connections take them one after another.
fn read(shared: &Shared<'_>, tables: &[Table], connections: NonZeroUsize, gathered: &mut Gathered) {
    let queue = order(shared, tables);
    let (next, ended) = (AtomicUsize::new(0), Mutex::new(Gathered::default()));
    std::thread::scope(|scope| {
        for _ in 0..connections.get().min(queue.len().max(1)) {
            scope.spawn(|| {
                let mut reader = TableReader::new(shared);
                while let Some(&(table, chunk)) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if shared.is_over() {
                        break;
                    }
                    if let Some(last) = tables[table].take(&mut reader, chunk) {
                        let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
                        tables[table].end(shared.sweep, last, &mut ended);
                    }
                }
            });
        }
    });
    let mut ended = ended.into_inner().unwrap_or_else(PoisonError::into_inner);
    for table in tables {
        if let Some(rest) = table.rest() {
            table.end(shared.sweep, rest, &mut ended);
        }
    }
    gathered.merge(ended);
}

/// Which chunk of which table comes when: table by table, or, against the clock, a chunk of each in turn, the
/// likeliest tables first.
fn order(shared: &Shared<'_>, tables: &[Table]) -> Vec<(usize, usize)> {
    let mut queue: Vec<_> = tables
        .iter()
        .enumerate()
        .flat_map(|(table, t)| t.chosen.iter().map(move |&chunk| (table, chunk)))
        .collect();
    if shared.deadline.is_some() {
        let worth: Vec<_> =
            tables.iter().map(|table| sample::worth(shared.sweep.engine, &table.found.table)).collect();
        let mut turns = vec![0; tables.len()];
        let mut keyed: Vec<_> = queue
            .into_iter()
            .map(|(table, chunk)| {
                turns[table] += 1;
                // A table worth twice as much gets two chunks for each of the other's.
                ((turns[table] as f64 / worth[table]), table, chunk)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        queue = keyed.into_iter().map(|(_, table, chunk)| (table, chunk)).collect();
    }
    queue
}
