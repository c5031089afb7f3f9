//! Unified social credit codes (GB 32100-2015): department, kind, region, organisation code, check character mod 31.
use super::facts::number;
use super::lettered::{check_step, checked, length_step};
use super::{Step, Validator, Verdict};
use crate::model::Secret;

pub(super) const VALIDATOR: Validator = Validator { name: "cn-uscc", check, explain };

/// The alphabet, by value: no I, O, S, V, Z (clause 4.2, table 1).
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Departments that register organisations, each with the kinds it registers.
const KINDS: [(u8, &[u8]); 6] =
    [(b'1', b"1239"), (b'2', b"19"), (b'3', b"123459"), (b'5', b"1239"), (b'9', b"123"), (b'7', b"129")];
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

fn is_kind(code: &[u8]) -> bool {
    KINDS.iter().any(|(department, kinds)| *department == code[0] && kinds.contains(&code[1]))
}

/// Whether the region's first two digits are those of a province; 10 is the state's own register.
fn is_region(code: &[u8]) -> bool {
    matches!(number(&code[2..4]), 10..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81 | 82)
}

/// The check character that the others ask for (clause 4.5.1).
fn wanted(code: &[u8]) -> Option<u8> {
    let mut sum = 0;
    for (b, weight) in code[..17].iter().zip(WEIGHTS) {
        sum += ALPHABET.iter().position(|known| known == b)? * weight;
    }
    Some(ALPHABET[(31 - sum % 31) % 31])
}

fn check(value: Secret<'_>) -> Verdict {
    let code = value.expose();
    if code.len() != 18 || !is_kind(code) || !is_region(code) {
        return Verdict::Fail;
    }
    wanted(code).map_or(Verdict::Fail, |wanted| checked(wanted == code[17], &code[2..6]))
}

fn explain(value: Secret<'_>) -> Vec<Step> {
    let code = value.expose();
    if code.len() != 18 {
        return length_step(code.len(), "18");
    }
    let mut steps = vec![
        Step::new(
            is_kind(code),
            "登记管理部门与机构类别",
            "registration department and kind of organisation",
        ),
        Step::new(is_region(code), "登记管理机关行政区划", "region of registration"),
    ];
    match wanted(code) {
        Some(wanted) => steps.push(check_step(wanted, code[17])),
        None => steps.push(Step::new(
            false,
            "含 I、O、S、V、Z 等不用的字母",
            "holds letters that are not used (I, O, S, V, Z)",
        )),
    }
    steps
}
