//! Reads chunks on one connection, and ends the query on the server when no one wants its rows any more.
use super::errors;
use super::options::Options;
use super::session::{self, Session};
use crate::model::Rows;
use crate::model::coverage::Reason;
use crate::source::database::{Access, Chunk, Failure, Reader, wait};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, TryStreamExt};
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlRow;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rows as they arrive.
type Answer<'a> = BoxStream<'a, Result<MySqlRow, sqlx::Error>>;

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
        if self.rows.columns() != chunk.columns {
            self.rows = Rows::new(chunk.columns);
        }
        match stream(&mut session, chunk, stop, &mut self.rows, each) {
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

fn stream(
    session: &mut Session,
    chunk: &Chunk,
    stop: &AtomicBool,
    rows: &mut Rows,
    each: &mut dyn FnMut(&Rows) -> bool,
) -> Result<End, sqlx::Error> {
    let mut answer = sqlx::raw_sql(AssertSqlSafe(chunk.sql.as_str())).fetch(&mut session.connection);
    loop {
        rows.clear();
        // The runtime is left for `each`, which may wait, or drive a connection of its own.
        let end = session.runtime.block_on(fill(&mut answer, rows, stop, chunk.columns))?;
        if matches!(end, Some(End::Stopped)) {
            return Ok(End::Stopped);
        }
        let wanted = rows.is_empty() || each(rows);
        match end {
            // There is nothing left to cancel, whatever `each` says.
            Some(end) => return Ok(end),
            None if !wanted || stop.load(Ordering::Relaxed) => return Ok(End::Stopped),
            None => {}
        }
    }
}

/// Takes rows until the batch is full; the answer is `None` then.
async fn fill(
    answer: &mut Answer<'_>,
    rows: &mut Rows,
    stop: &AtomicBool,
    columns: usize,
) -> Result<Option<End>, sqlx::Error> {
    while !rows.is_full() {
        // Most rows are in the buffer already; a timer is set only for those that are not.
        let next = match answer.try_next().now_or_never() {
            Some(next) => next?,
            None => match wait::unless_stopped(answer.try_next(), stop).await {
                Some(next) => next?,
                None => return Ok(Some(End::Stopped)),
            },
        };
        match next {
            Some(row) => session::push(rows, &row, columns)?,
            None => return Ok(Some(End::Whole)),
        }
    }
    Ok(None)
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
