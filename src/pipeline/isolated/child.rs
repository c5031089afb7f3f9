//! The other side: the process that decodes one object after another as it is asked, and says what it finds.
use super::super::guard;
use super::frames::{self, Tag};
use crate::decode::{Entry, Failure, FileFormat, Kind, Output, Piece, Reading, sniff};
use crate::model::coverage::Reason;
use crate::source::{self, Content, File};
use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};
use std::ffi::OsStr;
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The object is sent as it is.
pub(super) const BYTES: u8 = 1;
/// The path of the file is sent.
pub(super) const PATH: u8 = 2;

/// Serves the process that started this one until it has no more to ask: decodes what it gives on standard input, and
/// answers on standard output. It takes at most so much memory, and so many seconds of a processor for an object.
///
/// # Errors
/// A pipe's: there is nobody left to serve.
pub fn serve(memory: u64, seconds: u64) -> io::Result<()> {
    let limit = Rlimit { current: Some(memory), maximum: Some(memory) };
    // Where the system knows no such limit, there is none.
    let _ = setrlimit(Resource::As, limit);
    // A crash is to leave nothing of what was read on the disk.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let (mut input, mut output) =
        (io::stdin().lock(), BufWriter::with_capacity(64 << 10, io::stdout().lock()));
    let mut kind = [0];
    while input.read(&mut kind)? == 1 {
        let mut length = [0; 8];
        input.read_exact(&mut length)?;
        let length = u64::from_le_bytes(length);
        let mut content = Vec::new();
        if input.by_ref().take(length).read_to_end(&mut content)? as u64 != length {
            return Ok(());
        }
        allow(seconds);
        let mut wire = Wire { output: &mut output, names: 0, broken: None };
        let outcome = if kind[0] == PATH { file(&content, &mut wire) } else { decode(&content, &mut wire) };
        if let Some(error) = wire.broken.take() {
            return Err(error);
        }
        frames::write(&mut output, Tag::End, &frames::outcome(&outcome))?;
        output.flush()?;
    }
    Ok(())
}

/// Allows this process so many more seconds: one whose scan has died must not go on for ever.
fn allow(seconds: u64) {
    let spent = clock_gettime(ClockId::ProcessCPUTime).tv_sec.unsigned_abs();
    let limit = Rlimit { current: Some(spent.saturating_add(seconds).saturating_add(1)), maximum: None };
    let _ = setrlimit(Resource::Cpu, limit);
}

fn file(path: &[u8], wire: &mut Wire<'_, impl Write>) -> Option<Result<(), Failure>> {
    let (file, mut buffer) = (File { path: PathBuf::from(OsStr::from_bytes(path)) }, Vec::new());
    let gone = |row: crate::model::coverage::Exception| Some(Err(Failure::Unread(row.reason, row.detail)));
    let mut opened = match source::open(&file, &mut buffer) {
        Ok(opened) => opened,
        Err(row) => return gone(row),
    };
    match opened.content(&buffer) {
        Content::Whole(bytes) => decode(bytes, wire),
        Content::Stream(mut reader) => match source::spool(&mut reader) {
            Ok((spooled, None)) => decode(spooled.bytes(), wire),
            Ok((_, Some(error))) | Err(error) => Some(Err(Failure::Read(error))),
        },
    }
}

/// Decodes an object by what it is; none where the decoder panics.
fn decode(bytes: &[u8], wire: &mut Wire<'_, impl Write>) -> Option<Result<(), Failure>> {
    guard::guarded(|| match sniff(bytes) {
        Kind::File(format) => read(bytes, format, wire),
        _ => Err(changed()),
    })
}

fn read(mut bytes: &[u8], format: &FileFormat, wire: &mut dyn Output) -> Result<(), Failure> {
    match format.read {
        Reading::Whole(decode) => decode(bytes, wire),
        Reading::Stream(decode) => decode(&mut bytes, wire),
        Reading::Refined(what) => read(bytes, what(bytes), wire),
        Reading::Database | Reading::Not(_) => Err(changed()),
    }
}

fn changed() -> Failure {
    Failure::Unread(Reason::ReadError, "changed while it was read".into())
}

/// Writes what a decoder gives out.
struct Wire<'w, W: Write> {
    output: &'w mut W,
    /// Names of fields that the other side knows.
    names: usize,
    /// The pipe's error.
    broken: Option<io::Error>,
}

impl<W: Write> Wire<'_, W> {
    /// Says something; false when nobody listens any more.
    fn say(&mut self, tag: Tag, content: &[u8]) -> bool {
        if self.broken.is_none() {
            let said = frames::write(self.output, tag, content).and_then(|()| self.output.flush());
            self.broken = said.err();
        }
        self.broken.is_none()
    }

    fn within(&mut self, entry: Entry<'_>) -> bool {
        let mut error = Vec::new();
        match entry {
            Entry::Whole(bytes) => {
                for chunk in bytes.chunks(1 << 20) {
                    self.say(Tag::Chunk, chunk);
                }
            }
            Entry::Stream(reader) => {
                let mut chunk = vec![0; 256 << 10];
                loop {
                    match reader.read(&mut chunk) {
                        Ok(0) => break,
                        Ok(read) if self.say(Tag::Chunk, &chunk[..read]) => {}
                        Ok(_) => break,
                        Err(again) if again.kind() == io::ErrorKind::Interrupted => {}
                        Err(failed) => {
                            error = frames::error(&failed);
                            break;
                        }
                    }
                }
            }
        }
        self.say(Tag::EntryEnd, &error)
    }
}

impl<W: Write> Output for Wire<'_, W> {
    fn piece(&mut self, piece: Piece<'_>) -> bool {
        if let Some(new) = piece.fields.get(self.names..).filter(|new| !new.is_empty()) {
            self.names = piece.fields.len();
            self.say(Tag::Names, &frames::names(new));
        }
        self.say(Tag::Piece, &frames::piece(&piece))
    }

    fn entry(&mut self, name: &str, entry: Entry<'_>) -> bool {
        self.say(Tag::Entry, &frames::name(name)) && self.within(entry)
    }

    fn unwrapped(&mut self, entry: Entry<'_>) -> bool {
        self.say(Tag::Unwrapped, &[]) && self.within(entry)
    }

    fn unread(&mut self, name: &str, why: Reason, detail: &str) -> bool {
        self.say(Tag::Unread, &[frames::name(name), frames::why(why, detail)].concat())
    }

    fn gap(&mut self, why: Reason, detail: &str) {
        self.say(Tag::Gap, &frames::why(why, detail));
    }
}
