//! The server's error numbers, sorted by what can be done about them.
use crate::model::coverage::Reason;
use crate::source::database::Failure;
use sqlx::mysql::MySqlDatabaseError;

/// The server's number, where the error is the server's.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    error.try_downcast_ref::<MySqlDatabaseError>().map(MySqlDatabaseError::number)
}

/// Whether a server of another make does not know the statement, the variable or the catalogue's table.
pub(super) fn is_unknown(error: &sqlx::Error) -> bool {
    // 1105 is what TiDB, Doris and StarRocks answer to what they have no number for.
    matches!(number(error), Some(1054 | 1064 | 1105 | 1109 | 1146 | 1193 | 1227 | 1231 | 1235 | 1238 | 1295))
}

/// Whether the connection is still good after the error.
pub(super) fn leaves_connection(error: &sqlx::Error) -> bool {
    number(error).is_some_and(|number| !is_lost(number))
}

fn is_lost(number: u16) -> bool {
    matches!(number, 1040 | 1053 | 1077 | 1079 | 1080 | 1152..=1161 | 1184 | 1203 | 1226 | 1927 | 2006 | 2013)
}

/// An error while `object` was read or asked about.
pub(super) fn of_statement(error: &sqlx::Error, object: &str) -> Failure {
    let Some(number) = number(error) else {
        return match error {
            sqlx::Error::Io(_) => Failure::passing(
                Reason::ConnectionLost,
                format!("the connection was lost while `{object}` was read: {error}"),
            ),
            _ => Failure::new(Reason::ReadError, format!("`{object}` cannot be read: {error}")),
        };
    };
    let said = said(error);
    match number {
        _ if is_lost(number) => Failure::passing(
            Reason::ConnectionLost,
            format!("the server ended the connection while `{object}` was read: {said}"),
        ),
        1044 | 1142 | 1143 | 1227 | 1370 => Failure::new(
            Reason::PermissionDenied,
            format!("the account may not read `{object}`: {said}; GRANT SELECT on it"),
        ),
        1049 | 1051 | 1146 => Failure::new(
            Reason::Vanished,
            format!("`{object}` was dropped or renamed during the scan: {said}; scan again"),
        ),
        1054 => Failure::new(
            Reason::Vanished,
            format!("a column of `{object}` changed during the scan: {said}; scan again"),
        ),
        1969 | 3024 => Failure::new(
            Reason::TimedOut,
            format!("a statement on `{object}` took longer than it may and was ended by the server: {said}"),
        ),
        1317 => Failure::new(
            Reason::TimedOut,
            format!("a statement on `{object}` was ended by the server or an administrator: {said}"),
        ),
        1205 | 1213 => {
            Failure::passing(Reason::TimedOut, format!("`{object}` is locked by another session: {said}"))
        }
        // A definition that changed under the statement; the next statement sees the new one.
        1412 | 1615 => Failure::passing(Reason::ReadError, format!("`{object}` changed: {said}")),
        1356 => Failure::new(
            Reason::ReadError,
            format!("the view `{object}` cannot be read: {said}; repair or exclude it"),
        ),
        _ => Failure::new(Reason::ReadError, format!("`{object}` cannot be read: {said}")),
    }
}

/// An error while connecting to `server`.
pub(super) fn of_connecting(error: &sqlx::Error, server: &str) -> Failure {
    let Some(number) = number(error) else {
        let text = error.to_string();
        return match error {
            _ if is_about_trust(error) => Failure::new(
                Reason::Unreachable,
                format!(
                    "no secure connection to {server}: {text}; name the authority by ?ssl-ca=FILE, or write ?ssl-mode=required to accept any certificate, ?ssl-mode=disabled to connect in the clear"
                ),
            ),
            sqlx::Error::Protocol(_) if text.contains("auth") => refused(server, &text),
            _ => Failure::new(
                Reason::Unreachable,
                format!("no answer from {server}: {text}; check host and port"),
            ),
        };
    };
    let said = said(error);
    match number {
        1044 | 1045 | 1251 | 1275 | 1524 | 1698 | 1820 | 1862 | 2059 | 3118 | 4151 => refused(server, &said),
        1049 => Failure::new(Reason::Unreachable, format!("the database does not exist on {server}: {said}")),
        3159 => Failure::new(
            Reason::Unreachable,
            format!(
                "{server} wants an encrypted connection: {said}; write ?ssl-mode=required or verify_identity"
            ),
        ),
        _ if is_lost(number) => {
            Failure::passing(Reason::ConnectionLost, format!("{server} takes no connection now: {said}"))
        }
        _ => Failure::new(Reason::Unreachable, format!("{server} does not let us in: {said}")),
    }
}

/// Whether encryption is what failed: a certificate that is refused comes as an error of the connection's data.
fn is_about_trust(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

fn refused(server: &str, said: &str) -> Failure {
    Failure::new(
        Reason::AuthenticationFailed,
        format!(
            "{server} was not let in: {said}; check the user, and the password in MYSQL_PWD or ~/.my.cnf"
        ),
    )
}

/// The server's words and its number.
fn said(error: &sqlx::Error) -> String {
    match (error.as_database_error(), number(error)) {
        (Some(error), Some(number)) => format!("{} (error {number})", error.message()),
        _ => error.to_string(),
    }
}
