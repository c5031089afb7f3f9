//! Finds where a long word without blanks and punctuation could be, such as Base64: whole blocks of what such words are made of.
use super::dispatch::dispatch;
use super::lanes::Lanes;

/// Bytes of a block: a run of twice as many holds a whole one, wherever it begins.
pub const BLOCK: usize = 32;
/// The least byte of such a word, and how many there are behind it in ASCII.
const LEAST: u8 = b'+';
const COUNT: u8 = 0x80 - LEAST;

dispatch!(fn(hay: &[u8], from: usize) -> Option<usize> = run);

/// The first block at or behind `from`, counted from the beginning of `hay`, in which every byte is ASCII and not below `+`.
pub fn dense(hay: &[u8], from: usize) -> Option<usize> {
    best()(hay, from)
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
            for (name, find) in implementations() {
                prop_assert_eq!(find(hay, from), want, "{}", name);
            }
        }
    }
}
