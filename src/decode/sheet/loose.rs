//! Values beside the cells of a sheet: comments, shapes, properties, each kind in a field of its own.
use crate::decode::cells::{At, Cells};
use crate::decode::grid::Spot;
use crate::model::FieldName;
use std::collections::HashMap;

/// The fields of such values, by name.
#[derive(Default)]
pub(super) struct Loose(HashMap<String, u32>);

/// No place.
pub(super) const NOWHERE: Spot = Spot { row: 0, column: 0 };

impl Loose {
    /// Adds a value of the field `shown`, whose words are `words`; false when the decoder is to end.
    pub fn push(&mut self, cells: &mut Cells<'_>, name: [&str; 2], spot: Spot, text: &str) -> bool {
        let [shown, words] = name;
        if text.trim().is_empty() {
            return true;
        }
        let field = match self.0.get(shown) {
            Some(&field) => field,
            None => {
                let field = cells.field(FieldName { shown: shown.to_owned(), words: words.to_owned() });
                self.0.insert(shown.to_owned(), field);
                field
            }
        };
        cells.push(At { field, row: 0, number: spot.row, offset: spot.column }, text)
    }
}
