//! The fast algorithm over [`Lanes`]: sieves out what cannot be, and looks closely at the little that is left.
//!
//! Eleven digits in a row hold two aligned groups of four, wherever they begin; and no more than a few instructions
//! for 64 bytes tell where those are. Soft triggers are rare, so that a coarse net is enough for them: where something
//! stays in it, the exact algorithm looks.
use super::exact::{self, Kinds};
use super::lanes::Lanes;
use super::{Event, Spec, WideDigits, no_digits};

/// Bytes that are looked at together: one bit for each four of them fills a word.
const GROUP: usize = 64 * BLOCKS;
const BLOCKS: usize = 4;
/// The shortest run that holds two aligned groups of four digits.
const SHORTEST: u32 = 11;
/// Bytes before and behind a group that the net for soft triggers looks at.
const BEFORE: usize = 3;
const BEHIND: usize = 6;
/// How far behind what is caught in the net a trigger may end.
const BEYOND: usize = 8;
/// How far ahead memory is asked for what will be needed: the look at each block is short, the way to memory long.
const AHEAD: usize = 2048;
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
            ..SHORTEST => exact::pass::<L>(hay, from..to, from, (spec, Kinds::All), out),
            // Mobile numbers set the pace of nearly every scan: the length of theirs is compiled in.
            // So is the width of full-width digits in UTF-8: what is looked at for both is then loaded once.
            11 if spec.wide.width == 3 => pass::<L, 11, 3>(hay, from, to, spec, out),
            11 => pass::<L, 11, ANY>(hay, from, to, spec, out),
            _ => pass::<L, ANY, ANY>(hay, from, to, spec, out),
        }
    }
}

/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn pass<L: Lanes, const RUN: u32, const WIDTH: u32>(
    hay: &[u8],
    from: usize,
    to: usize,
    spec: Spec,
    out: &mut Vec<Event>,
) {
    let run = if RUN == ANY { spec.run } else { RUN } as usize;
    crossing(hay, from, to, run, out);
    // What the net would catch before `from` is not known here: the first bytes are looked at in any case.
    let mut looked = to.min(from + BEYOND);
    // SAFETY: the caller has the CPU feature.
    unsafe { exact::pass::<L>(hay, from..looked, from, (spec, Kinds::Soft), out) };
    let (mut at, mut last_quad, mut last_pair) = (from, 0, 0);
    while at < to {
        // SAFETY: as above; `look` is given all that it needs, in place or in a copy with zeros round it.
        let (quads, doubts) = unsafe {
            if at >= BEFORE && at + GROUP + BEHIND <= hay.len() {
                look::<L, WIDTH>(hay.as_ptr().add(at), spec.wide)
            } else {
                look::<L, WIDTH>(copied(hay, at).as_ptr().add(BEFORE), spec.wide)
            }
        };
        let pairs = quads & (quads << 1 | last_quad);
        let mut firsts = pairs & !(pairs << 1 | last_pair);
        (last_quad, last_pair) = (quads >> 63, pairs >> 63);
        while firsts != 0 {
            // The bit is that of the second quad.
            let pair = (at + 4 * firsts.trailing_zeros() as usize).saturating_sub(4);
            let (start, length) = run_at(hay, pair, run);
            // One that begins before `from` was seen to already.
            if length >= run && start >= from && start + run <= to {
                out.push(Event::new(start + run - 1 - from, false));
            }
            firsts &= firsts - 1;
        }
        // SAFETY: as above.
        unsafe {
            if doubts[0].or(doubts[1]).or(doubts[2].or(doubts[3])).any() {
                #[expect(
                    clippy::needless_range_loop,
                    reason = "an iterator is a call without the CPU's features"
                )]
                for i in 0..BLOCKS {
                    let caught = doubts[i].eq(0);
                    let first = at + 64 * i + caught.trailing_zeros() as usize;
                    let end = at + 64 * (i + 1) - caught.leading_zeros() as usize + BEYOND;
                    let range = looked.max(first)..to.min(end);
                    if caught != 0 && range.start < range.end {
                        looked = range.end;
                        exact::pass::<L>(hay, range, from, (spec, Kinds::Soft), out);
                    }
                }
            }
        }
        at += GROUP;
    }
}

/// The run that begins before `from`, if its event lies behind.
fn crossing(hay: &[u8], from: usize, to: usize, run: usize, out: &mut Vec<Event>) {
    let digits = |bytes: &mut dyn Iterator<Item = &u8>, most: usize| {
        bytes.take(most).take_while(|b| b.is_ascii_digit()).count()
    };
    let before = digits(&mut hay[..from].iter().rev(), run);
    let behind = digits(&mut hay[from..].iter(), run - before);
    let end = from + behind;
    if before > 0 && before < run && before + behind == run && end <= to {
        out.push(Event::new(behind - 1, false));
    }
}

/// The group at `at` and what `look` needs round it; what is not there is zero.
fn copied(hay: &[u8], at: usize) -> [u8; BEFORE + GROUP + BEHIND] {
    let mut copy = [0; BEFORE + GROUP + BEHIND];
    let first = at.saturating_sub(BEFORE);
    let bytes = &hay[first..hay.len().min(at + GROUP + BEHIND)];
    let shift = BEFORE - (at - first);
    copy[shift..shift + bytes.len()].copy_from_slice(bytes);
    copy
}

/// Which groups of four bytes are digits, and for each block what stays in the net for soft triggers.
///
/// # Safety
/// A group must be readable at `at`, and so many bytes before and behind it; the CPU must have what `L` needs.
#[inline(always)]
unsafe fn look<L: Lanes, const WIDTH: u32>(at: *const u8, wide: WideDigits) -> (u64, [L; BLOCKS]) {
    // SAFETY: the caller's promise; what is merely announced may lie anywhere.
    unsafe {
        L::announce(at.wrapping_add(AHEAD));
        let (mut quads, mut doubts) = (L::load(at).quads(), [net::<L, WIDTH>(at, wide); BLOCKS]);
        #[expect(clippy::needless_range_loop, reason = "as above")]
        for i in 1..BLOCKS {
            let at = at.add(64 * i);
            L::announce(at.wrapping_add(AHEAD));
            quads |= L::load(at).quads() << (16 * i);
            doubts[i] = net::<L, WIDTH>(at, wide);
        }
        (quads, doubts)
    }
}

/// The doubt that a byte is a separator that makes a soft trigger, or the byte before the last of the first of three
/// full-width digits. Without doubt it may still be none: what is looked at is what logs and source code are not full of.
///
/// # Safety
/// 64 bytes must be readable at `at`, and those before and behind; the CPU must have what `L` needs.
#[inline(always)]
unsafe fn net<L: Lanes, const WIDTH: u32>(at: *const u8, wide: WideDigits) -> L {
    // SAFETY: the caller's promise.
    unsafe {
        let (here, fourth) = (L::load(at), L::load(at.add(4)));
        // Bytes of 0x80 and above, and what ASCII has before the digits: with line ends, and without.
        let apart = here.outside(b' ', 15).or(here.outside(0x80, 0x80));
        let (second, later) = (L::load(at.add(2)).outside(0x80, 0xAF), fourth.outside(0x80, 0xAF));
        let third = L::load(at.add(3)).outside(b'0', 10);
        // Three digits, up to three bytes, four digits: between them are digits and bytes of 0x80 and above, and no dot as
        // in an address.
        let between = L::load(at.add(2));
        let between = between.outside(b'0', 10).or(between.outside(0x80, 0x80));
        let grouped = L::load(at.sub(3)).outside(b'0', 10).and(fourth.outside(b'0', 10)).and(between);
        // `S d S d S`.
        let single = L::load(at.add(1)).outside(b'0', 10).and(second).and(later);
        // A full-width digit, and the beginning of another.
        let width = if WIDTH == ANY { wide.width } else { WIDTH } as usize;
        let next = L::load(at.add(width)).differs(wide.mid).and(L::load(at.add(1)).outside(wide.low, 10));
        apart.and(third).and(grouped.or(single)).or(here.differs(wide.mid).and(next))
    }
}

/// The run of digits that holds the eight at `pair`, from its first digit, and its length up to `run`, roughly.
#[inline(always)]
fn run_at(hay: &[u8], pair: usize, run: usize) -> (usize, usize) {
    // No run is long enough for two quads and three digits before them to begin further back.
    let window = pair.checked_sub(4).and_then(|first| hay.get(first..)?.first_chunk::<20>());
    let Some(window) = window.filter(|_| run <= 16) else {
        let before = hay[..pair].iter().rev().take(4).take_while(|b| b.is_ascii_digit()).count();
        let start = pair - before;
        return (start, hay[start..].iter().take(run).take_while(|b| b.is_ascii_digit()).count());
    };
    let [a, b, c, d, .., s, t, u, v, w, x, y, z] = *window;
    let before = no_digits(u64::from_le_bytes([0, 0, 0, 0, a, b, c, d])).leading_zeros() as usize / 8;
    let behind = no_digits(u64::from_le_bytes([s, t, u, v, w, x, y, z])).trailing_zeros() as usize / 8;
    (pair - before, before + 8 + behind)
}
