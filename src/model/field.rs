//! What is known of a field beside its values.
use schemars::JsonSchema;
use serde::Serialize;

/// How a field is called, and the words that may say what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldName {
    /// The name to show: column header, JSON path. Empty where a column has none.
    pub shown: String,
    /// The words to look at: the name, the last part of a path, the comment of a column.
    pub words: String,
}

impl FieldName {
    /// A name that says itself what the field holds.
    pub fn plain(name: impl Into<String>) -> Self {
        let shown = name.into();
        FieldName { words: shown.clone(), shown }
    }

    /// A path, of which the last part names the value: `$.order.mobile`.
    pub fn path(path: &str) -> Self {
        let words = path.rsplit(['.', '$']).next().unwrap_or(path);
        FieldName { shown: path.to_owned(), words: words.to_owned() }
    }
}

/// What was seen of the values of a column or path, whether anything was found in them or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SeenFacts")]
pub struct Seen {
    /// Values, without nulls and empty ones.
    pub values: u64,
    /// Nulls, and empty values.
    pub nulls: u64,
    /// Values masked already: `138****8000`.
    pub masked: u64,
    /// Values that are a digest in hexadecimal.
    pub hashed: u64,
    /// Values that are bytes and no text.
    pub binary: u64,
    /// Values too long to be read whole.
    pub cut: u64,
}

impl Seen {
    /// Adds what was seen elsewhere of the same field.
    pub fn merge(&mut self, other: Seen) {
        self.values += other.values;
        self.nulls += other.nulls;
        self.masked += other.masked;
        self.hashed += other.hashed;
        self.binary += other.binary;
        self.cut += other.cut;
    }
}
