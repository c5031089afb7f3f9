//! A session with a PostgreSQL server: how it is made, kept read-only, asked, and cancelled.
use super::super::{Access, Failure, Tls, wait};
use super::{failure, sql};
use crate::model::coverage::Reason;
use futures_util::StreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions, Error, Row, ValueRef};
use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use url::Url;

/// What the server's lists of sessions call this one.
const NAME: &str = "pandian";
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long to wait for the server to take note that a query is to end.
const CANCEL: Duration = Duration::from_secs(3);
/// How much longer than the statement time-out a silent server is waited for.
const SILENCE: Duration = Duration::from_secs(15);
/// The first version that reads a range of pages without reading the others.
const TID_RANGES: u32 = 140_000;

/// Settings of a gentle session that a compatible server may not know. They follow the one that depends on the scan.
const OPTIONAL: [&str; 5] = [
    "SET lock_timeout = '5s'",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET max_parallel_workers_per_gather = 0",
    "SET bytea_output = 'hex'",
    // Doubles as exact as servers before 12 can write them.
    "SET extra_float_digits = 2",
];

/// What a connection is made from.
#[derive(Clone)]
pub(super) struct Address {
    options: PgConnectOptions,
    /// Tried when the server refuses a connection in the clear.
    fallback: Option<PgConnectOptions>,
    place: String,
}

impl Address {
    /// The address in `url`, the environment and the password file; `database` where the URL names none.
    pub fn new(url: &Url, database: Option<&str>, access: &Access) -> Result<Self, Failure> {
        let wrong = |error| Failure::new(Reason::Unreachable, error);
        let (mut options, says_how) = parse(url, database).map_err(wrong)?;
        if let Some(file) = &access.tls_ca {
            options = options.ssl_root_cert(file);
        }
        let mut fallback = None;
        if !says_how {
            let local = is_local(&options);
            let from_environment = std::env::var_os("PGSSLMODE").is_some();
            match access.tls {
                Tls::Off => options = options.ssl_mode(PgSslMode::Disable),
                Tls::Insecure => options = options.ssl_mode(PgSslMode::Require),
                Tls::Verify if from_environment => {}
                Tls::Verify if local => {
                    fallback = Some(options.clone().ssl_mode(PgSslMode::Require));
                    options = options.ssl_mode(PgSslMode::Disable);
                }
                Tls::Verify => options = options.ssl_mode(PgSslMode::VerifyFull),
            }
        }
        let host = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => options.get_host().to_owned(),
        };
        let database = options.get_database().unwrap_or_default();
        let place = format!("{}@{host}:{}/{database}", options.get_username(), options.get_port());
        Ok(Address { options, fallback, place })
    }

    async fn connect(&self) -> Result<PgConnection, Failure> {
        let connected = match (attempt(&self.options).await, &self.fallback) {
            // "no pg_hba.conf entry for host …, no encryption"; a wrong password is 28P01.
            (Err(Error::Database(refused)), Some(secured)) if refused.code().as_deref() == Some("28000") => {
                attempt(secured).await.map_err(|_| Error::Database(refused))
            }
            (connected, _) => connected,
        };
        connected.map_err(|error| failure::connecting(&error, &self.place))
    }
}

async fn attempt(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    timeout(CONNECT, options.connect()).await.unwrap_or_else(|_| {
        let said = format!("no answer within {} s", CONNECT.as_secs());
        Err(Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, said)))
    })
}

/// The options in a URL, and whether it says how to secure the connection.
///
/// # Errors
/// In words that do not repeat the URL.
pub(super) fn parse(url: &Url, database: Option<&str>) -> Result<(PgConnectOptions, bool), String> {
    let mut url = url.clone();
    if let Some(database) = database {
        url.set_path(&percent_encoded(database));
    }
    // The driver takes the brackets of an IPv6 address for a part of the name.
    if let Some(url::Host::Ipv6(host)) = url.host().map(|host| host.to_owned()) {
        url.query_pairs_mut().append_pair("host", &host.to_string());
    }
    let says_how = url.query_pairs().any(|(key, _)| matches!(&*key, "sslmode" | "ssl-mode"));
    let options = PgConnectOptions::from_url(&url)
        .map_err(|error| format!("the options in the postgres URL cannot be used: {error}"))?;
    // The server may be behind a pooler that refuses this parameter; it is set later, where it is known.
    let options = options.extra_float_digits(None).application_name(NAME).disable_statement_logging();
    Ok((options, says_how))
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn is_local(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// A connection, on the thread that uses it.
pub(super) struct Session {
    runtime: Runtime,
    connection: PgConnection,
    /// The number of the server's process, to cancel its query by.
    process: Option<i64>,
    /// Whether ranges of pages can be read.
    pub reads_ranges: bool,
    /// How long a silent server is waited for.
    pub patience: Duration,
}

impl Session {
    /// Connects. The session cannot write, and its statements end.
    ///
    /// # Errors
    /// Unreachable, not let in; interrupted, where `stop` was set.
    pub fn open(address: &Address, access: &Access, stop: &AtomicBool) -> Result<Self, Failure> {
        let runtime = wait::runtime()
            .map_err(|error| Failure::new(Reason::ReadError, format!("no thread to connect on: {error}")))?;
        let limit = access.statement_timeout;
        let patience = if limit.is_zero() { Duration::MAX } else { limit.saturating_add(SILENCE) };
        let silent = || Failure::passing(Reason::Unreachable, format!("{}: no answer", address.place));
        let opened = async {
            let mut connection = address.connect().await?;
            let prepared = timeout(CONNECT, prepare(&mut connection, limit)).await;
            let process = prepared.unwrap_or_else(|_| Err(silent()))?;
            Ok((connection, process))
        };
        let interrupted = || Failure::new(Reason::Interrupted, "interrupted while connecting");
        let opened = runtime.block_on(wait::unless_stopped(opened, stop));
        match opened.unwrap_or_else(|| Err(interrupted())) {
            Ok((connection, process)) => {
                let version = connection.server_version_num().unwrap_or_default();
                let reads_ranges = version >= TID_RANGES;
                Ok(Session { runtime, connection, process, reads_ranges, patience })
            }
            Err(failure) => {
                // A name that is still being looked up is not waited for.
                runtime.shutdown_background();
                Err(failure)
            }
        }
    }

    /// Runs a small query to its end.
    pub fn query<T>(&mut self, sql: &str, mut make: impl FnMut(&Cells<'_>) -> T) -> Result<Vec<T>, Failure> {
        let patience = self.patience;
        let (runtime, connection) = self.parts();
        let all = async {
            let mut stream = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(connection);
            let mut rows = Vec::new();
            while let Some(row) = stream.next().await {
                rows.push(make(&Cells(&row.map_err(|error| failure::reading(&error))?)));
            }
            Ok(rows)
        };
        runtime.block_on(async { timeout(patience, all).await }).unwrap_or_else(|_| {
            Err(Failure::passing(Reason::ConnectionLost, "the server gave no answer".to_owned()))
        })
    }

    /// The runtime, and the connection that it drives.
    pub fn parts(&mut self) -> (&Runtime, &mut PgConnection) {
        (&self.runtime, &mut self.connection)
    }

    /// Ends the session, and on the server the query that it may be running.
    pub fn cancel(self, address: &Address) {
        let Session { runtime, connection, process, .. } = self;
        // Where this fails, the server still notices when it next writes to the closed connection.
        let cancelled = async {
            let mut second = address.connect().await.ok()?;
            // Behind a pooler the process may be another's by now.
            let sql = format!(
                "SELECT pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
                 WHERE pid = {} AND application_name = {}",
                process?,
                sql::text(NAME)
            );
            run(&mut second, &sql).await.ok()?;
            sqlx::Connection::close(second).await.ok()
        };
        let _ = runtime.block_on(async { timeout(CANCEL, cancelled).await });
        drop(connection);
        runtime.shutdown_background();
    }
}

/// Makes a session read-only and gentle; returns the number of its process.
async fn prepare(connection: &mut PgConnection, limit: Duration) -> Result<Option<i64>, Failure> {
    run(connection, "SET default_transaction_read_only = on").await.map_err(|error| {
        let failure = failure::reading(&error);
        Failure { detail: format!("the session cannot be made read-only: {}", failure.detail), ..failure }
    })?;
    let limit = if limit.is_zero() { 0 } else { limit.as_millis().clamp(1, i32::MAX as u128) };
    let optional = OPTIONAL.iter().map(|sql| (*sql).to_owned());
    for sql in std::iter::once(format!("SET statement_timeout = {limit}")).chain(optional) {
        match run(connection, &sql).await {
            Ok(()) | Err(Error::Database(_)) => {}
            Err(error) => return Err(failure::reading(&error)),
        }
    }
    let mut first = async |sql: &'static str| {
        let row = sqlx::raw_sql(sql).fetch_optional(&mut *connection).await.ok()??;
        Cells(&row).text(0).map(str::to_owned)
    };
    let process = first("SELECT pg_backend_pid()").await.and_then(|number| number.parse().ok());
    // Such a database holds bytes in whatever encoding its clients had, often GBK: the server would refuse to send
    // them as UTF-8.
    if first("SHOW server_encoding").await.as_deref() == Some("SQL_ASCII") {
        let _ = run(connection, "SET client_encoding = 'SQL_ASCII'").await;
    }
    Ok(process)
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), Error> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// A row of a catalogue, every cell as text.
pub(super) struct Cells<'a>(&'a PgRow);

impl<'a> Cells<'a> {
    /// A text; none where it is NULL or not UTF-8.
    pub fn text(&self, at: usize) -> Option<&'a str> {
        let value = self.0.try_get_raw(at).ok()?;
        if value.is_null() { None } else { value.as_str().ok() }
    }

    /// A text, empty where there is none. What is not UTF-8 comes from a database without an encoding, most likely
    /// from a client that wrote GBK.
    pub fn string(&self, at: usize) -> String {
        let bytes = self.0.try_get_raw(at).ok().filter(|value| !value.is_null());
        let bytes = bytes.and_then(|value| value.as_bytes().ok()).unwrap_or_default();
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => encoding_rs::GB18030.decode_without_bom_handling(bytes).0.into_owned(),
        }
    }

    /// A number.
    pub fn number<T: std::str::FromStr>(&self, at: usize) -> Option<T> {
        self.text(at)?.parse().ok()
    }

    /// A truth value; false where there is none.
    pub fn flag(&self, at: usize) -> bool {
        self.text(at) == Some("t")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(url: &str, database: Option<&str>) -> PgConnectOptions {
        parse(&Url::parse(url).expect("a URL"), database).expect("options").0
    }

    #[test]
    fn addresses_are_read_from_urls() {
        let six = options("postgres://u@[::1]:5433/x", None);
        assert_eq!((six.get_host(), six.get_port(), six.get_database()), ("::1", 5433, Some("x")));
        assert!(is_local(&six) && is_local(&options("postgres://u@127.0.0.1/x", None)));
        assert!(is_local(&options("postgres:///x?host=/run/pg", None)));
        assert!(!is_local(&options("postgres://u@db.example/x", None)));
        let other = options("postgres://u@h/?sslmode=disable", Some("客户/a?b"));
        assert_eq!((other.get_host(), other.get_database()), ("h", Some("客户/a?b")));
    }

    #[test]
    fn an_option_that_is_wrong_does_not_show_the_password() {
        let url = Url::parse("postgres://u:hush@h/x?sslmode=perhaps&password=hush").expect("a URL");
        let error = parse(&url, None).expect_err("no such mode");
        assert!(error.contains("perhaps") && !error.contains("hush"), "{error}");
    }
}
