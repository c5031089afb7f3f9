//! The whole program beside others: a large log, many small files, and peak memory. `-- --test` runs small, for the counts.
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod log;
mod memory;
mod program;
#[path = "../shared/mod.rs"]
mod shared;
mod tree;

use shared::{Failure, Mode, Table};

/// Measures a part and prints its rows.
type Rows = fn(&Table, Mode) -> Result<(), Failure>;

fn main() -> Result<(), Failure> {
    let mode = Mode::from_args();
    let table = Table::new(mode);
    // `cargo bench --bench process -- tree` measures that part alone.
    let parts: [(&str, Rows); 3] = [("log", log::rows), ("tree", tree::rows), ("memory", memory::rows)];
    let asked: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    for (name, rows) in parts {
        if asked.is_empty() || asked.iter().any(|arg| arg == name) {
            rows(&table, mode)?;
        }
    }
    Ok(())
}
