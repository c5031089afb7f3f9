//! What the catalogue says, and what the account may see of it.
use super::{access, found, globs, open};
use crate::servers::mysql::{Base, server};
use pandian::model::Holds;
use pandian::model::coverage::{Reason, State};
use pandian::source::database::{Access, Inventory};

fn inventory(url: &str, access: &Access) -> Inventory {
    open(url).inventory(access).expect("an inventory")
}

fn paths(inventory: &Inventory) -> Vec<&str> {
    inventory.tables.iter().map(|found| found.path.as_str()).collect()
}

#[test]
fn columns_come_with_types_comments_and_keys() {
    let base = Base::with(
        "columns",
        "CREATE TABLE customer (
            no BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, tenant INT NOT NULL,
            xm VARCHAR(20) COMMENT '姓名', sex ENUM('男', '女'), doc JSON, raw LONGBLOB, old CHAR(9) CHARACTER SET latin1,
            born DATE, ok BOOL, dec_small DECIMAL(12, 2), dec_wide DECIMAL(18, 0), f FLOAT, d DOUBLE, p POINT,
            calc VARCHAR(40) AS (CONCAT(xm, '!')) VIRTUAL, kept VARCHAR(40) AS (UPPER(xm)) STORED,
            `we``ird name` TEXT, secret VARCHAR(9) INVISIBLE,
            PRIMARY KEY (tenant, no), KEY (no)) COMMENT '客户';
         INSERT INTO customer (tenant, xm) VALUES (1, '张三'), (1, '李四')",
    );
    let database = open(&base.url());
    let table = found(&*database, &access(), "customer").table;
    assert_eq!((table.schema.as_str(), table.name.as_str()), (base.name.as_str(), "customer"));
    assert_eq!((table.comment.as_str(), table.key.as_slice()), ("客户", &[1, 0][..]));
    assert!(table.bytes.is_some_and(|bytes| bytes > 0) && table.rows.is_some());
    let expected = [
        ("no", Holds::Number),
        ("tenant", Holds::Nothing),
        ("xm", Holds::Text),
        ("sex", Holds::Text),
        ("doc", Holds::Json),
        ("raw", Holds::Bytes),
        ("old", Holds::Bytes),
        ("born", Holds::Nothing),
        ("ok", Holds::Nothing),
        ("dec_small", Holds::Nothing),
        ("dec_wide", Holds::Number),
        ("f", Holds::Nothing),
        ("d", Holds::Number),
        ("p", Holds::Nothing),
        ("calc", Holds::Text),
        ("kept", Holds::Text),
        ("we`ird name", Holds::Text),
        ("secret", Holds::Text),
    ];
    let columns: Vec<_> = table.columns.iter().map(|c| (c.name.as_str(), c.holds)).collect();
    assert_eq!(columns, expected);
    assert_eq!(
        (table.columns[2].comment.as_str(), table.columns[2].type_name.as_str()),
        ("姓名", "varchar(20)")
    );
}

#[test]
fn all_columns_can_be_read_whatever_their_names() {
    let base = Base::with(
        "names",
        "CREATE TABLE `a``b.c'\\\\d 表` (`k``1` INT PRIMARY KEY, `v'2` VARCHAR(9), calc VARCHAR(9) AS (UPPER(`v'2`)) VIRTUAL,
            hid VARCHAR(9) INVISIBLE);
         INSERT INTO `a``b.c'\\\\d 表` (`k``1`, `v'2`, hid) VALUES (1, 'x', 'y')",
    );
    let rows = super::rows_of(&base.url(), "a`b.c'\\\\d 表", pandian::source::database::Grain::Coarse);
    assert_eq!(rows[0].iter().map(super::text).collect::<Vec<_>>(), ["1", "x", "X", "y"]);
}

#[test]
fn a_unique_key_serves_where_there_is_no_primary_one() {
    let base = Base::with(
        "unique",
        "CREATE TABLE a (x VARCHAR(9) NOT NULL UNIQUE, maybe INT UNIQUE, n INT NOT NULL UNIQUE);
         CREATE TABLE b (maybe INT UNIQUE)",
    );
    let database = open(&base.url());
    assert_eq!(found(&*database, &access(), "a").table.key, [2]);
    assert!(found(&*database, &access(), "b").table.key.is_empty());
}

#[test]
fn views_and_foreign_tables_are_left_alone_unless_asked_for() {
    let base = Base::with(
        "views",
        "CREATE TABLE t (x TEXT) ENGINE=MyISAM; INSERT INTO t VALUES ('a'); CREATE VIEW v AS SELECT x FROM t;
         CREATE TABLE all_t (x TEXT) ENGINE=MERGE UNION=(t); CREATE TABLE gone (x TEXT);
         CREATE VIEW broken AS SELECT x FROM gone; DROP TABLE gone",
    );
    let off = inventory(&base.url(), &access());
    assert_eq!(paths(&off), ["t"]);
    for name in ["all_t", "broken", "v"] {
        let row = off.exceptions.iter().find(|row| row.path == name).expect("a row");
        assert_eq!((row.state, row.reason), (State::Skipped, Reason::View), "{name}");
    }
    let access = Access { views: true, ..access() };
    let on = inventory(&base.url(), &access);
    assert!(paths(&on).contains(&"v") && paths(&on).contains(&"all_t"), "{on:?}");
    let database = open(&base.url());
    let view = found(&*database, &access, "v");
    assert!(view.table.comment.is_empty() && view.table.key.is_empty());
    let plan = database.plan(&view, &access, pandian::source::database::Grain::Coarse).expect("a plan");
    assert_eq!(super::read(&*database, &access, &plan.chunks).expect("rows").len(), 1);
    // Servers show the columns of a broken view or not; either way there is a row for it, now or after reading.
    match on.exceptions.iter().find(|row| row.path == "broken") {
        Some(row) => assert!(row.state == State::Failed && row.detail.contains("broken"), "{row:?}"),
        None => {
            let broken = found(&*database, &access, "broken");
            let plan =
                database.plan(&broken, &access, pandian::source::database::Grain::Coarse).expect("a plan");
            let failure = super::read(&*database, &access, &plan.chunks).expect_err("broken");
            assert_eq!(failure.reason, Reason::ReadError);
            assert!(failure.detail.contains("broken") && !failure.may_pass, "{failure}");
        }
    }
}

#[test]
fn an_account_sees_what_it_may_and_the_rest_is_in_the_ledger() {
    let base = Base::with(
        "grants",
        "CREATE TABLE open_t (x TEXT, y TEXT); CREATE TABLE write_only (x TEXT); CREATE TABLE hidden (x TEXT);
         CREATE TABLE part (x VARCHAR(9), y VARCHAR(9), z INT)",
    );
    let b = &base.name;
    let user = base.user(
        "half",
        "pw",
        &[
            &format!("SELECT ON `{b}`.open_t"),
            &format!("INSERT ON `{b}`.write_only"),
            &format!("SELECT (x), INSERT (y, z) ON `{b}`.part"),
        ],
    );
    let inventory = inventory(&server().url_as(&format!("{user}:pw"), b), &access());
    assert_eq!(paths(&inventory), ["open_t", "part"]);
    assert_eq!(inventory.tables[1].table.columns.len(), 1, "only what may be read");
    let rows: Vec<_> = inventory.exceptions.iter().map(|row| (row.path.as_str(), row.reason)).collect();
    assert_eq!(rows, [("part.y", Reason::PermissionDenied), ("write_only", Reason::PermissionDenied)]);
    assert!(
        inventory.exceptions.iter().all(|row| row.state == State::Failed && row.detail.contains("GRANT"))
    );
}

#[test]
fn without_a_database_all_are_listed_and_globs_narrow_them() {
    let (one, two) = (Base::with("all_one", "CREATE TABLE t (x TEXT)"), Base::new("all_two"));
    two.run("CREATE TABLE t (x TEXT); CREATE TABLE t_bak (x TEXT)");
    let path = |base: &Base, table: &str| format!("{}/{table}", base.name);
    let everything = inventory(&server().url(""), &access());
    for wanted in [path(&one, "t"), path(&two, "t"), path(&two, "t_bak")] {
        assert!(paths(&everything).contains(&wanted.as_str()), "{wanted}");
    }
    assert!(
        !paths(&everything).iter().any(|path| path.starts_with("mysql/") || path.starts_with("information"))
    );
    let include = globs(&[&format!("{}.*", two.name), &format!("{}.t", one.name)]);
    let narrowed = Access { include, exclude: globs(&["*_bak"]), ..access() };
    assert_eq!(paths(&inventory(&server().url(""), &narrowed)), [path(&one, "t"), path(&two, "t")]);
}
