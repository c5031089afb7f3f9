//! Base64 in running text and in cells: tokens, pictures in markup, messages within messages.
use super::{Hidden, Kind, around, base64, plausible};
use crate::model::Batch;
use crate::simd::{BLOCK, dense};
use std::ops::Range;

/// A run in running text is this long at least: words and numbers are shorter.
const LONG: usize = 64;
/// A cell that is nothing but Base64 is this long at least.
const CELL: usize = 24;
/// The shortest part of a token that is decoded by itself (RFC 7519, 3).
const PART: usize = 16;
/// Bytes of one run that are decoded.
const MOST: usize = 32 << 20;
const _: () = assert!(LONG == 2 * BLOCK, "a long run holds a whole block");

/// Adds what is written in Base64 and is text or a known file.
pub(super) fn uncover(batch: &Batch<'_>, body: Range<usize>, hidden: &mut Hidden) {
    let mut short = |cell: Range<usize>| {
        let text = batch.bytes[cell.clone()].trim_ascii();
        if (CELL..LONG).contains(&text.len()) && text.iter().all(|&b| is_part(b) || b == b'=') {
            tokens(batch, cell, hidden);
        }
    };
    let mut start = 0;
    for cell in batch.cells {
        if cell.end - start >= CELL {
            short(start..cell.end);
        }
        start = cell.end + 1;
    }
    batch.grid.iter().flat_map(|grid| grid.long_cells(CELL)).for_each(short);
    // A run that begins at the end of the body is seen behind it.
    let end = batch.bytes.len().min(body.end + LONG);
    let mut at = body.start;
    while let Some(sample) = sampled(&batch.bytes[..end], at) {
        at = run(batch, sample, &body, hidden).max(sample + 1);
    }
}

/// Whether a byte belongs to Base64 or stands between the parts of a token.
fn is_part(byte: u8) -> bool {
    base64::is_six(byte) || byte == b'.'
}

/// The next place at or after `from` that may lie in a long run.
fn sampled(bytes: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let block = dense(bytes, from)?;
        if bytes[block..block + BLOCK].iter().all(|&b| is_part(b)) {
            return Some(block);
        }
        from = block + BLOCK;
    }
}

/// Decodes the run that lies round `sample`, if it is long enough; returns where it ends. What begins outside the body belongs to
/// another piece.
fn run(batch: &Batch<'_>, sample: usize, body: &Range<usize>, hidden: &mut Hidden) -> usize {
    let limits = around(batch, sample);
    let bytes = &batch.bytes[..limits.end];
    let floor = limits.start;
    let back = bytes[floor..sample].iter().rev().take(MOST).take_while(|b| is_part(**b)).count();
    let mut start = sample - back;
    let mut end = sample + bytes[sample..].iter().take(MOST).take_while(|b| is_part(**b)).count();
    if end - start < LONG {
        return end;
    }
    // Lines of one length, as MIME and PEM write it (RFC 7468): the lines round this one belong to it.
    let (alone, length) = (start..end, end - start);
    while let Some(line) = line_before(&bytes[floor..start]).filter(|line| line.len() == length) {
        start = floor + line.start;
    }
    while let Some(line) = line_behind(bytes, end) {
        let full = line.len() == length;
        end = line.end;
        if !full || end - start > MOST {
            break;
        }
    }
    if !body.contains(&start) {
        return end;
    }
    // What follows may be a word that looks like Base64 as all words do.
    if tokens(batch, start..end, hidden) || alone == (start..end) {
        return end;
    }
    tokens(batch, alone.clone(), hidden);
    alone.end
}

/// The line of Base64 that ends right before the end of `bytes`.
fn line_before(bytes: &[u8]) -> Option<Range<usize>> {
    let text = bytes.strip_suffix(b"\n")?;
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let count = text.iter().rev().take(256).take_while(|b| base64::is_six(**b)).count();
    let start = text.len() - count;
    (count > 0 && (start == 0 || text[start - 1] == b'\n')).then_some(start..text.len())
}

/// The line of Base64 that follows the line end at `end`.
fn line_behind(bytes: &[u8], end: usize) -> Option<Range<usize>> {
    let rest = &bytes[end..];
    let text = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
    let start = bytes.len() - text.len();
    let count = text.iter().take(256).take_while(|b| base64::is_six(**b)).count();
    let ends = matches!(text.get(count), None | Some(b'=' | b'\r' | b'\n'));
    (count > 0 && ends).then_some(start..start + count)
}

/// Decodes the parts between dots; whether any gave something.
fn tokens(batch: &Batch<'_>, range: Range<usize>, hidden: &mut Hidden) -> bool {
    let (mut at, mut any) = (range.start, false);
    for part in batch.bytes[range].split(|&b| b == b'.') {
        let trimmed = part.trim_ascii();
        if trimmed.len() >= PART {
            // A path or a name may run into it: `/token/eyJ…`; JSON begins so.
            let json = memchr::memmem::find(&part[..part.len().min(256)], b"eyJ").filter(|begin| *begin > 0);
            any |= uncovered(batch, at..at + part.len(), part, hidden)
                || json
                    .is_some_and(|from| uncovered(batch, at + from..at + part.len(), &part[from..], hidden));
        }
        at += part.len() + 1;
    }
    any
}

/// Decodes one text; whether it gave anything.
fn uncovered(batch: &Batch<'_>, outer: Range<usize>, written: &[u8], hidden: &mut Hidden) -> bool {
    let bytes = base64::decode(&written[..written.len().min(MOST)]);
    if let Some(text) = plausible::text(&bytes) {
        hidden.push(text.as_bytes(), outer.clone(), Kind::Blob);
        hidden.end_cell(batch, outer.start);
        return true;
    }
    let is_file = plausible::is_file(&bytes);
    if is_file {
        hidden.files.push((outer.start, bytes));
    }
    is_file
}
