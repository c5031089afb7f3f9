//! Finds the cells of delimited text: bit masks of what separates them, of empty ones, and of those worth a look.
use super::lanes::{self, Lanes};
use std::sync::OnceLock;

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

type Pass = fn(&[u8], u8, &mut Columns);

/// Finds the cells of `text`, which begins with a record, as RFC 4180 writes them: a quoted cell is in quotes as a whole,
/// and no other holds a quote. Records end with CR, LF, or both.
pub fn columns(text: &[u8], delimiter: u8, out: &mut Columns) {
    static BEST: OnceLock<Pass> = OnceLock::new();
    BEST.get_or_init(|| implementations().pop().map_or(scalar as Pass, |(_, pass)| pass))(
        text, delimiter, out,
    );
}

/// What one block needs of the one before.
struct Before {
    /// All ones when it ended within quotes.
    inside: u64,
    /// Its masks, of which the highest bits count.
    ends: u64,
    lines: u64,
    opens: u64,
    closes: u64,
    hex: u64,
    crosses: u64,
    middles: u64,
}

impl Before {
    /// The text begins as behind a line end.
    const RECORD: Before = Before {
        inside: 0,
        ends: 1 << 63,
        lines: 1 << 63,
        opens: 0,
        closes: 0,
        hex: 0,
        crosses: 0,
        middles: 0,
    };
}

/// The mask moved up by `by` bits, the highest of the block before coming in.
#[inline(always)]
fn behind(mask: u64, before: u64, by: u32) -> u64 {
    mask << by | before >> (64 - by)
}

/// Where a run of at least 32 bits has its last.
#[inline(always)]
fn runs_of_32(mask: u64, before: u64) -> u64 {
    let mut wide = u128::from(mask) << 64 | u128::from(before);
    for shift in [1, 2, 4, 8, 16] {
        wide &= wide << shift;
    }
    (wide >> 64) as u64
}

/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn run<L: Lanes>(text: &[u8], delimiter: u8, out: &mut Columns) {
    for words in [&mut out.ends, &mut out.records, &mut out.empty, &mut out.newlines, &mut out.doubts] {
        words.clear();
        words.resize(text.len().div_ceil(64), 0);
    }
    out.broken = None;
    let mut before = Before::RECORD;
    let (blocks, rest) = text.as_chunks::<64>();
    let mut last = [0; 64];
    last[..rest.len()].copy_from_slice(rest);
    let ends = out.ends.iter_mut().zip(&mut out.records).zip(&mut out.empty);
    let others = out.newlines.iter_mut().zip(&mut out.doubts);
    for (i, ((block, ((ends, records), empty)), (newlines, doubts))) in
        blocks.iter().chain([&last]).zip(ends).zip(others).enumerate()
    {
        // SAFETY: a block is 64 bytes long; the caller has the CPU feature; what is merely announced may lie anywhere.
        let found = unsafe {
            L::announce(block.as_ptr().wrapping_add(2048));
            look(L::load(block.as_ptr()), delimiter, &mut before)
        };
        (*ends, *records, *empty, *newlines, *doubts) =
            (found.ends, found.records, found.empty, found.newlines, found.doubts);
        let broken = 64 * i + found.broken.trailing_zeros() as usize;
        if found.broken != 0 && broken < text.len() {
            out.broken = Some(broken);
            return;
        }
    }
}

/// What was found in a block.
struct Found {
    ends: u64,
    records: u64,
    empty: u64,
    newlines: u64,
    doubts: u64,
    broken: u64,
}

/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn look<L: Lanes>(block: L, delimiter: u8, before: &mut Before) -> Found {
    // SAFETY: the caller has the CPU feature.
    let (quotes, newlines, marks, lines) = unsafe {
        let newlines = block.eq(b'\n');
        (block.eq(b'"'), newlines, block.eq(delimiter), newlines | block.eq(b'\r'))
    };
    // SAFETY: as above.
    let inside = unsafe { L::parity(quotes) } ^ before.inside;
    let (opens, closes) = (quotes & inside, quotes & !inside);
    let (lines, marks) = (lines & !inside, marks & !inside);
    let ends = lines | marks;
    let before_ends = behind(ends, before.ends, 1);
    // A quote opens at the start of a cell, or is the second of two; behind the one that closes comes the end, or it is the
    // first of two.
    let behind_close = behind(closes, before.closes, 1);
    let broken = opens & !(before_ends | behind_close) | behind_close & !(ends | quotes);
    let blank = lines & behind(lines, before.lines, 1);
    let quoted = behind_close & behind(opens, before.opens, 2) & behind(ends, before.ends, 3);
    let cells = ends & !blank;
    // SAFETY: as above.
    let doubts = unsafe { doubts(block, [ends, quotes, closes], before) } & !blank;
    *before = Before { inside: 0_u64.wrapping_sub(inside >> 63), ends, lines, opens, closes, ..*before };
    let (records, empty) = (lines & !blank, cells & (before_ends | quoted));
    Found { ends: cells, records, empty, newlines, doubts, broken }
}

/// Stars and their like, four letters x, a dollar sign at the start of a cell, 32 hexadecimal digits at its end.
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn doubts<L: Lanes>(block: L, [ends, quotes, closes]: [u64; 3], before: &mut Before) -> u64 {
    // SAFETY: the caller has the CPU feature.
    unsafe {
        let hex = block.within(b'0', 10) | block.within(b'a', 6) | block.within(b'A', 6);
        let digests = (ends | closes) & (runs_of_32(hex, before.hex) << 1 | before_run(before));
        let crosses = block.eq(b'x') | block.eq(b'X');
        let two = crosses & behind(crosses, before.crosses, 1);
        let before_two = before.crosses & before.crosses << 1;
        let four = two & behind(two, before_two, 2);
        // U+FF0A, U+2022 and U+25CF in UTF-8 end so.
        let (mut stars, mut middles) = (block.eq(b'*'), 0);
        for (middle, end) in [(0xBC, 0x8A), (0x80, 0xA2), (0x97, 0x8F)] {
            let middle = block.eq(middle);
            stars |= block.eq(end) & (middle << 1);
            middles |= middle;
        }
        // The end may stand in the next block: then its first byte is in doubt, whatever it is.
        stars |= before.middles >> 63;
        let start = behind(ends | quotes, before.ends | before.opens | before.closes, 1);
        let crypt = block.eq(b'$') & start;
        (before.hex, before.crosses, before.middles) = (hex, crosses, middles);
        digests | four | stars | crypt
    }
}

/// Whether the block before ended in 32 hexadecimal digits.
#[inline(always)]
fn before_run(before: &Before) -> u64 {
    u64::from(before.hex >> 32 == u64::from(u32::MAX))
}

/// The portable twin: the reference for the others, and the fallback.
fn scalar(text: &[u8], delimiter: u8, out: &mut Columns) {
    // SAFETY: `Scalar` needs no CPU feature.
    unsafe { run::<lanes::Scalar>(text, delimiter, out) }
}

#[cfg(target_arch = "x86_64")]
fn sse2(text: &[u8], delimiter: u8, out: &mut Columns) {
    // SAFETY: SSE2 is part of the x86-64 baseline.
    unsafe { run::<lanes::Sse2>(text, delimiter, out) }
}

#[cfg(target_arch = "x86_64")]
fn avx2(text: &[u8], delimiter: u8, out: &mut Columns) {
    #[target_feature(enable = "avx2,popcnt,bmi1,bmi2,pclmulqdq")]
    fn inner(text: &[u8], delimiter: u8, out: &mut Columns) {
        // SAFETY: the caller of `inner` has the features.
        unsafe { run::<lanes::Avx2>(text, delimiter, out) }
    }
    // SAFETY: `implementations` hands this function out only where the CPU has the features.
    unsafe { inner(text, delimiter, out) }
}

#[cfg(target_arch = "x86_64")]
fn avx512(text: &[u8], delimiter: u8, out: &mut Columns) {
    #[target_feature(enable = "avx512bw,avx512f,popcnt,bmi1,bmi2,pclmulqdq")]
    fn inner(text: &[u8], delimiter: u8, out: &mut Columns) {
        // SAFETY: the caller of `inner` has the features.
        unsafe { run::<lanes::Avx512>(text, delimiter, out) }
    }
    // SAFETY: `implementations` hands this function out only where the CPU has the features.
    unsafe { inner(text, delimiter, out) }
}

/// Every implementation this machine can run, by name, the slowest first.
fn implementations() -> Vec<(&'static str, Pass)> {
    let mut all: Vec<(&'static str, Pass)> = vec![("scalar", scalar)];
    #[cfg(target_arch = "x86_64")]
    {
        all.push(("sse2", sse2));
        let others = is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("pclmulqdq");
        if others && is_x86_feature_detected!("avx2") {
            all.push(("avx2", avx2));
        }
        if others && is_x86_feature_detected!("avx512bw") {
            all.push(("avx512bw", avx512));
        }
    }
    all
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
