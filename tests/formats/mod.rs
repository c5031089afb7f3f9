//! Formats that are no text, from outside: small files made in the tests, and those that go against a scan.
mod archives;
//! Formats that are no text, made here byte by byte: what other programs seldom write, and what nobody should.
#[cfg(feature = "formats")]
mod sheets;
#[cfg(feature = "formats")]
mod sheets_binary;
#[cfg(feature = "formats")]
mod documents;
//! Formats that are no text, from outside: small files made by the test, read by the program.
#[cfg(feature = "formats")]
mod columnar;
mod strings;
//! Formats one by one, from small inputs made here.
mod tables;
//! Formats that are no plain text, each built in its test and read by the program.
mod encoded;
#[cfg(feature = "formats")]
mod mail;
//! Formats that are no text, made here byte by byte: what other programs seldom write, and what nobody should.
mod markup;
mod sql;
//! Formats that are no text, each with what it must give and what goes against it.
mod images;
#[cfg(feature = "formats")]
mod pdf;

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
