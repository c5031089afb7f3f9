//! What a PDF holds beside its pages' content: properties, bookmarks, forms, notes, attached files.
use super::super::cells::{At, Cells};
use super::super::xmp;
use super::content::Page as Content;
use super::font::Fonts;
use super::strings;
use crate::model::FieldName;
use hayro_syntax::Pdf;
use hayro_syntax::object::{
    Array, Dict, MaybeRef, Name, Object, ObjectIdentifier, Stream, String as PdfString,
};
use hayro_syntax::page::{Page, Resources};
use hayro_syntax::xref::XRef;
use std::collections::{HashMap, HashSet};

/// Trees deeper than this are followed no further.
const DEEPEST: u32 = 40;
/// Nodes of a tree that are looked at.
const NODES: usize = 1_000_000;

/// The numbers of fields, by name.
#[derive(Default)]
pub(super) struct Fields(HashMap<(String, String), u32>);

impl Fields {
    fn number(&mut self, cells: &mut Cells<'_>, shown: &str, words: &str) -> u32 {
        *self
            .0
            .entry((shown.into(), words.into()))
            .or_insert_with(|| cells.field(FieldName { shown: shown.into(), words: words.into() }))
    }

    /// Adds a value, if it is one.
    fn push(&mut self, cells: &mut Cells<'_>, [shown, words]: [&str; 2], number: u64, text: &str) -> bool {
        if text.trim().is_empty() {
            return true;
        }
        let field = self.number(cells, shown, words);
        cells.push(At { field, number, ..At::default() }, text)
    }
}

/// A document's catalog (ISO 32000-2, 7.7.2), and its information dictionary.
pub(super) struct Document<'a> {
    xref: &'a XRef,
    root: Dict<'a>,
    info: Option<Dict<'a>>,
}

impl<'a> Document<'a> {
    pub fn new(pdf: &'a Pdf) -> Self {
        let xref = pdf.xref();
        let root = xref.get::<Dict<'_>>(xref.root_id()).unwrap_or_default();
        Document { xref, root, info: info(pdf) }
    }

    /// How many pages it says it has.
    pub fn pages(&self) -> u64 {
        let pages = self.root.get::<Dict<'_>>("Pages");
        pages.and_then(|pages| pages.get::<u32>("Count")).unwrap_or(0).into()
    }

    /// Reads properties, bookmarks and forms.
    pub fn read(&self, cells: &mut Cells<'_>) -> bool {
        let mut fields = Fields::default();
        self.properties(&mut fields, cells)
            && self.bookmarks(&mut fields, cells)
            && self.forms(&mut fields, cells)
    }

    fn properties(&self, fields: &mut Fields, cells: &mut Cells<'_>) -> bool {
        for (key, _) in self.info.iter().flat_map(Dict::entries) {
            let text = self.info.as_ref().and_then(|info| info.get::<PdfString<'_>>(&*key));
            let name = strings::text(&key);
            // Dates are no text, and what made the document is nobody.
            let is_dull =
                ["CreationDate", "ModDate", "Producer", "Creator", "Trapped"].contains(&name.as_str());
            if let Some(text) = text.filter(|_| !is_dull)
                && !fields.push(cells, [&name, &name], 0, &strings::text(&text))
            {
                return false;
            }
        }
        let packet = self.root.get::<Stream<'_>>("Metadata").and_then(|stream| stream.decoded_data().ok());
        let packet = packet.unwrap_or_default();
        xmp::read(&packet, &mut |name, text| fields.push(cells, [name, name], 0, text))
    }

    /// The dictionaries of an array that are new, and those that are no objects of their own, so that no other leads there.
    fn each(&self, array: Option<Array<'a>>, known: &mut HashSet<ObjectIdentifier>) -> Vec<Dict<'a>> {
        let mut found = Vec::new();
        for part in array.iter().flat_map(Array::raw_iter) {
            match part {
                MaybeRef::Ref(to) if known.len() < NODES && known.insert(to.into()) => {
                    found.extend(self.xref.get::<Dict<'_>>(to.into()));
                }
                MaybeRef::Ref(_) => {}
                MaybeRef::NotRef(object) => found.extend(object.into_dict()),
            }
        }
        found
    }

    fn bookmarks(&self, fields: &mut Fields, cells: &mut Cells<'_>) -> bool {
        let first = self.root.get::<Dict<'_>>("Outlines").and_then(|outlines| outlines.get_ref("First"));
        let (mut open, mut known) = (Vec::from_iter(first), HashSet::<ObjectIdentifier>::new());
        while let Some(to) = open.pop() {
            if known.len() >= NODES || !known.insert(to.into()) {
                continue;
            }
            let Some(item) = self.xref.get::<Dict<'_>>(to.into()) else { continue };
            let title = item.get::<PdfString<'_>>("Title").map(|title| strings::text(&title));
            if !title.is_none_or(|title| fields.push(cells, ["bookmark", ""], 0, &title)) {
                return false;
            }
            open.extend(["Next", "First"].iter().filter_map(|key| item.get_ref(*key)));
        }
        true
    }

    fn forms(&self, fields: &mut Fields, cells: &mut Cells<'_>) -> bool {
        let Some(form) = self.root.get::<Dict<'_>>("AcroForm") else { return true };
        let mut known = HashSet::new();
        let top = self.each(form.get::<Array<'_>>("Fields"), &mut known);
        let mut open: Vec<(Dict<'a>, String, String, u32)> =
            top.into_iter().rev().map(|field| (field, String::new(), String::new(), 0)).collect();
        while let Some((field, above, words, depth)) = open.pop() {
            let named = |key: &str| field.get::<PdfString<'_>>(key).map(|name| strings::text(&name));
            let (own, label) = (named("T"), named("TU"));
            let shown = match &own {
                Some(own) if above.is_empty() => own.clone(),
                Some(own) => format!("{above}.{own}"),
                None => above,
            };
            // The label is what people see; the name is what programs do (12.7.4.1).
            let words = match (own, label) {
                (Some(own), Some(label)) => format!("{label} {own}"),
                (own, label) => label.or(own).unwrap_or(words),
            };
            let mut texts: Vec<String> = ["V", "DV"]
                .iter()
                .filter_map(|key| field.get::<Object<'_>>(*key))
                .flat_map(|value| texts(&value, 0))
                .collect();
            texts.dedup();
            if !texts.iter().all(|text| fields.push(cells, [&shown, &words], 0, text)) {
                return false;
            }
            let kids = field.get::<Array<'_>>("Kids").filter(|_| depth < DEEPEST);
            open.extend(
                self.each(kids, &mut known)
                    .into_iter()
                    .map(|kid| (kid, shown.clone(), words.clone(), depth + 1)),
            );
        }
        cells.flush() && self.xfa(&form, cells)
    }

    /// The data of an XML form (12.7.8, deprecated and in use).
    fn xfa(&self, form: &Dict<'a>, cells: &mut Cells<'_>) -> bool {
        let mut give = |stream: &Stream<'_>| match stream.decoded_data() {
            Ok(data) => cells.output.entry("xfa.xml", super::super::Entry::Whole(&data)),
            Err(_) => true,
        };
        if let Some(stream) = form.get::<Stream<'_>>("XFA") {
            return give(&stream);
        }
        let packets: Vec<_> =
            form.get::<Array<'_>>("XFA").iter().flat_map(Array::iter::<Object<'_>>).collect();
        packets.windows(2).all(|pair| match pair {
            [Object::String(name), Object::Stream(stream)] if &**name == b"datasets" => give(stream),
            _ => true,
        })
    }

    /// The attached files, by name.
    pub fn attachments(&self, pdf: &'a Pdf) -> Vec<(String, Stream<'a>)> {
        let mut found = Vec::new();
        let tree =
            self.root.get::<Dict<'_>>("Names").and_then(|names| names.get::<Dict<'_>>("EmbeddedFiles"));
        let (mut open, mut known) = (Vec::from_iter(tree), HashSet::new());
        while let Some(node) = open.pop() {
            let names = node.get::<Array<'_>>("Names");
            let objects = names.iter().flat_map(Array::iter::<Object<'_>>);
            found.extend(objects.filter_map(Object::into_dict).filter_map(|file| attached(&file)));
            open.extend(self.each(node.get::<Array<'_>>("Kids"), &mut known));
        }
        let associated = |dict: &Dict<'a>| {
            let files = dict.get::<Array<'_>>("AF");
            files
                .iter()
                .flat_map(Array::iter::<Dict<'_>>)
                .filter_map(|file| attached(&file))
                .collect::<Vec<_>>()
        };
        found.extend(associated(&self.root));
        for page in pdf.pages().iter() {
            found.extend(associated(page.raw()));
            let notes = page.raw().get::<Array<'_>>("Annots");
            let notes = notes.iter().flat_map(Array::iter::<Dict<'_>>);
            found.extend(notes.filter_map(|note| attached(&note.get::<Dict<'_>>("FS")?)));
        }
        let mut known: HashSet<ObjectIdentifier> = HashSet::new();
        found.retain(|(_, stream)| known.insert(stream.obj_id()));
        found
    }
}

/// The dictionary with the document's properties: the trailer names it, which the library does not show. Its last mention
/// that leads to one is the one that holds (7.5.6).
fn info(pdf: &Pdf) -> Option<Dict<'_>> {
    let bytes = pdf.data().as_ref();
    memchr::memmem::rfind_iter(bytes, b"/Info").take(8).find_map(|at| {
        let mut words =
            bytes[at + 5..].get(..40)?.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut number = || std::str::from_utf8(words.next()?).ok()?.parse::<i32>().ok();
        let id = ObjectIdentifier::new(number()?.try_into().ok()?, number()?);
        pdf.xref().get::<Dict<'_>>(id)
    })
}

/// The texts of a form's value.
fn texts(value: &Object<'_>, depth: u32) -> Vec<String> {
    match value {
        Object::String(text) => vec![strings::text(text)],
        Object::Name(name) => vec![strings::text(name)],
        Object::Stream(stream) => {
            stream.decoded_data().map(|data| strings::text(&data)).into_iter().collect()
        }
        Object::Array(array) if depth < 4 => {
            array.iter::<Object<'_>>().flat_map(|value| texts(&value, depth + 1)).collect()
        }
        _ => Vec::new(),
    }
}

/// The name and the bytes of a file specification (7.11.3).
fn attached<'a>(file: &Dict<'a>) -> Option<(String, Stream<'a>)> {
    let named = |key: &str| file.get::<PdfString<'_>>(key).map(|name| strings::text(&name));
    let name = named("UF").or_else(|| named("F")).filter(|name| !name.is_empty());
    let embedded = file.get::<Dict<'_>>("EF")?;
    let stream = embedded.get::<Stream<'_>>("UF").or_else(|| embedded.get::<Stream<'_>>("F"))?;
    Some((name.unwrap_or_else(|| "attachment".into()), stream))
}

/// Reads the notes on a page (12.5), and what fields of a form show that hold nothing.
pub(super) fn annotations<'a>(
    page: &Page<'a>,
    number: u64,
    fonts: &mut Fonts<'a>,
    fields: &mut Fields,
    cells: &mut Cells<'_>,
) -> bool {
    let notes = page.raw().get::<Array<'_>>("Annots");
    for note in notes.iter().flat_map(Array::iter::<Dict<'_>>) {
        let said = |key: &str| note.get::<PdfString<'_>>(key).map(|text| strings::text(&text));
        let said = [said("Contents"), link(&note)].into_iter().flatten().collect::<Vec<_>>().join("\n");
        let shown =
            if holds_value(&note) { String::new() } else { appearance(&note, page.resources(), fonts) };
        let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let is_new = !squeezed(&said).contains(&squeezed(&shown));
        if !fields.push(cells, ["annotation", ""], number, &said)
            || is_new && !fields.push(cells, ["annotation", ""], number, &shown)
        {
            return false;
        }
    }
    true
}

/// Whether a note is a field of a form whose value is read as such.
fn holds_value(note: &Dict<'_>) -> bool {
    let is_widget = note.get::<Name<'_>>("Subtype").is_some_and(|name| &*name == b"Widget");
    let above = note.get::<Dict<'_>>("Parent");
    is_widget && (note.contains_key("V") || above.is_some_and(|above| above.contains_key("V")))
}

/// The number or address that a link calls or writes to.
fn link(note: &Dict<'_>) -> Option<String> {
    let target = note.get::<Dict<'_>>("A")?.get::<PdfString<'_>>("URI")?;
    let target = strings::text(&target);
    ["tel:", "sms:", "mailto:"].iter().any(|scheme| target.starts_with(scheme)).then_some(target)
}

/// The text that a note shows.
fn appearance<'a>(note: &Dict<'a>, resources: &Resources<'a>, fonts: &mut Fonts<'a>) -> String {
    let Some(look) = note.get::<Dict<'_>>("AP").and_then(|looks| looks.get::<Object<'_>>("N")) else {
        return String::new();
    };
    let look = match look {
        Object::Stream(stream) => Some(stream),
        // Of a box that is ticked or not, each state has a look.
        Object::Dict(states) => {
            note.get::<Name<'_>>("AS").and_then(|state| states.get::<Stream<'_>>(&*state))
        }
        _ => None,
    };
    let mut content = Content::new(fonts);
    if let Some(look) = look {
        content.object(&look, resources);
    }
    content.lines.into_text()
}
