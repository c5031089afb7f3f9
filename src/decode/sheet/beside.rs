//! What lies in a package beside its sheets: comments, shapes, properties, and the caches of pivot tables.
use super::loose::{Loose, NOWHERE};
use super::number;
use super::worksheet::spot;
use super::xml::{Token, Xml, text, unescape};
use crate::decode::cells::{At, Cells};
use crate::decode::grid::Spot;
use crate::model::FieldName;
use std::io;

/// A text longer than this is handed on in parts.
const LONGEST: usize = 1 << 20;
/// Fields of a pivot cache that are told apart: as many as a sheet has columns.
const PIVOT_FIELDS: usize = 16_384;

/// Where the values of a part go.
pub(super) struct Beside<'b, 'o> {
    pub cells: &'b mut Cells<'o>,
    pub loose: &'b mut Loose,
}

/// Which elements hold the text of a part.
pub(super) struct Form {
    /// Each of these is a value; it may say by `ref` which cell it belongs to.
    pub items: &'static [&'static [u8]],
    /// Within it, these hold its text.
    pub texts: &'static [&'static [u8]],
    /// Each of these begins a line.
    pub lines: &'static [&'static [u8]],
}

/// Notes to cells, of old (18.7) and of new ones (MS-XLSX, 2.6.205).
pub(super) const COMMENTS: Form =
    Form { items: &[b"comment", b"threadedComment"], texts: &[b"t", b"text"], lines: &[] };
/// Shapes with text, and charts with the values they show (21.1.2, 21.2.2).
pub(super) const SHAPES: Form =
    Form { items: &[b"txBody", b"rich", b"pt"], texts: &[b"t", b"v"], lines: &[b"p"] };

impl Beside<'_, '_> {
    /// Reads the values of a part into the field `shown`; false when the decoder is to end.
    pub fn items(&mut self, xml: &mut Xml<'_>, form: &Form, shown: &str) -> io::Result<bool> {
        let (mut value, mut place, mut within) = (Vec::new(), NOWHERE, 0u32);
        while let Some(token) = xml.next()? {
            match token {
                Token::Open(name, attributes) => {
                    if form.items.contains(&name) {
                        place = attributes.get("ref").and_then(spot).unwrap_or(NOWHERE);
                        value.clear();
                    }
                    within += u32::from(form.texts.contains(&name));
                    if form.lines.contains(&name) && !value.is_empty() {
                        value.push(b'\n');
                    }
                }
                Token::Close(name) => {
                    within = within.saturating_sub(u32::from(form.texts.contains(&name)));
                    if form.items.contains(&name) && !self.give(&mut value, [shown, ""], place) {
                        return Ok(false);
                    }
                }
                Token::Text(raw) if within > 0 => unescape(raw, &mut value),
                Token::Data(raw) if within > 0 => value.extend_from_slice(raw),
                Token::Text(_) | Token::Data(_) => {}
            }
            if value.len() > LONGEST && !self.give(&mut value, [shown, ""], place) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads the text of every element that has some; the field is called by the element, or by its name where it has one.
    pub fn elements(&mut self, xml: &mut Xml<'_>, prefix: &str) -> io::Result<bool> {
        let (mut value, mut named, mut element) = (Vec::new(), String::new(), String::new());
        while let Some(token) = xml.next()? {
            match token {
                Token::Text(raw) => unescape(raw, &mut value),
                Token::Data(raw) => value.extend_from_slice(raw),
                Token::Open(name, attributes) => {
                    let words = if named.is_empty() { &element } else { &named };
                    let shown = format!("{prefix}!{words}");
                    if !self.give(&mut value, [&shown, words], NOWHERE) {
                        return Ok(false);
                    }
                    element = String::from_utf8_lossy(&name[..name.len().min(64)]).into_owned();
                    if let Some(name) = attributes.get("name") {
                        named = text(&name[..name.len().min(256)]);
                    }
                }
                Token::Close(name) => {
                    let words = if named.is_empty() { &element } else { &named };
                    let shown = format!("{prefix}!{words}");
                    if !self.give(&mut value, [&shown, words], NOWHERE) {
                        return Ok(false);
                    }
                    if name == b"property" || name == b"user-defined" {
                        named.clear();
                    }
                }
            }
            if value.len() > LONGEST && !self.give(&mut value, [prefix, ""], NOWHERE) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads the fields of a pivot cache, and the values that are kept with them (18.10.1.26).
    pub fn pivot_fields(
        &mut self,
        xml: &mut Xml<'_>,
        prefix: &str,
        fields: &mut Vec<u32>,
    ) -> io::Result<bool> {
        while let Some(token) = xml.next()? {
            let Token::Open(name, attributes) = token else { continue };
            if name == b"cacheField" && fields.len() < PIVOT_FIELDS {
                let words = attributes.text("name").unwrap_or_default();
                let shown = format!("{prefix}!{words}");
                fields.push(self.cells.field(FieldName { shown, words }));
            } else if let (Some(value), Some(&field)) =
                (pivot_value(name, attributes.get("v")), fields.last())
                && !self.cells.push(At { field, ..At::default() }, &value)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads the records of a pivot cache: a value for every field, or the number of one that is kept with the field.
    pub fn pivot_records(&mut self, xml: &mut Xml<'_>, fields: &[u32]) -> io::Result<bool> {
        let (mut row, mut column) = (0, 0);
        while let Some(token) = xml.next()? {
            let Token::Open(name, attributes) = token else { continue };
            if name == b"r" {
                (row, column) = (row + 1, 0);
                continue;
            }
            let field = fields.get(column).copied();
            column += usize::from(matches!(name, b"x" | b"s" | b"n" | b"b" | b"e" | b"d" | b"m"));
            if let (Some(value), Some(field)) = (pivot_value(name, attributes.get("v")), field)
                && !self.cells.push(At { field, row, ..At::default() }, &value)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn give(&mut self, value: &mut Vec<u8>, name: [&str; 2], place: Spot) -> bool {
        let go_on =
            value.is_empty() || self.loose.push(self.cells, name, place, &String::from_utf8_lossy(value));
        value.clear();
        go_on
    }
}

/// A text or number of a pivot cache.
fn pivot_value(name: &[u8], value: Option<&[u8]>) -> Option<String> {
    match name {
        b"s" => value.map(text),
        b"n" => number::digits(&text(value?)),
        _ => None,
    }
}
