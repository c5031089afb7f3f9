//! Documents and slides: their text as it is read, paragraph by paragraph, with what lies beside it.
mod codepage;
mod epub;
mod flow;
mod odf;
mod ofd;
mod office;
mod ole;
mod ooxml;
mod parts;
mod powerpoint;
mod properties;
mod rtf;
mod rtf_reader;
mod running;
mod tables;
mod word;
mod word_formats;
mod xml;

pub use epub::epub;
pub use odf::{odp, odt};
pub use ofd::ofd;
pub use office::{docx, pptx};
pub use powerpoint::ppt;
pub use rtf::rtf;
pub use word::doc;

#[cfg(test)]
mod tests;
