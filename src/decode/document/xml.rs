//! XML parts of documents, walked element by element in bounded memory, in whatever encoding they are.
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufRead, Read};

/// Elements within elements; documents have a few dozen.
const DEPTH: u32 = 4096;
/// Bytes of one tag or one run of text: pictures in base64 lie in one.
const EVENT: usize = 32 << 20;
/// Bytes decoded at a time.
const CHUNK: usize = 16 * 1024;

/// What is met on the walk.
pub enum Token<'a> {
    /// An element begins. One without content begins and ends.
    Start(&'a Tag<'a>),
    /// The innermost element ends.
    End,
    /// A part of the text of an element.
    Text(&'a str),
}

/// The beginning of an element.
pub struct Tag<'a>(&'a BytesStart<'a>);

impl Tag<'_> {
    /// Its name without the prefix.
    pub fn name(&self) -> &str {
        local(self.0.name().into_inner())
    }

    /// The value of the attribute with this name and a prefix.
    pub fn prefixed(&self, name: &str) -> Option<String> {
        self.find(|key| key.contains(':') && local(key) == name)
    }

    /// The value of the attribute with this name, whatever its prefix.
    pub fn attribute(&self, name: &str) -> Option<String> {
        self.find(|key| local(key) == name)
    }

    fn find(&self, is_it: impl Fn(&str) -> bool) -> Option<String> {
        for attribute in self.0.attributes().with_checks(false).flatten() {
            if is_it(attribute.key.into_inner()) {
                return Some(match attribute.normalized_value(XmlVersion::Implicit1_0) {
                    Ok(value) => value.into_owned(),
                    // An entity that is not known: as it is written.
                    Err(_) => attribute.value.into_owned(),
                });
            }
        }
        None
    }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// What ended a walk early.
#[derive(Debug)]
pub enum Broken {
    /// It is no well-formed XML from here on.
    Malformed,
    /// It is larger or deeper than is allowed.
    Limit,
    /// It cannot be unpacked.
    Read(io::Error),
}

/// Walks through XML; `visit` returns false to stop. `left` is how many bytes may still be unpacked.
pub fn walk(
    reader: &mut dyn Read,
    left: &Cell<u64>,
    visit: &mut dyn FnMut(Token<'_>) -> bool,
) -> Result<(), Broken> {
    let mut reader = Reader::from_reader(Source::new(reader, left));
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.allow_dangling_amp = true;
    config.check_end_names = false;
    let (mut buffer, mut depth) = (Vec::new(), 0_u32);
    loop {
        buffer.clear();
        reader.get_mut().event = 0;
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(quick_xml::Error::Io(error)) if error.kind() == io::ErrorKind::QuotaExceeded => {
                return Err(Broken::Limit);
            }
            Err(quick_xml::Error::Io(error)) => {
                return Err(Broken::Read(io::Error::new(error.kind(), error.to_string())));
            }
            Err(_) => return Err(Broken::Malformed),
        };
        let goes_on = match event {
            Event::Start(start) => {
                depth += 1;
                if depth > DEPTH {
                    return Err(Broken::Limit);
                }
                visit(Token::Start(&Tag(&start)))
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                visit(Token::End)
            }
            Event::Text(text) => visit(Token::Text(&text.xml10_content())),
            Event::CData(text) => visit(Token::Text(&text.xml10_content())),
            Event::GeneralRef(entity) => {
                let mut buffer = [0; 4];
                let text = match entity.resolve_char_ref() {
                    Ok(Some(c)) => &*c.encode_utf8(&mut buffer),
                    _ => named(&entity),
                };
                visit(Token::Text(text))
            }
            // What is cut off in the middle ends without an error, as names are not checked.
            Event::Eof if depth > 0 => return Err(Broken::Malformed),
            Event::Eof => return Ok(()),
            _ => true,
        };
        if !goes_on {
            return Ok(());
        }
    }
}

/// The entities of XML, and the one of HTML that parts numbers from words; others are a gap in the text.
fn named(entity: &str) -> &'static str {
    match entity {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => " ",
    }
}

/// Decodes to UTF-8, and ends with an error where one event or the whole is too long.
struct Source<'r> {
    inner: &'r mut dyn Read,
    left: &'r Cell<u64>,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    out: String,
    at: usize,
    /// Bytes read since the last event ended.
    event: usize,
    ended: bool,
    /// What ended the reading, kept until all that was read before is given out.
    failed: Option<io::Error>,
}

impl<'r> Source<'r> {
    fn new(inner: &'r mut dyn Read, left: &'r Cell<u64>) -> Self {
        let (raw, out) = (vec![0; CHUNK], String::with_capacity(3 * CHUNK + 16));
        Source { inner, left, decoder: None, raw, out, at: 0, event: 0, ended: false, failed: None }
    }

    /// Reads until the chunk is full, so that the first one shows the encoding.
    fn fill(&mut self) -> io::Result<()> {
        let mut count = 0;
        while count < CHUNK {
            match self.inner.read(&mut self.raw[count..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(read) => count += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    (self.failed, self.ended) = (Some(error), true);
                    break;
                }
            }
        }
        let left = self.left.get().saturating_sub(count as u64);
        self.left.set(left);
        if left == 0 {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let raw = &self.raw[..count];
        let decoder = self.decoder.get_or_insert_with(|| encoding(raw).new_decoder_with_bom_removal());
        (self.at, self.out) = (0, std::mem::take(&mut self.out));
        self.out.clear();
        let mut read = 0;
        // What is no text in this encoding becomes a replacement character, and ends no walk.
        loop {
            let (result, taken, _) = decoder.decode_to_string(&raw[read..], &mut self.out, self.ended);
            read += taken;
            match result {
                encoding_rs::CoderResult::InputEmpty => return Ok(()),
                encoding_rs::CoderResult::OutputFull => self.out.reserve(CHUNK),
            }
        }
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.event > EVENT {
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        while self.at >= self.out.len() && !self.ended {
            self.fill()?;
        }
        if self.at >= self.out.len()
            && let Some(error) = self.failed.take()
        {
            return Err(error);
        }
        Ok(&self.out.as_bytes()[self.at.min(self.out.len())..])
    }

    fn consume(&mut self, count: usize) {
        self.at += count;
        self.event += count;
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// The encoding of XML (XML 1.0, appendix F): by its mark, by its zeros, or by what it says itself.
fn encoding(head: &[u8]) -> &'static Encoding {
    match head {
        [b'<', 0, ..] => return UTF_16LE,
        [0, b'<', ..] => return UTF_16BE,
        _ => {}
    }
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return encoding;
    }
    let declaration = head[..head.len().min(256)].split(|&b| b == b'>').next().unwrap_or_default();
    let said = String::from_utf8_lossy(declaration);
    let label = said.split("encoding").nth(1).map(|rest| rest.trim_start_matches(['=', ' ', '"', '\'']));
    let label = label.and_then(|rest| rest.split(['"', '\'']).next()).map(Cow::from);
    let known = label.and_then(|label| Encoding::for_label(label.as_bytes()));
    // UTF-16 that were it would have zeros.
    known.filter(|encoding| encoding.is_ascii_compatible()).unwrap_or(UTF_8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> (String, Result<(), Broken>) {
        let mut all = String::new();
        let ended = walk(&mut &*bytes, &Cell::new(u64::MAX), &mut |token| {
            match token {
                Token::Start(tag) => all += &format!("[{}", tag.attribute("a").unwrap_or_default()),
                Token::End => all.push(']'),
                Token::Text(text) => all += text,
            }
            true
        });
        (all, ended)
    }

    #[test]
    fn entities_and_encodings_are_resolved() {
        let xml = "<x:p n:a='1&amp;2'>&lt;手&#x673A;&nbsp;<![CDATA[<&]]><e/></x:p>";
        let expected = "[1&2<手机 <&[]]";
        assert_eq!(text(xml.as_bytes()).0, expected);
        let gbk = format!("<?xml version=\"1.0\" encoding=\"GBK\"?>{xml}");
        assert_eq!(text(&encoding_rs::GBK.encode(&gbk).0).0, expected);
        let wide: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&wide).0, expected);
        let marked: Vec<u8> =
            [0xFEFF].into_iter().chain(xml.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&marked).0, expected);
    }

    #[test]
    fn what_is_cut_deep_or_long_is_told() {
        assert!(matches!(text(b"<a><b>x</b>"), (x, Err(Broken::Malformed)) if x == "[[x]"));
        assert!(matches!(text(&b"<a>".repeat(DEPTH as usize + 1)), (_, Err(Broken::Limit))));
        let long = [&b"<a>"[..], &vec![b'x'; EVENT + 2 * CHUNK]].concat();
        assert!(matches!(text(&long), (_, Err(Broken::Limit))));
        let spent = walk(&mut &b"<a>x</a>"[..], &Cell::new(4), &mut |_| true);
        assert!(matches!(spent, Err(Broken::Limit)));
    }
}
