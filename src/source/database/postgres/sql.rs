//! Names and texts as they stand in a statement.

/// A name, quoted.
pub(super) fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text, quoted. Backslashes mean themselves whatever the server's `standard_conforming_strings`.
pub(super) fn text(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') {
        format!(" E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A table's full name, quoted.
pub(super) fn table(schema: &str, table: &str) -> String {
    format!("{}.{}", name(schema), name(table))
}

/// The schema and the name in what [`table`] made.
pub(super) fn split(table: &str) -> Option<(String, String)> {
    let inner = table.strip_prefix('"')?.strip_suffix('"')?;
    // A quote inside a name is doubled, so that a single one stands only between the two names.
    let mut rest = inner.char_indices().peekable();
    while let Some((at, sign)) = rest.next() {
        if sign != '"' {
            continue;
        }
        if rest.next_if(|&(_, next)| next == '"').is_none() {
            let second = inner[at..].strip_prefix("\".\"")?;
            return Some((inner[..at].replace("\"\"", "\""), second.replace("\"\"", "\"")));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_quoting() {
        for (schema, table_name) in [("public", "客户"), ("a\"b", "c\".\"d"), ("\"", "\""), ("x.y", "")] {
            let quoted = table(schema, table_name);
            assert_eq!(split(&quoted), Some((schema.to_owned(), table_name.to_owned())), "{quoted}");
        }
    }

    #[test]
    fn texts_cannot_end_early() {
        assert_eq!(text("it's"), "'it''s'");
        assert_eq!(text("\\'"), " E'\\\\'''");
    }
}
