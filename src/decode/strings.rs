//! Runs of text in bytes that are no text: what `strings` would show, in the encodings that Chinese programs write.
use super::{Counter, Escapes, Failure, Origin, Output, Piece, Unit};
use crate::model::{Batch, Cell, Encoding, TERMINATOR};
use std::io::{self, Read};

/// Bytes that are looked at together.
const WINDOW: usize = 256 * 1024;
/// A run that goes on for longer is cut into such pieces.
const LONGEST: usize = 16 * 1024;
/// Characters that a run has at least.
const SHORTEST: usize = 8;

/// Gives the runs of text in an object, each a cell with its offset.
pub fn read(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    let mut window = Vec::with_capacity(WINDOW + LONGEST);
    let mut runs = [Runs::new(Encoding::Utf8), Runs::new(Encoding::Gb18030), Runs::new(Encoding::Utf8)];
    let mut base = 0_u64;
    loop {
        let room = (WINDOW + LONGEST - window.len()) as u64;
        let failed = reader.take(room).read_to_end(&mut window).err();
        let last = window.len() < WINDOW + LONGEST || failed.is_some();
        // A run that is not at its end is looked at again with what follows.
        let until = if last { window.len() } else { WINDOW };
        let [narrow, double, wide] = &mut runs;
        let done = narrow_runs(&window, until, base, (narrow, double));
        wide_runs(&window, done, base, wide);
        if !(narrow.give(output) && double.give(output) && wide.give_wide(output)) {
            return Ok(());
        }
        if last {
            return failed.map_or(Ok(()), |error: io::Error| Err(error.into()));
        }
        window.drain(..done);
        base += done as u64;
    }
}

/// Cells of one encoding.
struct Runs {
    encoding: Encoding,
    bytes: Vec<u8>,
    cells: Vec<Cell>,
    /// How far runs were taken from the object.
    taken: u64,
}

impl Runs {
    fn new(encoding: Encoding) -> Self {
        Runs { encoding, bytes: Vec::new(), cells: Vec::new(), taken: 0 }
    }

    fn add(&mut self, text: &[u8], offset: u64) {
        self.bytes.extend_from_slice(text);
        self.cells.push(Cell { end: self.bytes.len(), field: 0, row: 0, line: 0, offset });
        self.bytes.push(TERMINATOR);
    }

    /// Hands on what was gathered; false when no more is wanted.
    fn give(&mut self, output: &mut dyn Output) -> bool {
        let go_on = self.cells.is_empty() || piece(output, self.encoding, (&self.bytes, &self.cells), None);
        self.bytes.clear();
        self.cells.clear();
        go_on
    }

    /// The same for UTF-16: run by run, for places in a transcription are counted from its start.
    fn give_wide(&mut self, output: &mut dyn Output) -> bool {
        let mut start = 0;
        let go_on = self.cells.iter().all(|cell| {
            let text = &self.bytes[start..=cell.end];
            start = cell.end + 1;
            let cells = [Cell { end: text.len() - 1, offset: 0, ..*cell }];
            piece(output, self.encoding, (text, &cells), Some(cell.offset))
        });
        self.bytes.clear();
        self.cells.clear();
        go_on
    }
}

/// Hands on runs; `base` is where they lie when they are transcribed. False when no more is wanted.
fn piece(
    output: &mut dyn Output,
    encoding: Encoding,
    (bytes, cells): (&[u8], &[Cell]),
    base: Option<u64>,
) -> bool {
    let counted = &Counter::default();
    let (transcribed, escapes) = (base.is_some(), Escapes::None);
    let window = if transcribed { bytes } else { &[] };
    let origin = Origin { base: base.unwrap_or(0), line: 0, window, transcribed, escapes, counted };
    let batch = Batch::of_cells(bytes, cells, encoding);
    output.piece(Piece { batch, body: 0..bytes.len(), origin, fields: &[], keys: None, unit: Unit::Line })
}

/// A byte of text in ASCII; with what only separates, for numbers are written with it.
fn is_ascii_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t')
}

/// The length of the character of UTF-8 or GB 18030 at the start of `bytes`, and whether it is one of GB 18030 alone;
/// none where there is no text.
fn character(bytes: &[u8]) -> Option<(usize, bool)> {
    let first = *bytes.first()?;
    if is_ascii_text(first) {
        return Some((1, false));
    }
    let length = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 0,
    };
    if length > 0 && bytes.get(..length).is_some_and(|c| std::str::from_utf8(c).is_ok()) {
        return Some((length, false));
    }
    // The characters of GB 2312, which nearly all text is made of: any two bytes would fit all of GBK.
    let second = *bytes.get(1)?;
    let is_one = matches!(first, 0xA1..=0xA9 | 0xB0..=0xF7) && (0xA1..=0xFE).contains(&second);
    is_one.then_some((2, true))
}

/// Finds the runs that begin before `until`; returns how far it came.
fn narrow_runs(window: &[u8], until: usize, base: u64, (narrow, double): (&mut Runs, &mut Runs)) -> usize {
    let mut at = 0;
    while at < until {
        let start = at;
        let (mut characters, mut doubles, mut others) = (0, 0, 0);
        while let Some((length, is_double)) = window.get(at..).and_then(character) {
            if at - start + length > LONGEST {
                break;
            }
            at += length;
            characters += 1;
            doubles += usize::from(is_double);
            others += usize::from(length > 1 && !is_double);
        }
        if characters >= SHORTEST {
            let runs = if doubles > others { &mut *double } else { &mut *narrow };
            runs.add(&window[start..at], base + start as u64);
        }
        if at == start {
            at += 1;
        }
    }
    at
}

/// Finds the runs of UTF-16, little endian, that begin before `until`, at even and at odd places.
fn wide_runs(window: &[u8], until: usize, base: u64, runs: &mut Runs) {
    let mut text = String::new();
    let mut at = usize::try_from(runs.taken.saturating_sub(base)).unwrap_or(0);
    while at < until {
        text.clear();
        let start = at;
        let mut characters = 0;
        while let Some(unit) = window.get(at..at + 2).and_then(wide_character) {
            if at - start > LONGEST {
                break;
            }
            text.push(unit);
            characters += 1;
            at += 2;
        }
        // What is all Chinese is as well bytes of something else; numbers are what is looked for.
        if characters >= SHORTEST && text.bytes().any(|b| b.is_ascii_digit()) {
            runs.add(text.as_bytes(), base + start as u64);
        }
        at = if characters == 0 || characters < SHORTEST { start + 1 } else { at };
    }
    runs.taken = base + at as u64;
}

/// A character of text in two bytes: ASCII, or one that Chinese is written with.
fn wide_character(bytes: &[u8]) -> Option<char> {
    let unit = u16::from_le_bytes(bytes.try_into().ok()?);
    let is_text = match unit {
        0..=0x7F => is_ascii_text(unit as u8),
        0x3000..=0x303F | 0x4E00..=0x9FFF | 0xFF00..=0xFF5E => true,
        _ => false,
    };
    if is_text { char::from_u32(u32::from(unit)) } else { None }
}
