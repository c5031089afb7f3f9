//! The shape of a message: headers with their parameters, and parts between boundaries (RFC 5322, RFC 2045 to 2047, RFC 2231).
use crate::decode::encoded::base64;
use std::borrow::Cow;
use std::ops::Range;

/// One header line with its continuation lines.
#[derive(Clone, Debug)]
pub(super) struct Header<'a> {
    pub name: &'a str,
    /// As it stands, folded.
    pub raw: &'a [u8],
    /// Where the value begins in the message.
    pub at: usize,
}

/// The headers at the start of `bytes`, which stand at `base` in the message; and where the body begins in `bytes`.
pub(super) fn headers(bytes: &[u8], base: usize) -> (Vec<Header<'_>>, usize) {
    let mut found: Vec<Header<'_>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
        let line = &bytes[at..end];
        if line.trim_ascii().is_empty() {
            return (found, end);
        }
        let folded = matches!(line[0], b' ' | b'\t');
        match (folded, found.last_mut(), name(line)) {
            (true, Some(last), _) => {
                let start = last.at - base;
                last.raw = &bytes[start..end];
            }
            (false, _, Some(name)) => {
                let value = at + name.len() + 1;
                found.push(Header { name: name.trim_end(), raw: &bytes[value..end], at: base + value });
            }
            // Something before the first header, or a line that is none: `From ` of an mbox, a lost fold.
            _ if at == 0 => {}
            _ => return (found, at),
        }
        at = end;
    }
    (found, bytes.len())
}

/// The name that a header line begins with (RFC 5322, 2.2; blanks before the colon are from of old).
pub(super) fn name(line: &[u8]) -> Option<&str> {
    let colon = memchr::memchr(b':', &line[..line.len().min(128)])?;
    let name = std::str::from_utf8(&line[..colon]).ok()?;
    let trimmed = name.trim_end();
    (!trimmed.is_empty() && trimmed.bytes().all(|b| b.is_ascii_graphic())).then_some(name)
}

/// The value of the first header of this name.
pub(super) fn value<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a [u8]> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.raw)
}

/// A value without line ends, in one line.
pub(super) fn unfold(raw: &[u8]) -> Cow<'_, [u8]> {
    let raw = raw.trim_ascii();
    if memchr::memchr2(b'\r', b'\n', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect())
}

/// What a header says first, and its parameters: `text/plain; charset=gbk`.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// In lower case.
    pub first: String,
    pairs: Vec<(String, Vec<u8>)>,
}

/// So many parameters are read of one header.
const MOST_PARAMETERS: usize = 256;

impl Parameters {
    pub fn of(raw: Option<&[u8]>) -> Self {
        let value = raw.map(unfold).unwrap_or_default();
        let mut parts = split(&value);
        let first = parts.next().unwrap_or_default();
        let first = String::from_utf8_lossy(first.trim_ascii()).to_ascii_lowercase();
        let pair = |part: &[u8]| {
            let equals = memchr::memchr(b'=', part)?;
            let key = String::from_utf8_lossy(part[..equals].trim_ascii()).to_ascii_lowercase();
            Some((key, unquote(part[equals + 1..].trim_ascii())))
        };
        Parameters { first, pairs: parts.take(MOST_PARAMETERS).filter_map(pair).collect() }
    }

    /// A parameter as it stands.
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_slice())
    }

    /// A parameter that may be written in parts and in a charset of its own (RFC 2231, sections 3 and 4), and the charset.
    pub fn extended(&self, key: &str) -> Option<(Vec<u8>, Option<String>)> {
        if let Some(value) = self.get(&format!("{key}*")) {
            let (charset, rest) = language(value);
            return Some((percent(rest), charset));
        }
        let (mut whole, mut charset) = (Vec::new(), None);
        for part in 0..MOST_PARAMETERS {
            if let Some(value) = self.get(&format!("{key}*{part}")) {
                whole.extend_from_slice(value);
            } else if let Some(value) = self.get(&format!("{key}*{part}*")) {
                let (named, rest) = if part == 0 { language(value) } else { (None, value) };
                charset = charset.or(named);
                whole.extend(percent(rest));
            } else {
                break;
            }
        }
        (!whole.is_empty()).then_some((whole, charset)).or_else(|| Some((self.get(key)?.to_vec(), None)))
    }
}

/// The parts between semicolons that do not stand in quotes.
fn split(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    value.split(move |&b| {
        let ends = b == b';' && !quoted;
        quoted ^= b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped && quoted;
        ends
    })
}

fn unquote(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"") else { return value.to_vec() };
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner.iter();
    while let Some(&b) = rest.next() {
        match b {
            b'"' => break,
            b'\\' => out.extend(rest.next()),
            _ => out.push(b),
        }
    }
    out
}

/// `gbk'zh'…`.
fn language(value: &[u8]) -> (Option<String>, &[u8]) {
    let mut parts = value.splitn(3, |&b| b == b'\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_), Some(rest)) => (Some(String::from_utf8_lossy(charset).into_owned()), rest),
        _ => (None, value),
    }
}

fn hex(digits: Option<&[u8]>) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits?).ok()?, 16).ok()
}

/// The bytes of text in which `mark` and two hexadecimal digits stand for one.
fn marked(text: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match hex(text.get(at + 1..at + 3)).filter(|_| text[at] == mark) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

fn percent(text: &[u8]) -> Vec<u8> {
    marked(text, b'%')
}

/// Quoted-printable (RFC 2045, 6.7). What is no escape stands as it is.
pub(in crate::decode) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&b| b == b'\n') {
        let trimmed = line.trim_ascii_end();
        match trimmed.strip_suffix(b"=") {
            Some(soft) if line.len() > trimmed.len() => joined.extend_from_slice(soft),
            _ => joined.extend_from_slice(line),
        }
    }
    if memchr::memchr(b'=', &joined).is_none() { joined } else { marked(&joined, b'=') }
}

/// The text of a header with its encoded words read (RFC 2047); `decode` reads bytes in a charset.
pub(super) fn words(value: &[u8], decode: impl Fn(&[u8], Option<&str>) -> String) -> String {
    let mut out = String::new();
    let mut rest = value;
    // A character may be split between two words of the same charset, although it must not be.
    let mut pending: Option<(String, Vec<u8>)> = None;
    while let Some(start) = memchr::memmem::find(rest, b"=?") {
        let Some((charset, bytes, end)) = word(&rest[start..]) else {
            out.extend(pending.take().map(|(charset, bytes)| decode(&bytes, Some(&charset))));
            out.push_str(&decode(&rest[..start + 2], None));
            rest = &rest[start + 2..];
            continue;
        };
        let between = &rest[..start];
        match &mut pending {
            Some((same, before))
                if between.trim_ascii().is_empty() && same.eq_ignore_ascii_case(&charset) =>
            {
                before.extend(bytes);
            }
            _ => {
                let was = pending.replace((charset, bytes));
                let joined = was.is_some() && between.trim_ascii().is_empty();
                out.extend(was.map(|(charset, bytes)| decode(&bytes, Some(&charset))));
                if !joined {
                    out.push_str(&decode(between, None));
                }
            }
        }
        rest = &rest[start + end..];
    }
    out.extend(pending.map(|(charset, bytes)| decode(&bytes, Some(&charset))));
    out.push_str(&decode(rest, None));
    out
}

/// The charset and the bytes of the encoded word that `text` begins with, and where it ends.
fn word(text: &[u8]) -> Option<(String, Vec<u8>, usize)> {
    let charset_end = 2 + memchr::memchr(b'?', text.get(2..text.len().min(64))?)?;
    let charset = std::str::from_utf8(&text[2..charset_end]).ok()?.split('*').next()?.to_owned();
    let (kind, from) = (*text.get(charset_end + 1)?, charset_end + 3);
    (text.get(charset_end + 2) == Some(&b'?')).then_some(())?;
    let end = from + memchr::memmem::find(text.get(from..)?, b"?=")?;
    let written = &text[from..end];
    let bytes = match kind {
        b'B' | b'b' => base64::decode(written),
        b'Q' | b'q' => {
            let spaced: Vec<u8> = written.iter().map(|&b| if b == b'_' { b' ' } else { b }).collect();
            marked(&spaced, b'=')
        }
        _ => return None,
    };
    Some((charset, bytes, end + 2))
}

/// The parts between the lines that begin with `--boundary`, what stands before the first, and what behind the last (RFC 2046,
/// 5.1.1). Nothing where there is no such line.
pub(super) fn parts(body: &[u8], boundary: &[u8]) -> Option<Vec<Range<usize>>> {
    let mark = [b"--", boundary].concat();
    let mut found = Vec::new();
    let mut from = 0;
    let mut any = false;
    for at in memchr::memmem::find_iter(body, &mark) {
        let is_line = at == 0 || body[at - 1] == b'\n';
        let behind = &body[at + mark.len()..];
        let line = memchr::memchr(b'\n', behind).unwrap_or(behind.len());
        let closes = behind.starts_with(b"--");
        // `--outer` begins `--outer-inner` too.
        let whole = behind[..line].strip_prefix(b"--").unwrap_or(&behind[..line]).trim_ascii().is_empty();
        if !is_line || !whole || at < from {
            continue;
        }
        // The line end before a boundary belongs to it.
        let end = at - usize::from(at > from && body[at - 1] == b'\n');
        let end = end - usize::from(end > from && body[end - 1] == b'\r');
        found.push(from..end);
        from = (at + mark.len() + line + 1).min(body.len());
        any = true;
        if closes {
            break;
        }
    }
    found.push(from..body.len());
    any.then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], charset: Option<&str>) -> String {
        let encoding = charset.and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()));
        encoding.unwrap_or(encoding_rs::UTF_8).decode(bytes).0.into_owned()
    }

    #[test]
    fn encoded_words_are_read_and_joined() {
        assert_eq!(
            words(b"=?gb2312?B?ytbX?= =?gb2312?B?+w==?= x", shown),
            "手\u{4f5c} x".replace('\u{4f5c}', &shown(&base64::decode(b"1/s="), Some("gbk")))
        );
        assert_eq!(words(b"a =?utf-8?Q?=E6=89=8B_1?= b", shown), "a 手 1 b");
        assert_eq!(words(b"=?utf-8?X?a?= =?", shown), "=?utf-8?X?a?= =?");
    }

    #[test]
    fn names_in_parts_are_joined() {
        let header = b"attachment; filename*0*=gbk'zh'%CA%D6; filename*1=\"a;b\"; x";
        let (name, charset) = Parameters::of(Some(header)).extended("filename").expect("a name");
        assert_eq!((shown(&name, charset.as_deref()).as_str(), charset.as_deref()), ("手a;b", Some("gbk")));
    }

    #[test]
    fn parts_lie_between_boundaries() {
        let body = b"pre\r\n--b\r\none\r\n--bb\r\n--b\r\ntwo\r\n--b--\r\npost";
        let parts = parts(body, b"b").expect("parts");
        let texts: Vec<_> =
            parts.iter().map(|part| std::str::from_utf8(&body[part.clone()]).expect("text")).collect();
        assert_eq!(texts, ["pre", "one\r\n--bb", "two", "post"]);
        assert!(super::parts(b"no such line", b"b").is_none());
    }

    #[test]
    fn quoted_printable_is_joined() {
        assert_eq!(quoted_printable(b"138=\r\n00=31=3"), b"138001=3");
    }
}
