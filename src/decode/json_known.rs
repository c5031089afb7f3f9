//! What stands between the values of documents that were read before: most lines of a file hold the same keys in the same
//! order, and need no more than a comparison.
use super::json_walk::{Open, scalar_end};
use std::collections::HashMap;

/// States and ways that are remembered, and the longest text of one.
const MOST_STATES: usize = 1024;
const MOST_WAYS: usize = 16;
const LONGEST: usize = 512;
/// Documents that may be unlike all before, until it is time to ask whether most are.
const PATIENCE: u32 = 1000;

/// From a value to the next: the text between, as it was seen.
struct Way {
    text: Box<[u8]>,
    /// The field of the value behind it, and the state there; none at the end of the document.
    to: Option<(u32, usize)>,
}

/// An automaton over what stands between values. A state is what is open: two values in the same place of two documents are
/// one state.
pub(super) struct Known {
    states: Vec<Vec<Way>>,
    numbers: HashMap<String, usize>,
    /// Documents that were known, and that were not.
    hits: u32,
    misses: u32,
}

/// A value as it stands in a document.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub start: usize,
    pub end: usize,
    pub field: u32,
    /// Whether it is a string with escapes.
    pub escaped: bool,
}

impl Known {
    pub fn new() -> Self {
        Known { states: vec![Vec::new()], numbers: HashMap::new(), hits: 0, misses: 0 }
    }

    /// Whether looking for what is known, and learning, is worth it.
    pub fn is_of_use(&self) -> bool {
        self.misses < PATIENCE || self.hits > self.misses
    }

    /// Reads a document, token by token; false when it is not like one read before. What was given out until then does not
    /// count.
    pub fn read(&mut self, document: &[u8], mut each: impl FnMut(Token)) -> bool {
        let (mut at, mut state) = (0, 0);
        while let Some((behind, to)) = self.step(state, document, at) {
            let Some((field, next)) = to else {
                self.hits = self.hits.saturating_add(1);
                return true;
            };
            let Some((end, escaped)) = value_end(document, behind) else { break };
            each(Token { start: behind, end, field, escaped });
            (at, state) = (end, next);
        }
        self.misses = self.misses.saturating_add(1);
        false
    }

    /// The way that the document goes from `at` on: where it leads to there, and in the automaton.
    #[inline]
    fn step(&mut self, state: usize, document: &[u8], at: usize) -> Option<(usize, Option<(u32, usize)>)> {
        let rest = &document[at..];
        let ways = &mut self.states[state];
        for i in 0..ways.len() {
            let Way { text, to } = &ways[i];
            if !rest.starts_with(text) {
                continue;
            }
            let next = rest.get(text.len());
            let goes = match to {
                None => next.is_none(),
                // What opens here, or a space, belongs to the text of another way.
                Some(_) => next.is_some_and(|b| matches!(b, b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')),
            };
            if goes {
                let found = (at + text.len(), *to);
                if i > 0 {
                    ways.swap(i, i - 1);
                }
                return Some(found);
            }
        }
        None
    }

    /// The state at a value: what is open there, and under which path.
    pub fn state(&mut self, path: &str, open: &[Open]) -> Option<usize> {
        use std::fmt::Write;
        let mut key = path.to_owned();
        for Open { is_object, outside, inside } in open {
            // Writing to a string cannot fail.
            let _ = write!(key, "\n{is_object} {outside} {inside}");
        }
        if let Some(&number) = self.numbers.get(&key) {
            return Some(number);
        }
        if self.states.len() >= MOST_STATES {
            return None;
        }
        self.states.push(Vec::new());
        self.numbers.insert(key, self.states.len() - 1);
        Some(self.states.len() - 1)
    }

    /// Learns the ways of a document from its values and their states.
    pub fn learn(&mut self, document: &[u8], values: &[(Token, usize)]) {
        let (mut at, mut state) = (0, 0);
        for &(Token { start, end, field, .. }, next) in values {
            self.way(state, &document[at..start], Some((field, next)));
            (at, state) = (end, next);
        }
        self.way(state, &document[at..], None);
    }

    fn way(&mut self, state: usize, text: &[u8], to: Option<(u32, usize)>) {
        let ways = &mut self.states[state];
        let is_known = ways.iter().any(|way| way.to == to && *way.text == *text);
        if !is_known && ways.len() < MOST_WAYS && text.len() <= LONGEST {
            ways.push(Way { text: text.into(), to });
        }
    }
}

/// Behind the value at `at`, and whether it is a string with escapes.
#[inline]
fn value_end(document: &[u8], at: usize) -> Option<(usize, bool)> {
    if document[at] != b'"' {
        return scalar_end(document, at).map(|end| (end, false));
    }
    let mut end = at + 1;
    let mut escaped = false;
    loop {
        let (byte, found) = quote_or_escape(document, end)?;
        if byte == b'"' {
            return Some((found + 1, escaped));
        }
        escaped = true;
        end = found + 2;
    }
}

/// The first quote or backslash from `at` on, and where it is.
#[inline]
pub(super) fn quote_or_escape(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const QUOTES: u64 = LOW * b'"' as u64;
    const ESCAPES: u64 = LOW * b'\\' as u64;
    // Eight at a time, for most strings are short, and a search has its price.
    while let Some(eight) = bytes.get(at..)?.first_chunk::<8>() {
        let eight = u64::from_le_bytes(*eight);
        // The lowest zero byte is found exactly; those above it may be wrong.
        let zeros = |x: u64| x.wrapping_sub(LOW) & !x & HIGH;
        let found = zeros(eight ^ QUOTES) | zeros(eight ^ ESCAPES);
        if found != 0 {
            let at = at + found.trailing_zeros() as usize / 8;
            return Some((bytes[at], at));
        }
        at += 8;
    }
    let rest = bytes[at..].iter().position(|b| matches!(b, b'"' | b'\\'))?;
    Some((bytes[at + rest], at + rest))
}
