//! Databases as a user of the program meets them: what is found, what is said, and what a scan does to a server.
mod sqlite;
mod trouble;
mod whole;

use crate::program::{Run, Scene};
use crate::servers::{mysql, postgres};
use serde_json::Value;

/// Scans a database with more arguments.
fn scan(url: &str, more: &[&str]) -> (Scene, Run) {
    let scene = Scene::new();
    let mut arguments = vec![url];
    arguments.extend(more);
    let run = scene.run(&arguments, b"");
    (scene, run)
}

/// The labels of a field of a table, by the end of the table's path: detector, evidence, matched.
fn labels(run: &Run, table: &str, field: &str) -> Vec<(String, String, u64)> {
    let objects = run.map["objects"].as_array().expect("objects");
    let object =
        objects.iter().find(|object| object["path"].as_str().is_some_and(|path| path.ends_with(table)));
    let fields = object.and_then(|object| object["fields"].as_array()).into_iter().flatten();
    let text = |label: &Value, key: &str| label[key].as_str().unwrap_or_default().to_owned();
    fields
        .filter(|found| found["name"] == field)
        .flat_map(|found| found["labels"].as_array().expect("labels"))
        .map(|label| {
            (text(label, "detector"), text(label, "evidence"), label["matched"].as_u64().unwrap_or(0))
        })
        .collect()
}

/// A table of `rows` rows with an identity number each, on a server of each kind; `test` gets its URL and the
/// table's name.
fn on_each_server(rows: u64, name: &str, test: impl Fn(&str, &str)) {
    let scratch = postgres::Scratch::new(&format!(
        "CREATE TABLE people AS SELECT i AS id, '110101190001011009' AS sfzh, repeat('x', 200) AS remark \
         FROM generate_series(1, {rows}) i; ALTER TABLE people ADD PRIMARY KEY (id); ANALYZE people"
    ));
    test(&scratch.url(), "people");
    let base = mysql::Base::with(
        name,
        &format!(
            "CREATE TABLE people (id BIGINT PRIMARY KEY, sfzh CHAR(18), remark VARCHAR(200)); \
             INSERT INTO people SELECT seq, '110101190001011009', REPEAT('x', 200) FROM seq_1_to_{rows}; \
             ANALYZE TABLE people"
        ),
    );
    test(&base.url(), "people");
}
