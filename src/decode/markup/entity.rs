//! Characters that are written as references: `&amp;`, `&#49;`, `&#x31;`. Entities of a document's own are not expanded.
use crate::model::Encoding;

/// The longest reference that is looked for.
const LONGEST: usize = 12;

/// The names that are met in documents (HTML, 13.5); the first five are all that XML has.
const NAMED: [(&str, char); 46] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", ' '),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("Tab", ' '),
    ("NewLine", '\n'),
    ("hyphen", '-'),
    ("dash", '-'),
    ("minus", '-'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("num", '#'),
    ("colon", ':'),
    ("semi", ';'),
    ("comma", ','),
    ("period", '.'),
    ("lpar", '('),
    ("rpar", ')'),
    ("lsqb", '['),
    ("rsqb", ']'),
    ("plus", '+'),
    ("equals", '='),
    ("ast", '*'),
    ("sol", '/'),
    ("commat", '@'),
    ("lowbar", '_'),
    ("vert", '|'),
    ("copy", '©'),
    ("reg", '®'),
    ("hellip", '…'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("middot", '·'),
    ("bull", '•'),
    ("times", '×'),
    ("yen", '¥'),
    ("deg", '°'),
    ("laquo", '«'),
    ("raquo", '»'),
];

/// References to what is not seen: within a number they are nothing.
const UNSEEN: [&str; 3] = ["shy", "zwnj", "zwj"];

/// The reference at the beginning of `rest`: what it stands for, nothing for what is not seen, and how long it is.
pub(in crate::decode) fn reference(rest: &[u8]) -> Option<(Option<char>, usize)> {
    let near = rest.get(1..rest.len().min(LONGEST))?;
    let end = near.iter().position(|b| !b.is_ascii_alphanumeric() && *b != b'#')?;
    let name = std::str::from_utf8(&near[..end]).ok()?;
    let length = 1 + end + usize::from(near[end] == b';');
    let code = name.strip_prefix('#').map(|number| match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    });
    if let Some(code) = code {
        return Some(match char::from_u32(code.ok()?)? {
            '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{FEFF}' => (None, length),
            '\0' | '\u{A0}' => (Some(' '), length),
            character => (Some(character), length),
        });
    }
    if UNSEEN.contains(&name) {
        return Some((None, length));
    }
    let named = NAMED.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    named.filter(|_| near[end] == b';').map(|character| (Some(character), length))
}

/// Writes text without its references.
pub(super) fn decode(out: &mut Vec<u8>, raw: &[u8], encoding: Encoding) {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'&', &raw[at..]) {
        out.extend_from_slice(&raw[at..at + found]);
        at += found;
        // The last reference may end with the text.
        let padded = [&raw[at..raw.len().min(at + LONGEST)], b" "].concat();
        match reference(&padded) {
            Some((character, length)) if at + length <= raw.len() => {
                if let Some(character) = character {
                    let utf8 = character.encode_utf8(&mut [0; 4]).to_owned();
                    out.extend_from_slice(&encoding.decoder().encode(&utf8).0);
                }
                at += length;
            }
            _ => {
                out.push(b'&');
                at += 1;
            }
        }
    }
    out.extend_from_slice(&raw[at..]);
}
