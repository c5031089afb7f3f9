//! What the catalogue tells of tables, columns, keys, partitions, views and rights.
use super::{access, found, globs, inventory};
use crate::servers::postgres::Scratch;
use pandian::model::Holds;
use pandian::model::coverage::{Reason, State};
use pandian::source::database::{Access, Inventory};

fn paths(inventory: &Inventory) -> Vec<&str> {
    inventory.tables.iter().map(|found| found.path.as_str()).collect()
}

/// State and reason of the ledger rows, by path.
fn ledger(inventory: &Inventory) -> Vec<(&str, State, Reason)> {
    inventory.exceptions.iter().map(|row| (row.path.as_str(), row.state, row.reason)).collect()
}

#[test]
fn columns_come_with_types_comments_and_what_they_can_hold() {
    let scratch = Scratch::new(
        r#"
        CREATE DOMAIN tel AS varchar(20); CREATE DOMAIN tel2 AS tel; CREATE DOMAIN amount AS numeric(8,2);
        CREATE TYPE mood AS ENUM ('好', '坏'); CREATE TYPE pair AS (a text, b int);
        CREATE TABLE "客户 ""x""" (
            t text, v varchar(20), c char(18), n name, dom tel2, e mood, co pair, ip inet, x xml, ts tsvector,
            ta text[], ia int[], la bigint[], j json, jb jsonb, b bytea,
            i8 bigint, num numeric, n18 numeric(18,0), n10 numeric(10,0), f8 double precision,
            i2 smallint, i4 int, bo boolean, d date, tz timestamptz, u uuid, p point, small amount,
            gen text GENERATED ALWAYS AS (v || '!') STORED, gone text,
            PRIMARY KEY (v, i4));
        ALTER TABLE "客户 ""x""" DROP COLUMN gone;
        COMMENT ON TABLE "客户 ""x""" IS '客户表';
        COMMENT ON COLUMN "客户 ""x""".v IS '手机号';
        INSERT INTO "客户 ""x""" (v, i4) VALUES ('13800138000', 1), ('b', 2);
        ANALYZE;
    "#,
    );
    let inventory = inventory(&scratch.url(), &access());
    assert_eq!(paths(&inventory), ["public.客户 \"x\""]);
    assert_eq!(inventory.exceptions, []);
    let table = &inventory.tables[0].table;
    assert_eq!((table.schema.as_str(), table.name.as_str()), ("public", "客户 \"x\""));
    assert_eq!(table.comment, "客户表");
    assert_eq!(table.rows, Some(2));
    assert!(table.bytes.is_some_and(|bytes| bytes > 0));
    let held = |holds: Holds| {
        let columns = table.columns.iter().filter(|column| column.holds == holds);
        columns.map(|column| column.name.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(held(Holds::Text), "t v c n dom e co ip x ts ta la gen");
    assert_eq!(held(Holds::Json), "j jb");
    assert_eq!(held(Holds::Bytes), "b");
    assert_eq!(held(Holds::Number), "i8 num n18 f8");
    assert_eq!(held(Holds::Nothing), "ia n10 i2 i4 bo d tz u p small");
    let v = &table.columns[1];
    assert_eq!((v.type_name.as_str(), v.comment.as_str()), ("character varying(20)", "手机号"));
    let key: Vec<_> = table.key.iter().map(|&at| table.columns[at].name.as_str()).collect();
    assert_eq!(key, ["v", "i4"]);
}

#[test]
fn a_partitioned_table_is_one_table_and_inheritance_is_none() {
    let scratch = Scratch::new(
        "CREATE TABLE log (id int, day date, t text) PARTITION BY RANGE (day);
         CREATE TABLE log_24 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
         CREATE TABLE log_25 PARTITION OF log FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
           PARTITION BY LIST (id);
         CREATE TABLE log_25_1 PARTITION OF log_25 FOR VALUES IN (1);
         CREATE TABLE log_25_2 PARTITION OF log_25 DEFAULT;
         INSERT INTO log VALUES (1, '2024-05-01', 'a'), (1, '2025-05-01', 'b'), (2, '2025-05-01', 'c');
         CREATE TABLE base (t text); CREATE TABLE heir (u text) INHERITS (base);
         CREATE TABLE bare (t text) PARTITION BY LIST (t);
         INSERT INTO base VALUES ('p'); INSERT INTO heir VALUES ('q', 'r'); ANALYZE;",
    );
    let inventory = inventory(&scratch.url(), &access());
    assert_eq!(paths(&inventory), ["public.bare", "public.base", "public.heir", "public.log"]);
    let log = found(&inventory, "public.log");
    assert_eq!(log.parts, [r#""public"."log_24""#, r#""public"."log_25_1""#, r#""public"."log_25_2""#]);
    assert_eq!(log.table.rows, Some(3));
    assert!(found(&inventory, "public.bare").parts.is_empty());
    // Read once each, with the parent's rows only under the parent.
    let texts = |path: &str| {
        let rows = super::texts(&scratch.url(), path, pandian::source::database::Grain::Coarse);
        let mut texts: Vec<String> = rows.into_iter().map(|row| row[0].clone()).collect();
        texts.sort();
        texts.join("")
    };
    assert_eq!(texts("public.log"), "abc");
    assert_eq!(texts("public.base"), "p");
    assert_eq!(texts("public.heir"), "q");
    assert_eq!(texts("public.bare"), "");
}

#[test]
fn views_and_foreign_tables_are_left_alone_unless_asked_for() {
    let scratch = Scratch::new(
        "CREATE TABLE t (a text); CREATE VIEW v AS SELECT a FROM t;
         CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
         CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
         CREATE FOREIGN TABLE f (a text) SERVER s;
         CREATE TABLE p (a int, b text) PARTITION BY LIST (a);
         CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
         CREATE FOREIGN TABLE p2 PARTITION OF p FOR VALUES IN (2) SERVER s;",
    );
    let without = inventory(&scratch.url(), &access());
    assert_eq!(paths(&without), ["public.p", "public.t"]);
    let skipped = |path| (path, State::Skipped, Reason::View);
    let rows = [skipped("public.f"), skipped("public.m"), skipped("public.p2"), skipped("public.v")];
    let mut ledger_rows = ledger(&without);
    ledger_rows.sort();
    assert_eq!(ledger_rows, rows);
    let with = inventory(&scratch.url(), &Access { views: true, ..access() });
    assert_eq!(paths(&with), ["public.f", "public.m", "public.p", "public.t", "public.v"]);
    assert_eq!(found(&with, "public.p").parts.len(), 2);
    assert_eq!(with.exceptions, []);
}

#[test]
fn what_the_account_may_not_read_is_in_the_ledger() {
    let mut scratch = Scratch::new(
        "CREATE TABLE open (a text); CREATE TABLE shut (a text); CREATE TABLE ajar (a text, b text, id int PRIMARY KEY);
         CREATE TABLE rows (a text); ALTER TABLE rows ENABLE ROW LEVEL SECURITY;
         CREATE SCHEMA closed; CREATE TABLE closed.t (a text);
         CREATE TABLE parted (a text) PARTITION BY LIST (a); CREATE TABLE part PARTITION OF parted DEFAULT;
         INSERT INTO parted VALUES ('x'); INSERT INTO ajar VALUES ('y', 'z', 1);",
    );
    let (role, url) = scratch.account();
    scratch.run(&format!(
        "GRANT SELECT ON open, rows, parted, closed.t TO {role}; GRANT SELECT (a) ON ajar TO {role}"
    ));
    let inventory = inventory(&url, &access());
    assert_eq!(paths(&inventory), ["public.ajar", "public.open", "public.parted", "public.rows"]);
    let denied = |path| (path, State::Failed, Reason::PermissionDenied);
    assert_eq!(
        ledger(&inventory),
        [
            denied("closed.t"),
            denied("public.ajar.b"),
            denied("public.ajar.id"),
            denied("public.rows (hidden rows)"),
            denied("public.shut")
        ]
    );
    let said = |at: usize| inventory.exceptions[at].detail.as_str();
    assert!(said(0).contains(r#"GRANT USAGE ON SCHEMA "closed""#), "{}", said(0));
    assert!(said(1).contains(r#"GRANT SELECT ("b") ON "public"."ajar""#), "{}", said(1));
    assert!(said(4).contains(r#"GRANT SELECT ON "public"."shut""#), "{}", said(4));
    // The key cannot be read, and neither can the address of the row; the rest can.
    assert!(found(&inventory, "ajar").table.key.is_empty());
    for grain in [pandian::source::database::Grain::Coarse, pandian::source::database::Grain::Fine(1.0)] {
        assert_eq!(super::texts(&url, "ajar", grain), [["y"]]);
        assert_eq!(super::texts(&url, "parted", grain), [["x"]]);
        assert_eq!(super::texts(&url, "open", grain), [] as [Vec<String>; 0]);
    }
}

#[test]
fn tables_are_chosen_by_any_of_their_names() {
    let scratch = Scratch::new(
        "CREATE TABLE a (t text); CREATE TABLE b (t text); CREATE SCHEMA s; CREATE TABLE s.a (t text);
         CREATE VIEW s.v AS SELECT 1;",
    );
    let chosen = |include: &[&str], exclude: &[&str]| {
        let access = Access { include: globs(include), exclude: globs(exclude), ..access() };
        let inventory = inventory(&scratch.url(), &access);
        let skipped = inventory.exceptions.len();
        (paths(&inventory).join(" "), skipped)
    };
    assert_eq!(chosen(&[], &["s.*"]), ("public.a public.b".to_owned(), 0));
    assert_eq!(chosen(&["a"], &[]), ("public.a s.a".to_owned(), 0));
    assert_eq!(chosen(&["s.*"], &["v"]), ("s.a".to_owned(), 0));
    let whole = format!("{}.public.?", scratch.name);
    assert_eq!(chosen(&[&whole], &["b"]), ("public.a".to_owned(), 0));
}

#[test]
fn without_a_name_every_database_is_looked_at() {
    let one = Scratch::new("CREATE TABLE a (t text)");
    let mut other = Scratch::new("CREATE TABLE b (t text)");
    let (role, url) = other.account();
    other.run(&format!("REVOKE CONNECT ON DATABASE {} FROM public", one.name));
    other.run(&format!("GRANT SELECT ON b TO {role}"));
    let server = |url: &str| url[..url.rfind('/').expect("a name")].to_owned();
    let access = Access { include: globs(&["a", "b"]), ..access() };
    let all = inventory(&server(&one.url()), &access);
    assert_eq!(found(&all, "a").path.split_once('/').expect("below").1, "public.a");
    for (scratch, path) in [(&one, "public.a"), (&other, "public.b")] {
        let found = found(&all, &format!("{}/{path}", scratch.name));
        assert_eq!(found.database, scratch.name);
    }
    let seen = inventory(&server(&url), &access);
    let mine = found(&seen, &format!("{}/public.b", other.name));
    assert_eq!(mine.database, other.name);
    assert!(!paths(&seen).iter().any(|path| path.starts_with(&format!("{}/", one.name))));
    // Rows come from the database that the table is in.
    other.run("INSERT INTO b VALUES ('here')");
    let (_, plan, mut reader) = super::planned(
        &server(&url),
        &format!("{}/public.b", other.name),
        pandian::source::database::Grain::Coarse,
        &access,
    );
    assert_eq!(super::rows(&mut *reader, &plan)[0][0].as_deref(), Some(&b"here"[..]));
}
