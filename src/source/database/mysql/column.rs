//! What a column can hold, by its type and character set, and how it is selected.
use super::sql;
use crate::model::{Column, Holds};
use crate::source::database::LONGEST_VALUE;

/// Character sets that need several bytes for Chinese; the server turns them into UTF-8. What a column of another
/// set holds is whatever a client put there: GBK or UTF-8 after a wrong `SET NAMES`. Only its bytes tell.
const WIDE: [&str; 16] = [
    "utf8", "utf8mb3", "utf8mb4", "gbk", "gb2312", "gb18030", "big5", "ucs2", "utf16", "utf16le", "utf32",
    "sjis", "ujis", "cp932", "eucjpms", "euckr",
];
/// Digits that a mobile number has.
const DIGITS: i64 = 11;

/// A column's type as the catalogue describes it.
pub(super) struct Type<'a> {
    /// `varchar`, `decimal`.
    pub data_type: &'a str,
    /// `utf8mb4`; `None` for what is no text.
    pub charset: Option<&'a str>,
    /// Digits of a number, and how many of them stand behind the point.
    pub precision: Option<i64>,
    pub scale: Option<i64>,
}

impl Type<'_> {
    /// What such a column can hold.
    pub fn holds(&self) -> Holds {
        match self.data_type.to_ascii_lowercase().as_str() {
            "json" => Holds::Json,
            "tinyblob" | "blob" | "mediumblob" | "longblob" | "binary" | "varbinary" => Holds::Bytes,
            "bigint" | "largeint" | "double" => Holds::Number,
            "decimal" | "numeric" => {
                let whole = self.precision.map(|precision| precision - self.scale.unwrap_or(0));
                if whole.is_none_or(|digits| digits >= DIGITS) { Holds::Number } else { Holds::Nothing }
            }
            // Ten digits at most.
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bit" | "bool" | "boolean"
            | "float" | "date" | "time" | "datetime" | "timestamp" | "year" => Holds::Nothing,
            "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
            | "multipolygon" | "geometrycollection" | "geomcollection" | "vector" | "bitmap" | "hll" => {
                Holds::Nothing
            }
            // Text, and what is not known: it is read rather than missed.
            _ => match self.charset {
                Some(charset) if !WIDE.contains(&charset) => Holds::Bytes,
                _ => Holds::Text,
            },
        }
    }
}

/// Whether a column of this type can be a range's key.
pub(super) fn is_integer(column: &Column) -> bool {
    let name = column.type_name.to_ascii_lowercase();
    ["tinyint", "smallint", "mediumint", "int", "bigint", "integer"].iter().any(|kind| {
        name.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with(['(', ' ']))
    })
}

/// The column in a select list. Text of a narrow character set comes as bytes; a value that could be longer than
/// [`LONGEST_VALUE`] is cut at just that length, in bytes, whatever its characters.
pub(super) fn selected(column: &Column) -> String {
    let name = sql::name(&column.name);
    let kind = column.type_name.to_ascii_lowercase();
    let is = |kinds: &[&str]| kinds.iter().any(|k| kind.starts_with(k));
    let is_long = is(&["longtext", "mediumtext", "longblob", "mediumblob", "json"]);
    match column.holds {
        // A double of 16 digits would be written as 6.222020000000007e15.
        Holds::Number if is(&["double"]) => format!(
            "IF({name} >= 1e9 AND {name} < 9e18 AND {name} = FLOOR({name}), CAST(CAST({name} AS DECIMAL(20, 0)) AS CHAR), {name})"
        ),
        Holds::Text | Holds::Json if is_long => {
            format!("LEFT(CONVERT(CONVERT({name} USING utf8mb4) USING binary), {LONGEST_VALUE})")
        }
        Holds::Bytes => {
            let bytes =
                if is(&["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set"]) {
                    format!("CONVERT({name} USING binary)")
                } else {
                    name
                };
            if is_long { format!("LEFT({bytes}, {LONGEST_VALUE})") } else { bytes }
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(data_type: &str, charset: Option<&str>, digits: Option<(i64, i64)>) -> Holds {
        let (precision, scale) = (digits.map(|d| d.0), digits.map(|d| d.1));
        Type { data_type, charset, precision, scale }.holds()
    }

    #[test]
    fn types_are_sorted_by_what_fits_into_them() {
        assert_eq!(holds("varchar", Some("gbk"), None), Holds::Text);
        assert_eq!(holds("char", Some("latin1"), None), Holds::Bytes);
        assert_eq!(holds("inet6", None, None), Holds::Text);
        assert_eq!(holds("decimal", None, Some((11, 0))), Holds::Number);
        assert_eq!(holds("decimal", None, Some((12, 2))), Holds::Nothing);
        assert_eq!(holds("int", None, Some((10, 0))), Holds::Nothing);
        assert_eq!(holds("bigint", None, Some((19, 0))), Holds::Number);
    }

    #[test]
    fn integers_are_told_from_what_begins_like_them() {
        let column = |type_name: &str| Column {
            name: "c".into(),
            type_name: type_name.into(),
            comment: String::new(),
            holds: Holds::Nothing,
        };
        for (type_name, integer) in [
            ("int(10) unsigned", true),
            ("bigint", true),
            ("interval", false),
            ("point", false),
            ("bit(1)", false),
        ] {
            assert_eq!(is_integer(&column(type_name)), integer, "{type_name}");
        }
    }

    #[test]
    fn long_values_are_cut_and_narrow_ones_come_raw() {
        let of = |type_name: &str, holds| {
            selected(&Column { name: "c".into(), type_name: type_name.into(), comment: String::new(), holds })
        };
        assert_eq!(of("varchar(9)", Holds::Text), "`c`");
        assert_eq!(of("varchar(9)", Holds::Bytes), "CONVERT(`c` USING binary)");
        assert_eq!(of("blob", Holds::Bytes), "`c`");
        assert_eq!(of("longblob", Holds::Bytes), "LEFT(`c`, 4194304)");
        assert_eq!(of("longtext", Holds::Bytes), "LEFT(CONVERT(`c` USING binary), 4194304)");
    }
}
