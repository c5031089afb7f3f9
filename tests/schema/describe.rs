//! The labelled schema: what `corpora/schema` says, the rows made of it, and what a scan must say of them.
use crate::program::root;
use crate::schema::generator::{Rng, values};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A value or several.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Strings {
    One(String),
    Many(Vec<String>),
}

impl Default for Strings {
    fn default() -> Self {
        Strings::Many(Vec::new())
    }
}

impl Strings {
    fn all(&self) -> &[String] {
        match self {
            Strings::One(one) => std::slice::from_ref(one),
            Strings::Many(all) => all,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    table: Vec<Table>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub name: String,
    #[serde(default)]
    pub comment: String,
    #[serde(default = "some_rows")]
    pub rows: u64,
    /// The databases that have it; all, where none is named.
    #[serde(default)]
    pub on: Vec<String>,
    /// MySQL's default character set.
    pub charset: Option<String>,
    pub columns: Vec<Column>,
}

fn some_rows() -> u64 {
    300
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    pub name: String,
    #[serde(default)]
    pub comment: String,
    #[serde(rename = "type", default = "text")]
    pub kind: String,
    /// Templates, of which one is drawn for every row; `NULL` is no value.
    pub values: Strings,
    /// How often each is drawn.
    #[serde(default)]
    weights: Vec<u64>,
    /// In which the bytes of a `blob`, and of a text in the wrong character set, are written.
    #[serde(default)]
    pub encoding: String,
    /// So many columns; `#` in the name is the number.
    #[serde(default)]
    repeat: u64,
    #[serde(default)]
    pub on: Vec<String>,
    /// Detectors that must find their values here, or `name:` and the detector that the name alone suggests.
    #[serde(default)]
    finds: Strings,
    /// The same for JSON paths.
    #[serde(default)]
    paths: BTreeMap<String, Strings>,
    /// What is to be found rests on the comment, which SQLite does not have.
    #[serde(default)]
    by_comment: bool,
}

fn text() -> String {
    "varchar(255)".into()
}

/// What must be said of a field: of its values, or by its name alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Want {
    Values(u64),
    Name,
}

/// A column or path: what must be said, and how many of its values are hidden.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    pub labels: BTreeMap<String, Want>,
    pub masked: u64,
    pub hashed: u64,
}

/// A table with its rows: one list of cells for every column.
pub struct Filled {
    pub table: Table,
    pub cells: Vec<Vec<Option<String>>>,
    pub expected: BTreeMap<String, Expected>,
}

/// All tables of one kind of database.
pub fn schema(database: &str) -> Vec<Filled> {
    let mut files: Vec<_> = std::fs::read_dir(root().join("corpora/schema"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let is_here = |on: &[String]| on.is_empty() || on.iter().any(|name| name == database);
    let mut tables = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("UTF-8");
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for mut table in file.table.into_iter().filter(|table| is_here(&table.on)) {
            table.columns = table.columns.iter().flat_map(repeated).filter(|c| is_here(&c.on)).collect();
            tables.push(filled(table, database == "sqlite"));
        }
    }
    tables
}

fn repeated(column: &Column) -> Vec<Column> {
    let number = |i: u64| Column { name: column.name.replace('#', &i.to_string()), ..column.clone() };
    if column.repeat == 0 { vec![column.clone()] } else { (1..=column.repeat).map(number).collect() }
}

fn filled(table: Table, no_comments: bool) -> Filled {
    let (mut cells, mut expected) = (Vec::new(), BTreeMap::new());
    for column in &table.columns {
        let seed = table.name.bytes().chain(column.name.bytes());
        let mut rng = Rng(seed.fold(7, |seed, b| seed * 31 % 1_000_003 + u64::from(b)));
        let rows: Vec<_> = (0..table.rows).map(|row| cell(column, row, &mut rng)).collect();
        if !(no_comments && column.by_comment) {
            expect(column, &rows, &mut expected);
        }
        let text = |cell: values::Filled| Some(cell.text);
        cells.push(rows.into_iter().map(|cell| cell.and_then(text)).collect());
    }
    Filled { table, cells, expected }
}

fn cell(column: &Column, row: u64, rng: &mut Rng) -> Option<values::Filled> {
    let templates = column.values.all();
    let weight = |i: usize| column.weights.get(i).copied().unwrap_or(1);
    let mut drawn = rng.below((0..templates.len()).map(weight).sum());
    let mut which = 0;
    while drawn >= weight(which) {
        drawn -= weight(which);
        which += 1;
    }
    (templates[which] != "NULL").then(|| values::fill(&templates[which], row, rng))
}

/// Writes down what must be found in a column.
fn expect(column: &Column, rows: &[Option<values::Filled>], expected: &mut BTreeMap<String, Expected>) {
    let planted = |cell: &values::Filled, kind: &str, leaf: &str| {
        cell.planted.iter().filter(|(of, value)| *of == kind && leaf.contains(value.as_str())).count() as u64
    };
    let mut note = |field: String, wanted: &Strings, leaves: &[(&values::Filled, String)]| {
        let count = |kind: &str| leaves.iter().map(|(cell, leaf)| planted(cell, kind, leaf)).sum();
        let labels = wanted.all().iter().map(|want| match want.strip_prefix("name:") {
            Some(detector) => (detector.to_owned(), Want::Name),
            None => (want.clone(), Want::Values(count(want))),
        });
        let (masked, hashed) = (count("masked"), count("hashed"));
        expected.insert(field, Expected { labels: labels.collect(), masked, hashed });
    };
    let cells = || rows.iter().flatten();
    if column.paths.is_empty() {
        let leaves: Vec<_> = cells().map(|cell| (cell, cell.text.clone())).collect();
        return note(column.name.clone(), &column.finds, &leaves);
    }
    for (path, wanted) in &column.paths {
        let mut leaves = Vec::new();
        for cell in cells() {
            let document = serde_json::from_str(&cell.text).expect("JSON");
            walk(&document, "$", &mut |at, leaf| {
                if at == path {
                    leaves.push((cell, leaf));
                }
            });
        }
        assert!(!leaves.is_empty(), "{}{path} is in no document", column.name);
        note(format!("{}{path}", column.name), wanted, &leaves);
    }
}

fn walk(value: &serde_json::Value, path: &str, leaf: &mut impl FnMut(&str, String)) {
    match value {
        serde_json::Value::Object(members) => {
            members.iter().for_each(|(key, value)| walk(value, &format!("{path}.{key}"), leaf));
        }
        serde_json::Value::Array(all) => all.iter().for_each(|value| walk(value, &format!("{path}[]"), leaf)),
        serde_json::Value::String(text) => leaf(path, text.clone()),
        other => leaf(path, other.to_string()),
    }
}
