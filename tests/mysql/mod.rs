//! The driver for MySQL and MariaDB against a real server: the inventory, every row once, and what goes wrong.
mod failures;
mod inventory;
mod rows;
mod secure;
mod values;

use globset::{Glob, GlobSet, GlobSetBuilder};
use pandian::model::Rows;
use pandian::source::database::{Access, Chunk, Database, Failure, Found, Grain, Target, Tls};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A row; a cell is `None` where it is NULL.
type Row = Vec<Option<Vec<u8>>>;

fn globs(patterns: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).expect("a glob"));
    }
    set.build().expect("globs")
}

fn access() -> Access {
    Access {
        statement_timeout: Duration::from_secs(60),
        views: false,
        include: GlobSet::empty(),
        exclude: GlobSet::empty(),
        tls: Tls::Verify,
        tls_ca: None,
    }
}

fn open(url: &str) -> Box<dyn Database> {
    Target::parse(url).expect("a database").expect("a URL").open().expect("options")
}

/// The table of this path.
fn found(database: &dyn Database, access: &Access, path: &str) -> Found {
    let inventory = database.inventory(access).expect("an inventory");
    let tables = inventory.tables.into_iter();
    tables.clone().find(|found| found.path == path).unwrap_or_else(|| {
        panic!("no {path} among {:?}, {:?}", tables.map(|t| t.path).collect::<Vec<_>>(), inventory.exceptions)
    })
}

fn cells(rows: &Rows) -> Vec<Row> {
    let cell = |row, column| rows.cell(row, column).map(<[u8]>::to_vec);
    (0..rows.len()).map(|row| (0..rows.columns()).map(|column| cell(row, column)).collect()).collect()
}

/// Reads chunks on one connection.
fn read(database: &dyn Database, access: &Access, chunks: &[Chunk]) -> Result<Vec<Row>, Failure> {
    let mut reader = database.connect("", access)?;
    let mut all = Vec::new();
    for chunk in chunks {
        reader.read(chunk, &AtomicBool::new(false), &mut |rows| {
            all.extend(cells(rows));
            true
        })?;
    }
    Ok(all)
}

/// All rows of a table of the database at `url`.
fn rows_of(url: &str, path: &str, grain: Grain) -> Vec<Row> {
    let (database, access) = (open(url), access());
    let found = found(&*database, &access, path);
    let plan = database.plan(&found, &access, grain).expect("a plan");
    read(&*database, &access, &plan.chunks).expect("rows")
}

fn text(cell: &Option<Vec<u8>>) -> String {
    cell.as_deref().map_or("NULL".into(), |cell| String::from_utf8_lossy(cell).into_owned())
}
