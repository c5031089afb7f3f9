//! What a decoder of a container or a document gives out, taken in: values are counted, objects within are scanned.
use super::counted::Counted;
use super::publish::Place;
use super::worker::{Read, Worker, cut, unread};
use crate::decode::{Entry, Failure, Output, Piece};
use crate::model::coverage::{Exception, Reason, State};

/// An object while its decoder runs.
pub(super) struct Inside<'i, 'w> {
    worker: &'i mut Worker<'w>,
    place: &'i Place<'i>,
    counted: Counted,
    /// Whether anything came out.
    gave: bool,
    /// What became of the object that this one is a wrapping of; nothing where the ledger says it already.
    unwrapped: Option<Option<Read>>,
    /// The first part that was not read.
    gap: Option<(Reason, String)>,
}

impl<'i, 'w> Inside<'i, 'w> {
    pub fn new(worker: &'i mut Worker<'w>, place: &'i Place<'i>) -> Self {
        Inside { worker, place, counted: Counted::default(), gave: false, unwrapped: None, gap: None }
    }

    /// What was counted, and how much was read; nothing where the ledger says it already. The decoder's `outcome` is none
    /// where it panicked.
    pub fn end(mut self, outcome: Option<Result<(), Failure>>) -> Option<(Counted, Read)> {
        let inner = match self.unwrapped.take() {
            None => Read { bytes: self.counted.bytes, cut: None },
            Some(None) => return None,
            // What went wrong without goes wrong within, and is told there.
            Some(Some(read)) if read.cut.is_some() => return Some((self.counted, read)),
            Some(Some(read)) => read,
        };
        let (place, limit) = (self.place, self.worker.exceeded());
        let row = |reason, detail: &str| unread(place.name, reason, detail);
        let failed = match outcome {
            _ if limit.is_some() => limit.map(|why| row(Reason::Limit, why)),
            None => Some(row(Reason::Crashed, "please report it")),
            Some(Err(Failure::Unread(reason, detail))) => Some(row(reason, &detail)),
            Some(Err(Failure::Read(error))) => Some(cut(place, &error)),
            Some(Ok(())) => None,
        };
        let row = failed.or_else(|| self.gap.take().map(|(reason, detail)| row(reason, &detail)));
        let state =
            |row: Exception| Exception { state: if self.gave { State::Partial } else { row.state }, ..row };
        Some((self.counted, Read { cut: row.map(state), ..inner }))
    }

    fn goes_on(&self) -> bool {
        self.worker.goes_on() && self.worker.exceeded().is_none()
    }

    /// The path of an object within.
    fn path(&self, name: &str) -> String {
        format!("{}!{name}", self.place.name)
    }
}

impl Output for Inside<'_, '_> {
    fn piece(&mut self, piece: Piece<'_>) -> bool {
        self.gave = true;
        self.worker.job().take(&piece, &mut self.worker.scratch, &mut self.counted);
        self.goes_on()
    }

    fn entry(&mut self, name: &str, entry: Entry<'_>) -> bool {
        self.gave = true;
        let path = self.path(name);
        let place = Place { depth: self.place.depth + 1, ..self.worker.sweep.place(&path) };
        self.worker.entry(&place, entry);
        self.goes_on()
    }

    fn unwrapped(&mut self, entry: Entry<'_>) -> bool {
        self.gave = true;
        let place =
            Place { shown: self.place.shown.clone(), file: None, depth: self.place.depth + 1, ..*self.place };
        self.unwrapped = Some(self.worker.within(&place, entry));
        self.goes_on()
    }

    fn unread(&mut self, name: &str, why: Reason, detail: &str) -> bool {
        self.worker.except(unread(&self.path(name), why, detail));
        self.goes_on()
    }

    fn passed(&mut self, bytes: u64) -> bool {
        self.worker.spend(bytes);
        self.goes_on()
    }

    fn gap(&mut self, why: Reason, detail: &str) {
        self.gap.get_or_insert_with(|| (why, detail.to_owned()));
    }
}
