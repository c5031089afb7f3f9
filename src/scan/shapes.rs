//! Counts the values of the right shape, and what they lack to pass.
use super::{Pass, Scanner, Scratch};
use crate::model::{Cursor, Shapes};
use crate::validate::Verdict;

/// In the order in which it is said of values that begin together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    Nothing,
    CheckDigit,
    CheckDigitAndContext,
    All,
}

impl Lack {
    pub fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass { .. } | Verdict::Weak { .. } => Lack::Nothing,
            Verdict::Near { weak: false } => Lack::CheckDigit,
            Verdict::Near { weak: true } => Lack::CheckDigitAndContext,
            Verdict::Fail => Lack::All,
        }
    }
}

impl Shapes {
    /// Counts one more.
    pub(super) fn add(&mut self, lack: Lack) {
        self.all += 1;
        self.near += u64::from(lack == Lack::CheckDigit);
        self.near_weak += u64::from(lack == Lack::CheckDigitAndContext);
    }
}

impl Scanner {
    /// Counts the shapes that begin in the body. Of those that overlap, such as a number with and without
    /// its country code, the first counts.
    pub(super) fn count_shapes(&self, pass: &Pass<'_>, scratch: &mut Scratch) {
        if !scratch.shapes.is_sorted() {
            scratch.shapes.sort_unstable();
        }
        let mut ends = vec![0; self.detectors.len()];
        let mut cursor = Cursor::default();
        for &(start, length, detector, lack) in &scratch.shapes {
            let (end, detector) = (start + length as usize, detector as usize);
            if start >= ends[detector] && pass.body.contains(&start) {
                let field = pass.batch.field_from(&mut cursor, start) as usize;
                scratch.shaped[field * self.detectors.len() + detector].add(lack);
            }
            ends[detector] = end.max(ends[detector]);
        }
    }
}
