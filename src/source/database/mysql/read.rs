//! Reads chunks on one connection, and ends the query on the server when no one wants its rows any more.
use super::errors;
use super::options::Options;
use super::session::{self, Session};
use crate::model::Rows;
use crate::model::coverage::Reason;
use crate::source::database::{Access, Chunk, Failure, Reader, wait};
use futures_util::{FutureExt, TryStreamExt};
use sqlx::{AssertSqlSafe, MySqlConnection};
use std::sync::atomic::{AtomicBool, Ordering};

/// A connection that is made again when it was lost or given up.
pub(super) struct TableReader {
    session: Option<Session>,
    options: Options,
    access: Access,
    rows: Rows,
}

/// How a query came to its end.
enum End {
    Whole,
    Stopped,
}

impl TableReader {
    pub fn new(session: Session, options: Options, access: Access) -> Self {
        TableReader { session: Some(session), options, access, rows: Rows::default() }
    }

    /// The connection. A server that was there before and is not now may be there again in a while.
    fn session(&mut self) -> Result<Session, Failure> {
        match self.session.take() {
            Some(session) => Ok(session),
            None => Session::open(&self.options, &self.access).map_err(|failure| match failure.reason {
                Reason::Unreachable => Failure::passing(Reason::ConnectionLost, failure.detail),
                _ => failure,
            }),
        }
    }
}

impl Reader for TableReader {
    fn read(
        &mut self,
        chunk: &Chunk,
        stop: &AtomicBool,
        each: &mut dyn FnMut(&Rows) -> bool,
    ) -> Result<(), Failure> {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut session = self.session()?;
        if self.rows.columns() == chunk.columns {
            self.rows.clear();
        } else {
            self.rows = Rows::new(chunk.columns);
        }
        let query = stream(&mut session.connection, chunk, stop, &mut self.rows, each);
        match session.runtime.block_on(query) {
            Ok(End::Whole) => self.session = Some(session),
            // What is left of the answer would have to be read before the next query: a new connection is cheaper.
            Ok(End::Stopped) => {
                session.runtime.block_on(session::kill_query(&self.options, &self.access, session.id));
            }
            Err(error) => {
                if errors::leaves_connection(&error) {
                    self.session = Some(session);
                }
                return Err(errors::of_statement(&error, &object(&chunk.sql)));
            }
        }
        Ok(())
    }
}

async fn stream(
    connection: &mut MySqlConnection,
    chunk: &Chunk,
    stop: &AtomicBool,
    rows: &mut Rows,
    each: &mut dyn FnMut(&Rows) -> bool,
) -> Result<End, sqlx::Error> {
    let mut answer = sqlx::raw_sql(AssertSqlSafe(chunk.sql.as_str())).fetch(connection);
    loop {
        // Most rows are in the buffer already; a timer is set only for those that are not.
        let next = match answer.try_next().now_or_never() {
            Some(next) => next?,
            None => match wait::unless_stopped(answer.try_next(), stop).await {
                Some(next) => next?,
                None => return Ok(End::Stopped),
            },
        };
        let Some(row) = next else { break };
        session::push(rows, &row, chunk.columns)?;
        if rows.is_full() {
            if !each(rows) || stop.load(Ordering::Relaxed) {
                return Ok(End::Stopped);
            }
            rows.clear();
        }
    }
    // With the last rows handed out there is nothing left to cancel, whatever the answer.
    if !rows.is_empty() {
        each(rows);
    }
    Ok(End::Whole)
}

/// The table's name in a chunk's statement, for messages.
fn object(sql: &str) -> String {
    let from = sql.rsplit(" FROM ").next().unwrap_or_default();
    let name = from.split(" WHERE ").next().unwrap_or_default().split("` FOR ").next().unwrap_or_default();
    name.replace("`.`", ".").trim_matches('`').replace("``", "`")
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn messages_name_the_table() {
        assert_eq!(object("SELECT `a` FROM `shop`.`customer` WHERE `a` < 1"), "shop.customer");
        assert_eq!(object("SELECT `a` FROM `s`.`t` FOR SYSTEM_TIME ALL"), "s.t");
    }
}
