//! What goes wrong, and what is said then.
use super::values::{alone, url_alone};
use super::{access, found, open, read};
use crate::servers::mysql::{Base, server};
use pandian::model::coverage::Reason;
use pandian::source::database::{Access, Failure, Grain};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn refusal(url: &str) -> Failure {
    open(url).inventory(&access()).expect_err("no inventory")
}

#[test]
fn who_is_not_let_in_is_told_why() {
    let base = Base::new("refused");
    let user = base.user("door", "right", &[]);
    let wrong = refusal(&server().url_as(&format!("{user}:hush-hush"), &base.name));
    assert_eq!((wrong.reason, wrong.may_pass), (Reason::AuthenticationFailed, false), "{wrong}");
    assert!(wrong.detail.contains("MYSQL_PWD") && wrong.detail.contains(&user), "{wrong}");
    assert!(!wrong.detail.contains("hush"), "{wrong}");
    let unknown = refusal(&server().url("no_such_database"));
    assert_eq!(unknown.reason, Reason::Unreachable);
    assert!(
        unknown.detail.contains("no_such_database") && unknown.detail.contains("does not exist"),
        "{unknown}"
    );
    let other = refusal(&server().url_as(&format!("{user}:right"), "mysql"));
    assert_eq!(other.reason, Reason::AuthenticationFailed, "{other}");
    for host in ["no-such-host.invalid", "127.0.0.1:9"] {
        let lost = refusal(&format!("mysql://u:hush@{host}/x"));
        assert_eq!(lost.reason, Reason::Unreachable, "{lost}");
        assert!(lost.detail.contains(host) && !lost.detail.contains("hush"), "{lost}");
    }
}

#[test]
fn passwords_come_from_the_environment_and_option_files() {
    if let Some(url) = url_alone() {
        let answer = open(&url).inventory(&access());
        assert_eq!(answer.expect("let in").tables.len(), 1);
        return;
    }
    let base = Base::with("password", "CREATE TABLE t (x TEXT)");
    let user = base.user("env", "p#w ;1", &[&format!("SELECT ON `{}`.*", base.name)]);
    let test = "mysql::failures::passwords_come_from_the_environment_and_option_files";
    let named = server().url_as(&user, &base.name);
    let home = tempfile::tempdir().expect("a folder");
    alone(test, &named, |command| {
        command.env("MYSQL_PWD", "p#w ;1").env("HOME", home.path());
    });
    let port = named.rsplit_once(':').expect("a port").1.split('/').next().expect("a port").to_owned();
    let file = format!("[client]\nhost = 127.0.0.1 # here\nport={port}\nuser={user}\npassword=\"p#w ;1\"\n");
    std::fs::write(home.path().join(".my.cnf"), file).expect("a file");
    let open = format!("mysql:///{}", base.name);
    for url in [&named, &open] {
        alone(test, url, |command| {
            command.env_remove("MYSQL_PWD").env("HOME", home.path());
        });
    }
}

#[test]
fn what_changes_during_the_scan_is_named() {
    let base = Base::with(
        "changed",
        "CREATE TABLE dropped (x TEXT); CREATE TABLE altered (x TEXT, y TEXT); CREATE TABLE fine (x TEXT);
         INSERT INTO fine VALUES ('a')",
    );
    let (database, access) = (open(&base.url()), access());
    let plan = |path: &str| {
        database.plan(&found(&*database, &access, path), &access, Grain::Coarse).expect("a plan").chunks
    };
    let (dropped, altered, fine) = (plan("dropped"), plan("altered"), plan("fine"));
    base.run("DROP TABLE dropped; ALTER TABLE altered DROP COLUMN y");
    let mut reader = database.connect("", &access).expect("a connection");
    for (chunks, table) in [(dropped, "dropped"), (altered, "altered")] {
        let failure =
            reader.read(&chunks[0], &AtomicBool::new(false), &mut |_| true).expect_err("it is not there");
        assert_eq!((failure.reason, failure.may_pass), (Reason::Vanished, false), "{failure}");
        assert!(failure.detail.contains(table) && failure.detail.contains(&base.name), "{failure}");
    }
    let mut rows = 0;
    let next = reader.read(&fine[0], &AtomicBool::new(false), &mut |batch| {
        rows += batch.len();
        true
    });
    assert!(next.is_ok() && rows == 1, "the same connection reads on");
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    let base = Base::with(
        "slow",
        "CREATE TABLE t (x BIGINT); INSERT INTO t SELECT seq FROM seq_1_to_50;
         CREATE VIEW v AS SELECT x, SLEEP(1) AS s FROM t",
    );
    let access = Access { views: true, statement_timeout: Duration::from_millis(700), ..access() };
    let database = open(&base.url());
    let found = found(&*database, &access, "v");
    let plan = database.plan(&found, &access, Grain::Fine(0.999_999)).expect("a plan");
    let mut chunk = plan.chunks[0].clone();
    // The column of the sleep may not be fetched by itself.
    chunk.sql = chunk.sql.replacen("SELECT ", "SELECT `s`, ", 1);
    let failure = read(&*database, &access, &[chunk]).expect_err("too slow");
    assert_eq!(failure.reason, Reason::TimedOut, "{failure}");
    assert!(failure.detail.contains("v") && !failure.may_pass, "{failure}");
}

#[test]
fn nothing_can_be_written() {
    let base = Base::with("safe", "CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a')");
    let (database, access) = (open(&base.url()), access());
    let plan = database.plan(&found(&*database, &access, "t"), &access, Grain::Coarse).expect("a plan");
    let mut chunk = plan.chunks[0].clone();
    chunk.sql = format!("DELETE FROM `{}`.t", base.name);
    let failure = read(&*database, &access, &[chunk]).expect_err("read only");
    assert!(failure.detail.contains("READ ONLY"), "{failure}");
}

/// A table that is read for a while, and the number of the connection that reads it, as the server counts.
fn long(name: &str) -> Base {
    Base::with(
        name,
        "CREATE TABLE t (id INT PRIMARY KEY, x CHAR(250)); INSERT INTO t SELECT seq, REPEAT('x', 250) FROM seq_1_to_200000",
    )
}

fn reading(base: &Base) -> String {
    let like = format!("SELECT%FROM `{}`.`t`%", base.name);
    format!("FROM information_schema.processlist WHERE info LIKE '{like}' AND info NOT LIKE '%processlist%'")
}

#[test]
fn a_killed_connection_may_be_tried_again() {
    let base = long("killed");
    let (database, access) = (open(&base.url()), access());
    let plan = database.plan(&found(&*database, &access, "t"), &access, Grain::Coarse).expect("a plan");
    let mut reader = database.connect("", &access).expect("a connection");
    let mut batches = 0;
    let failure = reader.read(&plan.chunks[0], &AtomicBool::new(false), &mut |_| {
        if batches == 0 {
            let id = server().ask(&format!("SELECT id {}", reading(&base)));
            server().run(&format!("KILL {id}"));
        }
        batches += 1;
        true
    });
    let failure = failure.expect_err("the connection is gone");
    assert_eq!((failure.reason, failure.may_pass), (Reason::ConnectionLost, true), "{failure}");
    assert!(failure.detail.contains(&base.name), "{failure}");
    let mut rows = 0;
    for chunk in &plan.chunks {
        let again = reader.read(chunk, &AtomicBool::new(false), &mut |batch| {
            rows += batch.len();
            true
        });
        again.expect("a new connection");
    }
    assert_eq!(rows, 200_000);
}

/// Waits until the server runs no query on the table.
fn ends(base: &Base) {
    let begun = Instant::now();
    while server().ask(&format!("SELECT COUNT(*) {}", reading(base))) != "0" {
        assert!(begun.elapsed() < Duration::from_secs(5), "the query runs on");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_interrupt_ends_the_query_on_the_server() {
    let base = long("cancel");
    let (database, access) = (open(&base.url()), access());
    let plan = database.plan(&found(&*database, &access, "t"), &access, Grain::Coarse).expect("a plan");
    let mut reader = database.connect("", &access).expect("a connection");
    let mut batches = 0;
    let ended = reader.read(&plan.chunks[0], &AtomicBool::new(false), &mut |_| {
        assert_eq!(server().ask(&format!("SELECT COUNT(*) {}", reading(&base))), "1");
        batches += 1;
        false
    });
    assert!(ended.is_ok() && batches == 1);
    ends(&base);
    // A server that says nothing for a long time.
    let mut chunk = plan.chunks[0].clone();
    chunk.sql = format!("SELECT SLEEP(30), 1 FROM `{}`.`t` LIMIT 1", base.name);
    let stop = AtomicBool::new(false);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            stop.store(true, Ordering::Relaxed);
        });
        reader.read(&chunk, &stop, &mut |_| true).expect("stopped");
    });
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    ends(&base);
}
