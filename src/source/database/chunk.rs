//! How a table is read: the pieces, each one statement.

/// How finely a table is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Grain {
    /// To be read as a whole: chunks of some tens of megabytes.
    Coarse,
    /// To be sampled: chunks of some thousand rows, but not more than some ten thousand chunks. A table that
    /// cannot be cut is read by one statement that keeps each row with this probability.
    Fine(f64),
}

impl Grain {
    /// The share to keep of a table that cannot be cut; `None` for all of it.
    pub(super) fn share(self) -> Option<f64> {
        match self {
            Grain::Fine(share) if share < 1.0 => Some(share.max(0.0)),
            Grain::Fine(_) | Grain::Coarse => None,
        }
    }
}

/// Rows of a chunk that is drawn for a sample.
pub const FINE_ROWS: u64 = 2000;
/// Bytes of a chunk that is read as a part of the whole.
pub const COARSE_BYTES: u64 = 64 << 20;
/// The most chunks a table is cut into.
pub const MOST_CHUNKS: u64 = 20_000;

/// One statement of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The statement, as it will be run.
    pub sql: String,
    /// Columns of the result.
    pub columns: usize,
    /// For each column of the result, whether the server writes it as `\x` and hexadecimal digits.
    pub hex: Vec<bool>,
    /// The table, and the names of the columns; only SQLite needs them, for values that are read piece by piece.
    pub table: String,
    /// See `table`.
    pub names: Vec<String>,
    /// The statement for a table that turns out to hold values too large for memory; only in SQLite.
    pub careful: Option<String>,
}

/// All chunks of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The chunks, in order. Together they read every row once (see `kept`).
    pub chunks: Vec<Chunk>,
    /// Where a table cannot be cut and a sample is wanted: the probability with which its only statement keeps a row.
    pub kept: Option<f64>,
    /// The name of the row's address (`ctid`, `rowid`) that is read as one more column, behind the others, where
    /// the table has no primary key.
    pub address: Option<&'static str>,
}
