//! The marks of an XML part, one after another, out of a stream.
//!
//! The XML of a large sheet is most of the work of reading it, so this asks for no more than the marks: names are not
//! matched with their ends, and bytes that are no UTF-8 or markup that breaks off cost what they stand in and no more.
//! Entities other than the five of XML 1.0, 4.6, and characters by number, are not expanded: `DOCTYPE` is passed over.
use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};
use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// Bytes that are read at a time.
const BUFFER: usize = 64 * 1024;
/// The longest tag, comment or instruction.
const LONGEST: usize = 4 << 20;
/// The longest reference: `&#x10FFFF;`, and zeros before it.
const REFERENCE: usize = 16;

/// What stands in an XML part.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::decode) enum Token<'a> {
    /// An element begins: its name without the prefix, and its attributes. One without content ends at once.
    Open(&'a [u8], Attributes<'a>),
    /// An element ends.
    Close(&'a [u8]),
    /// Text, or a part of it, as it stands: for [`unescape`].
    Text(&'a [u8]),
    /// Text that has no references in it: a CDATA section.
    Data(&'a [u8]),
}

/// Attributes as they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    /// The value of an attribute by its name without the prefix.
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        self.into_iter().find(|(this, _)| *this == name.as_bytes()).map(|(_, value)| value)
    }

    /// The same as text.
    pub fn text(self, name: &str) -> Option<String> {
        self.get(name).map(text)
    }
}

impl<'a> IntoIterator for Attributes<'a> {
    type Item = (&'a [u8], &'a [u8]);
    type IntoIter = AttributeIter<'a>;

    fn into_iter(self) -> AttributeIter<'a> {
        AttributeIter(self.0)
    }
}

/// Names without their prefixes, and values as they stand.
pub(in crate::decode) struct AttributeIter<'a>(&'a [u8]);

impl<'a> Iterator for AttributeIter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.0.trim_ascii_start();
        let equals = rest.iter().position(|&byte| byte == b'=')?;
        let value = rest[equals + 1..].trim_ascii_start();
        let quote = *value.first().filter(|&&quote| matches!(quote, b'"' | b'\''))?;
        let end = value[1..].iter().position(|&byte| byte == quote)?;
        self.0 = &value[end + 2..];
        Some((local(rest[..equals].trim_ascii_end()), &value[1..=end]))
    }
}

/// A name without its prefix.
fn local(name: &[u8]) -> &[u8] {
    name.iter().rposition(|&byte| byte == b':').map_or(name, |at| &name[at + 1..])
}

/// Text with its references resolved.
pub(in crate::decode) fn text(raw: &[u8]) -> String {
    let mut out = Vec::new();
    unescape(raw, &mut out);
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Appends text with its references resolved. What is no reference stays as it is.
pub(in crate::decode) fn unescape(mut raw: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'&', raw) {
        out.extend_from_slice(&raw[..at]);
        raw = &raw[at..];
        let end = raw.iter().take(REFERENCE).position(|&byte| byte == b';');
        match end.and_then(|end| Some((end, referenced(&raw[1..end])?))) {
            Some((end, char)) => {
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                raw = &raw[end + 1..];
            }
            None => {
                out.push(b'&');
                raw = &raw[1..];
            }
        }
    }
    out.extend_from_slice(raw);
}

fn referenced(name: &[u8]) -> Option<char> {
    match name {
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"amp" => Some('&'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x' | b'X', hex @ ..] => {
            char::from_u32(u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?)
        }
        [b'#', digits @ ..] => char::from_u32(std::str::from_utf8(digits).ok()?.parse().ok()?),
        _ => None,
    }
}

/// A part while it is read.
pub(in crate::decode) struct Xml<'r> {
    reader: &'r mut dyn Read,
    buffer: Vec<u8>,
    /// What of the buffer is still to be looked at.
    at: usize,
    filled: usize,
    /// The element without content that has just begun.
    closing: Option<Range<usize>>,
    /// Within a CDATA section.
    data: bool,
    /// How bytes become UTF-8; `None` before the first, and where they are.
    decoder: Option<Decoder>,
    begun: bool,
}

impl<'r> Xml<'r> {
    pub fn new(reader: &'r mut dyn Read) -> Self {
        Xml {
            reader,
            buffer: vec![0; BUFFER],
            at: 0,
            filled: 0,
            closing: None,
            data: false,
            decoder: None,
            begun: false,
        }
    }

    /// The next mark; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Token<'_>>> {
        if let Some(name) = self.closing.take() {
            return Ok(Some(Token::Close(local(&self.buffer[name]))));
        }
        loop {
            if self.at == self.filled && !self.fill()? {
                return Ok(None);
            }
            if self.data {
                if let Some(part) = self.section()? {
                    return Ok(Some(Token::Data(&self.buffer[part])));
                }
                continue;
            }
            if self.buffer[self.at] != b'<' {
                let part = self.text()?;
                return Ok(Some(Token::Text(&self.buffer[part])));
            }
            // The shortest tag is <a>.
            while self.filled - self.at < 3 {
                if !self.fill()? {
                    return Err(broken_off());
                }
            }
            match self.buffer[self.at + 1] {
                b'!' => self.declaration()?,
                b'?' => self.at = self.after(b"?>")?,
                _ => return self.tag().map(Some),
            }
        }
    }

    /// Text up to the next tag, or as much as is there without cutting through a reference.
    fn text(&mut self) -> io::Result<Range<usize>> {
        loop {
            let rest = &self.buffer[self.at..self.filled];
            let start = self.at;
            if let Some(end) = memchr::memchr(b'<', rest) {
                self.at += end;
                return Ok(start..self.at);
            }
            let tail = rest.len().saturating_sub(REFERENCE);
            let open = memchr::memrchr(b'&', &rest[tail..]).filter(|&at| !rest[tail + at..].contains(&b';'));
            let whole = open.map_or(rest.len(), |at| tail + at);
            if whole > 0 {
                self.at += whole;
                return Ok(start..self.at);
            }
            if !self.fill()? {
                let start = std::mem::replace(&mut self.at, self.filled);
                return Ok(start..self.filled);
            }
        }
    }

    /// A part of a CDATA section; `None` at its end.
    fn section(&mut self) -> io::Result<Option<Range<usize>>> {
        loop {
            let rest = &self.buffer[self.at..self.filled];
            let start = self.at;
            match memchr::memmem::find(rest, b"]]>") {
                Some(0) => {
                    (self.at, self.data) = (self.at + 3, false);
                    return Ok(None);
                }
                Some(end) => {
                    self.at += end;
                    return Ok(Some(start..self.at));
                }
                // The end may be there in part.
                None if rest.len() > 2 => {
                    self.at = self.filled - 2;
                    return Ok(Some(start..self.at));
                }
                None if !self.fill()? => return Err(broken_off()),
                None => {}
            }
        }
    }

    fn declaration(&mut self) -> io::Result<()> {
        let begins = |this: &Self, mark: &[u8]| this.buffer[this.at..this.filled].starts_with(mark);
        while self.filled - self.at < b"<![CDATA[".len() && self.fill()? {}
        if begins(self, b"<![CDATA[") {
            (self.at, self.data) = (self.at + b"<![CDATA[".len(), true);
            return Ok(());
        }
        if begins(self, b"<!--") {
            self.at = self.after(b"-->")?;
            return Ok(());
        }
        let end = self.after(b">")?;
        let nested = memchr::memchr(b'[', &self.buffer[self.at..end]).is_some();
        self.at = if nested { self.after(b"]>")? } else { end };
        Ok(())
    }

    /// Where what ends in `mark` ends.
    fn after(&mut self, mark: &[u8]) -> io::Result<usize> {
        let mut from = 0;
        loop {
            let rest = &self.buffer[self.at..self.filled];
            if let Some(end) = memchr::memmem::find(&rest[from..], mark) {
                return Ok(self.at + from + end + mark.len());
            }
            from = rest.len().saturating_sub(mark.len());
            if !self.fill()? {
                return Err(broken_off());
            }
        }
    }

    fn tag(&mut self) -> io::Result<Token<'_>> {
        // A > may stand in a value: outside the quotes it ends the tag.
        let (mut from, mut quote) = (1, 0);
        let end = loop {
            let rest = &self.buffer[self.at..self.filled];
            let end = rest[from..].iter().position(|&byte| {
                if quote == 0 && (byte == b'"' || byte == b'\'') {
                    quote = byte;
                } else if byte == quote {
                    quote = 0;
                }
                quote == 0 && byte == b'>'
            });
            if let Some(end) = end {
                break from + end;
            }
            from = rest.len();
            if !self.fill()? {
                return Err(broken_off());
            }
        };
        let start = self.at + 1;
        let mut last = self.at + end;
        self.at += end + 1;
        if self.buffer[start] == b'/' {
            return Ok(Token::Close(local(self.buffer[start + 1..last].trim_ascii_end())));
        }
        let closed = self.buffer[last - 1] == b'/';
        last -= usize::from(closed && last > start);
        let inner = &self.buffer[start..last];
        let name = inner.iter().position(u8::is_ascii_whitespace).unwrap_or(inner.len());
        if closed {
            self.closing = Some(start..start + name);
        }
        Ok(Token::Open(local(&inner[..name]), Attributes(&inner[name..])))
    }

    /// Reads more, and makes room for it; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.at..self.filled, 0);
        (self.at, self.filled) = (0, self.filled - self.at);
        if self.filled == self.buffer.len() {
            if self.filled >= LONGEST {
                return Err(io::Error::new(ErrorKind::InvalidData, "a tag without end"));
            }
            self.buffer.resize(self.filled * 2, 0);
        }
        if !self.begun {
            self.begin()?;
        }
        let read = match &mut self.decoder {
            None => read(self.reader, &mut self.buffer[self.filled..])?,
            Some(decoder) => decoded(self.reader, decoder, &mut self.buffer[self.filled..])?,
        };
        self.filled += read;
        Ok(read > 0)
    }

    /// Looks whether the part is UTF-16, which it tells by its first two bytes (ECMA-376, part 2, 6.2.4).
    fn begin(&mut self) -> io::Result<()> {
        self.begun = true;
        while self.filled < 2 {
            match read(self.reader, &mut self.buffer[self.filled..2])? {
                0 => return Ok(()),
                read => self.filled += read,
            }
        }
        let encoding = match self.buffer[..2] {
            [0xFF, 0xFE] => UTF_16LE,
            [0xFE, 0xFF] => UTF_16BE,
            _ => return Ok(()),
        };
        self.decoder = Some(encoding.new_decoder_without_bom_handling());
        self.filled = 0;
        Ok(())
    }
}

fn read(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Reads text of another encoding; 0 at the end.
fn decoded(reader: &mut dyn Read, decoder: &mut Decoder, buffer: &mut [u8]) -> io::Result<usize> {
    let mut raw = [0; 4096];
    loop {
        // A unit of two bytes becomes three at most, and what was kept of the last piece may come out too.
        let most = raw.len().min((buffer.len() / 3).saturating_sub(4)).max(1);
        let read = read(reader, &mut raw[..most])?;
        let (_, taken, written, _) = decoder.decode_to_utf8(&raw[..read], buffer, false);
        if taken < read {
            return Err(io::Error::new(ErrorKind::InvalidData, "text that cannot be decoded"));
        }
        if written > 0 || read == 0 {
            return Ok(written);
        }
    }
}

fn broken_off() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "the XML breaks off")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that gives so many bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let step = self.1;
            (&mut self.0).take(step as u64).read(buffer)
        }
    }

    fn all(xml: &[u8], step: usize) -> String {
        let mut reader = Slowly(xml, step);
        let mut xml = Xml::new(&mut reader);
        let mut out = Vec::new();
        while let Some(token) = xml.next().expect("well-formed") {
            match token {
                Token::Open(name, attributes) => {
                    out.extend([b"<", name].concat());
                    for (name, value) in attributes {
                        out.extend([b" ", name, b"=", value].concat());
                    }
                    out.push(b'>');
                }
                Token::Close(name) => out.extend([b"</", name, b">"].concat()),
                Token::Text(raw) => unescape(raw, &mut out),
                Token::Data(raw) => out.extend(raw),
            }
        }
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn marks_are_the_same_however_they_come() {
        let xml = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b \"c>d\">]><!-- <x> --><x:a r:id=\"1\" n = '>&quot;'>\
                   t&amp;&#49;&#x32;&nbsp;<b/><c  k=\"v\" /><![CDATA[<]]&amp;]]></x:a >&";
        for step in [1, 2, 3, 7, 1000] {
            assert_eq!(
                all(xml.as_bytes(), step),
                "<a id=1 n=>&quot;>t&12&nbsp;<b></b><c k=v></c><]]&amp;</a>&",
                "{step} at a time"
            );
        }
    }

    #[test]
    fn utf_16_is_read() {
        let wide: Vec<u8> = "\u{FEFF}<a 手='机'>号𠀀</a>".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for step in [1, 3, 1000] {
            assert_eq!(all(&wide, step), "<a 手=机>号𠀀</a>");
        }
        let long = format!("<a>{}</a>", "长".repeat(100_000));
        let wide: Vec<u8> = format!("\u{FEFF}{long}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(all(&wide, 70_000), long);
    }

    #[test]
    fn broken_markup_ends() {
        for broken in
            ["<", "<a", "<a b=\"", "<!", "<!--", "<![CDATA[", "<![CDATA[x", "<?", "<!DOCTYPE a [", "</"]
        {
            let mut reader = broken.as_bytes();
            let mut xml = Xml::new(&mut reader);
            while let Ok(Some(_)) = xml.next() {}
        }
        for odd in ["<>", "</>", "<a=>", "< >", "</ >", "<a b>", "<a b=c>", "<:>", "<//>", "<a/b/>"] {
            all(odd.as_bytes(), 1);
        }
    }

    #[test]
    fn a_tag_without_end_is_not_held_for_ever() {
        let mut reader = io::repeat(b'a');
        let mut whole = b"<".chain(&mut reader);
        assert!(Xml::new(&mut whole).next().is_err());
    }
}
