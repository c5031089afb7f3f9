//! What a scan of a database would run: `--dry-run`.
use super::table::{Table, share};
use super::tables::TableOptions;
use crate::model::Holds;
use crate::source::database::{Database, Failure, Target};

/// The statements that a scan would run, and what they would read: `--dry-run`.
///
/// # Errors
/// The database cannot be asked.
pub fn statements(
    engine: &super::Engine,
    target: &Target,
    database: &dyn Database,
    options: &TableOptions,
) -> Result<Vec<Planned>, Failure> {
    let inventory = database.inventory(&options.access)?;
    let mut planned = Vec::new();
    for found in inventory.tables {
        let table = Table::new(options, database, &options.access, target.path_of(&found.path), found)?;
        let Table { path, found, plan, chosen, .. } = &table;
        let share = share(plan, chosen.len());
        let scale = |whole: u64| (whole as f64 * share) as u64;
        let skipped = found.table.columns.iter().filter(|column| column.holds == Holds::Nothing);
        planned.push(Planned {
            path: engine.masked(path).into_owned(),
            rows: found.table.rows.map(scale),
            bytes: found.table.bytes.map(scale),
            skipped: skipped.map(|column| column.name.clone()).collect(),
            statements: chosen.iter().map(|&i| plan.chunks[i].sql.clone()).collect(),
        });
    }
    Ok(planned)
}

/// What would be read of one table.
pub struct Planned {
    /// The table's path.
    pub path: String,
    /// Rows to read, as the database estimates.
    pub rows: Option<u64>,
    /// Bytes to read, as the database estimates.
    pub bytes: Option<u64>,
    /// Columns that cannot hold personal data, and are not fetched.
    pub skipped: Vec<String>,
    /// The statements, as they would be run.
    pub statements: Vec<String>,
}
