//! Archives and compressed files: what lies in them is scanned as objects of their own.
pub mod compressed;
