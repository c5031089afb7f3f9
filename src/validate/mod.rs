//! Checks a candidate's value: checksum, date, region, issuer. One file per kind of number, one line here.
mod bank_card;
mod business_licence;
mod device;
pub mod facts;
mod hkid;
mod lettered;
mod mobile;
mod resident_id;
mod resident_id_15;
mod taiwan_id;
mod uscc;
mod vin;

use crate::model::Secret;

/// What a validator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is such a value; `family` tells which of 64 kinds (prefix, region) for the spread test.
    Pass {
        /// 0 to 63.
        family: u8,
    },
    /// It may be one, and counts only where the context supports it.
    Weak {
        /// 0 to 63.
        family: u8,
    },
    /// It is none, but only for its check digit: where many are so, those that pass may do so by chance.
    Near {
        /// Whether with the right digit it would have been [`Verdict::Weak`].
        weak: bool,
    },
    /// It is none.
    Fail,
}

/// One step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Whether the step was passed.
    pub passed: bool,
    /// What was looked at and what was seen or expected, in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Step {
    fn new(passed: bool, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Step { passed, zh: zh.into(), en: en.into() }
    }
}

/// A check with a name that a detector's TOML can give.
#[derive(Clone, Copy)]
pub struct Validator {
    /// Its name.
    pub name: &'static str,
    /// The verdict on a value whose separators are gone. Must not allocate: it runs in the hot path.
    pub check: fn(Secret<'_>) -> Verdict,
    /// The same check, step by step, for a person who asks why.
    pub explain: fn(Secret<'_>) -> Vec<Step>,
}

const ALL: &[Validator] = &[
    resident_id::CITIZEN,
    resident_id::HMT_PERMIT,
    resident_id::FOREIGN_PR,
    resident_id_15::VALIDATOR,
    mobile::VALIDATOR,
    bank_card::VALIDATOR,
    business_licence::VALIDATOR,
    device::ICCID,
    device::IMEI,
    hkid::VALIDATOR,
    taiwan_id::VALIDATOR,
    uscc::VALIDATOR,
    vin::VALIDATOR,
];

/// The validator with this name.
pub fn by_name(name: &str) -> Option<&'static Validator> {
    ALL.iter().find(|validator| validator.name == name)
}

/// The names that [`by_name`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|validator| validator.name)
}

/// Whether ASCII digits pass the Luhn check (ISO/IEC 7812-1 annex B).
fn luhn(digits: &[u8]) -> bool {
    luhn_sum(digits).is_multiple_of(10)
}

fn luhn_sum(digits: &[u8]) -> u32 {
    const DOUBLED: [u8; 10] = [0, 2, 4, 6, 8, 1, 3, 5, 7, 9];
    let mut sum = 0;
    for (i, b) in digits.iter().rev().enumerate() {
        let d = b & 15;
        sum += u32::from(if i % 2 == 1 { DOUBLED[usize::from(d)] } else { d });
    }
    sum
}

/// Whether `yyyymmdd` is a day of the calendar.
fn is_day(yyyymmdd: u32) -> bool {
    let (year, month, day) = (yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 0,
    };
    (1..=days).contains(&day)
}
