//! Databases that go against a scan: each fault costs one table at most, and is said.
use super::scan;
use crate::program::{RESIDENT_ID, Scene, pandian};
use crate::servers::{mysql, postgres};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Passes connections on to a server and cuts each after `bytes` from it, `cuts` times; then it cuts none.
fn cutting_proxy(to: String, bytes: usize, cuts: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let left = Arc::new(AtomicUsize::new(cuts));
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(&to) else { continue };
            let (mut up, mut down) =
                (client.try_clone().expect("a handle"), server.try_clone().expect("a handle"));
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut up, &mut down);
                let _ = down.shutdown(Shutdown::Both);
            });
            let (left, mut client, mut server) = (left.clone(), client, server);
            std::thread::spawn(move || {
                let (mut passed, mut buffer) = (0, [0; 16 * 1024]);
                while let Ok(read @ 1..) = server.read(&mut buffer) {
                    if client.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                    passed += read;
                    let once = |left: usize| left.checked_sub(1);
                    if passed > bytes && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, once).is_ok()
                    {
                        break;
                    }
                }
                let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
            });
        }
    });
    port
}

/// A URL that goes through a proxy.
fn through(url: &str, bytes: usize, cuts: usize) -> String {
    let (before, rest) = url.split_once('@').expect("a user");
    let (host, database) = rest.split_once('/').expect("a database");
    let port = cutting_proxy(host.to_owned(), bytes, cuts);
    format!("{before}@127.0.0.1:{port}/{database}")
}

#[test]
fn a_connection_cut_in_the_middle_is_made_again_and_counts_nothing_twice() {
    super::on_each_server(20_000, "cut", |url, table| {
        // Some four megabytes; cut after one, twice.
        let run = scan(&through(url, 1 << 20, 2), &[]).1.ends(0);
        assert_eq!(
            super::labels(&run, table, "sfzh"),
            [("cn-resident-id".into(), "values".into(), 20_000)],
            "{url}"
        );
        assert_eq!(run.findings.len(), 20_000, "{url}");
    });
}

#[test]
fn a_connection_that_is_always_cut_is_one_row() {
    super::on_each_server(20_000, "always", |url, table| {
        let run = scan(&through(url, 1 << 20, usize::MAX), &[]).1.ends(3);
        assert_eq!(run.row(table)["state"], "failed", "{}", run.map["coverage"]);
        assert_eq!(run.row(table)["reason"], "connection-lost", "{}", run.map["coverage"]);
        assert_eq!(run.findings.len(), 0, "a part counts whole or not at all");
    });
}

#[test]
fn a_server_that_cannot_be_reached_is_a_row_and_the_rest_goes_on() {
    let scene = Scene::with(&[("good.txt", format!("身份证{RESIDENT_ID}").as_bytes())]);
    let data = scene.data();
    let data = data.to_str().expect("UTF-8");
    for url in
        ["postgres://u:hush@127.0.0.1:1/x", "mysql://u:hush@no-such-host.invalid/x", "sqlite:/nonexistent.db"]
    {
        let run = scene.run(&[url, data], b"").ends(3);
        let rows = run.map["coverage"]["exceptions"].as_array().expect("a ledger");
        assert_eq!(rows.len(), 1, "{rows:?}");
        let reason = if url.starts_with("sqlite") { "vanished" } else { "unreachable" };
        assert_eq!(rows[0]["reason"], reason, "{rows:?}");
        assert!(!rows[0].to_string().contains("hush"), "{rows:?}");
        assert_eq!(run.findings.len(), 1);
    }
}

#[test]
fn a_url_that_cannot_be_read_is_wrong_usage() {
    for url in ["postgres://u:hush@h:port/x", "mysql://u:hush@[::1/x"] {
        let output = pandian().args(["scan", url]).output().expect("the program runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains("URL") && !errors.contains("hush"), "{errors}");
    }
}

#[test]
fn a_view_that_fails_costs_itself_alone() {
    let make = "CREATE TABLE a (c INT); INSERT INTO a VALUES (0); CREATE VIEW broken AS SELECT";
    let scratch =
        postgres::Scratch::new(&format!("{make} (1 / c)::text AS t FROM a; CREATE TABLE b (t TEXT)"));
    let base = mysql::Base::with(
        "broken",
        &format!("{make} x.t AS t FROM (SELECT 'a' AS t, c FROM a) x; CREATE TABLE b (t TEXT)"),
    );
    // MariaDB divides by zero to NULL; a view of a table that is gone fails.
    base.run("DROP TABLE a; CREATE TABLE c (t TEXT)");
    for (url, others) in [(scratch.url(), 2), (base.url(), 2)] {
        let run = scan(&url, &["--views"]).1.ends(3);
        let row = run.row("broken");
        assert!(
            row["state"] == "failed" && row["detail"].as_str().is_some_and(|detail| detail.len() > 8),
            "{row}"
        );
        assert_eq!(run.map["coverage"]["scanned"], others, "{}", run.map["coverage"]);
    }
}

#[test]
fn an_interrupt_ends_the_query_on_the_server_and_leaves_a_partial_map() {
    let scratch = postgres::Scratch::new(
        "CREATE TABLE quick (sfzh CHAR(18)); CREATE VIEW slow AS SELECT pg_sleep(60)::text AS t, 'x' AS u",
    );
    let scene = Scene::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pandian"));
    command.args(["scan", &scratch.url(), "--views", "-q", "-o"]).arg(scene.beside("map.json"));
    let mut child = command.spawn().expect("the program runs");
    let running = || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                   AND application_name = 'pandian' AND state = 'active' AND query LIKE '%slow%'";
        scratch.run(sql) != "0"
    };
    let soon = |what: &str, is: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !is() {
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}: not after thirty seconds");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    soon("the query runs", &running);
    let line = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &line]).status().expect("a shell").success());
    soon("the query is gone", &|| !running());
    assert_eq!(child.wait().expect("a child").code(), Some(3));
    let text = std::fs::read_to_string(scene.beside("map.json")).expect("a map");
    let map: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(map["complete"], false);
    let slow = map["coverage"]["exceptions"]
        .as_array()
        .expect("a ledger")
        .iter()
        .find(|row| row["path"].as_str().is_some_and(|path| path.ends_with("slow")));
    assert_eq!(slow.expect("a row")["reason"], "interrupted");
}
