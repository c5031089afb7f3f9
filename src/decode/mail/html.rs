//! Whether the HTML of a message says more than its plain text: the same values are not to be counted twice.
use std::collections::HashSet;

/// Digits in a row that may be a value or a part of one.
const RUN: usize = 4;

/// The runs of digits in plain text.
pub(super) fn runs(text: &str) -> HashSet<&str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= RUN).collect()
}

/// The text of HTML without its markup; entities stay as they are.
pub(super) fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let lower = rest.get(..7).unwrap_or_default().to_ascii_lowercase();
        // What stands in these is no text (HTML, 4.2.6 and 4.12.1).
        let close = match lower.as_str() {
            _ if rest.starts_with("<!--") => "-->",
            tag if tag.starts_with("<style") => "</style",
            tag if tag.starts_with("<script") => "</script",
            _ => ">",
        };
        let end = rest.find(close).map_or(rest.len(), |at| at + close.len());
        rest = &rest[end..];
    }
    text.push_str(rest);
    text
}

/// Whether all that looks like a value in `html` is in `plain` too.
pub(super) fn says_no_more(html: &str, plain: &str) -> bool {
    let known = runs(plain);
    // Entities may stand for digits.
    !html.contains("&#") && runs(&without_tags(html)).iter().all(|run| known.contains(run))
}

#[cfg(test)]
mod tests {
    use super::says_no_more;

    #[test]
    fn only_new_values_make_html_worth_reading() {
        assert!(says_no_more("<p style='x:12345'>手机 <b>13800138000</b></p>", "手机 13800138000"));
        assert!(says_no_more("<style>p{color:#123456}</style><!-- 99999 -->x", "x"));
        assert!(!says_no_more("<p>13900139000</p>", "13800138000"));
        assert!(!says_no_more("&#49;", "1"));
    }
}
