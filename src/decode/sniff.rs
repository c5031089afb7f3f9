//! Tells from the first bytes what an object is: its encoding, and its layout.
use super::format::FileFormat;
use super::{Escapes, config, csv, formats, ldif, markup, properties, sql};
use crate::model::Encoding;
use chardetng::EncodingDetector;

/// How the text of an object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Scanned as it stands.
    Plain(Encoding),
    /// UTF-16, little endian; transcribed first.
    Utf16Le,
    /// UTF-16, big endian; transcribed first.
    Utf16Be,
}

impl Charset {
    /// The name shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Charset::Plain(Encoding::Utf8) => "utf-8",
            Charset::Plain(Encoding::Gb18030) => "gb18030",
            Charset::Plain(Encoding::Big5) => "big5",
            Charset::Utf16Le => "utf-16le",
            Charset::Utf16Be => "utf-16be",
        }
    }
}

/// How the values lie in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Running text: logs, prose, source code.
    Text,
    /// Delimited columns; the names where there is a header.
    Csv {
        /// The delimiter.
        delimiter: u8,
        /// Whether the first record names the columns.
        header: bool,
    },
    /// One JSON document.
    Json,
    /// A JSON document on every line.
    JsonLines,
    /// Address cards.
    VCard,
    /// A calendar.
    ICalendar,
    /// Entries of a directory.
    Ldif,
    /// Statements that make tables and fill them.
    Sql {
        /// Whether backslashes escape in literals.
        backslash: bool,
    },
    /// Elements with attributes.
    Xml,
    /// The same for people, as browsers show it.
    Html,
    /// A key and its value on every line: YAML, TOML, INI, properties.
    KeyValue,
}

/// The layouts by name, and what they are, in English and in Chinese.
pub const LAYOUTS: [(&str, [&str; 2]); 11] = [
    ("text", ["plain text, logs, source code", "纯文本、日志、源代码"]),
    ("csv", ["CSV, TSV and other delimited columns", "CSV、TSV 等分隔列"]),
    ("json", ["JSON", "JSON"]),
    ("json-lines", ["JSON Lines", "JSON Lines"]),
    ("vcard", ["vCard", "vCard 名片"]),
    ("icalendar", ["iCalendar", "iCalendar 日历"]),
    ("ldif", ["LDIF", "LDIF 目录条目"]),
    ("sql", ["SQL dump", "SQL 转储"]),
    ("xml", ["XML", "XML"]),
    ("html", ["HTML page", "HTML 网页"]),
    ("key-value", ["YAML, TOML, INI, properties, .env", "YAML、TOML、INI、properties、.env"]),
];

impl Layout {
    /// The name shown to people.
    pub fn name(&self) -> &'static str {
        match self {
            Layout::Text => "text",
            Layout::Csv { .. } => "csv",
            Layout::Json => "json",
            Layout::JsonLines => "json-lines",
            Layout::VCard => "vcard",
            Layout::ICalendar => "icalendar",
            Layout::Ldif => "ldif",
            Layout::Sql { .. } => "sql",
            Layout::Xml => "xml",
            Layout::Html => "html",
            Layout::KeyValue => "key-value",
        }
    }

    /// How its cells are written.
    pub(super) fn escapes(&self) -> Escapes {
        match self {
            Layout::Text | Layout::VCard | Layout::ICalendar | Layout::Ldif => Escapes::None,
            Layout::Csv { .. } => Escapes::Quotes,
            Layout::Json | Layout::JsonLines => Escapes::Json,
            Layout::Sql { backslash } => Escapes::Sql { backslash: *backslash },
            Layout::Xml | Layout::Html => Escapes::Markup,
            Layout::KeyValue => Escapes::Unicode,
        }
    }
}

/// What an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// The encoding.
    pub charset: Charset,
    /// The layout.
    pub layout: Layout,
    /// Bytes of byte order mark before the text.
    pub bom: usize,
}

/// How much of an object is looked at.
pub const HEAD: usize = 64 * 1024;
/// Bytes in which the marks of binary formats are looked for.
const MAGIC: usize = 4096;
/// More control characters than one in this many bytes are no text.
const CONTROLS: usize = 32;
/// Formats that can begin with nothing but text, and are none.
const TEXT_MARKS: [(&[u8], &str); 3] = [
    (b"%PDF-", "application/pdf"),
    (b"%!PS", "application/postscript"),
    (b"!<arch>\n", "application/x-archive"),
];
/// chardetng reads 7 MB/s, so it gets a sample round the first byte that is not ASCII.
const SAMPLE: usize = 4 * 1024;

/// What the content of an object is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Text.
    Text(Format),
    /// A format of its own.
    File(&'static FileFormat),
    /// What nothing is known of but its name, or `binary`.
    Unknown(&'static str),
}

/// Looks at the first bytes (at most [`HEAD`] of them) of an object.
pub fn sniff(bytes: &[u8]) -> Kind {
    let head = &bytes[..bytes.len().min(HEAD)];
    match formats::recognise(head) {
        Some(format) => Kind::File(format),
        None => text_format(head).map_or_else(Kind::Unknown, Kind::Text),
    }
}

/// Text, or the name of the binary format.
fn text_format(head: &[u8]) -> Result<Format, &'static str> {
    let (charset, bom) = charset(head)?;
    let text = transcribe(&head[bom..], charset);
    let layout = layout(text.as_deref().unwrap_or(&head[bom..]), charset);
    Ok(Format { charset, layout, bom })
}

fn charset(head: &[u8]) -> Result<(Charset, usize), &'static str> {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return Ok((Charset::Plain(Encoding::Utf8), 3)),
        [0xFF, 0xFE, ..] if !matches!(head, [_, _, 0, 0, ..]) => return Ok((Charset::Utf16Le, 2)),
        [0xFE, 0xFF, ..] => return Ok((Charset::Utf16Be, 2)),
        _ => {}
    }
    let has_zeros = memchr::memchr(0, head).is_some();
    // Chunks whose count fits a byte, and no branches: this reads every small file as a whole.
    let count = |chunk: &[u8]| usize::from(chunk.iter().map(|&b| u8::from(is_control(b))).sum::<u8>());
    let controls: usize = head.chunks(128).map(count).sum();
    if let Some(kind) = mark(head, controls) {
        return Err(kind);
    }
    if let Some(charset) = has_zeros.then(|| utf16_by_parity(head)).flatten() {
        return Ok((charset, 0));
    }
    if has_zeros || controls * CONTROLS > head.len() {
        return Err("binary");
    }
    Ok((Charset::Plain(double_byte(head)), 0))
}

/// The binary format whose mark the object bears. A mark of two letters proves nothing where all the
/// rest is text: a list that begins with "BM" is no bitmap.
fn mark(head: &[u8], controls: usize) -> Option<&'static str> {
    if controls == 0 {
        return TEXT_MARKS.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, kind)| *kind);
    }
    let kind = infer::get(&head[..head.len().min(MAGIC)])?;
    (kind.matcher_type() != infer::MatcherType::Text).then(|| kind.mime_type())
}

/// The control characters that text does not hold.
#[inline]
fn is_control(b: u8) -> bool {
    let in_text = (b == b'\t') | (b == b'\n') | (b == b'\r') | (b == 0x0C) | (b == 0x1B);
    (b < 0x20) & !in_text | (b == 0x7F)
}

/// UTF-16 without a mark: in text with any ASCII (digits, spaces, line ends), every other byte of those is zero.
fn utf16_by_parity(head: &[u8]) -> Option<Charset> {
    let head = &head[..head.len() & !1];
    let zeros = |parity: usize| head.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let enough = head.len() / 32;
    let charset = match (even, odd) {
        (0, n) if n > enough && n > 0 => Charset::Utf16Le,
        (n, 0) if n > enough && n > 0 => Charset::Utf16Be,
        _ => return None,
    };
    // Zeros alone may be an array of small numbers: the units must make text.
    let (text, _, broken) = decoder(charset).decode(head);
    let odd_ones = text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count();
    (!broken && odd_ones * CONTROLS <= text.len()).then_some(charset)
}

pub(super) fn decoder(charset: Charset) -> &'static encoding_rs::Encoding {
    match charset {
        Charset::Plain(encoding) => encoding.decoder(),
        Charset::Utf16Le => encoding_rs::UTF_16LE,
        Charset::Utf16Be => encoding_rs::UTF_16BE,
    }
}

/// UTF-8, GB 18030 or Big5. Bytes that are none of them are scanned as UTF-8, for digits are the same in all.
pub(super) fn double_byte(head: &[u8]) -> Encoding {
    let valid = match simdutf8::compat::from_utf8(head) {
        Ok(_) => return Encoding::Utf8,
        Err(error) if error.error_len().is_none() => return Encoding::Utf8,
        Err(error) => error.valid_up_to(),
    };
    let first = head.iter().position(|b| *b >= 0x80).unwrap_or(valid);
    // A log of many writers: mostly UTF-8, a few broken bytes.
    let utf8 = head.utf8_chunks().map(|chunk| chunk.valid()).filter(|text| !text.is_ascii());
    let wide = |text: &str| text.bytes().filter(|b| *b >= 0x80).count();
    let (all, whole) = (head.iter().filter(|b| **b >= 0x80).count(), utf8.map(wide).sum::<usize>());
    if whole * 10 >= all * 9 {
        return Encoding::Utf8;
    }
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    let sample = &head[first..head.len().min(first + SAMPLE)];
    detector.feed(sample, false);
    let guess = detector.guess(None, chardetng::Utf8Detection::Allow);
    if guess == encoding_rs::GBK || guess == encoding_rs::GB18030 {
        Encoding::Gb18030
    } else if guess == encoding_rs::BIG5 {
        Encoding::Big5
    } else {
        // Short Chinese texts are taken for many things; what decodes without an error is GB 18030.
        let mut decoder = encoding_rs::GB18030.new_decoder_without_bom_handling();
        let mut out = vec![0; sample.len() * 4];
        let (_, _, _, broken) = decoder.decode_to_utf8(sample, &mut out, false);
        if broken { Encoding::Utf8 } else { Encoding::Gb18030 }
    }
}

fn transcribe(head: &[u8], charset: Charset) -> Option<Vec<u8>> {
    let wide = matches!(charset, Charset::Utf16Le | Charset::Utf16Be);
    let even = &head[..head.len() & !1];
    wide.then(|| decoder(charset).decode_without_bom_handling(even).0.into_owned().into_bytes())
}

fn layout(text: &[u8], charset: Charset) -> Layout {
    let start = text.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(text.len());
    let body = &text[start..];
    if matches!(body.first(), Some(b'{' | b'[')) {
        // JSON is UTF-8 or UTF-16 (RFC 8259); in GBK it is read as text.
        let is_unicode =
            charset != Charset::Plain(Encoding::Gb18030) && charset != Charset::Plain(Encoding::Big5);
        if let Some(layout) = json(body).filter(|_| is_unicode) {
            return layout;
        }
    }
    if ldif::is_ldif(body) {
        return Layout::Ldif;
    }
    if sql::is_dump(text) {
        return Layout::Sql { backslash: sql::has_backslashes(text) };
    }
    let known =
        properties::layout(body).or_else(|| markup::sniff(text)).or_else(|| csv::sniff(text, charset));
    known.unwrap_or_else(|| if config::sniff(text) { Layout::KeyValue } else { Layout::Text })
}

/// JSON Lines when the first line is a document and another follows; JSON when the beginning is one.
fn json(body: &[u8]) -> Option<Layout> {
    let mut lines = body.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let is_document = |line: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let first = lines.next()?;
    if is_document(first) {
        return Some(if lines.next().is_some() { Layout::JsonLines } else { Layout::Json });
    }
    match serde_json::from_slice::<serde::de::IgnoredAny>(body) {
        Ok(_) => Some(Layout::Json),
        Err(error) if error.is_eof() => Some(Layout::Json),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charset_of(text: &str, encoding: &'static encoding_rs::Encoding) -> Charset {
        text_format(&encoding.encode(text).0).expect("text").charset
    }

    #[test]
    fn tells_encodings_apart() {
        let text = "姓名,手机号\n客户甲,13800138000\n";
        assert_eq!(charset_of(text, encoding_rs::UTF_8), Charset::Plain(Encoding::Utf8));
        assert_eq!(charset_of(text, encoding_rs::GB18030), Charset::Plain(Encoding::Gb18030));
        let traditional = "客戶姓名與聯絡電話,請於收到後盡快回覆我們\n";
        assert_eq!(charset_of(traditional, encoding_rs::BIG5), Charset::Plain(Encoding::Big5));
        let units = |to: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to).collect::<Vec<_>>();
        assert_eq!(text_format(&units(u16::to_le_bytes)).expect("text").charset, Charset::Utf16Le);
        assert_eq!(text_format(&units(u16::to_be_bytes)).expect("text").charset, Charset::Utf16Be);
    }

    #[test]
    fn binaries_are_no_text() {
        assert_eq!(text_format(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), Err("image/png"));
        assert_eq!(text_format(b"%PDF-1.4\n%text so far\n"), Err("application/pdf"));
        assert_eq!(text_format(&[0, 1, 2, 3, 0, 0, 13, 80]), Err("binary"));
    }

    #[test]
    fn two_letters_make_no_binary() {
        for text in ["BM13800138000\n", "MZ 13800138000\n", "BM手机\n", "ID3 tags\n"] {
            assert_eq!(charset_of(text, encoding_rs::UTF_8), Charset::Plain(Encoding::Utf8), "{text}");
        }
    }

    #[test]
    fn tells_layouts_apart() {
        let layout = |bytes: &str| text_format(bytes.as_bytes()).expect("text").layout;
        assert_eq!(layout("{\"a\":1}\n{\"a\":2}\n"), Layout::JsonLines);
        assert_eq!(layout("[{\"a\":\n1}]"), Layout::Json);
        assert_eq!(layout("a;b\n1;2\n3;4\n"), Layout::Csv { delimiter: b';', header: true });
        assert_eq!(layout("2024-05-13 INFO a, b\n2024-05-13 INFO c\n"), Layout::Text);
        assert_eq!(layout("[INFO] started\n[WARN] slow\n"), Layout::Text);
    }
}
