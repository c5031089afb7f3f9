//! Finds where a long word without blanks and punctuation could be, such as Base64: whole blocks of what such words are made of.
use super::lanes::{self, Lanes};
use std::sync::OnceLock;

/// Bytes of a block: a run of twice as many holds a whole one, wherever it begins.
pub const BLOCK: usize = 32;
/// The least byte of such a word, and how many there are behind it in ASCII.
const LEAST: u8 = b'+';
const COUNT: u8 = 0x80 - LEAST;

type Find = fn(&[u8], usize) -> Option<usize>;

/// The first block at or behind `from`, counted from the beginning of `hay`, in which every byte is ASCII and not below `+`.
pub fn dense(hay: &[u8], from: usize) -> Option<usize> {
    static BEST: OnceLock<Find> = OnceLock::new();
    BEST.get_or_init(|| implementations().pop().unwrap_or(scalar))(hay, from)
}

/// # Safety
/// The CPU must have what `L` needs.
#[inline(always)]
unsafe fn run<L: Lanes>(hay: &[u8], from: usize) -> Option<usize> {
    let mut at = from.next_multiple_of(BLOCK);
    while at + 2 * BLOCK <= hay.len() {
        // SAFETY: two blocks lie within `hay`; the caller has the CPU feature.
        let mask = unsafe { L::load(hay.as_ptr().add(at)).within(LEAST, COUNT) };
        if mask as u32 == u32::MAX {
            return Some(at);
        }
        if mask >> BLOCK == u64::from(u32::MAX) {
            return Some(at + BLOCK);
        }
        at += 2 * BLOCK;
    }
    let last = hay.get(at..at + BLOCK)?;
    last.iter().all(|b| b.wrapping_sub(LEAST) < COUNT).then_some(at)
}

fn scalar(hay: &[u8], from: usize) -> Option<usize> {
    // SAFETY: `Scalar` needs no CPU feature.
    unsafe { run::<lanes::Scalar>(hay, from) }
}

#[cfg(target_arch = "x86_64")]
fn sse2(hay: &[u8], from: usize) -> Option<usize> {
    // SAFETY: SSE2 is part of the x86-64 baseline.
    unsafe { run::<lanes::Sse2>(hay, from) }
}

#[cfg(target_arch = "x86_64")]
fn avx2(hay: &[u8], from: usize) -> Option<usize> {
    #[target_feature(enable = "avx2")]
    fn inner(hay: &[u8], from: usize) -> Option<usize> {
        // SAFETY: the caller of `inner` has the feature.
        unsafe { run::<lanes::Avx2>(hay, from) }
    }
    // SAFETY: `implementations` hands this function out only where the CPU has the feature.
    unsafe { inner(hay, from) }
}

#[cfg(target_arch = "x86_64")]
fn avx512(hay: &[u8], from: usize) -> Option<usize> {
    #[target_feature(enable = "avx512bw,avx512f")]
    fn inner(hay: &[u8], from: usize) -> Option<usize> {
        // SAFETY: the caller of `inner` has the features.
        unsafe { run::<lanes::Avx512>(hay, from) }
    }
    // SAFETY: `implementations` hands this function out only where the CPU has the features.
    unsafe { inner(hay, from) }
}

/// Every implementation this machine can run, the slowest first.
fn implementations() -> Vec<Find> {
    let mut all: Vec<Find> = vec![scalar];
    #[cfg(target_arch = "x86_64")]
    {
        all.push(sse2);
        if is_x86_feature_detected!("avx2") {
            all.push(avx2);
        }
        if is_x86_feature_detected!("avx512bw") {
            all.push(avx512);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The definition, block by block.
        #[test]
        fn blocks_are_those_of_the_definition(
            pieces in prop::collection::vec(("[+-~]{0,90}", "[ !é\\x7F]{0,2}"), 0..6),
            from in 0usize..300,
        ) {
            let hay: String = pieces.into_iter().map(|(word, between)| word + &between).collect();
            let hay = hay.as_bytes();
            let dense = |at: &usize| {
                hay.get(*at..at + BLOCK).is_some_and(|block| block.iter().all(|b| (b'+'..0x80).contains(b)))
            };
            let want = (from.next_multiple_of(BLOCK)..hay.len()).step_by(BLOCK).find(dense);
            for find in implementations() {
                prop_assert_eq!(find(hay, from), want);
            }
        }
    }
}
