//! SQLite files, named as targets and met on the way.
use super::{labels, scan};
use crate::program::{CARD, MOBILE, RESIDENT_ID, Scene};
use rusqlite::Connection;
use std::path::PathBuf;

/// A scene with a database in its folder, made by `sql`.
fn scene(sql: &str) -> (Scene, PathBuf) {
    let scene = Scene::new();
    let path = scene.data().join("app 库.db");
    let connection = Connection::open(&path).expect("a database");
    connection.execute_batch(sql).expect("SQL");
    (scene, path)
}

#[test]
fn a_file_is_a_target_and_is_met_on_the_way() {
    let (scene, path) = scene(&format!(
        "CREATE TABLE 客户 (id INTEGER PRIMARY KEY, 手机 TEXT, extra TEXT, flag BOOLEAN); \
         INSERT INTO 客户 VALUES (7, '{MOBILE}', '{{\"a\": [{{\"sfzh\": \"{RESIDENT_ID}\"}}]}}', 1), (8, 13900000000, NULL, 0); \
         CREATE VIEW v AS SELECT * FROM 客户; CREATE TABLE empty (yhkh TEXT)"
    ));
    let url = format!("sqlite:{}", path.display());
    let runs = [scene.scan(&["--reveal"]).ends(0), scan(&url, &["--reveal"]).1.ends(0)];
    for (run, prefix) in runs.iter().zip([format!("{}!", path.display()), format!("{url}!")]) {
        assert_eq!(labels(run, "客户", "手机"), [("cn-mobile".into(), "values".into(), 2)]);
        assert_eq!(labels(run, "客户", "extra$.a[].sfzh"), [("cn-resident-id".into(), "values".into(), 1)]);
        assert_eq!(labels(run, "empty", "yhkh"), [("bank-card".into(), "name".into(), 0)]);
        assert_eq!(run.row("!v")["reason"], "view");
        let mut found: Vec<_> = run
            .findings
            .iter()
            .map(|f| (f["path"].as_str(), f["key"].as_str(), f["value"].as_str()))
            .collect();
        found.sort();
        let path = prefix + "客户";
        let mut expected = [
            (Some(path.as_str()), Some("id=7"), Some(RESIDENT_ID)),
            (Some(path.as_str()), Some("id=7"), Some(MOBILE)),
            (Some(path.as_str()), Some("id=8"), Some("13900000000")),
        ];
        expected.sort();
        assert_eq!(found, expected);
    }
    assert_eq!(runs[0].map["coverage"]["objects"], 4, "the file, two tables, and the view");
}

#[test]
fn rows_are_addressed_whatever_their_key() {
    let (scene, _) = scene(&format!(
        "CREATE TABLE plain (c TEXT); INSERT INTO plain VALUES ('x'), ('卡号{CARD}'); \
         CREATE TABLE composite (a TEXT, b INT, c TEXT, PRIMARY KEY (b, a)); INSERT INTO composite VALUES ('y', 3, '卡号{CARD}'); \
         CREATE TABLE bare (k TEXT PRIMARY KEY, c TEXT) WITHOUT ROWID; INSERT INTO bare VALUES ('z', '卡号{CARD}'); \
         CREATE TABLE named (rowid TEXT, \"or\"\"der\" TEXT); INSERT INTO named VALUES ('not a number', '卡号{CARD}')"
    ));
    let run = scene.scan(&["--reveal"]).ends(0);
    let key = |table: &str| run.of(table)[0]["key"].clone();
    assert_eq!(
        [key("!plain"), key("!composite"), key("!bare"), key("!named")],
        ["rowid=2", "b=3, a=y", "k=z", "_rowid_=1"]
    );
}

#[test]
fn values_of_every_encoding_and_kind_are_read() {
    let (scene, path) = scene("CREATE TABLE t (a BLOB, b TEXT, c INTEGER, d REAL)");
    let connection = Connection::open(path).expect("a database");
    let gbk = encoding_rs::GB18030.encode(&format!("联系电话{MOBILE}")).0.into_owned();
    let misread = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&gbk).0.into_owned();
    connection
        .execute("INSERT INTO t VALUES (?1, ?2, 13800138001, 13800138002)", (&gbk, &misread))
        .expect("a row");
    connection
        .execute("INSERT INTO t (a) VALUES (?1)", [b"\x89PNG\r\n\x1a\n\0\0\0\r\0\0".as_slice()])
        .expect("a row");
    let run = scene.scan(&["--min-confidence", "0"]).ends(3);
    for column in ["a", "b", "c", "d"] {
        assert_eq!(labels(&run, "!t", column), [("cn-mobile".into(), "values".into(), 1)], "{column}");
    }
    assert_eq!(run.row("!t")["reason"], "no-decoder");
    assert_eq!(run.row("!t")["detail"], "a: 1");
    let context = &run.map["objects"][0]["fields"][1]["labels"][0]["context"]["supporting"];
    assert_eq!(*context, 1, "联系电话 is read, though it was stored under the wrong character set");
}

#[test]
fn a_value_too_large_for_memory_is_read_in_part_and_said() {
    let (scene, path) =
        scene("CREATE TABLE big (t TEXT); CREATE TABLE bare (k TEXT PRIMARY KEY, t TEXT) WITHOUT ROWID");
    let connection = Connection::open(path).expect("a database");
    for i in 0..3000 {
        connection.execute("INSERT INTO big VALUES (?1)", [format!("{i} 手机{MOBILE}")]).expect("a row");
    }
    let sql = "INSERT INTO big VALUES (?1 || printf('%.*c', 200000000, 'x'))";
    connection.execute(sql, [format!("身份证{RESIDENT_ID} ")]).expect("a row");
    connection.execute("INSERT INTO big VALUES (?1)", [format!("last 手机{MOBILE}")]).expect("a row");
    connection.execute("INSERT INTO bare VALUES ('k', printf('%.*c', 20000000, 'x'))", []).expect("a row");
    drop(connection);
    let run = scene.scan(&[]).ends(3);
    let mut found = labels(&run, "!big", "t");
    found.sort();
    assert_eq!(
        found,
        [("cn-mobile".into(), "values".into(), 3001), ("cn-resident-id".into(), "values".into(), 1)]
    );
    for table in ["!big", "!bare"] {
        assert_eq!(
            (&run.row(table)["state"], &run.row(table)["reason"]),
            (&"partial".into(), &"too-large".into()),
            "{table}"
        );
    }
}

#[test]
fn what_only_looks_like_a_database_is_a_row() {
    let scene = Scene::new();
    let mut bytes = b"SQLite format 3\0".to_vec();
    bytes.extend((0..8192u32).map(|i| (i * 31 % 251) as u8));
    scene.write("torn.db", &bytes);
    let run = scene.scan(&[]).ends(3);
    assert_eq!(run.row("torn.db")["state"], "failed", "{}", run.map["coverage"]);
}

#[test]
fn a_database_in_use_is_read_with_what_is_not_yet_merged() {
    let (scene, path) =
        scene("PRAGMA journal_mode = WAL; CREATE TABLE t (sjh TEXT); INSERT INTO t VALUES ('x')");
    let writer = Connection::open(&path).expect("a database");
    writer
        .execute_batch(&format!("PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES ('{MOBILE}')"))
        .expect("SQL");
    let run = scene.scan(&["--include", "*.db"]);
    assert_eq!(
        labels(&run, "!t", "sjh"),
        [("cn-mobile".into(), "values".into(), 1)],
        "{}",
        run.map["coverage"]
    );
    drop(writer);
}
