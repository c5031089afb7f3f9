//! From an object's bytes to batches: what the content is (never the file's name), and how to read it.
//!
//! Every decoder takes windows: a slice of the object, how much of it is the object's end, and returns
//! how much it has done with. A mapped file is one window; a stream is many.
#[cfg(feature = "formats")]
mod archive;
mod cells;
mod charset;
#[cfg(feature = "formats")]
mod columnar;
mod config;
mod csv;
mod csv_grid;
#[cfg(feature = "formats")]
mod document;
mod encoded;
mod format;
mod formats;
mod gather;
#[cfg(feature = "formats")]
mod grid;
mod image;
mod json;
mod json_known;
mod json_walk;
mod ldif;
#[cfg(feature = "formats")]
mod mail;
mod markup;
mod origin;
#[cfg(feature = "formats")]
mod package;
#[cfg(feature = "formats")]
mod pdf;
mod properties;
#[cfg(feature = "formats")]
mod sheet;
mod sniff;
mod sql;
mod strings;
mod table;
mod text;
mod unread;
mod window;
mod xmp;

pub use encoded::{Hidden, uncover};
pub use format::{Entry, Failure, FileFormat, Output, Reading};
pub use formats::formats;
pub use origin::{Counter, Escapes, Origin};
pub use sniff::{Charset, Format, HEAD, Kind, LAYOUTS, Layout, sniff};
pub use strings::read as strings;
pub use window::{Input, decode};

pub use table::{Keys, TableDecoder};

use crate::model::{Batch, FieldName};
use serde::{Deserialize, Serialize};
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
    /// What the lines of cells count.
    pub unit: Unit,
}

/// What places in an object are counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Lines of text.
    #[default]
    Line,
    /// Cells of a sheet: the line of a cell is its row, its offset its column, from 0.
    Cell,
    /// Paragraphs.
    Paragraph,
    /// Pages.
    Page,
    /// Slides.
    Slide,
}

impl Unit {
    /// How a place is written: `C5`, `page 3`; `None` for lines, which have a number of their own.
    pub fn place(self, number: u64, column: u64) -> Option<String> {
        let name = match self {
            _ if number == 0 => return None,
            Unit::Line => return None,
            Unit::Cell => return Some(format!("{}{number}", column_letters(column))),
            Unit::Paragraph => "paragraph",
            Unit::Page => "page",
            Unit::Slide => "slide",
        };
        Some(format!("{name} {number}"))
    }
}

/// The letters of a column, from 0: `A`, `Z`, `AA`.
fn column_letters(column: u64) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.insert(0, char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    letters.into_iter().collect()
}

/// Takes pieces; returns false to stop.
pub type Sink<'s> = dyn FnMut(Piece<'_>) -> bool + 's;
