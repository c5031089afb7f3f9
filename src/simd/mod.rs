//! Finds where a number could be: digit triggers, on the widest registers the machine has.
//!
//! A trigger never decides anything. It says "a number worth looking at may pass through this
//! byte", fast enough that the rest of the engine can afford to be careful. Four shapes are seen:
//!
//! * a run of at least [`Spec::run`] ASCII digits;
//! * digits with separators: three digits, one separator, four digits (`138-0013`), or single
//!   digits one separator apart (`1 1 0 1`);
//! * three full-width digits in a row, told by the last two bytes of each;
//! * where it is asked for, letters and digits mixed: six digits behind a capital letter (`A123456`), or a capital letter
//!   behind eight digits (`91110101M`).
#![allow(unsafe_code)]

mod columns;
mod dense;
mod dispatch;
mod exact;
mod kernel;
mod lanes;

pub use columns::{Columns, columns};

pub use dense::{BLOCK, dense};

use dispatch::dispatch;

/// How one encoding writes the full-width digits `０`..`９`: they end in `mid`, then `low..low + 10`.
#[derive(Clone, Copy, Debug)]
pub struct WideDigits {
    /// The byte before the last.
    pub mid: u8,
    /// The last byte of `０`.
    pub low: u8,
    /// Bytes of a digit.
    pub width: u32,
}

/// What to look for in one pass.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The shortest run of ASCII digits that is reported, 1 to 32.
    pub run: u32,
    /// The full-width digits of the text's encoding.
    pub wide: WideDigits,
    /// Whether letters and digits mixed are asked for.
    pub mixed: bool,
}

/// What was seen at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A run of digits.
    Run,
    /// Digits with separators, or full-width ones.
    Soft,
    /// Letters and digits.
    Mixed,
}

/// A place to look at, packed: the offset of the trigger's last byte, and which kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event(u32);

impl Event {
    fn new(at: usize, kind: Kind) -> Self {
        // Passes are at most a few megabytes (see `scan`), so the offset fits in 30 bits.
        Event((at as u32) << 2 | kind as u32)
    }

    /// Offset of the trigger's last byte, counted from the start of the pass.
    pub fn at(self) -> usize {
        (self.0 >> 2) as usize
    }

    /// What was seen.
    pub fn kind(self) -> Kind {
        match self.0 & 3 {
            0 => Kind::Run,
            1 => Kind::Soft,
            _ => Kind::Mixed,
        }
    }
}

dispatch!(fn(hay: &[u8], from: usize, to: usize, spec: Spec, out: &mut Vec<Event>) = kernel::run);

/// Appends the triggers whose last byte lies in `from..to` of `hay` to `out`.
///
/// A plain run gives one event, at its `run`-th digit. What lies before `from` is looked at
/// where a trigger reaches back over it, so cutting a buffer changes nothing. `to - from` must stay
/// under 2^30.
pub fn triggers(hay: &[u8], from: usize, to: usize, spec: Spec, out: &mut Vec<Event>) {
    best()(hay, from, to, spec, out);
}

/// Which of eight bytes are no ASCII digits, as their highest bits.
#[inline]
pub(crate) fn no_digits(eight: u64) -> u64 {
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    const DIGITS: u64 = 0x3030_3030_3030_3030;
    // Zero to nine for a digit; then no byte carries into the next, for the highest bits are out of the sum.
    let value = eight ^ DIGITS;
    (((value & !HIGHEST) + 0x7676_7676_7676_7676) | value) & HIGHEST
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UTF8: WideDigits = WideDigits { mid: 0xBC, low: 0x90, width: 3 };
    const GBK: WideDigits = WideDigits { mid: 0xA3, low: 0xB0, width: 2 };

    /// The definition, byte by byte, with no masks at all.
    fn naive(hay: &[u8], from: usize, to: usize, spec: Spec) -> Vec<Event> {
        let digit = |i: usize| hay[i].is_ascii_digit();
        let digits = |end: usize, n: usize| end + 1 >= n && (end + 1 - n..=end).all(digit);
        let sep = |i: usize| matches!(hay[i], b' ' | b'-' | b'.');
        let n = spec.run as usize;
        let mut out = Vec::new();
        for i in from..to {
            if digits(i, n) && !digits(i, n + 1) {
                out.push(Event::new(i - from, Kind::Run));
            }
            let grouped = digits(i, 4)
                && ((i >= 7 && sep(i - 4) && digits(i - 5, 3))
                    || (2..=3).any(|w| {
                        i >= 6 + w && digits(i - 4 - w, 3) && (i - 3 - w..i - 3).all(|j| hay[j] >= 0x80)
                    }));
            let single =
                i >= 6 && [0, 2, 4, 6].iter().all(|&k| digit(i - k)) && [1, 3, 5].iter().all(|&k| sep(i - k));
            let width = spec.wide.width as usize;
            let wide =
                |end: usize| hay[end].wrapping_sub(spec.wide.low) < 10 && hay[end - 1] == spec.wide.mid;
            let wides = i > 2 * width && (0..3).all(|k| wide(i - k * width));
            if grouped || single || wides {
                out.push(Event::new(i - from, Kind::Soft));
            }
            let upper = |i: usize| hay[i].is_ascii_uppercase();
            let behind_letter = i >= 6 && digits(i, 6) && upper(i - 6);
            let letter_behind = i >= 8 && upper(i) && digits(i - 1, 8);
            if spec.mixed && (behind_letter || letter_behind) {
                out.push(Event::new(i - from, Kind::Mixed));
            }
        }
        out
    }

    fn soup() -> impl Strategy<Value = Vec<u8>> {
        let pieces = prop_oneof![
            4 => "[0-9]{1,40}".prop_map(String::into_bytes),
            2 => "[ .\\-]".prop_map(String::into_bytes),
            2 => "[１-９]{1,4}".prop_map(String::into_bytes),
            2 => "([A-Z]{1,3}[0-9]{4,9}){1,2}[A-Z]?".prop_map(String::into_bytes),
            1 => "[a-z号\u{3000}\u{a0}]".prop_map(String::into_bytes),
            1 => "([0-9][ -]){4,9}".prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..70),
        ];
        prop::collection::vec(pieces, 0..40).prop_map(|p| p.concat())
    }

    proptest! {
        /// Every kernel sees what the definition says, wherever the pass is cut. It may leave out soft
        /// triggers where digits are too few for any value.
        #[test]
        fn kernels_agree_with_the_definition(
            hay in soup(),
            cut in 0usize..400,
            rest in 0usize..600,
            run in 1u32..=32,
            mixed: bool,
        ) {
            for wide in [UTF8, GBK] {
                for run in [run, 11] {
                    let spec = Spec { run, wide, mixed };
                    let from = cut.min(hay.len());
                    // A pass that ends within the text, or with it.
                    let to = hay.len() - rest.saturating_sub(300).min(hay.len() - from);
                    let mut want = naive(&hay, from, to, spec);
                    want.sort();
                    for (name, pass) in implementations() {
                        let mut got = Vec::new();
                        pass(&hay, from, to, spec, &mut got);
                        got.sort();
                        let extra: Vec<_> = got.iter().filter(|e| !want.contains(e)).collect();
                        prop_assert!(extra.is_empty(), "{name} {run}: extra {extra:?}");
                        let lost = want.iter().find(|e| {
                            !got.contains(e) && (e.kind() != Kind::Soft || !few_digits(&hay, from + e.at()))
                        });
                        prop_assert!(lost.is_none(), "{name} {run}: lost {lost:?}");
                    }
                }
            }
        }
    }

    fn few_digits(hay: &[u8], at: usize) -> bool {
        hay[at.saturating_sub(15)..=at].iter().filter(|b| b.is_ascii_digit()).count() < 7
    }
}
