//! Text that comes with marks, as in RTF and in old Word files, on its way into the flow: decoded, and put into paragraphs
//! and rows.
use super::flow::Flow;
use encoding_rs::Encoding;

/// Bytes that are decoded at a time.
const PENDING: usize = 32 * 1024;

/// The name of a property, and the value that follows it.
pub const NAME: &str = "name";
pub const NAMED: &str = "named";

/// Where text goes.
#[derive(Clone, Copy)]
pub enum Story {
    Body,
    Beside(&'static str),
    Value,
}

/// What is open in a story.
#[derive(Clone, Copy, Default)]
struct Open {
    paragraph: bool,
    table: bool,
    row: bool,
    cell: bool,
    /// Whether the paragraph at hand is one of a table.
    in_table: bool,
}

/// Takes text.
pub struct Text<'o> {
    pub flow: Flow<'o>,
    into: Option<Story>,
    encoding: &'static Encoding,
    /// The code page of the document.
    page: &'static Encoding,
    pending: Vec<u8>,
    /// The first half of a character that UTF-16 writes in two.
    high: Option<u16>,
    value: String,
    /// The name of the property whose value follows.
    name: String,
    open: Open,
    outer: Vec<Open>,
}

impl<'o> Text<'o> {
    pub fn new(flow: Flow<'o>) -> Self {
        let latin = encoding_rs::WINDOWS_1252;
        Text {
            flow,
            into: Some(Story::Body),
            encoding: latin,
            page: latin,
            pending: Vec::new(),
            high: None,
            value: String::new(),
            name: String::new(),
            open: Open::default(),
            outer: Vec::new(),
        }
    }

    /// Where text goes from here on, and how it is encoded.
    pub fn direct(&mut self, into: Option<Story>, encoding: &'static Encoding, page: &'static Encoding) {
        (self.into, self.encoding, self.page) = (into, encoding, page);
    }

    pub fn byte(&mut self, byte: u8) {
        if self.into.is_none() {
            return;
        }
        self.pending.push(byte);
        // Between two characters that are certainly whole.
        if self.pending.len() > PENDING && byte < 0x30 {
            self.settle();
        }
    }

    /// Decodes what is pending.
    pub fn settle(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let pending = std::mem::take(&mut self.pending);
        let (text, is_broken) = self.encoding.decode_without_bom_handling(&pending);
        if is_broken {
            // The font is of one language, the writer of another.
            let (other, is_worse) = self.page.decode_without_bom_handling(&pending);
            self.put(if is_worse { &text } else { &other });
        } else {
            self.put(&text);
        }
    }

    /// Adds a unit of UTF-16.
    pub fn unit(&mut self, unit: u16) {
        self.settle();
        let units = [self.high.take().unwrap_or(unit), unit];
        let units = if units[0] == unit { &units[..1] } else { &units[..] };
        if (0xD800..0xDC00).contains(&unit) {
            self.high = Some(unit);
            return;
        }
        // Units from 0xF000 are of symbol fonts, which show digits and letters there, too.
        let text: String = char::decode_utf16(units.iter().copied()).flatten().collect();
        self.put(&text);
    }

    /// Adds text that needs no decoding.
    pub fn push(&mut self, text: &str) {
        self.settle();
        self.put(text);
    }

    fn put(&mut self, text: &str) {
        match self.into {
            Some(Story::Body) => {
                self.begin();
                self.flow.text(text);
            }
            Some(Story::Beside(field)) => {
                self.begin();
                self.flow.beside(field, text);
            }
            Some(Story::Value) if self.value.len() < 1 << 20 => self.value.push_str(text),
            _ => {}
        }
    }

    /// Words that stand for text, and those that end paragraphs, cells and rows.
    pub fn word(&mut self, word: &str) {
        let text = match word {
            "tab" | "nestcell" => "\t",
            "line" | "nestrow" | "lbr" => "\n",
            "emdash" => "—",
            "endash" => "–",
            "lquote" => "‘",
            "rquote" => "’",
            "ldblquote" => "“",
            "rdblquote" => "”",
            "bullet" => "•",
            "emspace" | "enspace" | "qmspace" => " ",
            "par" | "sect" | "page" => return self.paragraph(),
            "cell" => return self.cell(),
            "row" => return self.row(),
            "pard" => return self.in_table(false),
            "intbl" => return self.in_table(true),
            _ => return,
        };
        self.push(text);
    }

    /// The paragraphs from here on are in a table, or are not.
    pub fn in_table(&mut self, is: impl Into<bool>) {
        self.settle();
        self.open.in_table = is.into();
    }

    /// Begins a part of the document.
    pub fn part(&mut self, field: &str) {
        self.settle();
        self.end_paragraph();
        self.end_table();
        self.open = Open::default();
        self.flow.part(field, super::flow::Numbering::Counted);
    }

    /// Whether a paragraph is open.
    pub fn in_paragraph(&self) -> bool {
        self.open.paragraph
    }

    /// Begins a paragraph where none is open, in the table or behind it.
    fn begin(&mut self) {
        if self.open.paragraph {
            return;
        }
        if self.open.in_table {
            if !self.open.table {
                self.flow.open_table();
                self.open.table = true;
            }
            if !self.open.row {
                self.flow.open_row();
                self.open.row = true;
            }
            if !self.open.cell {
                self.flow.open_cell();
                self.open.cell = true;
            }
        } else {
            self.end_table();
        }
        self.flow.open_paragraph();
        self.open.paragraph = true;
    }

    fn end_table(&mut self) {
        if self.open.table {
            self.flow.close();
            (self.open.table, self.open.row, self.open.cell) = (false, false, false);
        }
    }

    fn end_paragraph(&mut self) {
        if self.open.paragraph {
            self.flow.end_paragraph();
            self.open.paragraph = false;
        }
    }

    /// Ends the paragraph, be it empty.
    pub fn paragraph(&mut self) {
        self.settle();
        if matches!(self.into, Some(Story::Body | Story::Beside(_))) {
            self.begin();
            self.end_paragraph();
        }
    }

    /// Ends a cell.
    pub fn cell(&mut self) {
        if self.into.is_some() {
            self.open.in_table = true;
            self.paragraph();
            self.open.cell = false;
        }
    }

    /// Ends a row.
    pub fn row(&mut self) {
        self.settle();
        self.end_paragraph();
        if self.open.row {
            self.flow.close_row();
            (self.open.row, self.open.cell) = (false, false);
        }
    }

    /// Begins a story within the one at hand.
    pub fn open(&mut self, field: &str) {
        self.flow.open(field);
        self.outer.push(std::mem::take(&mut self.open));
    }

    /// Ends it.
    pub fn close(&mut self) {
        self.settle();
        self.end_paragraph();
        self.end_table();
        self.flow.close();
        self.open = self.outer.pop().unwrap_or_default();
    }

    /// Gives out the value at hand.
    pub fn value(&mut self, field: &str) {
        let value = std::mem::take(&mut self.value);
        match field {
            NAME => self.name = value,
            NAMED => self.flow.value("properties", &self.name, &value),
            _ => {
                let (group, name) = field.split_once('!').unwrap_or((field, ""));
                self.flow.value(group, name, &value);
            }
        }
    }

    /// Ends the document.
    pub fn end(&mut self) {
        self.settle();
        while !self.outer.is_empty() {
            self.close();
        }
        self.end_paragraph();
        self.end_table();
        self.flow.end();
    }
}
