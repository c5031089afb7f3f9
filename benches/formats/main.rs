//! Formats beside the libraries and programs that are the fastest at them. `-- --test` runs small, for the counts.
mod csv;
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod json;
//! Formats beside the libraries that are the fastest at them, on one thread each. `-- --test` runs small, for the counts.
#[path = "../../corpora/generator/mod.rs"]
mod generator;
#[cfg(feature = "formats")]
mod parquet;
#[allow(dead_code, reason = "another bench uses the rest")]
//! Formats beside the programs that people read them with. `-- --test` runs small, for the counts.
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod pdf;
#[allow(dead_code, reason = "a part of what another bench uses")]
#[path = "../process/program.rs"]
mod program;
#[path = "../shared/mod.rs"]
mod shared;
mod zip;
#[cfg(feature = "formats")]
mod xlsx;

use shared::{Failure, Mode, Table};

/// Measures a part and prints its rows.
type Rows = fn(&Table, Mode) -> Result<(), Failure>;

/// The parts, a file each.
const PARTS: [(&str, Rows); 3] = [("csv", csv::rows), ("json", json::rows), ("zip", zip::rows)];
const PARTS: [(&str, Rows); 1] = [("pdf", pdf::rows)];

fn main() -> Result<(), Failure> {
    let mode = Mode::from_args();
    let table = Table::new(mode);
    // `cargo bench --bench formats -- zip` measures that part alone.
    // `cargo bench --bench formats -- csv` measures that part alone.
    let parts: &[(&str, Rows)] = &[
        ("csv", csv::rows),
        ("json", json::rows),
        #[cfg(feature = "formats")]
        ("xlsx", xlsx::rows),
    ];
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, rows) in PARTS {
fn main() -> Result<(), Failure> {
    let mode = Mode::from_args();
    let table = Table::new(mode);
    // `cargo bench --bench formats -- parquet` measures that part alone.
    let parts: &[(&str, Rows)] = &[
        #[cfg(feature = "formats")]
        ("parquet", parquet::rows),
    ];
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, rows) in parts {
    // `cargo bench --bench formats -- pdf` measures that part alone.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, rows) in PARTS {
        if asked.is_empty() || asked.iter().any(|arg| arg == name) {
            rows(&table, mode)?;
        }
    }
    Ok(())
}
