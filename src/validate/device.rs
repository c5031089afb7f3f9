//! Numbers of devices and SIM cards: IMEI (3GPP TS 23.003, 6.2.1) and ICCID (ITU-T E.118), both with a Luhn digit.
use super::facts::number;
use super::lettered::{check_step, checked, length_step};
use super::{Step, Validator, Verdict, luhn_sum};
use crate::model::Secret;

pub(super) const IMEI: Validator = Validator { name: "imei", check: check_imei, explain: explain_imei };
pub(super) const ICCID: Validator = Validator { name: "iccid", check: check_iccid, explain: explain_iccid };

/// Whether the first two digits are those of a body that gives out type allocation codes.
fn is_registrar(imei: &[u8]) -> bool {
    matches!(number(&imei[..2]), 1 | 35 | 44 | 45 | 49 | 50..=54 | 86 | 91 | 98 | 99)
}

/// The Luhn digit that the others ask for.
fn wanted(digits: &[u8]) -> u8 {
    let last = digits[digits.len() - 1] & 15;
    b'0' + ((u32::from(last) + 10 - luhn_sum(digits) % 10) % 10) as u8
}

fn check_imei(value: Secret<'_>) -> Verdict {
    let imei = value.expose();
    if imei.len() != 15 || !is_registrar(imei) || imei[1..].windows(2).all(|pair| pair[0] == pair[1]) {
        return Verdict::Fail;
    }
    checked(wanted(imei) == imei[14], &imei[2..8])
}

fn explain_imei(value: Secret<'_>) -> Vec<Step> {
    let imei = value.expose();
    if imei.len() != 15 {
        return length_step(imei.len(), "15");
    }
    vec![
        Step::new(is_registrar(imei), "分配机构代码", "code of the allocating body"),
        check_step(wanted(imei), imei[14]),
    ]
}

/// The operators of the mainland behind 8986, which is telecom and the country code.
fn is_operator(iccid: &[u8]) -> bool {
    iccid.starts_with(b"8986") && matches!(number(&iccid[4..6]), 0..=20)
}

fn check_iccid(value: Secret<'_>) -> Verdict {
    let iccid = value.expose();
    if !(19..=20).contains(&iccid.len()) || !is_operator(iccid) {
        return Verdict::Fail;
    }
    checked(wanted(iccid) == iccid[iccid.len() - 1], &iccid[4..10])
}

fn explain_iccid(value: Secret<'_>) -> Vec<Step> {
    let iccid = value.expose();
    if !(19..=20).contains(&iccid.len()) {
        return length_step(iccid.len(), "19–20");
    }
    vec![
        Step::new(is_operator(iccid), "8986 与运营商代码", "8986 and the code of an operator"),
        check_step(wanted(iccid), iccid[iccid.len() - 1]),
    ]
}
