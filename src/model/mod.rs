//! The nouns that every stage shares; no stage imports another, all of them import these.
mod batch;
mod hit;
mod lang;
mod secret;
mod tally;

pub use batch::{Batch, Cell, Encoding, MARGIN};
pub use hit::{Hit, Leaning};
pub use lang::Lang;
pub use secret::{Secret, mask};
pub use tally::{Sample, Tally};
pub mod coverage;
pub mod map;
