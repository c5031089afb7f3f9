//! Values that are not in the clear: masked by someone before, or replaced by a digest.
use memchr::memmem;

/// How a value is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guise {
    /// Part of it is starred out: `138****8000`, `张*`.
    Masked,
    /// It is a digest: MD5, SHA-1, SHA-2, SM3 in hexadecimal, or one of those for passwords.
    Hashed,
}

/// The longest value that is taken for a masked one, in bytes.
const LONGEST: usize = 96;
/// What people mask with.
const STARS: [&str; 4] = ["*", "＊", "•", "●"];

/// Whether any cell of `batch` can be masked with stars: asked once for many cells.
pub fn has_stars(batch: &[u8]) -> bool {
    memchr::memchr(b'*', batch).is_some()
        || STARS[1..].iter().any(|star| memmem::find(batch, star.as_bytes()).is_some())
}

/// How `cell` is hidden, if it is; `stars` as [`has_stars`] says of its batch.
#[inline]
pub fn guise(cell: &[u8], stars: bool) -> Option<Guise> {
    if cell.len() < 2 {
        return None;
    }
    if is_digest(cell) || cell[0] == b'$' && is_crypt(cell) {
        return Some(Guise::Hashed);
    }
    if cell.len() > LONGEST {
        return None;
    }
    // Letters mask only the middle or the end of digits, so two bytes tell nearly always.
    let tells = |at: usize| matches!(cell[at], b'x' | b'X');
    let crossed = (tells(cell.len() / 2) || tells(cell.len() - 1)) && is_crossed(cell);
    (crossed || stars && is_starred(cell)).then_some(Guise::Masked)
}

/// Exactly as many hexadecimal digits as a digest has, some of them letters.
#[inline]
fn is_digest(cell: &[u8]) -> bool {
    // 32, 40, 56, 64, 96 and 128 digits, each a multiple of eight.
    const EIGHTS: u32 = 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 12 | 1 << 16;
    cell.len().is_multiple_of(8)
        && cell.len() <= 128
        && EIGHTS >> (cell.len() / 8) & 1 == 1
        && is_hexadecimal(cell)
}

fn is_hexadecimal(cell: &[u8]) -> bool {
    const DIGIT: u8 = 1;
    const LETTER: u8 = 2;
    const OTHER: u8 = 4;
    // No branches: whether the next is a letter is not to be guessed.
    let kind = |byte: u8| {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 6;
        let digit = byte.wrapping_sub(b'0') < 10;
        (u8::from(digit) * DIGIT) | (u8::from(letter) * LETTER) | (u8::from(!digit && !letter) * OTHER)
    };
    cell.iter().fold(0, |kinds, byte| kinds | kind(*byte)) == DIGIT | LETTER
}

/// `$2a$10$…`, as crypt(3) and its kin write bcrypt, SHA-crypt and Argon2.
fn is_crypt(cell: &[u8]) -> bool {
    cell.first() == Some(&b'$')
        && (24..=256).contains(&cell.len())
        && ["$2a$", "$2b$", "$2y$", "$1$", "$5$", "$6$", "$7$", "$y$", "$argon2"]
            .iter()
            .any(|id| cell.starts_with(id.as_bytes()))
        && cell.iter().all(u8::is_ascii_graphic)
}

/// `138xxxx8000`: digits, at least four of the same letter, digits or nothing.
fn is_crossed(cell: &[u8]) -> bool {
    let digits = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|b| b.is_ascii_digit()).count();
    let (head, tail) = (digits(&mut cell.iter()), digits(&mut cell.iter().rev()));
    let crosses = &cell[head..cell.len().max(head + tail) - tail];
    head >= 2
        && crosses.len() >= 4
        && (crosses.iter().all(|b| *b == b'x') || crosses.iter().all(|b| *b == b'X'))
}

/// Three stars in a row in a short value without a space, or a Chinese name with all but one character starred.
fn is_starred(cell: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(cell) else { return false };
    let is_star = |c: char| STARS.iter().any(|star| star.starts_with(c));
    let (mut longest, mut run, mut stars, mut letters, mut count) = (0, 0, 0, 0, 0);
    for c in text.trim().chars() {
        run = if is_star(c) { run + 1 } else { 0 };
        stars += usize::from(is_star(c));
        longest = longest.max(run);
        count += 1;
        letters += usize::from(c.is_alphabetic());
        // A banner in a comment is no value.
        if matches!(c, '/' | '<' | '{' | ';') {
            return false;
        }
    }
    // Groups of digits may be set apart by spaces; words are a sentence.
    if letters > 0 && text.trim().contains(char::is_whitespace) {
        return false;
    }
    let is_han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    let name = (2..=4).contains(&count)
        && stars >= 1
        && stars < count
        && text.trim().chars().all(|c| is_star(c) || is_han(c));
    name || longest >= 3 && count <= 40
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cell: &str) -> Option<Guise> {
        guise(cell.as_bytes(), has_stars(cell.as_bytes()))
    }

    #[test]
    fn masked_values_are_known_by_their_stars() {
        for cell in [
            "138****8000",
            "110101********1234",
            "6222 **** **** 0007",
            "张*",
            "欧阳**",
            "*三",
            "138xxxx8000",
            "1101011990XXXXXXXX",
            "z***@qq.com",
            "******",
            "１３８＊＊＊＊８０００",
        ] {
            assert_eq!(of(cell), Some(Guise::Masked), "{cell}");
        }
    }

    #[test]
    fn digests_are_known_by_their_length() {
        assert_eq!(of("5f4dcc3b5aa765d61d8327deb882cf99"), Some(Guise::Hashed));
        assert_eq!(of(&"0a".repeat(32)), Some(Guise::Hashed));
        assert_eq!(of(&"01".repeat(16)), None, "digits alone are a number");
        assert_eq!(of(&format!("$2a$10${}", "aB3".repeat(17))), Some(Guise::Hashed));
        assert_eq!(of("$6$ is what this costs, in dollars"), None);
    }

    #[test]
    fn other_values_are_in_the_clear() {
        for cell in ["13800138000", "a * b", "select *", "0x1f", "xx", "", "/* x *** */", "5*3", "maxxxxxed"]
        {
            assert_eq!(of(cell), None, "{cell}");
        }
    }
}
