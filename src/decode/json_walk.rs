//! Walks a JSON document once, from token to token, and builds nothing (RFC 8259).
//!
//! Values are wanted as they stand: a card number of 19 digits is no f64. serde_json gives raw values too, but reads
//! every level of a document once more to do so.

use super::json_known::quote_or_escape;

/// Deeper values have the path of this level.
const DEEPEST: usize = 32;

/// Takes what a document is made of. Tokens are parts of the document: strings with their quotes and escapes, numbers
/// and words as they stand.
pub(super) trait Visitor {
    /// A value that is no object and no array, and what it lies in.
    fn value(&mut self, token: &str, open: &[Open]);
    /// The key of the member that follows.
    fn key(&mut self, token: &str);
    /// The elements of an array follow.
    fn elements(&mut self);
    /// How long the path is.
    fn depth(&self) -> usize;
    /// The path is to be as long again as it was.
    fn back_to(&mut self, depth: usize);
}

/// One open object or array.
pub(super) struct Open {
    pub is_object: bool,
    /// The path's length outside of it, and that of its members.
    pub outside: usize,
    pub inside: usize,
}

/// Walks `text`; `None` where it is no document, or more than one. What was visited until then was visited.
pub(super) fn walk(text: &str, visitor: &mut impl Visitor) -> Option<()> {
    let bytes = text.as_bytes();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    loop {
        at = value(text, at, &mut open, visitor)?;
        // Behind a value: the next member, or the end of what is open.
        loop {
            at = behind_space(bytes, at);
            let Some(innermost) = open.last() else {
                return (at == bytes.len()).then_some(());
            };
            visitor.back_to(innermost.inside);
            match (bytes.get(at)?, innermost.is_object) {
                (b',', true) => {
                    let deep = open.len() > DEEPEST;
                    at = key(text, behind_space(bytes, at + 1), deep, visitor)?;
                    break;
                }
                (b',', false) => {
                    at += 1;
                    break;
                }
                (b'}', true) | (b']', false) => {
                    visitor.back_to(innermost.outside);
                    open.pop();
                    at += 1;
                }
                _ => return None,
            }
        }
    }
}

/// Reads the value at `at`, or the beginning of it up to its first simple value or its end.
fn value(text: &str, at: usize, open: &mut Vec<Open>, visitor: &mut impl Visitor) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = behind_space(bytes, at);
    loop {
        let outside = visitor.depth();
        let deep = open.len() >= DEEPEST;
        match *bytes.get(at)? {
            b'{' => {
                at = behind_space(bytes, at + 1);
                if bytes.get(at) == Some(&b'}') {
                    return Some(at + 1);
                }
                open.push(Open { is_object: true, outside, inside: outside });
                at = behind_space(bytes, key(text, at, deep, visitor)?);
            }
            b'[' => {
                at = behind_space(bytes, at + 1);
                if bytes.get(at) == Some(&b']') {
                    return Some(at + 1);
                }
                if !deep {
                    visitor.elements();
                }
                open.push(Open { is_object: false, outside, inside: visitor.depth() });
            }
            b'"' => {
                let end = string_end(bytes, at)?;
                visitor.value(&text[at..end], open);
                return Some(end);
            }
            _ => {
                let end = scalar_end(bytes, at)?;
                visitor.value(&text[at..end], open);
                return Some(end);
            }
        }
    }
}

/// Behind the number or word at `at`.
pub(super) fn scalar_end(bytes: &[u8], at: usize) -> Option<usize> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"+-.".contains(b);
    let end = at + bytes[at..].iter().take_while(|b| is_part(b)).count();
    let token = &bytes[at..end];
    let is_word = || matches!(token, b"true" | b"false" | b"null");
    let is_number = token.first().is_some_and(|b| b.is_ascii_digit() || *b == b'-')
        && token.iter().all(|b| b.is_ascii_digit() || b"+-.eE".contains(b));
    (is_number || is_word()).then_some(end)
}

/// Reads a key and the colon behind it.
fn key(text: &str, at: usize, deep: bool, visitor: &mut impl Visitor) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let end = string_end(bytes, at)?;
    if !deep {
        visitor.key(&text[at..end]);
    }
    let colon = behind_space(bytes, end);
    (bytes.get(colon) == Some(&b':')).then_some(colon + 1)
}

/// Behind the closing quote of the string that opens at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    loop {
        let (byte, found) = quote_or_escape(bytes, end)?;
        if byte == b'"' {
            return Some(found + 1);
        }
        end = found + 2;
    }
}

fn behind_space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Writes the path and value of everything visited.
    #[derive(Default)]
    struct Listing {
        path: String,
        lines: Vec<String>,
    }

    impl Visitor for Listing {
        fn value(&mut self, token: &str, _: &[Open]) {
            self.lines.push(format!("{} {token}", self.path));
        }
        fn key(&mut self, token: &str) {
            self.path += ".";
            self.path += token.trim_matches('"');
        }
        fn elements(&mut self) {
            self.path += "[]";
        }
        fn depth(&self) -> usize {
            self.path.len()
        }
        fn back_to(&mut self, depth: usize) {
            self.path.truncate(depth);
        }
    }

    fn list(text: &str) -> Option<Vec<String>> {
        let mut listing = Listing::default();
        walk(text, &mut listing)?;
        Some(listing.lines)
    }

    #[test]
    fn every_value_has_its_path() {
        let text = r#" {"a": {"b": [1, {"c": "x\"y"}, [], [true]], "d": {}}, "e": null} "#;
        let expected = [".a.b[] 1", r#".a.b[].c "x\"y""#, ".a.b[][] true", ".e null"];
        assert_eq!(list(text), Some(expected.map(str::to_owned).to_vec()));
        assert_eq!(list("6222020000000000079"), Some(vec![" 6222020000000000079".into()]));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for text in [
            "",
            "{",
            "[1",
            "{\"a\" 1}",
            "[1,]",
            "{,}",
            "[1] 2",
            "{a: 1}",
            "\"open",
            "tru",
            "[1}",
            "{\"a\":1]",
            "INFO x",
        ] {
            assert_eq!(list(text), None, "{text}");
        }
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(list(&deep).map(|lines| lines.len()), Some(1));
    }

    fn document() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,40}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                prop::collection::vec((".{0,12}", inner), 0..6)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn leaves(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Array(all) => all.iter().map(leaves).sum(),
            serde_json::Value::Object(all) => all.values().map(leaves).sum(),
            _ => 1,
        }
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read(value in document(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.expect("JSON");
            prop_assert_eq!(list(&text).map(|lines| lines.len()), Some(leaves(&value)), "{}", text);
        }

        #[test]
        fn nothing_makes_it_panic(text in ".{0,60}|[\\[\\]{}:,\" 0-9a\\\\]{0,40}") {
            let _ = list(&text);
        }
    }
}
