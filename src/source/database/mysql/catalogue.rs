//! The inventory: three questions to `information_schema`, whatever the number of tables.
use super::column::Type;
use super::errors;
use super::session::Session;
use super::sql;
use crate::model::coverage::{Exception, Reason, State};
use crate::model::{Column, Holds, Rows, Table};
use crate::source::database::{Access, Failure, Found, Inventory};
use std::collections::{HashMap, HashSet};

/// The servers' own.
const SYSTEM: &str = "('information_schema', 'mysql', 'performance_schema', 'sys', 'metrics_schema', '__internal_schema', '_statistics_', 'oceanbase')";
/// Engines whose tables hold the data of other tables, or of other servers.
const FOREIGN: [&str; 5] = ["FEDERATED", "CONNECT", "SPIDER", "MRG_MYISAM", "S3"];

type Name = (String, String);

/// A column and what the catalogue says beside it.
struct Described {
    column: Column,
    nullable: bool,
    readable: bool,
}

/// A row of `information_schema.tables`.
struct Entry {
    name: Name,
    kind: String,
    engine: String,
    comment: String,
    rows: Option<u64>,
    bytes: Option<u64>,
}

/// What the account can see, of one database or of all.
pub(super) fn inventory(
    session: &mut Session,
    database: Option<&str>,
    access: &Access,
) -> Result<Inventory, Failure> {
    let scope = |column: &str| match database {
        Some(database) => format!("{column} = {}", sql::text(database)),
        None => format!("{column} NOT IN {SYSTEM}"),
    };
    let entries = entries(session, &scope("table_schema"))?;
    let json = json_columns(session, &scope("constraint_schema"))?;
    let mut columns = columns(session, &scope("table_schema"), &json)?;
    let mut keys = keys(session, &scope("table_schema"))?;
    let mut inventory = Inventory::default();
    for entry in entries {
        let path = match database {
            Some(_) => entry.name.1.clone(),
            None => format!("{}/{}", entry.name.0, entry.name.1),
        };
        let full = format!("{}.{}", entry.name.0, entry.name.1);
        if !access.wants(&[&entry.name.1, &full]) {
            continue;
        }
        let columns = columns.remove(&entry.name).unwrap_or_default();
        let keys = keys.remove(&entry.name).unwrap_or_default();
        match checked(&entry, &columns, access, &path) {
            Some(exception) => inventory.exceptions.push(exception),
            None => {
                inventory.exceptions.extend(hidden(&columns, &path));
                inventory.tables.push(found(entry, columns, &keys, path));
            }
        }
    }
    Ok(inventory)
}

/// The ledger row for a table that will not be read.
fn checked(entry: &Entry, columns: &[Described], access: &Access, path: &str) -> Option<Exception> {
    let row = |state, reason, detail: &str| {
        Some(Exception { path: path.to_owned(), state, reason, detail: detail.to_owned() })
    };
    if !access.views && entry.kind == "VIEW" {
        return row(State::Skipped, Reason::View, "view");
    }
    if !access.views && FOREIGN.contains(&entry.engine.to_ascii_uppercase().as_str()) {
        return row(State::Skipped, Reason::View, &format!("a table of the engine {}", entry.engine));
    }
    if columns.is_empty() {
        // The server puts what is wrong with a broken table or view into its comment.
        let said =
            if entry.comment.is_empty() { "the server shows no columns of it" } else { &entry.comment };
        return row(State::Failed, Reason::ReadError, said);
    }
    if !columns.iter().any(|column| column.readable) {
        return row(
            State::Failed,
            Reason::PermissionDenied,
            &format!("the account may not read `{}.{}`; GRANT SELECT on it", entry.name.0, entry.name.1),
        );
    }
    None
}

/// Ledger rows for the columns that the account sees and may not read.
fn hidden(columns: &[Described], path: &str) -> Vec<Exception> {
    let is_hidden = |column: &&Described| !column.readable && column.column.holds != Holds::Nothing;
    let row = |column: &Described| Exception {
        path: format!("{path}.{}", column.column.name),
        state: State::Failed,
        reason: Reason::PermissionDenied,
        detail: format!("the account may not read the column `{}`; GRANT SELECT on it", column.column.name),
    };
    columns.iter().filter(is_hidden).map(row).collect()
}

fn found(entry: Entry, columns: Vec<Described>, indexes: &[Index], path: String) -> Found {
    let columns: Vec<Described> = columns.into_iter().filter(|column| column.readable).collect();
    let mut part = sql::table(&entry.name.0, &entry.name.1);
    if entry.kind == "SYSTEM VERSIONED" {
        // Rows that were changed or deleted are kept, and are personal data like the others.
        part.push_str(" FOR SYSTEM_TIME ALL");
    }
    let key = key(&columns, indexes);
    let table = Table {
        schema: entry.name.0.clone(),
        name: entry.name.1,
        comment: if entry.kind == "VIEW" { String::new() } else { entry.comment },
        columns: columns.into_iter().map(|column| column.column).collect(),
        key,
        rows: entry.rows,
        bytes: entry.bytes,
    };
    Found { path, database: entry.name.0, parts: vec![part], table }
}

fn entries(session: &mut Session, scope: &str) -> Result<Vec<Entry>, Failure> {
    let sql = format!(
        "SELECT table_schema, table_name, table_type, engine, table_comment, table_rows, data_length \
         FROM information_schema.tables WHERE {scope} \
         AND table_type NOT IN ('SYSTEM VIEW', 'SEQUENCE', 'TEMPORARY', 'TEMPORARY SEQUENCE') \
         ORDER BY table_schema, table_name"
    );
    let answer = ask(session, &sql, 7)?;
    let entry = |row| Entry {
        name: (text(&answer, row, 0), text(&answer, row, 1)),
        kind: text(&answer, row, 2),
        engine: text(&answer, row, 3),
        comment: text(&answer, row, 4),
        rows: number(&answer, row, 5),
        bytes: number(&answer, row, 6),
    };
    Ok((0..answer.len()).map(entry).collect())
}

fn columns(
    session: &mut Session,
    scope: &str,
    json: &HashSet<(Name, String)>,
) -> Result<HashMap<Name, Vec<Described>>, Failure> {
    let sql = format!(
        "SELECT table_schema, table_name, column_name, data_type, column_type, character_set_name, \
         numeric_precision, numeric_scale, column_comment, is_nullable, privileges \
         FROM information_schema.columns WHERE {scope} ORDER BY table_schema, table_name, ordinal_position"
    );
    let answer = ask(session, &sql, 11)?;
    let mut columns: HashMap<Name, Vec<Described>> = HashMap::new();
    for row in 0..answer.len() {
        let cell = |column| text(&answer, row, column);
        let (table, name) = ((cell(0), cell(1)), cell(2));
        let (data_type, charset, privileges) = (cell(3), cell(5), cell(10));
        let kind = Type {
            data_type: &data_type,
            charset: Some(charset.as_str()).filter(|charset| !charset.is_empty()),
            precision: number(&answer, row, 6),
            scale: number(&answer, row, 7),
        };
        let of_json = (table, name);
        let holds = if json.contains(&of_json) { Holds::Json } else { kind.holds() };
        let (table, name) = of_json;
        let column = Column { name, type_name: cell(4), comment: cell(8), holds };
        // Servers without privileges on columns leave the cell empty.
        let readable = privileges.is_empty() || privileges.to_ascii_lowercase().contains("select");
        let described = Described { column, nullable: !cell(9).eq_ignore_ascii_case("NO"), readable };
        columns.entry(table).or_default().push(described);
    }
    Ok(columns)
}

/// MariaDB's JSON is `longtext` with a constraint.
fn json_columns(session: &mut Session, scope: &str) -> Result<HashSet<(Name, String)>, Failure> {
    let sql = format!(
        "SELECT constraint_schema, table_name, check_clause FROM information_schema.check_constraints \
         WHERE {scope} AND check_clause LIKE '%json_valid(%'"
    );
    // MySQL has no such table, or one without the table's name; its JSON is a type.
    let answer = ask_if_known(session, &sql, 3)?;
    let column = |row| {
        let clause = text(&answer, row, 2);
        let inner = clause.trim().strip_prefix("json_valid(`")?.strip_suffix("`)")?;
        Some(((text(&answer, row, 0), text(&answer, row, 1)), inner.replace("``", "`")))
    };
    Ok((0..answer.len()).filter_map(column).collect())
}

/// A unique index: its name and its columns in order.
struct Index {
    name: String,
    columns: Vec<String>,
}

fn keys(session: &mut Session, scope: &str) -> Result<HashMap<Name, Vec<Index>>, Failure> {
    let sql = format!(
        "SELECT table_schema, table_name, index_name, column_name FROM information_schema.statistics \
         WHERE {scope} AND non_unique = 0 ORDER BY table_schema, table_name, index_name, seq_in_index"
    );
    let answer = ask_if_known(session, &sql, 4)?;
    let mut keys: HashMap<Name, Vec<Index>> = HashMap::new();
    for row in 0..answer.len() {
        let (name, column) = (text(&answer, row, 2), text(&answer, row, 3));
        let indexes = keys.entry((text(&answer, row, 0), text(&answer, row, 1))).or_default();
        match indexes.last_mut() {
            Some(index) if index.name == name => index.columns.push(column),
            _ => indexes.push(Index { name, columns: vec![column] }),
        }
    }
    Ok(keys)
}

/// The primary key's columns; where there is none, those of a unique index without NULL, of integers if possible.
fn key(columns: &[Described], indexes: &[Index]) -> Vec<usize> {
    let place = |name: &String| columns.iter().position(|column| column.column.name == *name);
    let places = |index: &Index| index.columns.iter().map(place).collect::<Option<Vec<usize>>>();
    if let Some(primary) = indexes.iter().find(|index| index.name.eq_ignore_ascii_case("PRIMARY")) {
        // Its last column is hidden in a table that keeps old rows.
        return primary.columns.iter().map_while(place).collect();
    }
    let whole = |key: &Vec<usize>| key.iter().all(|&i| !columns[i].nullable);
    let unique: Vec<Vec<usize>> = indexes.iter().filter_map(places).filter(whole).collect();
    let is_integer = |key: &&Vec<usize>| key.len() == 1 && super::column::is_integer(&columns[key[0]].column);
    unique.iter().find(is_integer).or(unique.first()).cloned().unwrap_or_default()
}

fn ask(session: &mut Session, sql: &str, columns: usize) -> Result<Rows, Failure> {
    session.ask(sql, columns).map_err(|error| errors::of_statement(&error, "information_schema"))
}

/// No rows where the server has no such catalogue.
fn ask_if_known(session: &mut Session, sql: &str, columns: usize) -> Result<Rows, Failure> {
    match session.ask(sql, columns) {
        Err(error) if errors::is_unknown(&error) => Ok(Rows::new(columns)),
        answer => answer.map_err(|error| errors::of_statement(&error, "information_schema")),
    }
}

fn text(rows: &Rows, row: usize, column: usize) -> String {
    String::from_utf8_lossy(rows.cell(row, column).unwrap_or_default()).into_owned()
}

fn number<T: std::str::FromStr>(rows: &Rows, row: usize, column: usize) -> Option<T> {
    std::str::from_utf8(rows.cell(row, column)?).ok()?.parse().ok()
}
