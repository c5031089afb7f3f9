//! The labelled schema as SQL, in three dialects.
use super::describe::{Column, Filled};
use std::fmt::Write;

/// How a kind of database writes things.
#[derive(Clone, Copy, PartialEq)]
pub enum Dialect {
    Postgres,
    Mysql,
    Sqlite,
}

/// Rows in one statement.
const AT_ONCE: usize = 500;

impl Dialect {
    /// All statements that make the tables and fill them.
    pub fn script(self, tables: &[Filled]) -> String {
        let mut sql = String::new();
        for filled in tables {
            self.create(filled, &mut sql);
            self.insert(filled, &mut sql);
        }
        sql
    }

    fn create(self, filled: &Filled, sql: &mut String) {
        let table = &filled.table;
        let comment = |text: &str| match self {
            Dialect::Mysql if !text.is_empty() => format!(" COMMENT {}", self.text(text)),
            _ => String::new(),
        };
        let columns = table.columns.iter().map(|column| {
            format!("{} {}{}", self.name(&column.name), self.kind(&column.kind), comment(&column.comment))
        });
        let key = if self == Dialect::Sqlite { "INTEGER" } else { "BIGINT" };
        let columns: Vec<_> =
            std::iter::once(format!("{} {key} PRIMARY KEY", self.name("row_key"))).chain(columns).collect();
        let charset = match (&table.charset, self) {
            (Some(charset), Dialect::Mysql) => format!(" CHARSET={charset}"),
            _ => String::new(),
        };
        let name = self.name(&table.name);
        let about = comment(&table.comment);
        let _ = writeln!(sql, "CREATE TABLE {name} ({}){charset}{about};", columns.join(", "));
        if self == Dialect::Postgres {
            let _ = writeln!(sql, "COMMENT ON TABLE {name} IS {};", self.text(&table.comment));
            for column in table.columns.iter().filter(|column| !column.comment.is_empty()) {
                let (column, about) = (self.name(&column.name), self.text(&column.comment));
                let _ = writeln!(sql, "COMMENT ON COLUMN {name}.{column} IS {about};");
            }
        }
    }

    fn insert(self, filled: &Filled, sql: &mut String) {
        let rows: Vec<usize> = (0..filled.table.rows as usize).collect();
        for some in rows.chunks(AT_ONCE) {
            let row = |row: &usize| {
                let cells = filled.table.columns.iter().zip(&filled.cells);
                let cells = cells.map(|(column, cells)| match &cells[*row] {
                    Some(text) => self.literal(column, text),
                    None => "NULL".into(),
                });
                let all: Vec<_> = std::iter::once((row + 1).to_string()).chain(cells).collect();
                format!("({})", all.join(", "))
            };
            let rows: Vec<_> = some.iter().map(row).collect();
            let _ =
                writeln!(sql, "INSERT INTO {} VALUES {};", self.name(&filled.table.name), rows.join(",\n"));
        }
    }

    fn name(self, name: &str) -> String {
        match self {
            Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// The type that a database has for what the schema calls so; what is not known here is its own.
    fn kind(self, kind: &str) -> &str {
        match (kind, self) {
            ("double", Dialect::Postgres) => "double precision",
            ("json", Dialect::Postgres) => "jsonb",
            ("blob" | "cipher", Dialect::Postgres) => "bytea",
            ("blob" | "cipher", _) => "blob",
            ("latin1", Dialect::Mysql) => "varchar(255) character set latin1",
            ("latin1", _) => "text",
            _ => kind,
        }
    }

    fn literal(self, column: &Column, text: &str) -> String {
        let kind = column.kind.as_str();
        let encoded = || {
            let label = if column.encoding.is_empty() { "utf-8" } else { &column.encoding };
            let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).expect("an encoding");
            encoding.encode(text).0.into_owned()
        };
        match (kind, self) {
            ("bigint" | "integer" | "double", _) => text.into(),
            _ if kind.starts_with("numeric") => text.into(),
            ("blob", _) => self.bytes(&encoded()),
            // Bytes that are no text: the text is what they are made of.
            ("cipher", _) => {
                let mut state = 0x5Au8;
                let mix = |b: u8| {
                    state = state.wrapping_mul(181).wrapping_add(b ^ 0x9D);
                    state
                };
                self.bytes(&text.bytes().cycle().take(48).map(mix).collect::<Vec<_>>())
            }
            ("latin1", Dialect::Mysql) => self.bytes(&encoded()),
            // What a client has made of it that took the bytes for Latin-1.
            ("latin1", _) => self.text(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(&encoded()).0),
            _ => self.text(text),
        }
    }

    fn text(self, text: &str) -> String {
        let text = text.replace('\'', "''");
        format!("'{}'", if self == Dialect::Mysql { text.replace('\\', "\\\\") } else { text })
    }

    fn bytes(self, bytes: &[u8]) -> String {
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        match self {
            Dialect::Postgres => format!("'\\x{hex}'"),
            Dialect::Mysql => format!("_binary 0x{hex}"),
            Dialect::Sqlite => format!("X'{hex}'"),
        }
    }
}
