//! Writes the map for its readers: JSON for programs, a table for the terminal.
pub mod json;
pub mod terminal;
