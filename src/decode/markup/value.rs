//! The characters of one value, which may be written in several parts.
use super::entity;
use crate::decode::gather::{Gather, LONGEST, Spot};
use crate::model::Encoding;
use std::ops::Range;

/// A value as far as it was read.
#[derive(Default)]
pub(super) struct Value {
    bytes: Vec<u8>,
    /// Where it begins.
    spot: Spot,
}

impl Value {
    /// Adds text with its references resolved; leading blanks are no part of a value.
    pub fn text(&mut self, window: &[u8], range: Range<usize>, encoding: Encoding, gather: &mut Gather<'_>) {
        if self.begin(window, &range, gather) {
            let start = if self.bytes.is_empty() { self.spot.at } else { range.start };
            entity::decode(&mut self.bytes, &window[start..range.end], encoding);
        }
    }

    /// Adds text as it stands.
    pub fn literal(&mut self, window: &[u8], range: Range<usize>, gather: &mut Gather<'_>) {
        if self.begin(window, &range, gather) {
            let start = if self.bytes.is_empty() { self.spot.at } else { range.start };
            self.bytes.extend_from_slice(&window[start..range.end]);
        }
    }

    /// Notes where the value begins; false where it does not begin yet.
    fn begin(&mut self, window: &[u8], range: &Range<usize>, gather: &mut Gather<'_>) -> bool {
        if !self.bytes.is_empty() {
            return true;
        }
        let blank = window[range.clone()].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let at = range.start + blank;
        if at < range.end {
            self.spot = Spot { at, line: gather.line(at), ..Spot::default() };
        }
        at < range.end
    }

    /// What the value says; its blanks at the end are no part of it.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.trim_ascii_end()
    }

    /// Whether it is too long to be gathered further.
    pub fn is_long(&self) -> bool {
        self.bytes.len() > LONGEST
    }

    /// Hands the value on under a field, with a label before it where there is one.
    pub fn give(&mut self, spot: Spot, label: &[u8], gather: &mut Gather<'_>) {
        let value = self.bytes.trim_ascii_end();
        let Spot { field, row, .. } = spot;
        if label.is_empty() {
            gather.push(Spot { field, row, ..self.spot }, value);
        } else {
            // The label is not where the value is: the cell begins so far before the value as the label is long.
            let at = self.spot.at.saturating_sub(label.len() + 1);
            gather.push(Spot { field, row, at, ..self.spot }, &[label, b" ", value].concat());
        }
        self.clear();
    }

    /// The same line by line.
    pub fn give_lines(&mut self, field: u32, gather: &mut Gather<'_>) {
        let mut at = self.spot.at;
        for (line, text) in (self.spot.line..).zip(self.bytes.split(|&b| b == b'\n')) {
            if !text.trim_ascii().is_empty() {
                gather.push(Spot { field, row: 0, line, at }, text);
            }
            at += text.len() + 1;
        }
        self.clear();
    }

    /// Turns ends of lines into blanks, which they are where a browser shows them.
    pub fn flatten(&mut self) {
        self.bytes.iter_mut().filter(|b| matches!(b, b'\n' | b'\r' | b'\t')).for_each(|b| *b = b' ');
    }

    /// Resolves the percent signs of an address (RFC 3986, 2.1).
    pub fn unquote(&mut self) {
        if memchr::memchr(b'%', &self.bytes).is_none() {
            return;
        }
        let (mut plain, mut at) = (Vec::with_capacity(self.bytes.len()), 0);
        while let Some(&b) = self.bytes.get(at) {
            let code = self.bytes.get(at + 1..at + 3).filter(|_| b == b'%');
            let code = code.and_then(|code| std::str::from_utf8(code).ok());
            match code.and_then(|code| u8::from_str_radix(code, 16).ok()).filter(|code| *code > 0) {
                Some(code) => {
                    plain.push(code);
                    at += 3;
                }
                None => {
                    plain.push(b);
                    at += 1;
                }
            }
        }
        self.bytes = plain;
    }

    /// Forgets the value.
    pub fn clear(&mut self) {
        self.bytes.clear();
        // One that was very long does not hold its memory.
        if self.bytes.capacity() > LONGEST {
            self.bytes = Vec::new();
        }
    }

    /// The next window begins: places in this one are no more.
    pub fn moved(&mut self, by: usize) {
        self.spot.at = self.spot.at.saturating_sub(by);
    }
}
