//! The classification map: what `map.json` holds. The types are the schema.
use super::coverage::Coverage;
use super::{Sample, Seen};
use schemars::JsonSchema;
use serde::Serialize;

/// The version of the map's shape; it changes when a reader could break.
pub const SCHEMA: &str = "pandian.map/1";

/// What a scan found, where, how sure it is, and what it could not read.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClassificationMap {
    /// The shape of this document, `pandian.map/1`.
    pub schema: &'static str,
    /// The program's version.
    pub version: &'static str,
    /// When the scan began, RFC 3339.
    pub started: String,
    /// When the map was written, RFC 3339.
    pub finished: String,
    /// False when the scan was interrupted or something could not be read.
    pub complete: bool,
    /// The targets as given.
    pub targets: Vec<String>,
    /// The confidence from which a value counts as matched.
    pub min_confidence: f64,
    /// The objects with something to say, by path; an object with no candidate is in the coverage alone.
    pub objects: Vec<Object>,
    /// Matched values by detector, over all objects.
    pub totals: Vec<Total>,
    /// The ledger of what was read.
    pub coverage: Coverage,
}

/// A file, an entry in one, or a table.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Object {
    /// Path as given on the command line, and the path below it.
    pub path: String,
    /// How it was read: `text`, `csv`, `json`, `json-lines`, `table`.
    pub format: String,
    /// Its encoding.
    pub encoding: String,
    /// Its size in bytes; of a table, the bytes of the cells that were read.
    pub bytes: u64,
    /// Of a table: its comment and how many of its rows were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<TableFacts>,
    /// Its fields with labels, in the order of the object.
    pub fields: Vec<Field>,
}

/// What is known of a table beside its columns.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TableFacts {
    /// Its comment; empty where there is none.
    pub comment: String,
    /// Rows that were read.
    pub rows_read: u64,
    /// The share of the table that was read, 0 to 1; 1 unless it was sampled or time was up.
    pub share_read: f64,
}

/// A column, a JSON path, or the whole of a text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Field {
    /// Column header or JSON path; null for running text.
    pub name: Option<String>,
    /// The type and comment of a database column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<ColumnFacts>,
    /// What was seen of all values of a column or path; null for running text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// The labels, by detector.
    pub labels: Vec<Label>,
}

/// What the catalogue of a database says of a column.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ColumnFacts {
    /// Its type, in the database's own words.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Its comment; empty where there is none.
    pub comment: String,
}

/// What a label rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Values that passed their check.
    Values,
    /// The name or comment of the column alone: it is empty, or its values are masked, digests or bytes.
    Name,
}

/// What one detector says of one field.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Label {
    /// The detector's id.
    pub detector: String,
    /// What it rests on: values, or a name alone.
    pub evidence: Evidence,
    /// 0 to 1: the estimated share of the matched values that are what the label says.
    pub confidence: f64,
    /// Values that passed the validator with at least the asked confidence.
    pub matched: u64,
    /// Values that passed the validator.
    pub passed: u64,
    /// Values of the right shape.
    pub candidates: u64,
    /// Different values among those that passed, to about 2 %.
    pub distinct: u64,
    /// Where only a part was read: how many values of the whole would match, in all likelihood (95 %).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Interval>,
    /// How many of the candidates would pass by chance, if all that failed are no such values.
    pub expected_by_chance: f64,
    /// log10 of the probability that chance alone lets at least `passed` of `candidates` pass (upper bound).
    pub log10_chance: f64,
    /// Values with a word for the label near them, and with a word against it.
    pub context: ContextCounts,
    /// The verdict in words, in the language of the report.
    pub reason: String,
    /// Masked samples, the first by offset.
    pub samples: Vec<MaskedSample>,
}

/// The ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    /// At least so many.
    pub low: u64,
    /// At most so many.
    pub high: u64,
}

/// How many of the values that passed had a word for or against the label near them.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct ContextCounts {
    /// With a word that supports the label.
    pub supporting: u64,
    /// With a word that speaks against it.
    pub opposing: u64,
}

/// A masked value and where it was.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct MaskedSample {
    /// Offset of its first byte in the object.
    pub offset: u64,
    /// First two and last two characters.
    pub masked: String,
}

impl From<Sample> for MaskedSample {
    fn from(sample: Sample) -> Self {
        MaskedSample { offset: sample.offset, masked: sample.masked }
    }
}

/// Matched values of one detector.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Total {
    /// The detector's id.
    pub detector: String,
    /// Values matched.
    pub matched: u64,
    /// Objects that hold at least one.
    pub objects: u64,
}
