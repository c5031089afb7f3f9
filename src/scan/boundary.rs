//! Whether a match may begin or end where it does: boundaries by hand, for `\b` knows nothing of Han characters.
use super::symbol::{start_of_char, symbol};
use crate::model::Encoding;

/// Letters of a word that may touch a number.
pub(super) const LONGEST_WORD: usize = 12;

/// The canonical character before `at`, and where it starts.
fn before(hay: &[u8], at: usize, encoding: Encoding) -> Option<(Option<u8>, usize)> {
    let last = at.checked_sub(1)?;
    // An ASCII byte can be the tail of a double-byte character, though not in UTF-8.
    if hay[last] < 0x80 && (encoding == Encoding::Utf8 || hay[last] < 0x30) {
        return Some((Some(hay[last]), last));
    }
    let start = start_of_char(hay, last, encoding);
    Some((symbol(hay, start, encoding).ascii(), start))
}

/// Where the number that seems to start at `at` really starts: behind the digits of a `\u53f7` escape,
/// behind the digits that end a four-byte character of GB 18030. Usually `at` itself.
pub(super) fn real_start(hay: &[u8], at: usize, encoding: Encoding) -> usize {
    let Some(&previous) = at.checked_sub(1).and_then(|i| hay.get(i)) else { return at };
    if previous >= 0x80 && encoding == Encoding::Gb18030 {
        let mut start = start_of_char(hay, at, encoding);
        if start < at {
            start = symbol(hay, start, encoding).next;
        }
        return start;
    }
    if previous == b'u' || previous.is_ascii_hexdigit() {
        return behind_escape(hay, at).unwrap_or(at);
    }
    at
}

/// The end of a `\uXXXX` escape that reaches into the digits at `at` or ends there.
fn behind_escape(hay: &[u8], at: usize) -> Option<usize> {
    let floor = at.saturating_sub(6);
    let slash = floor + hay[floor..at].windows(2).rposition(|pair| pair == b"\\u")?;
    let escape = hay.get(slash + 2..slash + 6)?;
    (slash + 6 >= at && escape.iter().all(u8::is_ascii_hexdigit)).then_some(slash + 6)
}

/// Whether a value may begin at `at`; `introduces` says whether a word of letters may touch it (`tel138…`).
pub(super) fn may_start(
    hay: &[u8],
    at: usize,
    encoding: Encoding,
    introduces: impl Fn(&[u8]) -> bool,
) -> bool {
    let Some((Some(previous), start)) = before(hay, at, encoding) else { return true };
    match previous {
        b'0'..=b'9' => behind_escape(hay, at) == Some(at),
        b'.' => !start.checked_sub(1).is_some_and(|i| hay[i].is_ascii_digit()),
        b'A'..=b'Z' | b'a'..=b'z' => {
            let escaped = start >= 1 && hay[start - 1] == b'\\' && b"nrtbf".contains(&previous);
            escaped || behind_escape(hay, at) == Some(at) || introduces(word_before(hay, at))
        }
        _ => true,
    }
}

/// The ASCII letters right before `at`, at most [`LONGEST_WORD`].
fn word_before(hay: &[u8], at: usize) -> &[u8] {
    let floor = at.saturating_sub(LONGEST_WORD);
    let letters = hay[floor..at].iter().rev().take_while(|b| b.is_ascii_alphabetic()).count();
    &hay[at - letters..at]
}

/// Whether a value may end at `at`: no letter or digit follows, and no decimals except zeros (`13912345678.0`).
pub(super) fn may_end(hay: &[u8], at: usize, encoding: Encoding) -> bool {
    if at >= hay.len() {
        return true;
    }
    let next = symbol(hay, at, encoding);
    match next.ascii() {
        Some(b) if b.is_ascii_alphanumeric() => false,
        Some(b'.') => {
            let decimals = hay[next.next..].iter().take(20).take_while(|b| b.is_ascii_digit());
            decimals.copied().all(|b| b == b'0')
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(text: &str) -> bool {
        let at = text.find("138").expect("the text holds the number");
        may_start(text.as_bytes(), at, Encoding::Utf8, |word| word == b"tel")
    }

    #[test]
    fn numbers_may_touch_han_and_escapes_but_not_letters() {
        for text in ["138", "号138", "=138", "\\n138", "tel138", "_138", "v.138", "\\u53f7138"] {
            assert!(start(text), "{text}");
        }
        for text in ["a138", "9138", "0.138", "tele138", "号9138", "９138"] {
            assert!(!start(text), "{text}");
        }
    }

    #[test]
    fn a_gbk_tail_byte_is_no_letter() {
        // 機 is 99 43, 號 is CC 96: the tail of the first is the letter C.
        let hay = b"\x99\x43138";
        assert!(may_start(hay, 2, Encoding::Gb18030, |_| false));
        assert!(!may_start(b"\x99\x43C138", 3, Encoding::Gb18030, |_| false));
    }

    #[test]
    fn escapes_and_four_byte_characters_give_their_digits_back() {
        assert_eq!(real_start(b"\\u53f7138", 5, Encoding::Utf8), 6);
        assert_eq!(real_start(b"\\u4e00138", 4, Encoding::Utf8), 6);
        assert_eq!(real_start(b"\\u8981138", 2, Encoding::Utf8), 6);
        assert_eq!(real_start(b"\x81\x39\xEE\x39138", 3, Encoding::Gb18030), 4);
    }

    #[test]
    fn decimals_are_no_numbers_unless_zero() {
        for (rest, ok) in [
            ("", true),
            (".0", true),
            (".00 ", true),
            (".12", false),
            ("a", false),
            ("号", true),
            (".", true),
        ] {
            assert_eq!(may_end(rest.as_bytes(), 0, Encoding::Utf8), ok, "{rest}");
        }
    }
}
