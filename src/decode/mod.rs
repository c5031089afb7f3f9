//! From an object's bytes to batches: what the content is (never the file's name), and how to read it.
//!
//! Every decoder takes windows: a slice of the object, how much of it is the object's end, and returns
//! how much it has done with. A mapped file is one window; a stream is many.
mod charset;
mod csv;
mod json;
mod json_walk;
mod origin;
mod sniff;
mod table;
mod text;
mod window;

pub use origin::{Counter, Escapes, Origin};
pub use sniff::{Charset, Format, HEAD, Layout, sniff};
pub use window::{Input, decode};

pub use table::{Keys, TableDecoder};

use crate::model::{Batch, FieldName};
use std::ops::Range;

/// A batch, the part of it to report on, and how its places map to the object's.
pub struct Piece<'a> {
    /// What to scan.
    pub batch: Batch<'a>,
    /// Which values belong to this piece: those that begin here.
    pub body: Range<usize>,
    /// Places in the object. Cells carry offsets into the window, text its own.
    pub origin: Origin<'a>,
    /// The fields known so far, by number: column headers, JSON paths. Empty for text.
    pub fields: &'a [FieldName],
    /// The keys of the rows, where they come from a database.
    pub keys: Option<Keys<'a>>,
}

/// Takes pieces; returns false to stop.
pub type Sink<'s> = dyn FnMut(Piece<'_>) -> bool + 's;
