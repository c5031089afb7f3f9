//! LDIF: entries of a directory, an attribute on every line, long ones folded, Base64 behind two colons (RFC 2849).
use super::encoded::base64;
use super::properties::{Fields, Folded, Gathered};
use super::window::Window;
use super::{Sink, charset};
use crate::model::{Cell, Encoding};

/// Reads entries window by window.
#[derive(Default)]
pub(super) struct Entries {
    fields: Fields,
    /// Entries begun so far.
    row: u64,
}

impl Entries {
    /// Gives the window's whole lines to the sink; returns where the first unfinished one begins.
    pub fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        let mut lines = Folded::of(window);
        let mut gathered = Gathered::default();
        while let Some((range, line)) = lines.next(|_, behind| behind.first() == Some(&b' ')) {
            self.attribute(&window.bytes[range.clone()], (range.start, line), window.encoding, &mut gathered);
            if gathered.is_full() && !gathered.give(window, &self.fields, sink) {
                return (lines.at, false);
            }
        }
        (lines.at, gathered.give(window, &self.fields, sink))
    }

    fn attribute(
        &mut self,
        raw: &[u8],
        (at, line): (usize, u64),
        encoding: Encoding,
        gathered: &mut Gathered,
    ) {
        let unfolded = unfolded(raw);
        let colon = memchr::memchr(b':', &unfolded).filter(|_| unfolded.first() != Some(&b'#'));
        let (name, value) =
            colon.map_or((&b""[..], &unfolded[..]), |at| (&unfolded[..at], &unfolded[at + 1..]));
        // Options stand behind the name: `cn;lang-zh`.
        let name =
            String::from_utf8_lossy(name.split(|&b| b == b';').next().unwrap_or_default()).into_owned();
        self.row += u64::from(name.eq_ignore_ascii_case("dn"));
        let text = match value.strip_prefix(b":") {
            Some(written) => {
                let bytes = base64::decode(written);
                // Pictures and certificates are kept so too.
                match charset::text_of(&bytes) {
                    Some(text) => String::from_utf8_lossy(&text).into_owned(),
                    None => return,
                }
            }
            None => encoding.decoder().decode_without_bom_handling(value).0.into_owned(),
        };
        let text = text.trim();
        if !text.is_empty() {
            let offset = colon.map_or(at, |colon| at + colon + 1 + blanks(&unfolded[colon + 1..])) as u64;
            let field = self.fields.number(&name);
            gathered.push(text, Cell { end: 0, field, row: self.row, line, offset });
        }
    }
}

/// Blanks and the second colon before a value.
fn blanks(value: &[u8]) -> usize {
    value.iter().take_while(|b| matches!(b, b':' | b' ' | b'<')).count()
}

/// A line without its folds: a line end and one blank (RFC 2849, note 2).
fn unfolded(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    for (i, line) in raw.split(|&b| b == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        out.extend_from_slice(if i > 0 && !line.is_empty() { &line[1..] } else { line });
    }
    out
}

/// Whether a text begins as LDIF does: a version or an entry's name, behind comments.
pub(super) fn is_ldif(text: &[u8]) -> bool {
    let mut lines = text.split(|&b| b == b'\n').map(<[u8]>::trim_ascii_end);
    let Some(first) = lines.by_ref().find(|line| !line.is_empty() && line[0] != b'#' && line[0] != b' ')
    else {
        return false;
    };
    let is =
        |line: &[u8], mark: &[u8]| line.get(..mark.len()).is_some_and(|head| head.eq_ignore_ascii_case(mark));
    let named = |line: &[u8]| (is(line, b"dn: ") && line.contains(&b'=')) || is(line, b"dn:: ");
    named(first)
        || is(first, b"version: 1")
            && lines.find(|line| !line.is_empty() && line[0] != b'#').is_some_and(named)
}
