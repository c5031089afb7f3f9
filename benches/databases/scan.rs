//! The rows of one database: its map is checked, our time is taken beside its client's, and our memory is watched.
use crate::generator::customers::CUSTOMER;
use crate::shared::{Bar, Failure, Table, data, peak::watch};
use crate::table::Customers;
use serde_json::Value;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

/// Our own program.
const PANDIAN: &str = env!("CARGO_BIN_EXE_pandian");
/// What is promised for tables, in MB.
const MEMORY: f64 = 128.0;
/// Rows of the table in full, as the names of the lines say.
pub const FULL_SIZE: u64 = 5_000_000;
/// Fields of which every row holds a valid value, and the detector that must find it.
const FULL: [(&str, &str); 4] = [
    ("mobile", "cn-mobile"),
    ("id_no", "cn-resident-id"),
    ("card", "bank-card"),
    ("profile$.contact.mobile", "cn-mobile"),
];

/// Prints the rows of a database that holds the table: `yardstick` reads the columns it is given, and its answer
/// goes nowhere.
pub fn rows(
    table: &Table,
    customers: &Customers,
    url: &str,
    (name, bar): (&str, f64),
    yardstick: impl Fn(&str) -> Command,
) -> Result<(), Failure> {
    let columns = columns_read(url)?;
    let name = &match customers.rows {
        FULL_SIZE => name.to_owned(),
        rows => name.replace("5 M", &rows.to_string()),
    };
    let ours = || {
        let seconds = time(&mut pandian(url)?)?;
        assert_map(customers)?;
        Ok(seconds)
    };
    table.paired(name, Bar::Faster(bar), ours, || time(yardstick(&columns).stdout(Stdio::null())))?;
    let resident = watch(&mut pandian(url)?.spawn()?)?.1;
    assert_map(customers)?;
    assert!(resident < MEMORY, "{name}: {resident:.0} MB");
    let name = format!("{}: peak MB beside the limit", name.split(':').next().unwrap_or(name));
    table.row(&name, Bar::AtMost(1.0), &[(resident, MEMORY)], None);
    Ok(())
}

fn pandian(url: &str) -> Result<Command, Failure> {
    let mut command = Command::new(PANDIAN);
    command.env("LC_ALL", "C").args(["scan", url, "-q", "-o"]).arg(data("map.json")?);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

/// The seconds that a program takes.
fn time(command: &mut Command) -> Result<f64, Failure> {
    let begun = Instant::now();
    let status = command.stdin(Stdio::null()).status()?;
    let seconds = begun.elapsed().as_secs_f64();
    if status.success() { Ok(seconds) } else { Err(format!("{command:?}: {status}").into()) }
}

/// The columns that we read, as SQL: the yardstick reads the same. Where the types say that a column cannot hold personal
/// data, we do not fetch it.
fn columns_read(url: &str) -> Result<String, Failure> {
    let plan = crate::server::run(Command::new(PANDIAN).args(["scan", url, "--dry-run"]))?;
    let select = plan.lines().find_map(|line| line.strip_prefix("SELECT ")).unwrap_or_default();
    let (list, _) = select.split_once(" FROM ").unwrap_or_default();
    // A name may stand in an expression that cuts very long values.
    let is_read = |column: &&str| ['"', '`'].iter().any(|q| list.contains(&format!("{q}{column}{q}")));
    let (read, left_out): (Vec<&str>, Vec<&str>) = CUSTOMER.into_iter().partition(is_read);
    assert!(left_out.iter().all(|column| ["amount", "created"].contains(column)), "{plan}");
    Ok(read.join(", "))
}

/// The table was read to its end, and every row has its value in every column that is full of them.
fn assert_map(customers: &Customers) -> Result<(), Failure> {
    let map: Value = serde_json::from_str(&fs::read_to_string(data("map.json")?)?)?;
    assert_eq!(map["complete"], true, "{}", map["coverage"]);
    assert_eq!(map["coverage"]["scanned"], 1, "{}", map["coverage"]);
    let object = &map["objects"][0];
    assert_eq!(object["table"]["rows_read"], customers.rows);
    let find = |list: &Value, key: &str, value: &str| {
        let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
        list.iter().find(|entry| entry[key] == value).cloned().unwrap_or_default()
    };
    for (field, detector) in FULL {
        let label = find(&find(&object["fields"], "name", field)["labels"], "detector", detector);
        assert_eq!(label["matched"], customers.rows, "{field}, {detector}: {label}");
    }
    Ok(())
}
