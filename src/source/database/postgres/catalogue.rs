//! What a PostgreSQL database holds: one query each for tables, partitions, columns, domains and keys.
use super::super::{Access, Failure, Found, Inventory};
use super::connect::{Cells, Session};
use super::sql;
use super::types::{Type, holds};
use crate::model::coverage::{Exception, Reason, State};
use crate::model::{Column, Holds, Table};
use std::collections::HashMap;

/// Which relations are looked at: no user can make a schema whose name begins with `pg_`.
const OURS: &str =
    "c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// A table, view or partition, without its columns.
struct Relation {
    oid: u32,
    schema: String,
    name: String,
    /// `relkind`: table `r`, partitioned table `p`, view `v`, materialised view `m`, foreign table `f`.
    kind: char,
    rows: Option<u64>,
    bytes: Option<u64>,
    comment: String,
    /// Whether the account may use the schema.
    has_schema: bool,
    /// Whether it may read the whole table.
    is_open: bool,
    /// Whether it may read at least one column.
    is_ajar: bool,
    /// Whether some of its rows are hidden from the account.
    hides_rows: bool,
}

impl Relation {
    fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    fn is_readable(&self) -> bool {
        self.has_schema && self.is_open
    }
}

/// A column, and whether the account may read it.
struct Described {
    number: i16,
    is_open: bool,
    column: Column,
}

/// What the catalogue says of a database.
struct Catalogue {
    relations: Vec<Relation>,
    /// The partitioned table that a partition belongs to, in the end.
    root_of: HashMap<u32, u32>,
    columns: HashMap<u32, Vec<Described>>,
    /// The numbers of the primary key's columns, in the key's order.
    keys: HashMap<u32, Vec<i16>>,
}

/// Adds the tables of a database to an inventory; paths begin with `above`.
pub(super) fn read(
    session: &mut Session,
    database: &str,
    above: &str,
    access: &Access,
    inventory: &mut Inventory,
) -> Result<(), Failure> {
    let Catalogue { relations, root_of, mut columns, mut keys } = catalogue(session)?;
    let mut leaves: HashMap<u32, Vec<&Relation>> = HashMap::new();
    for relation in relations.iter().filter(|relation| relation.kind != 'p') {
        if let Some(root) = root_of.get(&relation.oid) {
            leaves.entry(*root).or_default().push(relation);
        }
    }
    for relation in relations.iter().filter(|relation| !root_of.contains_key(&relation.oid)) {
        let full_name = relation.full_name();
        if !access.wants(&[&relation.name, &full_name, &format!("{database}.{full_name}")]) {
            continue;
        }
        let path = format!("{above}{full_name}");
        if let Some(exception) = refusal(relation, &path, access) {
            inventory.exceptions.push(exception);
            continue;
        }
        let described = columns.remove(&relation.oid).unwrap_or_default();
        let key = keys.remove(&relation.oid).unwrap_or_default();
        let partitions = leaves.remove(&relation.oid).unwrap_or_default();
        gaps(relation, &described, &path, &mut inventory.exceptions);
        let parts = parts(relation, &partitions, above, access, &mut inventory.exceptions);
        let table = table(relation, &partitions, described, &key);
        inventory.tables.push(Found { path, database: database.to_owned(), parts, table });
    }
    Ok(())
}

/// The ledger row for what is not to be read, or cannot be.
fn refusal(relation: &Relation, path: &str, access: &Access) -> Option<Exception> {
    let row = |state, reason, detail: String| Exception { path: path.to_owned(), state, reason, detail };
    let what = match relation.kind {
        'v' => "a view",
        'm' => "a materialised view",
        'f' => "a foreign table",
        _ => "",
    };
    if !what.is_empty() && !access.views {
        return Some(row(State::Skipped, Reason::View, format!("{what}; scanned with --views")));
    }
    let missing = if !relation.has_schema {
        format!("USAGE ON SCHEMA {}", sql::name(&relation.schema))
    } else if !relation.is_ajar {
        format!("SELECT ON {}", sql::table(&relation.schema, &relation.name))
    } else {
        return None;
    };
    let detail = format!("the account may not read it; GRANT {missing} to it");
    Some(row(State::Failed, Reason::PermissionDenied, detail))
}

/// Enters what cannot be read of a table that is read otherwise.
fn gaps(relation: &Relation, described: &[Described], path: &str, exceptions: &mut Vec<Exception>) {
    let denied = |path, state, detail| Exception { path, state, reason: Reason::PermissionDenied, detail };
    for hidden in described.iter().filter(|described| !described.is_open) {
        let detail = format!(
            "the account may not read this column; GRANT SELECT ({}) ON {} to it",
            sql::name(&hidden.column.name),
            sql::table(&relation.schema, &relation.name)
        );
        exceptions.push(denied(format!("{path}.{}", hidden.column.name), State::Failed, detail));
    }
    if relation.hides_rows {
        let detail = "row-level security hides rows from the account; scan as one with BYPASSRLS".to_owned();
        exceptions.push(denied(format!("{path} (hidden rows)"), State::Failed, detail));
    }
}

/// What is to be read of a table: itself, or its partitions.
fn parts(
    relation: &Relation,
    partitions: &[&Relation],
    above: &str,
    access: &Access,
    exceptions: &mut Vec<Exception>,
) -> Vec<String> {
    let quoted = |relation: &Relation| sql::table(&relation.schema, &relation.name);
    if relation.kind != 'p' {
        return vec![quoted(relation)];
    }
    // A right to the parent is enough to read the rows of its partitions, but only through the parent.
    if relation.hides_rows || !partitions.iter().all(|partition| partition.is_readable()) {
        return vec![quoted(relation)];
    }
    let (foreign, own): (Vec<&Relation>, Vec<_>) =
        partitions.iter().partition(|partition| partition.kind == 'f' && !access.views);
    for partition in foreign {
        exceptions.extend(refusal(partition, &format!("{above}{}", partition.full_name()), access));
    }
    own.into_iter().map(quoted).collect()
}

fn table(relation: &Relation, partitions: &[&Relation], described: Vec<Described>, key: &[i16]) -> Table {
    let open: Vec<Described> = described.into_iter().filter(|described| described.is_open).collect();
    let position = |number: &i16| open.iter().position(|described| described.number == *number);
    // A key of which a column cannot be read does not tell rows apart.
    let key = key.iter().map(position).collect::<Option<Vec<_>>>().unwrap_or_default();
    let sum = |own: Option<u64>, of: fn(&Relation) -> Option<u64>| match relation.kind {
        'p' => partitions.iter().filter_map(|partition| of(partition)).reduce(|a, b| a + b),
        _ => own,
    };
    Table {
        schema: relation.schema.clone(),
        name: relation.name.clone(),
        comment: relation.comment.clone(),
        rows: sum(relation.rows, |partition| partition.rows),
        bytes: sum(relation.bytes, |partition| partition.bytes),
        key,
        columns: open.into_iter().map(|described| described.column).collect(),
    }
}

fn catalogue(session: &mut Session) -> Result<Catalogue, Failure> {
    Ok(Catalogue {
        relations: relations(session)?,
        root_of: roots(session)?,
        columns: columns(session)?,
        keys: keys(session)?,
    })
}

fn relations(session: &mut Session) -> Result<Vec<Relation>, Failure> {
    let query = |bytes: &str, hides_rows: &str| {
        format!(
            "SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltuples, c.relpages, {bytes}, d.description,
               has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'SELECT'),
               has_any_column_privilege(c.oid, 'SELECT'), {hides_rows}
             FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_catalog.pg_description d
               ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
             WHERE {OURS}
             ORDER BY n.nspname, c.relname"
        )
    };
    // Sizes are asked of the tables themselves, which waits where one is locked; the estimates do not. Old servers
    // know neither row-level security nor, some, the size of a table.
    let exact = query("pg_table_size(c.oid)", "row_security_active(c.oid)");
    let plain = query("c.relpages::bigint * current_setting('block_size')::bigint", "false");
    match session.query(&exact, relation) {
        Err(failure) if !failure.may_pass => session.query(&plain, relation),
        relations => relations,
    }
}

fn relation(row: &Cells<'_>) -> Relation {
    let (rows, pages): (f64, f64) = (row.number(4).unwrap_or(-1.0), row.number(5).unwrap_or(0.0));
    Relation {
        oid: row.number(0).unwrap_or(0),
        schema: row.string(1),
        name: row.string(2),
        kind: row.text(3).and_then(|kind| kind.chars().next()).unwrap_or('r'),
        // Before version 14 a table that was never counted has no rows on no pages.
        rows: (rows > 0.0 || rows == 0.0 && pages > 0.0).then_some(rows as u64),
        bytes: row.number(6),
        comment: row.string(7),
        has_schema: row.flag(8),
        is_open: row.flag(9),
        is_ajar: row.flag(10),
        hides_rows: row.flag(11),
    }
}

/// For every partition, and every partitioned table below another, the uppermost.
fn roots(session: &mut Session) -> Result<HashMap<u32, u32>, Failure> {
    let found = session.query(
        "SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i
         JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'",
        |row| Some((row.number(0)?, row.number(1)?)),
    )?;
    let parents: HashMap<u32, u32> = found.into_iter().flatten().collect();
    let root = |mut oid: u32| {
        while let Some(parent) = parents.get(&oid) {
            oid = *parent;
        }
        oid
    };
    Ok(parents.keys().map(|&oid| (oid, root(oid))).collect())
}

fn columns(session: &mut Session) -> Result<HashMap<u32, Vec<Described>>, Failure> {
    let domains = domains(session)?;
    let query = format!(
        "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.atttypmod, d.description,
           has_column_privilege(a.attrelid, a.attnum, 'SELECT'), t.oid, t.typname, t.typtype, t.typcategory,
           e.typname, e.typtype, e.typcategory
         FROM pg_catalog.pg_attribute a
         JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
         LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
         LEFT JOIN pg_catalog.pg_description d
           ON d.objoid = a.attrelid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = a.attnum
         WHERE a.attnum > 0 AND NOT a.attisdropped AND {OURS}
         ORDER BY a.attrelid, a.attnum"
    );
    let mut columns: HashMap<u32, Vec<Described>> = HashMap::new();
    session.query(&query, |row| {
        let holds = match domains.get(&row.number(7).unwrap_or(0)) {
            Some(holds) => *holds,
            None => type_holds(row, 8, row.number(4).unwrap_or(-1)),
        };
        let column = Column { name: row.string(2), type_name: row.string(3), comment: row.string(5), holds };
        let described = Described { number: row.number(1).unwrap_or(0), is_open: row.flag(6), column };
        columns.entry(row.number(0).unwrap_or(0)).or_default().push(described);
    })?;
    Ok(columns)
}

/// What the values of a domain can hold: the same as those of its base type.
fn domains(session: &mut Session) -> Result<HashMap<u32, Holds>, Failure> {
    let found = session.query(
        "SELECT d.oid, d.typbasetype, d.typtypmod, t.typname, t.typtype, t.typcategory,
           e.typname, e.typtype, e.typcategory
         FROM pg_catalog.pg_type d
         JOIN pg_catalog.pg_type t ON t.oid = d.typbasetype
         LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
         WHERE d.typtype = 'd' ORDER BY d.oid",
        |row| {
            let (oid, base): (u32, u32) = (row.number(0)?, row.number(1)?);
            Some((oid, (base, type_holds(row, 3, row.number(2).unwrap_or(-1)))))
        },
    )?;
    let domains: HashMap<u32, (u32, Holds)> = found.into_iter().flatten().collect();
    let resolve = |mut oid: u32| {
        let mut holds = Holds::Text;
        while let Some((base, of_base)) = domains.get(&oid) {
            (oid, holds) = (*base, *of_base);
        }
        holds
    };
    Ok(domains.keys().map(|&oid| (oid, resolve(oid))).collect())
}

/// What is held by the type whose name, kind and category stand at `at`, those of its elements behind.
fn type_holds(row: &Cells<'_>, at: usize, modifier: i32) -> Holds {
    let read = |at: usize| {
        let (name, kind) = (row.text(at)?, row.text(at + 1)?);
        Some(Type { name, kind, category: row.text(at + 2)?, modifier })
    };
    read(at).map_or(Holds::Text, |of| holds(of, read(at + 3)))
}

fn keys(session: &mut Session) -> Result<HashMap<u32, Vec<i16>>, Failure> {
    let found = session.query(
        "SELECT conrelid, array_to_string(conkey, ' ') FROM pg_catalog.pg_constraint WHERE contype = 'p'",
        |row| {
            let numbers = row.text(1)?.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
            Some((row.number(0)?, numbers))
        },
    )?;
    Ok(found.into_iter().flatten().collect())
}
