//! 7z archives. Entries that lie in one solid block are unpacked one after another, so none can be left out.
use super::MEMORY_KIB;
use super::names::Names;
use super::reader::{Unpacking, sorted};
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use sevenz_rust2::{Archive, Block, BlockDecoder, EncoderMethod, Error, Password};
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
    let (mut source, password, mut names) = (Cursor::new(bytes), Password::empty(), Names::new());
    let memory = MEMORY_KIB as usize;
    let archive = Archive::read_with_memory_limit(&mut source, &password, memory).map_err(failure)?;
    let mut outcome = Ok(());
    for (number, block) in archive.blocks.iter().enumerate() {
        let decoder =
            BlockDecoder::new_with_memory_limit(1, memory, number, &archive, &password, &mut source);
        let mut goes_on = true;
        if is_encrypted(block) {
            for entry in decoder.entries().iter().filter(|entry| entry.has_stream()) {
                let name = names.read(entry.name().as_bytes());
                goes_on = goes_on && output.unread(&name, Reason::Encrypted, "7z");
            }
        } else {
            let done = decoder.for_each_entries(&mut |entry, reader| {
                if entry.has_stream() && !entry.is_directory() && !entry.is_anti_item() {
                    let name = names.read(entry.name().as_bytes());
                    let mut content = Unpacking(&mut *reader);
                    goes_on = output.entry(&name, Entry::Stream(&mut content)) && pass(reader, output)?;
                }
                Ok(goes_on)
            });
            // Another block may be whole.
            outcome = outcome.and(done.map(|_| ()));
        }
        if !goes_on {
            return Ok(());
        }
    }
    outcome.map_err(failure)
}

/// Whether a password is needed for what lies in a block.
fn is_encrypted(block: &Block) -> bool {
    let aes = EncoderMethod::AES256_SHA256.id();
    block.coders.iter().any(|coder| coder.encoder_method_id() == aes)
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
