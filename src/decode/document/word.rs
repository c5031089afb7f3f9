//! Word 6 to 2003 documents ([MS-DOC]): the pieces of the text, in their order, with the notes and boxes that follow it.
use super::codepage::of_language;
use super::flow::Flow;
use super::ole::{Compound, u16_at, u32_at};
use super::properties;
use super::running::{Story, Text};
use super::word_formats::{DELETED, IN_TABLE, ROW_END, Ranges};
use crate::decode::{Failure, Output, Unit};
use crate::model::coverage::Reason;
use encoding_rs::{Encoding, UTF_16LE, WINDOWS_1252};

/// The first version of the format that is described by [MS-DOC]: Word 97.
const WORD_97: u16 = 0x00C1;
/// Where the counts of characters stand in the header, story by story (2.5.4), and the fields of those.
const STORIES: [(usize, &str); 7] = [
    (0x4C, "body"),
    (0x50, "footnotes"),
    (0x54, "header"),
    (0x5C, "comments"),
    (0x60, "endnotes"),
    (0x64, "text boxes"),
    (0x68, "text boxes"),
];
/// Where the header tells the places of tables (2.5.6): of characters' formats, of paragraphs' formats, of pieces.
const CHARACTERS: usize = 0xFA;
const PARAGRAPHS: usize = 0x102;
const PIECES: usize = 0x1A2;

/// A run of text in the file.
struct Piece {
    /// How many characters it has.
    count: u32,
    /// Where it begins, in bytes.
    start: u32,
    /// How it is written.
    encoding: &'static Encoding,
}

/// Reads a document.
pub fn doc(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut file = Compound::open(bytes)?;
    let stream = file.stream("/WordDocument");
    let version = u16_at(&stream, 2).ok_or_else(|| Failure::malformed("has no header"))?;
    let flags = u16_at(&stream, 0x0A).unwrap_or(0);
    if flags & 0x0100 != 0 {
        return Err(Failure::Unread(Reason::Encrypted, "needs a password".into()));
    }
    let mut text = Text::new(Flow::new(output, Unit::Paragraph));
    let told = if version < WORD_97 {
        old(&stream, flags, &mut text);
        Ok(())
    } else {
        let table = file.stream(if flags & 0x0200 != 0 { "/1Table" } else { "/0Table" });
        new(&stream, &table, &mut text)
    };
    properties::tell(&mut file, &mut text.flow);
    text.end();
    if text.flow.goes_on() {
        file.give("/ObjectPool", text.flow.output());
    }
    told
}

/// A table that the header leads to.
fn table<'t>(stream: &[u8], table: &'t [u8], at: usize) -> &'t [u8] {
    let place = u32_at(stream, at).zip(u32_at(stream, at + 4));
    let range = place.map(|(start, length)| start as usize..(start as usize).saturating_add(length as usize));
    range.and_then(|range| table.get(range)).unwrap_or_default()
}

/// Word 97 to 2003.
fn new(stream: &[u8], tables: &[u8], text: &mut Text<'_>) -> Result<(), Failure> {
    let formats = |at, sprm| Ranges::of(stream, table(stream, tables, at), sprm);
    let mut marks = Marks {
        deleted: formats(CHARACTERS, DELETED),
        in_table: formats(PARAGRAPHS, IN_TABLE),
        row_end: formats(PARAGRAPHS, ROW_END),
        fields: Vec::new(),
        has_pictures: false,
    };
    let pieces = pieces(table(stream, tables, PIECES), None);
    if pieces.is_empty() {
        return Err(Failure::malformed("has no pieces of text"));
    }
    let mut pieces = pieces.into_iter();
    let (mut piece, mut passed) = (pieces.next(), 0_usize);
    for (at, field) in STORIES {
        let mut left = u32_at(stream, at).unwrap_or(0);
        if left > 0 {
            text.part(field);
            marks.fields.clear();
        }
        while left > 0
            && let Some(now) = &mut piece
        {
            let count = now.count.min(left);
            let width = if now.encoding == UTF_16LE { 2 } else { 1 };
            let length = count.saturating_mul(width);
            let run = now.start as usize..(now.start as usize).saturating_add(length as usize);
            let Some(run) = stream.get(run) else {
                return Err(Failure::malformed("a piece of text lies beyond the end"));
            };
            passed += run.len();
            if passed > stream.len() {
                return Err(Failure::malformed("its pieces of text overlap"));
            }
            marks.run(run, now.start, now.encoding, text);
            (now.count, now.start, left) =
                (now.count - count, now.start.saturating_add(length), left - count);
            if now.count == 0 {
                piece = pieces.next();
            }
            if !text.flow.goes_on() {
                return Ok(());
            }
        }
    }
    if marks.has_pictures {
        text.flow.output().unread("pictures", Reason::Image, "embedded in the text");
    }
    Ok(())
}

/// Word 6 and 95: bytes in the code page of the language, in pieces where the file was saved in haste.
fn old(stream: &[u8], flags: u16, text: &mut Text<'_>) {
    let encoding = of_language(u16_at(stream, 6).unwrap_or(0));
    let number = |at| u32_at(stream, at).unwrap_or(0);
    let is_complex = flags & 0x0004 != 0;
    let mut runs = if is_complex { pieces(table(stream, stream, 0x160), Some(encoding)) } else { Vec::new() };
    if runs.is_empty() {
        runs.push(Piece { count: number(0x1C).saturating_sub(number(0x18)), start: number(0x18), encoding });
    }
    let mut marks = Marks::default();
    text.part("body");
    let mut left = stream.len();
    for piece in runs {
        let start = (piece.start as usize).min(stream.len());
        let end = start.saturating_add(piece.count as usize).min(stream.len()).min(start + left);
        left -= end - start;
        marks.run(&stream[start..end], piece.start, encoding, text);
    }
}

/// The pieces of the text (2.8.35, 2.9.38); in old files they are all of one encoding.
fn pieces(mut clx: &[u8], old: Option<&'static Encoding>) -> Vec<Piece> {
    // Changes of formats come first.
    while clx.first() == Some(&1) {
        let length = usize::from(u16_at(clx, 1).unwrap_or(0));
        clx = clx.get(3 + length..).unwrap_or_default();
    }
    let Some(plc) = clx.get(5..).filter(|_| clx[0] == 2) else { return Vec::new() };
    let plc = &plc[..plc.len().min(u32_at(clx, 1).unwrap_or(0) as usize)];
    let count = plc.len().saturating_sub(4) / 12;
    let piece = |at: usize| {
        let (start, end) = (u32_at(plc, at * 4)?, u32_at(plc, at * 4 + 4)?);
        let place = u32_at(plc, (count + 1) * 4 + at * 8 + 2)?;
        let (start_at, encoding) = match old {
            Some(encoding) => (place, encoding),
            // One byte for a character, and the place is counted double (2.9.73).
            None if place & 0x4000_0000 != 0 => ((place & 0x3FFF_FFFF) / 2, WINDOWS_1252),
            None => (place & 0x3FFF_FFFF, UTF_16LE),
        };
        Some(Piece { count: end.checked_sub(start)?, start: start_at, encoding })
    };
    (0..count).filter_map(piece).collect()
}

/// What the marks in the text and its formats say.
#[derive(Default)]
struct Marks {
    deleted: Ranges,
    in_table: Ranges,
    row_end: Ranges,
    /// The fields that are open, and whether their codes are told or their results.
    fields: Vec<bool>,
    has_pictures: bool,
}

impl Marks {
    /// Tells a run of text that begins at a place in the file.
    fn run(&mut self, bytes: &[u8], start: u32, encoding: &'static Encoding, text: &mut Text<'_>) {
        if encoding != UTF_16LE && encoding != WINDOWS_1252 {
            // Characters of several bytes: these files have no places of formats that are read.
            let decoded = encoding.decode_without_bom_handling(bytes).0;
            decoded.chars().for_each(|c| self.character(c, 0, text));
            return;
        }
        let width = if encoding == UTF_16LE { 2 } else { 1 };
        let mut at = 0;
        while at < bytes.len() {
            let place = start.saturating_add(at as u32);
            let deleted = self.deleted.contains(place);
            // Up to the next mark, or where formats may change.
            let unit =
                |at: usize| if width == 2 { u16_at(bytes, at).unwrap_or(0) } else { u16::from(bytes[at]) };
            let mut end = at;
            while end < bytes.len()
                && unit(end) >= 0x20
                && self.deleted.contains(start.saturating_add(end as u32)) == deleted
            {
                end += width;
            }
            if end > at {
                let run = &bytes[at..end.min(bytes.len())];
                self.say(&encoding.decode_without_bom_handling(run).0, place, text);
                at = end;
            } else {
                self.character(char::from(unit(at) as u8), place, text);
                at += width;
            }
        }
    }

    fn say(&mut self, words: &str, place: u32, text: &mut Text<'_>) {
        if !text.in_paragraph() {
            text.in_table(self.in_table.contains(place));
        }
        let into = if self.deleted.contains(place) {
            Story::Beside("deleted")
        } else if self.fields.last() == Some(&true) {
            Story::Beside("field codes")
        } else {
            Story::Body
        };
        text.direct(Some(into), WINDOWS_1252, WINDOWS_1252);
        text.push(words);
        text.direct(Some(Story::Body), WINDOWS_1252, WINDOWS_1252);
    }

    /// A mark (2.4.1 and 2.8.25), or any other character.
    fn character(&mut self, c: char, place: u32, text: &mut Text<'_>) {
        match c {
            '\u{7}' if self.row_end.contains(place) => text.row(),
            '\u{7}' => text.cell(),
            '\r' | '\u{C}' | '\u{E}' => {
                if !text.in_paragraph() {
                    text.in_table(self.in_table.contains(place));
                }
                text.paragraph();
            }
            '\t' => self.say("\t", place, text),
            '\u{B}' => self.say("\n", place, text),
            '\u{13}' => self.fields.push(true),
            '\u{14}' => drop(self.fields.last_mut().map(|is_code| *is_code = false)),
            '\u{15}' => drop(self.fields.pop()),
            '\u{1E}' => self.say("-", place, text),
            // In the code of a field it stands for data of the field.
            '\u{1}' => self.has_pictures |= self.fields.last() != Some(&true),
            c if c < ' ' => {}
            c => self.say(c.encode_utf8(&mut [0; 4]), place, text),
        }
    }
}
