//! Drives a decoder over an object: the whole of it at once, or window by window with what is unfinished kept.
use super::sniff::decoder;
use super::{Charset, Format, Layout, Origin, Sink, csv, json, text};
use crate::model::{Encoding, MARGIN};
use std::io::{self, Read};

/// Bytes of a stream held at a time.
const WINDOW: usize = 4 << 20;

/// A part of an object, and where it lies.
pub(super) struct Window<'a> {
    pub bytes: &'a [u8],
    pub encoding: Encoding,
    /// What comes before was given out already, and is here as margin.
    pub from: usize,
    /// Nothing follows.
    pub last: bool,
    pub origin: Origin<'a>,
}

/// How decoding ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// At the object's end.
    Whole,
    /// Because the sink said stop.
    Stopped,
}

/// An object's bytes.
pub enum Input<'a> {
    /// All of them.
    Whole(&'a [u8]),
    /// From a reader.
    Stream(&'a mut dyn Read),
}

enum Decoder {
    Text,
    Csv(Box<csv::Columns>),
    Json,
    JsonLines(json::Paths),
}

impl Decoder {
    fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        match self {
            Decoder::Text => text::feed(window, sink),
            Decoder::Csv(columns) => columns.feed(window, sink),
            Decoder::JsonLines(paths) => paths.lines(window, sink),
            // A broken document is still text.
            Decoder::Json => json::document(window, sink).unwrap_or_else(|| text::feed(window, sink)),
        }
    }
}

/// Gives the batches of an object to `sink`.
///
/// # Errors
/// The reader's.
pub fn decode(input: Input<'_>, format: &Format, sink: &mut Sink<'_>) -> io::Result<Ended> {
    let decoder = match format.layout {
        Layout::Text => Decoder::Text,
        Layout::Csv { delimiter, header } => Decoder::Csv(Box::new(csv::Columns::new(delimiter, header))),
        Layout::Json => Decoder::Json,
        Layout::JsonLines => Decoder::JsonLines(json::Paths::default()),
    };
    match (input, format.charset) {
        (Input::Whole(bytes), Charset::Plain(encoding)) => {
            let origin = Origin { base: format.bom as u64, line: 1, transcribed: None };
            let window = Window { bytes: &bytes[format.bom..], encoding, from: 0, last: true, origin };
            let mut decoder = decoder;
            let (_, go_on) = decoder.feed(&window, sink);
            Ok(if go_on { Ended::Whole } else { Ended::Stopped })
        }
        (Input::Whole(mut bytes), _) => stream(&mut bytes, format, decoder, sink),
        (Input::Stream(reader), _) => stream(reader, format, decoder, sink),
    }
}

fn stream(
    reader: &mut dyn Read,
    format: &Format,
    mut decoder: Decoder,
    sink: &mut Sink<'_>,
) -> io::Result<Ended> {
    io::copy(&mut reader.take(format.bom as u64), &mut io::sink())?;
    let mut source = Source::new(format.charset);
    let (mut from, mut base, mut line) = (0, format.bom as u64, 1);
    loop {
        let last = source.fill(reader)?;
        let transcribed = source.text();
        let bytes = source.bytes.as_slice();
        let origin = Origin { base, line, transcribed };
        let window = Window { bytes, encoding: source.encoding, from, last, origin };
        let (done, go_on) = decoder.feed(&window, sink);
        if !go_on {
            return Ok(Ended::Stopped);
        }
        if last {
            return Ok(Ended::Whole);
        }
        if done == from && bytes.len() >= WINDOW {
            // A record, line or document larger than the window: what is left is read as text.
            decoder = Decoder::Text;
        }
        let mut keep = done.saturating_sub(MARGIN);
        if let Some(text) = transcribed {
            keep = text.floor_char_boundary(keep);
        }
        base = origin.offset(keep);
        line += memchr::memchr_iter(b'\n', &bytes[..keep]).count() as u64;
        source.bytes.drain(..keep);
        from = done - keep;
    }
}

/// The bytes of a stream, transcribed to UTF-8 where they are UTF-16.
struct Source {
    encoding: Encoding,
    utf16: Option<encoding_rs::Decoder>,
    bytes: Vec<u8>,
}

impl Source {
    fn new(charset: Charset) -> Self {
        let (encoding, utf16) = match charset {
            Charset::Plain(encoding) => (encoding, None),
            wide => (Encoding::Utf8, Some(decoder(wide).new_decoder_without_bom_handling())),
        };
        Source { encoding, utf16, bytes: Vec::new() }
    }

    /// Fills the window; true when the reader has no more.
    fn fill(&mut self, reader: &mut dyn Read) -> io::Result<bool> {
        let mut raw = Vec::new();
        // At least one margin of new bytes, so that every round gets on.
        let want = WINDOW.saturating_sub(self.bytes.len()).max(2 * MARGIN) as u64;
        match &mut self.utf16 {
            None => Ok((reader.take(want).read_to_end(&mut self.bytes)? as u64) < want),
            Some(decoder) => {
                let last = (reader.take(want).read_to_end(&mut raw)? as u64) < want;
                let room = decoder.max_utf8_buffer_length(raw.len()).unwrap_or(raw.len() * 3 + 16);
                let start = self.bytes.len();
                self.bytes.resize(start + room, 0);
                let (_, _, written, _) = decoder.decode_to_utf8(&raw, &mut self.bytes[start..], last);
                self.bytes.truncate(start + written);
                Ok(last)
            }
        }
    }

    /// The window as text, where it was transcribed.
    fn text(&self) -> Option<&str> {
        self.utf16.as_ref().and_then(|_| std::str::from_utf8(&self.bytes).ok())
    }
}
