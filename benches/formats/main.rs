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

use shared::Failure;

fn main() -> Result<(), Failure> {
    shared::run(&[
        ("csv", csv::rows),
        ("json", json::rows),
        ("parquet", parquet::rows),
        ("pdf", pdf::rows),
        ("xlsx", xlsx::rows),
        ("zip", zip::rows),
    ])
}
