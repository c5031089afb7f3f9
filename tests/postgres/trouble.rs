//! What goes wrong between a scan and a server, and what is said of it.
use super::{GO_ON, access, child, found, in_a_process, inventory, open, planned, rows};
use crate::servers::postgres::{PASSWORD, Scratch, Server, USER, psql};
use pandian::model::coverage::Reason;
use pandian::source::database::{Access, Failure, Grain, Tls};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A table that takes long to send, and longer to write down than sockets hold.
const MUCH: &str =
    "CREATE TABLE much AS SELECT i AS id, repeat('x', 500) AS t FROM generate_series(1, 60000) i;";

fn refused(url: &str) -> Failure {
    let failure = open(url).inventory(&access()).expect_err("no connection");
    for secret in ["hush", PASSWORD, "pass%3Aword"] {
        assert!(!failure.detail.contains(secret), "{failure:?}");
    }
    failure
}

/// How many queries of a scan the server still runs in this database.
fn running(scratch: &Scratch) -> String {
    scratch.run(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'pandian' AND state = 'active'",
    )
}

fn soon(what: &str, mut is: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_connection_that_fails_says_why() {
    let mut scratch = Scratch::new("");
    let (role, url) = scratch.account();
    let wrong = refused(&url.replace(&format!("secret-{role}"), "hush"));
    assert_eq!((wrong.reason, wrong.may_pass), (Reason::AuthenticationFailed, false));
    assert!(wrong.detail.contains(&role) && wrong.detail.contains("PGPASSWORD"), "{wrong:?}");

    let unknown = refused(&format!("{}_not", scratch.url()));
    assert_eq!((unknown.reason, unknown.may_pass), (Reason::Unreachable, false));
    assert!(unknown.detail.contains(&format!("{}_not", scratch.name)), "{unknown:?}");

    let host = refused("postgres://u:hush@no-such-host.invalid:5432/x?sslmode=disable");
    assert_eq!((host.reason, host.may_pass), (Reason::Unreachable, false));
    assert!(host.detail.contains("no-such-host.invalid"), "{host:?}");

    let port = refused("postgres://u:hush@127.0.0.1:1/x");
    assert_eq!((port.reason, port.may_pass), (Reason::Unreachable, true));
    assert!(port.detail.contains("127.0.0.1:1"), "{port:?}");

    scratch.run(&format!("REVOKE CONNECT ON DATABASE {} FROM public", scratch.name));
    let denied = refused(&url);
    assert_eq!(denied.reason, Reason::PermissionDenied, "{denied:?}");
}

#[test]
fn passwords_come_from_the_environment_or_a_file() {
    if let Some(url) = child() {
        inventory(&url, &access());
        return;
    }
    let mut scratch = Scratch::new("");
    let (role, url) = scratch.account();
    let password = format!("secret-{role}");
    let bare = url.replace(&format!(":{password}@"), "@");
    let name = "postgres::trouble::passwords_come_from_the_environment_or_a_file";
    in_a_process(name, &bare, &[("PGPASSWORD", &password)]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".pgpass");
    std::fs::write(&file, format!("*:*:{}:{role}:{password}\n", scratch.name)).expect("a file");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    let home = folder.path().to_str().expect("UTF-8");
    in_a_process(name, &bare, &[("HOME", home)]);
    assert_eq!(refused(&bare).reason, Reason::AuthenticationFailed);
}

#[test]
fn connections_are_secured_as_asked_for() {
    let server = Server::private();
    let at = |host: &str, more: &str| {
        format!("postgres://{USER}:pass%3Aword%2F1@{host}:{}/postgres{more}", server.port())
    };
    psql(
        &server.url("postgres"),
        "CREATE VIEW secured AS SELECT CASE WHEN ssl THEN 'yes' ELSE 'no' END AS t
           FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    );
    let secured = |url: &str, access: &Access| {
        let access = Access { views: true, ..access.clone() };
        let database = open(url);
        let inventory = database.inventory(&access)?;
        let found = found(&inventory, "secured");
        let plan = database.plan(found, &access, Grain::Coarse)?;
        let mut reader = database.connect(&found.database, &access)?;
        Ok::<bool, Failure>(rows(&mut *reader, &plan)[0][0].as_deref() == Some(b"yes"))
    };
    let trusting = Access { tls_ca: Some(server.authority()), ..access() };
    assert_eq!(secured(&at("localhost", "?sslmode=verify-full"), &trusting), Ok(true));
    let stranger =
        secured(&at("localhost", "?sslmode=verify-full"), &access()).expect_err("unknown authority");
    assert_eq!(stranger.reason, Reason::Unreachable);
    assert!(stranger.detail.contains("sslrootcert"), "{stranger:?}");
    let misnamed = secured(&at("127.0.0.1", "?sslmode=verify-full"), &trusting);
    assert_eq!(misnamed.expect_err("another name").reason, Reason::Unreachable);
    assert_eq!(secured(&at("127.0.0.1", ""), &Access { tls: Tls::Insecure, ..access() }), Ok(true));
    assert_eq!(secured(&at("127.0.0.1", ""), &Access { tls: Tls::Off, ..access() }), Ok(false));
    assert_eq!(
        secured(&at("127.0.0.1", "?sslmode=require"), &Access { tls: Tls::Off, ..access() }),
        Ok(true)
    );
    assert_eq!(secured(&at("127.0.0.1", ""), &access()), Ok(false));
    let socket = server.socket().display().to_string().replace('/', "%2F");
    assert_eq!(secured(&at(&socket, ""), &access()), Ok(false));
    // A server that wants this machine's own connections secured, too.
    psql(
        &server.url("postgres"),
        "CREATE TABLE hba (line text); COPY hba FROM PROGRAM 'sed -i s/^host/hostssl/ pg_hba.conf; true';
         SELECT pg_reload_conf();",
    );
    soon("the server does not ask for TLS", || secured(&at("127.0.0.1", ""), &access()) == Ok(true));
}

#[test]
fn a_table_that_changes_has_vanished() {
    let scratch =
        Scratch::new("CREATE TABLE a (t text, u text); CREATE TABLE b (t text); INSERT INTO b VALUES ('x')");
    let (a, plan, mut reader) = planned(&scratch.url(), "public.a", Grain::Coarse, &access());
    scratch.run("ALTER TABLE a DROP COLUMN u");
    let altered = reader.read(&plan.chunks[0], &GO_ON, &mut |_| true).expect_err("altered");
    assert_eq!(altered.reason, Reason::Vanished);
    assert!(altered.detail.contains("\"u\""), "{altered:?}");
    scratch.run("DROP TABLE a");
    let dropped = reader.read(&plan.chunks[0], &GO_ON, &mut |_| true).expect_err("dropped");
    assert_eq!((dropped.reason, dropped.may_pass), (Reason::Vanished, false));
    assert!(dropped.detail.contains("public.a"), "{dropped:?}");
    let unplanned = open(&scratch.url()).plan(&a, &access(), Grain::Coarse).expect_err("dropped");
    assert_eq!(unplanned.reason, Reason::Vanished);
    // The connection is as good as before.
    let (_, plan, _) = planned(&scratch.url(), "public.b", Grain::Coarse, &access());
    assert_eq!(rows(&mut *reader, &plan).len(), 1);
}

#[test]
fn a_statement_that_takes_too_long_is_ended_by_the_server() {
    let scratch = Scratch::new(
        "CREATE VIEW slow AS SELECT pg_sleep(60)::text AS t; CREATE VIEW bad AS SELECT (1 / (random() * 0)::int)::text AS t",
    );
    let access = Access { statement_timeout: Duration::from_millis(300), views: true, ..access() };
    let (_, plan, mut reader) = planned(&scratch.url(), "slow", Grain::Coarse, &access);
    let late = reader.read(&plan.chunks[0], &GO_ON, &mut |_| true).expect_err("too long");
    assert_eq!((late.reason, late.may_pass), (Reason::TimedOut, false), "{late:?}");
    let (_, plan, _) = planned(&scratch.url(), "bad", Grain::Coarse, &access);
    let error = reader.read(&plan.chunks[0], &GO_ON, &mut |_| true).expect_err("a view that errors");
    assert_eq!(error.reason, Reason::ReadError);
    assert!(error.detail.contains("division by zero"), "{error:?}");
}

#[test]
fn a_locked_table_stops_neither_the_inventory_nor_the_scan() {
    let scratch = Scratch::new("CREATE TABLE t (a text)");
    let (_, plan, mut reader) = planned(&scratch.url(), "public.t", Grain::Coarse, &access());
    let url = scratch.url();
    let holder = std::thread::spawn(move || psql(&url, "BEGIN; LOCK TABLE t; SELECT pg_sleep(13)"));
    soon("no lock", || {
        scratch.run("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 't'::regclass") == "1"
    });
    let inventory = std::thread::scope(|scope| {
        let read = scope.spawn(|| inventory(&scratch.url(), &access()));
        let locked = reader.read(&plan.chunks[0], &GO_ON, &mut |_| true).expect_err("locked");
        assert_eq!(locked.reason, Reason::TimedOut, "{locked:?}");
        assert!(locked.detail.contains("locked"), "{locked:?}");
        read.join().expect("an inventory")
    });
    assert_eq!(inventory.tables.len(), 1);
    holder.join().expect("released");
}

#[test]
fn a_session_cannot_write() {
    let scratch = Scratch::new(
        "CREATE TABLE t (a text);
         CREATE FUNCTION write() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES ('x'); RETURN ''; END $$;
         CREATE VIEW v AS SELECT write() AS a;",
    );
    let access = Access { views: true, ..access() };
    let (_, plan, mut reader) = planned(&scratch.url(), "public.v", Grain::Coarse, &access);
    let error = reader.read(&plan.chunks[0], &GO_ON, &mut |_| true).expect_err("written");
    assert!(error.detail.contains("read-only"), "{error:?}");
    assert_eq!(scratch.run("SELECT count(*) FROM t"), "0");
}

#[test]
fn a_connection_that_is_cut_may_be_made_again() {
    let scratch = Scratch::new(MUCH);
    let (_, plan, mut reader) = planned(&scratch.url(), "much", Grain::Coarse, &access());
    let mut cut = false;
    let lost = reader.read(&plan.chunks[0], &GO_ON, &mut |_| {
        if !cut {
            scratch.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'pandian'",
            );
            cut = true;
        }
        true
    });
    let lost = lost.expect_err("cut");
    assert_eq!((lost.reason, lost.may_pass), (Reason::ConnectionLost, true), "{lost:?}");
    assert_eq!(rows(&mut *reader, &plan).len(), 60000);
}

#[test]
fn a_query_that_is_not_wanted_any_more_ends_on_the_server() {
    let scratch = Scratch::new(&format!("{MUCH} CREATE VIEW slow AS SELECT pg_sleep(60)::text AS t"));
    let access = Access { views: true, ..access() };
    let (_, plan, mut reader) = planned(&scratch.url(), "much", Grain::Coarse, &access);
    let mut batches = 0;
    let read = reader.read(&plan.chunks[0], &GO_ON, &mut |_| {
        batches += 1;
        false
    });
    assert_eq!((read, batches), (Ok(()), 1));
    soon("the query goes on", || running(&scratch) == "0");
    // While the server says nothing.
    let (_, slow, _) = planned(&scratch.url(), "slow", Grain::Coarse, &access);
    let stop = AtomicBool::new(false);
    let took = std::thread::scope(|scope| {
        scope.spawn(|| {
            soon("the query does not start", || running(&scratch) == "1");
            stop.store(true, Ordering::Relaxed);
        });
        let start = Instant::now();
        assert_eq!(reader.read(&slow.chunks[0], &stop, &mut |_| true), Ok(()));
        start.elapsed()
    });
    assert!(took < Duration::from_secs(10), "{took:?}");
    soon("the query goes on", || running(&scratch) == "0");
    assert_eq!(rows(&mut *reader, &plan).len(), 60000);
}

#[test]
fn a_server_that_restarts_may_be_asked_again() {
    let server = Server::private();
    psql(&server.url("postgres"), MUCH);
    let (_, plan, mut reader) = planned(&server.url("postgres"), "much", Grain::Coarse, &access());
    server.stop();
    for _ in 0..2 {
        let down = reader.read(&plan.chunks[0], &GO_ON, &mut |_| true).expect_err("down");
        assert!(down.may_pass, "{down:?}");
    }
    server.start();
    assert_eq!(rows(&mut *reader, &plan).len(), 60000);
}
