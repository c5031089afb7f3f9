//! What the codes of a font stand for, and how far they move the pen.
use hayro_cmap::{BfString, CMap, CMapName, CidFamily, load_embedded};
use hayro_font::{CMapResolverFn, Font, FontCache, FontGlyph, FontQuery, FontResolverFn, UNITS_PER_EM};
use hayro_syntax::object::{Array, Dict, Name, ObjectIdentifier, Stream, String as PdfString};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// Fonts that are kept: each page of a long document may have its own.
const KEPT: usize = 64;

/// A character of a font.
#[derive(Clone, Debug)]
pub(super) struct Char {
    /// Its text; a guess or nothing where the font does not tell.
    pub text: Rc<str>,
    /// Whether the font tells.
    pub is_known: bool,
    /// How far it moves the pen, in text space at size one.
    pub advance: (f64, f64),
}

/// A font, ready to read strings with.
pub(super) struct Reader<'a> {
    font: Option<Font<'a>>,
    /// What the codes are, where the font itself cannot tell.
    spare: Spare,
    chars: RefCell<HashMap<u32, Char>>,
}

/// How codes lead to text in other ways than the font's own.
#[derive(Default)]
struct Spare {
    composite: bool,
    to_unicode: Option<CMap>,
    /// From codes to CIDs, and from those to text (ISO 32000-2, 9.10.2).
    cids: Option<(CMap, CMap)>,
}

/// The fonts of a document.
pub(super) struct Fonts<'a> {
    cache: FontCache<'a>,
    known: HashMap<ObjectIdentifier, Rc<Reader<'a>>>,
    programs: FontResolverFn,
    cmaps: CMapResolverFn,
}

impl<'a> Fonts<'a> {
    pub fn new() -> Self {
        // Only widths and names are asked of it, and those of the standard fonts are known without.
        let programs: FontResolverFn = Arc::new(|query| match query {
            FontQuery::Standard(font) => Some(font.get_font_data()),
            FontQuery::Fallback(query) => Some(query.pick_standard_font().get_font_data()),
        });
        Fonts { cache: FontCache::new(), known: HashMap::new(), programs, cmaps: Arc::new(load_embedded) }
    }

    /// The font that a dictionary describes; `id` is its own, if it is an object of its own.
    pub fn reader(&mut self, id: Option<ObjectIdentifier>, dict: &Dict<'a>) -> Rc<Reader<'a>> {
        if let Some(known) = id.and_then(|id| self.known.get(&id)) {
            return known.clone();
        }
        if self.known.len() >= KEPT {
            self.known.clear();
            self.cache = FontCache::new();
        }
        let font = self.cache.font(dict, &self.programs, &self.cmaps);
        let reader = Rc::new(Reader { font, spare: Spare::new(dict), chars: RefCell::default() });
        if let Some(id) = id {
            self.known.insert(id, reader.clone());
        }
        reader
    }
}

impl Spare {
    fn new(dict: &Dict<'_>) -> Self {
        let composite = dict.get::<Name<'_>>("Subtype").is_some_and(|name| &*name == b"Type0");
        let parse = |data: &[u8]| CMap::parse(data, load_embedded);
        let to_unicode = dict.get::<Stream<'_>>("ToUnicode").and_then(|stream| stream.decoded_data().ok());
        let to_unicode = to_unicode.and_then(|data| parse(&data));
        let cids = (composite && to_unicode.is_none()).then(|| cids(dict)).flatten();
        Spare { composite, to_unicode, cids }
    }

    fn text(&self, code: u32) -> Option<String> {
        if let Some(text) = self.to_unicode.as_ref().and_then(|map| map.lookup_bf_string(code)) {
            return Some(plain(text));
        }
        let (encoding, unicode) = self.cids.as_ref()?;
        let cid = (1..=4).find_map(|length| encoding.lookup_cid_code(code, length))?;
        unicode.lookup_bf_string(cid).map(plain)
    }
}

/// The maps of a composite font of one of the Adobe collections.
fn cids(dict: &Dict<'_>) -> Option<(CMap, CMap)> {
    let parse = |data: &[u8]| CMap::parse(data, load_embedded);
    let encoding = match dict.get::<Name<'_>>("Encoding") {
        Some(name) => match CMapName::from_bytes(&name) {
            CMapName::IdentityH => CMap::identity_h(),
            CMapName::IdentityV => CMap::identity_v(),
            name => parse(load_embedded(name)?)?,
        },
        None => parse(&dict.get::<Stream<'_>>("Encoding")?.decoded_data().ok()?)?,
    };
    let named = encoding.metadata().character_collection.as_ref().map(|of| of.family.clone());
    let family = named.filter(|family| family.ucs2_cmap().is_some()).or_else(|| {
        let descendant = dict.get::<Array<'_>>("DescendantFonts")?.iter::<Dict<'_>>().next()?;
        let info = descendant.get::<Dict<'_>>("CIDSystemInfo")?;
        let part = |key: &str| info.get::<PdfString<'_>>(key);
        Some(CidFamily::from_registry_ordering(&part("Registry")?, &part("Ordering")?))
    })?;
    Some((encoding, parse(load_embedded(family.ucs2_cmap()?)?)?))
}

fn plain(text: BfString) -> String {
    match text {
        BfString::Char(c) => c.to_string(),
        BfString::String(text) => text,
    }
}

/// Without what no text holds.
fn cleaned(text: String) -> String {
    let is_text = |c: char| !(c < ' ' || c == '\u{FFFD}' || c == '\u{FEFF}' || c == '\u{AD}');
    if text.chars().all(is_text) { text } else { text.chars().filter(|c| is_text(*c)).collect() }
}

impl Reader<'_> {
    /// The next code of a string, and its length.
    pub fn code(&self, bytes: &[u8], at: usize) -> (u32, usize) {
        match &self.font {
            Some(font) => font.read_code(bytes, at),
            None if self.spare.composite && at + 1 < bytes.len() => {
                (u32::from(bytes[at]) << 8 | u32::from(bytes[at + 1]), 2)
            }
            None => (bytes[at].into(), 1),
        }
    }

    /// Whether text runs from left to right, and not from top to bottom.
    pub fn is_horizontal(&self) -> bool {
        self.font.as_ref().is_none_or(Font::is_horizontal)
    }

    /// What a code stands for.
    pub fn char(&self, code: u32) -> Char {
        if let Some(known) = self.chars.borrow().get(&code) {
            return known.clone();
        }
        let (text, advance) = (self.text(code), self.advance(code));
        let is_known = !text.is_empty();
        // Fonts of single bytes that say nothing are often in ASCII all the same.
        let guess = u8::try_from(code).ok().filter(|byte| byte.is_ascii_graphic() && !self.spare.composite);
        let text = if is_known { text } else { guess.map(char::from).map(String::from).unwrap_or_default() };
        let char = Char { text: text.into(), is_known, advance };
        self.chars.borrow_mut().insert(code, char.clone());
        char
    }

    fn text(&self, code: u32) -> String {
        let told = self.font.as_ref().and_then(|font| match font.glyph(font.map_code(code), code) {
            FontGlyph::Outline(glyph) => glyph.as_unicode(),
            FontGlyph::Type3(glyph) => glyph.as_unicode(),
        });
        let told = told.map(|text| cleaned(plain(text))).filter(|text| !text.is_empty());
        told.or_else(|| self.spare.text(code).map(cleaned)).unwrap_or_default()
    }

    fn advance(&self, code: u32) -> (f64, f64) {
        let Some(font) = &self.font else {
            return (if self.spare.composite { 1.0 } else { 0.5 }, 0.0);
        };
        let advance = font.code_advance(code) / f64::from(UNITS_PER_EM);
        if advance.is_finite() { (advance.x, advance.y) } else { (0.5, 0.0) }
    }
}
