//! What the values of a PostgreSQL type can hold, and how a column is written into a query.
use super::super::LONGEST_VALUE;
use super::sql;
use crate::model::{Column, Holds};

/// A row of `pg_type`, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Type<'a> {
    pub name: &'a str,
    /// `typtype`: `b`ase, `c`omposite, `d`omain, `e`numeration, `p`seudo, `r`ange.
    pub kind: &'a str,
    /// `typcategory`; for base types the manual's table 53.65.
    pub category: &'a str,
    /// `atttypmod`; below zero where there is none.
    pub modifier: i32,
}

/// Digits of the shortest number that is looked for, a mobile number.
const DIGITS: i32 = 11;

/// What the values of a type can hold; `element` is what an array is made of.
pub(super) fn holds(of: Type<'_>, element: Option<Type<'_>>) -> Holds {
    match (of.kind, of.category) {
        ("c" | "e", _) => Holds::Text,
        ("p", _) => Holds::Nothing,
        ("r" | "m", _) => match of.name {
            "int4range" | "int4multirange" => Holds::Nothing,
            name if name.starts_with("date") || name.starts_with("ts") => Holds::Nothing,
            _ => Holds::Text,
        },
        (_, "A") => match element.map(|element| holds(element, None)) {
            // Numbers, too, stand between commas here.
            Some(Holds::Nothing) => Holds::Nothing,
            _ => Holds::Text,
        },
        (_, "B" | "D" | "T" | "G" | "V" | "Z" | "P") => Holds::Nothing,
        (_, "N") => number(of),
        _ => by_name(of.name),
    }
}

fn number(of: Type<'_>) -> Holds {
    match of.name {
        // The largest has ten digits; `money` has a sign, commas and cents.
        "int1" | "int2" | "int4" | "float4" | "money" | "oid" => Holds::Nothing,
        name if name.starts_with("reg") => Holds::Nothing,
        "numeric" if of.modifier >= 4 => {
            let (precision, scale) =
                ((of.modifier - 4) >> 16 & 0xffff, (((of.modifier - 4) & 0x7ff) ^ 0x400) - 0x400);
            if precision - scale < DIGITS { Holds::Nothing } else { Holds::Number }
        }
        _ => Holds::Number,
    }
}

fn by_name(name: &str) -> Holds {
    match name {
        "json" | "jsonb" => Holds::Json,
        // The last two are openGauss's.
        "bytea" | "blob" | "raw" => Holds::Bytes,
        // Numbers of the server's own, and positions.
        "uuid" | "char" | "xid" | "xid8" | "cid" | "tid" | "pg_lsn" | "txid_snapshot" | "pg_snapshot"
        | "refcursor" | "geometry" | "geography" | "raster" | "vector" => Holds::Nothing,
        _ => Holds::Text,
    }
}

/// A column in the list of a SELECT. Where the table may have values beyond [`LONGEST_VALUE`], they are cut on the
/// server, and filled up with line ends to that length, by which the reader of the rows knows them. A third of the
/// length is kept of a text: that many characters are in UTF-8 no longer than the whole, or not by much.
pub(super) fn expression(column: &Column, may_be_long: bool) -> String {
    let name = sql::name(&column.name);
    let cut = |text: &str| {
        let kept = format!("substr({text}, 1, {})", LONGEST_VALUE / 3);
        format!("{kept} || repeat(E'\\n', {LONGEST_VALUE} - octet_length({kept}))")
    };
    match (column.holds, column.type_name.as_str()) {
        (Holds::Number, kind) if kind != "bigint" && !kind.starts_with("numeric") => {
            // A double of 16 digits would be written as 6.222020000000007e+15.
            format!(
                "CASE WHEN {name} >= 1e9 AND {name} < 9e18 AND {name} = floor({name}) THEN {name}::int8::text ELSE {name}::text END"
            )
        }
        (Holds::Number | Holds::Nothing, _) => name,
        _ if !may_be_long => name,
        (Holds::Text, kind) if is_short(kind) => name,
        (Holds::Text, "text" | "character varying") => {
            let text = format!("{name}::text");
            format!("CASE WHEN octet_length({name}) > {LONGEST_VALUE} THEN {} ELSE {text} END", cut(&text))
        }
        // openGauss's, which know no such functions.
        (Holds::Bytes, "blob" | "raw") => name,
        (Holds::Bytes, _) => format!(
            "CASE WHEN octet_length({name}) > {LONGEST_VALUE} THEN substr({name}, 1, {LONGEST_VALUE}) ELSE {name} END"
        ),
        _ => {
            // The size in the table is known without unpacking the value, and packing makes it a hundred times
            // smaller at the most; only what may be long is written out to see how long it is.
            let text = format!("{name}::text");
            format!(
                "CASE WHEN pg_column_size({name}) > {} THEN CASE WHEN octet_length({text}) > {LONGEST_VALUE} THEN {} ELSE {text} END ELSE {text} END",
                LONGEST_VALUE / 256,
                cut(&text)
            )
        }
    }
}

/// Whether a type has a limit of its own.
fn is_short(kind: &str) -> bool {
    let length = kind
        .strip_prefix("character varying(")
        .or_else(|| kind.strip_prefix("character("))
        .and_then(|rest| rest.strip_suffix(')')?.parse::<usize>().ok());
    length.is_some_and(|length| length < LONGEST_VALUE / 4)
        || matches!(kind, "name" | "inet" | "cidr" | "macaddr" | "macaddr8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, kind: &str, category: &str, modifier: i32) -> Holds {
        holds(Type { name, kind, category, modifier }, None)
    }

    #[test]
    fn numbers_are_read_when_they_can_hold_a_mobile_number() {
        let numeric =
            |precision: i32, scale: i32| of("numeric", "b", "N", (precision << 16 | scale & 0x7ff) + 4);
        assert_eq!(numeric(11, 0), Holds::Number);
        assert_eq!(numeric(10, 0), Holds::Nothing);
        assert_eq!(numeric(12, 2), Holds::Nothing);
        assert_eq!(numeric(18, 2), Holds::Number);
        assert_eq!(numeric(9, -2), Holds::Number);
        assert_eq!(of("numeric", "b", "N", -1), Holds::Number);
        assert_eq!(of("int8", "b", "N", -1), Holds::Number);
        assert_eq!(of("float8", "b", "N", -1), Holds::Number);
        assert_eq!(of("int4", "b", "N", -1), Holds::Nothing);
    }

    #[test]
    fn an_array_is_read_when_its_elements_are() {
        let array = |name, category| {
            let modifier = -1;
            let element = Type { name, kind: "b", category, modifier };
            holds(Type { name: "_x", kind: "b", category: "A", modifier }, Some(element))
        };
        assert_eq!(array("int8", "N"), Holds::Text);
        assert_eq!(array("text", "S"), Holds::Text);
        assert_eq!(array("int4", "N"), Holds::Nothing);
        assert_eq!(array("date", "D"), Holds::Nothing);
    }
}
