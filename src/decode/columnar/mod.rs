//! Tables that are no text: column by column (Parquet, Arrow, ORC), and row by row (Avro, dBase).
mod arrays;
// AVRO
mod gather;
mod names;
pub(super) mod parquet;
mod parquet_chunk;
mod parquet_schema;
