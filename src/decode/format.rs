//! What a decoder of a format that is no text looks like from outside: what it is given, what it may give out, how it fails.
use super::Piece;
use crate::model::coverage::Reason;
use std::io;

/// A format that is told by its content, and how it is read.
#[derive(Debug)]
pub struct FileFormat {
    /// What it is called in the map: `xlsx`, `zip`.
    pub name: &'static str,
    /// What it is, in English and in Chinese; the list of formats shows it.
    pub about: [&'static str; 2],
    /// How it is read.
    pub read: Reading,
    /// Whether its library is known to crash, to hang or to take memory without end on broken input: then it runs in a
    /// process of its own.
    pub isolated: bool,
}

/// How a format is read.
#[derive(Clone, Copy, Debug)]
pub enum Reading {
    /// From all of its bytes, in any order.
    Whole(fn(&[u8], &mut dyn Output) -> Result<(), Failure>),
    /// From the first byte to the last.
    Stream(fn(&mut dyn io::Read, &mut dyn Output) -> Result<(), Failure>),
    /// As whatever all of its bytes tell: its first bytes are those of many formats.
    Refined(fn(&[u8]) -> &'static FileFormat),
    /// As a database, table by table.
    Database,
    /// By a program of the user's own, where that is allowed; else not at all.
    External,
    /// Not at all: the ledger says so, with the reason.
    Not(Reason),
}

/// What ended the reading of an object. What was given out before stands.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It, or the rest of it, cannot be read; what is known of the cause, without any of its content.
    #[error("{1}")]
    Unread(Reason, String),
    /// The reader's.
    #[error(transparent)]
    Read(#[from] io::Error),
}

impl Failure {
    /// The object is broken; `why` must hold nothing of its content.
    pub fn malformed(why: impl Into<String>) -> Self {
        Failure::Unread(Reason::Malformed, why.into())
    }
}

/// The bytes of an object within another.
pub enum Entry<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// To be read from here, up to the end.
    Stream(&'a mut dyn io::Read),
}

/// Where a decoder puts what it finds. Whatever returns false asks the decoder to end.
pub trait Output {
    /// Takes text or cells of the object itself.
    fn piece(&mut self, piece: Piece<'_>) -> bool;
    /// Takes an object within the object, which is scanned at once, whatever it is. `name` is its path within.
    fn entry(&mut self, name: &str, entry: Entry<'_>) -> bool;
    /// Takes what the object is a mere wrapping of (`a.log.gz`): it goes by the same name, and is no object of its own.
    fn unwrapped(&mut self, entry: Entry<'_>) -> bool;
    /// Notes that an object within cannot be read, and why; `detail` must hold nothing of its content.
    fn unread(&mut self, name: &str, why: Reason, detail: &str) -> bool;
    /// Notes that a part of the object itself was not read, and why.
    fn gap(&mut self, why: Reason, detail: &str);
    /// Notes that so many bytes were unpacked and thrown away, to get at what lies behind them.
    fn passed(&mut self, bytes: u64) -> bool {
        let _ = bytes;
        true
    }
}
