//! Cuts a table into ranges of its key, each one statement.
use super::column::{is_integer, selected};
use super::sql;
use crate::model::{Rows, Table};
use crate::source::database::chunk::{COARSE_BYTES, FINE_ROWS, MOST_CHUNKS};
use crate::source::database::{Chunk, Found, Grain, Plan};

/// The column that ranges are made of, and how many; `None` where one statement reads all.
pub(super) fn pieces(table: &Table, grain: Grain) -> Option<(usize, u64)> {
    let pieces = match grain {
        Grain::Coarse => table.bytes.unwrap_or(0).div_ceil(COARSE_BYTES),
        Grain::Fine(_) => table.rows.unwrap_or(0).div_ceil(FINE_ROWS),
    };
    let key = *table.key.first()?;
    let pieces = pieces.clamp(1, MOST_CHUNKS);
    let cut = is_integer(&table.columns[key]) && (pieces > 1 || matches!(grain, Grain::Fine(_)));
    cut.then_some((key, pieces))
}

/// Asks for the smallest and the greatest key.
pub(super) fn bounds_query(found: &Found, key: usize) -> String {
    let key = sql::name(&found.table.columns[key].name);
    format!("SELECT MIN({key}), MAX({key}) FROM {}", from(found))
}

/// Reads the answer; `None` for an empty table.
pub(super) fn bounds(answer: &Rows) -> Option<(i128, i128)> {
    let number = |column| std::str::from_utf8(answer.cell(0, column)?).ok()?.parse().ok();
    if answer.is_empty() { None } else { Some((number(0)?, number(1)?)) }
}

/// One statement for all. Where a sample is wanted, it keeps each row with the given probability.
pub(super) fn whole(found: &Found, grain: Grain) -> Plan {
    let kept = grain.share();
    let condition = kept.map(|share| format!(" WHERE RAND() < {share:.9}")).unwrap_or_default();
    let chunks = chunk(found, &condition).into_iter().collect();
    Plan { chunks, kept, address: None }
}

/// One statement for each range between the edges. The first is open below and the last above: rows that came after
/// the bounds were asked for are read, too.
pub(super) fn ranges(found: &Found, key: usize, edges: &[i128]) -> Plan {
    let key = sql::name(&found.table.columns[key].name);
    let below = edges.iter().map(|edge| format!("{key} < {edge}")).chain([String::new()]);
    let from = [String::new()].into_iter().chain(edges.iter().map(|edge| format!("{key} >= {edge}")));
    let condition = |(from, below): (String, String)| match (from.is_empty(), below.is_empty()) {
        (true, true) => String::new(),
        (false, false) => format!(" WHERE {from} AND {below}"),
        _ => format!(" WHERE {from}{below}"),
    };
    let chunks = from.zip(below).filter_map(|pair| chunk(found, &condition(pair))).collect();
    Plan { chunks, ..Plan::default() }
}

/// How many rows the server expects between two keys, without reading them.
pub(super) fn estimate_query(found: &Found, key: usize, low: i128, high: i128) -> String {
    let key = sql::name(&found.table.columns[key].name);
    format!("EXPLAIN SELECT * FROM {} WHERE {key} >= {low} AND {key} < {high}", from(found))
}

/// `None` for a table of which no column is fetched.
fn chunk(found: &Found, condition: &str) -> Option<Chunk> {
    let fetched = found.table.fetched();
    let list: Vec<String> = fetched.iter().map(|&i| selected(&found.table.columns[i])).collect();
    let chunk = || Chunk {
        sql: format!("SELECT {} FROM {}{condition}", list.join(", "), from(found)),
        columns: list.len(),
        hex: vec![false; list.len()],
        ..Chunk::default()
    };
    (!list.is_empty()).then(chunk)
}

fn from(found: &Found) -> &str {
    found.parts.first().map(String::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Column, Holds};

    fn found(type_name: &str, rows: u64, bytes: u64) -> Found {
        let column = |name: &str, type_name: &str, holds| Column {
            name: name.into(),
            type_name: type_name.into(),
            comment: String::new(),
            holds,
        };
        let table = Table {
            schema: "s".into(),
            name: "t".into(),
            comment: String::new(),
            columns: vec![column("k", type_name, Holds::Number), column("v", "text", Holds::Text)],
            key: vec![0],
            rows: Some(rows),
            bytes: Some(bytes),
        };
        Found { path: "t".into(), database: "s".into(), parts: vec!["`s`.`t`".into()], table }
    }

    fn conditions(plan: &Plan) -> Vec<&str> {
        plan.chunks.iter().map(|chunk| chunk.sql.split(" WHERE ").nth(1).unwrap_or_default()).collect()
    }

    #[test]
    fn ranges_are_open_at_both_ends_and_meet() {
        let found = found("bigint", 10, 0);
        let plan = ranges(&found, 0, &[-2, 1]);
        assert_eq!(conditions(&plan), ["`k` < -2", "`k` >= -2 AND `k` < 1", "`k` >= 1"]);
        assert_eq!(plan.chunks[0].sql, "SELECT `k`, `v` FROM `s`.`t` WHERE `k` < -2");
        assert_eq!(conditions(&ranges(&found, 0, &[])), [""], "one statement for an empty table");
    }

    #[test]
    fn a_table_is_cut_by_its_size_and_by_integers_only() {
        assert_eq!(pieces(&found("int", 10, 10).table, Grain::Coarse), None);
        assert_eq!(pieces(&found("int", 10, 200 << 20).table, Grain::Coarse), Some((0, 4)));
        assert_eq!(pieces(&found("int", 10_001, 10).table, Grain::Fine(0.1)), Some((0, 6)));
        assert_eq!(pieces(&found("char(32)", 10_001, 200 << 20).table, Grain::Coarse), None);
        let found = found("char(32)", 10_001, 10);
        let plan = whole(&found, Grain::Fine(0.1));
        assert!(plan.kept.is_some() && conditions(&plan) == ["RAND() < 0.100000000"], "{plan:?}");
        assert!(
            whole(&found, Grain::Fine(1.0)).kept.is_none() && whole(&found, Grain::Coarse).kept.is_none()
        );
    }
}
