//! The text of a part of Office Open XML (ISO/IEC 29500-1): WordprocessingML (17), DrawingML (21), and what charts,
//! comments and properties hold. Elements are known by their local names, so that both namespaces of the standard, the
//! transitional and the strict one, are read.
use super::flow::{Flow, Numbering};
use super::parts::Package;
use super::xml::{Tag, Token};

/// What to do with an element's text, and when it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// Nothing.
    Plain,
    /// Its text belongs to the paragraph.
    Text,
    /// Its text was deleted, and is still there (17.3.3.7).
    Deleted,
    /// Its text is a field's code: `HYPERLINK "mailto:…"` (17.16.23).
    Code,
    Paragraph,
    Table,
    Row,
    Cell,
    /// A story within the paragraph: a text box.
    Story,
    /// The same content twice; whether one was read (ISO/IEC 29500-3, 7.5).
    Alternate(bool),
    /// A property with a name of its own.
    Property,
    /// What was moved to another place, where it is read.
    Moved,
}

/// Walks through one part.
pub struct Part<'f, 'o> {
    flow: &'f mut Flow<'o>,
    open: Vec<Open>,
    /// Elements that are open within one that is passed over.
    skipped: usize,
    /// Within how many elements of text that was moved elsewhere (17.13.5.22).
    moved: usize,
    /// Whether all text belongs to the document: in properties.
    bare: bool,
    /// The name of the property at hand.
    property: String,
}

/// The parts that hold text, by their outermost elements, and the fields of their text. Fields without a name hold
/// properties.
const ROOTS: [(&str, &str); 25] = [
    ("document", "body"),
    ("hdr", "header"),
    ("ftr", "footer"),
    ("footnotes", "footnotes"),
    ("endnotes", "endnotes"),
    ("comments", "comments"),
    ("glossaryDocument", "glossary"),
    ("sld", "slide"),
    ("notes", "notes"),
    ("cmLst", "comments"),
    ("sldMaster", "masters"),
    ("sldLayout", "masters"),
    ("notesMaster", "masters"),
    ("handoutMaster", "masters"),
    ("chartSpace", "charts"),
    ("dataModel", "diagrams"),
    ("drawing", "diagrams"),
    ("userShapes", "charts"),
    ("coreProperties", ""),
    ("Properties", ""),
    ("settings", "settings"),
    ("tagLst", "tags"),
    ("cmAuthorLst", "authors"),
    ("authorLst", "authors"),
    ("people", "authors"),
];

/// The parts whose outermost element tells nothing of the people in them: formats, and what is read with others.
const FORMATS: [&str; 21] = [
    "theme",
    "styles",
    "fonts",
    "webSettings",
    "numbering",
    "presentation",
    "presentationPr",
    "viewPr",
    "tblStyleLst",
    "colorsDef",
    "layoutDef",
    "styleDef",
    "chartStyle",
    "colorStyle",
    "themeOverride",
    "commentsEx",
    "commentsIds",
    "commentsExtensible",
    "datastoreItem",
    "Types",
    "Relationships",
];

/// Reads a part of XML, if it holds text; false where it is none of the format, and is to be given out as it is.
pub fn read(package: &mut Package<'_>, name: &str, flow: &mut Flow<'_>, number: Option<u64>) -> bool {
    let numbering = number.map_or(Numbering::Counted, Numbering::Fixed);
    let (mut known, mut part) = (None, None);
    let mut flow = Some(flow);
    let walked = package.walk(name, &mut |token| {
        if let (Token::Start(tag), None) = (&token, known) {
            let root = ROOTS.iter().find(|(root, _)| *root == tag.name());
            known = Some(root.is_some() || FORMATS.contains(&tag.name()));
            if let (Some((_, field)), Some(flow)) = (root, flow.take()) {
                flow.part(if field.is_empty() { "properties" } else { field }, numbering);
                part = Some(Part::new(flow, field.is_empty()));
            }
        }
        match &mut part {
            Some(part) => part.token(&token),
            None => known.is_none(),
        }
    });
    let flow = part.map(|part| part.flow).or(flow);
    if let Some(flow) = flow {
        flow.end_part();
        if let Err((reason, why)) = walked
            && known != Some(false)
        {
            flow.output().gap(reason, &why);
        }
    }
    known != Some(false)
}

impl<'f, 'o> Part<'f, 'o> {
    fn new(flow: &'f mut Flow<'o>, bare: bool) -> Self {
        Part { flow, open: Vec::new(), skipped: 0, moved: 0, bare, property: String::new() }
    }

    fn token(&mut self, token: &Token<'_>) -> bool {
        match token {
            Token::Start(_) if self.skipped > 0 => self.skipped += 1,
            Token::Start(tag) => self.start(tag),
            Token::End if self.skipped > 0 => self.skipped -= 1,
            Token::End => self.end(),
            Token::Text(_) if self.skipped > 0 => {}
            Token::Text(text) => self.text(text),
        }
        self.flow.goes_on()
    }

    fn start(&mut self, tag: &Tag<'_>) {
        let open = match tag.name() {
            // What a run looks like; tab stops are no tabs.
            "pPr" | "rPr" | "tblPr" | "trPr" | "sectPr" | "tblGrid" | "bodyPr" | "lstStyle"
            | "endParaRPr" | "styleData" => {
                self.skipped = 1;
                return;
            }
            "Fallback" if self.open.last() == Some(&Open::Alternate(true)) => {
                self.skipped = 1;
                return;
            }
            "Choice" if self.open.last() == Some(&Open::Alternate(true)) => {
                self.skipped = 1;
                return;
            }
            "Choice" => {
                if let Some(open @ Open::Alternate(_)) = self.open.last_mut() {
                    *open = Open::Alternate(true);
                }
                Open::Plain
            }
            "AlternateContent" => Open::Alternate(false),
            _ if self.bare => self.property(tag),
            _ => self.content(tag),
        };
        self.open.push(open);
    }

    /// What is said by elements that stand for text, tables or stories.
    fn content(&mut self, tag: &Tag<'_>) -> Open {
        match tag.name() {
            "p" => {
                self.flow.open_paragraph();
                return Open::Paragraph;
            }
            "t" if self.moved > 0 => return Open::Deleted,
            "t" | "text" | "v" => return Open::Text,
            "delText" | "delInstrText" => return Open::Deleted,
            "instrText" => return Open::Code,
            "tbl" => {
                self.flow.open_table();
                return Open::Table;
            }
            "tr" => {
                self.flow.open_row();
                return Open::Row;
            }
            "tc" => {
                self.flow.open_cell();
                return Open::Cell;
            }
            "txbxContent" => {
                self.flow.open("text boxes");
                return Open::Story;
            }
            "moveFrom" => {
                self.moved += 1;
                return Open::Moved;
            }
            _ => self.sign(tag),
        }
        Open::Plain
    }

    /// What is said by elements without content, and by attributes.
    fn sign(&mut self, tag: &Tag<'_>) {
        let mut say = |field: &str, name: &str| {
            if let Some(text) = tag.attribute(name) {
                self.flow.value(field, "", &text);
            }
        };
        match tag.name() {
            "fldSimple" => say("field codes", "instr"),
            "hyperlink" | "hlinkClick" | "hlinkHover" => say("links", "tooltip"),
            "docPr" | "cNvPr" => {
                say("alternative text", "descr");
                say("alternative text", "title");
            }
            // A watermark (ISO/IEC 29500-4, 19.1.2.23).
            "textpath" => say("text boxes", "string"),
            "listItem" => {
                say("form fields", "displayText");
                say("form fields", "value");
            }
            "listEntry" | "default" | "helpText" | "statusText" => say("form fields", "val"),
            // Variables of documents (17.15.1.31), and the tags of slides (19.3.3.3).
            "docVar" | "tag" => {
                if let (Some(name), Some(text)) = (tag.attribute("name"), tag.attribute("val")) {
                    self.flow.value("variables", &name, &text);
                }
            }
            "cmAuthor" | "author" => say("authors", "name"),
            "comment" | "person" => say("authors", "author"),
            "tab" | "ptab" if self.flow.in_paragraph() => self.flow.text("\t"),
            "br" | "cr" if self.flow.in_paragraph() => self.flow.text("\n"),
            "noBreakHyphen" => self.flow.text("-"),
            "gridSpan" => {
                let columns = tag.attribute("val").and_then(|columns| columns.parse().ok());
                self.flow.widen(columns.unwrap_or(1));
            }
            _ => {}
        }
    }

    /// Properties are elements, or have their names in an attribute (15.2.12).
    fn property(&mut self, tag: &Tag<'_>) -> Open {
        match tag.name() {
            "property" => self.property = tag.attribute("name").unwrap_or_default(),
            "coreProperties" | "Properties" => return Open::Plain,
            // Types of values.
            "lpwstr" | "lpstr" | "bstr" | "i4" | "i8" | "int" | "uint" | "r8" | "vector" | "variant"
            | "filetime" | "bool" => {}
            name if self.property.is_empty() || self.open.len() == 1 => self.property = name.to_owned(),
            _ => {}
        }
        Open::Property
    }

    fn text(&mut self, text: &str) {
        match self.open.last() {
            Some(Open::Text) => self.flow.text(text),
            Some(Open::Deleted) => self.flow.beside("deleted", text),
            Some(Open::Code) => self.flow.beside("field codes", text),
            Some(Open::Property) if !text.trim().is_empty() => {
                self.flow.value("properties", &self.property, text);
            }
            _ => {}
        }
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::Paragraph) => self.flow.end_paragraph(),
            Some(Open::Table | Open::Story) => self.flow.close(),
            Some(Open::Row) => self.flow.close_row(),
            Some(Open::Moved) => self.moved = self.moved.saturating_sub(1),
            _ => {}
        }
    }
}

/// Tells the addresses that a part links to.
pub fn links(package: &mut Package<'_>, part: &str, flow: &mut Flow<'_>, number: Option<u64>) {
    flow.part("links", number.map_or(Numbering::Counted, Numbering::Fixed));
    for relation in package.relations(part) {
        if relation.is_external && relation.kind != "attachedTemplate" {
            flow.value("links", "", &relation.target);
        }
    }
}
