//! The flow: source, decode, scan, classify. The only place that sees more than one stage.
mod counted;
#[cfg(feature = "db")]
mod dry_run;
mod findings;
mod fingerprint;
mod guard;
mod inside;
mod isolated;
mod judge;
mod limits;
mod object;
mod publish;
#[cfg(feature = "db")]
mod sample;
mod sweep;
#[cfg(feature = "db")]
mod table;
#[cfg(feature = "db")]
mod table_reader;
#[cfg(feature = "db")]
mod tables;
mod worker;

#[cfg(feature = "db")]
pub use dry_run::{Planned, statements};
pub use findings::{Finding, FindingsFile};
pub use fingerprint::Fingerprint;
pub use guard::is_guarded;
pub use isolated::{Isolation, serve};
pub use limits::Limits;
pub use sweep::{Options, Watch, sweep};
#[cfg(feature = "db")]
pub use tables::{Extent, TableOptions};

use crate::classify::context::ContextWords;
use crate::detector::DetectorSet;
use crate::model::{Batch, Encoding, mask};
use crate::scan::{CompileError, Scanner, Scratch};
use std::borrow::Cow;

#[cfg(feature = "db")]
use tables::scan_entry as tables_in;

/// Without databases there is nothing to read one with.
#[cfg(not(feature = "db"))]
fn tables_in(
    _: &sweep::Sweep<'_>,
    place: &publish::Place<'_>,
    _: crate::decode::Entry<'_>,
) -> Option<crate::model::coverage::Exception> {
    Some(worker::unread(place.name, crate::model::coverage::Reason::NoDecoder, "built without databases"))
}

/// No value has fewer.
const FEWEST_DIGITS: usize = 8;
/// More likely than not.
pub const DEFAULT_MIN_CONFIDENCE: f64 = 0.5;

/// A compiled scanner with its context words: everything that scanning an object needs, shared by all threads.
pub struct Engine {
    /// Finds values.
    pub scanner: Scanner,
    /// Looks at the words beside them.
    pub words: ContextWords,
}

impl Engine {
    /// Compiles the detectors.
    ///
    /// # Errors
    /// They do not compile together.
    pub fn new(detectors: DetectorSet) -> Result<Self, CompileError> {
        let words = ContextWords::new(&detectors);
        Ok(Engine { scanner: Scanner::new(detectors)?, words })
    }

    /// The findings in one text of at least `min_confidence`, in order: what `detectors test` and `explain` ask.
    pub fn find(&self, text: &str, min_confidence: f64) -> Vec<Finding> {
        object::find(self, text, min_confidence)
    }

    /// `text` with the values in it masked: what people call files and columns can hold numbers, too.
    ///
    /// The stars make a glob of it, so that the masked name of a file still leads to the file.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.chars().filter(|c| c.is_numeric()).count() < FEWEST_DIGITS {
            return Cow::Borrowed(text);
        }
        let (batch, mut scratch) = (Batch::text(text.as_bytes(), Encoding::Utf8), Scratch::default());
        let hits = self.scanner.scan(&batch, 0..text.len(), &mut scratch);
        let (mut shown, mut done) = (String::new(), 0);
        for hit in hits.iter().filter(|hit| !hit.weak) {
            shown += &text[done..hit.start];
            shown += &mask(&text[hit.start..hit.end]);
            done = hit.end;
        }
        if done == 0 { Cow::Borrowed(text) } else { Cow::Owned(shown + &text[done..]) }
    }

    /// The hit and miss cases of a detector that come out wrong, in words; none when all is well.
    pub fn failed_cases(&self, id: &str) -> Vec<String> {
        let Some(detector) = self.scanner.detectors().get(id) else {
            return vec![format!("no detector `{id}`")];
        };
        let found = |text: &str| -> Vec<String> {
            let findings = self.find(text, DEFAULT_MIN_CONFIDENCE);
            findings.into_iter().filter(|f| f.detector == id).filter_map(|f| f.value).collect()
        };
        let expected = detector.hits.iter().map(|case| (case, vec![case.value.clone()]));
        let all = expected.chain(detector.misses.iter().map(|case| (case, Vec::new())));
        all.filter(|(case, want)| found(&case.text) != *want)
            .map(|(case, want)| format!("{:?}: {want:?} expected, {:?} found", case.text, found(&case.text)))
            .collect()
    }
}
