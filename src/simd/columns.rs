//! Finds the cells of delimited text: bit masks of what separates them, of empty ones, and of those worth a look.
use super::dispatch::dispatch;
use super::lanes::Lanes;

/// What was found; bit `i` of word `j` speaks of byte `64 j + i`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Bytes that end a cell: a delimiter, or what ends a record. Of more line ends in a row the first.
    pub ends: Vec<u64>,
    /// Those that end a record.
    pub records: Vec<u64>,
    /// Those that end an empty cell.
    pub empty: Vec<u64>,
    /// Line feeds, within quotes and without.
    pub newlines: Vec<u64>,
    /// A byte, or more, of every cell that may be masked or a digest; of others, too.
    pub doubts: Vec<u64>,
    /// The first byte that breaks the rules of quoting: what is said of it and of those behind it means nothing.
    pub broken: Option<usize>,
}

dispatch!(fn(text: &[u8], delimiter: u8, out: &mut Columns) = run);

/// Finds the cells of `text`, which begins with a record, as RFC 4180 writes them: a quoted cell is in quotes as a whole,
/// and no other holds a quote. Records end with CR, LF, or both.
pub fn columns(text: &[u8], delimiter: u8, out: &mut Columns) {
    best()(text, delimiter, out);
}

/// Blocks that are looked at side by side: the compiler works on their masks in registers as wide as those that the bytes
/// were in.
const ROW: usize = 8;

/// The masks of a row of blocks, and before them that of the block before, of which the highest bits count.
type Masks = [u64; ROW + 1];

/// What is seen of the bytes themselves.
struct Bytes {
    quotes: Masks,
    marks: Masks,
    newlines: Masks,
    returns: Masks,
    hex: Masks,
    crosses: Masks,
    stars: Masks,
    dollars: Masks,
    /// The first and the last byte of other stars in UTF-8.
    leads: Masks,
    lasts: Masks,
}

/// The mask moved up by `by` bits, the highest of the block before coming in.
#[inline(always)]
fn behind(masks: &Masks, i: usize, by: u32) -> u64 {
    masks[i] << by | masks[i - 1] >> (64 - by)
}

/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn run<L: Lanes>(text: &[u8], delimiter: u8, out: &mut Columns) {
    let words = text.len().div_ceil(64).next_multiple_of(ROW);
    for all in [&mut out.ends, &mut out.records, &mut out.empty, &mut out.newlines, &mut out.doubts] {
        all.resize(words, 0);
    }
    out.broken = None;
    // The text begins as behind a line end.
    let mut before = State::BEGIN;
    let (rows, rest) = text.as_chunks::<{ 64 * ROW }>();
    let mut last = [0; 64 * ROW];
    last[..rest.len()].copy_from_slice(rest);
    for first in (0..words).step_by(ROW) {
        let row = rows.get(first / ROW).unwrap_or(&last);
        // SAFETY: the caller has the CPU feature.
        let bytes = unsafe { seen::<L>(row, delimiter, &before) };
        let found = cells(&bytes, &mut before);
        out.ends[first..first + ROW].copy_from_slice(&found.ends);
        out.records[first..first + ROW].copy_from_slice(&found.records);
        out.empty[first..first + ROW].copy_from_slice(&found.empty);
        out.newlines[first..first + ROW].copy_from_slice(&bytes.newlines[1..]);
        out.doubts[first..first + ROW].copy_from_slice(&found.doubts);
        let broken = found.broken.iter().position(|mask| *mask != 0);
        let broken = broken.map(|i| 64 * (first + i) + found.broken[i].trailing_zeros() as usize);
        if let Some(broken) = broken.filter(|at| *at < text.len()) {
            out.broken = Some(broken);
            for all in [&mut out.ends, &mut out.records, &mut out.empty, &mut out.newlines, &mut out.doubts] {
                all.truncate(first + ROW);
            }
            return;
        }
    }
}

/// What a row of blocks needs of the block before it.
struct State {
    /// All ones when it ended within quotes.
    inside: u64,
    ends: u64,
    lines: u64,
    opens: u64,
    closes: u64,
    hex: u64,
    crosses: u64,
    leads: u64,
}

impl State {
    const BEGIN: State =
        State { inside: 0, ends: 1 << 63, lines: 1 << 63, opens: 0, closes: 0, hex: 0, crosses: 0, leads: 0 };
}

/// Looks at the bytes of a row.
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn seen<L: Lanes>(row: &[u8; 64 * ROW], delimiter: u8, before: &State) -> Bytes {
    let none = [0; ROW + 1];
    let mut bytes = Bytes {
        quotes: none,
        marks: none,
        newlines: none,
        returns: none,
        hex: none,
        crosses: none,
        stars: none,
        dollars: none,
        leads: none,
        lasts: none,
    };
    for i in 1..=ROW {
        // SAFETY: a block of the row is 64 bytes long; what is merely announced may lie anywhere; the caller has the CPU
        // feature.
        unsafe {
            let at = row.as_ptr().add(64 * (i - 1));
            L::announce(at.wrapping_add(4096));
            let block = L::load(at);
            bytes.quotes[i] = block.eq(b'"');
            bytes.marks[i] = block.eq(delimiter);
            bytes.newlines[i] = block.eq(b'\n');
            bytes.returns[i] = block.eq(b'\r');
            bytes.hex[i] = block.within(b'0', 10) | block.within(b'a', 6) | block.within(b'A', 6);
            bytes.crosses[i] = block.eq(b'x') | block.eq(b'X');
            bytes.stars[i] = block.eq(b'*');
            bytes.dollars[i] = block.eq(b'$');
            // U+2022 and U+25CF begin with the first, U+FF0A with the second; two bytes behind, they end.
            bytes.leads[i] = block.eq(0xE2) | block.eq(0xEF);
            bytes.lasts[i] = block.eq(0xA2) | block.eq(0x8F) | block.eq(0x8A);
        }
    }
    bytes.hex[0] = before.hex;
    bytes.crosses[0] = before.crosses;
    bytes.leads[0] = before.leads;
    bytes
}

/// What was found in a row of blocks.
struct Found {
    ends: [u64; ROW],
    records: [u64; ROW],
    empty: [u64; ROW],
    doubts: [u64; ROW],
    broken: [u64; ROW],
}

/// Works on the masks of a row.
#[inline(always)]
fn cells(bytes: &Bytes, before: &mut State) -> Found {
    let none = [0; ROW];
    let mut found = Found { ends: none, records: none, empty: none, doubts: none, broken: none };
    // Whether each byte and those before it hold an odd number of quotes.
    let mut inside = bytes.quotes;
    for shift in [1, 2, 4, 8, 16, 32] {
        inside.iter_mut().for_each(|mask| *mask ^= *mask << shift);
    }
    inside[0] = before.inside;
    for i in 1..=ROW {
        inside[i] ^= 0_u64.wrapping_sub(inside[i - 1] >> 63);
    }
    let (mut opens, mut closes) = ([before.opens; ROW + 1], [before.closes; ROW + 1]);
    let (mut lines, mut ends) = ([before.lines; ROW + 1], [before.ends; ROW + 1]);
    let mut starts = [before.ends | before.opens | before.closes; ROW + 1];
    for i in 1..=ROW {
        (opens[i], closes[i]) = (bytes.quotes[i] & inside[i], bytes.quotes[i] & !inside[i]);
        lines[i] = (bytes.newlines[i] | bytes.returns[i]) & !inside[i];
        ends[i] = lines[i] | bytes.marks[i] & !inside[i];
        starts[i] = ends[i] | bytes.quotes[i];
    }
    for i in 1..=ROW {
        let (behind_end, behind_close) = (behind(&ends, i, 1), behind(&closes, i, 1));
        // A quote opens at the start of a cell, or is the second of two; behind the one that closes comes the end, or it
        // is the first of two.
        found.broken[i - 1] = opens[i] & !(behind_end | behind_close) | behind_close & !starts[i];
        let blank = lines[i] & behind(&lines, i, 1);
        let quoted = behind_close & behind(&opens, i, 2) & behind(&ends, i, 3);
        found.ends[i - 1] = ends[i] & !blank;
        found.records[i - 1] = lines[i] & !blank;
        found.empty[i - 1] = ends[i] & !blank & (behind_end | quoted);
        // Two letters x, stars, a dollar sign at the start of a cell, 32 hexadecimal digits at its end.
        let crossed = bytes.crosses[i] & behind(&bytes.crosses, i, 1);
        let stars = bytes.stars[i] | bytes.lasts[i] & behind(&bytes.leads, i, 2);
        let crypt = bytes.dollars[i] & behind(&starts, i, 1);
        let digest = (ends[i] | closes[i]) & behind_32(bytes.hex[i], bytes.hex[i - 1]);
        found.doubts[i - 1] = (crossed | stars | crypt | digest) & !blank;
    }
    *before = State {
        inside: inside[ROW],
        ends: ends[ROW],
        lines: lines[ROW],
        opens: opens[ROW],
        closes: closes[ROW],
        hex: bytes.hex[ROW],
        crosses: bytes.crosses[ROW],
        leads: bytes.leads[ROW],
    };
    found
}

/// The bits that stand behind 32 in a row.
#[inline(always)]
fn behind_32(mask: u64, before: u64) -> u64 {
    let (mut here, mut before) = (mask, before);
    for shift in [1, 2, 4, 8, 16] {
        here &= here << shift | before >> (64 - shift);
        before &= before << shift;
    }
    here << 1 | before >> 63
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bits(words: &[u64]) -> Vec<usize> {
        (0..64 * words.len()).filter(|i| words[i / 64] >> (i % 64) & 1 == 1).collect()
    }

    /// The cells of a text byte by byte: where each ends, whether it is the last of its record, whether it is empty.
    fn naive(text: &[u8]) -> (Vec<(usize, bool, bool)>, Option<usize>) {
        let (mut cells, mut at) = (Vec::new(), 0);
        loop {
            if cells.last().is_none_or(|&(_, last, _)| last) {
                at += text[at..].iter().take_while(|b| b"\r\n".contains(b)).count();
            }
            let start = at;
            let mut quoted = text.get(at) == Some(&b'"');
            if quoted {
                at += 1;
                loop {
                    match text[at..] {
                        [b'"', b'"', ..] => at += 2,
                        [b'"', ..] => break,
                        [_, ..] => at += 1,
                        [] => return (cells, None),
                    }
                }
                at += 1;
            } else {
                at += text[at..].iter().take_while(|b| !b",\r\n\"".contains(b)).count();
                quoted = false;
            }
            match text.get(at) {
                None => return (cells, None),
                Some(b',') => cells.push((at, false, at == start || quoted && at == start + 2)),
                Some(b'\r' | b'\n') => cells.push((at, true, at == start || quoted && at == start + 2)),
                Some(_) => return (cells, Some(at)),
            }
            at += 1;
        }
    }

    fn soup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[a-f0-9]{0,70}",
            4 => "\"[a-z ,\r\n]{0,40}\"",
            6 => Just(",".to_owned()),
            3 => "[\r\n]{1,3}",
            1 => "(\"\"|[*xX$＊•●]){1,5}",
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn kernels_agree_with_the_definition(text in soup()) {
            let text = text.as_bytes();
            let (cells, broken) = naive(text);
            let mut twin: Option<Columns> = None;
            for (name, pass) in implementations() {
                let mut got = Columns::default();
                pass(text, b',', &mut got);
                let end = got.broken.unwrap_or(usize::MAX);
                prop_assert!(broken.is_none_or(|at| end <= at), "{name}: {broken:?} {end}");
                prop_assert!(got.broken.is_none() || broken.is_some(), "{name}: {end}");
                let upto = |mut all: Vec<usize>| { all.retain(|at| *at < end); all };
                let want = |is: fn(&(usize, bool, bool)) -> bool| upto(cells.iter().filter(|c| is(c)).map(|c| c.0).collect());
                prop_assert_eq!(upto(bits(&got.records)), want(|c| c.1), "{}", name);
                prop_assert_eq!(upto(bits(&got.empty)), want(|c| c.2), "{}", name);
                prop_assert_eq!(upto(bits(&got.ends)), want(|_| true), "{}", name);
                if let Some(twin) = &twin {
                    prop_assert_eq!(&got, twin, "{}", name);
                }
                twin = Some(got);
            }
        }
    }
}
