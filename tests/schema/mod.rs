//! Every column of a labelled schema gets the right verdict, on PostgreSQL, MariaDB and SQLite alike.
mod describe;
#[path = "../../corpora/generator/mod.rs"]
mod generator;
mod sql;

use crate::program::{Run, Scene};
use crate::servers::{mysql, postgres};
use describe::{Expected, Filled, Want, schema};
use serde_json::Value;
use sql::Dialect;
use std::collections::{BTreeMap, BTreeSet};

/// Mobile numbers have no check digit; of a thousand, five may be in doubt.
const LEAST: f64 = 0.995;

/// Scans a database that holds `tables`, and compares the map with what was planted.
fn judged(url: &str, tables: &[Filled]) {
    let run = Scene::new().run(&[url], b"").closes();
    ledger(&run, tables);
    let mut wrong = Vec::new();
    let (mut fields, mut labels) = (0, 0);
    for filled in tables {
        let got = fields_of(&run.map, &filled.table.name);
        let names: BTreeSet<&str> =
            filled.expected.keys().map(String::as_str).chain(got.keys().copied()).collect();
        fields += names.len();
        for name in names {
            let expected = filled.expected.get(name).cloned().unwrap_or_default();
            labels += expected.labels.len();
            let field = got.get(name).copied().unwrap_or(&Value::Null);
            let told = mistakes(&expected, field);
            wrong.extend(told.into_iter().map(|told| format!("{}.{name}: {told}", filled.table.name)));
        }
    }
    println!("{} tables, {fields} columns and paths, {labels} labels", tables.len());
    assert!(wrong.is_empty(), "{} mistakes\n{}", wrong.len(), wrong.join("\n"));
}

/// Every table was read, and the ledger tells of those with bytes that are no text, and of no other.
fn ledger(run: &Run, tables: &[Filled]) {
    let coverage = &run.map["coverage"];
    assert_eq!(coverage["objects"], tables.len(), "{coverage}");
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    let holds_bytes = |filled: &&Filled| filled.table.columns.iter().any(|column| column.kind == "cipher");
    let mut expected: Vec<_> = tables.iter().filter(holds_bytes).map(|f| f.table.name.as_str()).collect();
    expected.sort_unstable();
    let rows = coverage["exceptions"].as_array().expect("a ledger");
    let got = rows.iter().map(|row| {
        assert_eq!((&row["state"], &row["reason"]), (&"partial".into(), &"no-decoder".into()), "{row}");
        row["path"].as_str().and_then(|path| path.rsplit(['.', '/', '!']).next()).expect("a path")
    });
    assert_eq!(got.collect::<Vec<_>>(), expected);
}

/// The fields that the map tells of in a table.
fn fields_of<'m>(map: &'m Value, table: &str) -> BTreeMap<&'m str, &'m Value> {
    let objects = map["objects"].as_array().expect("objects");
    let is_it = |object: &&Value| {
        let before = object["path"].as_str().and_then(|path| path.strip_suffix(table));
        before.is_some_and(|before| before.ends_with(['.', '/', '!']))
    };
    let fields = objects.iter().find(is_it).and_then(|object| object["fields"].as_array());
    fields.into_iter().flatten().map(|field| (field["name"].as_str().expect("a name"), field)).collect()
}

/// What is wrong with what the map says of a field.
fn mistakes(expected: &Expected, field: &Value) -> Vec<String> {
    let labels: Vec<&Value> = field["labels"].as_array().into_iter().flatten().collect();
    let mut told = Vec::new();
    for (detector, want) in &expected.labels {
        let label = labels.iter().find(|label| label["detector"] == detector.as_str());
        if !label.is_some_and(|label| fits(*want, label, detector)) {
            told.push(format!("{detector} {want:?} expected, got {}", shown(label.copied())));
        }
    }
    let says = |label: &&&Value| label["evidence"] == "name" || label["matched"] != 0;
    for label in labels.iter().filter(says) {
        let detector = label["detector"].as_str().expect("a detector");
        if !expected.labels.contains_key(detector) {
            told.push(format!("no {detector} expected, got {}", shown(Some(label))));
        }
    }
    for (what, count) in [("masked", expected.masked), ("hashed", expected.hashed)] {
        if !field.is_null() && field["seen"][what].as_u64().unwrap_or(0) != count {
            told.push(format!("{count} {what} expected, got {}", field["seen"]));
        }
    }
    told
}

fn fits(want: Want, label: &Value, detector: &str) -> bool {
    let (matched, confidence) = (label["matched"].as_u64(), label["confidence"].as_f64());
    match want {
        Want::Name => label["evidence"] == "name",
        Want::Values(planted) => {
            let least =
                if detector == "cn-mobile" { (planted as f64 * LEAST).ceil() as u64 } else { planted };
            label["evidence"] == "values"
                && matched.is_some_and(|matched| matched > 0 && (least..=planted).contains(&matched))
                && confidence.is_some_and(|confidence| confidence >= 0.5)
        }
    }
}

fn shown(label: Option<&Value>) -> String {
    label.map_or("nothing".into(), |label| {
        format!(
            "{} matched with {}, by {}: {}",
            label["matched"], label["confidence"], label["evidence"], label["reason"]
        )
    })
}

#[test]
fn on_postgresql() {
    let tables = schema("postgres");
    let script = format!("CREATE EXTENSION hstore;\n{}", Dialect::Postgres.script(&tables));
    let scratch = postgres::Scratch::new(&script);
    judged(&scratch.url(), &tables);
}

#[test]
fn on_mariadb() {
    let tables = schema("mysql");
    let base = mysql::Base::with("schema", &Dialect::Mysql.script(&tables));
    judged(&base.url(), &tables);
}

#[test]
fn on_sqlite() {
    let tables = schema("sqlite");
    let file = tempfile::NamedTempFile::new().expect("a file");
    let connection = rusqlite::Connection::open(file.path()).expect("a database");
    let script = format!("BEGIN;\n{}COMMIT;", Dialect::Sqlite.script(&tables));
    connection.execute_batch(&script).expect("tables");
    judged(&format!("sqlite:{}", file.path().display()), &tables);
}
