//! What markup is made of: tags with their attributes, comments, text (XML 1.0, 2.4 to 3.1; HTML, 13.1).
use std::ops::Range;

/// A part of the text. Ranges are places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Characters up to the next tag.
    Text(Range<usize>),
    /// The content of a CDATA section: characters that are no markup whatever they are.
    Literal(Range<usize>),
    /// The content of a comment, of a processing instruction, of a declaration.
    Aside(Range<usize>),
    /// A start tag.
    Start(Tag),
    /// The name in an end tag.
    End(Range<usize>),
}

/// A start tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    pub name: Range<usize>,
    /// Names and values; without their quotes, with their references.
    pub attributes: Vec<(Range<usize>, Range<usize>)>,
    /// It is the end tag, too.
    pub empty: bool,
}

/// Attributes of one tag that are read; no tag has so many.
const MOST_ATTRIBUTES: usize = 1024;

/// The token at `at`, and where the next begins; `None` where the text ends before the token does.
pub(super) fn next(text: &[u8], at: usize) -> Option<(Token, usize)> {
    let rest = &text[at..];
    if rest.first()? != &b'<' {
        let end = at + memchr::memchr(b'<', rest)?;
        return Some((Token::Text(at..end), end));
    }
    match rest.get(1)? {
        b'/' if rest.get(2).is_none_or(|b| is_start(*b)) => {
            let end = at + memchr::memchr(b'>', rest)?;
            let name = at + 2..name_end(text, at + 2);
            Some((Token::End(name), end + 1))
        }
        b'!' if rest.starts_with(b"<!--") => between(text, at + 4, b"-->", Token::Aside),
        b'!' if rest.starts_with(b"<![CDATA[") => between(text, at + 9, b"]]>", Token::Literal),
        b'!' if b"<!--".starts_with(rest) || b"<![CDATA[".starts_with(rest) => None,
        b'!' => declaration(text, at),
        b'?' => between(text, at + 2, b"?>", Token::Aside),
        b if is_start(*b) => start_tag(text, at + 1),
        // A sign of comparison.
        _ => {
            let end = memchr::memchr(b'<', &rest[1..])? + at + 1;
            Some((Token::Text(at..end), end))
        }
    }
}

fn between(text: &[u8], from: usize, end: &[u8], token: fn(Range<usize>) -> Token) -> Option<(Token, usize)> {
    let to = from + memchr::memmem::find(&text[from..], end)?;
    Some((token(from..to), to + end.len()))
}

/// `<!DOCTYPE …>`, which may hold declarations in brackets.
fn declaration(text: &[u8], at: usize) -> Option<(Token, usize)> {
    let rest = &text[at..];
    let end = rest.iter().position(|b| matches!(b, b'[' | b'>'))?;
    if rest[end] == b'>' {
        return Some((Token::Aside(at + 2..at + end), at + end + 1));
    }
    between(text, at + 2, b"]>", Token::Aside)
}

fn start_tag(text: &[u8], from: usize) -> Option<(Token, usize)> {
    let mut tag = Tag { name: from..name_end(text, from), ..Tag::default() };
    let mut at = tag.name.end;
    loop {
        at = behind_space(text, at);
        match *text.get(at)? {
            b'>' => return Some((Token::Start(tag), at + 1)),
            b'/' => {
                tag.empty = text.get(at + 1)? == &b'>';
                at += 1;
            }
            // A tag that is never closed.
            b'<' => return Some((Token::Start(tag), at)),
            _ => {
                let end = name_end(text, at).max(at + 1);
                let name = at..end;
                at = behind_space(text, end);
                let mut value = end..end;
                if text.get(at)? == &b'=' {
                    at = behind_space(text, at + 1);
                    let quote = *text.get(at)?;
                    value = if matches!(quote, b'"' | b'\'') {
                        at + 1..at + 1 + memchr::memchr(quote, text.get(at + 1..)?)?
                    } else {
                        let is_end = |b: &u8| b.is_ascii_whitespace() || *b == b'>';
                        at..at + text[at..].iter().position(is_end)?
                    };
                    at = value.end + usize::from(matches!(quote, b'"' | b'\''));
                }
                if tag.attributes.len() < MOST_ATTRIBUTES {
                    tag.attributes.push((name, value));
                }
            }
        }
    }
}

fn is_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_' || b == b':' || b >= 0x80
}

fn name_end(text: &[u8], from: usize) -> usize {
    let is_end = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'/' | b'=' | b'<' | b'"' | b'\'');
    text[from..].iter().position(is_end).map_or(text.len(), |length| from + length)
}

fn behind_space(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}
