//! A matched value that cannot be printed by accident, and the masked form that may be.
use std::fmt;

/// A value found in someone's data. Its `Debug` shows a length and nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<'a>(&'a [u8]);

impl<'a> Secret<'a> {
    /// Wraps a value.
    pub fn new(value: &'a [u8]) -> Self {
        Secret(value)
    }

    /// The value itself: for validators, masking and `--reveal`, never for messages.
    pub fn expose(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// The first two and last two characters of `value`, the rest as `*`; short values show nothing.
///
/// Two and two is the default because six and four of an ID number leave about four thousand candidates.
pub fn mask(value: &str) -> String {
    let count = value.chars().count();
    let shown = if count >= 8 { 2 } else { 0 };
    let masked = |(i, c): (usize, char)| if i < shown || i + shown >= count { c } else { '*' };
    value.chars().enumerate().map(masked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_its_length_only() {
        assert_eq!(format!("{:?}", Secret::new(b"13800138000")), "Secret(11 bytes)");
    }

    #[test]
    fn masks_keep_two_and_two() {
        assert_eq!(mask("13800138000"), "13*******00");
        assert_eq!(mask("１３８００１３８０００"), "１３*******００");
        assert_eq!(mask("1234567"), "*******");
    }
}
