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
pub(super) mod parquet;
mod parquet_chunk;
mod parquet_schema;
