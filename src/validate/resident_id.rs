//! Eighteen-character identity numbers: citizens (GB 11643-1999), residents from Hong Kong, Macau and
//! Taiwan (2018), foreign permanent residents (2023). One layout, one check character.
use super::facts::{Facts, number};
use super::{Step, Validator, Verdict, is_day};
use crate::model::Secret;

/// Citizens.
pub(super) const CITIZEN: Validator =
    Validator { name: "cn-resident-id", check: |v| check(v, citizen), explain: |v| explain(v, citizen) };
/// Residence permits of people from Hong Kong, Macau and Taiwan.
pub(super) const HMT_PERMIT: Validator =
    Validator { name: "cn-residence-permit-hmt", check: |v| check(v, hmt), explain: |v| explain(v, hmt) };
/// Foreign permanent residents, cards issued since December 2023.
pub(super) const FOREIGN_PR: Validator =
    Validator { name: "cn-foreign-pr", check: |v| check(v, foreign), explain: |v| explain(v, foreign) };

/// The first two digits of the province-level divisions (GB/T 2260), one bit each. 81 to 83 head the
/// residence permits, which are a type of their own.
const PROVINCES: u128 = {
    let codes = [
        11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53,
        54, 61, 62, 63, 64, 65, 71,
    ];
    let (mut bits, mut i) = (0, 0);
    while i < codes.len() {
        bits |= 1 << codes[i];
        i += 1;
    }
    bits
};
/// No one alive or in a register of this century was born before.
const FIRST_BIRTH: u32 = 18_500_101;

type Head = fn(&[u8]) -> bool;

fn province(two: u32) -> bool {
    PROVINCES >> two & 1 == 1
}

fn citizen(id: &[u8]) -> bool {
    province(number(&id[..2]))
}

fn hmt(id: &[u8]) -> bool {
    matches!(&id[..6], b"810000" | b"820000" | b"830000")
}

/// `9`, the province that issued it, and the nationality (ISO 3166-1 numeric).
fn foreign(id: &[u8]) -> bool {
    id[0] == b'9' && province(number(&id[1..3]))
}

fn check(value: Secret<'_>, head: Head) -> Verdict {
    let id = value.expose();
    if id.len() != 18 || !head(id) || !born(id) {
        return Verdict::Fail;
    }
    if check_char(id) != id[17].to_ascii_uppercase() {
        return Verdict::Near { weak: false };
    }
    Verdict::Pass { family: (number(&id[..6]) * 31 % 61) as u8 }
}

fn born(id: &[u8]) -> bool {
    let day = number(&id[6..14]);
    (FIRST_BIRTH..=Facts::get().today).contains(&day) && is_day(day)
}

/// ISO 7064 MOD 11-2 over the first seventeen digits (GB/T 17710).
fn check_char(id: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = id.iter().zip(WEIGHTS).map(|(b, weight)| u32::from(b & 15) * weight).sum();
    b"10X98765432"[(sum % 11) as usize]
}

fn explain(value: Secret<'_>, head: Head) -> Vec<Step> {
    let id = value.expose();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if id.len() != 18 {
        return vec![Step::new(
            false,
            format!("长度 {}，应为 18", id.len()),
            format!("length {}, not 18", id.len()),
        )];
    }
    let region = text(&id[..6]);
    let name = Facts::get().division(number(&id[..6]));
    let named = name.filter(|name| !name.is_empty()).unwrap_or("未收录 / not in the table");
    let (day, got, want) = (text(&id[6..14]), id[17] as char, check_char(id) as char);
    vec![
        Step::new(
            head(id),
            format!("号码开头 {region}（{named}）"),
            format!("begins with {region} ({named})"),
        ),
        Step::new(born(id), format!("出生日期 {day}"), format!("birth date {day}")),
        Step::new(
            want == got.to_ascii_uppercase(),
            format!("校验码应为 {want}，实为 {got}"),
            format!("check character {want} expected, {got} found"),
        ),
    ]
}
