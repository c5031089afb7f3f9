//! Finds personal data in files: proved by checksum, judged against chance, rolled up into a classification map.
#![deny(unsafe_code, missing_docs)]

pub mod classify;
pub mod cli;
pub mod decode;
pub mod detector;
pub mod model;
pub mod pipeline;
pub mod report;
pub mod scan;
pub mod simd;
pub mod source;
pub mod validate;

pub use detector::DetectorSet;
pub use model::{Batch, Encoding};
pub use pipeline::Engine;
pub use scan::{Scanner, Scratch};
