//! Formats one by one: small files made in the test, read by the program.
#[cfg(feature = "formats")]
mod archives;
#[cfg(feature = "formats")]
mod columnar;
#[cfg(feature = "formats")]
mod documents;
mod encoded;
mod images;
#[cfg(feature = "formats")]
mod mail;
mod markup;
#[cfg(feature = "formats")]
mod pdf;
#[cfg(feature = "formats")]
mod sheets;
#[cfg(feature = "formats")]
mod sheets_binary;
mod sql;
mod strings;
mod tables;

use pandian::decode::{Entry, Failure, Output, Piece, Reading, formats};
use pandian::model::coverage::Reason;

/// Takes everything and keeps nothing.
struct Sink;

impl Output for Sink {
    fn piece(&mut self, _: Piece<'_>) -> bool {
        true
    }

    fn entry(&mut self, _: &str, entry: Entry<'_>) -> bool {
        if let Entry::Stream(reader) = entry {
            // How it ends is the object's affair.
            let _ = std::io::copy(reader, &mut std::io::sink());
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

/// Decodes bytes in this process: a panic is the test's.
fn decode(name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let format = formats().find(|format| format.name == name).expect("a format");
    let Reading::Whole(decode) = format.read else { panic!("{name} is read as a whole") };
    decode(bytes, &mut Sink)
}

/// Decodes what is left of a file that is cut, and files in which one byte after another is wrong.
fn damage(name: &str, bytes: &[u8], step: usize) {
    for at in (0..bytes.len()).step_by(step) {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 8);
        let _ = decode(name, &flipped);
        let _ = decode(name, &bytes[..at]);
    }
}
