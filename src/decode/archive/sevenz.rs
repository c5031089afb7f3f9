//! 7z archives. Entries that lie in one solid block are unpacked one after another, so none can be left out.
use super::MEMORY_KIB;
use super::names::Names;
use super::reader::{Unpacking, sorted};
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use sevenz_rust2::{ArchiveReader, EncoderMethod, EntryDecision, Error, Password};
use std::io::{self, Cursor, Read};

/// What an archive begins with.
pub const MAGIC: &[u8] = b"7z\xBC\xAF\x27\x1C";

/// Where the archive begins behind a program that unpacks itself: its header has a checksum (7zFormat.txt, "SignatureHeader").
fn start(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, MAGIC).find(|at| {
        let Some(header) = bytes.get(at + 8..at + 32) else { return false };
        let mut sum = flate2::Crc::new();
        sum.update(&header[4..]);
        header[..4] == sum.sum().to_le_bytes()
    })
}

/// Whether an archive stands behind something else.
pub(in crate::decode) fn is_behind(bytes: &[u8]) -> bool {
    start(bytes).is_some()
}

/// A 7z archive.
pub fn sevenz(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let bytes = if bytes.starts_with(MAGIC) { bytes } else { &bytes[start(bytes).unwrap_or(0)..] };
    let opened =
        ArchiveReader::new_with_memory_limit(Cursor::new(bytes), Password::empty(), MEMORY_KIB as usize);
    let mut archive = opened.map_err(failure)?;
    let encrypted = encrypted(&archive);
    let (mut names, mut at) = (Names::new(), 0);
    if encrypted.iter().any(|encrypted| *encrypted) {
        // Some of the blocks may be readable, but the reader ends at the first that is not.
        for (entry, encrypted) in archive.archive().files.iter().zip(&encrypted) {
            let why = if *encrypted { Reason::Encrypted } else { Reason::NoDecoder };
            let detail = if *encrypted { "7z" } else { "lies in a 7z archive with encrypted entries" };
            if entry.has_stream() && !output.unread(&names.read(entry.name().as_bytes()), why, detail) {
                break;
            }
        }
        return Ok(());
    }
    let outcome = archive.for_each_entries_with_decision(|entry, reader| {
        at += 1;
        if entry.is_directory() || entry.is_anti_item() {
            return Ok(EntryDecision::Continue);
        }
        let name = names.read(entry.name().as_bytes());
        let goes_on =
            output.entry(&name, Entry::Stream(&mut Unpacking(&mut *reader))) && pass(reader, output)?;
        Ok(if goes_on { EntryDecision::Continue } else { EntryDecision::Stop })
    });
    outcome.map_err(failure)
}

/// Which entries need a password.
fn encrypted(archive: &ArchiveReader<Cursor<&[u8]>>) -> Vec<bool> {
    let archive = archive.archive();
    let is_encrypted = |block: &sevenz_rust2::Block| {
        let aes = EncoderMethod::AES256_SHA256.id();
        block.coders.iter().any(|coder| coder.encoder_method_id() == aes)
    };
    let block_of = |file: usize| archive.stream_map.file_block_index.get(file).copied().flatten();
    (0..archive.files.len())
        .map(|file| block_of(file).and_then(|block| archive.blocks.get(block)).is_some_and(is_encrypted))
        .collect()
}

/// Unpacks what the entry has left, to come to the next.
fn pass(reader: &mut dyn Read, output: &mut dyn Output) -> io::Result<bool> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(read) if !output.passed(read as u64) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The same, in the words of the ledger.
fn failure(error: Error) -> Failure {
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            Failure::Unread(Reason::Encrypted, "7z".into())
        }
        Error::MaxMemLimited { .. } => {
            Failure::Unread(Reason::Limit, "needs more memory than is allowed".into())
        }
        Error::UnsupportedCompressionMethod(_) | Error::Unsupported(_) | Error::ExternalUnsupported => {
            Failure::Unread(Reason::NoDecoder, "7z: a method that is not known here".into())
        }
        Error::Io(error, _) | Error::FileOpen(error, _) => Failure::Read(sorted(error)),
        Error::ChecksumVerificationFailed => Failure::malformed("the checksum does not match"),
        _ => Failure::malformed("the archive's headers are broken"),
    }
}
