//! Formats beside the programs that people read them with. `-- --test` runs small, for the counts.
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod pdf;
#[allow(dead_code, reason = "a part of what another bench uses")]
#[path = "../process/program.rs"]
mod program;
#[path = "../shared/mod.rs"]
mod shared;

use shared::{Failure, Mode, Table};

/// Measures a part and prints its rows.
type Rows = fn(&Table, Mode) -> Result<(), Failure>;

/// The parts, a file each.
const PARTS: [(&str, Rows); 1] = [("pdf", pdf::rows)];

fn main() -> Result<(), Failure> {
    let mode = Mode::from_args();
    let table = Table::new(mode);
    // `cargo bench --bench formats -- pdf` measures that part alone.
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, rows) in PARTS {
        if asked.is_empty() || asked.iter().any(|arg| arg == name) {
            rows(&table, mode)?;
        }
    }
    Ok(())
}
