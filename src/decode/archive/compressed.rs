//! Single files, compressed: what is in them goes by their name.
use super::MEMORY_KIB;
use super::reader::Unpacking;
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use std::io::{self, BufRead, BufReader, Read};

/// The base-2 logarithm of the longest window that zstd may ask for: 128 MiB, as `zstd --ultra -22` does.
const WINDOW_LOG: u32 = 27;

fn unwrapped(reader: impl Read, output: &mut dyn Output) -> Result<(), Failure> {
    output.unwrapped(Entry::Stream(&mut Unpacking(reader)));
    Ok(())
}

/// gzip (RFC 1952), with all its members.
pub fn gzip(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let mut members =
        Members { member: Some(flate2::bufread::GzDecoder::new(BufReader::new(reader))), tail: false };
    output.unwrapped(Entry::Stream(&mut members));
    if members.tail {
        output.gap(Reason::Malformed, "what follows the compressed data is no part of it");
    }
    Ok(())
}

/// bzip2, with all its streams.
pub fn bzip2(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    unwrapped(bzip2::read::MultiBzDecoder::new(reader), output)
}

/// xz, with all its streams.
pub fn xz(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    unwrapped(lzma_rust2::XzReader::new_mem_limit(BufReader::new(reader), true, MEMORY_KIB), output)
}

/// The format of lzma before xz.
pub fn lzma(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let reader = lzma_rust2::LzmaReader::new_mem_limit(BufReader::new(reader), MEMORY_KIB, None);
    unwrapped(reader.map_err(super::reader::sorted)?, output)
}

/// Zstandard (RFC 8878), with all its frames.
pub fn zstd(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    unwrapped(zstd_reader(reader)?, output)
}

/// A decoder of Zstandard that asks for no more memory than it may.
pub(super) fn zstd_reader<R: Read>(
    reader: R,
) -> io::Result<zstd::stream::read::Decoder<'static, BufReader<R>>> {
    let mut decoder = zstd::stream::read::Decoder::new(reader)?;
    decoder.window_log_max(WINDOW_LOG)?;
    Ok(decoder)
}

/// LZ4 frames, one after another.
pub fn lz4(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let mut frames = Frames { rest: Some(BufReader::new(reader)), frame: None };
    unwrapped(&mut frames, output)
}

/// The members of a gzip file, one after another. Zeros behind them are padding: tapes have it.
struct Members<R> {
    /// None once the last has ended.
    member: Option<flate2::bufread::GzDecoder<R>>,
    /// Something else follows the last.
    tail: bool,
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut rest) = self.member.take().map(flate2::bufread::GzDecoder::into_inner) else {
                break;
            };
            match next_byte(&mut rest)? {
                Some(0x1F) => self.member = Some(flate2::bufread::GzDecoder::new(rest)),
                Some(_) => self.tail = true,
                None => {}
            }
        }
        Ok(0)
    }
}

/// The next byte that is not zero, which is left where it is.
fn next_byte(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let bytes = reader.fill_buf()?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let (next, ended) = (bytes.get(zeros).copied(), bytes.is_empty());
        reader.consume(zeros);
        if next.is_some() || ended {
            return Ok(next);
        }
    }
}

/// The frames of an LZ4 file (LZ4 Frame Format 1.6.4); those to be skipped are.
struct Frames<R: Read> {
    /// None while a frame is read.
    rest: Option<R>,
    frame: Option<Frame<R>>,
}

type Frame<R> = lz4_flex::frame::FrameDecoder<io::Chain<io::Cursor<[u8; 5]>, Last<R>>>;

/// The format before the frames, which has no mark of the end.
const LEGACY: u32 = 0x184C_2102;

impl<R: BufRead> Frames<R> {
    /// Comes to the next frame; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        let Some(mut rest) = self.rest.take() else { return Ok(false) };
        while !rest.fill_buf()?.is_empty() {
            let mut head = [0; 5];
            rest.read_exact(&mut head[..4])?;
            let [a, b, c, d, _] = head;
            let magic = u32::from_le_bytes([a, b, c, d]);
            if magic & !0xF != 0x184D_2A50 {
                rest.read_exact(&mut head[4..])?;
                let end = match head[4] {
                    _ if magic == LEGACY => None,
                    // A checksum of the content follows the mark.
                    flags if flags & 0x04 != 0 => Some(8),
                    _ => Some(4),
                };
                let rest = Last { inner: rest, last: [0xFF; 8], end };
                self.frame = Some(lz4_flex::frame::FrameDecoder::new(io::Cursor::new(head).chain(rest)));
                return Ok(true);
            }
            let mut length = [0; 4];
            rest.read_exact(&mut length)?;
            io::copy(&mut (&mut rest).take(u32::from_le_bytes(length).into()), &mut io::sink())?;
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !buffer.is_empty() {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
            }
            if let Some(frame) = self.frame.take() {
                let last = frame.into_inner().into_inner().1;
                if !last.is_end() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.rest = Some(last.inner);
            }
            if !self.next()? {
                break;
            }
        }
        Ok(0)
    }
}

/// Knows the last bytes that were read: the decoder takes the end of the file for the end of a frame.
struct Last<R> {
    inner: R,
    last: [u8; 8],
    /// So many bytes before the end of a frame its mark begins: four zeros.
    end: Option<usize>,
}

impl<R> Last<R> {
    fn is_end(&self) -> bool {
        self.end.is_none_or(|end| self.last[8 - end..][..4] == [0; 4])
    }
}

impl<R: Read> Read for Last<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let new = &buffer[read.saturating_sub(8)..read];
        self.last.rotate_left(new.len());
        self.last[8 - new.len()..].copy_from_slice(new);
        Ok(read)
    }
}
