//! The trigger algorithm, written once over [`Lanes`]: byte masks, shifts and ands.
use super::lanes::Lanes;
use super::{Event, Spec};

/// A mask, and the one of the block before it, so that shifts can reach back.
#[derive(Clone, Copy, Default)]
struct Mask {
    before: u64,
    now: u64,
}

impl Mask {
    #[inline(always)]
    fn advance(&mut self, now: u64) {
        *self = Mask { before: self.now, now };
    }

    /// Bit `i` of the result is bit `i - n` of the mask; `n` is 1 to 63.
    #[inline(always)]
    fn back(self, n: u32) -> u64 {
        self.now << n | self.before >> (64 - n)
    }
}

/// What the algorithm remembers from block to block.
struct State<L> {
    /// The last block, where it had too few digits to be worth the rest of the work.
    skipped: Option<L>,
    masks: Masks,
}

#[derive(Clone, Copy, Default)]
struct Masks {
    digit: Mask,
    /// `doubled[k]`: 2^(k+1) digits end here.
    doubled: [Mask; 5],
    run: Mask,
    separator: Mask,
    three: Mask,
    /// Digits behind a separator.
    single: Mask,
    high: Mask,
    lead: Mask,
    mid: Mask,
    wide: Mask,
}

/// The least digits that any soft trigger needs within a block and the one before it.
const SOFT_DIGITS: u32 = 6;

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

/// Stands for a run that is only known when the program runs.
const ANY: u32 = 0;

/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn pass<L: Lanes, const RUN: u32>(hay: &[u8], from: usize, to: usize, mut spec: Spec, out: &mut Vec<Event>) {
    if RUN != ANY {
        spec.run = RUN;
    }
    let hay = &hay[..to];
    let mut state = State { skipped: None, masks: Masks::default() };
    // Two blocks of warm-up: a run of up to 32 digits that ends at `from` starts at most that far
    // back, and the masks derived from it one block more.
    let mut base = from.saturating_sub(128);
    while base < to {
        let mut tail = [0u8; 64];
        let block = if let Some(bytes) = hay.get(base..base + 64) {
            // SAFETY: `bytes` is 64 bytes long; the caller has the CPU feature.
            unsafe { L::load(bytes.as_ptr()) }
        } else {
            tail[..to - base].copy_from_slice(&hay[base..]);
            // SAFETY: as above.
            unsafe { L::load(tail.as_ptr()) }
        };
        // SAFETY: the caller has the CPU feature.
        let (plain, soft) = unsafe { step::<L, RUN>(&mut state, block, spec) };
        if plain | soft != 0 {
            emit(plain, soft, base, from, out);
        }
        base += 64;
    }
}

#[inline(always)]
fn emit(mut plain: u64, mut soft: u64, base: usize, from: usize, out: &mut Vec<Event>) {
    if base < from {
        let drop = from - base;
        let keep = if drop >= 64 { 0 } else { u64::MAX << drop };
        (plain, soft) = (plain & keep, soft & keep);
    }
    while plain != 0 {
        out.push(Event::new(base + plain.trailing_zeros() as usize - from, false));
        plain &= plain - 1;
    }
    while soft != 0 {
        out.push(Event::new(base + soft.trailing_zeros() as usize - from, true));
        soft &= soft - 1;
    }
}

/// Takes one block in; returns where plain runs and soft triggers end in it.
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn step<L: Lanes, const RUN: u32>(state: &mut State<L>, block: L, spec: Spec) -> (u64, u64) {
    let m = &mut state.masks;
    // SAFETY: the caller has the CPU feature.
    let (digit, high) = unsafe { (block.within(b'0', 10), block.high()) };
    m.digit.advance(digit);
    m.high.advance(high);
    let wide = if high | m.high.before == 0 {
        (m.lead, m.mid, m.wide) = Default::default();
        0
    } else {
        // SAFETY: the caller has the CPU feature.
        unsafe { wide_digits(m, block, spec) }
    };
    let near = m.digit.now.count_ones() + m.digit.before.count_ones();
    if near < spec.run.min(SOFT_DIGITS) {
        state.skipped = Some(block);
        return (0, wide);
    }
    if let Some(skipped) = state.skipped.take() {
        // A run may have begun in the block that was skipped, though never before it.
        let now = *m;
        m.digit = Mask { before: 0, now: now.digit.before };
        m.high = Mask { before: 0, now: now.high.before };
        (m.doubled, m.run, m.separator, m.three, m.single) = Default::default();
        // SAFETY: the caller has the CPU feature.
        unsafe { numbers::<L, RUN>(m, skipped, spec.run) };
        (m.digit, m.high) = (now.digit, now.high);
    }
    // SAFETY: the caller has the CPU feature.
    let (plain, soft) = unsafe { numbers::<L, RUN>(m, block, spec.run) };
    (plain, soft | wide)
}

/// Where plain runs and soft triggers of ASCII digits end in `block`.
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn numbers<L: Lanes, const RUN: u32>(m: &mut Masks, block: L, run: u32) -> (u64, u64) {
    // SAFETY: the caller has the CPU feature.
    m.separator.advance(unsafe { block.eq(b' ') | block.eq(b'-') | block.eq(b'.') });
    let run = if RUN == ANY { run } else { RUN };
    (runs(m, run), soft_digits(m))
}

/// Ends of full-width digits that have two more before them.
///
/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn wide_digits<L: Lanes>(s: &mut Masks, block: L, spec: Spec) -> u64 {
    // SAFETY: the caller has the CPU feature.
    let (mid, last) = unsafe { (block.eq(spec.wide.mid), block.within(spec.wide.low, 10)) };
    s.mid.advance(mid);
    let Some(lead) = spec.wide.lead else {
        s.wide.advance(last & s.mid.back(1));
        return s.wide.now & s.wide.back(2) & s.wide.back(4);
    };
    // SAFETY: the caller has the CPU feature.
    s.lead.advance(unsafe { block.eq(lead) });
    s.wide.advance(last & s.mid.back(1) & s.lead.back(2));
    s.wide.now & s.wide.back(3) & s.wide.back(6)
}

/// The `run`-th digit of every run of digits that is at least that long.
#[inline(always)]
fn runs(s: &mut Masks, run: u32) -> u64 {
    let mut mask = s.digit;
    let mut have = 1;
    let mut level = 0;
    while have * 2 <= run {
        s.doubled[level].advance(mask.now & mask.back(have));
        mask = s.doubled[level];
        have *= 2;
        level += 1;
    }
    let full = if have < run { mask.now & mask.back(run - have) } else { mask.now };
    s.run.advance(full);
    full & !s.run.back(1)
}

/// Ends of `ddd S ddd` and `d S d S d S d`.
#[inline(always)]
fn soft_digits(s: &mut Masks) -> u64 {
    let digit = s.digit;
    s.three.advance(digit.now & digit.back(1) & digit.back(2));
    let (three, high) = (s.three, s.high);
    let mut soft = three.now & s.separator.back(3) & three.back(4);
    if high.now | high.before != 0 {
        let pair = high.back(3) & high.back(4);
        soft |= three.now & pair & (three.back(5) | high.back(5) & three.back(6));
    }
    s.single.advance(digit.now & s.separator.back(1));
    soft | s.single.now & s.single.back(2) & s.single.back(4) & digit.back(6)
}
