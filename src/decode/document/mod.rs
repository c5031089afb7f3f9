//! Documents and slides: their text as it is read, paragraph by paragraph, with what lies beside it.
mod flow;
mod office;
mod ooxml;
mod parts;
mod tables;
mod xml;

pub use office::{docx, pptx};
