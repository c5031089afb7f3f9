//! Numbers as a sheet shows them: an ID or a mobile number that was entered as one has no exponent.

/// Digits that are written out at most; what is longer stays as it is.
const LONGEST: i64 = 40;
/// Decimals from which a number is a measurement, and nobody's number: 45292.541666666664.
const DECIMALS: usize = 7;

/// A number of a file (`1.3800138E+10`) as digits; `None` where it cannot be a number of somebody.
///
/// A sheet holds numbers as doubles, of which Excel keeps 15 digits: an ID of 18 that was entered as a number ends in
/// `000`, and its check digit does not fit any more. Such values come out as they are, and it is for the detectors to
/// know them. Where a writer put all digits into the file, all come out.
pub(super) fn digits(raw: &str) -> Option<String> {
    let raw = raw.trim();
    if !raw.is_empty() && raw.len() <= LONGEST as usize && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(raw.to_owned());
    }
    let (sign, unsigned) = match raw.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", raw.strip_prefix('+').unwrap_or(raw)),
    };
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i64 = exponent.parse().ok()?;
    let all: String = [whole, fraction].concat();
    if all.is_empty() || all.len() > LONGEST as usize || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let point = (whole.len() as i64).checked_add(exponent).filter(|point| point.abs() <= LONGEST)?;
    let zeros = |count: i64| "0".repeat(count.max(0) as usize);
    // Where the point is outside the digits, zeros go between.
    let padded = format!("{}{all}{}", zeros(-point), zeros(point - all.len() as i64));
    let (whole, fraction) = padded.split_at(point.max(0) as usize);
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    if fraction.len() >= DECIMALS {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// The same for a double.
pub(super) fn of_double(number: f64) -> Option<String> {
    // The shortest digits that mean this double, as Excel would write them, without an exponent.
    digits(&number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_exponent() {
        for (raw, shown) in [
            ("13800138000", "13800138000"),
            ("1.3800138E10", "13800138000"),
            ("1.3800138000E+10", "13800138000"),
            ("13800138000.0", "13800138000"),
            ("1.1010519491231E+17", "110105194912310000"),
            ("110105194912310021", "110105194912310021"),
            ("-5E-1", "-0.5"),
            ("0.00", "0"),
            ("12.50", "12.5"),
            ("007", "007"),
            ("1e2", "100"),
        ] {
            assert_eq!(digits(raw).as_deref(), Some(shown), "{raw}");
        }
        for none in
            ["45292.541666666664", "1E99999999999", "1E300", "", ".", "E5", "abc", "1.2.3", "NaN", "inf"]
        {
            assert_eq!(digits(none), None, "{none}");
        }
        assert_eq!(of_double(13_800_138_000.0).as_deref(), Some("13800138000"));
        assert_eq!(of_double(110_105_194_912_310_021.0).as_deref(), Some("110105194912310020"));
        assert_eq!(of_double(f64::NAN), None);
        assert_eq!(of_double(f64::MAX), None);
    }
}
