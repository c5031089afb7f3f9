//! Payment card numbers: issuer prefix, length and Luhn (ISO/IEC 7812-1, JR/T 0008).
use super::facts::{Facts, number};
use super::{Step, Validator, Verdict, luhn, luhn_sum};
use crate::model::Secret;

pub(super) const VALIDATOR: Validator = Validator { name: "bank-card", check, explain };

/// How the first digits place a number.
#[derive(PartialEq)]
enum Issuer {
    /// The table knows the prefix at this length.
    Known,
    /// UnionPay, an issuer the table does not know.
    UnionPay,
    /// An international scheme; one random number in ninety begins so and passes Luhn.
    International,
    Nobody,
}

/// Whether any issuer's cards begin with these two digits; wrong only by saying yes.
fn may_lead(card: &[u8]) -> bool {
    matches!(number(&card[..2]), 22..=27 | 34..=37 | 40..=55 | 62) || Facts::get().card_head(card)
}

fn issuer(card: &[u8]) -> Issuer {
    if Facts::get().card_head(card) && Facts::get().card_prefix(card).is_some() {
        return Issuer::Known;
    }
    match (card.len(), number(&card[..2]), number(&card[..4])) {
        (16..=19, 62, _) => Issuer::UnionPay,
        (16, 40..=49 | 51..=55, _) | (16, _, 2221..=2720 | 3528..=3589) | (15, 34 | 37, _) => {
            Issuer::International
        }
        _ => Issuer::Nobody,
    }
}

fn check(value: Secret<'_>) -> Verdict {
    let card = value.expose();
    // The cheapest first: two digits reject most, the table is for what is left.
    if !(15..=19).contains(&card.len()) || !may_lead(card) {
        return Verdict::Fail;
    }
    let family = (number(&card[..6]) % 61) as u8;
    match (issuer(card), luhn(card)) {
        (Issuer::Nobody, _) => Verdict::Fail,
        (Issuer::Known | Issuer::UnionPay, true) => Verdict::Pass { family },
        (Issuer::International, true) => Verdict::Weak { family },
        (issuer, false) => Verdict::Near { weak: issuer == Issuer::International },
    }
}

fn explain(value: Secret<'_>) -> Vec<Step> {
    let card = value.expose();
    if !(15..=19).contains(&card.len()) {
        return vec![Step::new(
            false,
            format!("长度 {}，应为 15-19", card.len()),
            format!("length {}, not 15 to 19", card.len()),
        )];
    }
    let (issuer, head) = (issuer(card), String::from_utf8_lossy(&card[..6]).into_owned());
    let (zh, en) = match issuer {
        Issuer::Known => ("发卡行标识在表中", "issuer prefix in the table at this length"),
        Issuer::UnionPay => ("银联 62 开头，发卡行不在表中", "UnionPay 62, issuer not in the table"),
        Issuer::International => {
            ("国际卡组织，需上下文佐证", "international scheme, counts only with context")
        }
        Issuer::Nobody => ("无此发卡行与长度", "no issuer with this prefix and length"),
    };
    let last = u32::from(card[card.len() - 1] & 15);
    let want = (last + 10 - luhn_sum(card) % 10) % 10;
    vec![
        Step::new(issuer != Issuer::Nobody, format!("{head}：{zh}"), format!("{head}: {en}")),
        Step::new(
            want == last,
            format!("Luhn 校验位应为 {want}，实为 {last}"),
            format!("Luhn digit {want} expected, {last} found"),
        ),
    ]
}
