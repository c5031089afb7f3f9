//! A table of a database, as its catalogue describes it.

/// What a column's values can hold, and so how they are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Text, and everything that reads as text: arrays, XML, enumerations.
    Text,
    /// JSON, read value by value under its path.
    Json,
    /// Bytes, which may be text in any encoding.
    Bytes,
    /// Numbers wide enough for an identity, mobile or card number.
    Number,
    /// Nothing that could be personal data by itself: flags, small integers, times.
    Nothing,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in the database's own words.
    pub type_name: String,
    /// Its comment; empty where there is none.
    pub comment: String,
    /// What it can hold. Columns that hold nothing are not fetched.
    pub holds: Holds,
}

/// A table, or a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The schema (PostgreSQL) or database (MySQL); empty in SQLite.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its comment; empty where there is none.
    pub comment: String,
    /// Its columns, in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key, by number; empty where there is none.
    pub key: Vec<usize>,
    /// How many rows the database estimates.
    pub rows: Option<u64>,
    /// How many bytes it takes, as far as the database says.
    pub bytes: Option<u64>,
}

impl Table {
    /// `schema.name`, or the name alone where there are no schemas.
    pub fn full_name(&self) -> String {
        if self.schema.is_empty() { self.name.clone() } else { format!("{}.{}", self.schema, self.name) }
    }

    /// The columns to fetch, by number: those that can hold something, and the key.
    pub fn fetched(&self) -> Vec<usize> {
        let wanted = |&i: &usize| self.columns[i].holds != Holds::Nothing || self.key.contains(&i);
        (0..self.columns.len()).filter(wanted).collect()
    }
}
