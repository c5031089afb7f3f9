//! Uuencoded files in running text (POSIX.1-2024, `uuencode`): how mail carried files before MIME.

/// A file in a text: what it is called, its bytes, and where the lines that it is written in begin and end.
pub(super) struct Uuencoded {
    pub name: String,
    pub bytes: Vec<u8>,
    pub start: usize,
    pub end: usize,
}

/// The first file in `text`.
pub(super) fn find(text: &str) -> Option<Uuencoded> {
    for (start, _) in text.match_indices("begin ") {
        if start > 0 && text.as_bytes()[start - 1] != b'\n' {
            continue;
        }
        let mut lines = text[start..].split_inclusive('\n');
        let Some(first) = lines.next() else { break };
        let mut words = first.splitn(3, ' ').skip(1);
        let is_mode =
            |mode: &str| (3..=4).contains(&mode.len()) && mode.bytes().all(|b| matches!(b, b'0'..=b'7'));
        let (Some(_), Some(name)) = (words.next().filter(|mode| is_mode(mode)), words.next()) else {
            continue;
        };
        let mut end = start + first.len();
        let mut bytes = Vec::new();
        for line in lines {
            end += line.len();
            let line = line.trim_end_matches(['\r', '\n']);
            if line == "end" || !decode(line.as_bytes(), &mut bytes) {
                break;
            }
        }
        if !bytes.is_empty() {
            return Some(Uuencoded { name: name.trim().to_owned(), bytes, start, end });
        }
    }
    None
}

/// Adds what a line stands for; false when it is no such line.
fn decode(line: &[u8], bytes: &mut Vec<u8>) -> bool {
    let six = |b: u8| b.wrapping_sub(32) & 63;
    let Some((&length, written)) = line.split_first() else { return true };
    if !(32..=96).contains(&length) {
        return false;
    }
    let before = bytes.len();
    for four in written.chunks(4) {
        // Blanks at the end of a line are lost on the way; they stand for zeros.
        let at = |i: usize| six(four.get(i).copied().unwrap_or(b' '));
        bytes.extend([at(0) << 2 | at(1) >> 4, at(1) << 4 | at(2) >> 2, at(2) << 6 | at(3)]);
    }
    bytes.truncate(before + usize::from(six(length)));
    true
}

#[cfg(test)]
mod tests {
    #[test]
    fn files_are_found_in_text() {
        let text = "begin with\nbegin 644 a b.txt\n#0V%T\n`\nend\nrest";
        let found = super::find(text).expect("a file");
        assert_eq!((found.name.as_str(), found.bytes.as_slice()), ("a b.txt", b"Cat".as_slice()));
        assert_eq!(&text[found.end..], "rest");
        assert!(super::find("begin 644 x\nend").is_none());
    }
}
