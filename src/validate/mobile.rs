//! Mobile numbers: eleven digits behind a network number in use, with or without the country code.
use super::facts::{Facts, number};
use super::{Step, Validator, Verdict};
use crate::model::Secret;

pub(super) const VALIDATOR: Validator = Validator { name: "cn-mobile", check, explain };

/// The eleven digits behind `+86`, `0086`, `86` or a trunk `0`.
fn subscriber(value: &[u8]) -> Option<&[u8]> {
    let at = value.len().checked_sub(11)?;
    matches!(&value[..at], b"" | b"86" | b"0086" | b"0" | b"860").then_some(&value[at..])
}

fn check(value: Secret<'_>) -> Verdict {
    let Some(digits) = subscriber(value.expose()) else { return Verdict::Fail };
    let facts = Facts::get();
    if facts.network(digits) || facts.operator(digits).is_some() {
        Verdict::Pass { family: (number(&digits[1..3]) % 64) as u8 }
    } else {
        Verdict::Fail
    }
}

fn explain(value: Secret<'_>) -> Vec<Step> {
    let Some(digits) = subscriber(value.expose()) else {
        return vec![Step::new(
            false,
            "应为 11 位，可带 +86 / 0086 / 86",
            "eleven digits, or those behind +86 / 0086 / 86",
        )];
    };
    let network = String::from_utf8_lossy(&digits[..3]).into_owned();
    let step = match Facts::get().operator(digits) {
        Some(operator) => Step::new(
            true,
            format!("号段 {network}：{operator}"),
            format!("network number {network}: {operator}"),
        ),
        None => Step::new(
            false,
            format!("号段 {network} 未分配"),
            format!("network number {network} is not allocated"),
        ),
    };
    vec![step]
}
