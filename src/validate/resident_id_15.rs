//! First-generation identity numbers: fifteen digits, a date, a county, and no check digit.
use super::facts::{Facts, number};
use super::{Step, Validator, Verdict, is_day, luhn};
use crate::model::Secret;

pub(super) const VALIDATOR: Validator = Validator { name: "cn-resident-id-15", check, explain };

fn check(value: Secret<'_>) -> Verdict {
    let id = value.expose();
    if id.len() != 15 || !county(id) || !born(id) || is_imei(id) {
        return Verdict::Fail;
    }
    let family = (number(&id[..6]) * 31 % 61) as u8;
    if is_imsi(id) { Verdict::Weak { family } } else { Verdict::Pass { family } }
}

/// There is no check digit, so here the county table must be a gate.
fn county(id: &[u8]) -> bool {
    Facts::get().division(number(&id[..6])).is_some()
}

fn born(id: &[u8]) -> bool {
    // Two-digit years of numbers issued until 1999. 1900 was no leap year: 000229 is no birthday.
    is_day(19_000_000 + number(&id[6..12]))
}

/// SIM card numbers of Chinese networks begin with 460, which is also Hainan.
fn is_imsi(id: &[u8]) -> bool {
    id.starts_with(b"460") && number(&id[3..5]) <= 20
}

/// Phone serial numbers pass Luhn and begin with the code of their registrar; 35 is also Fujian.
fn is_imei(id: &[u8]) -> bool {
    matches!(&id[..2], b"01" | b"35" | b"86" | b"99") && luhn(id)
}

fn explain(value: Secret<'_>) -> Vec<Step> {
    let id = value.expose();
    if id.len() != 15 {
        return vec![Step::new(
            false,
            format!("长度 {}，应为 15", id.len()),
            format!("length {}, not 15", id.len()),
        )];
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let name = Facts::get().division(number(&id[..6])).unwrap_or("未收录 / not in the table");
    vec![
        Step::new(
            county(id),
            format!("地区 {}（{name}）", text(&id[..6])),
            format!("region {} ({name})", text(&id[..6])),
        ),
        Step::new(
            born(id),
            format!("出生日期 19{}", text(&id[6..12])),
            format!("birth date 19{}", text(&id[6..12])),
        ),
        Step::new(!is_imsi(id), "不是 IMSI（460 开头）", "no IMSI (460…)"),
        Step::new(!is_imei(id), "不是 IMEI（Luhn）", "no IMEI (Luhn)"),
    ]
}
