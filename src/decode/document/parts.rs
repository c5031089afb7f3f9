//! The parts of a document that is a zip package: opened by name, given out as objects, or told to be unreadable.
use super::xml::{Broken, Tag, Token, walk};
use crate::decode::{Entry, Failure, Output};
use crate::model::coverage::Reason;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashSet;
use std::io::{Cursor, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// How many times its own size the text of a package may unpack to, and what it may in any case.
const RATIO: u64 = 250;
const SLACK: u64 = 256 << 20;

/// A package.
pub struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    /// The names of its parts in the order of the archive.
    pub names: Vec<String>,
    /// The parts that were read, or are not to be given out.
    done: HashSet<String>,
    /// Bytes that may still be unpacked.
    left: Cell<u64>,
}

impl<'b> Package<'b> {
    /// Opens a package.
    pub fn open(bytes: &'b [u8]) -> Result<Self, Failure> {
        let archive = ZipArchive::new(Cursor::new(bytes));
        let archive = archive.map_err(|_| Failure::malformed("its list of parts cannot be read"))?;
        let names = archive.file_names().flatten().map(Cow::into_owned);
        let names = names.filter(|name| !name.ends_with('/')).collect();
        let left = Cell::new((bytes.len() as u64).saturating_mul(RATIO).max(SLACK));
        Ok(Package { archive, names, done: HashSet::new(), left })
    }

    /// Whether there is such a part.
    pub fn has(&self, name: &str) -> bool {
        self.archive.index_for_name(name).is_some()
    }

    /// Marks a part as done with; false where it was already.
    pub fn take(&mut self, name: &str) -> bool {
        self.done.insert(name.to_owned())
    }

    /// Marks a part as one that is still to be given out.
    pub fn untake(&mut self, name: &str) {
        self.done.remove(name);
    }

    /// Walks through a part of XML. What goes wrong is a gap in the document.
    pub fn walk(
        &mut self,
        name: &str,
        visit: &mut dyn FnMut(Token<'_>) -> bool,
    ) -> Result<(), (Reason, String)> {
        let opened = self.archive.by_name(name);
        let told = |(reason, why): (Reason, &str)| (reason, format!("{name}: {why}"));
        let mut part = opened.map_err(|error| told(unopened(&error)))?;
        walk(&mut part, &self.left, visit).map_err(|broken| {
            told(match broken {
                Broken::Malformed => (Reason::Malformed, "no well-formed XML"),
                Broken::Limit => (Reason::Limit, "unpacks to more than is allowed"),
                Broken::Read(_) => (Reason::Malformed, "cannot be unpacked"),
            })
        })
    }

    /// Gives a part out as an object; false when the decoder is to end.
    pub fn give(&mut self, name: &str, output: &mut dyn Output) -> bool {
        if !self.take(name) {
            return true;
        }
        match self.archive.by_name(name) {
            Ok(mut part) => {
                // What goes wrong while it is read is told of the object.
                let reader: &mut dyn Read = &mut part;
                output.entry(name, Entry::Stream(reader))
            }
            Err(error) => {
                let (reason, why) = unopened(&error);
                output.unread(name, reason, why)
            }
        }
    }

    /// Gives out all parts that were not read and that `wanted` holds to be content.
    pub fn give_rest(&mut self, output: &mut dyn Output, wanted: fn(&str) -> bool) -> bool {
        let names = std::mem::take(&mut self.names);
        names.iter().filter(|name| wanted(name)).all(|name| self.give(name, output))
    }

    /// The relations of a part (ISO/IEC 29500-2, 9.3).
    pub fn relations(&mut self, part: &str) -> Vec<Relation> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = if folder.is_empty() {
            format!("_rels/{file}.rels")
        } else {
            format!("{folder}/_rels/{file}.rels")
        };
        let mut relations = Vec::new();
        // Without relations a part stands alone; the parts it would lead to are read all the same.
        let _ = self.walk(&name, &mut |token| {
            if let Token::Start(tag) = token
                && tag.name() == "Relationship"
            {
                relations.push(Relation::of(tag, folder));
            }
            relations.len() < 100_000
        });
        relations
    }
}

/// What a part refers to.
pub struct Relation {
    pub id: String,
    /// The last word of its type: `slide`, `hyperlink`.
    pub kind: String,
    /// The part, or the address without.
    pub target: String,
    pub is_external: bool,
}

impl Relation {
    fn of(tag: &Tag<'_>, folder: &str) -> Self {
        let attribute = |name| tag.attribute(name).unwrap_or_default();
        let is_external = attribute("TargetMode") == "External";
        let target = attribute("Target");
        let target = if is_external { target } else { resolved(folder, &target) };
        let kind = attribute("Type").rsplit('/').next().unwrap_or_default().to_owned();
        Relation { id: attribute("Id"), kind, target, is_external }
    }
}

/// A path within the package, from a path that is relative to a folder.
pub fn resolved(folder: &str, target: &str) -> String {
    let start = if target.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

/// Why a part cannot be opened.
fn unopened(error: &ZipError) -> (Reason, &'static str) {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            (Reason::Encrypted, "needs a password")
        }
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            (Reason::NoDecoder, "packed by an unknown method")
        }
        ZipError::FileNotFound => (Reason::Malformed, "is missing"),
        _ => (Reason::Malformed, "cannot be unpacked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_resolved_within_the_package() {
        assert_eq!(resolved("ppt/slides", "../notesSlides/n1.xml"), "ppt/notesSlides/n1.xml");
        assert_eq!(resolved("ppt/slides", "/ppt/media/a.png"), "ppt/media/a.png");
        assert_eq!(resolved("", "../../word/./document.xml"), "word/document.xml");
    }
}
