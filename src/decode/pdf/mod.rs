//! PDF (ISO 32000-2): the text of its pages, what its forms hold, what is said of it, and the files that are attached.
mod content;
mod document;
mod font;
mod lines;
mod strings;

use super::cells::{At, Cells};
use super::format::Failure;
use super::{Output, Unit};
use crate::model::FieldName;
use crate::model::coverage::Reason;
use content::{Page as Content, Seen};
use document::{Document, annotations};
use font::Fonts;
use hayro_syntax::object::{Array, Stream};
use hayro_syntax::page::{Page, Resources};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use std::fmt::Write;

/// A page with fewer characters than this beside a picture is a picture with a caption.
const CAPTION: u64 = 200;
/// The part of a page that pictures must cover to be what it shows.
const COVERED: f64 = 0.3;
/// Painted paths from which on a page without text is a drawing: letters can be drawn, too.
const DRAWN: u32 = 100;
/// Unknown characters that could be a number; a few are bullets.
const NUMBER: u64 = 8;
/// The longest text that is one value.
const LONGEST: usize = 4 << 20;

/// Reads a PDF.
pub(super) fn read(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let pdf = Pdf::new(bytes.to_vec()).map_err(failure)?;
    let mut cells = Cells::new(output, Unit::Page);
    let document = Document::new(&pdf);
    let mut gaps = Gaps::default();
    let go_on = document.read(&mut cells) && pages(&pdf, &mut cells, &mut gaps) && cells.flush();
    if go_on && cells.flush() {
        let attached = document.attachments(&pdf);
        attached.into_iter().all(|(name, stream)| match stream.decoded() {
            Ok(data) => cells.output.entry(&name, super::Entry::Whole(&data)),
            Err(_) => {
                cells.output.unread(&name, Reason::Malformed, "an attached file that cannot be decoded")
            }
        });
    }
    let missing = document.pages().saturating_sub(pdf.pages().len() as u64);
    if let Some((reason, detail)) = gaps.told(missing, has_end(bytes)) {
        cells.output.gap(reason, &detail);
    }
    Ok(())
}

fn failure(error: LoadPdfError) -> Failure {
    match error {
        LoadPdfError::Invalid => Failure::malformed("no pages are found in it"),
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
            Failure::Unread(Reason::Encrypted, "needs a password".into())
        }
        LoadPdfError::Decryption(_) => {
            Failure::Unread(Reason::Encrypted, "encrypted in a way that is not known".into())
        }
    }
}

/// Whether the file ends as it should (ISO 32000-2, 7.5.5); some writers leave much behind the end.
fn has_end(bytes: &[u8]) -> bool {
    memchr::memmem::rfind(bytes, b"startxref")
        .is_some_and(|at| memchr::memmem::find(&bytes[at..], b"%%EOF").is_some() || bytes.len() - at < 64)
}

fn pages(pdf: &Pdf, cells: &mut Cells<'_>, gaps: &mut Gaps) -> bool {
    let field = cells.field(FieldName { shown: "text".into(), words: String::new() });
    let mut fonts = Fonts::new();
    let mut fields = document::Fields::default();
    for (at, page) in pdf.pages().iter().enumerate() {
        let number = at as u64 + 1;
        let (text, mut seen) = match contents(page) {
            Some(content) => run(&content, page.resources(), &mut fonts),
            None => {
                gaps.broken.add(number);
                (String::new(), Seen::default())
            }
        };
        for part in parts(&text) {
            if !cells.push(At { field, number, ..At::default() }, part) {
                return false;
            }
        }
        if !annotations(page, number, &mut fonts, &mut fields, cells) {
            return false;
        }
        seen.image_area /= area(page);
        gaps.look(number, &seen);
    }
    true
}

/// Runs a content stream of its own.
fn run<'a>(content: &[u8], resources: &Resources<'a>, fonts: &mut Fonts<'a>) -> (String, Seen) {
    let mut page = Content::new(fonts);
    page.run(content, resources);
    (page.lines.into_text(), page.seen)
}

/// The content of a page; none where it has some that cannot be decoded.
fn contents(page: &Page<'_>) -> Option<Vec<u8>> {
    // Not the page's own way, which keeps what it decodes for as long as the document lives.
    let dict = page.raw();
    if let Some(stream) = dict.get::<Stream<'_>>("Contents") {
        return stream.decoded_data().ok().map(|data| data.into_owned());
    }
    let Some(streams) = dict.get::<Array<'_>>("Contents") else { return Some(Vec::new()) };
    let mut all = Vec::new();
    for stream in streams.iter::<Stream<'_>>() {
        all.extend_from_slice(&stream.decoded_data().ok()?);
        // The parts of one content stream are split between two tokens (7.8.2).
        all.push(b'\n');
    }
    Some(all)
}

fn area(page: &Page<'_>) -> f64 {
    let seen = page.intersected_crop_box();
    let area = ((seen.x1 - seen.x0) * (seen.y1 - seen.y0)).abs();
    if area > 0.0 { area } else { 1.0 }
}

/// A text in parts that are not too long for one value, cut between lines.
fn parts(mut text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while text.len() > LONGEST {
        let mut end =
            text.as_bytes()[..LONGEST].iter().rposition(|b| *b == b'\n').map_or(LONGEST, |at| at + 1);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let (part, rest) = text.split_at(end);
        parts.push(part);
        text = rest;
    }
    parts.push(text);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// Pages, as the ledger lists them: `3-7, 12`.
#[derive(Default)]
struct Pages {
    listed: Vec<(u64, u64)>,
}

impl Pages {
    fn add(&mut self, number: u64) {
        match self.listed.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => self.listed.push((number, number)),
        }
    }

    fn say(&self, about: &str, all: &mut String) {
        /// More are not listed.
        const MANY: usize = 6;
        let mut parts: Vec<_> = self
            .listed
            .iter()
            .take(MANY)
            .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") })
            .collect();
        if self.listed.len() > MANY {
            parts.push("…".into());
        }
        let plural =
            if matches!(self.listed.as_slice(), [(first, last)] if first == last) { "" } else { "s" };
        if !parts.is_empty() {
            let break_ = if all.is_empty() { "" } else { "; " };
            let _ = write!(all, "{break_}page{plural} {}: {about}", parts.join(", "));
        }
    }
}

/// What of the pages was not read.
#[derive(Default)]
struct Gaps {
    pictures: Pages,
    unknown: Pages,
    broken: Pages,
    cut: Pages,
}

impl Gaps {
    fn look(&mut self, number: u64, seen: &Seen) {
        let is_captioned = seen.characters < CAPTION && !seen.invisible;
        let is_covered = seen.images > 0 && seen.image_area >= COVERED && is_captioned;
        let is_blank = seen.characters == 0 && (seen.images > 0 || seen.paths >= DRAWN);
        // An OCR seam: what is written in such a page could be read here, from the pictures its content draws.
        if is_covered || is_blank {
            self.pictures.add(number);
        }
        if seen.unknown >= NUMBER {
            self.unknown.add(number);
        }
        if seen.cut {
            self.cut.add(number);
        }
    }

    /// What is to be told of it.
    fn told(&self, missing: u64, has_end: bool) -> Option<(Reason, String)> {
        let mut all = String::new();
        self.pictures.say("pictures, whose text is not read", &mut all);
        self.unknown.say("text in fonts that do not tell their characters", &mut all);
        self.broken.say("cannot be decoded", &mut all);
        self.cut.say("too much for one page", &mut all);
        if missing > 0 {
            let _ = write!(all, "{}{missing} pages are missing", if all.is_empty() { "" } else { "; " });
        }
        if !has_end {
            all += if all.is_empty() { "its end is missing" } else { "; its end is missing" };
        }
        let reason = match self {
            _ if !has_end || missing > 0 || !self.broken.listed.is_empty() => Reason::Malformed,
            Gaps { pictures, .. } if !pictures.listed.is_empty() => Reason::Image,
            Gaps { cut, .. } if !cut.listed.is_empty() => Reason::Limit,
            _ => Reason::NoDecoder,
        };
        (!all.is_empty()).then_some((reason, all))
    }
}
