//! PowerPoint 97-2003 slides ([MS-PPT]): a stream of records in records, of which only those count that the last saving
//! refers to.
use super::flow::{Flow, Numbering};
use super::ole::{Compound, u16_at, u32_at};
use super::properties;
use crate::decode::{Entry, Failure, Output, Unit};
use crate::model::coverage::Reason;
use std::collections::{HashMap, HashSet};

/// Records within records.
const DEPTH: u32 = 64;
/// Savings that are followed back.
const EDITS: usize = 10_000;

// The types of records (2.13.24).
const SLIDE_PERSIST: u16 = 1011;
const SLIDE: u16 = 1006;
const NOTES: u16 = 1008;
const NOTES_ATOM: u16 = 1009;
const MASTER: u16 = 1016;
const TEXT_CHARS: u16 = 4000;
const TEXT_BYTES: u16 = 4008;
const STRING: u16 = 4026;
const LINK: u16 = 4055;
const MARGINS: u16 = 4057;
const LIST: u16 = 4080;
const EDIT: u16 = 4085;
const OBJECT: u16 = 4113;
const TAG_DATA: u16 = 5003;
const DIRECTORY: u16 = 6002;
const COMMENT: u16 = 12000;
const CRYPT: u16 = 12052;

/// A record: its header, and what is in it.
#[derive(Clone, Copy)]
struct Record<'b> {
    kind: u16,
    instance: u16,
    is_container: bool,
    body: &'b [u8],
}

/// The record at a place, cut where the bytes end.
fn record(bytes: &[u8], at: usize) -> Option<Record<'_>> {
    let (version, kind) = (u16_at(bytes, at)?, u16_at(bytes, at.checked_add(2)?)?);
    let length = u32_at(bytes, at + 4)? as usize;
    let body = bytes.get(at + 8..)?;
    let body = &body[..length.min(body.len())];
    Some(Record {
        kind,
        instance: version >> 4,
        is_container: version & 0xF == 0xF || kind == TAG_DATA,
        body,
    })
}

/// The records that lie one behind the other.
fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let found = record(bytes, at)?;
        at += 8 + found.body.len();
        Some(found)
    })
}

/// Reads slides.
pub fn ppt(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut file = Compound::open(bytes)?;
    let (user, stream) = (file.stream("/Current User"), file.stream("/PowerPoint Document"));
    let encrypted = || Err(Failure::Unread(Reason::Encrypted, "needs a password".into()));
    if u32_at(&user, 12) == Some(0xF3D1_C4DF) {
        return encrypted();
    }
    let (document, directory) = persisted(&stream, u32_at(&user, 16).unwrap_or(0) as usize);
    if directory.values().any(|at| record(&stream, *at).is_some_and(|found| found.kind == CRYPT)) {
        return encrypted();
    }
    let mut slides = Slides {
        flow: Flow::new(output, Unit::Slide),
        stream: &stream,
        directory,
        numbers: HashMap::new(),
        told: HashSet::new(),
    };
    let document = document.and_then(|id| slides.directory.get(&id)).and_then(|at| record(&stream, *at));
    match document {
        Some(document) => slides.document(document),
        // Without a directory, all that was ever saved.
        None => slides.all(),
    }
    properties::tell(&mut file, &mut slides.flow);
    slides.flow.end();
    if slides.flow.goes_on() && file.has("/Pictures") {
        slides.flow.output().unread("pictures", Reason::Image, "embedded in the slides");
    }
    if slides.flow.goes_on() {
        slides.objects();
    }
    Ok(())
}

/// The id of the document, and where the objects are (2.3.3, 2.3.4): what was saved last holds.
fn persisted(stream: &[u8], mut edit: usize) -> (Option<u32>, HashMap<u32, usize>) {
    let (mut document, mut directory) = (None, HashMap::new());
    for _ in 0..EDITS {
        let Some(atom) = record(stream, edit).filter(|atom| atom.kind == EDIT) else { break };
        document = document.or(u32_at(atom.body, 16));
        let list = u32_at(atom.body, 12).and_then(|at| record(stream, at as usize));
        let mut entries = list.filter(|list| list.kind == DIRECTORY).map_or(&[][..], |list| list.body);
        while let Some(head) = u32_at(entries, 0) {
            let (first, count) = (head & 0xF_FFFF, (head >> 20) as usize);
            for at in 0..count {
                let Some(place) = u32_at(entries, 4 + at * 4) else { break };
                directory.entry(first + at as u32).or_insert(place as usize);
            }
            entries = entries.get(4 + count * 4..).unwrap_or_default();
        }
        let before = u32_at(atom.body, 8).unwrap_or(0) as usize;
        // Savings lie one behind the other.
        if before == 0 || before >= edit {
            break;
        }
        edit = before;
    }
    (document, directory)
}

struct Slides<'o, 'b> {
    flow: Flow<'o>,
    stream: &'b [u8],
    directory: HashMap<u32, usize>,
    /// The numbers of the slides by their ids.
    numbers: HashMap<u32, u64>,
    /// The places of the objects that were told.
    told: HashSet<usize>,
}

impl<'b> Slides<'_, 'b> {
    /// Tells a document: its lists of slides, masters and notes (2.4.14.3), each slide with its text in the list.
    fn document(&mut self, document: Record<'b>) {
        let mut lists: Vec<_> = records(document.body).filter(|list| list.kind == LIST).collect();
        // Slides first, for the notes refer to them, and masters last.
        lists.sort_by_key(|list| [0, 2, 1].get(usize::from(list.instance)).copied().unwrap_or(3));
        for list in lists {
            self.list(list);
        }
        self.flow.part("slide", Numbering::Fixed(0));
        for other in records(document.body).filter(|other| other.kind != LIST) {
            self.walk(other, 0, 0);
        }
    }

    fn list(&mut self, list: Record<'b>) {
        let field = match list.instance {
            0 => "slide",
            1 => "masters",
            _ => "notes",
        };
        let mut number = 0;
        for atom in records(list.body) {
            if !self.flow.goes_on() {
                return;
            }
            if atom.kind != SLIDE_PERSIST {
                self.walk(atom, LIST, 0);
                continue;
            }
            let at = u32_at(atom.body, 0).and_then(|id| self.directory.get(&id)).copied();
            let object = at.and_then(|at| record(self.stream, at));
            if list.instance == 0 {
                number += 1;
                self.numbers.insert(u32_at(atom.body, 12).unwrap_or(0), number);
            } else {
                let notes =
                    object.and_then(|object| records(object.body).find(|atom| atom.kind == NOTES_ATOM));
                let slide = notes.and_then(|atom| u32_at(atom.body, 0));
                number = slide.and_then(|id| self.numbers.get(&id)).copied().unwrap_or(0);
            }
            self.flow.part(field, Numbering::Fixed(number));
            let is_new = at.is_some_and(|at| self.told.insert(at));
            if let Some(object) =
                object.filter(|object| is_new && matches!(object.kind, SLIDE | NOTES | MASTER))
            {
                self.walk(object, 0, 0);
            }
        }
    }

    /// Tells all slides in the order of the file.
    fn all(&mut self) {
        let mut number = 0;
        for found in records(self.stream) {
            if found.kind == SLIDE {
                number += 1;
            }
            self.flow.part("slide", Numbering::Fixed(number));
            self.walk(found, 0, 0);
        }
    }

    /// Tells the text in a record; `outer` is the type of what it lies in.
    fn walk(&mut self, found: Record<'b>, outer: u16, depth: u32) {
        if found.is_container {
            if depth < DEPTH {
                records(found.body).for_each(|inner| self.walk(inner, found.kind, depth + 1));
            } else {
                self.flow.output().gap(Reason::Limit, "nested too deep");
            }
            return;
        }
        match (found.kind, outer) {
            (TEXT_CHARS, _) => self.paragraphs(&wide(found.body)),
            // The lower halves of units (2.9.43).
            (TEXT_BYTES, _) => {
                self.paragraphs(&found.body.iter().map(|b| char::from(*b)).collect::<String>())
            }
            (STRING, COMMENT) if found.instance == 1 => self.flow.value("comments", "", &wide(found.body)),
            // The first one is what the slide shows (2.10.16).
            (STRING, LINK) if found.instance > 0 => self.flow.value("links", "", &wide(found.body)),
            (STRING, MARGINS) => self.flow.alone(&wide(found.body)),
            _ => {}
        }
    }

    fn paragraphs(&mut self, text: &str) {
        for paragraph in text.split('\r') {
            self.flow.alone(&paragraph.replace('\u{B}', "\n"));
        }
    }

    /// Gives out embedded objects (2.10.34), which are compound files, mostly compressed.
    fn objects(&mut self) {
        let mut places: Vec<usize> = self.directory.values().copied().collect();
        places.sort_unstable();
        places.dedup();
        let objects = places.into_iter().filter_map(|at| record(self.stream, at));
        for (number, object) in objects.filter(|object| object.kind == OBJECT).enumerate() {
            let (name, output) = (format!("object {}", number + 1), self.flow.output());
            let goes_on = if object.instance == 1 {
                let packed = object.body.get(4..).unwrap_or_default();
                output.entry(&name, Entry::Stream(&mut flate2::read::ZlibDecoder::new(packed)))
            } else {
                output.entry(&name, Entry::Whole(object.body))
            };
            if !goes_on {
                return;
            }
        }
    }
}

fn wide(bytes: &[u8]) -> String {
    encoding_rs::UTF_16LE.decode_without_bom_handling(bytes).0.into_owned()
}
