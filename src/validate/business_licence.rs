//! Business licence numbers before 2015 (GS 15-2006): region, serial, a check digit by ISO 7064 MOD 11,10.
use super::facts::{Facts, number};
use super::lettered::{check_step, checked, length_step};
use super::{Step, Validator, Verdict};
use crate::model::Secret;

pub(super) const VALIDATOR: Validator = Validator { name: "cn-business-licence", check, explain };

fn wanted(licence: &[u8]) -> u8 {
    let mut p = 10;
    for b in &licence[..14] {
        let sum = (p + u32::from(b & 15)) % 10;
        p = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    b'0' + ((11 - p) % 10) as u8
}

/// The register of a county or a city, or that of the state.
fn is_register(licence: &[u8]) -> bool {
    let code = number(&licence[..6]);
    code == 100_000 || Facts::get().division(code).is_some()
}

fn check(value: Secret<'_>) -> Verdict {
    let licence = value.expose();
    if licence.len() != 15 || !is_register(licence) {
        return Verdict::Fail;
    }
    checked(wanted(licence) == licence[14], &licence[..6])
}

fn explain(value: Secret<'_>) -> Vec<Step> {
    let licence = value.expose();
    if licence.len() != 15 {
        return length_step(licence.len(), "15");
    }
    vec![
        Step::new(is_register(licence), "登记机关代码", "code of the register"),
        check_step(wanted(licence), licence[14]),
    ]
}
