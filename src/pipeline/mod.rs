//! The flow: source, decode, scan, classify. The only place that sees more than one stage.
mod findings;
mod object;
mod sweep;

pub use findings::{Finding, FindingsFile};
pub use sweep::{Options, Watch, sweep};

use crate::classify::context::ContextWords;
use crate::detector::DetectorSet;
use crate::scan::{CompileError, Scanner};

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
}
