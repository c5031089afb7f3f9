//! The pipes to and from a decoder's process: neither a process that says nothing nor one that does not listen is waited for without end.
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long a silent pipe is waited for before `stop` is looked at again.
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// How long a process is waited for.
pub(super) struct Patience<'s> {
    /// Set when the user interrupts.
    pub stop: &'s AtomicBool,
    /// At one time.
    pub silence: Duration,
    /// In all.
    pub left: Duration,
}

impl Patience<'_> {
    /// Waits until `pipe` is ready.
    fn wait(&mut self, pipe: &impl AsFd, ready: PollFlags) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            match poll(&mut [PollFd::new(pipe, ready)], Some(&WAIT)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => break,
                Err(error) => return Err(error.into()),
            }
            if self.stop.load(Ordering::Relaxed) {
                return Err(ErrorKind::ConnectionAborted.into());
            }
            if begun.elapsed() > self.silence.min(self.left) {
                return Err(ErrorKind::TimedOut.into());
            }
        }
        self.left = self.left.saturating_sub(begun.elapsed());
        Ok(())
    }
}

/// A pipe, and how long it is waited for.
pub(super) struct Patient<'p, 's, P> {
    /// The pipe; not one that blocks, if it is written to.
    pub pipe: P,
    /// How long.
    pub patience: &'p mut Patience<'s>,
}

impl<P: Read + AsFd> Read for Patient<'_, '_, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.patience.wait(&self.pipe, PollFlags::IN)?;
        self.pipe.read(buffer)
    }
}

impl<P: Write + AsFd> Write for Patient<'_, '_, P> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            self.patience.wait(&self.pipe, PollFlags::OUT)?;
            match self.pipe.write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                written => return written,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pipe.flush()
    }
}
