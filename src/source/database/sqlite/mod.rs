//! SQLite files, read in place and never written to.
//!
//! rusqlite in the place of sqlx: SQLite is a library call away, and a row that passes between two threads, as in an
//! asynchronous driver, costs more than reading it (1 M rows of 12 columns: 2.2 s, and 0.5 s without).
mod catalogue;
mod read;

use super::chunk::{COARSE_BYTES, FINE_ROWS, MOST_CHUNKS};
use super::{Access, Chunk, Database, Failure, Found, Grain, Inventory, Plan, Reader};
use crate::model::coverage::Reason;
use catalogue::{Address, quoted};
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};

/// A database file.
pub(super) struct Sqlite {
    path: PathBuf,
    large: read::Large,
}

impl Sqlite {
    pub fn open(path: &Path) -> Self {
        Sqlite { path: path.to_owned(), large: read::Large::default() }
    }

    /// Opens the file for reading. One that no one is writing to is read without locks.
    fn connection(&self) -> Result<Connection, Failure> {
        if let Err(error) = std::fs::File::open(&self.path) {
            let row = super::super::failed("", &error);
            return Err(Failure::new(row.reason, row.detail));
        }
        let pending = |suffix: &str| {
            let mut name = self.path.clone().into_os_string();
            name.push(suffix);
            std::fs::metadata(name).is_ok_and(|meta| meta.len() > 0)
        };
        let immutable = if pending("-wal") || pending("-journal") { "" } else { "&immutable=1" };
        let name: String = percent_encoded(&self.path);
        let uri = format!("file:{name}?mode=ro{immutable}");
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(uri, flags).map_err(|error| failure(&error))?;
        connection.pragma_update(None, "query_only", true).map_err(|error| failure(&error))?;
        Ok(connection)
    }
}

/// A path as a URI takes it (RFC 3986, section 2.1).
fn percent_encoded(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-~".contains(&b);
    path.as_os_str()
        .as_bytes()
        .iter()
        .map(|&b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn failure(error: &rusqlite::Error) -> Failure {
    use rusqlite::ErrorCode;
    let reason = match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => Reason::TimedOut,
        Some(ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => Reason::PermissionDenied,
        Some(ErrorCode::NotADatabase) => {
            return Failure::new(Reason::NoDecoder, "no SQLite database, or an encrypted one");
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            return Failure::passing(Reason::ReadError, error.to_string());
        }
        _ => Reason::ReadError,
    };
    Failure::new(reason, error.to_string())
}

impl Database for Sqlite {
    fn inventory(&self, access: &Access) -> Result<Inventory, Failure> {
        catalogue::inventory(&self.connection()?, access).map_err(|error| failure(&error))
    }

    fn plan(&self, found: &Found, _: &Access, grain: Grain) -> Result<Plan, Failure> {
        let connection = self.connection()?;
        let address = catalogue::address(&connection, &found.table).map_err(|error| failure(&error))?;
        let bytes = std::fs::metadata(&self.path).map_or(0, |meta| meta.len());
        plan(&connection, found, &address, bytes, grain).map_err(|error| failure(&error))
    }

    fn connect(&self, _: &str, access: &Access) -> Result<Box<dyn Reader>, Failure> {
        Ok(Box::new(read::RowReader::new(self.connection()?, access.statement_timeout, self.large.clone())))
    }
}

fn plan(
    connection: &Connection,
    found: &Found,
    address: &Address,
    bytes: u64,
    grain: Grain,
) -> rusqlite::Result<Plan> {
    let table = &found.table;
    let mut columns: Vec<String> = table.fetched().iter().map(|&i| quoted(&table.columns[i].name)).collect();
    let shown = address.shown();
    columns.extend(shown.map(str::to_owned));
    let select = |condition: &str| chunk(&found.parts[0], &columns, address.rowid(), condition);
    let Some(rowid) = address.rowid() else {
        let kept = grain.share();
        let keep = |share: f64| format!(" WHERE abs(random() % 1000000) < {:.0}", share * 1e6);
        return Ok(Plan { chunks: vec![select(&kept.map(keep).unwrap_or_default())], kept, address: shown });
    };
    let bounds = format!(
        "SELECT {}",
        ["min", "max"].map(|end| catalogue::end(end, rowid, &found.parts[0])).join(", ")
    );
    let (low, high): (Option<i64>, Option<i64>) =
        connection.query_row(&bounds, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(low), Some(high)) = (low, high) else { return Ok(Plan { address: shown, ..Plan::default() }) };
    let ids = (i128::from(high) - i128::from(low) + 1) as u128;
    let count = match grain {
        Grain::Coarse => {
            u128::from(bytes.div_ceil(COARSE_BYTES / 2)).min(ids.div_ceil(u128::from(FINE_ROWS)))
        }
        Grain::Fine(_) => ids.div_ceil(u128::from(FINE_ROWS)),
    };
    let count = count.clamp(1, u128::from(MOST_CHUNKS));
    let start = |i: u128| i128::from(low) + (ids * i / count) as i128;
    let range = |i: u128| {
        // Open at both ends: what is added while the scan runs is read, too.
        let from = (i > 0).then(|| format!("{rowid} >= {}", start(i)));
        let to = (i + 1 < count).then(|| format!("{rowid} < {}", start(i + 1)));
        let parts: Vec<String> = from.into_iter().chain(to).collect();
        if parts.is_empty() { String::new() } else { format!(" WHERE {}", parts.join(" AND ")) }
    };
    Ok(Plan { chunks: (0..count).map(|i| select(&range(i))).collect(), address: shown, ..Plan::default() })
}

fn chunk(table: &str, columns: &[String], rowid: Option<&str>, condition: &str) -> Chunk {
    let from = format!("FROM {}{condition}", quoted(table));
    let list = if columns.is_empty() { "NULL".to_owned() } else { columns.join(", ") };
    Chunk {
        sql: format!("SELECT {list} {from}"),
        columns: columns.len().max(1),
        table: table.to_owned(),
        careful: Some(read::careful(columns, rowid, &from)),
        names: columns.to_vec(),
        ..Chunk::default()
    }
}
