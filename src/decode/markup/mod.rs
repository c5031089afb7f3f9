//! XML and HTML, read token by token in windows. What is malformed goes on as text; nothing is expanded.
mod entity;
mod html;
mod table;
mod token;
mod value;
mod xml;

pub(super) use entity::reference;

use super::gather::{Fields, Gather, LONGEST};
use super::window::{WINDOW, Window};
use super::{Escapes, Layout, Sink};
use crate::model::MARGIN;
use html::Html;
use std::ops::Range;
use token::Token;
use xml::{Reading, Xml};

/// Bytes in which the kind of markup shows.
const HEAD: usize = 4096;

/// Reads a document window by window.
pub(super) struct Markup {
    fields: Fields,
    kind: Kind,
}

enum Kind {
    Xml(Xml),
    Html(Html),
}

impl Markup {
    /// For a document of XML.
    pub fn xml() -> Self {
        Markup { fields: Fields::default(), kind: Kind::Xml(Xml::default()) }
    }

    /// For a page of HTML.
    pub fn html() -> Self {
        Markup { fields: Fields::default(), kind: Kind::Html(Html::default()) }
    }

    /// Gives what the window holds to the sink; returns how far it came, and whether to go on.
    pub fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        let bytes = window.bytes;
        let mut gather = Gather::new(&mut self.fields, window, Escapes::Markup, sink);
        let mut reading = Reading { window: bytes, encoding: window.encoding, gather: &mut gather };
        let mut at = window.from;
        while at < bytes.len() && reading.gather.goes_on() {
            if let Kind::Html(Html { raw: Some(name), .. }) = &self.kind {
                let Some(next) = self.kind.raw(name, at, window, &mut reading) else { break };
                at = next;
                continue;
            }
            match token::next(bytes, at) {
                Some((token, next)) => {
                    self.kind.token(token, &mut reading);
                    at = next;
                }
                None if window.last => {
                    self.kind.token(Token::Text(at..bytes.len()), &mut reading);
                    at = bytes.len();
                }
                None if at == window.from && bytes.len() >= WINDOW => {
                    let end = bytes.len() - MARGIN;
                    self.kind.give(&mut reading);
                    let field = reading.gather.fields.number("text", "");
                    reading.gather.lines(field, at..end);
                    at = end;
                }
                None => break,
            }
        }
        if window.last {
            self.kind.give(&mut reading);
        }
        match &mut self.kind {
            Kind::Xml(Xml { value, .. }) | Kind::Html(Html { value, .. }) => {
                value.moved(at.saturating_sub(MARGIN))
            }
        }
        let go_on = gather.flush();
        (at, go_on)
    }
}

impl Kind {
    fn token(&mut self, token: Token, reading: &mut Reading<'_, '_>) {
        match (&mut *self, &token) {
            (Kind::Xml(xml), Token::Start(tag)) => xml.start(tag, reading),
            (Kind::Xml(xml), Token::End(name)) => xml.end(name, reading),
            (Kind::Html(html), Token::Start(tag)) => html.start(tag, reading),
            (Kind::Html(html), Token::End(name)) => html.end(name, reading),
            (_, Token::Aside(range)) => {
                let field = reading.gather.fields.number("comment", "");
                reading.gather.lines(field, range.clone());
            }
            (
                Kind::Xml(Xml { value, .. }) | Kind::Html(Html { value, .. }),
                Token::Text(range) | Token::Literal(range),
            ) => {
                if range.len() > LONGEST {
                    self.give(reading);
                    let field = reading.gather.fields.number("text", "");
                    return reading.gather.lines(field, range.clone());
                }
                if matches!(token, Token::Text(_)) {
                    value.text(reading.window, range.clone(), reading.encoding, reading.gather);
                } else {
                    value.literal(reading.window, range.clone(), reading.gather);
                }
                if value.is_long() {
                    self.give(reading);
                }
            }
        }
    }

    fn give(&mut self, reading: &mut Reading<'_, '_>) {
        match self {
            Kind::Xml(xml) => xml.give(reading.gather),
            Kind::Html(html) => html.give(reading),
        }
    }

    /// Goes over a script or a style sheet; of the former every line is given out.
    fn raw(
        &mut self,
        name: &str,
        at: usize,
        window: &Window<'_>,
        reading: &mut Reading<'_, '_>,
    ) -> Option<usize> {
        let Kind::Html(html) = self else { return None };
        let bytes = window.bytes;
        let is_end = |at: &usize| {
            let tag = &bytes[at + 1..];
            tag.get(1..=name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes()))
        };
        let mut ends = memchr::memmem::find_iter(&bytes[at..], b"</").map(|end| at + end);
        let end = ends.find(is_end);
        // Without its end, what is here up to the last whole line.
        let whole = || memchr::memrchr(b'\n', &bytes[at..]).map(|end| at + end + 1);
        let full = || (at == window.from && bytes.len() >= WINDOW).then_some(bytes.len() - MARGIN);
        let to = match end {
            Some(end) => end,
            None if window.last => bytes.len(),
            None => whole().filter(|to| to + name.len() + 2 < bytes.len()).or_else(full)?,
        };
        if end.is_some() {
            html.raw = None;
        }
        if name == "script" {
            html.lines(name, at..to, reading.gather);
        }
        Some(to)
    }
}

/// The kind of markup that a text is, if it is any.
pub(super) fn sniff(text: &[u8]) -> Option<Layout> {
    let text = text.trim_ascii_start();
    let head = &text[..text.len().min(HEAD)];
    let second = head.strip_prefix(b"<")?.first()?;
    let is_declared = head.starts_with(b"<?xml");
    if !is_declared && !second.is_ascii_alphabetic() && !matches!(second, b'!' | b'_' | 0x80..) {
        return None;
    }
    let lower = head.to_ascii_lowercase();
    let has = |mark: &str| memchr::memmem::find(&lower, mark.as_bytes()).is_some();
    let pages = ["<!doctype html", "<html", "<body", "<head>", "<table", "<div", "<script", "<p>", "<meta "];
    let is_page = if is_declared { has("<html") } else { pages.iter().any(|mark| has(mark)) };
    if is_page {
        return Some(Layout::Html);
    }
    if is_declared {
        return Some(Layout::Xml);
    }
    // `<mail@host>` and `<placeholder>` are no elements: nothing ends them.
    (opens_with_element(head) && is_well_begun(text)).then_some(Layout::Xml)
}

/// Whether an element comes before any text.
fn opens_with_element(text: &[u8]) -> bool {
    let mut at = 0;
    while let Some((token, next)) =
        text.get(at..).filter(|rest| !rest.is_empty()).and_then(|_| token::next(text, at))
    {
        match token {
            Token::Start(_) => return true,
            Token::Text(range) if !is_blank(text, range.clone()) => return false,
            _ => at = next,
        }
    }
    false
}

fn is_blank(text: &[u8], range: Range<usize>) -> bool {
    text[range].trim_ascii().is_empty()
}

/// Whether the first tokens are those of a document: some element ends.
fn is_well_begun(text: &[u8]) -> bool {
    let (mut at, mut starts, mut ends) = (0, 0, 0);
    for _ in 0..64 {
        let rest = text.get(at..).filter(|rest| !rest.is_empty());
        let Some((token, next)) = rest.and_then(|_| token::next(text, at)) else { break };
        match token {
            Token::Start(tag) => {
                starts += 1;
                ends += usize::from(tag.empty);
            }
            Token::End(_) => ends += 1,
            _ => {}
        }
        at = next;
    }
    ends > 0 && ends * 4 >= starts
}

#[cfg(test)]
mod tests;
