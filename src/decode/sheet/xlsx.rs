//! Office Open XML workbooks (ECMA-376, part 1, 12.3 and 18): sheets that are seen and hidden ones, and all that lies
//! beside them. Sheets are read as streams; only the shared strings are held.
use super::beside::{Beside, COMMENTS, SHAPES};
use super::loose::{Loose, NOWHERE};
use super::parts::{Parts, Relation};
use super::shared::Shared;
use super::worksheet::Worksheet;
use super::xml::{Token, Xml, unescape};
use crate::decode::cells::Cells;
use crate::decode::{Entry, Failure, Output, Unit};
use crate::model::coverage::Reason;
use std::collections::{HashMap, HashSet};
use std::io;

/// The folder of a workbook's parts.
const FOLDER: &str = "xl";
/// Parts that hold no values: formats, the order of calculation, what refers to what; and the picture of the first
/// page, which is read.
const EMPTY: [&str; 10] = [
    "docprops/thumbnail.",
    "[content_types].xml",
    "xl/styles.",
    "xl/theme/",
    "xl/calcchain.",
    "xl/metadata.",
    "xl/printersettings/",
    "xl/pivottables/",
    "xl/richdata/",
    "xl/worksheets/binaryindex",
];

/// Reads a workbook.
pub(in crate::decode) fn xlsx(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut book = Book::open(bytes, output)?;
    let read = book.sheets().and_then(|go_on| Ok(go_on && book.rest()?));
    book.end(read)
}

/// A workbook while it is read.
pub(super) struct Book<'b, 'o> {
    pub parts: Parts<'b>,
    pub cells: Cells<'o>,
    loose: Loose,
    shared: Shared,
    /// The parts that have been read.
    pub done: HashSet<usize>,
}

/// A sheet by its name, and the id of its part.
pub(super) type Sheet = (String, String);

impl<'b, 'o> Book<'b, 'o> {
    pub fn open(bytes: &'b [u8], output: &'o mut dyn Output) -> Result<Self, Failure> {
        Ok(Book {
            parts: Parts::open(bytes)?,
            cells: Cells::new(output, Unit::Cell),
            loose: Loose::default(),
            shared: Shared::default(),
            done: HashSet::new(),
        })
    }

    /// Hands on what is left, however the reading ended.
    pub fn end(mut self, read: Result<bool, Failure>) -> Result<(), Failure> {
        self.cells.flush();
        read.map(drop)
    }

    /// Reads the XML of a part with what `read` does; a part that fails is a gap. False when the decoder is to end.
    fn part(
        &mut self,
        part: usize,
        read: impl FnOnce(&mut Xml<'_>, &mut Beside<'_, '_>, &mut Shared) -> io::Result<bool>,
    ) -> Result<bool, Failure> {
        self.raw(part, |reader, beside, shared| read(&mut Xml::new(reader), beside, shared))
    }

    /// The same for bytes of any kind.
    pub fn raw(
        &mut self,
        part: usize,
        read: impl FnOnce(&mut dyn io::Read, &mut Beside<'_, '_>, &mut Shared) -> io::Result<bool>,
    ) -> Result<bool, Failure> {
        if !self.done.insert(part) {
            return Ok(true);
        }
        let mut beside = Beside { cells: &mut self.cells, loose: &mut self.loose };
        let shared = &mut self.shared;
        match self.parts.read(part, |reader| read(reader, &mut beside, shared)) {
            Err(Failure::Unread(reason, detail)) => {
                let name = self.parts.names.get(part).map_or("", String::as_str);
                self.cells.output.gap(reason, &format!("{name}: {detail}"));
                Ok(true)
            }
            read => read,
        }
    }

    /// Reads the workbook, the shared strings and the sheets.
    fn sheets(&mut self) -> Result<bool, Failure> {
        let relations = self.parts.relations("xl/workbook.xml");
        let mut sheets: Vec<Sheet> = Vec::new();
        if let Some(part) = self.parts.find("xl/workbook.xml")
            && !self.part(part, |xml, beside, _| workbook(xml, beside, &mut sheets))?
        {
            return Ok(false);
        }
        let of_kind = |kind: &str| relations.iter().find(|relation| relation.kind == kind);
        let strings = of_kind("sharedStrings").map_or("xl/sharedStrings.xml", |relation| &relation.target);
        if let Some(part) = self.parts.find(strings)
            && !self.part(part, shared_strings)?
        {
            return Ok(false);
        }
        let by_id: HashMap<&str, &Relation> = relations.iter().map(|one| (one.id.as_str(), one)).collect();
        let mut found: Vec<(String, usize)> = Vec::new();
        for (name, id) in sheets {
            let part = by_id.get(id.as_str()).and_then(|relation| self.parts.find(&relation.target));
            found.extend(part.map(|part| (name, part)));
        }
        // Sheets that the workbook does not name, or not any more.
        let known: HashSet<usize> = found.iter().map(|sheet| sheet.1).collect();
        for (part, name) in self.parts.names.iter().enumerate() {
            let sheet = name.to_lowercase();
            let sheet = ["xl/worksheets/", "xl/chartsheets/", "xl/dialogsheets/", "xl/macrosheets/"]
                .iter()
                .find_map(|folder| sheet.strip_prefix(folder)?.strip_suffix(".xml").map(str::to_owned));
            found.extend(
                sheet.filter(|name| !known.contains(&part) && !name.contains('/')).map(|name| (name, part)),
            );
        }
        for (name, part) in found {
            if !self.sheet(&name, part)? {
                return Ok(false);
            }
        }
        self.unused()
    }

    /// Reads a sheet, and the parts that belong to it.
    fn sheet(&mut self, name: &str, part: usize) -> Result<bool, Failure> {
        let read = self.part(part, |xml, beside, shared| {
            Worksheet::new(name, shared, beside.loose).read(xml, beside.cells)
        });
        let path = self.parts.names.get(part).cloned().unwrap_or_default();
        let relations = self.parts.relations(&path);
        Ok(read? && self.related(name, &relations)?)
    }

    /// Reads the parts that belong to a sheet, or to one of its drawings.
    pub fn related(&mut self, sheet: &str, relations: &[Relation]) -> Result<bool, Failure> {
        for relation in relations {
            if relation.external {
                let shown = format!("{sheet}!links");
                if !self.loose.push(&mut self.cells, [&shown, ""], NOWHERE, &relation.target) {
                    return Ok(false);
                }
                continue;
            }
            let Some(part) = self.parts.find(&relation.target).filter(|part| !self.done.contains(part))
            else {
                continue;
            };
            let is_xml = relation.target.ends_with(".xml");
            let go_on = match relation.kind.as_str() {
                "comments" | "threadedComment" if is_xml => {
                    let shown = format!("{sheet}!comments");
                    self.part(part, |xml, beside, _| beside.items(xml, &COMMENTS, &shown))?
                }
                "drawing" | "chart" | "chartUserShapes" | "chartEx" if is_xml => {
                    let shown = format!("{sheet}!shapes");
                    let drawn = self.part(part, |xml, beside, _| beside.items(xml, &SHAPES, &shown))?;
                    // Charts are shapes of a drawing.
                    let inner = self.parts.relations(&relation.target);
                    drawn && self.related(sheet, &inner)?
                }
                "vmlDrawing" => {
                    let shown = format!("{sheet}!shapes");
                    self.part(part, |xml, beside, _| beside.items(xml, &VML, &shown))?
                }
                _ => true,
            };
            if !go_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Scans the strings that no cell uses.
    pub fn unused(&mut self) -> Result<bool, Failure> {
        let Book { shared, cells, loose, .. } = self;
        if shared.left_out {
            cells
                .output
                .gap(Reason::Limit, "a long text that many cells share was not scanned for all of them");
        }
        Ok(shared.unused().all(|text| loose.push(cells, ["shared strings", ""], NOWHERE, text)))
    }

    /// Reads all other parts.
    pub fn rest(&mut self) -> Result<bool, Failure> {
        let names: Vec<(usize, String)> =
            self.parts.names.iter().map(|name| name.to_lowercase()).enumerate().collect();
        for (part, name) in names {
            if self.done.contains(&part) || name.ends_with('/') || name.ends_with(".rels") {
                continue;
            }
            if EMPTY.iter().any(|empty| name.starts_with(empty)) {
                continue;
            }
            if !self.other(part, &name)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn other(&mut self, part: usize, name: &str) -> Result<bool, Failure> {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        if !file.ends_with(".xml") && !file.ends_with(".vml") {
            return self.object(part);
        }
        let stem = file.trim_end_matches(".xml").to_owned();
        let folder = folder.strip_prefix(FOLDER).unwrap_or(folder).trim_start_matches('/');
        match folder {
            "pivotcache" if stem.contains("definition") => self.pivot_cache(part, &stem),
            "pivotcache" => self.part(part, |xml, beside, _| {
                // Its definition is gone.
                let lost: Vec<u32> = vec![beside.cells.field(Default::default()); 1];
                beside.pivot_records(xml, &lost.repeat(256))
            }),
            "externallinks" => self.part(part, |xml, beside, shared| {
                Worksheet::new(&stem, shared, beside.loose).read(xml, beside.cells)
            }),
            "drawings" | "charts" | "diagrams" => {
                self.part(part, |xml, beside, _| beside.items(xml, &SHAPES, &format!("{stem}!shapes")))
            }
            "threadedcomments" => self.part(part, |xml, beside, _| beside.items(xml, &COMMENTS, &stem)),
            "" if stem.starts_with("comments") => {
                self.part(part, |xml, beside, _| beside.items(xml, &COMMENTS, &stem))
            }
            "docprops" => self.part(part, |xml, beside, _| beside.elements(xml, "properties")),
            _ => self.part(part, |xml, beside, _| beside.elements(xml, &stem)),
        }
    }

    /// Reads a pivot cache: the table that a pivot table was made of, which may be gone from the sheets.
    fn pivot_cache(&mut self, part: usize, stem: &str) -> Result<bool, Failure> {
        let prefix = stem.replace("definition", "");
        let mut fields = Vec::new();
        if !self.part(part, |xml, beside, _| beside.pivot_fields(xml, &prefix, &mut fields))? {
            return Ok(false);
        }
        let path = self.parts.names.get(part).cloned().unwrap_or_default();
        for relation in self.parts.relations(&path) {
            if let Some(records) =
                self.parts.find(&relation.target).filter(|_| relation.kind == "pivotCacheRecords")
                && !self.part(records, |xml, beside, _| beside.pivot_records(xml, &fields))?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Hands on a part that is an object of its own: a picture, a document, a macro.
    fn object(&mut self, part: usize) -> Result<bool, Failure> {
        self.done.insert(part);
        let name = self.parts.names.get(part).cloned().unwrap_or_default();
        let output = &mut *self.cells.output;
        match self.parts.read(part, |reader| Ok(output.entry(&name, Entry::Stream(reader)))) {
            Err(Failure::Unread(reason, detail)) => Ok(self.cells.output.unread(&name, reason, &detail)),
            read => read,
        }
    }
}

/// Text in the shapes of old drawings; the text of notes is in the notes.
const VML: super::beside::Form =
    super::beside::Form { items: &[b"shape"], texts: &[b"textbox"], lines: &[b"div", b"br"] };

/// Reads the names of the sheets, and the names that stand for values (18.2.5).
fn workbook(xml: &mut Xml<'_>, beside: &mut Beside<'_, '_>, sheets: &mut Vec<Sheet>) -> io::Result<bool> {
    let (mut name, mut value) = (None, Vec::new());
    while let Some(token) = xml.next()? {
        match token {
            Token::Open(b"sheet", attributes) => {
                let get = |name| attributes.text(name).unwrap_or_default();
                sheets.push((get("name"), get("id")));
            }
            Token::Open(b"definedName", attributes) => {
                name = attributes.text("name");
                value.clear();
            }
            Token::Text(raw) if name.is_some() => unescape(raw, &mut value),
            Token::Close(b"definedName") => {
                let words = name.take().unwrap_or_default();
                let shown = format!("names!{words}");
                let text = String::from_utf8_lossy(&value);
                // The others say where something is.
                let constant = text.starts_with(['"', '{']) || text.bytes().all(|byte| byte.is_ascii_digit());
                if constant && !beside.loose.push(beside.cells, [&shown, &words], NOWHERE, &text) {
                    return Ok(false);
                }
            }
            _ => {}
        }
    }
    Ok(true)
}

fn shared_strings(xml: &mut Xml<'_>, beside: &mut Beside<'_, '_>, shared: &mut Shared) -> io::Result<bool> {
    let mut go_on = true;
    let mut beyond = |text: &str| {
        go_on = beside.loose.push(beside.cells, ["shared strings", ""], NOWHERE, text);
        go_on
    };
    let (read, failed) = Shared::read(xml, &mut beyond)?;
    *shared = read;
    failed.map_or(Ok(go_on), Err)
}
