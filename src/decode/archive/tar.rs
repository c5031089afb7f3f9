//! tar archives, entry by entry: ustar, pax, GNU and V7, with long names and sparse files.
use super::SMALL;
use super::names::Names;
use super::reader::{Broken, fill};
use super::sparse::Sparse;
use super::tar_header::{BLOCK, Extended, Header, decimal, pieces};
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use std::io::{self, Read};

/// Where a header says that it is one, and how all but the oldest programs do.
pub const MAGIC_AT: usize = 257;
/// See [`MAGIC_AT`].
pub const MAGIC: &[u8] = b"ustar";
/// Bytes of a long name or of pax records that are kept; no path is as long, but the pieces of a sparse file may be.
const EXTENSION: u64 = 1 << 20;
/// Pieces of a sparse file that are kept.
const PIECES: usize = 1 << 20;

/// Whether the first block is a header, which the oldest programs do not mark.
pub fn is_v7(head: &[u8]) -> bool {
    head.first_chunk().and_then(Header::read).is_some_and(|header| !header.name.is_empty())
}

/// A tar archive, or several one after another.
pub fn tar(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let (mut block, mut buffer, mut names) = ([0; BLOCK], Vec::new(), Names::new());
    let (mut global, mut next) = (Extended::default(), None);
    let mut long_name = None;
    loop {
        match fill(reader, &mut block)? {
            0 => return Ok(()),
            BLOCK => {}
            // Some programs do not fill the last block.
            rest if block[..rest].iter().all(|byte| *byte == 0) => return Ok(()),
            _ => return Err(Failure::malformed("ends within a header")),
        }
        // Zeros end the archive, but others may follow.
        if block.iter().all(|byte| *byte == 0) {
            continue;
        }
        let Some(header) = Header::read(&block) else {
            // It goes on at the next block that is a header.
            output.gap(Reason::Malformed, "what is no header stands between entries");
            continue;
        };
        match header.kind {
            b'L' => long_name = Some(extension(reader, header.size)?),
            b'x' | b'X' => {
                let mut extended = global.clone();
                extended.read(&extension(reader, header.size)?);
                next = Some(extended);
            }
            b'g' => global.read(&extension(reader, header.size)?),
            _ => {
                let extended = next.take().unwrap_or_else(|| global.clone());
                let mut entry = Member { header, extended };
                if let Some(name) = long_name.take() {
                    entry.header.name = name;
                }
                let name = names.read(entry.name());
                if !entry.give(&name, reader, &mut buffer, output)? {
                    return Ok(());
                }
            }
        }
    }
}

/// The bytes of an entry.
type Content<'r> = io::Take<&'r mut dyn Read>;

/// A header and what extends it.
struct Member {
    header: Header,
    extended: Extended,
}

impl Member {
    fn name(&self) -> &[u8] {
        let long = self.extended.sparse_name.as_ref().or(self.extended.path.as_ref());
        let name = long.unwrap_or(&self.header.name);
        &name[..memchr::memchr(0, name).unwrap_or(name.len())]
    }

    /// Gives the entry out, if it holds anything, and comes to its end; false when that is enough.
    fn give(
        &mut self,
        name: &str,
        reader: &mut dyn Read,
        buffer: &mut Vec<u8>,
        output: &mut dyn Output,
    ) -> Result<bool, Failure> {
        self.more_pieces(reader)?;
        let size = match self.header.kind {
            // Links, devices and folders hold nothing, whatever they say.
            b'1'..=b'6' => return Ok(true),
            _ => self.extended.size.unwrap_or(self.header.size),
        };
        // POSIX has files of kinds yet unknown read as plain ones. A name that ends so was a folder in V7.
        let is_folder = size == 0 && name.ends_with('/');
        // Labels of volumes, lists of folders, names for long links.
        let is_content = !matches!(self.header.kind, b'V' | b'D' | b'K' | b'N') && !is_folder;
        let mut content = (&mut *reader as &mut dyn Read).take(size);
        let goes_on = match () {
            () if !is_content => true,
            () if self.is_sparse() => self.sparse(name, &mut content, output)?,
            () if size <= SMALL => small(name, &mut content, buffer, output)?,
            () => output.entry(name, Entry::Stream(&mut Whole(&mut content))),
        };
        if goes_on {
            io::copy(&mut content, &mut io::sink())?;
            if content.limit() > 0 {
                return Err(Failure::malformed("ends within an entry"));
            }
            io::copy(&mut reader.take(size.wrapping_neg() % BLOCK as u64), &mut io::sink())?;
        }
        Ok(goes_on)
    }

    fn is_sparse(&self) -> bool {
        self.header.kind == b'S' || self.extended.is_sparse_1_0 || !self.extended.pieces.is_empty()
    }

    /// Reads the blocks that follow the header of an old sparse file.
    fn more_pieces(&mut self, reader: &mut dyn Read) -> Result<(), Failure> {
        while self.header.more_pieces {
            let mut block = [0; BLOCK];
            if fill(reader, &mut block)? < BLOCK || self.header.pieces.len() > PIECES {
                return Err(Failure::malformed("the pieces of a sparse file are broken"));
            }
            self.header.pieces.extend(pieces(&block[..504]));
            self.header.more_pieces = block[504] != 0;
        }
        Ok(())
    }

    fn sparse(
        &mut self,
        name: &str,
        content: &mut Content<'_>,
        output: &mut dyn Output,
    ) -> Result<bool, Failure> {
        let mut listed = std::mem::take(&mut self.header.pieces);
        if self.extended.is_sparse_1_0 {
            listed = pieces_before(content)?;
        } else if !self.extended.pieces.is_empty() {
            listed = std::mem::take(&mut self.extended.pieces);
        }
        let size = self.extended.sparse_size.unwrap_or(self.header.full_size);
        Ok(match Sparse::new(content, &listed, size) {
            Some(mut sparse) => output.entry(name, Entry::Stream(&mut sparse)),
            None => output.unread(name, Reason::Malformed, "the pieces of a sparse file do not fit"),
        })
    }
}

/// Gives out an entry that is read as a whole first.
fn small(
    name: &str,
    content: &mut Content<'_>,
    buffer: &mut Vec<u8>,
    output: &mut dyn Output,
) -> Result<bool, Failure> {
    buffer.clear();
    let read = content.read_to_end(buffer);
    if read.is_ok() && content.limit() == 0 {
        return Ok(output.entry(name, Entry::Whole(buffer)));
    }
    let error = read.err().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into());
    output.entry(name, Entry::Stream(&mut Broken { bytes: buffer, error: Some(error) }));
    Err(Failure::malformed("ends within an entry"))
}

/// Whose end before the stated size is an error.
struct Whole<'a, 'r>(&'a mut Content<'r>);

impl Read for Whole<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.0.limit() > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

/// The content of a header that extends another.
fn extension(reader: &mut dyn Read, size: u64) -> Result<Vec<u8>, Failure> {
    let (mut kept, mut content) = (Vec::new(), (&mut *reader as &mut dyn Read).take(size));
    (&mut content).take(EXTENSION).read_to_end(&mut kept)?;
    io::copy(&mut content, &mut io::sink())?;
    if content.limit() > 0 {
        return Err(Failure::malformed("ends within a header"));
    }
    io::copy(&mut reader.take(size.wrapping_neg() % BLOCK as u64), &mut io::sink())?;
    Ok(kept)
}

/// The pieces as GNU's sparse format 1.0 has them: their count, offsets and lengths, each a line, to the end of a block.
fn pieces_before(content: &mut impl Read) -> Result<Vec<(u64, u64)>, Failure> {
    let broken = || Failure::malformed("the pieces of a sparse file are broken");
    let (mut numbers, mut line, mut count) = (Vec::new(), Vec::new(), None);
    loop {
        let mut block = [0; BLOCK];
        if fill(content, &mut block)? < BLOCK {
            return Err(broken());
        }
        for byte in block {
            match byte {
                b'\n' => {
                    let number = decimal(&line).ok_or_else(broken)?;
                    line.clear();
                    match count {
                        None => count = Some(usize::try_from(number).map_err(|_| broken())?),
                        Some(_) => numbers.push(number),
                    }
                }
                _ if line.len() < 20 => line.push(byte),
                _ => {}
            }
            if count.is_some_and(|count| numbers.len() >= count.saturating_mul(2)) {
                return Ok(numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect());
            }
            if numbers.len() > 2 * PIECES {
                return Err(broken());
            }
        }
    }
}
