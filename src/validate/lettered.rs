//! What the alphanumeric numbers have in common: values of letters, weighted sums, the words for a check digit.
use super::{Step, Verdict};

/// The value of a character: digits 0 to 9, letters 10 to 35.
pub(super) fn value(b: u8) -> u32 {
    match b {
        b'0'..=b'9' => u32::from(b - b'0'),
        b'A'..=b'Z' => u32::from(b - b'A') + 10,
        _ => 0,
    }
}

/// The sum of the characters' values, each times its weight.
pub(super) fn weighted(characters: &[u8], weights: &[u32], value: fn(u8) -> u32) -> u32 {
    characters.iter().zip(weights).map(|(&b, weight)| value(b) * weight).sum()
}

/// The verdict on a number that is right in all but perhaps its check character.
pub(super) fn checked(is: bool, characters: &[u8]) -> Verdict {
    if !is {
        return Verdict::Near { weak: false };
    }
    let sum = characters.iter().fold(0_u32, |sum, &b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    Verdict::Pass { family: (sum % 61) as u8 }
}

/// The step that looks at the check character.
pub(super) fn check_step(want: u8, found: u8) -> Step {
    let (want_char, found_char) = (char::from(want), char::from(found));
    Step::new(
        want == found,
        format!("校验位应为 {want_char}，实为 {found_char}"),
        format!("check character {want_char} expected, {found_char} found"),
    )
}

/// The only step for a value of the wrong length.
pub(super) fn length_step(found: usize, want: &str) -> Vec<Step> {
    vec![Step::new(false, format!("长度 {found}，应为 {want}"), format!("length {found}, not {want}"))]
}
