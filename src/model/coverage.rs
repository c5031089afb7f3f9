//! The ledger: every object ends in exactly one of four states, and the sums close.
use schemars::JsonSchema;
use serde::Serialize;

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Read from end to end.
    Scanned,
    /// Read in part; the rest could not be.
    Partial,
    /// Not read, on purpose or for want of a decoder.
    Skipped,
    /// Not read, because something went wrong.
    Failed,
}

/// Why an object was not read, or not all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// A binary format for which there is no decoder.
    NoDecoder,
    /// A password is needed.
    Encrypted,
    /// Its bytes are not what its format says.
    Malformed,
    /// It is larger, deeper or denser than is allowed.
    Limit,
    /// A picture: what is written in it is not read.
    Image,
    /// What reads its format broke down over it.
    Crashed,
    /// A FIFO, socket or device.
    SpecialFile,
    /// A symbolic link, and following them was not asked for.
    Symlink,
    /// A link that leads back to a folder above it.
    LinkLoop,
    /// The account may not read it.
    PermissionDenied,
    /// It was there when the folder was listed, and gone when it was opened.
    Vanished,
    /// It became shorter while it was read.
    Truncated,
    /// Any other error of the system or of a server.
    ReadError,
    /// No answer from a server: unknown host, refused connection.
    Unreachable,
    /// A server does not let the account in.
    AuthenticationFailed,
    /// The connection was lost in the middle, and trying again did not help.
    ConnectionLost,
    /// A statement or a file took longer than it may.
    TimedOut,
    /// Values too long to be read whole.
    TooLarge,
    /// A view, a foreign table: other tables' data, left alone unless asked for.
    View,
    /// A part of it was drawn at random, as was asked.
    Sampled,
    /// Time was up before it was its turn.
    Budget,
    /// The scan was interrupted before or while it was read.
    Interrupted,
}

/// A ledger row for an object that was not read whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Exception {
    /// The object's path as a finding would show it.
    pub path: String,
    /// What became of it.
    pub state: State,
    /// Why.
    pub reason: Reason,
    /// The system's own words, or the format that was recognised; empty where there is nothing to add.
    pub detail: String,
}

/// How many objects and bytes ended in which state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Coverage {
    /// Objects met: the sum of the four below.
    pub objects: u64,
    /// Objects read from end to end.
    pub scanned: u64,
    /// Objects read in part.
    pub partial: u64,
    /// Objects not read on purpose, or for want of a decoder.
    pub skipped: u64,
    /// Objects not read because something went wrong.
    pub failed: u64,
    /// Bytes that were scanned.
    pub bytes_scanned: u64,
    /// A row for every object that was not read whole, by path.
    pub exceptions: Vec<Exception>,
}

impl Coverage {
    /// Enters an object that was read whole.
    pub fn scanned(&mut self, bytes: u64) {
        self.objects += 1;
        self.scanned += 1;
        self.bytes_scanned += bytes;
    }

    /// Enters an object that was not; `bytes` of it were scanned.
    pub fn exception(&mut self, exception: Exception, bytes: u64) {
        self.objects += 1;
        self.bytes_scanned += bytes;
        match exception.state {
            State::Scanned => self.scanned += 1,
            State::Partial => self.partial += 1,
            State::Skipped => self.skipped += 1,
            State::Failed => self.failed += 1,
        }
        self.exceptions.push(exception);
    }

    /// Adds another ledger.
    pub fn merge(&mut self, other: Coverage) {
        self.objects += other.objects;
        self.scanned += other.scanned;
        self.partial += other.partial;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.bytes_scanned += other.bytes_scanned;
        self.exceptions.extend(other.exceptions);
    }

    /// True when nothing that should have been read was left out. A link that was not to be followed, a view,
    /// whose data lies in tables, and the rest of a sample are a choice, not a gap.
    pub fn is_complete(&self) -> bool {
        self.exceptions.iter().all(|e| matches!(e.reason, Reason::Symlink | Reason::View | Reason::Sampled))
    }
}
