//! The trigger algorithm, written once over [`Lanes`]: byte masks, shifts and ands.
//!
//! Blocks overlap, so that every trigger lies in one block as a whole: a few bytes are looked at twice,
//! and in return no block waits for what the one before it found.
use super::lanes::Lanes;
use super::{Event, Spec};

/// The overlap that all triggers but long runs need: the longest, three full-width digits, takes nine bytes.
const OVERLAP: usize = 16;
/// How far ahead memory is asked for what will be needed: the look at each block is short, the way to memory long.
const AHEAD: usize = 2048;
/// The least digits in a block that is looked at closely. `d S d S d S d` needs fewer, but goes on in every
/// value of that form: by its eleventh digit, the block and its overlap hold this many.
const LEAST_DIGITS: u32 = 7;
/// Stands for a run that is only known when the program runs.
const ANY: u32 = 0;

/// See [`super::triggers`].
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
pub(super) unsafe fn run<L: Lanes>(hay: &[u8], from: usize, to: usize, spec: Spec, out: &mut Vec<Event>) {
    // SAFETY: the caller has the CPU feature.
    unsafe {
        match spec.run {
            // Mobile numbers set the pace of nearly every scan: for them the loops are unrolled.
            11 => pass::<L, 11>(hay, from, to, spec, out),
            _ => pass::<L, ANY>(hay, from, to, spec, out),
        }
    }
}

/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn pass<L: Lanes, const RUN: u32>(
    hay: &[u8],
    from: usize,
    to: usize,
    spec: Spec,
    out: &mut Vec<Event>,
) {
    let run = if RUN == ANY { spec.run } else { RUN };
    // A run is told from a longer one by the byte before it.
    let overlap = OVERLAP.max(run as usize + 1);
    let mut at = from;
    while at < to {
        // SAFETY: the caller has the CPU feature.
        let (plain, soft) = unsafe { triggers(block::<L>(hay, at, to, overlap), run, spec) };
        let own = u64::MAX << overlap;
        let end = at + 64 - overlap;
        let own = if end > to { own & u64::MAX >> (end - to) } else { own };
        if (plain | soft) & own != 0 {
            // `at` is at bit `overlap`.
            emit(plain & own, soft & own, at - from, overlap, out);
        }
        at = end;
    }
}

/// Loads the block whose bytes from `overlap` on begin at `at`; what is not there is zero.
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn block<L: Lanes>(hay: &[u8], at: usize, to: usize, overlap: usize) -> L {
    if at >= overlap && at - overlap + 64 <= to {
        // SAFETY: the 64 bytes from `at - overlap` lie within `hay`, and what is merely announced may lie
        // anywhere; the caller has the CPU feature.
        return unsafe {
            L::announce(hay.as_ptr().wrapping_add(at + AHEAD));
            L::load(hay.as_ptr().add(at - overlap))
        };
    }
    let mut edge = [0u8; 64];
    let first = at.saturating_sub(overlap);
    let bytes = &hay[first..to.min(at + 64 - overlap)];
    let shift = overlap - (at - first);
    edge[shift..shift + bytes.len()].copy_from_slice(bytes);
    // SAFETY: `edge` is 64 bytes long; the caller has the CPU feature.
    unsafe { L::load(edge.as_ptr()) }
}

#[inline(always)]
fn emit(mut plain: u64, mut soft: u64, offset: usize, overlap: usize, out: &mut Vec<Event>) {
    while plain != 0 {
        out.push(Event::new(offset + plain.trailing_zeros() as usize - overlap, false));
        plain &= plain - 1;
    }
    while soft != 0 {
        out.push(Event::new(offset + soft.trailing_zeros() as usize - overlap, true));
        soft &= soft - 1;
    }
}

/// Where plain runs and soft triggers end in a block. What reaches back before the block is not seen.
#[inline(always)]
fn triggers<L: Lanes>(block: L, run: u32, spec: Spec) -> (u64, u64) {
    // SAFETY: a `Lanes` was loaded, so the CPU has what it needs.
    let (digit, mid) = unsafe { (block.within(b'0', 10), block.eq(spec.wide.mid)) };
    // No branch on what is true of every other block of prose.
    // SAFETY: as above.
    let last = unsafe { block.within(spec.wide.low, 10) } & mid << 1;
    let wide = last & last << spec.wide.width & last << (2 * spec.wide.width);
    if digit.count_ones() < LEAST_DIGITS.min(run) {
        return (0, wide);
    }
    let plain = runs(digit, run);
    // SAFETY: as above.
    let separator = unsafe { block.eq(b' ') | block.eq(b'-') | block.eq(b'.') };
    let three = digit & digit << 1 & digit << 2;
    let four = three & digit << 3;
    let mut soft = four & separator << 4 & three << 5;
    let single = digit & separator << 1;
    soft |= single & single << 2 & single << 4 & digit << 6;
    // Digits with bytes of 0x80 and above between them: a separator of two or three bytes.
    // SAFETY: as above.
    let high = unsafe { block.high() };
    soft |= four & high << 4 & high << 5 & (three << 6 | high << 6 & three << 7);
    (plain, soft | wide)
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
