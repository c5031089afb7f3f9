//! Documents and slides: their text as it is read, paragraph by paragraph, with what lies beside it.
mod codepage;
mod epub;
mod flow;
mod odf;
mod ofd;
mod office;
mod ooxml;
mod parts;
mod rtf;
mod rtf_reader;
mod rtf_text;
mod tables;
mod xml;

pub use epub::epub;
pub use odf::{odp, odt};
pub use ofd::ofd;
pub use office::{docx, pptx};
pub use rtf::rtf;
