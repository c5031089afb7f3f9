//! What a decoder's process says, in frames: a tag, a length, a content. Whatever reads them trusts nothing in them.
use crate::decode::{Counter, Escapes, Failure, Origin, Piece, Unit};
use crate::model::coverage::Reason;
use crate::model::{Batch, Cell, Encoding, FieldName, TERMINATOR};
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;

/// The longest frame that is believed.
const LONGEST: u32 = 64 << 20;
/// The most characters of a cause that are believed.
const DETAIL: usize = 200;
/// Bytes of a cell in a frame: three numbers of eight bytes, two of four.
const CELL: usize = 32;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// The names of fields that are new, in the order of their numbers.
    Names = 1,
    /// Values or text.
    Piece,
    /// An object within begins; its name.
    Entry,
    /// What the object is a mere wrapping of begins.
    Unwrapped,
    /// Bytes of it.
    Chunk,
    /// It ends; the error, if it ends early.
    EntryEnd,
    /// An object within that cannot be read.
    Unread,
    /// A part that was not read.
    Gap,
    /// The end, and the outcome.
    End,
}

const TAGS: [Tag; 9] = [
    Tag::Names,
    Tag::Piece,
    Tag::Entry,
    Tag::Unwrapped,
    Tag::Chunk,
    Tag::EntryEnd,
    Tag::Unread,
    Tag::Gap,
    Tag::End,
];

/// The reasons that a decoder may give.
const REASONS: [Reason; 9] = [
    Reason::NoDecoder,
    Reason::Encrypted,
    Reason::Malformed,
    Reason::Limit,
    Reason::Image,
    Reason::Crashed,
    Reason::ReadError,
    Reason::TooLarge,
    Reason::Truncated,
];

const KINDS: [ErrorKind; 4] =
    [ErrorKind::Other, ErrorKind::InvalidData, ErrorKind::UnexpectedEof, ErrorKind::QuotaExceeded];
const UNITS: [Unit; 5] = [Unit::Line, Unit::Cell, Unit::Paragraph, Unit::Page, Unit::Slide];
const ENCODINGS: [Encoding; 3] = [Encoding::Utf8, Encoding::Gb18030, Encoding::Big5];

fn number_of<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|other| other == one).unwrap_or(0) as u8
}

fn nonsense() -> io::Error {
    io::Error::from(ErrorKind::InvalidData)
}

/// Writes a frame.
pub(super) fn write(to: &mut impl Write, tag: Tag, content: &[u8]) -> io::Result<()> {
    to.write_all(&[tag as u8])?;
    to.write_all(&u32::try_from(content.len()).map_err(|_| nonsense())?.to_le_bytes())?;
    to.write_all(content)
}

/// Reads a frame into `content`.
pub(super) fn read(from: &mut impl Read, content: &mut Vec<u8>) -> io::Result<Tag> {
    let mut head = [0; 5];
    from.read_exact(&mut head)?;
    let [tag, length @ ..] = head;
    let (tag, length) = (TAGS.get(usize::from(tag).wrapping_sub(1)), u32::from_le_bytes(length));
    content.clear();
    if length > LONGEST {
        return Err(nonsense());
    }
    if from.take(length.into()).read_to_end(content)? != length as usize {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    tag.copied().ok_or_else(nonsense)
}

/// Takes numbers and texts off the front of a frame's content.
pub(super) struct Fields<'f>(pub &'f [u8]);

impl<'f> Fields<'f> {
    fn bytes(&mut self, count: usize) -> io::Result<&'f [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(nonsense)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> io::Result<u8> {
        Ok(self.bytes(1)?[0])
    }

    fn small(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.bytes(4)?);
        Ok(u32::from_le_bytes(bytes))
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(self.bytes(8)?);
        Ok(u64::from_le_bytes(bytes))
    }

    fn text(&mut self) -> io::Result<String> {
        let length = self.small()? as usize;
        Ok(String::from_utf8_lossy(self.bytes(length)?).into_owned())
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> io::Result<T> {
        all.get(usize::from(self.byte()?)).copied().ok_or_else(nonsense)
    }

    fn detail(&mut self) -> io::Result<String> {
        Ok(self.text()?.chars().take(DETAIL).collect())
    }

    /// The name of an object within.
    pub fn name(&mut self) -> io::Result<String> {
        self.text()
    }

    /// A reason and its detail.
    pub fn why(&mut self) -> io::Result<(Reason, String)> {
        Ok((self.one_of(&REASONS)?, self.detail()?))
    }

    /// An error, if there was one.
    pub fn error(&mut self) -> io::Result<Option<io::Error>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let kind = self.one_of(&KINDS)?;
        Ok(Some(io::Error::new(kind, self.detail()?)))
    }

    /// How a decoder ended.
    pub fn outcome(&mut self) -> io::Result<Result<(), Failure>> {
        Ok(match self.byte()? {
            0 => Ok(()),
            1 => self.why().map(|(reason, detail)| Err(Failure::Unread(reason, detail)))?,
            _ => self.error()?.map_or(Ok(()), |error| Err(Failure::Read(error))),
        })
    }

    /// Adds names of fields to those known.
    pub fn names(&mut self, names: &mut Vec<FieldName>) -> io::Result<()> {
        while !self.0.is_empty() {
            names.push(FieldName { shown: self.text()?, words: self.text()? });
        }
        Ok(())
    }
}

fn put_text(to: &mut Vec<u8>, text: &str) {
    to.extend((text.len() as u32).to_le_bytes());
    to.extend(text.as_bytes());
}

/// The name of an object within.
pub(super) fn name(name: &str) -> Vec<u8> {
    let mut content = Vec::new();
    put_text(&mut content, name);
    content
}

/// Names of fields.
pub(super) fn names(names: &[FieldName]) -> Vec<u8> {
    let mut content = Vec::new();
    for name in names {
        put_text(&mut content, &name.shown);
        put_text(&mut content, &name.words);
    }
    content
}

/// A reason and its detail.
pub(super) fn why(reason: Reason, detail: &str) -> Vec<u8> {
    let reason = if REASONS.contains(&reason) { reason } else { Reason::Malformed };
    let mut content = vec![number_of(&REASONS, &reason)];
    put_text(&mut content, detail);
    content
}

/// An error.
pub(super) fn error(error: &io::Error) -> Vec<u8> {
    let mut content = vec![number_of(&KINDS, &error.kind())];
    put_text(&mut content, &error.to_string());
    content
}

/// How a decoder ended; none where it panicked.
pub(super) fn outcome(outcome: &Option<Result<(), Failure>>) -> Vec<u8> {
    match outcome {
        Some(Ok(())) => vec![0],
        None => [vec![1], why(Reason::Crashed, "please report it")].concat(),
        Some(Err(Failure::Unread(reason, detail))) => [vec![1], why(*reason, detail)].concat(),
        Some(Err(Failure::Read(failed))) => [vec![2], error(failed)].concat(),
    }
}

/// Values or text.
pub(super) fn piece(piece: &Piece<'_>) -> Vec<u8> {
    let Batch { bytes, cells, encoding } = piece.batch;
    let mut content = Vec::with_capacity(bytes.len() + cells.len() * CELL + 64);
    content.push(number_of(&UNITS, &piece.unit));
    content.push(number_of(&ENCODINGS, &encoding));
    content.push(piece.origin.transcribed.into());
    let base = if cells.is_empty() { piece.origin.base } else { 0 };
    for number in [piece.body.start as u64, piece.body.end as u64, base, piece.origin.line] {
        content.extend(number.to_le_bytes());
    }
    content.extend((cells.len() as u32).to_le_bytes());
    for cell in cells {
        let offset = match piece.unit {
            Unit::Cell => cell.offset,
            // What the window tells of escapes stays here: places within a cell are counted from where it begins.
            _ => piece.origin.offset_in_cell(cell.offset as usize, 0),
        };
        content.extend((cell.end as u32).to_le_bytes());
        content.extend(cell.field.to_le_bytes());
        for number in [cell.row, cell.line, offset] {
            content.extend(number.to_le_bytes());
        }
    }
    content.extend(bytes);
    content
}

/// A piece on its way from a frame to a scanner.
pub(super) struct Received {
    unit: Unit,
    encoding: Encoding,
    transcribed: bool,
    body: Range<usize>,
    base: u64,
    line: u64,
    cells: Vec<Cell>,
    bytes: Vec<u8>,
    counter: Counter,
}

impl Received {
    /// What a frame holds; `fields` are known. All that a scanner relies on is checked or put right.
    pub fn new(content: &[u8], fields: usize) -> io::Result<Self> {
        let mut content = Fields(content);
        let (unit, encoding) = (content.one_of(&UNITS)?, content.one_of(&ENCODINGS)?);
        let transcribed = content.byte()? != 0;
        let (start, end) = (content.number()?, content.number()?);
        let (base, line) = (content.number()?, content.number()?);
        let count = content.small()? as usize;
        let described = content.bytes(count.checked_mul(CELL).ok_or_else(nonsense)?)?;
        let mut bytes = content.0.to_vec();
        let mut cells: Vec<Cell> = Vec::with_capacity(count);
        for described in described.chunks_exact(CELL) {
            let mut described = Fields(described);
            let (end, field) = (described.small()? as usize, described.small()?);
            let (row, line, offset) = (described.number()?, described.number()?, described.number()?);
            let start = cells.last().map_or(0, |cell| cell.end + 1);
            if end < start || end >= bytes.len() || field as usize >= fields {
                return Err(nonsense());
            }
            bytes[end] = TERMINATOR;
            cells.push(Cell { end, field, row, line, offset });
        }
        let body = usize::try_from(start).map_err(|_| nonsense())?..bytes.len().min(end as usize);
        if body.start > body.end {
            return Err(nonsense());
        }
        let counter = Counter::default();
        Ok(Received { unit, encoding, transcribed, body, base, line, cells, bytes, counter })
    }

    /// The piece.
    pub fn piece<'p>(&'p self, fields: &'p [FieldName]) -> Piece<'p> {
        let origin = Origin {
            base: self.base,
            line: self.line,
            window: if self.transcribed { &self.bytes } else { &[] },
            transcribed: self.transcribed,
            escapes: Escapes::None,
            counted: &self.counter,
        };
        let batch = Batch { bytes: &self.bytes, cells: &self.cells, encoding: self.encoding };
        Piece { batch, body: self.body.clone(), origin, fields, keys: None, unit: self.unit }
    }
}
