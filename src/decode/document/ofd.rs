//! OFD documents (GB/T 33190-2016): the text of a page lies in pieces, each at its place; what stands side by side on the
//! page is put in one line, for the words of an invoice's template are one object and its values another.
use super::flow::{Flow, Numbering};
use super::parts::{Package, resolved};
use super::xml::{Tag, Token};
use crate::decode::{Failure, Output, Unit};
use crate::model::coverage::Reason;
use std::collections::HashMap;

/// Bytes of text that are put in order at a time; a page has less.
const PAGE: usize = 4 << 20;
/// Pages of a document.
const PAGES: usize = 200_000;

/// Reads a document.
pub fn ofd(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut package = Package::open(bytes)?;
    let mut flow = Flow::new(output, Unit::Page);
    let mut number = 0;
    for root in roots(&mut package, &mut flow) {
        let document = Document::read(&mut package, &root, &mut flow);
        for page in &document.pages {
            number += 1;
            if !flow.goes_on() {
                break;
            }
            let mut lines = Lines::default();
            for part in page.templates.iter().chain([&page.part]) {
                read(&mut package, part, &mut flow, &mut |token| lines.token(token));
            }
            if lines.bytes >= PAGE {
                flow.output().gap(Reason::Limit, "a page has more text than is put in order");
            }
            flow.part("page", Numbering::Fixed(number));
            lines.say(&mut flow);
            if let Some(part) = document.annotations.get(&page.id) {
                let mut lines = Lines::default();
                read(&mut package, part, &mut flow, &mut |token| lines.token(token));
                flow.part("comments", Numbering::Fixed(number));
                lines.say(&mut flow);
            }
        }
        for attached in &document.attached {
            flow.end();
            if flow.goes_on() && package.has(attached) && !package.give(attached, flow.output()) {
                return Ok(());
            }
        }
    }
    flow.end();
    if flow.goes_on() {
        package.give_rest(flow.output(), is_content);
    }
    Ok(())
}

/// Whether what is left of a package can hold something: pictures and what was attached do, seals and fonts do not.
fn is_content(name: &str) -> bool {
    const FILES: [&str; 12] = [
        "OFD.xml",
        "Document.xml",
        "DocumentRes.xml",
        "PublicRes.xml",
        "Content.xml",
        "Annotations.xml",
        "Annotation.xml",
        "Attachments.xml",
        "CustomTags.xml",
        "CustomTag.xml",
        "Extensions.xml",
        "PageRes.xml",
    ];
    let file = name.rsplit('/').next().unwrap_or(name);
    let end = file.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    !FILES.contains(&file)
        && !matches!(end.as_str(), "ttf" | "otf" | "ttc" | "esl")
        && !name.split('/').any(|folder| folder == "Signs" || folder == "Signatures")
}

/// Walks through a part; what goes wrong is a gap.
fn read(
    package: &mut Package<'_>,
    part: &str,
    flow: &mut Flow<'_>,
    visit: &mut dyn FnMut(&Token<'_>) -> bool,
) {
    if let Err((reason, why)) = package.walk(part, &mut |token| visit(&token)) {
        flow.output().gap(reason, &why);
    }
}

/// The documents in the package (7.4), and what the package says of them.
fn roots(package: &mut Package<'_>, flow: &mut Flow<'_>) -> Vec<String> {
    let (mut roots, mut names, mut said) = (Vec::new(), vec![], Vec::new());
    read(package, "OFD.xml", flow, &mut |token| {
        match token {
            Token::Start(tag) => {
                names.push(tag.attribute("Name").unwrap_or_else(|| tag.name().to_owned()));
            }
            Token::End => drop(names.pop()),
            Token::Text(text) if text.trim().is_empty() => {}
            Token::Text(text) => match names.last() {
                Some(name) if name == "DocRoot" => roots.push(resolved("", text.trim())),
                Some(name) if name != "DocID" => said.push((name.clone(), (*text).to_owned())),
                _ => {}
            },
        }
        roots.len() < 1000 && said.len() < 10_000
    });
    flow.part("properties", Numbering::Fixed(0));
    said.iter().for_each(|(name, text)| flow.value("properties", name, text));
    roots
}

/// What a document consists of (7.5).
#[derive(Default)]
struct Document {
    pages: Vec<Page>,
    /// The notes on a page (7.11), by the page's id.
    annotations: HashMap<String, String>,
    attached: Vec<String>,
}

struct Page {
    id: String,
    part: String,
    templates: Vec<String>,
}

impl Document {
    fn read(package: &mut Package<'_>, root: &str, flow: &mut Flow<'_>) -> Self {
        let folder = folder(root);
        let mut document = Document::default();
        let (mut templates, mut lists) = (HashMap::new(), Vec::new());
        let mut element = String::new();
        read(package, root, flow, &mut |token| {
            match token {
                Token::Start(tag) => {
                    let attribute = |name| tag.attribute(name).unwrap_or_default();
                    element = tag.name().to_owned();
                    let part = resolved(folder, &attribute("BaseLoc"));
                    match tag.name() {
                        "TemplatePage" => drop(templates.insert(attribute("ID"), part)),
                        "Page" => {
                            document.pages.push(Page { id: attribute("ID"), part, templates: Vec::new() })
                        }
                        _ => {}
                    }
                }
                Token::Text(text) if element == "Annotations" || element == "Attachments" => {
                    lists.push(resolved(folder, text.trim()));
                }
                Token::Text(_) | Token::End => element.clear(),
            }
            document.pages.len().max(templates.len()).max(lists.len()) < PAGES
        });
        for page in &mut document.pages {
            read(package, &page.part, flow, &mut |token| {
                // A page says first what it stands on.
                if let Token::Start(tag) = token
                    && tag.name() == "Template"
                {
                    page.templates
                        .extend(tag.attribute("TemplateID").and_then(|id| templates.get(&id).cloned()));
                }
                page.templates.len() < 16 && !matches!(token, Token::Start(tag) if tag.name() == "Content")
            });
        }
        for list in lists.iter().filter(|list| package.has(list)).cloned().collect::<Vec<_>>() {
            document.list(package, &list, flow);
        }
        document
    }

    /// Reads the list of notes, or of what is attached (7.12).
    fn list(&mut self, package: &mut Package<'_>, list: &str, flow: &mut Flow<'_>) {
        let folder = folder(list);
        let (mut element, mut page, mut is_attached) = (String::new(), String::new(), false);
        read(package, list, flow, &mut |token| {
            match token {
                Token::Start(tag) => {
                    element = tag.name().to_owned();
                    match tag.name() {
                        "Page" => (page, is_attached) = (tag.attribute("PageID").unwrap_or_default(), false),
                        "Attachment" => is_attached = true,
                        _ => {}
                    }
                }
                Token::Text(text) if element == "FileLoc" && !text.trim().is_empty() => {
                    let part = resolved(folder, text.trim());
                    if is_attached {
                        self.attached.push(part);
                    } else {
                        self.annotations.insert(page.clone(), part);
                    }
                }
                Token::Text(_) | Token::End => element.clear(),
            }
            self.attached.len().max(self.annotations.len()) < PAGES
        });
    }
}

fn folder(part: &str) -> &str {
    part.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The pieces of text on a page (11.3), on their way into lines. Lengths are in millimetres.
#[derive(Default)]
struct Lines {
    pieces: Vec<Piece>,
    bytes: usize,
    /// Where the text object at hand lies, and the size of its letters.
    object: [f64; 3],
    /// Whether a piece of text is open.
    in_code: bool,
    /// Whether a note's own words are open.
    in_remark: bool,
}

struct Piece {
    x: f64,
    y: f64,
    end: f64,
    size: f64,
    text: String,
}

impl Lines {
    fn token(&mut self, token: &Token<'_>) -> bool {
        match token {
            Token::Start(tag) => match tag.name() {
                "TextObject" => {
                    let boundary = numbers(tag, "Boundary");
                    let at = |i: usize| boundary.get(i).copied().unwrap_or(0.0);
                    let scale = numbers(tag, "CTM").get(3).map_or(1.0, |scale| scale.abs());
                    let size = numbers(tag, "Size").first().copied().unwrap_or(4.0) * scale;
                    self.object = [at(0), at(1), size.clamp(0.1, 1000.0)];
                }
                "TextCode" => self.open(tag),
                // What a note says beside its looks.
                "Remark" => self.in_remark = true,
                "Parameter" if tag.attribute("Name").is_some_and(|name| name == "Contents") => {
                    self.in_remark = true
                }
                _ => {}
            },
            Token::End => (self.in_code, self.in_remark) = (false, false),
            Token::Text(text) if self.in_remark => {
                // Below all the rest.
                let y = f64::from(u32::MAX) + self.pieces.len() as f64 * 10.0;
                self.bytes += text.len();
                self.pieces.push(Piece { x: 0.0, y, end: 0.0, size: 1.0, text: (*text).to_owned() });
            }
            Token::Text(text) if self.in_code => {
                if let Some(piece) = self.pieces.last_mut() {
                    self.bytes += text.len();
                    piece.text += text;
                }
            }
            Token::Text(_) => {}
        }
        self.bytes < PAGE
    }

    fn open(&mut self, tag: &Tag<'_>) {
        let one = |name| numbers(tag, name).first().copied().unwrap_or(0.0);
        let [left, top, size] = self.object;
        let (x, y) = (left + one("X"), top + one("Y"));
        // How far the last letter begins from the first.
        let end = x + numbers(tag, "DeltaX").iter().sum::<f64>();
        self.pieces.push(Piece { x, y, end, size, text: String::new() });
        self.bytes += size_of::<Piece>();
        self.in_code = true;
    }

    /// Tells what stands on the page, line by line.
    fn say(mut self, flow: &mut Flow<'_>) {
        self.pieces.sort_by(|a, b| a.y.total_cmp(&b.y));
        let mut pieces = self.pieces.into_iter().peekable();
        while let Some(first) = pieces.next() {
            let (y, size) = (first.y, first.size);
            let mut line = vec![first];
            while let Some(next) = pieces.next_if(|next| (next.y - y).abs() < size.max(next.size) * 0.5) {
                line.push(next);
            }
            line.sort_by(|a, b| a.x.total_cmp(&b.x));
            let mut text = String::new();
            let mut end = None::<f64>;
            for piece in line {
                let gap = end.map_or(0.0, |end| (piece.x - end) / piece.size);
                text.push_str(if gap > 2.0 {
                    "\t"
                } else if gap > 0.4 {
                    " "
                } else {
                    ""
                });
                text.push_str(&piece.text);
                end = Some(piece.right());
            }
            flow.alone(&text);
        }
    }
}

impl Piece {
    /// Where it ends: behind its last letter, whose place is known where those of all are.
    fn right(&self) -> f64 {
        let mut widths = self.text.chars().map(|c| if c.is_ascii() { 0.5 } else { 1.0 } * self.size);
        if self.end > self.x {
            self.end + widths.next_back().unwrap_or(0.0)
        } else {
            self.x + widths.sum::<f64>()
        }
    }
}

/// The numbers of an attribute; `g 3 4.5` stands for 4.5 three times (11.3, table 45).
fn numbers(tag: &Tag<'_>, name: &str) -> Vec<f64> {
    let text = tag.attribute(name).unwrap_or_default();
    let mut words = text.split_whitespace();
    let mut numbers = Vec::new();
    while let Some(word) = words.next() {
        let (count, number) = match word {
            "g" => {
                (words.next().and_then(|count| count.parse().ok()).unwrap_or(0), words.next().unwrap_or("0"))
            }
            number => (1, number),
        };
        let number = number.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or(0.0);
        numbers.extend(std::iter::repeat_n(number, count.min(4096)));
        if numbers.len() > 1 << 20 {
            break;
        }
    }
    numbers
}
