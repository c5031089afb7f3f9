//! Databases: what they hold, and their rows, read gently. One file for each kind of server.
//!
//! A table is read in chunks: ranges of its key or of its pages, each one short query. A chunk that fails is
//! read again from its beginning, a sample is a random choice of chunks, and the connections share them out.
mod chunk;
mod failure;
mod mysql;
mod postgres;
mod sqlite;
mod target;
mod throttle;
mod wait;

pub use chunk::{Chunk, Grain, Plan};
pub use failure::Failure;
pub use target::Target;
pub use throttle::{Rate, Throttle};

use crate::model::coverage::Exception;
use crate::model::{Rows, Table};
use globset::GlobSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The longest value that is read whole, in bytes; what is longer is cut by the server. Drivers hold a row three
/// times over, and a row can have several such values.
pub const LONGEST_VALUE: usize = 4 << 20;

/// How to connect, and what to leave alone.
#[derive(Clone, Debug)]
pub struct Access {
    /// After so long a statement is ended by the server.
    pub statement_timeout: Duration,
    /// Scan views and materialised views, too.
    pub views: bool,
    /// Only tables that match: `table`, `schema.table` or `database.schema.table`; empty for all.
    pub include: GlobSet,
    /// No tables that match.
    pub exclude: GlobSet,
    /// How the connection is secured.
    pub tls: Tls,
    /// A file with the certificates of the authorities to trust, instead of the usual ones.
    pub tls_ca: Option<PathBuf>,
}

/// How a connection is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// Encrypted and verified, but in the clear to this machine itself (loopback, socket).
    #[default]
    Verify,
    /// Encrypted, whoever answers.
    Insecure,
    /// In the clear.
    Off,
}

impl Default for Access {
    fn default() -> Self {
        Access {
            statement_timeout: Duration::from_secs(600),
            views: false,
            include: GlobSet::empty(),
            exclude: GlobSet::empty(),
            tls: Tls::Verify,
            tls_ca: None,
        }
    }
}

impl Access {
    /// Whether a table is wanted; `names` are what it can be called, the shortest first.
    pub fn wants(&self, names: &[&str]) -> bool {
        let hit = |globs: &GlobSet| names.iter().any(|name| globs.is_match(name));
        (self.include.is_empty() || hit(&self.include)) && !hit(&self.exclude)
    }
}

/// What a database holds, as far as the account can see.
#[derive(Debug, Default)]
pub struct Inventory {
    /// The tables to scan, in order.
    pub tables: Vec<Found>,
    /// Ledger rows for what was found and will not be scanned: views, foreign tables, schemas without permission.
    pub exceptions: Vec<Exception>,
}

/// A table, and where it is.
#[derive(Clone, Debug)]
pub struct Found {
    /// The table's path below the target, as findings show it: `shop/public.customer`, `shop/customer`.
    pub path: String,
    /// The database that a connection must be made to.
    pub database: String,
    /// What is to be read: the table itself, or its partitions.
    pub parts: Vec<String>,
    /// The table.
    pub table: Table,
}

/// A database server, or a database file. Opening it makes no connection.
pub trait Database: Send + Sync {
    /// The tables, with their columns, comments, keys and estimated sizes.
    ///
    /// # Errors
    /// No connection, or a catalogue that cannot be read.
    fn inventory(&self, access: &Access) -> Result<Inventory, Failure>;

    /// How a table is read: its chunks, in order, in SQL.
    ///
    /// # Errors
    /// The bounds of the key cannot be asked for.
    fn plan(&self, found: &Found, access: &Access, grain: Grain) -> Result<Plan, Failure>;

    /// Connects for reading tables of `database`. The session is read-only and has a statement time-out.
    ///
    /// # Errors
    /// Unreachable, not let in.
    fn connect(&self, database: &str, access: &Access) -> Result<Box<dyn Reader>, Failure>;
}

/// One connection that reads chunks.
pub trait Reader: Send {
    /// Runs one chunk's query and hands out its rows, the columns of [`Table::fetched`] in order (behind them the
    /// row's address, where [`Plan::address`] says so), in batches. When `each` returns false or `stop` is set,
    /// the query is cancelled on the server, too, and the result is `Ok`; the caller knows why it stopped.
    ///
    /// # Errors
    /// What the server says; the rows handed out before count for nothing then.
    fn read(
        &mut self,
        chunk: &Chunk,
        stop: &AtomicBool,
        each: &mut dyn FnMut(&Rows) -> bool,
    ) -> Result<(), Failure>;
}
