//! Runs decoders that broken input can crash, hang or fatten in a process of their own: it costs one object, not the scan.
//!
//! A process serves one object after another of the thread that started it, and ends with its pipe.
mod child;
mod frames;
mod pipe;
#[cfg(test)]
mod tests;

pub use child::serve;

use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use frames::{Fields, Received, Tag};
use pipe::{Patience, Patient};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Files from this size on are opened by the process itself; what is smaller goes through the pipe.
const BY_PATH: usize = 1 << 20;
/// A process that read more than this at once has memory that it does not give back.
const LARGE: usize = 16 << 20;
/// Objects after which a process is replaced: what a library leaks is not for ever.
const SERVICE: u32 = 500;
/// How many times the patience at one time an object may take in all.
const IN_ALL: u32 = 10;

const ENDLESS: &str = "its decoder does not end; --decode-timeout allows more";

/// Where decoders run that may crash.
#[derive(Clone, Debug, Default)]
pub enum Isolation {
    /// Among all others: a crash that is no panic ends the scan.
    #[default]
    None,
    /// In processes of this program, which [`serve`] when they are given these arguments.
    Process {
        /// The program.
        program: PathBuf,
        /// What makes it serve.
        arguments: Vec<String>,
        /// How long one may say nothing; in all, an object may take ten times as long.
        patience: Duration,
    },
}

/// An object that is to be decoded.
pub(super) struct Task<'t> {
    pub bytes: &'t [u8],
    /// Where it is, if it is a file.
    pub file: Option<&'t Path>,
    pub stop: &'t AtomicBool,
}

/// A process that decodes.
pub(super) struct Process {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    errors: ChildStderr,
    served: u32,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already; else it has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts one.
    pub fn start(program: &Path, arguments: &[String]) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg0("pandian").args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // What is typed to interrupt the scan goes to the scan alone, which ends the process when it has noted so.
        let mut child = command.process_group(0).spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            return Err(io::Error::other("no pipes"));
        };
        let flags = rustix::fs::fcntl_getfl(&input)?;
        rustix::fs::fcntl_setfl(&input, flags | rustix::fs::OFlags::NONBLOCK)?;
        Ok(Process { child, input, output, errors, served: 0 })
    }

    /// Has an object decoded. The process comes back where it can serve another.
    pub fn decode(
        mut self,
        task: &Task<'_>,
        patience: Duration,
        output: &mut dyn Output,
    ) -> (Result<(), Failure>, Option<Self>) {
        let left = patience.saturating_mul(IN_ALL);
        let mut patience = Patience { stop: task.stop, silence: patience, left };
        let ended = self.ask(task, &mut patience).and_then(|()| self.listen(&mut patience, output));
        self.served += 1;
        match ended {
            Ok(Some(outcome)) => {
                let goes_on = self.served < SERVICE && task.bytes.len() < LARGE;
                (outcome, goes_on.then_some(self))
            }
            Ok(None) => (Ok(()), None),
            // The user's, which the ledger tells of by itself.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => (Ok(()), None),
            Err(error) => (Err(self.fate(&error)), None),
        }
    }

    fn ask(&mut self, task: &Task<'_>, patience: &mut Patience<'_>) -> io::Result<()> {
        let (kind, content) = match task.file.filter(|_| task.bytes.len() >= BY_PATH) {
            Some(path) => (child::PATH, path.as_os_str().as_bytes()),
            None => (child::BYTES, task.bytes),
        };
        let mut pipe = Patient { pipe: &mut self.input, patience };
        pipe.write_all(&[kind])?;
        pipe.write_all(&(content.len() as u64).to_le_bytes())?;
        pipe.write_all(content)
    }

    /// Hands on what the process says until it has said all, or until nothing more is wanted (`None`).
    fn listen(
        &mut self,
        patience: &mut Patience<'_>,
        output: &mut dyn Output,
    ) -> io::Result<Option<Result<(), Failure>>> {
        let mut pipe = BufReader::with_capacity(64 << 10, Patient { pipe: &mut self.output, patience });
        let (mut content, mut names) = (Vec::new(), Vec::new());
        loop {
            let tag = frames::read(&mut pipe, &mut content)?;
            let mut fields = Fields(&content);
            let goes_on = match tag {
                Tag::Names => fields.names(&mut names).map(|()| true)?,
                Tag::Piece => output.piece(Received::new(&content, names.len())?.piece(&names)),
                Tag::Entry => {
                    let name = fields.name()?;
                    within(&mut pipe, |entry| output.entry(&name, entry))?
                }
                Tag::Unwrapped => within(&mut pipe, |entry| output.unwrapped(entry))?,
                Tag::Unread => {
                    let name = fields.name()?;
                    let (reason, detail) = fields.why()?;
                    output.unread(&name, reason, &detail)
                }
                Tag::Gap => {
                    let (reason, detail) = fields.why()?;
                    output.gap(reason, &detail);
                    true
                }
                Tag::End => return fields.outcome().map(Some),
                Tag::Chunk | Tag::EntryEnd => return Err(ErrorKind::InvalidData.into()),
            };
            if !goes_on {
                return Ok(None);
            }
        }
    }

    /// What became of a process that no longer makes sense.
    fn fate(mut self, error: &io::Error) -> Failure {
        let failure = |reason, detail: &str| Failure::Unread(reason, detail.into());
        if error.kind() == ErrorKind::TimedOut {
            return failure(Reason::TimedOut, ENDLESS);
        }
        if error.kind() == ErrorKind::InvalidData {
            return failure(Reason::Crashed, "its decoder talks nonsense; please report it");
        }
        // Its pipes are closed: it has ended, and killing it changes nothing; or it has only closed them.
        let _ = self.child.kill();
        let Ok(status) = self.child.wait() else { return failure(Reason::Crashed, "please report it") };
        let mut last_words = Vec::new();
        // They are for nobody's eyes: they could hold a value.
        let _ = self.errors.by_ref().take(4 << 10).read_to_end(&mut last_words);
        let says = |words: &[u8]| memchr::memmem::find(&last_words, words).is_some();
        match status.signal() {
            Some(libc::SIGXCPU) => failure(Reason::TimedOut, ENDLESS),
            // Rust's own words.
            Some(libc::SIGABRT) if says(b"memory allocation of") => {
                failure(Reason::Limit, "takes too much memory; --decode-memory allows more")
            }
            Some(libc::SIGABRT) if says(b"overflowed its stack") => {
                failure(Reason::Crashed, "nested too deep for its decoder")
            }
            Some(signal) => failure(Reason::Crashed, &format!("signal {signal}; please report it")),
            None => failure(Reason::Crashed, "please report it"),
        }
    }
}

/// Gives an object within to `take`, and reads what it leaves of it.
fn within(pipe: &mut dyn Read, take: impl FnOnce(Entry<'_>) -> bool) -> io::Result<bool> {
    let mut entry = Chunks { pipe, content: Vec::new(), at: 0, ended: false, broken: None };
    let goes_on = take(Entry::Stream(&mut entry));
    if goes_on {
        entry.drain();
    }
    match entry.broken {
        Some(error) => Err(error),
        None => Ok(goes_on),
    }
}

/// The bytes of an object within, as they come.
struct Chunks<'p> {
    pipe: &'p mut dyn Read,
    content: Vec<u8>,
    at: usize,
    ended: bool,
    /// What went wrong with the process, which is not the object's fault.
    broken: Option<io::Error>,
}

impl Chunks<'_> {
    fn drain(&mut self) {
        while !self.ended {
            self.at = self.content.len();
            // An error of the object's was told to whoever read it, or is of no interest to anyone.
            let _ = self.fill();
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let outcome = match frames::read(&mut self.pipe, &mut self.content) {
            Ok(Tag::Chunk) => Ok(None),
            Ok(Tag::EntryEnd) => Fields(&self.content).error().map(Some),
            Ok(_) => Err(ErrorKind::InvalidData.into()),
            Err(error) => Err(error),
        };
        self.at = 0;
        match outcome {
            Ok(None) => return Ok(()),
            Ok(Some(error)) => {
                self.content.clear();
                self.ended = true;
                return error.map_or(Ok(()), Err);
            }
            Err(error) => {
                self.content.clear();
                self.ended = true;
                self.broken = Some(error);
            }
        }
        Err(io::Error::other("its decoder broke down"))
    }
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.content.len() && !self.ended {
            self.fill()?;
        }
        let rest = &self.content[self.at..];
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        self.at += read;
        Ok(read)
    }
}
