//! What goes wrong with a database, sorted by what can be done about it.
use crate::model::coverage::{Exception, Reason, State};

/// An error of a database, without any secret in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// What it means for the object.
    pub reason: Reason,
    /// The server's words, and what to do.
    pub detail: String,
    /// Whether the same statement may succeed on a new connection.
    pub may_pass: bool,
}

impl Failure {
    /// A failure that trying again will not cure.
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Failure { reason, detail: detail.into(), may_pass: false }
    }

    /// A failure of the connection, which a new one may cure.
    pub fn passing(reason: Reason, detail: impl Into<String>) -> Self {
        Failure { may_pass: true, ..Failure::new(reason, detail) }
    }

    /// The ledger row for an object of which nothing was read.
    pub fn row(&self, path: &str) -> Exception {
        Exception {
            path: path.to_owned(),
            state: State::Failed,
            reason: self.reason,
            detail: self.detail.clone(),
        }
    }
}
