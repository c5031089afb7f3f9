//! Which text of an old Word file is deleted, and which ends the rows of tables: its formats ([MS-DOC] 2.8.5, 2.8.6, 2.9.33).
use super::ole::{u16_at, u32_at};
use std::ops::Range;

/// The size of a page of formats.
const PAGE: usize = 512;

/// Text was deleted, and the deletion is tracked (2.6.1).
pub const DELETED: u16 = 0x0800;
/// A paragraph lies in a table, and one is the end of a row (2.6.2).
pub const IN_TABLE: u16 = 0x2416;
pub const ROW_END: u16 = 0x2417;

/// Where in a file's text a format is set: ranges of bytes, in order.
#[derive(Default)]
pub struct Ranges(Vec<Range<u32>>);

impl Ranges {
    /// The ranges of text in which `sprm` is set, from a table of pages.
    pub fn of(stream: &[u8], table: &[u8], sprm: u16) -> Self {
        // n + 1 places, then n numbers of pages.
        let count = table.len().saturating_sub(4) / 8;
        let mut ranges = Vec::new();
        // No page has two places.
        for at in 0..count.min(stream.len() / PAGE) {
            let number = u32_at(table, (count + 1) * 4 + at * 4).unwrap_or(0) & 0x003F_FFFF;
            let start = number as usize * PAGE;
            if let Some(page) = stream.get(start..start + PAGE) {
                of_page(page, sprm, &mut ranges);
            }
        }
        ranges.sort_by_key(|range: &Range<u32>| range.start);
        Ranges(ranges)
    }

    /// Whether the byte at a place is in one of them.
    pub fn contains(&self, at: u32) -> bool {
        let after = self.0.partition_point(|range| range.start <= at);
        after.checked_sub(1).is_some_and(|last| self.0[last].contains(&at))
    }
}

fn of_page(page: &[u8], sprm: u16, ranges: &mut Vec<Range<u32>>) {
    let is_character = sprm == DELETED;
    let count = usize::from(page[PAGE - 1]);
    let step = if is_character { 1 } else { 13 };
    for at in 0..count {
        let (Some(start), Some(end)) = (u32_at(page, at * 4), u32_at(page, at * 4 + 4)) else { return };
        let Some(offset) = page.get((count + 1) * 4 + at * step) else { return };
        let offset = usize::from(*offset) * 2;
        let formats = if is_character { character(page, offset) } else { paragraph(page, offset) };
        if offset > 0 && start < end && formats.is_some_and(|formats| is_set(formats, sprm)) {
            ranges.push(start..end);
        }
    }
}

/// The formats of a run of characters (2.9.32).
fn character(page: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(*page.get(at)?);
    page.get(at + 1..at + 1 + length)
}

/// The formats of a paragraph, behind the number of its style (2.9.175).
fn paragraph(page: &[u8], at: usize) -> Option<&[u8]> {
    let (start, length) = match usize::from(*page.get(at)?) {
        0 => (at + 2, usize::from(*page.get(at + 1)?) * 2),
        words => (at + 1, words * 2 - 1),
    };
    page.get(start + 2..start + length)
}

/// Whether a list of changes to formats sets one (2.6, "spra").
fn is_set(mut formats: &[u8], wanted: u16) -> bool {
    while let Some(sprm) = u16_at(formats, 0) {
        let length = match sprm >> 13 {
            0 | 1 => 1,
            3 => 4,
            6 if sprm == 0xD608 => usize::from(u16_at(formats, 2).unwrap_or(0)) + 1,
            6 => usize::from(formats.get(2).copied().unwrap_or(0)) + 1,
            7 => 3,
            _ => 2,
        };
        if sprm == wanted {
            return formats.get(2) == Some(&1);
        }
        formats = formats.get(2 + length..).unwrap_or_default();
    }
    false
}
