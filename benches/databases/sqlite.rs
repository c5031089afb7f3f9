//! SQLite, beside its own shell.
use crate::scan;
use crate::server::run;
use crate::shared::{Failure, Table};
use crate::table::{Customers, file_in};
use std::path::Path;
use std::process::Command;

const ROW: &str = "SQLite, 5 M rows x 12: sqlite3 (s)";
const DEFINITION: &str = "CREATE TABLE customer (id integer PRIMARY KEY, name text, mobile text, id_no text, \
    card text, email text, address text, amount numeric(12,2), created timestamp, order_no text, profile json, \
    remark text)";

pub fn rows(table: &Table, customers: &Customers) -> Result<(), Failure> {
    let Ok(version) = run(Command::new("sqlite3").arg("--version")) else {
        table.missing(ROW, "apt-get install sqlite3, or benches/setup");
        return Ok(());
    };
    let place = customers.place("sqlite", &version, DEFINITION)?;
    if !place.is_whole() {
        place.clear()?;
        let file = customers.file()?;
        let import = format!(".import {} customer", file_in(&file).display());
        let quick = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;";
        run(Command::new("sqlite3").arg(&place.folder).args([quick, DEFINITION, ".mode tabs", &import]))?;
        place.completed()?;
    }
    let database = place.folder.as_path();
    let shell = |select: &str| {
        let mut command = Command::new("sqlite3");
        command.arg(database).args([".mode tabs", select]);
        command
    };
    // Brings the file into the system's cache, too.
    assert_eq!(run(&mut shell("SELECT count(*) FROM customer"))?, customers.rows.to_string());
    scan::rows(table, customers, &url(database), (ROW, 1.0), |columns| {
        shell(&format!("SELECT {columns} FROM customer"))
    })
}

fn url(database: &Path) -> String {
    format!("sqlite:{}", database.display())
}
