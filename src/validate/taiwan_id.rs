//! Taiwan identity and residence numbers: a letter for the place, a digit for sex and status, a check digit mod 10.
use super::lettered::{check_step, checked, length_step, weighted};
use super::{Step, Validator, Verdict};
use crate::model::Secret;

pub(super) const VALIDATOR: Validator = Validator { name: "tw-id", check, explain };

/// The number of each letter, A to Z: in the order in which places were given theirs.
const PLACES: [u32; 26] =
    [10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33];

fn digit(b: u8) -> u32 {
    u32::from(b & 15)
}

fn wanted(id: &[u8]) -> u8 {
    let place = PLACES[usize::from(id[0] - b'A') % 26];
    let sum = place / 10 + place % 10 * 9 + weighted(&id[1..9], &[8, 7, 6, 5, 4, 3, 2, 1], digit);
    b'0' + ((10 - sum % 10) % 10) as u8
}

fn check(value: Secret<'_>) -> Verdict {
    let id = value.expose();
    if id.len() != 10 || !id[0].is_ascii_uppercase() {
        Verdict::Fail
    } else {
        checked(wanted(id) == id[9], &id[..4])
    }
}

fn explain(value: Secret<'_>) -> Vec<Step> {
    let id = value.expose();
    if id.len() != 10 || !id[0].is_ascii_uppercase() {
        return length_step(id.len(), "10");
    }
    vec![check_step(wanted(id), id[9])]
}
