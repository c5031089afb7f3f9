//! One connection: read-only, patient with slow readers, impatient with locks.
use super::errors;
use super::options::Options;
use super::sql;
use crate::model::Rows;
use crate::model::coverage::Reason;
use crate::source::database::{Access, Failure, wait};
use futures_util::TryStreamExt;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Executor, MySqlConnection, Row};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How long a server is waited for.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the end of a query is waited for.
const KILL: Duration = Duration::from_secs(3);

/// What is set where the server knows it. Our clients' rate limit must not make the server hang up; a limit on rows
/// would cut tables short without a word; another `sql_mode` could pad values, or change what a quote means.
const SETTINGS: [&str; 8] = [
    "SET SESSION sql_mode = ''",
    "SET SESSION sql_select_limit = 18446744073709551615",
    "SET SESSION sql_big_selects = 1",
    "SET SESSION net_write_timeout = 600",
    "SET SESSION wait_timeout = 28800",
    "SET SESSION innodb_lock_wait_timeout = 5",
    "SET SESSION lock_wait_timeout = 5",
    "SET SESSION information_schema_stats_expiry = 0",
];

/// A connection and the runtime that drives it.
pub(super) struct Session {
    pub runtime: Runtime,
    pub connection: MySqlConnection,
    /// The server's number for the connection, to end its query by.
    pub id: u64,
}

impl Session {
    /// Connects, and makes the session safe for the server.
    pub fn open(options: &Options, access: &Access) -> Result<Self, Failure> {
        let runtime = wait::runtime()
            .map_err(|error| Failure::new(Reason::Unreachable, format!("no connection: {error}")))?;
        let (connection, id) = runtime.block_on(async {
            let mut connection = connected(options, access).await?;
            let id = prepared(&mut connection, access)
                .await
                .map_err(|error| errors::of_connecting(&error, &options.shown()))?;
            Ok::<_, Failure>((connection, id))
        })?;
        Ok(Session { runtime, connection, id })
    }

    /// Makes sure that the database is there, and may be entered.
    pub fn enter(&mut self, database: &str) -> Result<(), Failure> {
        let statement = format!("USE {}", sql::name(database));
        self.runtime
            .block_on(execute(&mut self.connection, &statement))
            .map_err(|error| errors::of_connecting(&error, &format!("`{database}`")))
    }

    /// All rows of a short answer, of so many columns.
    pub fn ask(&mut self, sql: &str, columns: usize) -> Result<Rows, sqlx::Error> {
        self.runtime.block_on(async {
            let mut answer = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut self.connection);
            let mut rows = Rows::new(columns);
            while let Some(row) = answer.try_next().await? {
                push(&mut rows, &row, columns)?;
            }
            Ok(rows)
        })
    }

    /// How many rows a server's plan expects, in the words of `EXPLAIN`; `None` where it does not say.
    pub fn estimate(&mut self, explain: &str) -> Option<f64> {
        let connection = &mut self.connection;
        let row = self.runtime.block_on(sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(connection)).ok()?;
        // TiDB calls it `estRows`.
        let is_rows = |name: &str| ["rows", "estrows"].iter().any(|rows| name.eq_ignore_ascii_case(rows));
        let column = row.columns().iter().position(|column| is_rows(column.name()))?;
        match row.try_get_unchecked::<Option<&[u8]>, _>(column).ok()? {
            Some(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
            // No row can match.
            None => Some(0.0),
        }
    }
}

/// Adds a row's cells as the server wrote them: text, whatever the type.
pub(super) fn push(rows: &mut Rows, row: &MySqlRow, columns: usize) -> Result<(), sqlx::Error> {
    for column in 0..columns {
        rows.push(row.try_get_unchecked::<Option<&[u8]>, _>(column)?);
    }
    Ok(())
}

async fn connected(options: &Options, access: &Access) -> Result<MySqlConnection, Failure> {
    let server = options.shown();
    // The driver would say that something was not found, and not what.
    if let Some(path) = options.authority(access)
        && let Err(error) = std::fs::File::open(path)
    {
        let said = format!("the authorities' file {} cannot be read: {error}", path.display());
        return Err(Failure::new(Reason::Unreachable, format!("no secure connection to {server}: {said}")));
    }
    let connect = options.connect(access);
    match tokio::time::timeout(CONNECT, connect.connect()).await {
        Ok(connection) => connection.map_err(|error| errors::of_connecting(&error, &server)),
        Err(_) => Err(Failure::new(
            Reason::Unreachable,
            format!("no answer from {server} within {} seconds; check host and port", CONNECT.as_secs()),
        )),
    }
}

async fn execute(connection: &mut MySqlConnection, sql: &str) -> Result<(), sqlx::Error> {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(drop)
}

/// Does without what the server does not know.
async fn execute_if_known(connection: &mut MySqlConnection, sql: &str) -> Result<(), sqlx::Error> {
    match execute(connection, sql).await {
        Err(error) if errors::is_unknown(&error) => Ok(()),
        done => done,
    }
}

/// Sets the session up; the answer is the connection's number.
async fn prepared(connection: &mut MySqlConnection, access: &Access) -> Result<u64, sqlx::Error> {
    execute(connection, "SET NAMES utf8mb4").await?;
    // MySQL before 5.6, TiDB, Doris and StarRocks do not know it. They are scanned all the same: what is sent
    // from here on is SELECT, SET and KILL QUERY.
    execute_if_known(connection, "SET SESSION TRANSACTION READ ONLY").await?;
    for setting in SETTINGS {
        execute_if_known(connection, setting).await?;
    }
    if !access.statement_timeout.is_zero() {
        let seconds = access.statement_timeout.as_secs_f64().max(0.001);
        // The first is MariaDB's, the second MySQL's.
        execute_if_known(connection, &format!("SET SESSION max_statement_time = {seconds:.3}")).await?;
        let milliseconds = access.statement_timeout.as_millis().clamp(1, u128::from(u32::MAX));
        execute_if_known(connection, &format!("SET SESSION max_execution_time = {milliseconds}")).await?;
    }
    let row = sqlx::raw_sql("SELECT CONNECTION_ID()").fetch_one(connection).await?;
    let digits = row.try_get_unchecked::<Option<&[u8]>, _>(0)?.unwrap_or_default();
    Ok(std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or_default())
}

/// Ends the query of connection `id` on the server. Where that fails, closing the connection must do.
pub(super) async fn kill_query(options: &Options, access: &Access, id: u64) {
    let kill = async {
        if let Ok(mut connection) = connected(options, access).await {
            // The query may be over by now; then there is nothing to end.
            let _ = execute(&mut connection, &format!("KILL QUERY {id}")).await;
            let _ = connection.close().await;
        }
    };
    let _ = tokio::time::timeout(KILL, kill).await;
}
