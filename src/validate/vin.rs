//! Vehicle identification numbers (GB 16735-2019, ISO 3779): seventeen characters, the ninth a check digit mod 11.
use super::lettered::{check_step, checked, length_step, weighted};
use super::{Step, Validator, Verdict};
use crate::model::Secret;

pub(super) const VALIDATOR: Validator = Validator { name: "vin", check, explain };

const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

/// The value of a character (GB 16735-2019, annex B).
fn value(b: u8) -> u32 {
    match b {
        b'A'..=b'H' => u32::from(b - b'A') + 1,
        b'J'..=b'N' => u32::from(b - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => u32::from(b - b'S') + 2,
        _ => u32::from(b & 15),
    }
}

fn wanted(vin: &[u8]) -> u8 {
    match weighted(vin, &WEIGHTS, value) % 11 {
        10 => b'X',
        digit => b'0' + digit as u8,
    }
}

fn check(value: Secret<'_>) -> Verdict {
    let vin = value.expose();
    // A number of digits alone is something else: the maker's code holds a letter.
    if vin.len() != 17 || vin[..3].iter().all(u8::is_ascii_digit) {
        return Verdict::Fail;
    }
    checked(wanted(vin) == vin[8], &vin[..3])
}

fn explain(value: Secret<'_>) -> Vec<Step> {
    let vin = value.expose();
    if vin.len() != 17 {
        return length_step(vin.len(), "17");
    }
    vec![
        Step::new(
            !vin[..3].iter().all(u8::is_ascii_digit),
            "制造厂代号含字母",
            "the maker's code holds a letter",
        ),
        check_step(wanted(vin), vin[8]),
    ]
}
