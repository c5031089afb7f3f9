//! HTML: text as a browser joins it, cells of tables under their headers, and the attributes that people or programs fill in.
use super::table::Table;
use super::token::Tag;
use super::value::Value;
use super::xml::Reading;
use crate::decode::gather::{Gather, Spot, is_value};
use std::ops::Range;

/// Elements that do not break the text (HTML, 4.5).
const INLINE: [&str; 36] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr",
];
/// Attributes that hold what people read or write, or what programs keep there for them.
const READ: [&str; 11] = [
    "value",
    "title",
    "alt",
    "placeholder",
    "content",
    "label",
    "summary",
    "datetime",
    "srcdoc",
    "aria-label",
    "aria-description",
];
/// Attributes that hold addresses.
const ADDRESSES: [&str; 5] = ["href", "src", "action", "formaction", "cite"];
/// Attributes that say what an element holds.
const NAMES: [&str; 4] = ["name", "id", "aria-label", "placeholder"];
/// A text that is longer does not introduce the next one.
const LONGEST_LABEL: usize = 48;
/// Nor one with so many digits: it is a value.
const DIGITS_IN_LABEL: usize = 4;
/// Tables within tables; what lies deeper is read with the deepest.
const DEEPEST: usize = 32;

/// What was read of a page.
#[derive(Default)]
pub(super) struct Html {
    pub value: Value,
    /// The text before this one, where it may say what this one is.
    label: Vec<u8>,
    tables: Vec<Table>,
    /// Open elements in which lines are kept as they are.
    kept: usize,
    /// The element whose content is no markup, up to its end tag.
    pub raw: Option<&'static str>,
}

impl Html {
    /// An element begins.
    pub fn start(&mut self, tag: &Tag, reading: &mut Reading<'_, '_>) {
        let name = reading.string(&tag.name).to_ascii_lowercase();
        if !INLINE.contains(&name.as_str()) {
            self.give(reading);
        }
        match name.as_str() {
            "table" if self.tables.len() < DEEPEST => self.tables.push(Table::default()),
            "tr" => {
                self.label.clear();
                self.table(Table::row);
            }
            "td" | "th" => {
                let span = self.attribute(tag, "colspan", reading).and_then(|span| span.trim().parse().ok());
                self.table(|table| table.cell(name == "th", span.unwrap_or(1)));
            }
            "pre" | "textarea" | "listing" => self.kept += 1,
            "script" => self.raw = Some("script").filter(|_| !tag.empty),
            "style" => self.raw = Some("style").filter(|_| !tag.empty),
            _ => {}
        }
        self.attributes(&name, tag, reading);
    }

    fn table(&mut self, change: impl FnOnce(&mut Table)) {
        if let Some(table) = self.tables.last_mut() {
            change(table);
        }
    }

    fn attribute(&self, tag: &Tag, name: &str, reading: &Reading<'_, '_>) -> Option<String> {
        let is_it = |key: &Range<usize>| reading.window[key.clone()].eq_ignore_ascii_case(name.as_bytes());
        let (_, value) = tag.attributes.iter().find(|(key, _)| is_it(key))?;
        Some(reading.string(value))
    }

    fn attributes(&mut self, element: &str, tag: &Tag, reading: &mut Reading<'_, '_>) {
        for (key, range) in &tag.attributes {
            let key = reading.string(key).to_ascii_lowercase();
            if range.is_empty() {
                continue;
            }
            let is_address = ADDRESSES.contains(&key.as_str());
            let is_script = key.starts_with("on") && key.len() > 4;
            if !is_address && !is_script && !READ.contains(&key.as_str()) && !key.starts_with("data-") {
                continue;
            }
            let label = NAMES.iter().filter(|name| **name != key);
            let label = label.filter_map(|name| self.attribute(tag, name, reading)).next();
            let label =
                label.filter(|label| label.len() <= LONGEST_LABEL && !is_value(label)).unwrap_or_default();
            // Of what programs keep, the name of the attribute is the name of the value.
            let key = if is_value(&key) { "data-*" } else { &key };
            let words = format!("{label} {}", key.strip_prefix("data-").unwrap_or_default());
            let named = if label.is_empty() { String::new() } else { format!("[{label}]") };
            let field = reading.gather.fields.number(&format!("{element}{named}@{key}"), &words);
            let mut value = Value::default();
            value.text(reading.window, range.clone(), reading.encoding, reading.gather);
            // An address that is itself the picture.
            if !(is_address && value.bytes().starts_with(b"data:")) {
                if is_address {
                    value.unquote();
                }
                value.give(Spot { field, ..Spot::default() }, b"", reading.gather);
            }
        }
    }

    /// An element ends.
    pub fn end(&mut self, name: &Range<usize>, reading: &mut Reading<'_, '_>) {
        let name = reading.string(name).to_ascii_lowercase();
        if INLINE.contains(&name.as_str()) {
            return;
        }
        self.give(reading);
        match name.as_str() {
            "td" | "th" => self.table(Table::end_cell),
            "tr" | "thead" => self.table(Table::end_row),
            "table" => {
                self.label.clear();
                self.tables.pop();
            }
            "pre" | "textarea" | "listing" => self.kept = self.kept.saturating_sub(1),
            _ => {}
        }
    }

    /// Hands on the text that was read.
    pub fn give(&mut self, reading: &mut Reading<'_, '_>) {
        if self.kept == 0 {
            self.value.flatten();
        }
        let text = self.value.bytes();
        if text.is_empty() {
            return self.value.clear();
        }
        let short = text.len() <= LONGEST_LABEL && digits(text) < DIGITS_IN_LABEL;
        let next = if short { text.to_vec() } else { Vec::new() };
        let label = std::mem::replace(&mut self.label, next);
        let gather = &mut *reading.gather;
        if self.kept > 0 {
            let field = gather.fields.number("text", "");
            return self.value.give_lines(field, gather);
        }
        let Some(table) = self.tables.last_mut().filter(|table| table.in_cell) else {
            let field = gather.fields.number("text", "");
            return self.value.give(Spot { field, ..Spot::default() }, &label, gather);
        };
        let decoded = reading.encoding.decoder().decode_without_bom_handling(text).0.into_owned();
        let (field, label) = match table.header() {
            Some(header) => {
                let shown = if is_value(header) { "*" } else { header };
                (gather.fields.number(shown, header), &[][..])
            }
            None => (gather.fields.number("td", ""), label.as_slice()),
        };
        table.text(&decoded);
        let row = table.number;
        self.value.give(Spot { field, row, ..Spot::default() }, label, gather);
    }

    /// Hands on a part of a script, or of a page that cannot be told from text.
    pub fn lines(&self, name: &str, range: Range<usize>, gather: &mut Gather<'_>) {
        let field = gather.fields.number(name, "");
        gather.lines(field, range);
    }
}

/// How many digits a text has, of ASCII.
fn digits(text: &[u8]) -> usize {
    text.iter().filter(|b| b.is_ascii_digit()).count()
}
