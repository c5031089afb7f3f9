//! A file with holes: its pieces where they belong, and zeros between.
use std::io::{self, Read};

/// Reads the pieces from a reader that has them one after another.
pub(super) struct Sparse<R> {
    inner: R,
    /// Zeros, then content, piece by piece; the next one last.
    rest: Vec<(u64, u64)>,
    /// Zeros and bytes that are due of the piece at hand.
    zeros: u64,
    bytes: u64,
}

impl<R: Read> Sparse<R> {
    /// `pieces` are offsets and lengths in order, `size` is that of the whole; `None` where they do not fit.
    pub fn new(inner: R, pieces: &[(u64, u64)], size: u64) -> Option<Self> {
        let (mut at, mut rest) = (0_u64, Vec::new());
        for &(offset, length) in pieces.iter().chain([&(size, 0)]) {
            rest.push((offset.checked_sub(at)?, length));
            at = offset.checked_add(length)?;
        }
        rest.reverse();
        Some(Sparse { inner, rest, zeros: 0, bytes: 0 })
    }
}

impl<R: Read> Read for Sparse<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.zeros == 0 && self.bytes == 0 {
            let Some(next) = self.rest.pop() else { return Ok(0) };
            (self.zeros, self.bytes) = next;
        }
        let within = |due: u64| usize::try_from(due).map_or(buffer.len(), |due| due.min(buffer.len()));
        if self.zeros > 0 {
            let zeros = within(self.zeros);
            buffer[..zeros].fill(0);
            self.zeros -= zeros as u64;
            return Ok(zeros);
        }
        let most = within(self.bytes);
        let read = self.inner.read(&mut buffer[..most])?;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.bytes -= read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_zeros() {
        let read = |pieces: &[(u64, u64)], size| {
            let mut all = Vec::new();
            Sparse::new(&b"abcdef"[..], pieces, size)
                .map(|mut sparse| sparse.read_to_end(&mut all).map(|_| all))
        };
        let whole = read(&[(2, 2), (5, 3)], 10).expect("fits").expect("read");
        assert_eq!(whole, b"\0\0ab\0cde\0\0");
        assert!(read(&[(5, 3), (2, 2)], 10).is_none(), "out of order");
        assert!(read(&[(0, 9)], 9).expect("fits").is_err(), "longer than what is there");
    }
}
