//! The flow: source, decode, scan, classify. The only place that sees more than one stage.
mod findings;
mod object;
mod sweep;

pub use findings::{Finding, FindingsFile};
pub use sweep::{Options, Watch, sweep};

use crate::classify::context::ContextWords;
use crate::detector::DetectorSet;
use crate::scan::{CompileError, Scanner};

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
