//! Streams the rows of a chunk from a PostgreSQL server, by its simple query protocol: every value comes as text.
use super::super::{Access, Chunk, Failure, Reader, wait};
use super::connect::{Address, Session};
use super::failure;
use crate::model::Rows;
use crate::model::coverage::Reason;
use futures_util::{FutureExt, StreamExt};
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row, ValueRef};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::time::timeout;

/// A batch that has grown beyond this, for one long value, gives its memory back.
const LARGE: usize = 4 << 20;

/// One connection.
pub(super) struct PgReader {
    address: Address,
    access: Access,
    /// None after it was lost or cancelled; the next chunk makes a new one.
    session: Option<Session>,
    rows: Rows,
}

/// How a query ended.
enum End {
    /// With its last row.
    Whole,
    /// Before, because it was no longer wanted.
    Stopped,
    /// The server fell silent.
    Silent,
    Failed(Failure),
}

impl PgReader {
    pub fn new(address: Address, access: &Access, session: Session) -> Self {
        PgReader { address, access: access.clone(), session: Some(session), rows: Rows::default() }
    }
}

impl Reader for PgReader {
    fn read(
        &mut self,
        chunk: &Chunk,
        stop: &AtomicBool,
        each: &mut dyn FnMut(&Rows) -> bool,
    ) -> Result<(), Failure> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match Session::open(&self.address, &self.access, stop) {
                Err(failure) if failure.reason == Reason::Interrupted => return Ok(()),
                opened => opened?,
            },
        };
        let columns = chunk.columns.max(1);
        if self.rows.columns() != columns {
            self.rows = Rows::new(columns);
        }
        self.rows.clear();
        match stream(&mut session, chunk, stop, &mut self.rows, each) {
            End::Whole => self.session = Some(session),
            End::Stopped => session.cancel(&self.address),
            End::Silent => {
                session.cancel(&self.address);
                let said = "the server has sent nothing for longer than a statement may take";
                return Err(Failure::passing(Reason::ConnectionLost, said));
            }
            End::Failed(failure) => {
                // A connection that was lost is not asked again; one that only said no is.
                self.session = (!failure.may_pass).then_some(session);
                return Err(failure);
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
) -> End {
    let patience = session.patience;
    let (runtime, connection) = session.parts();
    runtime.block_on(async {
        let mut stream = sqlx::raw_sql(AssertSqlSafe(chunk.sql.as_str())).fetch(connection);
        loop {
            // A row that has arrived is taken without setting a timer.
            let next = match stream.next().now_or_never() {
                Some(next) => next,
                None => match wait::unless_stopped(timeout(patience, stream.next()), stop).await {
                    None => return End::Stopped,
                    Some(Err(_)) => return End::Silent,
                    Some(Ok(next)) => next,
                },
            };
            let done = next.is_none();
            match next.transpose() {
                Ok(Some(row)) => {
                    if let Err(error) = push(&row, &chunk.hex, rows) {
                        return End::Failed(failure::reading(&error));
                    }
                }
                Ok(None) => {}
                Err(error) => return End::Failed(failure::reading(&error)),
            }
            if rows.is_full() || done && !rows.is_empty() {
                let goes_on = !stop.load(Ordering::Relaxed) && each(rows);
                if rows.bytes().len() > LARGE {
                    *rows = Rows::new(rows.columns());
                }
                rows.clear();
                if !goes_on && !done {
                    return End::Stopped;
                }
            }
            if done {
                return End::Whole;
            }
        }
    })
}

fn push(row: &PgRow, hex: &[bool], rows: &mut Rows) -> Result<(), sqlx::Error> {
    for (at, &is_hex) in hex.iter().enumerate() {
        let value = row.try_get_raw(at)?;
        if value.is_null() {
            rows.push(None);
            continue;
        }
        let bytes = value.as_bytes().map_err(sqlx::Error::Decode)?;
        if is_hex {
            rows.push_with(|out| unhex(bytes, out));
        } else {
            rows.push(Some(bytes));
        }
    }
    Ok(())
}

/// The value of each hexadecimal digit; what is none has bits above.
const DIGITS: [u8; 256] = {
    let mut values = [0xff; 256];
    let mut digit = 0;
    while digit < 16 {
        let sign = b"0123456789abcdef"[digit];
        values[sign as usize] = digit as u8;
        values[sign.to_ascii_uppercase() as usize] = digit as u8;
        digit += 1;
    }
    values
};

/// Adds the bytes that `\x` and hexadecimal digits stand for, or what is written otherwise as it is.
fn unhex(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let digits = text.strip_prefix(b"\\x").filter(|digits| digits.len().is_multiple_of(2));
    let mut seen = 0;
    out.extend(digits.unwrap_or_default().chunks_exact(2).map(|pair| {
        let (high, low) = (DIGITS[usize::from(pair[0])], DIGITS[usize::from(pair[1])]);
        seen |= high | low;
        high << 4 | low & 0xf
    }));
    if digits.is_none() || seen > 0xf {
        out.truncate(start);
        out.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_from_digits() {
        let read = |text: &str| {
            let mut out = b"-".to_vec();
            unhex(text.as_bytes(), &mut out);
            out
        };
        assert_eq!(read("\\x4142fF00"), b"-AB\xff\0");
        assert_eq!(read("\\x"), b"-");
        assert_eq!(read("abc\\000"), b"-abc\\000");
        assert_eq!(read("\\x4"), b"-\\x4");
        assert_eq!(read("\\x4g"), b"-\\x4g");
    }
}
