//! A message as it travels: its headers, its text, and what is attached.
use super::mime::{self, Header, Parameters};
use super::{charset, html, uuencode};
use crate::decode::cells::{At, Cells};
use crate::decode::encoded::base64;
use crate::decode::{Entry, Failure, Output, Unit};
use crate::model::FieldName;
use crate::model::coverage::Reason;
use std::borrow::Cow;
use std::collections::HashMap;

/// Parts within parts; real mail has four or five.
const DEPTH: usize = 32;
/// Headers read of one message; real ones have some dozens.
const MOST_HEADERS: usize = 4096;
/// Headers with a field of their own.
const MOST_NAMES: usize = 256;
/// Letters of a file's name that are shown.
const LONGEST_NAME: usize = 200;

/// Headers that hold numbers and digests that programs made up, or names of parts.
const MADE_UP: [&str; 16] = [
    "arc-",
    "authentication-results",
    "content-",
    "dkim-signature",
    "domainkey-signature",
    "in-reply-to",
    "list-id",
    "message-id",
    "mime-version",
    "references",
    "thread-",
    "x-gm-",
    "x-google-",
    "x-microsoft-antispam",
    "x-ms-",
    "x-received",
];

/// Headers whose field bears their bare name.
const PLAIN: [&str; 7] = ["subject", "from", "to", "cc", "bcc", "reply-to", "sender"];

/// Reads a message.
pub(in crate::decode) fn read(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut message = Message {
        bytes,
        cells: Cells::new(output, Unit::Line),
        fields: HashMap::new(),
        counted: (0, 1),
        parts: 0,
    };
    let (headers, body) = mime::headers(bytes, 0);
    let _ = message.headers(&headers)
        && message.part(&headers, body..bytes.len(), Within::default())
        && message.cells.flush();
    Ok(())
}

/// What a part stands in.
#[derive(Clone, Copy, Default)]
struct Within<'p> {
    depth: usize,
    /// The plain text beside it that is to say the same.
    plain: Option<&'p str>,
}

struct Message<'a, 'o> {
    bytes: &'a [u8],
    cells: Cells<'o>,
    fields: HashMap<String, u32>,
    /// How far lines were counted, and to what line.
    counted: (usize, u64),
    /// Parts that were given names.
    parts: usize,
}

impl<'a> Message<'a, '_> {
    /// The line that byte `at` of the message is on.
    fn line(&mut self, at: usize) -> u64 {
        let (from, line) = if self.counted.0 <= at { self.counted } else { (0, 1) };
        let line = line + memchr::memchr_iter(b'\n', &self.bytes[from..at]).count() as u64;
        self.counted = (at, line);
        line
    }

    fn field(&mut self, shown: &str, words: &str) -> u32 {
        if let Some(&known) = self.fields.get(shown) {
            return known;
        }
        if self.fields.len() >= MOST_NAMES && shown != "header" {
            return self.field("header", "");
        }
        let number = self.cells.field(FieldName { shown: shown.to_owned(), words: words.to_owned() });
        self.fields.insert(shown.to_owned(), number);
        number
    }

    fn headers(&mut self, headers: &[Header<'_>]) -> bool {
        if headers.len() > MOST_HEADERS {
            self.cells.output.gap(Reason::Limit, "more headers than are read of one message");
        }
        headers.iter().take(MOST_HEADERS).all(|header| {
            let lower = header.name.to_ascii_lowercase();
            if MADE_UP.iter().any(|start| lower.starts_with(start)) {
                return true;
            }
            let plain = PLAIN.contains(&lower.as_str());
            let shown = if plain { header.name.to_owned() } else { format!("header {}", header.name) };
            let field = self.field(&shown, header.name);
            let text = words(header.raw);
            let at = header.at + header.raw.len() - header.raw.trim_ascii_start().len();
            let number = self.line(header.at);
            self.cells.push(At { field, row: 0, number, offset: at as u64 }, &text)
        })
    }

    /// A part with these headers, whose body lies there in the message.
    fn part(&mut self, headers: &[Header<'a>], body: std::ops::Range<usize>, within: Within<'_>) -> bool {
        let kind = Parameters::of(mime::value(headers, "content-type"));
        let multipart = kind.first.starts_with("multipart/");
        if kind.first == "multipart/encrypted" {
            return self.unread(headers, &kind, "encrypted mail");
        }
        if multipart && within.depth < DEPTH {
            let lines = &self.bytes[body.clone()];
            let boundary = kind.get("boundary").map(<[u8]>::to_vec).or_else(|| likely_boundary(lines));
            if let Some(parts) = boundary.and_then(|boundary| mime::parts(lines, &boundary)) {
                return self.multipart(&kind, body.start, &parts, within);
            }
        } else if multipart {
            self.cells.output.gap(Reason::Limit, "parts nested too deep are read as plain text");
        }
        self.leaf(headers, &kind, body, within)
    }

    fn multipart(
        &mut self,
        kind: &Parameters,
        base: usize,
        parts: &[std::ops::Range<usize>],
        within: Within<'_>,
    ) -> bool {
        let place = |part: &std::ops::Range<usize>| base + part.start..base + part.end;
        let plain = (kind.first == "multipart/alternative").then(|| self.plain(parts.iter().map(place)));
        let last = parts.len() - 1;
        parts.iter().enumerate().all(|(i, part)| {
            let place = place(part);
            let bytes: &'a [u8] = &self.bytes[place.clone()];
            // What stands before the first part and behind the last is for readers that know no parts.
            if i == 0 || i == last && last > 1 && !bytes.trim_ascii().is_empty() && self.closed(place.start) {
                return self.text(&String::from_utf8_lossy(bytes), Some(bytes), place.start);
            }
            let (headers, at) = mime::headers(bytes, place.start);
            let plain = plain.as_deref().or(within.plain);
            self.part(&headers, place.start + at..place.end, Within { depth: within.depth + 1, plain })
        })
    }

    /// Whether the line before byte `at` ends the parts: `--boundary--`.
    fn closed(&self, at: usize) -> bool {
        self.bytes[..at].trim_ascii_end().ends_with(b"--")
    }

    /// The plain text among these parts.
    fn plain(&self, parts: impl Iterator<Item = std::ops::Range<usize>>) -> String {
        let mut plain = String::new();
        for part in parts.skip(1) {
            let (headers, at) = mime::headers(&self.bytes[part.clone()], part.start);
            let kind = Parameters::of(mime::value(&headers, "content-type"));
            if kind.first.is_empty() || kind.first == "text/plain" {
                let body = decoded(&headers, &self.bytes[part.start + at..part.end]);
                plain.push_str(&charset::text(&body, label(&kind).as_deref()));
                plain.push('\n');
            }
        }
        plain
    }

    fn leaf(
        &mut self,
        headers: &[Header<'a>],
        kind: &Parameters,
        place: std::ops::Range<usize>,
        within: Within<'_>,
    ) -> bool {
        let raw: &'a [u8] = &self.bytes[place.clone()];
        let body = decoded(headers, raw);
        let name = file_name(headers, kind);
        if body.trim_ascii().is_empty() && name.is_none() {
            return true;
        }
        let is_text =
            kind.first.is_empty() || kind.first.starts_with("text/") || kind.first.starts_with("multipart/");
        match kind.first.as_str() {
            "application/pkcs7-mime" | "application/x-pkcs7-mime"
                if kind.get("smime-type") != Some(b"signed-data") =>
            {
                self.unread(headers, kind, "encrypted mail")
            }
            "text/html" if name.is_none() => {
                let text = charset::text(&body, label(kind).as_deref());
                if within.plain.is_some_and(|plain| html::says_no_more(&text, plain)) {
                    return true;
                }
                // The mark says what it is now, whatever its own head says (HTML, 13.2.3.2).
                let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
                self.entry("body.html", &marked)
            }
            _ if name.is_some() => self.attachment(name.as_deref().unwrap_or_default(), &body, place.start),
            "message/rfc822" | "message/global" => self.entry("message.eml", &body),
            "text/calendar" => self.entry("calendar.ics", &body),
            "text/vcard" | "text/x-vcard" | "text/directory" => self.entry("card.vcf", &body),
            first if is_text || first.starts_with("message/") => {
                let text = charset::text(&body, label(kind).as_deref());
                let as_written = matches!(body, Cow::Borrowed(_)).then_some(raw);
                self.text(&text, as_written, place.start)
            }
            first => {
                let name = first.rsplit('/').next().unwrap_or_default().to_owned();
                self.entry(&format!("part.{}", shown(&name)), &body)
            }
        }
    }

    /// Text of the message itself, in paragraphs. `raw` is the text as it is written, where every line of it is a line there.
    fn text(&mut self, text: &str, raw: Option<&[u8]>, at: usize) -> bool {
        if text.contains("-----BEGIN PGP MESSAGE-----") {
            self.cells.output.gap(Reason::Encrypted, "PGP");
        }
        let mut rest = text;
        while let Some(file) = uuencode::find(rest) {
            if !self.paragraphs(&rest[..file.start], None, at)
                || !self.attachment(&file.name, &file.bytes, at)
            {
                return false;
            }
            rest = &rest[file.end..];
        }
        self.paragraphs(rest, raw.filter(|_| rest.len() == text.len()), at)
    }

    fn paragraphs(&mut self, text: &str, raw: Option<&[u8]>, at: usize) -> bool {
        let field = self.field("body", "");
        let mut written = raw.unwrap_or_default();
        let (mut offset, mut paragraph) = (at, 0);
        let mut lines = text.split_inclusive('\n').peekable();
        let mut end = 0;
        while let Some(line) = lines.next() {
            end += line.len();
            if lines.peek().is_some_and(|next| !next.trim_ascii().is_empty()) {
                continue;
            }
            let piece = &text[paragraph..end];
            if !piece.trim_ascii().is_empty() {
                let number = self.line(offset);
                if !self.cells.push(At { field, row: 0, number, offset: offset as u64 }, piece.trim_end()) {
                    return false;
                }
            }
            let passed = after_lines(written, piece.matches('\n').count());
            (written, offset, paragraph) = (&written[passed..], offset + passed, end);
        }
        true
    }

    fn attachment(&mut self, name: &str, bytes: &[u8], at: usize) -> bool {
        let field = self.field("attachment", "");
        let number = self.line(at);
        self.cells.push(At { field, row: 0, number, offset: at as u64 }, name)
            && self.entry(&shown(name), bytes)
    }

    fn entry(&mut self, name: &str, bytes: &[u8]) -> bool {
        self.parts += 1;
        let numbered = format!("{}/{name}", self.parts);
        let generic = ["body.html", "message.eml", "calendar.ics", "card.vcf"].contains(&name)
            || name.starts_with("part.");
        // The first of its kind needs no number.
        let first = !generic || self.fields.insert(format!("\0{name}"), 0).is_none();
        self.cells.flush()
            && self.cells.output.entry(if first { name } else { &numbered }, Entry::Whole(bytes))
    }

    fn unread(&mut self, headers: &[Header<'_>], kind: &Parameters, why: &str) -> bool {
        let name = file_name(headers, kind).map_or_else(|| "encrypted".to_owned(), |name| shown(&name));
        self.cells.output.unread(&name, Reason::Encrypted, why)
    }
}

/// Where `count` lines of `text` end.
fn after_lines(text: &[u8], count: usize) -> usize {
    let last = count.checked_sub(1).and_then(|nth| memchr::memchr_iter(b'\n', text).nth(nth));
    last.map_or(if count == 0 { 0 } else { text.len() }, |at| at + 1)
}

/// A boundary that its header lost: what the first line that begins with two dashes goes on with.
fn likely_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let line = body.split(|&b| b == b'\n').take(64).find(|line| line.starts_with(b"--") && line.len() > 4)?;
    Some(line[2..].trim_ascii_end().to_vec())
}

/// The charset a part says it is in.
fn label(kind: &Parameters) -> Option<String> {
    kind.get("charset").map(|charset| String::from_utf8_lossy(charset).into_owned())
}

/// A header's text.
pub(super) fn words(raw: &[u8]) -> String {
    mime::words(&mime::unfold(raw), |bytes, label| charset::text(bytes, label).into_owned())
}

/// What a part's file is called.
fn file_name(headers: &[Header<'_>], kind: &Parameters) -> Option<String> {
    let disposition = Parameters::of(mime::value(headers, "content-disposition"));
    let (name, charset) = disposition.extended("filename").or_else(|| kind.extended("name"))?;
    let name = match charset {
        Some(charset) => charset::text(&name, Some(&charset)).into_owned(),
        None => words(&name),
    };
    Some(name)
        .filter(|name| !name.trim().is_empty())
        .or_else(|| (disposition.first == "attachment").then(|| "attachment".to_owned()))
}

/// A name as it may stand in a path.
pub(super) fn shown(name: &str) -> String {
    let name = name.trim().chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect::<String>();
    if name.is_empty() { "attachment".to_owned() } else { name }
}

/// A body without what its transfer encoding did to it (RFC 2045, section 6).
fn decoded<'a>(headers: &[Header<'_>], body: &'a [u8]) -> Cow<'a, [u8]> {
    let encoding =
        mime::value(headers, "content-transfer-encoding").map(<[u8]>::trim_ascii).unwrap_or_default();
    match encoding.to_ascii_lowercase().as_slice() {
        b"base64" if is_base64(body) => Cow::Owned(base64::decode(body)),
        b"quoted-printable" => Cow::Owned(mime::quoted_printable(body)),
        b"x-uuencode" | b"uuencode" | b"x-uue" => {
            let file = uuencode::find(&String::from_utf8_lossy(body)).map(|file| file.bytes);
            file.map_or(Cow::Borrowed(body), Cow::Owned)
        }
        _ => Cow::Borrowed(body),
    }
}

/// Whether a body is what its header says: some programs say so and write plain text.
fn is_base64(body: &[u8]) -> bool {
    let other = body.iter().filter(|&&b| !base64::is_six(b) && b != b'=' && !b.is_ascii_whitespace()).count();
    let blank = memchr::memchr_iter(b' ', body).count();
    (other + blank) * 10 <= body.len()
}
