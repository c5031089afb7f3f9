//! Finds where a run of digits ends, in a few steps however long it is.
use super::automaton::LONGEST_RUN;
use crate::simd::no_digits;

/// Where the digits at `at` end; those beyond [`LONGEST_RUN`] are not looked at.
#[inline]
pub(super) fn end_of_digits(hay: &[u8], at: usize) -> usize {
    // Eight at a time, for the lengths of numbers are no more to be guessed than the numbers.
    if let Some(eight) = hay.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let others = no_digits(u64::from_le_bytes(*eight));
        if others != 0 {
            return at + others.trailing_zeros() as usize / 8;
        }
    }
    at + hay[at..].iter().take(LONGEST_RUN as usize).take_while(|b| b.is_ascii_digit()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_end_where_they_end() {
        for other in (0..=255).filter(|b: &u8| !b.is_ascii_digit()) {
            for length in 0..40 {
                let mut hay = b"0918273645".repeat(4);
                hay[length] = other;
                assert_eq!(end_of_digits(&hay, 0), length.min(LONGEST_RUN as usize), "{other} {length}");
                assert_eq!(end_of_digits(&hay[..length], 0), length.min(LONGEST_RUN as usize));
            }
        }
    }
}
