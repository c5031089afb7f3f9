//! Feeds a decoder with what libFuzzer comes up with: `PANDIAN_FUZZ=docx`, or a layout of text. It must not panic, hang or
//! fill memory, and what it gives out must be well formed.
#![no_main]
use libfuzzer_sys::fuzz_target;
use pandian::decode::{
    Entry, Failure, FileFormat, Format, Input, Kind, Output, Piece, Reading, decode, formats, sniff,
};
use pandian::model::coverage::Reason;
use std::io::{self, Read};
use std::sync::OnceLock;

/// The most that is read of an object within another.
const WITHIN: u64 = 16 << 20;

/// What is fed.
enum Target {
    /// Whatever text is taken for, when it is taken for this layout.
    Text(String),
    File(&'static FileFormat),
}

fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| {
        let name = std::env::var("PANDIAN_FUZZ").expect("PANDIAN_FUZZ names a format");
        let format = formats().find(|format| format.name == name);
        format.map_or(Target::Text(name), Target::File)
    })
}

/// Takes all and checks it.
struct Checked;

impl Output for Checked {
    fn piece(&mut self, piece: Piece<'_>) -> bool {
        check(&piece);
        true
    }

    fn entry(&mut self, _: &str, entry: Entry<'_>) -> bool {
        if let Entry::Stream(reader) = entry {
            // What is broken within ends in an error, which is as good as an end.
            let _ = io::copy(&mut reader.take(WITHIN), &mut io::sink());
        }
        true
    }

    fn unwrapped(&mut self, entry: Entry<'_>) -> bool {
        self.entry("", entry)
    }

    fn unread(&mut self, _: &str, _: Reason, _: &str) -> bool {
        true
    }

    fn gap(&mut self, _: Reason, _: &str) {}
}

/// Cells follow one another, within the bytes and with a byte behind each; the body lies within, too.
fn check(piece: &Piece<'_>) {
    let (batch, mut before) = (&piece.batch, 0);
    for (at, cell) in batch.cells.iter().enumerate() {
        assert!(cell.end >= before && cell.end < batch.bytes.len(), "cell {at} ends at {}", cell.end);
        before = cell.end + 1;
    }
    assert!(piece.body.start <= piece.body.end && piece.body.end <= batch.bytes.len(), "{:?}", piece.body);
}

/// Reads a few bytes at a time.
struct Dribble<'a>(&'a [u8]);

impl Read for Dribble<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let some = buffer.len().min(97);
        self.0.read(&mut buffer[..some])
    }
}

fn text(bytes: &[u8], format: &Format) {
    let mut sink = |piece: Piece<'_>| {
        check(&piece);
        true
    };
    decode(Input::Whole(bytes), format, &mut sink).expect("bytes in memory can be read");
    decode(Input::Stream(&mut Dribble(bytes)), format, &mut sink).expect("so can these");
}

fn file(bytes: &[u8], format: &FileFormat) -> Result<(), Failure> {
    match format.read {
        Reading::Whole(read) => read(bytes, &mut Checked),
        Reading::Stream(read) => read(&mut Dribble(bytes), &mut Checked),
        Reading::Refined(_) | Reading::Database | Reading::Not(_) => Ok(()),
    }
}

fuzz_target!(|bytes: &[u8]| {
    match (target(), sniff(bytes)) {
        (Target::Text(name), Kind::Text(format)) if format.layout.name() == name => text(bytes, &format),
        (Target::File(format), _) => drop(file(bytes, format)),
        _ => {}
    }
});
