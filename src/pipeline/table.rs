//! One table of a scan: its chunks, what they have given so far, and its end in the map and in the ledger.
use super::counted::Counted;
use super::judge::Estimate;
use super::publish::Place;
use super::sample::{self, Clusters};
use super::sweep::{Gathered, Sweep};
use super::table_reader::TableReader;
use super::tables::{TableOptions, masked};
use crate::model::Seen;
use crate::model::coverage::{Exception, Reason, State};
use crate::model::map::{ColumnFacts, Object, TableFacts};
use crate::source::database::{Access, Database, Failure, Found, Plan};
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

/// One table on its way.
pub(super) struct Table {
    /// Its path, as findings show it.
    pub path: String,
    pub found: Found,
    pub plan: Plan,
    /// The chunks to read, in the order of reading.
    pub chosen: Vec<usize>,
    /// None when the table was ended.
    state: Mutex<Option<Progress>>,
}

/// How far a table is.
#[derive(Default)]
pub(super) struct Progress {
    counted: Counted,
    clusters: Clusters,
    rows: u64,
    /// Chunks that are read, and chunks that could not be.
    done: usize,
    failures: Vec<Failure>,
}

impl Table {
    /// Plans the reading of a table.
    pub fn new(
        options: &TableOptions,
        database: &dyn Database,
        access: &Access,
        path: String,
        found: Found,
    ) -> Result<Table, Failure> {
        let grain = sample::grain(options.extent, &found.table);
        let plan = database.plan(&found, access, grain)?;
        let chosen = sample::choose(&plan, grain, options.seed, &path);
        Ok(Table { path, found, plan, chosen, state: Mutex::new(Some(Progress::default())) })
    }

    /// What is there of a table that was not ended: time or the user's patience did not reach it, or it has nothing to
    /// read.
    pub fn rest(&self) -> Option<Progress> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Reads a chunk; returns what the table gave when it was the last.
    pub fn take(&self, reader: &mut TableReader<'_, '_>, chunk: usize) -> Option<Progress> {
        let outcome = reader.read(self, &self.plan.chunks[chunk]);
        let mut slot = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = slot.as_mut()?;
        match outcome {
            Ok(Some(read)) => {
                state.rows += read.rows;
                state.clusters.add(&mut state.counted, read.counted);
                state.done += 1;
            }
            // Over: the rest of the table is not read, and this chunk counts for nothing.
            Ok(None) => return None,
            Err(failure) => state.failures.push(failure),
        }
        let is_last = state.done + state.failures.len() == self.chosen.len();
        if is_last { slot.take() } else { None }
    }

    /// The bytes that will be read, as the database estimates.
    pub fn expected(&self) -> Option<u64> {
        Some((self.found.table.bytes? as f64 * share(&self.plan, self.chosen.len())) as u64)
    }

    /// Enters the table in the map and in the ledger.
    pub fn end(&self, sweep: &Sweep<'_>, progress: Progress, gathered: &mut Gathered) {
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
        place: &Place<'_>,
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
        let estimate: Option<&Estimate<'_>> = if sampled { Some(&estimate) } else { None };
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
pub(super) fn share(plan: &Plan, read: usize) -> f64 {
    match plan.chunks.len() {
        0 => 1.0,
        all => plan.kept.unwrap_or(1.0) * read as f64 / all as f64,
    }
}
