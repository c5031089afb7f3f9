//! Formats beside the libraries and programs that are the fastest at them. `-- --test` runs small, for the counts.
mod csv;
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod json;
mod parquet;
mod pdf;
#[path = "../process/program.rs"]
mod program;
#[path = "../shared/mod.rs"]
mod shared;
mod xlsx;
mod zip;

use shared::{Failure, Mode, Table};

/// Measures a part and prints its rows.
type Rows = fn(&Table, Mode) -> Result<(), Failure>;

/// The parts, a file each.
const PARTS: [(&str, Rows); 6] = [
    ("csv", csv::rows),
    ("json", json::rows),
    ("parquet", parquet::rows),
    ("pdf", pdf::rows),
    ("xlsx", xlsx::rows),
    ("zip", zip::rows),
];

fn main() -> Result<(), Failure> {
    let mode = Mode::from_args();
    let table = Table::new(mode);
    // `cargo bench --bench formats -- zip` measures that part alone.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, rows) in PARTS {
        if asked.is_empty() || asked.iter().any(|arg| arg == name) {
            rows(&table, mode)?;
        }
    }
    Ok(())
}
