//! Mailboxes: messages one after another, each behind a line that begins with `From ` (RFC 4155).
use crate::decode::{Entry, Failure, Output};
use std::io::{self, Read};

/// Bytes read at a time.
const CHUNK: usize = 256 << 10;
/// What begins a message, behind a blank line.
const MARK: &[u8] = b"\nFrom ";
/// Bytes of a blank line and the mark, which may lie across two reads.
const TAIL: usize = MARK.len() + 3;

/// Reads a mailbox message by message; none is held as a whole.
pub(in crate::decode) fn read(input: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let mut mailbox = Mailbox { input, buffer: Vec::new(), at: 0, ended: false, failed: None };
    for number in 1.. {
        mailbox.skip_line()?;
        let mut message = MessageReader { mailbox: &mut mailbox, left: 0, ended: false };
        let go_on = output.entry(&format!("message {number}"), Entry::Stream(&mut message));
        if go_on {
            // What its decoder did not want.
            let _ = io::copy(&mut message, &mut io::sink());
        }
        if let Some(error) = mailbox.failed.take() {
            return Err(error.into());
        }
        if !go_on || mailbox.ahead(1)?.is_empty() {
            break;
        }
    }
    Ok(())
}

/// The bytes of the mailbox, some of them ahead.
struct Mailbox<'r> {
    input: &'r mut dyn Read,
    buffer: Vec<u8>,
    at: usize,
    ended: bool,
    /// The error of the input, which is not the message's alone.
    failed: Option<io::Error>,
}

impl Mailbox<'_> {
    /// At least so many bytes of what comes next, where there are so many.
    fn ahead(&mut self, least: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.at < least && !self.ended {
            self.buffer.drain(..self.at);
            self.at = 0;
            let before = self.buffer.len();
            (&mut *self.input).take(CHUNK as u64).read_to_end(&mut self.buffer)?;
            self.ended = self.buffer.len() - before < CHUNK;
        }
        Ok(&self.buffer[self.at..])
    }

    /// Passes over the line that begins a message.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let ahead = self.ahead(1)?;
            let end = memchr::memchr(b'\n', ahead);
            let passed = end.map_or(ahead.len(), |at| at + 1);
            self.at += passed;
            if end.is_some() || passed == 0 {
                return Ok(());
            }
        }
    }
}

/// One message: ends before the next line that begins one.
struct MessageReader<'m, 'r> {
    mailbox: &'m mut Mailbox<'r>,
    /// Bytes ahead that belong to the message for certain.
    left: usize,
    /// Whether the next message begins behind them.
    ended: bool,
}

impl MessageReader<'_, '_> {
    fn look_ahead(&mut self) -> io::Result<()> {
        let ahead = self.mailbox.ahead(CHUNK)?;
        let is_blank = |&at: &usize| ahead[..at].strip_suffix(b"\r").unwrap_or(&ahead[..at]).ends_with(b"\n");
        let next = memchr::memmem::find_iter(ahead, MARK).find(is_blank);
        let (length, all) = (ahead.len(), self.mailbox.ended);
        match next {
            Some(at) => (self.left, self.ended) = (at + 1, true),
            None if all => (self.left, self.ended) = (length, true),
            None => self.left = length - TAIL,
        }
        Ok(())
    }
}

impl Read for MessageReader<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0
            && !self.ended
            && let Err(error) = self.look_ahead()
        {
            let kind = error.kind();
            self.mailbox.failed = Some(error);
            self.ended = true;
            return Err(kind.into());
        }
        let read = self.left.min(into.len());
        into[..read].copy_from_slice(&self.mailbox.buffer[self.mailbox.at..self.mailbox.at + read]);
        self.mailbox.at += read;
        self.left -= read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(mailbox: &str, chunk: usize) -> Vec<String> {
        let mut input = Slow(mailbox.as_bytes(), chunk);
        let mut mailbox =
            Mailbox { input: &mut input, buffer: Vec::new(), at: 0, ended: false, failed: None };
        let mut found = Vec::new();
        while !mailbox.ahead(1).expect("bytes").is_empty() {
            mailbox.skip_line().expect("a line");
            let mut text = String::new();
            let mut message = MessageReader { mailbox: &mut mailbox, left: 0, ended: false };
            message.read_to_string(&mut text).expect("text");
            found.push(text);
        }
        found
    }

    /// Gives few bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let some = self.1.min(into.len());
            self.0.read(&mut into[..some])
        }
    }

    #[test]
    fn messages_end_where_the_next_begins() {
        let mailbox = "From a\nA: 1\n\nFromage\nx\nFrom here\n\nFrom b\r\nB: 2\r\n\r\nFrom c\n";
        for chunk in [1, 7, 1000] {
            assert_eq!(messages(mailbox, chunk), ["A: 1\n\nFromage\nx\nFrom here\n\n", "B: 2\r\n\r\n", ""]);
        }
        let long = format!("From a\n{}\n\nFrom b\nx", "y".repeat(3 * CHUNK));
        assert_eq!(messages(&long, 1 << 20).len(), 2);
    }
}
