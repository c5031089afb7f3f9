//! Every row exactly once, whatever the key.
use super::{access, found, open, read, rows_of, text};
use crate::servers::mysql::Base;
use pandian::source::database::Grain;

const GRAINS: [Grain; 2] = [Grain::Coarse, Grain::Fine(1.0)];

/// The sorted cells of one column, read in each grain.
fn column(base: &Base, table: &str, column: usize) -> Vec<Vec<String>> {
    // The estimates that the cutting goes by must be there.
    base.run(&format!("ANALYZE TABLE {table}"));
    let read = |grain| {
        let mut cells: Vec<String> =
            rows_of(&base.url(), table, grain).iter().map(|row| text(&row[column])).collect();
        cells.sort();
        cells
    };
    GRAINS.into_iter().map(read).collect()
}

/// Asserts that a table whose column `v` counts from 1 to `rows` is read whole.
fn is_whole(base: &Base, table: &str, at: usize, rows: usize) {
    let mut expected: Vec<String> = (1..=rows).map(|row| row.to_string()).collect();
    expected.sort();
    for cells in column(base, table, at) {
        assert_eq!(cells, expected, "{table}");
    }
}

fn chunks(base: &Base, table: &str, grain: Grain) -> usize {
    let database = open(&base.url());
    let found = found(&*database, &access(), table);
    database.plan(&found, &access(), grain).expect("a plan").chunks.len()
}

#[test]
fn dense_keys_are_cut_into_ranges() {
    let base = Base::with(
        "dense",
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v BIGINT, pad VARCHAR(2000));
         INSERT INTO t (v, pad) SELECT seq, REPEAT('x', 2000) FROM seq_1_to_70000",
    );
    is_whole(&base, "t", 1, 70_000);
    assert!((20..60).contains(&chunks(&base, "t", Grain::Fine(0.1))), "some of 2 000 rows");
    assert!((2..6).contains(&chunks(&base, "t", Grain::Coarse)), "140 MB in pieces of 64 MB");
}

#[test]
fn unsigned_negative_and_sparse_keys() {
    let base = Base::with(
        "keys",
        "CREATE TABLE u (id BIGINT UNSIGNED PRIMARY KEY, v BIGINT);
         INSERT INTO u SELECT 18446744073709551615 - seq * 1844674407370955, seq FROM seq_1_to_9000;
         UPDATE u SET id = 18446744073709551615 WHERE v = 1; UPDATE u SET id = 0 WHERE v = 2;
         CREATE TABLE s (id BIGINT PRIMARY KEY, v BIGINT);
         INSERT INTO s SELECT (CAST(seq AS SIGNED) - 4500) * 2049638230412172, seq FROM seq_1_to_9000;
         UPDATE s SET id = -9223372036854775808 WHERE v = 1; UPDATE s SET id = 9223372036854775807 WHERE v = 2;
         CREATE TABLE n (id SMALLINT PRIMARY KEY, v BIGINT);
         INSERT INTO n SELECT -CAST(seq AS SIGNED), seq FROM seq_1_to_9000",
    );
    for table in ["u", "s", "n"] {
        is_whole(&base, table, 1, 9000);
        assert!(chunks(&base, table, Grain::Fine(0.1)) > 3, "{table}");
    }
}

#[test]
fn clusters_of_keys_are_cut_by_their_rows() {
    let base = Base::with(
        "clusters",
        "CREATE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, v BIGINT, pad CHAR(100) DEFAULT 'x');
         INSERT INTO t (id, v) SELECT seq, seq FROM seq_1_to_20000;
         INSERT INTO t (id, v) SELECT 1800000000000000000 + seq * 4194304, seq + 20000 FROM seq_1_to_20000;
         UPDATE t SET id = 18446744073709551615 WHERE v = 20000",
    );
    is_whole(&base, "t", 1, 40_000);
    let (database, access) = (open(&base.url()), access());
    let found = found(&*database, &access, "t");
    let plan = database.plan(&found, &access, Grain::Fine(0.1)).expect("a plan");
    let counts: Vec<usize> = plan
        .chunks
        .iter()
        .map(|chunk| read(&*database, &access, std::slice::from_ref(chunk)).expect("rows").len())
        .collect();
    assert!(counts.len() > 10 && counts.iter().all(|&count| count < 8000), "{counts:?}");
}

#[test]
fn composite_keys_go_by_their_first_column() {
    let base = Base::with(
        "composite",
        "CREATE TABLE t (line INT, no BIGINT, v BIGINT, PRIMARY KEY (no, line));
         INSERT INTO t SELECT seq % 3, seq DIV 3, seq FROM seq_1_to_9000;
         CREATE TABLE w (code CHAR(8), no BIGINT, v BIGINT, PRIMARY KEY (code, no));
         INSERT INTO w SELECT CONCAT('c', seq % 9), seq, seq FROM seq_1_to_9000",
    );
    is_whole(&base, "t", 2, 9000);
    is_whole(&base, "w", 2, 9000);
    assert!(chunks(&base, "t", Grain::Fine(0.1)) > 3);
    assert_eq!(chunks(&base, "w", Grain::Fine(0.1)), 1);
}

#[test]
fn tables_without_a_key_or_without_rows() {
    let base = Base::with(
        "keyless",
        "CREATE TABLE t (v BIGINT); INSERT INTO t SELECT seq FROM seq_1_to_9000;
         CREATE TABLE empty_t (id INT PRIMARY KEY, v BIGINT); CREATE TABLE nothing (a INT, b DATE)",
    );
    is_whole(&base, "t", 0, 9000);
    is_whole(&base, "empty_t", 1, 0);
    assert_eq!(chunks(&base, "nothing", Grain::Coarse), 0, "no column can hold anything");
    let database = open(&base.url());
    let found = found(&*database, &access(), "t");
    let plan = database.plan(&found, &access(), Grain::Fine(0.1)).expect("a plan");
    assert!(plan.kept.is_some() && plan.chunks.len() == 1);
    let rows = read(&*database, &access(), &plan.chunks).expect("rows").len();
    assert!((600..1200).contains(&rows), "a tenth of 9000: {rows}");
}

#[test]
fn rows_that_came_after_the_plan_are_read() {
    let base = Base::with(
        "late",
        "CREATE TABLE t (id INT PRIMARY KEY, v BIGINT); INSERT INTO t SELECT seq, seq FROM seq_1_to_9000;
         ANALYZE TABLE t",
    );
    let database = open(&base.url());
    let found = found(&*database, &access(), "t");
    let plan = database.plan(&found, &access(), Grain::Fine(0.1)).expect("a plan");
    base.run("INSERT INTO t VALUES (-7, 1), (99999, 2)");
    assert_eq!(read(&*database, &access(), &plan.chunks).expect("rows").len(), 9002);
}

#[test]
fn partitions_and_old_versions_of_rows_are_read_once() {
    let base = Base::with(
        "parts",
        "CREATE TABLE t (id INT PRIMARY KEY, v BIGINT) PARTITION BY HASH (id) PARTITIONS 7;
         INSERT INTO t SELECT seq, seq FROM seq_1_to_9000;
         CREATE TABLE h (id INT PRIMARY KEY, v VARCHAR(20)) WITH SYSTEM VERSIONING;
         INSERT INTO h VALUES (1, 'before'), (2, 'kept'); UPDATE h SET v = 'after' WHERE id = 1",
    );
    is_whole(&base, "t", 1, 9000);
    for cells in column(&base, "h", 1) {
        assert_eq!(cells, ["after", "before", "kept"]);
    }
}

#[test]
fn null_is_not_empty() {
    let base =
        Base::with("nulls", "CREATE TABLE t (a TEXT, b TEXT); INSERT INTO t VALUES (NULL, ''), ('', NULL)");
    let rows = rows_of(&base.url(), "t", Grain::Coarse);
    assert_eq!(rows, [[None, Some(vec![])], [Some(vec![]), None]]);
}
