//! Hong Kong identity card numbers: one or two letters, six digits, a check character mod 11.
use super::lettered::{check_step, checked, length_step, value, weighted};
use super::{Step, Validator, Verdict};
use crate::model::Secret;

pub(super) const VALIDATOR: Validator = Validator { name: "hkid", check, explain };

/// The weights of two letters and six digits; the check character's is one.
const WEIGHTS: [u32; 8] = [9, 8, 7, 6, 5, 4, 3, 2];
/// What stands for the letter that a number with only one has not.
const BLANK: u32 = 36;

fn wanted(id: &[u8]) -> u8 {
    let body = &id[..id.len() - 1];
    let missing = WEIGHTS.len() - body.len();
    let sum = BLANK * WEIGHTS[..missing].iter().sum::<u32>() + weighted(body, &WEIGHTS[missing..], value);
    match (11 - sum % 11) % 11 {
        10 => b'A',
        digit => b'0' + digit as u8,
    }
}

fn check(value: Secret<'_>) -> Verdict {
    let id = value.expose();
    if !(8..=9).contains(&id.len()) {
        Verdict::Fail
    } else {
        checked(wanted(id) == id[id.len() - 1], &id[..3])
    }
}

fn explain(value: Secret<'_>) -> Vec<Step> {
    let id = value.expose();
    if !(8..=9).contains(&id.len()) {
        return length_step(id.len(), "8–9");
    }
    vec![check_step(wanted(id), id[id.len() - 1])]
}
