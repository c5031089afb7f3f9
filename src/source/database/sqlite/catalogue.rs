//! What is in a SQLite file: its tables and columns, and how their rows are addressed.
use super::super::{Access, Found, Inventory};
use crate::model::coverage::{Exception, Reason, State};
use crate::model::{Column, Holds, Table};
use rusqlite::Connection;

/// An identifier in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An identifier without its quotes.
pub(super) fn unquoted(name: &str) -> String {
    let inner = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    inner.replace("\"\"", "\"")
}

/// How rows are addressed.
pub(super) enum Address {
    /// By a rowid of this name, which is the key already.
    Key(String),
    /// By a rowid, which has to be read beside the columns.
    Rowid(&'static str),
    /// By a key that is no number: WITHOUT ROWID, and views.
    None,
}

impl Address {
    /// The rowid's name in SQL.
    pub fn rowid(&self) -> Option<&str> {
        match self {
            Address::Key(name) => Some(name),
            Address::Rowid(name) => Some(name),
            Address::None => None,
        }
    }

    /// The name of the column to read beside the others.
    pub fn shown(&self) -> Option<&'static str> {
        if let Address::Rowid(name) = self { Some(name) } else { None }
    }
}

/// How the rows of `table` are addressed.
pub(super) fn address(connection: &Connection, table: &Table) -> rusqlite::Result<Address> {
    let sql = "SELECT type = 'table' OR type = 'shadow', wr FROM pragma_table_list WHERE schema = 'main' AND name = ?1";
    let (stored, without): (bool, bool) =
        connection.query_row(sql, [&table.name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if !stored || without {
        return Ok(Address::None);
    }
    let is_column = |name: &&str| table.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    if let [key] = table.key.as_slice()
        && table.columns[*key].type_name.eq_ignore_ascii_case("integer")
    {
        return Ok(Address::Key(quoted(&table.columns[*key].name)));
    }
    let free = ["rowid", "_rowid_", "oid"].into_iter().find(|name| !is_column(name));
    // A table with a key shows that; the rowid only cuts it.
    Ok(match free {
        Some(name) if table.key.is_empty() => Address::Rowid(name),
        Some(name) => Address::Key(name.to_owned()),
        None => Address::None,
    })
}

/// The tables that are wanted, and rows for what is left alone.
pub(super) fn inventory(connection: &Connection, access: &Access) -> rusqlite::Result<Inventory> {
    let mut inventory = Inventory::default();
    let sql = "SELECT name, type FROM pragma_table_list WHERE schema = 'main' ORDER BY name";
    let mut statement = connection.prepare(sql)?;
    let names: Vec<(String, String)> =
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (name, kind) in names {
        if name.starts_with("sqlite_") || !access.wants(&[&name]) {
            continue;
        }
        let scanned = match kind.as_str() {
            "table" => true,
            // The text of a full-text index; the rest of it is made from that.
            "shadow" => name.ends_with("_content"),
            "view" => access.views,
            _ => false,
        };
        if scanned {
            let table = table(connection, &name)?;
            let parts = vec![name.clone()];
            inventory.tables.push(Found { path: name, database: String::new(), parts, table });
        } else {
            let (state, reason) = (State::Skipped, Reason::View);
            inventory.exceptions.push(Exception { path: name, state, reason, detail: kind });
        }
    }
    Ok(inventory)
}

fn table(connection: &Connection, name: &str) -> rusqlite::Result<Table> {
    let mut statement =
        connection.prepare("SELECT name, type, pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1")?;
    let columns: Vec<(String, String, u32)> = statement
        .query_map([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    let mut key: Vec<(u32, usize)> = columns
        .iter()
        .enumerate()
        .filter(|(_, (_, _, pk))| *pk > 0)
        .map(|(i, (_, _, pk))| (*pk, i))
        .collect();
    key.sort_unstable();
    let columns = columns.into_iter().map(|(name, type_name, _)| Column {
        holds: holds(&type_name),
        name,
        type_name,
        comment: String::new(),
    });
    let mut table = Table {
        schema: String::new(),
        name: name.to_owned(),
        comment: String::new(),
        columns: columns.collect(),
        key: key.into_iter().map(|(_, i)| i).collect(),
        rows: None,
        bytes: None,
    };
    if let Some(rowid) = address(connection, &table)?.rowid() {
        let sql = format!("SELECT {} - {} + 1", end("max", rowid, name), end("min", rowid, name));
        // Gaps between the numbers make it an upper bound, and two seeks all it costs.
        table.rows =
            Some(connection.query_row(&sql, [], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0).max(0)
                as u64);
    }
    Ok(table)
}

/// The smallest or the greatest rowid, as a query of its own: SQLite seeks for one of them, and reads the whole table
/// for two together.
pub(super) fn end(which: &str, rowid: &str, table: &str) -> String {
    format!("(SELECT {which}({rowid}) FROM {})", quoted(table))
}

/// What a column holds, by its declared type. SQLite lets every column hold anything, so only those are left out
/// that no one would put text into.
fn holds(type_name: &str) -> Holds {
    let name = type_name.to_ascii_uppercase();
    let name = name.split('(').next().unwrap_or_default().trim();
    match name {
        "BOOLEAN" | "BOOL" | "TINYINT" | "SMALLINT" | "DATE" | "TIME" | "DATETIME" | "TIMESTAMP" => {
            Holds::Nothing
        }
        "JSON" | "JSONB" => Holds::Json,
        "" | "BLOB" => Holds::Bytes,
        _ if ["INT", "NUM", "DEC", "REAL", "DOUB", "FLOA"].iter().any(|kind| name.contains(kind)) => {
            Holds::Number
        }
        _ => Holds::Text,
    }
}
