//! The nouns that every stage shares; no stage imports another, all of them import these.
mod batch;
mod field;
mod grid;
mod hit;
mod lang;
mod rows;
mod secret;
mod table;
mod tally;

pub use batch::{Batch, Cell, Encoding, MARGIN};
pub use field::{FieldName, Seen};
pub use grid::{Cursor, Grid, Spot};
pub use hit::{Hit, Leaning};
pub use lang::Lang;
pub use rows::{Rows, TERMINATOR};
pub use secret::{Secret, mask};
pub use table::{Column, Holds, Table};
pub use tally::{Distinct, Sample, Shapes, Tally};
pub mod coverage;
pub mod map;
