//! MariaDB, beside its own client.
use crate::scan;
use crate::server::{Server, run, socket_folder};
use crate::shared::{Failure, Table};
use crate::table::{Customers, Place, file_in};
use std::path::Path;
use std::process::Command;

const ROW: &str = "MariaDB, 5 M rows x 12: mariadb --quick (s)";
const DEFINITION: &str = "CREATE TABLE customer (id bigint PRIMARY KEY, name varchar(60), mobile varchar(20), \
    id_no varchar(18), card varchar(19), email varchar(100), address varchar(200), amount decimal(12,2), \
    created datetime, order_no varchar(32), profile json, remark text) CHARACTER SET utf8mb4";
/// Nothing that is written need survive, and the system's cache must not be passed by.
const SETTINGS: [&str; 9] = [
    "--no-defaults",
    "--skip-name-resolve",
    "--innodb-log-file-size=512M",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--skip-innodb-doublewrite",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-buffer-pool-load-at-startup=0",
    "--auth-root-authentication-method=normal",
];

pub fn rows(table: &Table, customers: &Customers) -> Result<(), Failure> {
    let program = if Path::new("/usr/sbin/mariadbd").exists() { "/usr/sbin/mariadbd" } else { "mariadbd" };
    let Ok(version) = run(Command::new(program).arg("--version")) else {
        table.missing(ROW, "apt-get install mariadb-server");
        return Ok(());
    };
    let place = customers.place("mariadb", &version, DEFINITION)?;
    if !place.is_whole() {
        install(&place)?;
    }
    let folder = socket_folder(None)?;
    let socket = folder.join("socket");
    let mut server = Command::new(program);
    // The last setting is for the installation.
    server.args(&SETTINGS[..SETTINGS.len() - 1]).args(as_root());
    server.args(["--skip-networking", "--skip-log-bin", "--secure-file-priv="]);
    server.arg(format!("--innodb-buffer-pool-size={}", customers.mode.choose("4G", "64M")));
    server.arg(format!("--datadir={}", place.folder.display()));
    server.arg(format!("--socket={}", socket.display()));
    server.arg(format!("--pid-file={}", folder.join("pid").display()));
    let client = |sql: &str| run(mariadb(&socket).args(["-BN", "-e", sql]));
    let _server = Server::start(&server, "TERM", &folder, None, || client("SELECT 1").is_ok())?;
    let count = || client("SELECT count(*) FROM bench.customer").unwrap_or_default();
    if count() != customers.rows.to_string() {
        load(&client, customers)?;
        place.completed()?;
    }
    assert_eq!(count(), customers.rows.to_string());
    let url = format!("mysql://root@localhost/bench?socket={}", socket.display());
    scan::rows(table, customers, &url, (ROW, 0.7), |columns| {
        let mut command = mariadb(&socket);
        command.args(["--quick", "-e", &format!("SELECT {columns} FROM bench.customer")]);
        command
    })
}

fn mariadb(socket: &Path) -> Command {
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "--user=root", "--default-character-set=utf8mb4"]);
    command.arg(format!("--socket={}", socket.display()));
    command
}

fn as_root() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}

fn install(place: &Place) -> Result<(), Failure> {
    place.clear()?;
    let mut command = Command::new("mariadb-install-db");
    command.args(SETTINGS).arg("--skip-test-db").args(as_root());
    run(command.arg(format!("--datadir={}", place.folder.display()))).map(drop)
}

fn load(client: &impl Fn(&str) -> Result<String, Failure>, customers: &Customers) -> Result<(), Failure> {
    let file = customers.file()?;
    client("DROP DATABASE IF EXISTS bench; CREATE DATABASE bench CHARACTER SET utf8mb4")?;
    client(&format!(
        "USE bench; SET unique_checks = 0; {DEFINITION}; \
         LOAD DATA INFILE '{}' INTO TABLE customer CHARACTER SET utf8mb4",
        file_in(&file).display()
    ))?;
    // Its size in the catalogue is what the scan is cut by; pages that are still to be written would be in our way.
    client("USE bench; ANALYZE TABLE customer; FLUSH TABLES customer FOR EXPORT; UNLOCK TABLES").map(drop)
}
