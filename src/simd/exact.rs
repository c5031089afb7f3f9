//! The exact algorithm, written once over [`Lanes`]: byte masks, shifts and ands.
//!
//! Blocks overlap, so that every trigger lies in one block as a whole: a few bytes are looked at twice,
//! and in return no block waits for what the one before it found.
use super::lanes::Lanes;
use super::{Event, Kind, Spec};
use std::ops::Range;

/// The overlap that all triggers but long runs need: the longest, seven digits round three bytes, takes ten bytes,
/// and what [`LEAST_DIGITS`] says takes a few more.
const OVERLAP: usize = 16;
/// The least digits in a block that is looked at closely. `d S d S d S d` needs fewer, but goes on in every
/// value of that form: by its eleventh digit, the block and its overlap hold this many.
const LEAST_DIGITS: u32 = 6;

/// Which triggers are asked for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kinds {
    /// All of them.
    All,
    /// All but plain runs.
    Rare,
}

/// Appends the triggers whose last byte lies in `range`, as offsets from `base`.
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
pub(super) unsafe fn pass<L: Lanes>(
    hay: &[u8],
    range: Range<usize>,
    base: usize,
    (spec, kinds): (Spec, Kinds),
    out: &mut Vec<Event>,
) {
    // A run is told from a longer one by the byte before it.
    let overlap = OVERLAP.max(spec.run as usize + 1);
    let mut at = range.start;
    while at < range.end {
        // SAFETY: the caller has the CPU feature.
        let mut masks = unsafe { triggers(block::<L>(hay, at, overlap), spec) };
        if kinds == Kinds::Rare {
            masks[Kind::Run as usize] = 0;
        }
        let own = u64::MAX << overlap;
        let end = at + 64 - overlap;
        let own = if end > range.end { own & u64::MAX >> (end - range.end) } else { own };
        if (masks[0] | masks[1] | masks[2]) & own != 0 {
            // `at` is at bit `overlap`.
            emit(masks.map(|mask| mask & own), at - base, overlap, out);
        }
        at = end;
    }
}

/// Loads the block whose bytes from `overlap` on begin at `at`; what is not there is zero.
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn block<L: Lanes>(hay: &[u8], at: usize, overlap: usize) -> L {
    if at >= overlap && at - overlap + 64 <= hay.len() {
        // SAFETY: the 64 bytes from `at - overlap` lie within `hay`; the caller has the CPU feature.
        return unsafe { L::load(hay.as_ptr().add(at - overlap)) };
    }
    let mut edge = [0u8; 64];
    let first = at.saturating_sub(overlap);
    let bytes = &hay[first..hay.len().min(at + 64 - overlap)];
    let shift = overlap - (at - first);
    edge[shift..shift + bytes.len()].copy_from_slice(bytes);
    // SAFETY: `edge` is 64 bytes long; the caller has the CPU feature.
    unsafe { L::load(edge.as_ptr()) }
}

#[inline(always)]
fn emit(masks: [u64; 3], offset: usize, overlap: usize, out: &mut Vec<Event>) {
    for (mut mask, kind) in masks.into_iter().zip([Kind::Run, Kind::Soft, Kind::Mixed]) {
        while mask != 0 {
            out.push(Event::new(offset + mask.trailing_zeros() as usize - overlap, kind));
            mask &= mask - 1;
        }
    }
}

/// Where triggers end in a block, by [`Kind`]. What reaches back before the block is not seen.
#[inline(always)]
fn triggers<L: Lanes>(block: L, spec: Spec) -> [u64; 3] {
    // SAFETY: a `Lanes` was loaded, so the CPU has what it needs.
    let (digit, mid) = unsafe { (block.within(b'0', 10), block.eq(spec.wide.mid)) };
    // No branch on what is true of every other block of prose.
    // SAFETY: as above.
    let last = unsafe { block.within(spec.wide.low, 10) } & mid << 1;
    let wide = last & last << spec.wide.width & last << (2 * spec.wide.width);
    if digit.count_ones() < LEAST_DIGITS.min(spec.run) {
        return [0, wide, 0];
    }
    let plain = runs(digit, spec.run);
    // SAFETY: as above.
    let separator = unsafe { block.eq(b' ') | block.within(b'-', 2) };
    let three = digit & digit << 1 & digit << 2;
    let four = three & digit << 3;
    let mut soft = four & separator << 4 & three << 5;
    let single = digit & separator << 1;
    soft |= single & single << 2 & single << 4 & digit << 6;
    // Digits with bytes of 0x80 and above between them: a separator of two or three bytes.
    // SAFETY: as above.
    let high = unsafe { block.high() };
    soft |= four & high << 4 & high << 5 & (three << 6 | high << 6 & three << 7);
    let mixed = if spec.mixed {
        // SAFETY: as above.
        let upper = unsafe { block.within(b'A', 26) };
        let eight = four & four << 4;
        three & three << 3 & upper << 6 | upper & eight << 1
    } else {
        0
    };
    [plain, soft | wide, mixed]
}

/// The `run`-th digit of every run of digits that is at least that long.
#[inline(always)]
fn runs(digit: u64, run: u32) -> u64 {
    let (mut mask, mut have) = (digit, 1);
    while have * 2 <= run {
        mask &= mask << have;
        have *= 2;
    }
    if have < run {
        mask &= mask << (run - have);
    }
    mask & !(mask << 1)
}
