//! The properties of old Office files ([MS-OLEPS] 2.21): title, subject, author, and those that users named.
use super::codepage::of_number;
use super::flow::Flow;
use super::ole::{Compound, u16_at, u32_at};
use encoding_rs::Encoding;
use std::collections::HashMap;

/// Properties of one set; real ones have a few dozen.
const MOST: usize = 4096;
/// The names of the properties of a summary ([MS-OSHARED] 2.3.3.2.1.1), by their numbers.
const SUMMARY: [(u32, &str); 6] =
    [(2, "title"), (3, "subject"), (4, "author"), (5, "keywords"), (6, "comments"), (8, "lastAuthor")];
/// The same for the second summary.
const DOCUMENT: [(u32, &str); 3] = [(2, "category"), (14, "manager"), (15, "company")];

/// Tells the properties of a document.
pub fn tell(file: &mut Compound<'_>, flow: &mut Flow<'_>) {
    flow.part("properties", super::flow::Numbering::Fixed(0));
    let summary = file.stream("/\u{5}SummaryInformation");
    set(&summary, 0, &SUMMARY, flow);
    let document = file.stream("/\u{5}DocumentSummaryInformation");
    set(&document, 0, &DOCUMENT, flow);
    set(&document, 1, &[], flow);
}

/// Tells one set of properties; where no names are known, the set has them itself.
fn set(stream: &[u8], number: usize, names: &[(u32, &str)], flow: &mut Flow<'_>) {
    // Byte order, version, system, class: 24 bytes; the number of sets; then for each an id of 16 bytes and a place.
    let count = u32_at(stream, 24).unwrap_or(0) as usize;
    let Some(place) = u32_at(stream, 28 + number * 20 + 16).filter(|_| number < count) else { return };
    let Some(set) = stream.get(place as usize..) else { return };
    let count = (u32_at(set, 4).unwrap_or(0) as usize).min(MOST);
    let entries =
        (0..count).filter_map(|at| Some((u32_at(set, 8 + at * 8)?, u32_at(set, 12 + at * 8)? as usize)));
    let places: HashMap<u32, usize> = entries.collect();
    let page = places.get(&1).and_then(|at| u16_at(set, at + 4)).unwrap_or(1252);
    if page == 1200 {
        // UTF-16, which no code page stands for; strings of it are rare in these sets.
        return;
    }
    let encoding = of_number(i64::from(page)).unwrap_or(encoding_rs::WINDOWS_1252);
    for (id, name) in names {
        if let Some(text) = places.get(id).and_then(|at| text(set, *at, encoding)) {
            flow.value("properties", name, &text);
        }
    }
    if names.is_empty() {
        for (id, name) in places.get(&0).map(|at| dictionary(set, *at, encoding)).unwrap_or_default() {
            if let Some(text) = places.get(&id).and_then(|at| text(set, *at, encoding)) {
                flow.value("properties", &name, &text);
            }
        }
    }
}

/// A value that is text.
fn text(set: &[u8], at: usize, encoding: &'static Encoding) -> Option<String> {
    let length = u32_at(set, at.checked_add(4)?)? as usize;
    let rest = set.get(at + 8..)?;
    match u16_at(set, at)? {
        // VT_LPSTR.
        0x1E => Some(decoded(rest.get(..length)?, encoding)),
        // VT_LPWSTR, counted in units.
        0x1F => Some(decoded(rest.get(..length.checked_mul(2)?)?, encoding_rs::UTF_16LE)),
        _ => None,
    }
}

/// The names that users gave.
fn dictionary(set: &[u8], at: usize, encoding: &'static Encoding) -> Vec<(u32, String)> {
    let mut names = Vec::new();
    let (count, mut at) = (u32_at(set, at).unwrap_or(0) as usize, at.saturating_add(4));
    for _ in 0..count.min(MOST) {
        let (Some(id), Some(length)) = (u32_at(set, at), u32_at(set, at + 4)) else { break };
        let Some(name) = set.get(at + 8..).and_then(|rest| rest.get(..length as usize)) else { break };
        names.push((id, decoded(name, encoding)));
        at += 8 + length as usize;
    }
    names
}

fn decoded(bytes: &[u8], encoding: &'static Encoding) -> String {
    encoding.decode_without_bom_handling(bytes).0.trim_end_matches('\0').to_owned()
}
