//! The whole program beside others: a large log, many small files, and peak memory. `-- --test` runs small, for the counts.
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod log;
mod memory;
mod program;
#[path = "../shared/mod.rs"]
mod shared;
mod tree;

use shared::Failure;

fn main() -> Result<(), Failure> {
    shared::run(&[("log", log::rows), ("tree", tree::rows), ("memory", memory::rows)])
}
