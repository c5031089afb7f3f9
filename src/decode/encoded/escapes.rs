//! Characters written as escapes: in URLs (RFC 3986, 2.1), in markup (HTML, 13.5), in source code and in JSON (RFC 8259, 7).
use super::{Hidden, Kind, around};
use crate::model::{Batch, Encoding};
use std::ops::Range;

/// How far before the first escape and behind the last one text is taken along, for its words.
const NEAR: usize = 192;
/// The longest stretch that is decoded as one.
const LONGEST: usize = 64 << 10;
/// Letters and digits that a stretch is not ended in the middle of.
const WORD: usize = 64;

/// Adds the stretches of text that hold escapes.
pub(super) fn uncover(batch: &Batch<'_>, body: Range<usize>, hidden: &mut Hidden) {
    let mut done = body.start;
    while let Some(found) = memchr::memchr3(b'%', b'&', b'\\', &batch.bytes[done..body.end]) {
        let at = done + found;
        done = match escape(&batch.bytes[at..]) {
            Some(_) => stretch(batch, at, done, hidden),
            // A run of backslashes is looked at once.
            None => at + batch.bytes[at..body.end].iter().take_while(|b| **b == b'\\').count().max(1),
        };
        if done >= body.end {
            break;
        }
    }
}

/// Decodes the stretch round the escape at `first`; what comes before `floor` was decoded already. Returns where it ends.
fn stretch(batch: &Batch<'_>, first: usize, floor: usize, hidden: &mut Hidden) -> usize {
    let bytes = batch.bytes;
    let limits = around(batch, first);
    let floor = limits.start.max(floor.min(first)).max(first.saturating_sub(NEAR));
    let start = memchr::memrchr(b'\n', &bytes[floor..first]).map_or(floor, |at| floor + at + 1);
    // A word cut in two might look like a value.
    let is_cut = start > limits.start && start > 0 && bytes[start - 1].is_ascii_alphanumeric();
    let word = bytes[start..first].iter().take_while(|b| is_cut && b.is_ascii_alphanumeric()).count();
    let start = start + word;
    let most = limits.end.min(start.saturating_add(LONGEST));
    let (mut at, mut literal, mut near) = (first, start, (first + NEAR).min(most));
    loop {
        let behind = &bytes[at..near];
        let Some(next) = memchr::memchr3(b'%', b'&', b'\\', behind) else { break };
        if memchr::memchr(b'\n', &behind[..next]).is_some() {
            break;
        }
        at += next;
        match escapes(&bytes[at..most]) {
            Some((text, length)) => {
                plain(batch, literal..at, hidden);
                hidden.push(text.as_bytes(), at..at + length, Kind::Escapes);
                at += length;
                literal = at;
                near = (at + NEAR).min(most).max(at);
            }
            None => at += 1,
        }
        if at >= near {
            break;
        }
    }
    let behind = at.max(literal);
    let mut end =
        memchr::memchr(b'\n', &bytes[behind..near.max(behind)]).map_or(near.max(behind), |n| behind + n);
    end += bytes[end..limits.end].iter().take(WORD).take_while(|b| b.is_ascii_alphanumeric()).count();
    plain(batch, literal..end, hidden);
    hidden.end_cell(batch, first);
    end.max(first + 1)
}

/// Adds text that holds no escapes.
fn plain(batch: &Batch<'_>, range: Range<usize>, hidden: &mut Hidden) {
    let bytes = &batch.bytes[range.clone()];
    if bytes.is_empty() {
    } else if batch.encoding == Encoding::Utf8 || bytes.is_ascii() {
        hidden.push(bytes, range, Kind::Literal);
    } else {
        // Runs of one kind, so that places in the ASCII ones are exact.
        let mut at = range.start;
        for run in bytes.chunk_by(|a, b| a.is_ascii() == b.is_ascii()) {
            let text = batch.encoding.decoder().decode_without_bom_handling(run).0;
            hidden.push(text.as_bytes(), at..at + run.len(), Kind::Literal);
            at += run.len();
        }
    }
}

/// What an escape stands for.
enum Escape {
    /// A byte of some encoding.
    Byte(u8),
    Char(char),
}

/// The text that the escapes at the start of `bytes` stand for, and their length.
fn escapes(bytes: &[u8]) -> Option<(String, usize)> {
    let (mut raw, mut at) = (Vec::new(), 0);
    while let Some((Escape::Byte(byte), length)) = escape(&bytes[at..]) {
        raw.push(byte);
        at += length;
    }
    if raw.is_empty() {
        let (escape, length) = escape(bytes)?;
        return if let Escape::Char(c) = escape { Some((c.to_string(), length)) } else { None };
    }
    let text = match String::from_utf8(raw) {
        Ok(text) => text,
        Err(broken) => {
            let raw = broken.as_bytes();
            let text = encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(raw);
            text.map_or_else(|| String::from_utf8_lossy(raw).into_owned(), |text| text.into_owned())
        }
    };
    Some((text, at))
}

/// The escape that `bytes` begin with, and its length.
fn escape(bytes: &[u8]) -> Option<(Escape, usize)> {
    match bytes.first()? {
        b'%' => Some((Escape::Byte(byte(bytes.get(1..3)?)?), 3)),
        b'&' => {
            let rest = bytes.strip_prefix(b"&#")?;
            let (digits, radix, before) = match rest.strip_prefix(b"x").or_else(|| rest.strip_prefix(b"X")) {
                Some(hex) => (hex, 16, 3),
                None => (rest, 10, 2),
            };
            let count = digits.iter().take(8).take_while(|b| char::from(**b).is_digit(radix)).count();
            let c = character(number(&digits[..count], radix)?)?;
            Some((Escape::Char(c), before + count + usize::from(digits.get(count) == Some(&b';'))))
        }
        b'\\' => {
            // Written twice where one text is quoted in another.
            let slashes = bytes.iter().take(8).take_while(|b| **b == b'\\').count();
            let rest = &bytes[slashes..];
            match rest.first()? {
                b'x' => Some((Escape::Byte(byte(rest.get(1..3)?)?), slashes + 3)),
                b'u' => {
                    let unit = number(rest.get(1..5)?, 16)?;
                    if (0xD800..0xDC00).contains(&unit) {
                        let low = rest[5..].iter().take_while(|b| **b == b'\\').count();
                        let second =
                            rest[5 + low..].strip_prefix(b"u").and_then(|next| number(next.get(..4)?, 16))?;
                        let pair = [unit as u16, second as u16];
                        let c = char::decode_utf16(pair).next()?.ok()?;
                        return Some((Escape::Char(c), slashes + 5 + low + 5));
                    }
                    Some((Escape::Char(character(unit)?), slashes + 5))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let all = !digits.is_empty() && digits.iter().all(|b| char::from(*b).is_digit(radix));
    all.then(|| u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok())?
}

/// A byte in two hexadecimal digits; none that text does not hold: `100%10` is no escape.
fn byte(digits: &[u8]) -> Option<u8> {
    let byte = number(digits, 16)? as u8;
    (byte >= 0x20 && byte != 0x7F || matches!(byte, b'\t' | b'\n' | b'\r')).then_some(byte)
}

fn character(code: u32) -> Option<char> {
    char::from_u32(code).filter(|c| !c.is_control() || c.is_whitespace())
}
