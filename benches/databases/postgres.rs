//! PostgreSQL, beside psql with COPY.
use crate::programs::{account, as_server, binaries, done};
use crate::scan;
use crate::server::{Server, run, socket_folder};
use crate::shared::{Failure, Table};
use crate::table::{Customers, Place, file_in};
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

const ROW: &str = "PostgreSQL, 5 M rows x 12: psql COPY (s)";
/// Unlogged, because the log would be written and read by no one.
const DEFINITION: &str = "CREATE UNLOGGED TABLE customer (id bigint PRIMARY KEY, name text, mobile text, id_no text, \
    card text, email text, address text, amount numeric(12,2), created timestamp, order_no text, profile jsonb, \
    remark text)";
const SETTINGS: [&str; 8] = [
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "autovacuum=off",
    "max_wal_size=8GB",
    "checkpoint_timeout=1h",
    "maintenance_work_mem=256MB",
];

pub fn rows(table: &Table, customers: &Customers) -> Result<(), Failure> {
    let Some(bin) = binaries() else {
        table.missing(ROW, "apt-get install postgresql");
        return Ok(());
    };
    let version = run(Command::new(bin.join("postgres")).arg("--version"))?;
    let place = customers.place("postgres", &version, DEFINITION)?;
    let is_new = !place.is_whole();
    if is_new {
        install(&place, &bin)?;
    }
    let folder = socket_folder(account())?;
    let url = |database: &str| format!("postgres:///{database}?host={}&user=postgres", folder.display());
    let mut server = Command::new(bin.join("postgres"));
    server.arg("-D").arg(&place.folder).arg("-k").arg(&folder);
    // A table larger than a quarter of the buffers would pass through a few of them only, and only for psql.
    let buffers = format!("shared_buffers={}", customers.mode.choose("8GB", "64MB"));
    SETTINGS.into_iter().chain([buffers.as_str()]).for_each(|setting| {
        server.args(["-c", setting]);
    });
    let answers = || psql(&url("postgres"), "SELECT 1").is_ok();
    let _server = Server::start(&server, "INT", &folder, account(), answers)?;
    if is_new {
        psql(&url("postgres"), "CREATE DATABASE bench")?;
    }
    let url = url("bench");
    // After a crash an unlogged table is empty.
    let count = || psql(&url, "SELECT count(*) FROM customer").unwrap_or_default();
    if count() != customers.rows.to_string() {
        load(&url, customers)?;
        place.completed()?;
    }
    assert_eq!(count(), customers.rows.to_string());
    scan::rows(table, customers, &url, (ROW, 0.8), |columns| {
        let mut command = Command::new("psql");
        let copy = format!("COPY (SELECT {columns} FROM customer) TO STDOUT");
        command.args(["-Xq", &url, "-c", &copy]);
        command
    })
}

fn install(place: &Place, bin: &Path) -> Result<(), Failure> {
    place.clear()?;
    fs::create_dir_all(&place.folder)?;
    if let Some((user, group)) = account() {
        chown(&place.folder, Some(user), Some(group))?;
    }
    let mut initdb = Command::new(bin.join("initdb"));
    initdb.arg("-D").arg(&place.folder).args([
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]);
    done(as_server(initdb.arg("--auth=trust").current_dir("/")));
    Ok(())
}

fn load(url: &str, customers: &Customers) -> Result<(), Failure> {
    let file = customers.file()?;
    let copy = format!("\\copy customer FROM '{}'", file_in(&file).display());
    psql(url, "DROP TABLE IF EXISTS customer")?;
    psql(url, DEFINITION)?;
    psql(url, &copy)?;
    // Sets the bits that the first reader of a row would have to set.
    psql(url, "VACUUM (FREEZE, ANALYZE) customer")?;
    psql(url, "CHECKPOINT").map(drop)
}

fn psql(url: &str, sql: &str) -> Result<String, Failure> {
    run(Command::new("psql").args(["-XqAt", "-v", "ON_ERROR_STOP=1", url, "-c", sql]))
}
