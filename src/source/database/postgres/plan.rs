//! How a PostgreSQL table is read: by ranges of pages where the server can, in one piece elsewhere.
use super::super::chunk::{COARSE_BYTES, FINE_ROWS, MOST_CHUNKS};
use super::super::{Chunk, Failure, Found, Grain, Plan};
use super::connect::Session;
use super::{sql, types};
use crate::model::Holds;
use crate::model::coverage::Reason;
use std::collections::{BTreeMap, HashMap};

/// Rows of a page, where the server has not counted them yet.
const ROWS_PER_PAGE: f64 = 50.0;
/// The address of a row.
const ADDRESS: &str = "ctid";

/// What must be known of a table or partition to read it.
struct Part {
    /// `relkind`.
    kind: char,
    /// Whether a range of pages can be read.
    has_ranges: bool,
    /// Whether the account may read all of it, its row addresses, too.
    is_open: bool,
    /// Bytes of the table itself.
    bytes: u64,
    /// Bytes of what is kept apart because it is long.
    long_bytes: u64,
    /// Bytes of a page.
    page: u64,
    /// Rows of a page.
    density: f64,
}

impl Part {
    fn has_address(&self) -> bool {
        self.is_open && matches!(self.kind, 'r' | 'm')
    }

    fn pages(&self) -> u64 {
        self.bytes.div_ceil(self.page)
    }

    fn may_have_long_values(&self) -> bool {
        self.long_bytes > 0 || !matches!(self.kind, 'r' | 'm')
    }
}

/// The chunks of a table. A table of which no column can hold anything has none.
pub(super) fn plan(session: &mut Session, found: &Found, grain: Grain) -> Result<Plan, Failure> {
    let table = &found.table;
    if table.columns.iter().all(|column| column.holds == Holds::Nothing) || found.parts.is_empty() {
        return Ok(Plan::default());
    }
    let known = parts(session, &found.parts)?;
    if known.is_empty() {
        let gone = format!("{}: the table was dropped or renamed during the scan", table.full_name());
        return Err(Failure::new(Reason::Vanished, gone));
    }
    let address = (table.key.is_empty() && known.values().all(Part::has_address)).then_some(ADDRESS);
    let all_pages: u64 = known.values().map(Part::pages).sum();
    let mut plan = Plan { address, ..Plan::default() };
    for name in &found.parts {
        let part = known.get(name);
        let (columns, hex) = columns(found, part.is_none_or(Part::may_have_long_values), address);
        let ranges = match part {
            Some(part) if part.has_ranges => ranges(part, grain, all_pages),
            _ => vec![String::new()],
        };
        // A view cannot be read without what lies below it.
        let only = if part.is_none_or(|part| matches!(part.kind, 'r' | 'f')) { "ONLY " } else { "" };
        for range in ranges {
            let sql = format!("SELECT {} FROM {only}{name}{range}", columns.join(", "));
            plan.chunks.push(Chunk { sql, columns: columns.len(), hex: hex.clone(), ..Chunk::default() });
        }
    }
    if let (Some(share), [part], [chunk]) = (grain.share(), &found.parts[..], &mut plan.chunks[..])
        && !known.get(part).is_some_and(|part| part.has_ranges)
    {
        chunk.sql.push_str(&format!(" WHERE random() < {share}"));
        plan.kept = Some(share);
    }
    Ok(plan)
}

/// The columns of the result, and which of them arrive as hexadecimal digits.
fn columns(found: &Found, may_be_long: bool, address: Option<&str>) -> (Vec<String>, Vec<bool>) {
    let fetched = found.table.fetched();
    let (mut columns, mut hex): (Vec<_>, Vec<_>) = fetched
        .iter()
        .map(|&at| {
            let column = &found.table.columns[at];
            (types::expression(column, may_be_long), column.holds == Holds::Bytes)
        })
        .unzip();
    if let Some(address) = address {
        columns.push(format!("{address}::text"));
        hex.push(false);
    }
    (columns, hex)
}

/// The conditions that cut a table into ranges of pages. The last has no end: rows may be added meanwhile.
fn ranges(part: &Part, grain: Grain, all_pages: u64) -> Vec<String> {
    let pages = part.pages();
    let step = match grain {
        Grain::Coarse => {
            let pieces = (part.bytes + part.long_bytes).div_ceil(COARSE_BYTES).max(1);
            pages.div_ceil(pieces)
        }
        Grain::Fine(_) => (FINE_ROWS as f64 / part.density) as u64,
    };
    let step = step.max(all_pages.div_ceil(MOST_CHUNKS)).max(1);
    let pieces = pages.div_ceil(step).max(1);
    (0..pieces)
        .map(|piece| {
            let (from, to) = (piece * step, (piece + 1) * step);
            match (piece == 0, piece + 1 == pieces) {
                (true, true) => String::new(),
                (true, false) => format!(" WHERE ctid < '({to},0)'::tid"),
                (false, true) => format!(" WHERE ctid >= '({from},0)'::tid"),
                (false, false) => format!(" WHERE ctid >= '({from},0)'::tid AND ctid < '({to},0)'::tid"),
            }
        })
        .collect()
}

/// Looks the parts up; those that are gone are missing.
fn parts(session: &mut Session, names: &[String]) -> Result<HashMap<String, Part>, Failure> {
    let mut by_schema: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (schema, table) in names.iter().filter_map(|name| sql::split(name)) {
        by_schema.entry(schema).or_default().push(sql::text(&table));
    }
    let reads_ranges = session.reads_ranges;
    let mut known = HashMap::new();
    for (schema, tables) in by_schema {
        // Servers that know no access methods for tables are older than those that read ranges of pages.
        let heap = if reads_ranges { "coalesce(a.amname = 'heap', false)" } else { "false" };
        let query = format!(
            "SELECT c.relname, c.relkind, {heap}, has_table_privilege(c.oid, 'SELECT'),
               pg_relation_size(c.oid),
               CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_relation_size(c.reltoastrelid) END,
               current_setting('block_size'), c.reltuples, c.relpages
             FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
             WHERE n.nspname = {} AND c.relname IN ({})",
            sql::text(&schema),
            tables.join(", ")
        );
        let rows = session.query(&query, |row| {
            let (rows, pages) = (row.number(7).unwrap_or(0.0), row.number(8).unwrap_or(0.0));
            let is_open = row.flag(3);
            let kind = row.text(1).and_then(|kind| kind.chars().next()).unwrap_or('r');
            let part = Part {
                kind,
                has_ranges: row.flag(2) && is_open && matches!(kind, 'r' | 'm'),
                is_open,
                bytes: row.number(4).unwrap_or(0),
                long_bytes: row.number(5).unwrap_or(0),
                page: row.number(6).unwrap_or(8192).max(1),
                density: if rows > 0.0 && pages > 0.0 { rows / pages } else { ROWS_PER_PAGE },
            };
            (sql::table(&schema, &row.string(0)), part)
        })?;
        known.extend(rows);
    }
    Ok(known)
}
