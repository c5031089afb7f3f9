//! Runs the content of a page as far as text goes (ISO 32000-2, 9): what is written where. Nothing is painted.
//!
//! Layers that are not shown are read, and so is text that is invisible: it is there.
use super::font::{Fonts, Reader};
use super::lines::{Glyph, Lines};
use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::{Array, Dict, Name, Number, Object, Stream, String as PdfString};
use hayro_syntax::page::Resources;
use kurbo::{Affine, Vec2};
use std::collections::HashMap;
use std::rc::Rc;

/// Forms within forms.
const DEEPEST: u32 = 20;
/// Saved states: more are forgotten.
const SAVED: usize = 512;
/// Forms drawn on a page, in all.
const FORMS: u32 = 20_000;
/// Characters on a page.
const CHARACTERS: usize = 8 << 20;

/// What a page shows beside text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Characters that are no spaces.
    pub characters: u64,
    /// Characters whose font does not tell what they are.
    pub unknown: u64,
    /// Whether some of it is invisible: what was written in a picture was read before.
    pub invisible: bool,
    /// Pictures.
    pub images: u32,
    /// The area they cover, in the units of the page.
    pub image_area: f64,
    /// Paths that are painted.
    pub paths: u32,
    /// More than is looked at.
    pub cut: bool,
}

#[derive(Clone)]
struct State<'a> {
    ctm: Affine,
    font: Option<Rc<Reader<'a>>>,
    size: f64,
    char_space: f64,
    word_space: f64,
    stretch: f64,
    leading: f64,
    rise: f64,
    invisible: bool,
}

/// The content of a page while it runs.
pub(super) struct Page<'p, 'a> {
    fonts: &'p mut Fonts<'a>,
    state: State<'a>,
    saved: Vec<State<'a>>,
    text: Affine,
    line: Affine,
    depth: u32,
    forms: u32,
    /// Replacement texts that are open, and where they began; nothing for marked content without.
    marked: Vec<Option<(String, usize)>>,
    /// Where the text goes.
    pub lines: Lines,
    /// What else there is.
    pub seen: Seen,
}

impl<'p, 'a> Page<'p, 'a> {
    pub fn new(fonts: &'p mut Fonts<'a>) -> Self {
        let state = State {
            ctm: Affine::IDENTITY,
            font: None,
            size: 1.0,
            char_space: 0.0,
            word_space: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            invisible: false,
        };
        let (text, line) = (Affine::IDENTITY, Affine::IDENTITY);
        let (lines, seen) = (Lines::default(), Seen::default());
        Page {
            fonts,
            state,
            saved: Vec::new(),
            text,
            line,
            depth: 0,
            forms: 0,
            marked: Vec::new(),
            lines,
            seen,
        }
    }

    /// Runs a content stream.
    pub fn run(&mut self, content: &[u8], resources: &Resources<'a>) {
        let (saved, marked) = (self.saved.len(), self.marked.len());
        let mut fonts = HashMap::new();
        let mut operations = TypedIter::new(content);
        while let Some(operation) = operations.next() {
            match operation {
                Op::SaveState(_) if self.saved.len() < SAVED => self.saved.push(self.state.clone()),
                Op::RestoreState(_) if self.saved.len() > saved => {
                    self.state = self.saved.pop().unwrap_or_else(|| self.state.clone());
                }
                Op::Transform(m) => self.state.ctm *= matrix([m.0, m.1, m.2, m.3, m.4, m.5]),
                Op::TextFont(font) => {
                    let reader = fonts.entry(font.0.to_vec()).or_insert_with(|| {
                        let id = resources.fonts.get_ref(font.0).map(Into::into);
                        resources.get_font(font.0).map(|dict| self.fonts.reader(id, &dict))
                    });
                    self.state.font.clone_from(reader);
                    self.state.size = font.1.as_f64();
                }
                Op::XObject(name) => {
                    if let Some(stream) = resources.get_x_object(name.0) {
                        self.object(&stream, resources);
                    }
                }
                Op::InlineImage(_) => self.image(),
                Op::SetGraphicsState(name) => self.graphics_state(resources.get_ext_g_state(name.0)),
                Op::BeginMarkedContent(_) => self.begin(None),
                Op::BeginMarkedContentWithProperties(marked) => self.begin(properties(marked.1, resources)),
                Op::EndMarkedContent(_) if self.marked.len() > marked => self.end(),
                other => self.text(&other),
            }
            if self.lines.len() > CHARACTERS {
                self.seen.cut = true;
                break;
            }
        }
        while self.marked.len() > marked {
            self.end();
        }
        self.saved.truncate(saved);
    }

    /// The operators of text, and those that paint paths.
    fn text(&mut self, operation: &Op<'_, '_>) {
        match operation {
            Op::BeginText(_) => (self.text, self.line) = (Affine::IDENTITY, Affine::IDENTITY),
            Op::CharacterSpacing(n) => self.state.char_space = n.0.as_f64(),
            Op::WordSpacing(n) => self.state.word_space = n.0.as_f64(),
            Op::HorizontalScaling(n) => self.state.stretch = n.0.as_f64() / 100.0,
            Op::TextLeading(n) => self.state.leading = n.0.as_f64(),
            // Mode 3 neither fills nor strokes (9.3.6).
            Op::TextRenderingMode(n) => self.state.invisible = n.0.as_i64() == 3,
            Op::TextRise(n) => self.state.rise = n.0.as_f64(),
            Op::SetTextMatrix(m) => {
                self.line = matrix([m.0, m.1, m.2, m.3, m.4, m.5]);
                self.text = self.line;
            }
            Op::NextLine(n) => self.next(n.0.as_f64(), n.1.as_f64()),
            Op::NextLineAndSetLeading(n) => {
                self.state.leading = -n.1.as_f64();
                self.next(n.0.as_f64(), n.1.as_f64());
            }
            Op::NextLineUsingLeading(_) => self.next(0.0, -self.state.leading),
            Op::ShowText(show) => self.show(show.0),
            Op::NextLineAndShowText(show) => {
                self.next(0.0, -self.state.leading);
                self.show(show.0);
            }
            Op::ShowTextWithParameters(show) => {
                (self.state.word_space, self.state.char_space) = (show.0.as_f64(), show.1.as_f64());
                self.next(0.0, -self.state.leading);
                self.show(show.2);
            }
            Op::ShowTexts(show) => self.show_all(show.0),
            Op::FillPathNonZero(_)
            | Op::FillPathNonZeroCompatibility(_)
            | Op::FillPathEvenOdd(_)
            | Op::FillAndStrokeNonZero(_)
            | Op::FillAndStrokeEvenOdd(_)
            | Op::StrokePath(_)
            | Op::CloseAndStrokePath(_) => self.seen.paths += 1,
            _ => {}
        }
    }

    fn next(&mut self, x: f64, y: f64) {
        self.line *= Affine::translate((x, y));
        self.text = self.line;
    }

    fn show(&mut self, bytes: &[u8]) {
        self.lines.begin();
        self.string(bytes);
    }

    fn show_all(&mut self, array: &Array<'_>) {
        self.lines.begin();
        for part in array.iter::<Object<'_>>() {
            match part {
                Object::String(bytes) => self.string(&bytes),
                Object::Number(back) => {
                    let horizontal = self.state.font.as_ref().is_none_or(|font| font.is_horizontal());
                    let by = -back.as_f64() / 1000.0 * self.state.size;
                    let by = if horizontal { (by * self.state.stretch, 0.0) } else { (0.0, by) };
                    self.text *= Affine::translate(by);
                }
                _ => {}
            }
        }
    }

    /// Writes a string with the font at hand.
    fn string(&mut self, bytes: &[u8]) {
        let Some(font) = self.state.font.clone() else {
            self.seen.unknown += bytes.len() as u64;
            return;
        };
        let State { ctm, size, char_space, word_space, stretch, rise, .. } = self.state;
        let horizontal = font.is_horizontal();
        let mut at = 0;
        while at < bytes.len() {
            let (code, length) = font.code(bytes, at);
            at += length.max(1);
            let char = font.char(code);
            let spaces = if length == 1 && code == 32 { char_space + word_space } else { char_space };
            let (wide, move_by) = if horizontal {
                let wide = Vec2::new(char.advance.0 * size * stretch, 0.0);
                (wide, wide + Vec2::new(spaces * stretch, 0.0))
            } else {
                let wide = Vec2::new(0.0, char.advance.1 * size);
                (wide, wide + Vec2::new(0.0, spaces))
            };
            self.seen.unknown += u64::from(!char.is_known);
            if !char.text.is_empty() {
                self.seen.invisible |= self.state.invisible;
                self.seen.characters += u64::from(!char.text.trim().is_empty());
                let place = ctm * self.text * Affine::translate((0.0, rise));
                let along = if horizontal { Vec2::new(size * stretch, 0.0) } else { Vec2::new(0.0, -size) };
                if let Some(glyph) = Glyph::new(place, along, wide) {
                    self.lines.push(glyph, &char.text);
                }
            }
            self.text *= Affine::translate(move_by);
        }
    }

    fn graphics_state(&mut self, dict: Option<Dict<'a>>) {
        let Some(font) = dict.and_then(|dict| dict.get::<Array<'_>>("Font")) else { return };
        let mut parts = font.iter::<Object<'_>>();
        if let (Some(Object::Dict(dict)), Some(Object::Number(size))) = (parts.next(), parts.next()) {
            let id = font.raw_iter().next().and_then(|part| part.as_obj_ref()).map(Into::into);
            self.state.font = Some(self.fonts.reader(id, &dict));
            self.state.size = size.as_f64();
        }
    }

    /// Runs a form, or notes a picture.
    pub fn object(&mut self, stream: &Stream<'a>, resources: &Resources<'a>) {
        let dict = stream.dict();
        if dict.get::<Name<'_>>("Subtype").is_some_and(|name| &*name == b"Image") {
            return self.image();
        }
        self.forms += 1;
        if self.depth >= DEEPEST || self.forms > FORMS {
            self.seen.cut = true;
            return;
        }
        let Ok(content) = stream.decoded_data() else { return };
        let outer = (self.state.clone(), self.text, self.line);
        if let Some(m) = dict.get::<[f64; 6]>("Matrix").filter(|m| m.iter().all(|n| n.is_finite())) {
            self.state.ctm *= Affine::new(m);
        }
        let own = dict.get::<Dict<'_>>("Resources").map(Resources::new);
        self.depth += 1;
        self.run(&content, own.as_ref().unwrap_or(resources));
        self.depth -= 1;
        (self.state, self.text, self.line) = outer;
    }

    fn image(&mut self) {
        self.seen.images += 1;
        self.seen.image_area += self.state.ctm.determinant().abs();
    }

    fn begin(&mut self, properties: Option<Dict<'_>>) {
        let text = properties.and_then(|dict| dict.get::<PdfString<'_>>("ActualText"));
        let from = self.lines.len();
        if self.marked.len() < SAVED {
            self.marked.push(text.map(|text| (super::strings::text(&text), from)));
        }
    }

    fn end(&mut self) {
        if let Some((text, from)) = self.marked.pop().flatten() {
            self.lines.replace(from, &text);
        }
    }
}

fn matrix(numbers: [Number; 6]) -> Affine {
    Affine::new(numbers.map(|number| number.as_f64()))
}

/// The properties of marked content: written where they are used, or among the resources.
fn properties<'d>(object: &Object<'d>, resources: &Resources<'d>) -> Option<Dict<'d>> {
    match object {
        Object::Dict(dict) => Some(dict.clone()),
        Object::Name(name) => resources.properties.get::<Dict<'_>>(name),
        _ => None,
    }
}
