//! Whether a text is a dump, and how its literals are written.
use memchr::memmem;

/// What the first line of a dump begins with: a comment, or the first word of a statement.
const FIRST: [&str; 24] = [
    "--",
    "/*",
    "#",
    "set",
    "create",
    "drop",
    "insert",
    "replace",
    "use",
    "begin",
    "pragma",
    "copy",
    "start",
    "alter",
    "lock",
    "delete",
    "truncate",
    "\\restrict",
    "\\connect",
    "exec",
    "rem",
    "prompt",
    "declare",
    "go",
];

/// Whether data or tables follow statements at the beginning of lines.
pub(in crate::decode) fn is_dump(text: &[u8]) -> bool {
    let head = text.trim_ascii_start();
    if !FIRST.iter().any(|word| begins(head, word)) {
        return false;
    }
    // Most texts that begin like this hold none of these words, and need not be looked at line by line.
    let has = |word: &str| {
        memmem::find(text, word.as_bytes()).is_some()
            || memmem::find(text, word.to_ascii_lowercase().as_bytes()).is_some()
    };
    if !["INSERT", "Insert", "CREATE TABLE", "COPY "].iter().any(|word| has(word)) {
        return false;
    }
    head.split(|&b| b == b'\n').any(is_telling)
}

/// Whether a line begins data or a table.
fn is_telling(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    let near = &line[..line.len().min(64 * 1024)];
    if begins(line, "insert") || begins(line, "replace") {
        let words = near[..near.len().min(4096)].to_ascii_lowercase();
        return memmem::find(&words, b"into ").is_some()
            || words.starts_with(b"insert all")
            || memmem::find(&words, b"values").is_some();
    }
    if begins(line, "copy") {
        return memmem::find(&near.to_ascii_lowercase(), b" from stdin").is_some();
    }
    let words: Vec<&[u8]> =
        near.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).take(4).collect();
    words.first().is_some_and(|word| word.eq_ignore_ascii_case(b"create"))
        && words.iter().skip(1).any(|word| word.eq_ignore_ascii_case(b"table"))
}

/// Whether `text` begins with `word`, in capitals or not, and something else follows.
fn begins(text: &[u8], word: &str) -> bool {
    let is_sign = !word.ends_with(|c: char| c.is_ascii_alphabetic());
    text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
        && (is_sign || text.get(word.len()).is_some_and(|b| !b.is_ascii_alphanumeric() && *b != b'_'))
}

/// Whether backslashes escape in the literals of this dump: so it is in MySQL and what is like it, and nowhere else.
pub(in crate::decode) fn has_backslashes(text: &[u8]) -> bool {
    let has = |mark: &str| memmem::find(text, mark.as_bytes()).is_some();
    if has("standard_conforming_strings = off") {
        return true;
    }
    if [
        "PostgreSQL database dump",
        "PRAGMA foreign_keys",
        "standard_conforming_strings = on",
        "[dbo].",
        "nextval(",
    ]
    .iter()
    .any(|mark| has(mark))
    {
        return false;
    }
    if ["MySQL", "MariaDB", "TiDB", "OceanBase", "ENGINE=", "AUTO_INCREMENT", "UNLOCK TABLES"]
        .iter()
        .any(|mark| has(mark))
    {
        return true;
    }
    // A quote behind a backslash ends a path (C:\') where it is no escape.
    let mut quotes = memmem::find_iter(text, b"\\'");
    let is_escape = |at: usize| !matches!(text.get(at + 2), None | Some(b',' | b')' | b';' | b' ' | b'\''));
    has("INTO `") || quotes.any(is_escape)
}
