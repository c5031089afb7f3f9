//! A candidate that passed its validator, still inside the scanned buffer.

/// What the words around a value say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leaning {
    /// A word against: 订单号 before a number of card shape.
    Against = 0,
    /// No word either way.
    Silent = 1,
    /// A word for: 卡号.
    For = 2,
}

/// A validated value: where it stands, and what the validator said beside "yes".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// First byte in the batch.
    pub start: usize,
    /// One past the last byte in the batch.
    pub end: usize,
    /// Which detector, by its place in the set.
    pub detector: usize,
    /// Whether the value counts only where the context supports it.
    pub weak: bool,
    /// Which of 64 families the value belongs to (prefix, region), to tell a spread from a sequence.
    pub family: u8,
}
