//! PostgreSQL as the library reads it, against a real server.
mod inventory;
mod read;
mod trouble;

use globset::{Glob, GlobSet, GlobSetBuilder};
use pandian::source::database::{Access, Database, Found, Grain, Inventory, Plan, Reader, Target, Tls};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A row, cell by cell.
type Cells = Vec<Option<Vec<u8>>>;

static GO_ON: AtomicBool = AtomicBool::new(false);

fn access() -> Access {
    Access {
        statement_timeout: Duration::from_secs(60),
        views: false,
        include: GlobSet::empty(),
        exclude: GlobSet::empty(),
        tls: Tls::Verify,
        tls_ca: None,
    }
}

fn globs(globs: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(Glob::new(glob).expect("a glob"));
    }
    set.build().expect("globs")
}

fn open(url: &str) -> Box<dyn Database> {
    Target::parse(url).expect("a database").expect("a URL").open().expect("options")
}

fn inventory(url: &str, access: &Access) -> Inventory {
    open(url).inventory(access).expect("an inventory")
}

/// The one table whose path ends so.
fn found<'a>(inventory: &'a Inventory, path: &str) -> &'a Found {
    let mut all = inventory.tables.iter().filter(|found| found.path.ends_with(path));
    let first = all.next().unwrap_or_else(|| panic!("no {path} in {inventory:?}"));
    assert!(all.next().is_none(), "{path} twice in {inventory:?}");
    first
}

/// A table, its plan, and a connection to read it.
fn planned(url: &str, path: &str, grain: Grain, access: &Access) -> (Found, Plan, Box<dyn Reader>) {
    let database = open(url);
    let inventory = database.inventory(access).expect("an inventory");
    let found = found(&inventory, path).clone();
    let plan = database.plan(&found, access, grain).expect("a plan");
    let reader = database.connect(&found.database, access).expect("a connection");
    (found, plan, reader)
}

/// All rows that a plan reads.
fn rows(reader: &mut dyn Reader, plan: &Plan) -> Vec<Cells> {
    let mut all = Vec::new();
    for chunk in &plan.chunks {
        let read = reader.read(chunk, &GO_ON, &mut |rows| {
            assert_eq!(rows.columns(), chunk.columns);
            all.extend((0..rows.len()).map(|row| {
                let cell = |column| rows.cell(row, column).map(<[u8]>::to_vec);
                (0..rows.columns()).map(cell).collect::<Cells>()
            }));
            true
        });
        read.unwrap_or_else(|failure| panic!("{failure:?}: {}", chunk.sql));
    }
    all
}

/// Every row of a table as text, NULL as `-`.
fn texts(url: &str, path: &str, grain: Grain) -> Vec<Vec<String>> {
    let (_, plan, mut reader) = planned(url, path, grain, &access());
    let text = |cell: Option<Vec<u8>>| {
        cell.map_or_else(|| "-".to_owned(), |bytes| String::from_utf8(bytes).expect("UTF-8"))
    };
    let rows = rows(&mut *reader, &plan);
    rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
}

/// What a test runs in a process of its own; see [`in_a_process`].
const CHILD: &str = "PANDIAN_TEST_CHILD";

/// Runs the test `name` once more, in a process of its own with this in its environment. There
/// [`child`] gives `told`; what it prints is returned.
fn in_a_process(name: &str, told: &str, environment: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args([name, "--exact", "--nocapture"])
        .env(CHILD, told)
        .envs(environment.iter().copied())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

/// What this process was told, if it is one that [`in_a_process`] started.
fn child() -> Option<String> {
    std::env::var(CHILD).ok()
}
