//! XML: every text and attribute under the path of its element.
use super::token::Tag;
use super::value::Value;
use crate::decode::gather::{Gather, Spot, is_value};
use crate::model::Encoding;
use std::collections::HashSet;
use std::ops::Range;

/// Deeper elements have the path of this level.
const DEEPEST: usize = 64;
/// Attributes whose value names what the element holds: `<field name="mobile">`.
const NAMES: [&str; 5] = ["name", "key", "label", "field", "column"];
/// Names of that kind that are told apart.
const MOST_NAMES: usize = 1024;
/// The longest of them.
const LONGEST_NAME: usize = 64;

/// The elements that are open.
#[derive(Default)]
pub(super) struct Xml {
    path: String,
    /// How long the path was before each open element.
    open: Vec<usize>,
    /// Open elements deeper than the deepest.
    deeper: usize,
    /// What the innermost element is named by an attribute.
    label: String,
    labels: HashSet<String>,
    pub value: Value,
}

/// What reading a token needs.
pub(super) struct Reading<'r, 'g> {
    pub window: &'r [u8],
    pub encoding: Encoding,
    pub gather: &'r mut Gather<'g>,
}

impl Reading<'_, '_> {
    /// A part of the window, in UTF-8.
    pub fn string(&self, range: &Range<usize>) -> String {
        self.encoding.decoder().decode_without_bom_handling(&self.window[range.clone()]).0.into_owned()
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

impl Xml {
    /// An element begins.
    pub fn start(&mut self, tag: &Tag, reading: &mut Reading<'_, '_>) {
        self.give(reading.gather);
        let name = reading.string(&tag.name);
        if self.open.len() < DEEPEST {
            self.open.push(self.path.len());
            if !self.path.is_empty() {
                self.path.push('.');
            }
            self.path.push_str(if is_value(&name) { "*" } else { local(&name) });
        } else {
            self.deeper += 1;
        }
        self.label.clear();
        for (key, value) in &tag.attributes {
            let key = reading.string(key);
            if NAMES.contains(&key.to_ascii_lowercase().as_str()) && value.len() <= LONGEST_NAME {
                let label = reading.string(value);
                let known = self.labels.contains(&label);
                if !is_value(&label) && (known || self.labels.len() < MOST_NAMES) {
                    self.labels.insert(label.clone());
                    self.label = label;
                }
                break;
            }
        }
        for (key, value) in &tag.attributes {
            self.attribute(&reading.string(key), value, reading);
        }
        if tag.empty {
            self.pop();
        }
    }

    fn attribute(&mut self, key: &str, value: &Range<usize>, reading: &mut Reading<'_, '_>) {
        let name = local(key);
        // Namespaces and the places of schemas are the same in all documents of a kind.
        if value.is_empty() || key.starts_with("xmlns") || name.eq_ignore_ascii_case("schemaLocation") {
            return;
        }
        let says =
            matches!(name.to_ascii_lowercase().as_str(), "value" | "val" | "text" | "content" | "default");
        let length = self.path.len();
        let mut words = name.to_owned();
        if says && !self.label.is_empty() {
            self.path.push_str(&format!("[{}]", self.label));
            words = format!("{} {}", last(&self.path[..length]), self.label);
        } else if says {
            words = format!("{} {name}", last(&self.path));
        }
        self.path.push('@');
        self.path.push_str(if is_value(name) { "*" } else { name });
        let field = reading.gather.fields.number(&self.path, &words);
        self.path.truncate(length);
        let mut attribute = Value::default();
        attribute.text(reading.window, value.clone(), reading.encoding, reading.gather);
        attribute.give(Spot { field, ..Spot::default() }, b"", reading.gather);
    }

    /// An element ends: the innermost of that name, and all within it.
    pub fn end(&mut self, name: &Range<usize>, reading: &mut Reading<'_, '_>) {
        self.give(reading.gather);
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        let name = reading.string(name);
        let name = if is_value(&name) { "*" } else { local(&name) };
        let ends = self.open.iter().skip(1).copied().chain([self.path.len()]);
        let is_it = |(start, end): (&usize, usize)| self.path[*start..end].trim_start_matches('.') == name;
        let found: Vec<bool> = self.open.iter().zip(ends).map(is_it).collect();
        if let Some(at) = found.iter().rposition(|found| *found) {
            self.open.truncate(at + 1);
            self.pop();
        }
    }

    fn pop(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else if let Some(length) = self.open.pop() {
            self.path.truncate(length);
        }
        self.label.clear();
    }

    /// Hands on the text that was read.
    pub fn give(&mut self, gather: &mut Gather<'_>) {
        if self.value.bytes().is_empty() {
            return self.value.clear();
        }
        let length = self.path.len();
        let mut words = last(&self.path).to_owned();
        if !self.label.is_empty() {
            self.path.push_str(&format!("[{}]", self.label));
            words = format!("{words} {}", self.label);
        }
        let field = gather.fields.number(if self.path.is_empty() { "text" } else { &self.path }, &words);
        self.path.truncate(length);
        self.value.give_lines(field, gather);
    }
}

/// The last name of a path.
fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
