//! What was counted for one detector in one place; tallies merge in any order.
use super::{Leaning, mask};
use cardinality_estimator::CardinalityEstimator;

/// How many samples a tally keeps.
const SAMPLES: usize = 3;

/// A masked value and where it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// Offset in the object.
    pub offset: u64,
    /// The masked value.
    pub masked: String,
}

/// Values of the right shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    /// All of them, whether they passed or not.
    pub all: u64,
    /// Right in all but the check digit.
    pub near: u64,
    /// The same, of the kind that counts only where the context supports it.
    pub near_weak: u64,
}

impl Shapes {
    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: Shapes) {
        self.all += other.all;
        self.near += other.near;
        self.near_weak += other.near_weak;
    }
}

/// Counts for one detector in one place. [`Tally::merge`] is associative and commutative, so threads
/// and machines may add theirs up in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Values of the right shape, whether they passed or not.
    pub shaped: Shapes,
    /// Values that passed, by [`Leaning`]: against, silent, for.
    pub passed: [u64; 3],
    /// Of those that passed: weak ones, which only a word for them made count.
    pub weak: u64,
    /// Weak ones without such a word, which do not count as passed.
    pub unsupported: u64,
    /// The families seen among those that passed, one bit each.
    pub families: u64,
    /// A hash of six bits of every value that passed, one bit each: a counter fills it, one value many times does not.
    pub values: u64,
    /// The first few that passed, by offset.
    pub samples: Vec<Sample>,
    /// How many different values passed, about: a sketch that merges.
    pub distinct: Distinct,
}

/// Counts different values by their hashes to about 2 %, in 3 KB at most (HyperLogLog++).
pub type Distinct = CardinalityEstimator<u64>;

impl Tally {
    /// All that passed.
    pub fn passed(&self) -> u64 {
        self.passed.iter().sum()
    }

    /// Adds one value that passed.
    pub fn add(&mut self, leaning: Leaning, family: u8, offset: u64, value: &str) {
        self.passed[leaning as usize] += 1;
        self.families |= 1 << (family & 63);
        // FNV-1a, and a step that carries the last digits to the top bits.
        let hash = value
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01B3));
        let hash = (hash ^ hash >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.values |= 1 << (hash >> 58);
        self.distinct.insert_hash(hash);
        let late =
            self.samples.len() == SAMPLES && self.samples.last().is_some_and(|last| last.offset <= offset);
        if !late {
            self.samples.push(Sample { offset, masked: mask(value) });
            self.trim();
        }
    }

    /// Adds another tally of the same detector and place.
    pub fn merge(&mut self, other: Tally) {
        self.shaped.merge(other.shaped);
        self.weak += other.weak;
        self.unsupported += other.unsupported;
        for (mine, theirs) in self.passed.iter_mut().zip(other.passed) {
            *mine += theirs;
        }
        self.families |= other.families;
        self.values |= other.values;
        self.distinct.merge(&other.distinct);
        self.samples.extend(other.samples);
        self.trim();
    }

    fn trim(&mut self) {
        self.samples.sort();
        self.samples.truncate(SAMPLES);
    }
}
