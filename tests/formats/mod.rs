//! Formats that are no text, made here byte by byte: what other programs seldom write, and what nobody should.
mod markup;
mod sql;
