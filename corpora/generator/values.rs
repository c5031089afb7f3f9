//! Single synthetic values by name, as templates call for them: `客户<name>，身份证号<resident-id>`.
use super::{Rng, bank_card, mobile, resident_id};

/// What a template made: the text, and the values in it with the detector of each. A value that someone has hidden
/// goes by `masked` or `hashed`.
#[derive(Default)]
pub struct Filled {
    pub text: String,
    pub planted: Vec<(&'static str, String)>,
}

/// Puts a value in the place of every `<name>` in `template`; `row` is what counters count.
///
/// # Panics
/// There is no value of such a name.
pub fn fill(template: &str, row: u64, rng: &mut Rng) -> Filled {
    let mut filled = Filled::default();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('<') {
        filled.text += before;
        let Some((name, after)) = behind.split_once('>') else { break };
        match of(name, row, rng) {
            Some((detector, value)) => {
                filled.text += &value;
                filled.planted.extend(detector.map(|detector| (detector, value)));
                rest = after;
            }
            // A tag, as XML has them.
            None if name.starts_with(|c: char| c == '/' || !c.is_ascii()) => {
                filled.text.push('<');
                rest = behind;
            }
            None => panic!("no value is called <{name}>"),
        }
    }
    filled.text += rest;
    filled
}

/// A value, and the detector that is to find it.
fn of(name: &str, row: u64, rng: &mut Rng) -> Option<(Option<&'static str>, String)> {
    if let Some((detector, value)) = personal(name, rng) {
        return Some((Some(detector), value));
    }
    number(name, row, rng).or_else(|| text(name, rng)).map(|value| (None, value))
}

/// Values that are to be found, and those that are hidden.
fn personal(name: &str, rng: &mut Rng) -> Option<(&'static str, String)> {
    let until = |rng: &mut Rng, wanted: fn(&str) -> bool| {
        std::iter::repeat_with(|| resident_id(rng)).find(|id| wanted(id)).unwrap_or_default()
    };
    let cut = |text: &str, at: &[usize], with: &str| {
        let mut out = String::new();
        for (i, c) in text.chars().enumerate() {
            if at.contains(&i) {
                out += with;
            }
            out.push(c);
        }
        out
    };
    let starred = |text: &str, head: usize, tail: usize| {
        let middle = "*".repeat(text.len() - head - tail);
        format!("{}{middle}{}", &text[..head], &text[text.len() - tail..])
    };
    Some(match name {
        "resident-id" => ("cn-resident-id", resident_id(rng)),
        "resident-id-digits" => ("cn-resident-id", until(rng, |id| !id.ends_with('X'))),
        "resident-id-x" => ("cn-resident-id", until(rng, |id| id.ends_with('X')).to_lowercase()),
        "resident-id-wide" => ("cn-resident-id", wide(&resident_id(rng))),
        "resident-id-spaced" => ("cn-resident-id", cut(&resident_id(rng), &[6, 10, 14], " ")),
        "resident-id-dashed" => ("cn-resident-id", cut(&resident_id(rng), &[6, 14], "-")),
        "resident-id-15" => {
            let id = resident_id(rng);
            ("cn-resident-id-15", format!("{}{}", &id[..6], &id[8..17]))
        }
        "permit" => {
            let region = *rng.pick(&["810000", "820000", "830000"]);
            ("cn-residence-permit-hmt", checked(&format!("{region}{}", &resident_id(rng)[6..17])))
        }
        "foreign-pr" => {
            let head = *rng.pick(&["911840", "932682", "911124", "944392", "933276"]);
            ("cn-foreign-pr", checked(&format!("{head}{}", &resident_id(rng)[6..17])))
        }
        "mobile" => ("cn-mobile", mobile(rng)),
        "mobile-wide" => ("cn-mobile", wide(&mobile(rng))),
        "mobile-spaced" => ("cn-mobile", cut(&mobile(rng), &[3, 7], " ")),
        "mobile-dashed" => ("cn-mobile", cut(&mobile(rng), &[3, 7], "-")),
        "card" => ("bank-card", bank_card(rng)),
        "card-16" => {
            let sixteen = std::iter::repeat_with(|| bank_card(rng)).find(|card| card.len() == 16);
            ("bank-card", sixteen.unwrap_or_default())
        }
        "card-spaced" => ("bank-card", cut(&bank_card(rng), &[4, 8, 12, 16], " ")),
        "imei" => ("imei", luhn(&format!("86{}", digits(rng, 12)))),
        "iccid" => {
            let operator = *rng.pick(&["00", "01", "03", "09", "11"]);
            ("iccid", luhn(&format!("8986{operator}{}", digits(rng, 12))))
        }
        // There is no month 5x: none of these can be an identity of the first generation.
        "licence-15" => {
            let body = format!("{}{}5{}", &resident_id(rng)[..6], digits(rng, 2), digits(rng, 5));
            ("cn-business-licence", licence(&body))
        }
        "masked-mobile" => ("masked", starred(&mobile(rng), 3, 4)),
        "masked-resident-id" => ("masked", starred(&resident_id(rng), 6, 4)),
        "masked-card" => ("masked", starred(&bank_card(rng), 6, 4)),
        "masked-name" => ("masked", format!("{}*", rng.pick(&SURNAMES))),
        // What is hashed cannot be seen in a digest, so chance does for it.
        "md5" => ("hashed", hex(rng, 32)),
        "sha1" => ("hashed", hex(rng, 40)),
        "sha256" => ("hashed", hex(rng, 64)),
        "bcrypt" => ("hashed", format!("$2a$10${}", letters(rng, 53))),
        _ => return None,
    })
}

/// Numbers that are nobody's, many of which look as if they were.
fn number(name: &str, row: u64, rng: &mut Rng) -> Option<String> {
    let clock = 1_700_000_000_000 + rng.below(60_000_000_000);
    let time = |rng: &mut Rng| {
        let (month, day, hour) = (1 + rng.below(12), 1 + rng.below(28), rng.below(24));
        format!("2024{month:02}{day:02}{hour:02}{:02}{:02}", rng.below(60), rng.below(60))
    };
    if let Some(first) = name.strip_prefix("counter-") {
        return first.parse::<u64>().ok().map(|first| (first + row).to_string());
    }
    if let Some(length) = name.strip_prefix("digits-") {
        return length.parse().ok().map(|length| digits(rng, length));
    }
    Some(match name {
        // Milliseconds since an epoch, worker, sequence: Twitter's, and one that began in 2020.
        "snowflake-19" => (((clock - 1_288_834_974_657) << 22) + rng.below(1 << 22)).to_string(),
        "snowflake-18" => (((clock - 1_577_836_800_000) << 22) + rng.below(1 << 22)).to_string(),
        "epoch-ms" => clock.to_string(),
        "epoch-us" => format!("{clock}{:03}", rng.below(1000)),
        "epoch-ns" => format!("{clock}{:06}", rng.below(1_000_000)),
        "time-14" => time(rng),
        "time-17" => format!("{}{:03}", time(rng), rng.below(1000)),
        "order-18" => format!("{}{}", &time(rng)[..8], digits(rng, 10)),
        "order-20" => format!("{}{}", time(rng), digits(rng, 6)),
        "order-11" => format!("24{}", digits(rng, 9)),
        "qq" => {
            let length = 7 + rng.below(4) as usize;
            digits(rng, length)
        }
        "landline" => {
            format!("0{}-{}", rng.pick(&["10", "21", "755", "571"]), 20_000_000 + rng.below(60_000_000))
        }
        "alipay" => format!("2088{}", digits(rng, 12)),
        "amount" => format!("{}.{:02}", rng.below(10_000_000), rng.below(100)),
        "cents" => rng.below(100_000_000_000).to_string(),
        "version" => format!("{}.{}.{}-{}", rng.below(20), rng.below(99), rng.below(99), &time(rng)[..12]),
        "longitude" => format!("113.{}", digits(rng, 11)),
        "ip" => format!("10.{}.{}.{}", rng.below(256), rng.below(256), rng.below(256)),
        "date" => format!("{}-{:02}-{:02}", 1990 + rng.below(30), 1 + rng.below(12), 1 + rng.below(28)),
        "flag" => rng.below(2).to_string(),
        "small" => rng.below(1000).to_string(),
        _ => return None,
    })
}

const SURNAMES: [&str; 8] = ["王", "李", "张", "刘", "陈", "欧阳", "赵", "周"];

/// Everything else that columns are full of.
fn text(name: &str, rng: &mut Rng) -> Option<String> {
    Some(match name {
        "name" => format!("{}{}", rng.pick(&SURNAMES), rng.pick(&["伟", "芳", "秀英", "敏", "静", "强"])),
        "address" => format!(
            "{}{}路{}号{}室",
            rng.pick(&["北京市东城区", "杭州市西湖区", "深圳市南山区"]),
            rng.pick(&["人民", "解放", "建设"]),
            1 + rng.below(999),
            100 + rng.below(2000)
        ),
        "word" => (*rng.pick(&["启用", "停用", "待审核", "已完成", "华东", "默认"])).to_owned(),
        "sentence" => {
            (*rng.pick(&["客户要求尽快处理。", "已联系，无人接听。", "资料齐全，通过。"])).to_owned()
        }
        "uuid" => {
            let hex = hex(rng, 32);
            let [a, b, c, d, e] = [&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]];
            format!("{a}-{b}-4{c}-a{d}-{e}")
        }
        "trace" => hex(rng, 16),
        "base64" => format!("{}==", letters(rng, 42)),
        "openid" => format!("o{}", letters(rng, 27)),
        "email" => format!("{}@example.com", letters(rng, 8)),
        "tracking" => format!("SF{}", digits(rng, 13)),
        "plate" => format!("京A{}", digits(rng, 5)),
        _ => return None,
    })
}

/// Digits of which the first is no zero.
fn digits(rng: &mut Rng, length: usize) -> String {
    let rest = (1..length).map(|_| char::from(b'0' + rng.below(10) as u8)).collect::<String>();
    format!("{}{rest}", 1 + rng.below(9))
}

fn hex(rng: &mut Rng, length: usize) -> String {
    (0..length).map(|_| char::from(*rng.pick(b"0123456789abcdef"))).collect()
}

fn letters(rng: &mut Rng, length: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (0..length).map(|_| char::from(*rng.pick(LETTERS))).collect()
}

/// In full-width characters.
fn wide(text: &str) -> String {
    text.chars().map(|c| char::from_u32(c as u32 + 0xFEE0).unwrap_or(c)).collect()
}

/// With the check character of ISO 7064 MOD 11-2.
fn checked(body: &str) -> String {
    let sum = body.bytes().fold(0, |sum, b| (sum + u32::from(b - b'0')) * 2 % 11);
    format!("{body}{}", char::from(b"10X98765432"[(sum % 11) as usize]))
}

/// With the Luhn digit.
fn luhn(body: &str) -> String {
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let digits = body.bytes().rev().map(|b| u32::from(b - b'0')).enumerate();
    let sum: u32 = digits.map(|(i, d)| if i % 2 == 0 { doubled(d) } else { d }).sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// With the check digit of ISO 7064 MOD 11,10, as old business licences have it.
fn licence(body: &str) -> String {
    let product = body.bytes().fold(10, |p, b| {
        let sum = (p + u32::from(b - b'0')) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    format!("{body}{}", (11 - product) % 10)
}
