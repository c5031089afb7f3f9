//! Drives a decoder over an object: the whole of it at once, or window by window with what is unfinished kept.
use super::sniff::decoder;
use super::{
    Charset, Counter, Format, Layout, Origin, Sink, config, csv, json, ldif, markup, properties, sql, text,
};
use crate::model::{Encoding, MARGIN};
use std::io::{self, Read};

/// Bytes of a stream held at a time.
pub(super) const WINDOW: usize = 4 << 20;

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
    Properties(properties::Properties),
    Ldif(ldif::Entries),
    Sql(Box<sql::Dump>),
    Markup(Box<markup::Markup>),
    Config(Box<config::Config>),
}

impl Decoder {
    fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        match self {
            Decoder::Text => text::feed(window, sink),
            Decoder::Csv(columns) => columns.feed(window, sink),
            Decoder::JsonLines(paths) => paths.lines(window, sink),
            Decoder::Properties(properties) => properties.feed(window, sink),
            Decoder::Ldif(entries) => entries.feed(window, sink),
            Decoder::Sql(dump) => dump.feed(window, sink),
            Decoder::Markup(markup) => markup.feed(window, sink),
            Decoder::Config(config) => config.feed(window, sink),
            // A broken document is still text.
            Decoder::Json => json::document(window, sink).unwrap_or_else(|| text::feed(window, sink)),
        }
    }
}

/// Gives the batches of an object to `sink`, until it says stop.
///
/// # Errors
/// The reader's, after what was read before it was given out.
pub fn decode(input: Input<'_>, format: &Format, sink: &mut Sink<'_>) -> io::Result<()> {
    let decoder = match format.layout {
        Layout::Text => Decoder::Text,
        Layout::Csv { delimiter, header } => Decoder::Csv(Box::new(csv::Columns::new(delimiter, header))),
        Layout::Json => Decoder::Json,
        Layout::JsonLines => Decoder::JsonLines(json::Paths::of_lines()),
        Layout::VCard | Layout::ICalendar => Decoder::Properties(properties::Properties::default()),
        Layout::Ldif => Decoder::Ldif(ldif::Entries::default()),
        Layout::Sql { .. } => Decoder::Sql(Box::new(sql::Dump::new(format.layout.escapes()))),
        Layout::Xml => Decoder::Markup(Box::new(markup::Markup::xml())),
        Layout::Html => Decoder::Markup(Box::new(markup::Markup::html())),
        Layout::KeyValue => Decoder::Config(Box::default()),
    };
    match (input, format.charset) {
        (Input::Whole(bytes), Charset::Plain(encoding)) => {
            let bytes = &bytes[format.bom..];
            let (base, escapes) = (format.bom as u64, format.layout.escapes());
            let counted = &Counter::default();
            let origin = Origin { base, line: 1, window: bytes, transcribed: false, escapes, counted };
            let window = Window { bytes, encoding, from: 0, last: true, origin };
            let mut decoder = decoder;
            decoder.feed(&window, sink);
            Ok(())
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
) -> io::Result<()> {
    io::copy(&mut reader.take(format.bom as u64), &mut io::sink())?;
    let mut source = Source::new(format.charset);
    let (mut from, mut base, mut line) = (0, format.bom as u64, 1);
    loop {
        let last = source.fill(reader);
        let (bytes, transcribed) = (source.bytes.as_slice(), source.utf16.is_some());
        let (escapes, counted) = (format.layout.escapes(), &Counter::default());
        let origin = Origin { base, line, window: bytes, transcribed, escapes, counted };
        let window = Window { bytes, encoding: source.encoding, from, last, origin };
        let (done, go_on) = decoder.feed(&window, sink);
        if last || !go_on {
            return source.failed.map_or(Ok(()), Err);
        }
        if done == from && bytes.len() >= WINDOW {
            // A record, line or document larger than the window: what is left is read as text.
            decoder = Decoder::Text;
        }
        let mut keep = done.saturating_sub(MARGIN);
        if transcribed {
            // The decoder writes UTF-8, so a boundary is at most three bytes back.
            keep -= (0..keep.min(4)).find(|back| bytes[keep - back] & 0xC0 != 0x80).unwrap_or(0);
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
    /// What ended the reading before the end.
    failed: Option<io::Error>,
}

impl Source {
    fn new(charset: Charset) -> Self {
        let (encoding, utf16) = match charset {
            Charset::Plain(encoding) => (encoding, None),
            wide => (Encoding::Utf8, Some(decoder(wide).new_decoder_without_bom_handling())),
        };
        Source { encoding, utf16, bytes: Vec::new(), failed: None }
    }

    /// Fills the window; true when the reader has no more to give.
    fn fill(&mut self, reader: &mut dyn Read) -> bool {
        // At least one margin of new bytes, so that every round gets on.
        let want = WINDOW.saturating_sub(self.bytes.len()).max(2 * MARGIN) as u64;
        let mut raw = Vec::new();
        let into = if self.utf16.is_some() { &mut raw } else { &mut self.bytes };
        let before = into.len();
        // What came before an error is in the buffer.
        self.failed = reader.take(want).read_to_end(into).err();
        let last = ((into.len() - before) as u64) < want;
        if let Some(decoder) = &mut self.utf16 {
            let room = decoder.max_utf8_buffer_length(raw.len()).unwrap_or(raw.len() * 3 + 16);
            let start = self.bytes.len();
            self.bytes.resize(start + room, 0);
            let (_, _, written, _) = decoder.decode_to_utf8(&raw, &mut self.bytes[start..], last);
            self.bytes.truncate(start + written);
        }
        last
    }
}
