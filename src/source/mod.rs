//! Opens what holds data: folders, files, standard input, databases.
#[cfg(feature = "db")]
pub mod database;
mod map;
mod open;
mod spool;
mod stdin;
mod unpacker;
mod walk;

pub use map::{prepare, release};
pub use open::{Content, Opened, open};
pub use spool::{Spooled, spool, to_file};
pub use stdin::Stdin;
pub use unpacker::{Bounds, Shortfall, Unpacked, unpack};
pub use walk::{Walk, visit};

use crate::model::coverage::{Exception, Reason, State};
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// A file to scan.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it is: as given on the command line, and the path below it.
    pub path: PathBuf,
}

impl File {
    /// The path as text; what is no UTF-8 is replaced.
    pub fn shown(&self) -> Cow<'_, str> {
        self.path.to_string_lossy()
    }
}

/// The ledger row for an error of the system.
pub fn failed(shown: &str, error: &io::Error) -> Exception {
    let reason = match error.kind() {
        io::ErrorKind::PermissionDenied => Reason::PermissionDenied,
        io::ErrorKind::NotFound => Reason::Vanished,
        // What unpacks gives an error of these kinds for bytes that make no sense, and where it stops at a limit.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            Reason::Malformed
        }
        io::ErrorKind::QuotaExceeded => Reason::Limit,
        _ => Reason::ReadError,
    };
    Exception { path: shown.to_owned(), state: State::Failed, reason, detail: error.to_string() }
}

fn skipped(shown: &str, reason: Reason, detail: &str) -> Exception {
    Exception { path: shown.to_owned(), state: State::Skipped, reason, detail: detail.to_owned() }
}
