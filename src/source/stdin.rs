//! Standard input, read so that an interrupt ends a scan even where the pipe says nothing.
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};

/// How long a silent pipe is waited for before `stop` is looked at again.
const WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Standard input until its end, or until `stop` is set. Not buffered: bytes held in a buffer are unknown to `poll`.
pub struct Stdin<'a> {
    input: File,
    stop: &'a AtomicBool,
}

impl<'a> Stdin<'a> {
    /// Opens a second handle to standard input.
    ///
    /// # Errors
    /// The system's: there is no standard input, or no more handles.
    pub fn new(stop: &'a AtomicBool) -> io::Result<Self> {
        Ok(Stdin { input: File::from(io::stdin().as_fd().try_clone_to_owned()?), stop })
    }
}

impl Read for Stdin<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.stop.load(Ordering::Relaxed) {
            match poll(&mut [PollFd::new(&self.input, PollFlags::IN)], Some(&WAIT)) {
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Ok(_) => return self.input.read(buffer),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(0)
    }
}
