//! Names and texts as they stand in a statement.

/// A name between backticks.
pub(super) fn name(text: &str) -> String {
    format!("`{}`", text.replace('`', "``"))
}

/// A text between quotes; the session's `sql_mode` is empty, so a backslash escapes.
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// A table with its schema.
pub(super) fn table(schema: &str, table: &str) -> String {
    format!("{}.{}", name(schema), name(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_that_end_names_and_texts_are_doubled() {
        assert_eq!(table("a`b", "c.d"), "`a``b`.`c.d`");
        assert_eq!(text(r"it's \ here"), r"'it''s \\ here'");
    }
}
