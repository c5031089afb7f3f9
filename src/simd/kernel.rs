//! The fast algorithm over [`Lanes`]: where runs end, exactly, and a coarse net for the rare soft triggers: where
//! something stays in it, the exact algorithm looks.
//!
//! Blocks overlap, so that what ends in a block lies in it as a whole: one load for each, and no block waits for the
//! one before it. Eight blocks make a row: their masks stand side by side in an array, so that the compiler works on
//! them in registers as wide as those that the bytes were in.
use super::exact::{self, Kinds};
use super::lanes::Lanes;
use super::{Event, Kind, Spec};

/// The shortest run that is told by its first digits, and how many of them.
const SHORTEST: usize = 11;
/// Bytes before those that are a block's own: the digits of a run before its last, and the byte before them.
const BEFORE: usize = 11;
/// Bytes that are a block's own, and their bits.
const OWN: usize = 64 - BEFORE;
const OWN_BITS: u64 = u64::MAX << BEFORE;
/// How far behind what is caught in the net a trigger may end, at most.
const BEHIND: usize = 5;
/// Blocks of a row, and of the rows that are looked at before any of what was found: one bit for each fills a word.
const ROW: usize = 8;
const BLOCKS: usize = 64;
/// How far ahead memory is asked for what will be needed: the look at each block is short, the way to memory long.
const AHEAD: usize = 2048;

/// See [`super::triggers`].
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
pub(super) unsafe fn run<L: Lanes>(hay: &[u8], from: usize, to: usize, spec: Spec, out: &mut Vec<Event>) {
    // SAFETY: the caller has the CPU feature.
    unsafe {
        if (spec.run as usize) < SHORTEST {
            exact::pass::<L>(hay, from..to, from, (spec, Kinds::All), out);
        } else if spec.mixed {
            pass::<L, true>(hay, from, to, spec, out);
        } else {
            pass::<L, false>(hay, from, to, spec, out);
        }
    }
}

/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn pass<L: Lanes, const MIXED: bool>(
    hay: &[u8],
    from: usize,
    to: usize,
    spec: Spec,
    out: &mut Vec<Event>,
) {
    // How far behind its eleventh digit the last that is asked for lies.
    let rest = spec.run as usize - SHORTEST;
    let (mut found, mut looked) = (Found::NOTHING, from);
    let mut at = from.saturating_sub(rest.max(BEHIND));
    while at < to {
        let blocks = (to - at).div_ceil(OWN).next_multiple_of(ROW).min(BLOCKS);
        // SAFETY: the caller has the CPU feature; what is looked at lies in `hay`, or in a copy.
        unsafe {
            if at >= BEFORE && at + blocks * OWN <= hay.len() {
                found.look::<L, MIXED>(hay.as_ptr().add(at - BEFORE), blocks, spec);
            } else {
                found.look::<L, MIXED>(copied(hay, at).as_ptr(), blocks, spec);
            }
        }
        while found.some != 0 {
            let block = found.some.trailing_zeros() as usize;
            found.some &= found.some - 1;
            let base = at + block * OWN;
            let mut runs = found.runs[block] & !(found.runs[block] << 1) & OWN_BITS;
            while runs != 0 {
                let last = base + runs.trailing_zeros() as usize - BEFORE + rest;
                runs &= runs - 1;
                if last >= from && last < to && all_digits(&hay[last + 1 - rest..=last]) {
                    out.push(Event::new(last - from, Kind::Run));
                }
            }
            let doubts = found.doubts[block] & OWN_BITS;
            let first = looked.max(base + doubts.trailing_zeros() as usize - BEFORE);
            let end = to.min(base + 64 - doubts.leading_zeros() as usize - BEFORE + BEHIND);
            if doubts != 0 && first < end {
                looked = end;
                // SAFETY: the caller has the CPU feature.
                unsafe { exact::pass::<L>(hay, first..end, from, (spec, Kinds::Rare), out) };
            }
        }
        at += blocks * OWN;
    }
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

/// The blocks at `at` and the bytes before them; what is not there is zero.
#[cold]
fn copied(hay: &[u8], at: usize) -> [u8; BEFORE + BLOCKS * OWN] {
    let mut copy = [0; BEFORE + BLOCKS * OWN];
    let first = at.saturating_sub(BEFORE);
    let bytes = &hay[first..hay.len().min(at + BLOCKS * OWN)];
    let shift = BEFORE - (at - first);
    copy[shift..shift + bytes.len()].copy_from_slice(bytes);
    copy
}

/// What was found in a number of blocks.
struct Found {
    /// For each block, the eleventh digit of every run and those behind it.
    runs: [u64; BLOCKS],
    /// For each block, what stays in the net.
    doubts: [u64; BLOCKS],
    /// The blocks that have either.
    some: u64,
}

impl Found {
    const NOTHING: Found = Found { runs: [0; BLOCKS], doubts: [0; BLOCKS], some: 0 };

    /// Looks at `blocks` blocks, a multiple of [`ROW`].
    ///
    /// # Safety
    /// The blocks and the bytes before them must be readable at `at`; the CPU must have what `L` needs.
    #[inline(always)]
    unsafe fn look<L: Lanes, const MIXED: bool>(&mut self, at: *const u8, blocks: usize, spec: Spec) {
        self.some = 0;
        let mut first = 0;
        while first < blocks {
            let (mut digit, mut apart, mut mid, mut upper) = ([0; ROW], [0; ROW], [0; ROW], [0; ROW]);
            for i in 0..ROW {
                // SAFETY: the caller's promise; what is merely announced may lie anywhere.
                unsafe {
                    let at = at.add((first + i) * OWN);
                    L::announce(at.wrapping_add(AHEAD));
                    let block = L::load(at);
                    (digit[i], apart[i], mid[i]) =
                        (block.within(b'0', 10), block.apart(), block.eq(spec.wide.mid));
                    if MIXED {
                        upper[i] = block.within(b'A', 26);
                    }
                }
            }
            let (mut runs, mut doubts, mut some) = ([0; ROW], [0; ROW], 0);
            for i in 0..ROW {
                runs[i] = elevenths(digit[i]);
                doubts[i] = net(digit[i], apart[i], mid[i], spec.wide.width);
                if MIXED {
                    doubts[i] |= mixed(digit[i], upper[i]);
                }
            }
            for i in 0..ROW {
                some |= u64::from((runs[i] | doubts[i]) & OWN_BITS != 0) << i;
            }
            self.some |= some << first;
            self.runs[first..first + ROW].copy_from_slice(&runs);
            self.doubts[first..first + ROW].copy_from_slice(&doubts);
            first += ROW;
        }
    }
}

/// Digits behind ten others.
#[inline(always)]
fn elevenths(digit: u64) -> u64 {
    let two = digit & digit << 1;
    let four = two & two << 2;
    let eight = four & four << 4;
    eight & eight << 3
}

/// Where letters and digits mixed are.
#[inline(always)]
fn mixed(digit: u64, upper: u64) -> u64 {
    let two = digit & digit << 1;
    let four = two & two << 2;
    let eight = four & four << 4;
    four & two << 4 & upper << 6 | upper & eight << 1
}

/// Where a soft trigger may end, or soon behind: what is caught is what logs and source code are not full of.
#[inline(always)]
fn net(digit: u64, apart: u64, mid: u64, width: u32) -> u64 {
    let two = digit & digit << 1;
    let (three, four) = (two & digit << 2, two & two << 2);
    // Three digits, up to three bytes of which the last may separate, four digits.
    let grouped = four & (apart & (three << 1 | three << 2 | three << 3)) << 4;
    // `d S d S d S`.
    let single = apart & digit << 1;
    let single = single & single << 2 & single << 4;
    // Two full-width digits, up to the last byte but one.
    let wide = mid & mid << width;
    grouped | single | wide
}
