//! The parts of a zip package: opened by name, as long as they do not unpack to more than they may.
use super::xml::{Token, Xml};
use crate::decode::Failure;
use crate::model::coverage::Reason;
use std::collections::HashMap;
use std::io::{self, Cursor, ErrorKind, Read};
use zip::ZipArchive;
use zip::result::ZipError;

/// How many times its own size a package may unpack to; sheets of numbers pack one to fifty.
const RATIO: u64 = 250;
/// So much may come out of a package however small it is.
const SLACK: u64 = 256 << 20;

/// A package.
pub(super) struct Parts<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
    /// The names of all parts, by number.
    pub names: Vec<String>,
    /// Their numbers by name in lower case: names are compared so (ECMA-376, part 2, 6.2.2.3).
    numbers: HashMap<String, usize>,
    /// Bytes that may still come out.
    left: u64,
}

/// What one part says of another (ECMA-376, part 2, 6.5).
pub(super) struct Relation {
    pub id: String,
    /// The last part of its type: `comments`, `drawing`.
    pub kind: String,
    /// The part, or where it leads outside.
    pub target: String,
    /// Whether it leads outside of the package.
    pub external: bool,
}

impl<'b> Parts<'b> {
    pub fn open(bytes: &'b [u8]) -> Result<Self, Failure> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(failure)?;
        let names: Vec<String> = (0..archive.len()).map(|at| name_of(&archive, at)).collect();
        let numbers = names.iter().enumerate().map(|(at, name)| (normal(name), at)).collect();
        let size = bytes.len() as u64;
        Ok(Parts { archive, names, numbers, left: size.saturating_mul(RATIO).max(SLACK) })
    }

    /// The number of a part.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(&normal(name)).copied()
    }

    /// Reads a part.
    pub fn read<T>(
        &mut self,
        part: usize,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, Failure> {
        let file = self.archive.by_index(part).map_err(failure)?;
        let mut metered = Metered { inner: file, left: &mut self.left };
        read(&mut metered).map_err(of_io)
    }

    /// What a part refers to; nothing where that cannot be read.
    pub fn relations(&mut self, name: &str) -> Vec<Relation> {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let Some(part) = self.find(&format!("{folder}/_rels/{file}.rels")) else { return Vec::new() };
        self.read(part, |reader| relations(reader, folder)).unwrap_or_default()
    }
}

fn relations(reader: &mut dyn Read, folder: &str) -> io::Result<Vec<Relation>> {
    let (mut xml, mut all) = (Xml::new(reader), Vec::new());
    while let Some(token) = xml.next()? {
        let Token::Open(b"Relationship", attributes) = token else { continue };
        let get = |name| attributes.text(name).unwrap_or_default();
        let kind = get("Type").rsplit('/').next().unwrap_or_default().to_owned();
        let external = get("TargetMode").eq_ignore_ascii_case("external");
        let target = if external { get("Target") } else { resolved(folder, &get("Target")) };
        all.push(Relation { id: get("Id"), kind, target, external });
    }
    Ok(all)
}

/// The part that a reference within a folder means.
fn resolved(folder: &str, target: &str) -> String {
    let (mut path, target) = match target.strip_prefix('/') {
        Some(target) => (Vec::new(), target),
        None => (folder.split('/').filter(|step| !step.is_empty()).collect(), target),
    };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                path.pop();
            }
            _ => path.push(step),
        }
    }
    path.join("/")
}

fn name_of(archive: &ZipArchive<Cursor<&[u8]>>, at: usize) -> String {
    archive.name_for_index(at).and_then(Result::ok).unwrap_or_default().into_owned()
}

fn normal(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_lowercase()
}

fn failure(error: ZipError) -> Failure {
    match error {
        ZipError::Io(error) => of_io(error),
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) | ZipError::InvalidPassword => {
            Failure::Unread(Reason::Encrypted, "a part has a password".into())
        }
        ZipError::UnsupportedArchive(why) => Failure::Unread(Reason::NoDecoder, why.to_string()),
        _ => Failure::malformed("not a zip package"),
    }
}

/// What an error means that came up while a part was read: the package lies in memory, so it is the package's.
fn of_io(error: io::Error) -> Failure {
    match error.kind() {
        ErrorKind::QuotaExceeded => Failure::Unread(Reason::Limit, error.to_string()),
        _ => Failure::malformed(error.to_string()),
    }
}

/// A reader that ends with an error when too much came out.
struct Metered<'l, R> {
    inner: R,
    left: &'l mut u64,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read as u64 > *self.left {
            *self.left = 0;
            let why = "unpacks to more than is allowed for its size";
            return Err(io::Error::new(ErrorKind::QuotaExceeded, why));
        }
        *self.left -= read as u64;
        Ok(read)
    }
}
