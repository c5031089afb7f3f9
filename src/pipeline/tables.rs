//! Scans the tables of a database: chunk by chunk on a few connections, each chunk counted whole or not at all.
use super::counted::Counted;
use super::sample::{self, Clusters};
use super::sweep::{Gathered, Sweep};
use super::table_reader::TableReader;
use crate::model::coverage::{Exception, Reason, State};
use crate::model::map::{ColumnFacts, Object, TableFacts};
use crate::model::{Holds, Seen};
use crate::source::database::{Access, Database, Failure, Found, Plan, Rate, Target, Throttle};
use globset::GlobSet;
use std::io;
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

/// One table on its way.
pub(super) struct Table {
    /// Its path, as findings show it.
    path: String,
    pub found: Found,
    pub plan: Plan,
    /// The chunks to read, in the order of reading.
    chosen: Vec<usize>,
    state: Mutex<Progress>,
}

/// How far a table is.
#[derive(Default)]
struct Progress {
    counted: Counted,
    clusters: Clusters,
    rows: u64,
    /// Chunks that are read, and chunks that could not be.
    done: usize,
    failures: Vec<Failure>,
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

/// What a SQLite file is called by those who look at its first bytes.
pub(super) const SQLITE: &str = "application/vnd.sqlite3";

/// Scans all wanted tables of a database that was named as a target.
pub(super) fn scan(sweep: &Sweep<'_>, target: &Target, database: &dyn Database) {
    let TableOptions { access, connections, .. } = &sweep.options.tables;
    if let Err(failure) = all(sweep, database, access, &|below| target.path_of(below), *connections) {
        let mut gathered = Gathered::default();
        gathered.coverage.exception(masked(sweep, failure.row(&target.shown())), 0);
        sweep.gather(gathered);
    }
}

/// Scans the tables of a SQLite file that was met on the way, on the thread that met it. Returns a ledger row when
/// it cannot be opened.
pub(super) fn scan_file(sweep: &Sweep<'_>, path: &Path, name: &str) -> Option<Exception> {
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
        match plan(sweep, database, access, path.clone(), found) {
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

fn masked(sweep: &Sweep<'_>, row: Exception) -> Exception {
    let masked = |text: &str| sweep.engine.masked(text).into_owned();
    Exception { path: masked(&row.path), detail: masked(&row.detail), ..row }
}

fn plan(
    sweep: &Sweep<'_>,
    database: &dyn Database,
    access: &Access,
    path: String,
    found: Found,
) -> Result<Table, Failure> {
    let options = &sweep.options.tables;
    let grain = sample::grain(options.extent, &found.table);
    let plan = database.plan(&found, access, grain)?;
    let chosen = sample::choose(&plan, grain, options.seed, &path);
    Ok(Table { path, found, plan, chosen, state: Mutex::default() })
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
    // What time or the user's patience did not reach, and tables that have nothing to read.
    for table in tables {
        let progress = std::mem::take(&mut *table.state.lock().unwrap_or_else(PoisonError::into_inner));
        if table.chosen.is_empty()
            || progress.done + progress.failures.len() < table.chosen.len() && !progress.is_ended()
        {
            table.end(shared.sweep, progress, &mut ended);
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

impl Progress {
    /// The state of a table that was ended is taken away; an ended one counts nothing.
    fn is_ended(&self) -> bool {
        self.done == usize::MAX
    }
}

impl Table {
    /// Reads a chunk; returns what the table gave when it was the last.
    fn take(&self, reader: &mut TableReader<'_, '_>, chunk: usize) -> Option<Progress> {
        let outcome = reader.read(self, &self.plan.chunks[chunk]);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Ok(Some(read)) => {
                state.rows += read.rows;
                let Progress { counted, clusters, .. } = &mut *state;
                clusters.add(counted, read.counted);
                state.done += 1;
            }
            // Over: the rest of the table is not read, and this chunk counts for nothing.
            Ok(None) => return None,
            Err(failure) => state.failures.push(failure),
        }
        if state.done + state.failures.len() < self.chosen.len() {
            return None;
        }
        Some(std::mem::replace(&mut *state, Progress { done: usize::MAX, ..Progress::default() }))
    }

    /// The bytes that will be read, as the database estimates.
    fn expected(&self) -> Option<u64> {
        Some((self.found.table.bytes? as f64 * share(&self.plan, self.chosen.len())) as u64)
    }

    /// Enters the table in the map and in the ledger.
    fn end(&self, sweep: &Sweep<'_>, progress: Progress, gathered: &mut Gathered) {
        sweep.watch.objects.fetch_add(1, Ordering::Relaxed);
        let place = sweep.place(&self.path);
        let (bytes, share) = (progress.counted.bytes, share(&self.plan, progress.done));
        let row = self.ledger(sweep, &progress, share);
        let object = Object {
            path: String::new(),
            format: "table".into(),
            encoding: "utf-8".into(),
            bytes,
            table: Some(TableFacts {
                comment: self.found.table.comment.clone(),
                rows_read: progress.rows,
                share_read: (share * 1e4).round() / 1e4,
            }),
            fields: Vec::new(),
        };
        match self.publish(sweep, &place, progress, share, object) {
            Ok(object) => gathered.objects.extend(object),
            Err(error) => gathered.error = Some(error),
        }
        match row {
            None => gathered.coverage.scanned(bytes),
            Some((state, reason, detail)) => {
                let row = Exception { path: self.path.clone(), state, reason, detail };
                gathered.coverage.exception(masked(sweep, row), bytes);
            }
        }
    }

    fn publish(
        &self,
        sweep: &Sweep<'_>,
        place: &super::publish::Place<'_>,
        mut progress: Progress,
        share: f64,
        object: Object,
    ) -> io::Result<Option<Object>> {
        let table = &self.found.table;
        let fetched = table.fetched();
        let columns: Vec<_> = fetched.iter().map(|&i| &table.columns[i]).collect();
        if progress.counted.fields.is_empty() {
            // Nothing was read, but the names of the columns are known.
            let names = TableReader::decoder(self);
            progress.counted.name(names.fields(), sweep.engine);
        }
        let facts: Vec<_> = columns
            .iter()
            .map(|column| ColumnFacts {
                type_name: column.type_name.clone(),
                comment: column.comment.clone(),
            })
            .collect();
        let Progress { counted, clusters, done, .. } = progress;
        let of = self.plan.chunks.len();
        let estimate = |field: u32, detector: usize, matched: u64| {
            if self.plan.kept.is_some() {
                return sample::thinned(matched, share);
            }
            clusters.interval(field, detector, matched, done, of)
        };
        let sampled = share < 1.0 && done > 0;
        let estimate: Option<&super::judge::Estimate<'_>> = if sampled { Some(&estimate) } else { None };
        sweep.publish(place, counted, &facts, estimate, object)
    }

    /// Why the table was not read whole, if it was not.
    fn ledger(&self, sweep: &Sweep<'_>, progress: &Progress, share: f64) -> Option<(State, Reason, String)> {
        let state = if progress.done == 0 { State::Failed } else { State::Partial };
        if let Some(failure) = progress.failures.first() {
            let (failed, all) = (progress.failures.len(), self.chosen.len());
            let detail = match all {
                1 => failure.detail.clone(),
                _ => format!("{failed} of {all} parts: {}", failure.detail),
            };
            return Some((state, failure.reason, detail));
        }
        let open = progress.done < self.chosen.len();
        if open && sweep.watch.stop.load(Ordering::Relaxed) {
            let state = if progress.done == 0 { State::Skipped } else { State::Partial };
            return Some((state, Reason::Interrupted, String::new()));
        }
        if open && progress.done == 0 {
            return Some((State::Skipped, Reason::Budget, String::new()));
        }
        if let Some((reason, detail)) = self.unread(&progress.counted.seen) {
            return Some((State::Partial, reason, detail));
        }
        (share < 1.0).then(|| (State::Partial, Reason::Sampled, format!("{:.2} %", share * 100.0)))
    }

    /// Values that were met and could not be read, or not whole.
    fn unread(&self, seen: &[Seen]) -> Option<(Reason, String)> {
        let table = &self.found.table;
        let columns = table.fetched().into_iter().map(|i| &table.columns[i]).zip(seen);
        let list = |count: fn(&Seen) -> u64| -> Option<String> {
            let named = columns.clone().filter(|(_, seen)| count(seen) > 0);
            let parts: Vec<_> =
                named.map(|(column, seen)| format!("{}: {}", column.name, count(seen))).collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        };
        let cut = list(|seen| seen.cut).map(|detail| (Reason::TooLarge, detail));
        cut.or_else(|| list(|seen| seen.binary).map(|detail| (Reason::NoDecoder, detail)))
    }
}

/// The share of a table that `read` of its chunks are.
fn share(plan: &Plan, read: usize) -> f64 {
    match plan.chunks.len() {
        0 => 1.0,
        all => plan.kept.unwrap_or(1.0) * read as f64 / all as f64,
    }
}

/// The statements that a scan would run, and what they would read: `--dry-run`.
///
/// # Errors
/// The database cannot be asked.
pub fn statements(
    engine: &super::Engine,
    target: &Target,
    database: &dyn Database,
    options: &TableOptions,
) -> Result<Vec<Planned>, Failure> {
    let inventory = database.inventory(&options.access)?;
    let mut planned = Vec::new();
    for found in inventory.tables {
        let path = engine.masked(&target.path_of(&found.path)).into_owned();
        let grain = sample::grain(options.extent, &found.table);
        let plan = database.plan(&found, &options.access, grain)?;
        let chosen = sample::choose(&plan, grain, options.seed, &target.path_of(&found.path));
        let share = share(&plan, chosen.len());
        let scale = |whole: u64| (whole as f64 * share) as u64;
        let skipped = found.table.columns.iter().filter(|column| column.holds == Holds::Nothing);
        planned.push(Planned {
            path,
            rows: found.table.rows.map(scale),
            bytes: found.table.bytes.map(scale),
            skipped: skipped.map(|column| column.name.clone()).collect(),
            statements: chosen.iter().map(|&i| plan.chunks[i].sql.clone()).collect(),
        });
    }
    Ok(planned)
}

/// What would be read of one table.
pub struct Planned {
    /// The table's path.
    pub path: String,
    /// Rows to read, as the database estimates.
    pub rows: Option<u64>,
    /// Bytes to read, as the database estimates.
    pub bytes: Option<u64>,
    /// Columns that cannot hold personal data, and are not fetched.
    pub skipped: Vec<String>,
    /// The statements, as they would be run.
    pub statements: Vec<String>,
}
