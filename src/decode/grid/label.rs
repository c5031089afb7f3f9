//! Which texts are names of values (`身份证号`), and which are values.

/// The most characters of a name.
const LONGEST: usize = 40;
/// The most digits of a name, and the most side by side: `2023年工资` is one.
const DIGITS: [usize; 2] = [8, 4];
/// With so many digits a cell is worth a label.
const VALUE_DIGITS: usize = 7;

/// How the Chinese names of values end.
const ENDS: &str = "号码话机址箱卡户证名别族贯历式期";
/// The English names of values hold one of these.
const WORDS: [&str; 24] = [
    "name",
    "id",
    "idcard",
    "phone",
    "tel",
    "telephone",
    "mobile",
    "cell",
    "cellphone",
    "email",
    "mail",
    "e-mail",
    "address",
    "card",
    "account",
    "no",
    "no.",
    "number",
    "contact",
    "birthday",
    "passport",
    "gender",
    "bank",
    "date",
];

/// A text without the colon behind it.
pub(super) fn name_of(text: &str) -> &str {
    text.trim().trim_end_matches([':', '：']).trim_end()
}

/// Whether a text can be the name of something: short, with letters, and hardly any digits.
pub(super) fn is_name(text: &str) -> bool {
    let name = name_of(text);
    let (mut letters, mut digits, mut run) = (false, 0, 0);
    for (at, char) in name.chars().enumerate() {
        if at >= LONGEST || matches!(char, '@' | ':' | '：' | '=') {
            return false;
        }
        letters |= char.is_alphabetic();
        if char.is_ascii_digit() {
            (digits, run) = (digits + 1, run + 1);
        } else {
            run = 0;
        }
        if digits > DIGITS[0] || run > DIGITS[1] {
            return false;
        }
    }
    letters
}

/// Whether a text is a number as the years above columns are.
pub(super) fn is_short_number(text: &str) -> bool {
    let text = text.trim();
    text.len() <= DIGITS[1] && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is, as far as one can tell, the name of a value: by its end, a known word, or a colon.
pub(super) fn is_label(text: &str) -> bool {
    // The cheap questions first: this is asked of every cell.
    if text.len() > LONGEST * 4 {
        return false;
    }
    let trimmed = text.trim();
    let Some(last) = trimmed.chars().next_back() else { return false };
    match last {
        ':' | '：' => is_name(text),
        '0'..='9' => false,
        _ if last.is_ascii_alphabetic() || last == '.' => {
            trimmed.is_ascii() && is_name(text) && words(trimmed).any(|word| WORDS.contains(&word.as_str()))
        }
        // 身份证号（必填）
        ')' | '）' | '*' => {
            let core = trimmed.trim_end_matches('*');
            let core = core.rfind(['(', '（']).map_or(core, |at| &core[..at]);
            core.len() < trimmed.len() && is_label(core)
        }
        _ => ENDS.contains(last) && is_name(text) && !text.contains(|c: char| c.is_ascii_digit()),
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split([' ', '_', '/']).map(str::to_ascii_lowercase)
}

/// Whether a text holds digits enough to be a number of somebody.
pub(super) fn is_value(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).nth(VALUE_DIGITS - 1).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_what_is_none() {
        for label in [
            "身份证号",
            "手机：",
            "联系电话",
            "Mobile",
            "ID card",
            "id_no",
            "户名",
            "卡号（必填）",
            "备注:",
            "手机号*",
        ] {
            assert!(is_label(label), "{label}");
        }
        for other in ["王芳", "13800138000", "北京市朝阳区1号", "Alice", "", "财务部", "手机13800138000"]
        {
            assert!(!is_label(other), "{other}");
        }
        assert!(is_name("2023年工资") && is_name("部门") && !is_name("20230101号") && !is_name("a@b.c"));
        assert!(!is_name("单位：某公司") && is_name("单位："));
    }
}
