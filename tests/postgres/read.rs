//! Every row once, every value as it is.
use super::{Cells, access, child, in_a_process, planned, rows, texts};
use crate::servers::postgres::Scratch;
use pandian::source::database::{Access, Grain, LONGEST_VALUE};
use std::collections::HashSet;

const BOTH: [Grain; 2] = [Grain::Coarse, Grain::Fine(0.5)];

#[test]
fn every_row_is_read_once() {
    let scratch = Scratch::new(
        "CREATE TABLE keyed (id bigint PRIMARY KEY, t text);
         INSERT INTO keyed SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE repeat('x', i % 97) END
           FROM generate_series(1, 40000) i;
         DELETE FROM keyed WHERE id % 5 = 0;
         CREATE TABLE keyless AS SELECT id::text AS id, t FROM keyed; ANALYZE keyed;
         CREATE TABLE big AS SELECT i::text AS id, repeat(md5(i::text), 20) AS t FROM generate_series(1, 150000) i;",
    );
    for (table, count, pieces) in
        [("keyed", 32000, [1, 10]), ("keyless", 32000, [1, 5]), ("big", 150_000, [2, 50])]
    {
        for (grain, at_least) in BOTH.into_iter().zip(pieces) {
            let (_, plan, mut reader) = planned(&scratch.url(), table, grain, &access());
            assert!(plan.chunks.len() >= at_least, "{table} {grain:?}: {} chunks", plan.chunks.len());
            assert_eq!(plan.address, (table != "keyed").then_some("ctid"));
            assert!(plan.kept.is_none());
            let all = rows(&mut *reader, &plan);
            let ids: HashSet<_> = all.iter().map(|row| row[0].clone()).collect();
            assert_eq!((all.len(), ids.len()), (count, count), "{table} {grain:?}");
            if table != "keyed" {
                let addresses: HashSet<_> = all.iter().map(|row| row[2].clone()).collect();
                assert_eq!(addresses.len(), count);
            }
        }
    }
    let nulls = texts(&scratch.url(), "keyed", Grain::Coarse).iter().filter(|row| row[1] == "-").count();
    assert_eq!(nulls.to_string(), scratch.run("SELECT count(*) FROM keyed WHERE t IS NULL"));
}

#[test]
fn rows_that_are_added_meanwhile_are_read_too() {
    let scratch = Scratch::new("CREATE TABLE empty (t text); CREATE TABLE blank (i int, d date);");
    let (_, plan, mut reader) = planned(&scratch.url(), "empty", Grain::Fine(0.5), &access());
    assert!(rows(&mut *reader, &plan).is_empty());
    scratch.run("INSERT INTO empty SELECT 'x' FROM generate_series(1, 10000)");
    assert_eq!(rows(&mut *reader, &plan).len(), 10000);
    // A table that can hold nothing is not read.
    let (_, plan, _) = planned(&scratch.url(), "blank", Grain::Coarse, &access());
    assert!(plan.chunks.is_empty());
}

#[test]
fn values_arrive_as_text() {
    let scratch = Scratch::new(
        r#"CREATE DOMAIN exact AS double precision;
        CREATE TYPE mood AS ENUM ('好');
        CREATE TABLE "t""; DROP" (id int PRIMARY KEY, "数 ""x""" text, ta text[], la bigint[], j json, jb jsonb, b bytea,
          f8 double precision, dom exact, num numeric, i8 bigint, e mood, x xml, c char(5), g text GENERATED ALWAYS AS ('<' || id || '>') STORED);
        INSERT INTO "t""; DROP" VALUES
          (1, E'a\tb\nc\\N', '{"13800138000","a,b",NULL}', '{13800138000}', '{"电话": "13800138000"}', '{"k": ["号"]}',
           convert_to('手机13800138000', 'GBK'), 6222020000000007, 13800138000, 110101190001011009, 9223372036854775807,
           '好', '<a>1</a>', 'ab'),
          (2, '', '{}', NULL, 'null', '{}', '', 13800138000.5, 'NaN', 1.50, -1, NULL, NULL, NULL),
          (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);"#,
    );
    let (_, plan, mut reader) = planned(&scratch.url(), "DROP", Grain::Coarse, &access());
    let all = rows(&mut *reader, &plan);
    let text = |row: &Cells| {
        let texts =
            row.iter().map(|cell| cell.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()));
        texts.map(|text| text.unwrap_or_else(|| "-".to_owned())).collect::<Vec<_>>()
    };
    let mut first = text(&all[0]);
    let gbk = [b"\xca\xd6\xbb\xfa", &b"13800138000"[..]].concat();
    assert_eq!(all[0][6].as_deref(), Some(&gbk[..]));
    first.remove(6);
    assert_eq!(
        first,
        [
            "1",
            "a\tb\nc\\N",
            "{13800138000,\"a,b\",NULL}",
            "{13800138000}",
            "{\"电话\": \"13800138000\"}",
            "{\"k\": [\"号\"]}",
            "6222020000000007",
            "13800138000",
            "110101190001011009",
            "9223372036854775807",
            "好",
            "<a>1</a>",
            "ab   ",
            "<1>"
        ]
    );
    assert_eq!(
        text(&all[1]),
        ["2", "", "{}", "-", "null", "{}", "", "13800138000.5", "NaN", "1.50", "-1", "-", "-", "-", "<2>"]
    );
    assert_eq!(text(&all[2])[1..14], ["-"; 13]);
}

/// The most memory that this process has had, in MB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") / 1024
}

#[test]
fn a_long_value_is_cut_on_the_server() {
    if let Some(url) = child() {
        let (_, plan, mut reader) = planned(&url, "long", Grain::Coarse, &access());
        let mut lengths = Vec::new();
        for chunk in &plan.chunks {
            let read = reader.read(chunk, &super::GO_ON, &mut |rows| {
                for cell in (0..rows.len()).flat_map(|row| (1..rows.columns()).map(move |at| (row, at))) {
                    let Some(bytes) = rows.cell(cell.0, cell.1) else { continue };
                    assert!(bytes.len() <= LONGEST_VALUE * 4 / 3, "{cell:?}: {}", bytes.len());
                    lengths.push(bytes.len());
                }
                true
            });
            read.expect("read");
        }
        let (cut, whole) = lengths.split_at(6);
        assert!(cut.iter().all(|&length| length >= LONGEST_VALUE), "{cut:?}");
        assert_eq!(whole[..3], [4_000_000, 1_300_000 * 3, 5]);
        assert!(peak() < 64, "{} MB", peak());
        return;
    }
    let scratch = Scratch::new(
        "CREATE DOMAIN image AS bytea;
         CREATE TABLE long (id int PRIMARY KEY, t text, v varchar, b bytea, jb jsonb, a text[], d image);
         ALTER TABLE long ALTER t SET STORAGE EXTERNAL;
         INSERT INTO long (id, t) VALUES (1, repeat('13800138000 号', 15000000));
         INSERT INTO long (id, v) VALUES (2, repeat('号', 70000000));
         INSERT INTO long (id, b) VALUES (3, decode(repeat('41', 100000000), 'hex'));
         INSERT INTO long (id, jb) VALUES (4, to_jsonb(repeat('a ', 20000000)));
         INSERT INTO long (id, a) VALUES (5, ARRAY[repeat('b', 20000000)]);
         INSERT INTO long (id, d) VALUES (6, decode(repeat('42', 20000000), 'hex'));
         INSERT INTO long (id, t, v, a) VALUES (7, repeat('a', 4000000), repeat('号', 1300000), '{abc}');",
    );
    in_a_process("postgres::read::a_long_value_is_cut_on_the_server", &scratch.url(), &[]);
}

#[test]
fn what_cannot_be_cut_is_thinned() {
    let scratch = Scratch::new(
        "CREATE TABLE t AS SELECT i::text AS id FROM generate_series(1, 10000) i;
         CREATE VIEW v AS SELECT id, id || '!' AS u FROM t;",
    );
    let views = Access { views: true, ..access() };
    let (_, plan, mut reader) = planned(&scratch.url(), "public.v", Grain::Fine(0.1), &views);
    assert!(plan.kept.is_some() && plan.chunks.len() == 1 && plan.address.is_none(), "{plan:?}");
    let some = rows(&mut *reader, &plan).len();
    assert!((600..1400).contains(&some), "{some}");
    let (_, plan, mut reader) = planned(&scratch.url(), "public.v", Grain::Coarse, &views);
    assert!(plan.kept.is_none());
    assert_eq!(rows(&mut *reader, &plan).len(), 10000);
}

#[test]
fn bytes_without_an_encoding_arrive_as_they_are() {
    let scratch = Scratch::with(
        "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'",
        "CREATE TABLE t (a text); SET client_encoding = 'SQL_ASCII'; INSERT INTO t VALUES (E'\\xca\\xd6\\xbb\\xfa');
         COMMENT ON COLUMN t.a IS E'\\xca\\xd6\\xbb\\xfa';",
    );
    let (found, plan, mut reader) = planned(&scratch.url(), "public.t", Grain::Coarse, &access());
    assert_eq!(found.table.columns[0].comment, "手机");
    assert_eq!(rows(&mut *reader, &plan)[0][0].as_deref(), Some(&b"\xca\xd6\xbb\xfa"[..]));
}
