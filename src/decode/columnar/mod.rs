//! Tables that are no text: column by column (Parquet, Arrow, ORC), and row by row (Avro, dBase).
mod arrays;
pub(super) mod avro;
mod avro_block;
mod avro_schema;
pub(super) mod dbf;
mod gather;
pub(super) mod ipc;
mod names;
pub(super) mod orc;
mod orc_tail;
pub(super) mod parquet;
mod parquet_chunk;
mod parquet_schema;

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Calls a library that panics over some broken files, and is right otherwise: none where it does.
fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Whether there are bytes that no text holds: a mark of three letters proves nothing by itself.
fn is_binary(head: &[u8]) -> bool {
    head.iter().take(4096).any(|b| matches!(b, 0..=8 | 0x0E..=0x1A))
}

#[cfg(test)]
mod tests;
