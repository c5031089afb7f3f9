//! Formats that are no text, made here byte by byte: what other programs seldom write, and what nobody should.
#[cfg(feature = "office")]
mod sheets;
#[cfg(feature = "office")]
mod sheets_binary;
