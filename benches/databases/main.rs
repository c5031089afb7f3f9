//! The whole program on tables of a database, beside the database's own client: rows a second, and peak memory.
//!
//! `cargo bench --bench databases -- [ROWS] [postgres] [mariadb] [sqlite]`; `-- --test` runs small, for the counts.
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod mariadb;
mod postgres;
#[path = "../../tests/servers/programs.rs"]
mod programs;
mod scan;
mod server;
#[path = "../shared/mod.rs"]
mod shared;
mod sqlite;
mod table;

use shared::{Failure, Mode, Table};
use table::Customers;

/// Measures a part and prints its rows.
type Rows = fn(&Table, &Customers) -> Result<(), Failure>;

fn main() -> Result<(), Failure> {
    let mode = Mode::from_args();
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let rows = asked.iter().find_map(|arg| arg.parse().ok());
    let customers = Customers::new(mode, rows.unwrap_or_else(|| mode.choose(scan::FULL_SIZE, 20_000)))?;
    let table = Table::new(mode);
    let parts: [(&str, Rows); 3] =
        [("postgres", postgres::rows), ("mariadb", mariadb::rows), ("sqlite", sqlite::rows)];
    let is_named = |name: &str| asked.iter().any(|arg| arg == name);
    let all = !parts.iter().any(|(name, _)| is_named(name));
    for (name, rows) in parts.into_iter().filter(|(name, _)| all || is_named(name)) {
        rows(&table, &customers).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(())
}
