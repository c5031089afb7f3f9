//! Rich Text Format (Microsoft, Word 2007 RTF specification 1.9.1): text in groups, control words, and double-byte characters
//! that are written as two escapes, in the code page of the document or of the font at hand.
use super::codepage::{of_charset, of_number};
use super::flow::{Flow, Numbering};
use super::rtf_reader::{Item, Reader};
use super::running::{NAME, NAMED, Story, Text};
use crate::decode::{Failure, Output, Unit};
use crate::model::coverage::Reason;
use std::collections::HashMap;
use std::io::Read;

/// Groups within groups.
const DEPTH: usize = 4096;
/// Fonts that are remembered.
const FONTS: usize = 65_536;

/// What becomes of the text of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Destination {
    Text,
    Skipped,
    /// Holds values, and nothing beside.
    Values,
    Fonts,
    /// What stands in the document and is no part of its text.
    Beside(&'static str),
    /// A value by itself: a property.
    Value(&'static str),
}

#[derive(Clone, Copy)]
struct Group {
    destination: Destination,
    /// How many characters after `\u` are its substitute.
    substitute: usize,
    font: i64,
    is_deleted: bool,
    /// Whether it has a story of its own.
    is_story: bool,
}

/// Destinations that hold no text of the document, though they are not marked as ones to be ignored.
const SKIPPED: [&str; 20] = [
    "colortbl",
    "stylesheet",
    "pict",
    "nonshppict",
    "listtext",
    "pntext",
    "sn",
    "sv",
    "shprslt",
    "nonesttables",
    "xe",
    "tc",
    "revtbl",
    "filetbl",
    "fontemb",
    "fontfile",
    "listtable",
    "rsidtbl",
    "themedata",
    "ftnsep",
];
/// Destinations with a story of their own, and its field.
const STORIES: [(&str, &str); 11] = [
    ("header", "header"),
    ("headerl", "header"),
    ("headerr", "header"),
    ("headerf", "header"),
    ("footer", "footer"),
    ("footerl", "footer"),
    ("footerr", "footer"),
    ("footerf", "footer"),
    ("footnote", "footnotes"),
    ("annotation", "comments"),
    ("shptxt", "text boxes"),
];
/// Destinations whose text is a value.
const VALUES: [(&str, &str); 17] = [
    ("title", "properties!title"),
    ("subject", "properties!subject"),
    ("author", "properties!author"),
    ("manager", "properties!manager"),
    ("company", "properties!company"),
    ("operator", "properties!operator"),
    ("category", "properties!category"),
    ("keywords", "properties!keywords"),
    ("comment", "properties!comment"),
    ("doccomm", "properties!comment"),
    ("hlinkbase", "links"),
    ("propname", NAME),
    ("staticval", NAMED),
    ("ffdeftext", "form fields"),
    ("ffl", "form fields"),
    ("ffhelptext", "form fields"),
    ("ffstattext", "form fields"),
];
/// Destinations that are marked as ones to be ignored, and hold text all the same.
const MARKED: [&str; 8] =
    ["shpinst", "annotation", "fldinst", "staticval", "userprops", "ffdeftext", "formfield", "shptxt"];

/// Reads a document.
pub fn rtf(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let mut flow = Flow::new(output, Unit::Paragraph);
    flow.part("body", Numbering::Counted);
    let mut decoder = Rtf {
        text: Text::new(flow),
        groups: Vec::new(),
        fonts: HashMap::new(),
        page: encoding_rs::WINDOWS_1252,
        font: 0,
        pass: 0,
        is_marked: false,
        objects: [0; 2],
    };
    let mut reader = Reader::new(reader);
    while let Some(item) = reader.next()? {
        decoder.item(item)?;
        if !decoder.text.flow.goes_on() {
            return Ok(());
        }
        if decoder.groups.is_empty() {
            break;
        }
    }
    let is_cut = !decoder.groups.is_empty();
    decoder.text.end();
    if is_cut { Err(Failure::malformed("ends in the middle")) } else { Ok(()) }
}

struct Rtf<'o> {
    text: Text<'o>,
    groups: Vec<Group>,
    fonts: HashMap<i64, &'static encoding_rs::Encoding>,
    /// The code page of the document.
    page: &'static encoding_rs::Encoding,
    /// The font that is being described.
    font: i64,
    /// Characters that are passed over as substitutes.
    pass: usize,
    /// Whether the next word is a destination that may be ignored.
    is_marked: bool,
    /// Embedded objects and pictures met.
    objects: [u64; 2],
}

impl Rtf<'_> {
    fn item(&mut self, item: Item) -> Result<(), Failure> {
        match item {
            Item::Open => {
                self.pass = 0;
                self.text.settle();
                let outer = self.groups.last().copied().unwrap_or(Group {
                    destination: Destination::Text,
                    substitute: 1,
                    font: -1,
                    is_deleted: false,
                    is_story: false,
                });
                if self.groups.len() >= DEPTH {
                    return Err(Failure::Unread(Reason::Limit, "nested too deep".into()));
                }
                self.groups.push(Group { is_story: false, ..outer });
            }
            Item::Close => self.close(),
            Item::Byte(byte) => self.byte(byte),
            Item::Symbol(symbol) => self.symbol(symbol),
            Item::Word(word, number) => self.word(&word, number),
        }
        Ok(())
    }

    fn close(&mut self) {
        self.pass = 0;
        self.text.settle();
        let Some(group) = self.groups.pop() else { return };
        let outer = self.groups.last().map_or(Destination::Skipped, |outer| outer.destination);
        if let Destination::Value(field) = group.destination
            && outer != group.destination
        {
            self.text.value(field);
        }
        if group.is_story {
            self.text.close();
        }
        self.choose();
    }

    /// Tells the text in what encoding and where it goes from here on.
    fn choose(&mut self) {
        let Some(group) = self.groups.last() else { return };
        let own = self.fonts.get(&group.font).copied();
        let into = match group.destination {
            Destination::Text if group.is_deleted => Some(Story::Beside("deleted")),
            Destination::Text => Some(Story::Body),
            Destination::Beside(field) => Some(Story::Beside(field)),
            Destination::Value(_) => Some(Story::Value),
            Destination::Skipped | Destination::Values | Destination::Fonts => None,
        };
        self.text.direct(into, own.unwrap_or(self.page), self.page);
    }

    fn byte(&mut self, byte: u8) {
        if self.pass > 0 {
            self.pass -= 1;
        } else {
            self.text.byte(byte);
        }
    }

    fn symbol(&mut self, symbol: u8) {
        match symbol {
            b'*' => {
                self.is_marked = true;
                return;
            }
            // Where a word may be broken.
            b'-' => return,
            _ if self.pass > 0 => self.pass -= 1,
            b'~' => self.text.push(" "),
            b'_' => self.text.push("-"),
            b'\n' | b'\r' => self.text.paragraph(),
            b'{' | b'}' | b'\\' => self.text.byte(symbol),
            _ => {}
        }
        self.is_marked = false;
    }

    fn word(&mut self, word: &str, number: Option<i64>) {
        let is_marked = std::mem::take(&mut self.is_marked);
        let Some(group) = self.groups.last_mut() else { return };
        match word {
            "u" => {
                self.text.unit(number.unwrap_or(0) as u16);
                self.pass = group.substitute;
                return;
            }
            "uc" => group.substitute = number.unwrap_or(1).clamp(0, 64) as usize,
            "ansicpg" => self.page = number.and_then(of_number).unwrap_or(self.page),
            "mac" => self.page = encoding_rs::MACINTOSH,
            "f" if group.destination == Destination::Fonts => self.font = number.unwrap_or(0),
            "f" => group.font = number.unwrap_or(0),
            "fcharset" | "cpg" if group.destination == Destination::Fonts => {
                let known =
                    if word == "cpg" { number.and_then(of_number) } else { number.and_then(of_charset) };
                if let Some(encoding) = known.filter(|_| self.fonts.len() < FONTS) {
                    self.fonts.insert(self.font, encoding);
                }
            }
            "plain" => group.is_deleted = false,
            "deleted" => group.is_deleted = number != Some(0),
            _ => return self.rest(word, is_marked),
        }
        self.text.settle();
        self.choose();
    }

    /// Words that begin destinations, or stand for text.
    fn rest(&mut self, word: &str, is_marked: bool) {
        if self.destination(word, is_marked) {
            self.text.settle();
            return self.choose();
        }
        if self.pass > 0 {
            self.pass -= 1;
            return;
        }
        self.text.word(word);
    }

    /// Whether the word begins a destination.
    fn destination(&mut self, word: &str, is_marked: bool) -> bool {
        if word == "pict" || word == "objdata" {
            self.embedded(word);
        }
        let Some(group) = self.groups.last_mut() else { return false };
        if group.destination == Destination::Skipped {
            return false;
        }
        if let Some((_, field)) = STORIES.iter().find(|(name, _)| *name == word) {
            group.is_story = true;
            group.destination = Destination::Text;
            self.text.settle();
            self.text.open(field);
            return true;
        }
        group.destination = match word {
            "fonttbl" => Destination::Fonts,
            "fldinst" => Destination::Beside("field codes"),
            // What is said of the document, value by value.
            "info" | "userprops" | "formfield" => Destination::Values,
            _ if SKIPPED.contains(&word) => Destination::Skipped,
            _ => match VALUES.iter().find(|(name, _)| *name == word) {
                Some((_, field)) => Destination::Value(field),
                None if is_marked && !MARKED.contains(&word) => Destination::Skipped,
                None => return false,
            },
        };
        true
    }

    /// Objects and pictures are written in hexadecimal digits, and not read.
    fn embedded(&mut self, word: &str) {
        let again =
            self.groups.iter().rev().nth(1).is_some_and(|outer| outer.destination == Destination::Skipped);
        let (which, name, why) =
            if word == "pict" { (0, "picture", Reason::Image) } else { (1, "object", Reason::NoDecoder) };
        if again && which == 0 {
            return;
        }
        self.objects[which] += 1;
        let name = format!("{name} {}", self.objects[which]);
        self.text.flow.output().unread(&name, why, "embedded in the text");
    }
}
