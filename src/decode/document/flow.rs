//! The flow of a document's text, as its decoders tell it: stories, paragraphs, tables; it becomes cells.
//!
//! A cell is a paragraph, in the field of its story (`body`, `header`, `comments`). Where a paragraph is a bare value and
//! the one before it a short label without digits (`手机号：`), the label is put before the value in its cell, for the
//! words before a value are looked for in its cell only; no digit is thereby counted twice.
use super::tables::Table;
use crate::decode::cells::{At, Cells};
use crate::decode::{Output, Unit};
use crate::model::FieldName;
use std::collections::HashMap;

/// Bytes of one cell; a longer paragraph is cut where no number can be.
const LONGEST: usize = 1 << 20;
/// Fields that are told apart; names beyond are not shown.
const FIELDS: usize = 4096;
/// Bytes of a paragraph's end that tell what stood before something deleted.
const BEFORE: usize = 48;
/// Characters of a label.
const LABEL: usize = 24;
/// Digits in a row that make a value.
const DIGITS: usize = 5;

/// How paragraphs are numbered.
#[derive(Clone, Copy, Debug)]
pub enum Numbering {
    /// One after another, from 1.
    Counted,
    /// All have this number: that of their slide or page.
    Fixed(u64),
}

/// Takes the text of a document.
pub struct Flow<'o> {
    cells: Cells<'o>,
    fields: HashMap<String, u32>,
    numbering: Numbering,
    /// The number of the last paragraph.
    number: u64,
    stories: Vec<Story>,
    paragraphs: Vec<Paragraph>,
    tables: u32,
    /// The last paragraph, where it is a label.
    label: String,
    goes_on: bool,
}

/// What paragraphs lie in.
enum Story {
    Text(u32),
    Table(Box<Table>),
}

#[derive(Default)]
struct Paragraph {
    number: u64,
    text: String,
    /// What lies in it, and is no part of it: deleted text, codes of fields.
    beside: Vec<(u32, String)>,
}

impl<'o> Flow<'o> {
    /// No text yet; places are counted in `unit`.
    pub fn new(output: &'o mut dyn Output, unit: Unit) -> Self {
        Flow {
            cells: Cells::new(output, unit),
            fields: HashMap::new(),
            numbering: Numbering::Counted,
            number: 0,
            stories: Vec::new(),
            paragraphs: Vec::new(),
            tables: 0,
            label: String::new(),
            goes_on: true,
        }
    }

    /// Where objects within and gaps go.
    pub fn output(&mut self) -> &mut dyn Output {
        self.cells.output
    }

    /// False when the decoder is to end.
    pub fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Ends the decoder.
    pub fn stop(&mut self) {
        self.goes_on = false;
    }

    /// Begins a part of the document, which ends the one before.
    pub fn part(&mut self, field: &str, numbering: Numbering) {
        self.end_part();
        self.numbering = numbering;
        self.number = 0;
        self.open(field);
    }

    /// Ends a part, whatever is open in it.
    pub fn end_part(&mut self) {
        while !self.paragraphs.is_empty() {
            self.end_paragraph();
        }
        while !self.stories.is_empty() {
            self.close();
        }
        self.label.clear();
    }

    /// Hands on what was gathered; to be called at the end.
    pub fn end(&mut self) {
        self.end_part();
        self.goes_on &= self.cells.flush();
    }

    /// Begins a story within the one at hand: a text box, a note.
    pub fn open(&mut self, field: &str) {
        let field = self.field(field, "");
        self.stories.push(Story::Text(field));
        self.label.clear();
    }

    /// Ends the innermost story or table.
    pub fn close(&mut self) {
        if let Some(Story::Table(mut table)) = self.stories.pop() {
            self.goes_on = self.goes_on && table.end(&mut self.cells);
        }
        self.label.clear();
    }

    /// Begins a table.
    pub fn open_table(&mut self) {
        self.tables += 1;
        self.stories.push(Story::Table(Box::new(Table::new(self.tables))));
        self.label.clear();
    }

    /// Begins a row of the table at hand.
    pub fn open_row(&mut self) {
        self.in_table(Table::open_row);
    }

    /// Ends a row.
    pub fn close_row(&mut self) {
        self.in_table(Table::close_row);
    }

    /// Begins a cell of the row at hand.
    pub fn open_cell(&mut self) {
        self.in_table(Table::open_cell);
    }

    /// The cell at hand takes this many columns.
    pub fn widen(&mut self, columns: u64) {
        if let Some(Story::Table(table)) = self.stories.last_mut() {
            table.widen(columns);
        }
    }

    fn in_table(&mut self, step: fn(&mut Table, &mut Cells<'_>) -> bool) {
        if self.goes_on
            && let Some(Story::Table(table)) = self.stories.last_mut()
        {
            self.goes_on = step(table, &mut self.cells);
        }
    }

    /// Begins a paragraph.
    pub fn open_paragraph(&mut self) {
        // What lies in a text box has the place of what the box hangs on.
        let number = match (self.numbering, self.paragraphs.last()) {
            (Numbering::Fixed(number), _) => number,
            (Numbering::Counted, Some(outer)) => outer.number,
            (Numbering::Counted, None) => {
                self.number += 1;
                self.number
            }
        };
        self.paragraphs.push(Paragraph { number, ..Paragraph::default() });
    }

    /// Whether a paragraph is open.
    pub fn in_paragraph(&self) -> bool {
        !self.paragraphs.is_empty()
    }

    /// Adds text to the paragraph at hand; what is outside of paragraphs is one of its own.
    pub fn text(&mut self, text: &str) {
        let Some(paragraph) = self.paragraphs.last_mut() else { return self.alone(text) };
        push_visible(&mut paragraph.text, text);
        if paragraph.text.len() > LONGEST {
            let rest = paragraph.text.split_off(cut(&paragraph.text));
            let whole = std::mem::replace(&mut paragraph.text, rest);
            let number = paragraph.number;
            self.paragraph(number, &whole);
        }
    }

    /// Adds what stands in the paragraph at hand and is no part of its text.
    pub fn beside(&mut self, field: &str, text: &str) {
        let field = self.field(field, "");
        let Some(paragraph) = self.paragraphs.last_mut() else { return self.say(field, 0, text) };
        let known = paragraph.beside.iter().position(|(known, _)| *known == field);
        let at = known.unwrap_or_else(|| {
            let before = tail(&paragraph.text, BEFORE);
            let before = if before.bytes().any(|b| b.is_ascii_digit()) { "" } else { before };
            paragraph.beside.push((field, before.to_owned()));
            paragraph.beside.len() - 1
        });
        let into = &mut paragraph.beside[at].1;
        push_visible(into, text);
        if into.len() > LONGEST {
            let rest = into.split_off(cut(into));
            let (whole, number) = (std::mem::replace(into, rest), paragraph.number);
            self.say(field, number, &whole);
        }
    }

    /// Ends the paragraph at hand.
    pub fn end_paragraph(&mut self) {
        let Some(paragraph) = self.paragraphs.pop() else { return };
        for (field, text) in &paragraph.beside {
            self.say(*field, paragraph.number, text);
        }
        self.paragraph(paragraph.number, &paragraph.text);
    }

    /// A paragraph of its own.
    pub fn alone(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.open_paragraph();
            self.text(text);
            self.end_paragraph();
        }
    }

    /// A value beside the text, in a field that tells what it holds: a property, the target of a link.
    pub fn value(&mut self, group: &str, name: &str, text: &str) {
        let number = match (self.numbering, self.paragraphs.last()) {
            (Numbering::Fixed(number), _) => number,
            (Numbering::Counted, open) => open.map_or(0, |paragraph| paragraph.number),
        };
        let field = self.field(group, name);
        self.say(field, number, text);
    }

    /// Gives out a whole paragraph, to the table where it is in one.
    fn paragraph(&mut self, number: u64, text: &str) {
        match self.stories.last_mut() {
            Some(Story::Table(table)) if table.in_cell() => {
                self.goes_on = self.goes_on && table.paragraph(&mut self.cells, number, text);
            }
            Some(Story::Table(_)) | None => {
                let field = self.field("body", "");
                self.labelled(field, number, text);
            }
            Some(Story::Text(field)) => {
                let field = *field;
                self.labelled(field, number, text);
            }
        }
    }

    fn labelled(&mut self, field: u32, number: u64, text: &str) {
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if !self.label.is_empty() && is_value(text) {
            // It stays the label of all bare values that follow.
            let joined = format!("{} {text}", self.label);
            return self.say(field, number, &joined);
        }
        self.say(field, number, text);
        self.label.clear();
        if is_label(text) {
            self.label.push_str(text);
        }
    }

    /// Gives out a cell.
    fn say(&mut self, field: u32, number: u64, text: &str) {
        if self.goes_on && !text.trim().is_empty() {
            self.goes_on = self.cells.push(At { field, row: 0, number, offset: 0 }, text.trim());
        }
    }

    /// The number of the field of this name in a group of fields; both are shown, the name says what it holds.
    fn field(&mut self, group: &str, name: &str) -> u32 {
        let shown = if name.is_empty() { group.to_owned() } else { format!("{group}!{name}") };
        if let Some(field) = self.fields.get(&shown) {
            return *field;
        }
        if self.fields.len() >= FIELDS && !name.is_empty() {
            return self.field(group, "");
        }
        let field = self.cells.field(FieldName { shown: shown.clone(), words: name.to_owned() });
        self.fields.insert(shown, field);
        field
    }
}

/// Adds text without the characters that only tell where a line may break.
fn push_visible(into: &mut String, text: &str) {
    into.extend(text.chars().filter(|c| !matches!(c, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')));
}

/// Where a text can be cut: behind the last character that cannot stand in a number.
fn cut(text: &str) -> usize {
    let in_number = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '.');
    let end = text.char_indices().rev().take(1024).find(|(_, c)| !in_number(*c));
    end.map_or(text.len(), |(at, c)| at + c.len_utf8())
}

/// The end of a text, in whole characters.
fn tail(text: &str, bytes: usize) -> &str {
    let mut at = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    &text[at..]
}

/// Whether a text begins with a number that is worth a label.
fn is_value(text: &str) -> bool {
    let start = text.trim_start_matches(['+', '(', '（', ' ']);
    let digits = start.chars().take_while(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'));
    digits.filter(char::is_ascii_digit).count() >= DIGITS
}

/// Whether a text can say what stands below it: short, and without a digit.
fn is_label(text: &str) -> bool {
    let short = !text.is_empty() && text.chars().take(LABEL + 1).count() <= LABEL;
    short && !text.bytes().any(|b| b.is_ascii_digit())
}
