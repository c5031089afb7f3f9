//! Arrow's own formats, in files (also called Feather) and in streams.
use super::arrays::{Rows, walk};
use super::caught;
use super::gather::Gather;
use super::names::{Names, Node};
use crate::decode::{Failure, Output};
use crate::model::coverage::Reason;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::{CompressionType, Message, MessageHeader, RecordBatch, root_as_message};
use lz4_flex::frame::FrameDecoder;
use std::io::{self, Read};

/// What begins a message, since Arrow 0.15.
const CONTINUATION: [u8; 4] = [0xFF; 4];
/// A schema may be longer than what is looked at when the format is told, though not by much.
const LONG_HEAD: usize = 60 << 10;
const MOST_SCHEMA: usize = 16 << 20;
/// A message unpacks to so much at most.
const MOST: u64 = 1 << 31;

/// Reads a file: a stream between two marks, with an index of it behind (Arrow columnar format, IPC File Format).
pub fn file(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    // Some writers pad the first mark to more than the 8 bytes that are asked for.
    let padding = bytes.chunks(8).skip(1).take(8).take_while(|part| part.iter().all(|b| *b == 0)).count();
    stream(bytes.get(8 + 8 * padding..).unwrap_or_default(), output)
}

/// Whether an object begins with the schema of a stream.
pub fn is_stream(head: &[u8]) -> bool {
    let message = head.strip_prefix(&CONTINUATION).and_then(|rest| rest.split_first_chunk::<4>());
    let Some((length, rest)) = message else { return false };
    let length = u32::from_le_bytes(*length) as usize;
    match rest.get(..length) {
        Some(message) => root_as_message(message).is_ok_and(|m| m.header_type() == MessageHeader::Schema),
        // A schema of so many columns that it reaches beyond what was read so far.
        None => rest.len() > LONG_HEAD && length.is_multiple_of(8) && length < MOST_SCHEMA,
    }
}

/// Reads a stream.
pub fn stream(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let (sound, broken) = sound(bytes);
    let messages = bytes.get(..sound).unwrap_or_default();
    let open = |wanted| caught(|| StreamReader::try_new(messages, wanted)).ok_or_else(fell);
    let reader = open(None)?.map_err(|error| failed(&error))?;
    let mut names = Names::default();
    let nodes = names.roots(reader.schema().fields());
    let wanted: Vec<usize> = (0..nodes.len()).filter(|&at| !matches!(nodes[at], Node::Skip)).collect();
    drop(reader);
    // A second time, without the columns that hold nothing.
    let mut reader = open(Some(wanted.clone()))?.map_err(|error| failed(&error))?;
    let mut gather = Gather::new(output, bytes.len(), names.fields);
    let mut first = 1;
    loop {
        let batch = match caught(|| reader.next()) {
            Some(Some(Ok(batch))) => batch,
            Some(None) => break,
            broken => {
                gather.flush();
                return Err(broken.flatten().and_then(Result::err).map_or_else(fell, |error| failed(&error)));
            }
        };
        for (&at, column) in wanted.iter().zip(batch.columns()) {
            if !walk(&mut gather, &nodes[at], column, Rows::From(first)) {
                return Ok(());
            }
        }
        first += batch.num_rows() as u64;
    }
    gather.flush();
    broken.map_or(Ok(()), Err)
}

fn fell() -> Failure {
    Failure::malformed("it contradicts itself")
}

/// What an error of the library means, without its words: they can hold names.
fn failed(error: &ArrowError) -> Failure {
    match error {
        ArrowError::NotYetImplemented(_) => {
            Failure::Unread(Reason::NoDecoder, "an Arrow type or encoding that is not known".to_owned())
        }
        _ => fell(),
    }
}

/// How many bytes from the start are messages whose lengths can be trusted, and what is wrong with those behind: the
/// library allocates whatever a length says.
fn sound(bytes: &[u8]) -> (usize, Option<Failure>) {
    let mut at = 0;
    while at < bytes.len() {
        match message(&bytes[at..]) {
            Ok(Some(length)) => at += length,
            Ok(None) => return (at, None),
            Err(failure) => return (at, Some(failure)),
        }
    }
    (at, None)
}

/// The length of the message that `bytes` begin with; none at the end of the stream.
fn message(bytes: &[u8]) -> Result<Option<usize>, Failure> {
    let cut = || Failure::malformed("a message is cut off");
    let (prefix, rest) = match bytes.strip_prefix(&CONTINUATION) {
        Some(rest) => (8, rest),
        None => (4, bytes),
    };
    let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(cut)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length == 0 {
        return Ok(None);
    }
    let message = rest.get(..length).ok_or_else(cut)?;
    let message = root_as_message(message).map_err(|_| Failure::malformed("a message is broken"))?;
    let body = usize::try_from(message.bodyLength()).map_err(|_| cut())?;
    let body = rest[length..].get(..body).ok_or_else(cut)?;
    if let Some(batch) = batch(&message) {
        check(&batch, body)?;
    }
    Ok(Some(prefix + length + body.len()))
}

fn batch<'m>(message: &Message<'m>) -> Option<RecordBatch<'m>> {
    match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch()?.data(),
        _ => None,
    }
}

/// Whether the buffers of a batch lie in its body, and unpack to what they say.
fn check(batch: &RecordBatch<'_>, body: &[u8]) -> Result<(), Failure> {
    let broken = || Failure::malformed("a buffer is cut off");
    let mut all = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let start = usize::try_from(buffer.offset()).map_err(|_| broken())?;
        let length = usize::try_from(buffer.length()).map_err(|_| broken())?;
        let buffer = start.checked_add(length).and_then(|end| body.get(start..end)).ok_or_else(broken)?;
        let (Some(codec), Some((size, packed))) = (batch.compression(), buffer.split_first_chunk::<8>())
        else {
            continue;
        };
        // -1: not compressed after all.
        let Ok(size) = u64::try_from(i64::from_le_bytes(*size)) else { continue };
        all = all.saturating_add(size);
        if all > MOST {
            return Err(Failure::Unread(Reason::Limit, "a batch unpacks to more than 2 GB".to_owned()));
        }
        if codec.codec() == CompressionType::LZ4_FRAME && size > 0 {
            // The library goes on to the end of the frame, however far that is.
            let unpacked = io::copy(&mut FrameDecoder::new(packed).take(size + 1), &mut io::sink());
            if unpacked.map_or(true, |unpacked| unpacked != size) {
                return Err(broken());
            }
        }
    }
    Ok(())
}
