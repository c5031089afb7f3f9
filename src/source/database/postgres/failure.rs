//! What a PostgreSQL server's errors mean, in words without a secret.
use super::super::Failure;
use crate::model::coverage::Reason;
use sqlx::Error;
use std::io::ErrorKind;

/// What is said where a server has no database of that name.
const MISSING: &str = "check the name at the end of the URL";

/// Whether the server answered, and has no such database.
pub(super) fn is_missing_database(failure: &Failure) -> bool {
    failure.detail.ends_with(MISSING)
}

/// What a server answers, or the system in its place, when a connection is made to `place`.
pub(super) fn connecting(error: &Error, place: &str) -> Failure {
    match error {
        Error::Database(server) => {
            let code = server.code().unwrap_or_default();
            let said = server.message();
            if code.starts_with("28") {
                return Failure::new(
                    Reason::AuthenticationFailed,
                    format!(
                        "{place}: {said}; check the user name, and the password in PGPASSWORD or ~/.pgpass"
                    ),
                );
            }
            match &*code {
                "3D000" => Failure::new(Reason::Unreachable, format!("{place}: {said}; {MISSING}")),
                "42501" => Failure::new(
                    Reason::PermissionDenied,
                    format!("{place}: {said}; grant CONNECT on the database to this account"),
                ),
                _ => Failure { detail: format!("{place}: {said}"), ..reading(error) },
            }
        }
        // A server that restarts refuses for a while.
        Error::Io(io) if passes(io.kind()) => Failure::passing(
            Reason::Unreachable,
            format!("{place}: {io}; check host and port, and that the server runs"),
        ),
        // A certificate that does not pass is an error of the stream.
        Error::Io(io) if io.kind() == ErrorKind::InvalidData => unsecured(io, place),
        Error::Io(io) => {
            Failure::new(Reason::Unreachable, format!("{place}: {io}; check host and port in the URL"))
        }
        Error::Tls(tls) => unsecured(tls, place),
        Error::Protocol(said) if said.contains("authentication") || said.contains("SASL") => Failure::new(
            Reason::AuthenticationFailed,
            format!(
                "{place}: {said}; the server asks for a way of logging in that is not supported: allow scram-sha-256 or md5 for this account"
            ),
        ),
        other => Failure::new(Reason::Unreachable, format!("{place}: {other}")),
    }
}

fn unsecured(error: &dyn std::fmt::Display, place: &str) -> Failure {
    let advice = "name the authority's certificate with sslrootcert=FILE in the URL, or go without checking it (sslmode=require) or in the clear (sslmode=disable)";
    Failure::new(Reason::Unreachable, format!("{place}: no secure connection: {error}; {advice}"))
}

/// What a server answers to a statement.
pub(super) fn reading(error: &Error) -> Failure {
    match error {
        Error::Database(server) => of_code(&server.code().unwrap_or_default(), server.message()),
        Error::Io(io) => Failure::passing(Reason::ConnectionLost, format!("the connection was lost: {io}")),
        Error::Tls(tls) => {
            Failure::passing(Reason::ConnectionLost, format!("the connection was lost: {tls}"))
        }
        Error::Protocol(said) => Failure::passing(
            Reason::ConnectionLost,
            format!("the server's answer was not understood: {said}"),
        ),
        other => Failure::new(Reason::ReadError, other.to_string()),
    }
}

/// See "PostgreSQL Error Codes", appendix A of its manual.
fn of_code(code: &str, said: &str) -> Failure {
    let fails = |reason, more: &str| Failure::new(reason, format!("{said}{more}"));
    match code {
        "42501" => fails(Reason::PermissionDenied, "; grant SELECT to this account"),
        "42P01" | "3F000" => fails(Reason::Vanished, ": the table was dropped or renamed during the scan"),
        // What is met when the table goes between two steps of the server.
        "XX000" if said.starts_with("could not open relation with OID") => {
            fails(Reason::Vanished, ": the table was dropped during the scan")
        }
        "42703" => fails(Reason::Vanished, ": the column was dropped or renamed during the scan"),
        "57014" => fails(Reason::TimedOut, "; give it a longer statement time-out"),
        "55P03" => fails(Reason::TimedOut, ": another session has locked the table"),
        "22021" | "22P05" => fails(Reason::ReadError, ": the server cannot convert these bytes to UTF-8"),
        "53300" | "57P01" | "57P02" | "57P03" | "57P05" => {
            Failure::passing(Reason::ConnectionLost, said.to_owned())
        }
        _ if code.starts_with("08") => Failure::passing(Reason::ConnectionLost, said.to_owned()),
        // A query on a standby that is in the way of replication (conflict with recovery), or a serialization
        // failure: the same statement may well succeed later.
        "40001" | "40P01" => Failure::passing(Reason::ReadError, said.to_owned()),
        _ => fails(Reason::ReadError, &format!(" (SQLSTATE {code})")),
    }
}

fn passes(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
            | ErrorKind::TimedOut
            // The socket of a server that is down.
            | ErrorKind::NotFound
    )
}
