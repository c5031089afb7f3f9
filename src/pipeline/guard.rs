//! Keeps a decoder that panics from taking the scan with it.
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; `None` when it panics.
pub(super) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = GUARDED.replace(true);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    outcome.ok()
}

/// Whether this thread runs what may panic without harm: the ledger says so then, and nobody else needs to.
pub fn is_guarded() -> bool {
    GUARDED.get()
}
