//! OpenDocument text and slides (OASIS OpenDocument 1.3, part 3).
use super::flow::{Flow, Numbering};
use super::parts::Package;
use super::xml::{Tag, Token};
use crate::decode::{Failure, Output, Unit};
use crate::model::coverage::Reason;

/// Spaces that one element may stand for.
const SPACES: usize = 64;

/// What happens when an element ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Plain,
    Paragraph,
    Story,
    Row,
    /// Its text is a value of its own, of the field in `name`.
    Value(&'static str),
}

/// Reads a text document.
pub fn odt(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    package(bytes, Flow::new(output, Unit::Paragraph), "body")
}

/// Reads slides.
pub fn odp(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    package(bytes, Flow::new(output, Unit::Slide), "slide")
}

fn package(bytes: &[u8], mut flow: Flow<'_>, body: &'static str) -> Result<(), Failure> {
    let mut package = Package::open(bytes)?;
    if is_encrypted(&mut package) {
        return Err(Failure::Unread(Reason::Encrypted, "needs a password".into()));
    }
    let objects = package.names.iter().filter(|name| name.ends_with("/content.xml"));
    let objects: Vec<String> = objects.filter(|name| !name.starts_with("META-INF/")).cloned().collect();
    let own = [("content.xml", body), ("styles.xml", "masters"), ("meta.xml", "properties")];
    let parts = own.into_iter().chain(objects.iter().map(|name| (name.as_str(), "objects")));
    for (name, field) in parts {
        if flow.goes_on() && package.has(name) && package.take(name) {
            let (fixed, is_slides) = (field != "body", body == "slide");
            let numbering = if fixed { Numbering::Fixed(0) } else { Numbering::Counted };
            flow.part(field, numbering);
            let mut part = Part {
                flow: &mut flow,
                open: Vec::new(),
                skipped: 0,
                slides: 0,
                is_slides,
                name: String::new(),
            };
            let walked = package.walk(name, &mut |token| part.token(&token));
            flow.end_part();
            if let Err((reason, why)) = walked {
                flow.output().gap(reason, &why);
            }
        }
    }
    flow.end();
    if flow.goes_on() {
        package.give_rest(flow.output(), is_content);
    }
    Ok(())
}

/// Whether a part beside the text can hold something: pictures of what is read elsewhere, settings and formats do not.
fn is_content(name: &str) -> bool {
    const FORMATS: [&str; 6] =
        ["META-INF/", "Thumbnails/", "Configurations2/", "ObjectReplacements/", "Fonts/", "layout-cache"];
    const FILES: [&str; 5] = ["styles.xml", "meta.xml", "settings.xml", "manifest.rdf", "mimetype"];
    let file = name.rsplit('/').next().unwrap_or(name);
    !FORMATS.iter().any(|start| name.starts_with(start)) && !FILES.contains(&file)
}

/// Whether parts are encrypted (part 2, 4.8.1); then all that hold text are.
fn is_encrypted(package: &mut Package<'_>) -> bool {
    let mut found = false;
    // Without a manifest nothing is.
    let _ = package.walk("META-INF/manifest.xml", &mut |token| {
        found |= matches!(token, Token::Start(tag) if tag.name() == "encryption-data");
        !found
    });
    found
}

/// Walks through one part.
struct Part<'f, 'o> {
    flow: &'f mut Flow<'o>,
    open: Vec<Open>,
    skipped: usize,
    slides: u64,
    is_slides: bool,
    /// The name of the property at hand.
    name: String,
}

impl Part<'_, '_> {
    fn token(&mut self, token: &Token<'_>) -> bool {
        match token {
            Token::Start(_) if self.skipped > 0 => self.skipped += 1,
            Token::Start(tag) => {
                if let Some(open) = self.start(tag) {
                    self.open.push(open);
                } else {
                    self.skipped = 1;
                }
            }
            Token::End if self.skipped > 0 => self.skipped -= 1,
            Token::End => match self.open.pop() {
                Some(Open::Paragraph) => self.flow.end_paragraph(),
                Some(Open::Story) => self.flow.close(),
                Some(Open::Row) => self.flow.close_row(),
                _ => {}
            },
            Token::Text(_) if self.skipped > 0 => {}
            Token::Text(text) => match self.open.last() {
                Some(Open::Value(field)) if !text.trim().is_empty() => {
                    self.flow.value(field, &self.name, text)
                }
                // Between paragraphs there is nothing but space.
                _ if self.flow.in_paragraph() => self.flow.text(text),
                _ => {}
            },
        }
        self.flow.goes_on()
    }

    /// What an element begins; `None` where it and all in it are passed over.
    fn start(&mut self, tag: &Tag<'_>) -> Option<Open> {
        let name = tag.name();
        Some(match name {
            // The number of a note stands in the text right behind a word or a value.
            "note-citation" | "change-info" | "creator" | "date" | "initials" | "binary-data" | "scripts"
            | "font-face-decls" | "automatic-styles" | "settings" | "ruby-text" | "sender-initials"
                if !matches!(tag.prefix(), "meta") && !self.in_meta() =>
            {
                return None;
            }
            "p" | "h" if tag.prefix() == "text" => {
                self.flow.open_paragraph();
                Open::Paragraph
            }
            "note-body" => self.story("footnotes"),
            "annotation" => self.story("comments"),
            "deletion" => self.story("deleted"),
            "text-box" | "custom-shape" if !self.is_slides => self.story("text boxes"),
            "notes" if tag.prefix() == "presentation" => self.story("notes"),
            "header" | "header-left" | "header-first" if tag.prefix() == "style" => self.story("header"),
            "footer" | "footer-left" | "footer-first" if tag.prefix() == "style" => self.story("footer"),
            "page" if tag.prefix() == "draw" => {
                self.slides += 1;
                self.flow.number(self.slides);
                Open::Plain
            }
            "table" if tag.prefix() == "table" => {
                self.flow.open_table();
                Open::Story
            }
            // A repeated row holds the same values again.
            "table-row" => {
                self.flow.open_row();
                Open::Row
            }
            "table-cell" | "covered-table-cell" => {
                self.flow.open_cell();
                let repeated = tag.attribute("number-columns-repeated").and_then(|count| count.parse().ok());
                self.flow.widen(repeated.unwrap_or(1));
                Open::Plain
            }
            "meta" if tag.prefix() == "office" => Open::Value("properties"),
            _ if self.in_meta() => {
                self.name = tag.attribute("name").unwrap_or_else(|| name.to_owned());
                Open::Value("properties")
            }
            "title" | "desc" if tag.prefix() == "svg" => {
                self.name.clear();
                Open::Value("alternative text")
            }
            "header-decl" | "footer-decl" => {
                self.name.clear();
                Open::Value("masters")
            }
            _ => {
                self.sign(tag);
                Open::Plain
            }
        })
    }

    fn story(&mut self, field: &str) -> Open {
        self.flow.open(field);
        Open::Story
    }

    fn in_meta(&self) -> bool {
        self.open.contains(&Open::Value("properties"))
    }

    /// What is said by elements without content, and by attributes.
    fn sign(&mut self, tag: &Tag<'_>) {
        let in_paragraph = self.flow.in_paragraph();
        match (tag.prefix(), tag.name()) {
            ("text", "s") if in_paragraph => {
                let count = tag.attribute("c").and_then(|count| count.parse().ok()).unwrap_or(1);
                self.flow.text(&" ".repeat(count.min(SPACES)));
            }
            ("text", "tab") if in_paragraph => self.flow.text("\t"),
            ("text", "line-break") if in_paragraph => self.flow.text("\n"),
            ("text" | "draw", "a") => {
                // A link within the document leads to a name of it.
                if let Some(address) = tag.attribute("href").filter(|address| !address.starts_with('#')) {
                    self.flow.value("links", "", &address);
                }
            }
            ("text", "user-field-decl" | "hidden-text" | "conditional-text") => {
                if let Some(text) = tag.attribute("string-value") {
                    self.flow.value("variables", "", &text);
                }
            }
            ("form", _) => {
                for name in ["label", "value", "current-value", "title"] {
                    if let Some(text) = tag.attribute(name) {
                        self.flow.value("form fields", "", &text);
                    }
                }
            }
            _ => {}
        }
    }
}
