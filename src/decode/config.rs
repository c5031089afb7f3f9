//! Lines of keys and values: YAML, TOML, INI, Java properties, environment files. Each value comes under its key.
use super::gather::{Fields, Gather, Spot, is_value};
use super::window::Window;
use super::{Escapes, Sink};
use crate::model::Encoding;
use std::collections::HashSet;

/// Lines looked at to tell a configuration from a text.
const SAMPLE: usize = 200;
/// The longest key.
const LONGEST_KEY: usize = 96;
/// Keys within keys that have a path of their own.
const DEEPEST: usize = 32;

/// Reads lines window by window.
#[derive(Default)]
pub(super) struct Config {
    fields: Fields,
    /// The section in brackets.
    section: String,
    /// The keys that stand over the next line: how far each is indented, and its name.
    above: Vec<(usize, String)>,
    /// The field of the last value: lines that have no key go on with it.
    last: Option<u32>,
    /// Lines that are indented further than this are a text.
    block: Option<usize>,
}

/// A line, taken apart.
#[derive(Debug, PartialEq, Eq)]
enum Line<'l> {
    Blank,
    Comment,
    Section(&'l [u8]),
    /// A key, and where its value begins in the line.
    Pair {
        key: &'l [u8],
        value: usize,
        sign: u8,
    },
    /// An element of a list.
    Item(usize),
    Other,
}

impl Config {
    /// Gives the window's whole lines to the sink; returns how far it came, and whether to go on.
    pub fn feed(&mut self, window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
        let bytes = window.bytes;
        let mut fields = std::mem::take(&mut self.fields);
        let mut gather = Gather::new(&mut fields, window, Escapes::Unicode, sink);
        let mut at = window.from;
        while at < bytes.len() && gather.goes_on() {
            let end = match memchr::memchr(b'\n', &bytes[at..]) {
                Some(end) => at + end,
                None if window.last => bytes.len(),
                None => break,
            };
            self.line(at, &bytes[at..end], window.encoding, &mut gather);
            at = (end + 1).min(bytes.len());
        }
        let go_on = gather.flush();
        self.fields = fields;
        (at, go_on)
    }

    fn line(&mut self, at: usize, line: &[u8], encoding: Encoding, gather: &mut Gather<'_>) {
        let indent = indent(line);
        if let Some(block) = self.block {
            if indent > block || line.trim_ascii().is_empty() {
                return self.text(at, line, gather);
            }
            self.block = None;
        }
        let string = |bytes: &[u8]| encoding.decoder().decode_without_bom_handling(bytes).0.into_owned();
        // Elements of lists have dashes before them, more than one where lists hold lists.
        let dashes = dashes(line);
        match take_apart(&line[dashes..]) {
            Line::Blank => {}
            Line::Comment => {
                let field = gather.fields.number("comment", "");
                gather.lines(field, at..at + line.len());
            }
            Line::Section(name) => {
                let name = string(name);
                self.section = if is_value(&name) { "*".into() } else { name };
                self.above.clear();
                self.last = None;
            }
            Line::Pair { key, value, sign } => {
                let key = unicode(&string(key));
                let depth = if dashes > 0 { dashes } else { indent };
                self.above.retain(|(other, _)| if dashes > 0 { *other <= indent } else { *other < depth });
                let name = if is_value(&key) { "*".to_owned() } else { key.clone() };
                let words = key.rsplit('.').next().unwrap_or_default();
                let path = self.path(&name);
                let field = gather.fields.number(&path, if name == "*" { "" } else { words });
                if name == "*" {
                    let spot = Spot { field, row: 0, line: gather.line(at), at: at + dashes + indent };
                    gather.push(spot, key.as_bytes());
                }
                self.last = Some(field);
                let value = &line[dashes + value..];
                let from = at + line.len() - value.len();
                if sign == b':' {
                    if matches!(value.trim_ascii(), [b'|' | b'>', rest @ ..] if rest.len() < 4) {
                        self.block = Some(indent);
                    } else if self.above.len() < DEEPEST && value.trim_ascii().is_empty() {
                        self.above.push((depth, name));
                    }
                }
                self.value(field, from, value, gather);
            }
            Line::Item(_) | Line::Other if dashes > 0 => {
                self.above.retain(|(other, _)| *other <= indent);
                let words = self.above.last().map_or("", |(_, name)| name.as_str()).to_owned();
                let path = self.path("");
                let field = gather.fields.number(if path.is_empty() { "item" } else { &path }, &words);
                self.last = Some(field);
                self.value(field, at + dashes, &line[dashes..], gather);
            }
            Line::Item(_) | Line::Other => self.text(at, line, gather),
        }
    }

    /// The path of a key.
    fn path(&self, key: &str) -> String {
        let section = Some(self.section.as_str()).into_iter();
        let above = self.above.iter().map(|(_, name)| name.as_str());
        let parts: Vec<&str> = section.chain(above).chain([key]).filter(|part| !part.is_empty()).collect();
        parts.join(".")
    }

    /// Adds a line without a key to what the last key holds.
    fn text(&self, at: usize, line: &[u8], gather: &mut Gather<'_>) {
        let field = self.last.unwrap_or_else(|| gather.fields.number("text", ""));
        self.value(field, at, line, gather);
    }

    fn value(&self, field: u32, at: usize, value: &[u8], gather: &mut Gather<'_>) {
        let start = value.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let (mut at, mut value) = (at + start, value.trim_ascii());
        if let [quote @ (b'"' | b'\''), inner @ .., last] = value
            && quote == last
        {
            (at, value) = (at + 1, inner);
        }
        if value.is_empty() {
            return;
        }
        let spot = Spot { field, row: 0, line: gather.line(at), at };
        match std::str::from_utf8(value) {
            Ok(text) if text.contains("\\u") => gather.push(spot, unicode(text).as_bytes()),
            _ => gather.push_raw(spot, at..at + value.len()),
        }
    }
}

/// Resolves `\u624b`, as Java writes what is not ASCII in properties, and YAML and TOML may in quotes.
fn unicode(text: &str) -> String {
    let (mut units, mut plain) = (Vec::new(), String::with_capacity(text.len()));
    let mut rest = text;
    let end_of_units = |units: &mut Vec<u16>, plain: &mut String| {
        plain.push_str(&String::from_utf16_lossy(units));
        units.clear();
    };
    while let Some(at) = rest.find("\\u") {
        let digits = rest.get(at + 2..at + 6).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        if at > 0 || unit.is_none() {
            end_of_units(&mut units, &mut plain);
        }
        plain.push_str(&rest[..at]);
        match unit {
            Some(unit) => {
                units.push(unit);
                rest = &rest[at + 6..];
            }
            None => {
                plain.push_str("\\u");
                rest = &rest[at + 2..];
            }
        }
    }
    end_of_units(&mut units, &mut plain);
    plain + rest
}

/// How far a line is indented.
fn indent(line: &[u8]) -> usize {
    line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// How far the dashes at the beginning of a line reach, and the blanks before and behind them; 0 without dashes.
fn dashes(line: &[u8]) -> usize {
    let mut reach = 0;
    loop {
        let at = reach + indent(&line[reach..]);
        match &line[at..] {
            [b'-', b' ' | b'\t', ..] => reach = at + 2,
            _ => return if reach > 0 { at } else { 0 },
        }
    }
}

/// Takes a line apart that has no dashes before it.
fn take_apart(line: &[u8]) -> Line<'_> {
    let from = indent(line);
    let text = line[from..].trim_ascii_end();
    match text {
        [] | b"---" | b"..." => return Line::Blank,
        [b'#' | b';' | b'!', ..] | [b'/', b'/', ..] => return Line::Comment,
        [b'[', .., b']'] if !text.contains(&b',') && !text.contains(&b'"') => {
            return Line::Section(within(text));
        }
        [b'[' | b'{' | b'<', ..] => return Line::Other,
        _ => {}
    }
    let quote = text[0];
    let after = match quote {
        b'"' | b'\'' => match memchr::memchr(quote, &text[1..]) {
            Some(end) => end + 2,
            None => return Line::Other,
        },
        _ => 0,
    };
    let near = &text[..text.len().min(after + LONGEST_KEY)];
    let is_sign = |at: usize| match near[at] {
        b'=' => true,
        b':' => matches!(text.get(at + 1), None | Some(b' ' | b'\t')),
        _ => false,
    };
    let Some(sign) = (after..near.len()).find(|at| is_sign(*at)) else {
        return Line::Item(from);
    };
    let key = text[..sign].trim_ascii_end();
    let key = if after > 0 { &key[1..(after - 1).min(key.len())] } else { key };
    let key = key.strip_prefix(b"export ").unwrap_or(key);
    let words = key.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
    let most = if near[sign] == b'=' { 3 } else { 1 };
    let is_key = |b: &u8| b.is_ascii_alphanumeric() || *b >= 0x80 || b"_-./ $@*\\[]".contains(b);
    // `a == b`, `a += b`, and what else programs say.
    let is_assignment = near[sign] != b'=' || text.get(sign + 1) != Some(&b'=');
    if key.is_empty() || after == 0 && (words > most || !key.iter().all(is_key)) || !is_assignment {
        return Line::Other;
    }
    Line::Pair { key, value: from + sign + 1, sign: near[sign] }
}

/// What stands within the brackets of a section.
fn within(text: &[u8]) -> &[u8] {
    let from = text.iter().take_while(|b| **b == b'[').count();
    let to = text.iter().rev().take_while(|b| **b == b']').count();
    text.get(from..text.len() - to).unwrap_or_default().trim_ascii()
}

/// Lines of another kind that a file of keys may begin with.
const FEW: usize = 2;

/// Whether nearly all lines of a text are keys with values, and the keys are no words that return line after line,
/// as in logs and talks.
pub(super) fn sniff(text: &[u8]) -> bool {
    let cut = text.len() >= super::sniff::HEAD;
    // The line that is cut off tells nothing.
    let text = if cut { &text[..memchr::memrchr(b'\n', text).unwrap_or(text.len())] } else { text };
    let (mut rest, mut lines) = (text, 0);
    let (mut pairs, mut others, mut section) = (0usize, 0usize, 0usize);
    let (mut keys, mut once) = (HashSet::new(), 0usize);
    let mut block = None;
    // Most texts are none: their first lines show it, and the rest is not looked at.
    while !rest.is_empty() && lines < SAMPLE && others <= FEW + pairs / 10 {
        let line;
        (line, rest) = rest.split_at(memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1));
        lines += 1;
        let far = indent(line);
        if block.is_some_and(|block| far > block) || line.trim_ascii().is_empty() {
            continue;
        }
        block = None;
        let dashes = dashes(line);
        match take_apart(&line[dashes..]) {
            Line::Pair { key, value, sign } => {
                // Keys begin with letters; a line that begins with a time or a number is one of a log.
                let is_name =
                    key.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_' || *b >= 0x80);
                if !is_name {
                    others += 1;
                    continue;
                }
                pairs += 1;
                let rest = line[dashes + value..].trim_ascii();
                if matches!(rest, [b'|' | b'>', ..]) && sign == b':' {
                    block = Some(far);
                }
                if dashes == 0 && (far == 0 || sign == b'=') {
                    once += 1;
                    keys.insert((section, key));
                }
            }
            Line::Section(name) => {
                section += 1;
                // `[INFO] started` is no section; nor is a line that stands alone.
                others += usize::from(name.len() > LONGEST_KEY);
            }
            Line::Blank | Line::Comment => {}
            Line::Item(_) | Line::Other if dashes > 0 && pairs > 0 => {}
            Line::Item(_) | Line::Other => others += 1,
        }
    }
    pairs >= 2 && others * 10 <= pairs && keys.len() * 10 >= once * 7
}

#[cfg(test)]
mod tests {
    use super::super::{Charset, Format, Input, Layout, decode};
    use super::*;

    fn values(text: &str) -> Vec<String> {
        let format = Format { charset: Charset::Plain(Encoding::Utf8), layout: Layout::KeyValue, bom: 0 };
        let mut cells = Vec::new();
        decode(Input::Whole(text.as_bytes()), &format, &mut |piece| {
            let mut start = 0;
            for cell in piece.batch.cells {
                let value = String::from_utf8_lossy(&piece.batch.bytes[start..cell.end]).into_owned();
                let field = &piece.fields[cell.field as usize];
                cells.push(format!("{}|{}|{}|{value}", field.shown, field.words, cell.line));
                start = cell.end + 1;
            }
            true
        })
        .expect("read");
        cells
    }

    #[test]
    fn yaml_is_read_by_its_indentation() {
        let text = "---\n# note\nadmin:\n  name: 王芳\n  phones:\n  - \"13800138000\"\n  - 2\n  text: |\n    key: x\n    y\n\
            list:\n- mobile: 1\n  id: '2'\nend: z\n";
        assert_eq!(
            values(text),
            [
                "comment||2|# note",
                "admin.name|name|4|王芳",
                "admin.phones|phones|6|13800138000",
                "admin.phones|phones|7|2",
                "admin.text|text|8||",
                "admin.text|text|9|key: x",
                "admin.text|text|10|y",
                "list.mobile|mobile|12|1",
                "list.id|id|13|2",
                "end|end|14|z",
            ]
        );
    }

    #[test]
    fn ini_and_properties_have_sections_and_escapes() {
        let text = "; x\n[db]\nuser.phone = 138\n\"手机\"=\"1\"\n\n[[a.b]]\nname=\\u624b\\u673a 1\nexport A_B='x'\n\
            13800138000=1\n";
        assert_eq!(
            values(text),
            [
                "comment||1|; x",
                "db.user.phone|phone|3|138",
                "db.手机|手机|4|1",
                "a.b.name|name|7|手机 1",
                "a.b.A_B|A_B|8|x",
                "a.b.*||9|13800138000",
                "a.b.*||9|1",
            ]
        );
    }

    #[test]
    fn configurations_are_told_from_logs_and_prose() {
        for text in [
            "a: 1\nb: 2\n",
            "[x]\na=1\nb=2\n[y]\na=1\nb=2\n",
            "- name: a\n  mobile: 1\n- name: b\n  mobile: 2\n",
            "# c\nA=1\nexport B=2\n",
            "手机=138\n姓名=王\n",
        ] {
            assert!(sniff(text.as_bytes()), "{text}");
        }
        for text in [
            "a: 1\n",
            "张三: 你好\n李四: 好\n张三: 在吗\n李四: 在\n",
            "ts=1 level=info msg=a\nts=2 level=info msg=b\nts=3 level=warn msg=c\nts=4 level=warn msg=c\n",
            "2024-05-13 10:00:00: x\n2024-05-13 10:00:01: y\n",
            "Dear all,\nnote: this\nthat: it\nBye\n",
            "import os\nx = 1\ny = 2\nif x == y:\n    print(x)\n",
            "姓名: 王\n手机: 1\n\n姓名: 李\n手机: 2\n\n姓名: 张\n手机: 3\n",
            "13800138000\n13900139000\n",
        ] {
            assert!(!sniff(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn nothing_makes_it_panic() {
        let text = "a: |\n  x\n- - b: \"\\ud83d\\ude00\\u12\"\n[c]\n'd'=1\n\"e\n[\n-\n- \n=\n:\n";
        for end in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.as_bytes().to_vec();
                bytes[end] ^= 1 << bit;
                sniff(&bytes);
                values(&String::from_utf8_lossy(&bytes));
                values(&String::from_utf8_lossy(&bytes[..end]));
            }
        }
    }
}
