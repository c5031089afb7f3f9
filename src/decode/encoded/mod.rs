//! Values that an encoding hides inside running text and cells: `%31`, `&#49;`, `\u0031`, and Base64.
//!
//! What is found is decoded into cells of their own, beside the piece that it stands in; a value that can be read without decoding
//! is found there, and its place tells that it is the same.
pub(in crate::decode) mod base64;
mod blobs;
mod escapes;
mod plausible;

pub(in crate::decode) use plausible::unpacked_text;

use crate::model::{Batch, Cell, Cursor, Spot, TERMINATOR};
use std::ops::Range;

/// What was hidden in a piece, decoded to UTF-8.
#[derive(Default)]
pub struct Hidden {
    /// The decoded text of all cells.
    pub bytes: Vec<u8>,
    /// One for every stretch of text that something was hidden in.
    pub cells: Vec<Cell>,
    /// Files of a known format, and where in the piece they stand.
    pub files: Vec<(usize, Vec<u8>)>,
    spans: Vec<Span>,
}

/// A run of decoded text, and what it was decoded from.
struct Span {
    /// Where it begins in the decoded text.
    at: usize,
    /// Where it stands in the piece.
    outer: Range<usize>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// As it is.
    Literal,
    /// Escapes.
    Escapes,
    /// Base64.
    Blob,
}

/// Decodes what is hidden in the body of a batch; nothing where nothing is.
pub fn uncover(batch: &Batch<'_>, body: Range<usize>) -> Option<Hidden> {
    let mut hidden = Hidden::default();
    escapes::uncover(batch, body.clone(), &mut hidden);
    blobs::uncover(batch, body, &mut hidden);
    let any = !hidden.cells.is_empty() || !hidden.files.is_empty();
    any.then_some(hidden)
}

impl Hidden {
    /// Where in the piece the value stands that was found at these places of the decoded text; `None` where it was read
    /// before, as one of the values in `known`, which are in order.
    pub fn place(&self, found: Range<usize>, known: &[Range<usize>]) -> Option<Range<usize>> {
        let first = self.span(found.start)?;
        let last = self.span(found.end.saturating_sub(1))?;
        let start = match first.kind {
            Kind::Literal => (first.outer.start + found.start - first.at).min(first.outer.end),
            _ => first.outer.start,
        };
        let end = match last.kind {
            Kind::Literal => (last.outer.start + found.end - last.at).min(last.outer.end),
            _ => last.outer.end,
        };
        let next = known.partition_point(|range| range.end <= start);
        let is_known = first.kind != Kind::Blob && known.get(next).is_some_and(|range| range.start < end);
        (!is_known).then_some(start..end)
    }

    fn span(&self, at: usize) -> Option<&Span> {
        self.spans.get(self.spans.partition_point(|span| span.at <= at).checked_sub(1)?)
    }

    /// Adds decoded text to the cell at hand.
    fn push(&mut self, text: &[u8], outer: Range<usize>, kind: Kind) {
        self.spans.push(Span { at: self.bytes.len(), outer, kind });
        self.bytes.extend_from_slice(text);
    }

    /// Ends the cell at hand, which stands in a cell of the batch, or in running text.
    fn end_cell(&mut self, batch: &Batch<'_>, outer: usize) {
        let end = self.bytes.len();
        self.cells.push(match batch.spot_from(&mut Cursor::default(), outer) {
            Some(Spot { field, row, line, offset, .. }) => Cell { end, field, row, line, offset },
            None => Cell { end, field: 0, row: 0, line: 0, offset: 0 },
        });
        self.bytes.push(TERMINATOR);
    }
}

/// The part of the batch that byte `at` can belong to with its neighbours: its cell, or all of a running text.
fn around(batch: &Batch<'_>, at: usize) -> Range<usize> {
    match batch.spot_from(&mut Cursor::default(), at) {
        Some(spot) => spot.start..spot.end,
        None => 0..batch.bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Encoding;

    /// What is hidden in a text, stretch by stretch.
    fn texts(text: &str) -> Vec<String> {
        let batch = Batch::text(text.as_bytes(), Encoding::Utf8);
        let Some(hidden) = uncover(&batch, 0..text.len()) else { return Vec::new() };
        (0..hidden.cells.len())
            .map(|i| {
                let start = if i == 0 { 0 } else { hidden.cells[i - 1].end + 1 };
                String::from_utf8_lossy(&hidden.bytes[start..hidden.cells[i].end]).into_owned()
            })
            .collect()
    }

    #[test]
    fn escapes_are_decoded_with_what_stands_round_them() {
        assert_eq!(texts("a\nmobile=138%300138000 b\nc"), ["mobile=13800138000 b"]);
        assert_eq!(texts("%E6%89%8B%E6%9C%BA=1"), ["手机=1"]);
        assert_eq!(texts("%CA%D6%BB%FA=1"), ["手机=1"]);
        assert_eq!(texts("x &#49;&#x33;&#56; y"), ["x 138 y"]);
        assert_eq!(texts(r"x \u0031\u0033 \\u0038\ud83d\ude00"), ["x 13 8😀"]);
        assert_eq!(texts(r"\xE6\x89\x8B\x31"), ["手1"]);
        for plain in
            ["100% sure, %d of %s", "a&b &copy; R&D", r"C:\users\x \n \d", "%zz", "%00%01", r"\ud83d"]
        {
            assert!(texts(plain).is_empty(), "{plain}");
        }
    }

    #[test]
    fn base64_is_decoded_where_it_is_text() {
        let blob = "eyJuYW1lIjoi546L6IqzIiwibW9iaWxlIjoiMTM4MDAxMzgwMDAiLCJpYXQiOjF9";
        assert_eq!(
            texts(&format!("token {blob} end")),
            ["{\"name\":\"王芳\",\"mobile\":\"13800138000\",\"iat\":1}"]
        );
        let random = "q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8BI0VniavN7wEjRWeJq83v";
        for plain in [
            random,
            &"a".repeat(100),
            &"13800138000".repeat(10),
            &"/usr/local/share/x".repeat(8),
            &"0123456789abcdef".repeat(4),
        ] {
            assert!(texts(plain).is_empty(), "{plain}");
        }
    }

    #[test]
    fn places_lead_back() {
        let text = "x mobile=138%300138000 y";
        let batch = Batch::text(text.as_bytes(), Encoding::Utf8);
        let hidden = uncover(&batch, 0..text.len()).expect("something");
        let start = memchr::memmem::find(&hidden.bytes, b"13800138000").expect("there");
        let outer = hidden.place(start..start + 11, &[]).expect("new");
        assert_eq!(&text[outer], "138%300138000");
        let known = 9..12;
        assert_eq!(hidden.place(start..start + 11, std::slice::from_ref(&known)), None);
    }
}
