//! Formats beside the libraries that are the fastest at them, on one thread each. `-- --test` runs small, for the counts.
mod csv;
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod json;
#[allow(dead_code, reason = "another bench uses the rest")]
#[path = "../process/program.rs"]
mod program;
#[path = "../shared/mod.rs"]
mod shared;

use shared::{Failure, Mode, Table};

/// Measures a part and prints its rows.
type Rows = fn(&Table, Mode) -> Result<(), Failure>;

fn main() -> Result<(), Failure> {
    let mode = Mode::from_args();
    let table = Table::new(mode);
    // `cargo bench --bench formats -- csv` measures that part alone.
    let parts: [(&str, Rows); 2] = [("csv", csv::rows), ("json", json::rows)];
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, rows) in parts {
        if asked.is_empty() || asked.iter().any(|arg| arg == name) {
            rows(&table, mode)?;
        }
    }
    Ok(())
}
