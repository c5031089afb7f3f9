//! A private PostgreSQL server, or the one that `PANDIAN_TEST_POSTGRES_URL` names; and databases of one's own on it.
use super::programs::{self, account, as_server, done};
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The superuser of a private server, who needs no password on its socket and has this one elsewhere.
pub const USER: &str = "postgres";
pub const PASSWORD: &str = "pass:word/1";
const ENCODED: &str = "pass%3Aword%2F1";
const SETTINGS: &str = "fsync=off\nfull_page_writes=off\nsynchronous_commit=off\nmax_connections=200\n\
    listen_addresses='127.0.0.1'\nautovacuum=off\nssl=on\nmax_wal_size=4GB\nshared_buffers=128MB\n";
/// A certificate authority, and a certificate for localhost from it.
const CERTIFICATES: &str = r#"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 \
    -subj "/CN=test authority" -addext basicConstraints=critical,CA:TRUE
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr -subj "/CN=localhost"
printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' > server.ext
openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -extfile server.ext -out server.crt
chmod 600 server.key
"#;

/// A server to test with.
pub struct Server {
    /// Ends in the host and port, without a `/`.
    base: String,
    own: Option<Own>,
}

/// What belongs to a server that was started here.
struct Own {
    folder: PathBuf,
    port: u16,
    /// Stops the server and removes its folder when its standard input ends: when it is closed here, or with this
    /// process, however that ends.
    watchdog: Child,
}

impl Server {
    /// The server that all tests share.
    pub fn shared() -> &'static Server {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("PANDIAN_TEST_POSTGRES_URL") {
            Ok(url) => {
                let end = url.find("://").and_then(|at| url[at + 3..].find('/').map(|end| at + 3 + end));
                Server { base: url[..end.unwrap_or(url.len())].to_owned(), own: None }
            }
            Err(_) => Server::private(),
        })
    }

    /// A server of one's own.
    pub fn private() -> Server {
        let bin = binaries();
        let folder = tempfile::Builder::new().prefix("pandian-pg-").tempdir().expect("a folder").keep();
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).expect("a mode");
        if let Some((user, group)) = account() {
            chown(&folder, Some(user), Some(group)).expect("given to its user");
        }
        // Before anything can fail: whatever happens, nothing is left behind.
        let end = format!(
            "cat >/dev/null; '{bin}/pg_ctl' -D '{at}/data' -m immediate stop; rm -rf '{at}'",
            bin = bin.display(),
            at = folder.display()
        );
        let watchdog = as_server(Command::new("sh").arg("-c").arg(end))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let own = Own { folder: folder.clone(), port, watchdog };
        let run = |command: &mut Command| done(as_server(command.current_dir(&folder)));
        std::fs::write(folder.join("password"), PASSWORD).expect("a file");
        std::fs::set_permissions(folder.join("password"), PermissionsExt::from_mode(0o644)).expect("a mode");
        run(Command::new(bin.join("initdb")).args(["-D", "data", "-U", USER, "-E", "UTF8"]).args([
            "--locale=C.UTF-8",
            "--no-sync",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--pwfile=password",
        ]));
        let at = folder.display();
        let settings = format!("{SETTINGS}port={port}\nunix_socket_directories='{at}'\n");
        let set = format!("cat >> data/postgresql.conf <<'END'\n{settings}END\n(cd data && {CERTIFICATES})");
        run(Command::new("sh").args(["-euc", &set]));
        let server = Server { base: format!("postgres://{USER}:{ENCODED}@127.0.0.1:{port}"), own: Some(own) };
        server.start();
        server
    }

    /// A URL of a database on this server.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.base)
    }

    /// Starts a server that was stopped.
    pub fn start(&self) {
        self.control(&["-w", "-l", "log", "start"]);
    }

    /// Ends a server, and with it its connections.
    pub fn stop(&self) {
        self.control(&["-m", "fast", "stop"]);
    }

    /// The certificate of the authority that signed this server's.
    pub fn authority(&self) -> PathBuf {
        let own = self.own.as_ref().expect("a private server");
        let copy = own.folder.join("ca.crt");
        done(as_server(Command::new("cp").arg(own.folder.join("data/ca.crt")).arg(&copy)));
        copy
    }

    /// The port of a private server.
    pub fn port(&self) -> u16 {
        self.own.as_ref().expect("a private server").port
    }

    /// The folder with the socket of a private server.
    pub fn socket(&self) -> &Path {
        &self.own.as_ref().expect("a private server").folder
    }

    fn control(&self, arguments: &[&str]) {
        let own = self.own.as_ref().expect("a private server");
        let mut command = Command::new(binaries().join("pg_ctl"));
        done(as_server(command.current_dir(&own.folder).args(["-D", "data"]).args(arguments)));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(own) = &mut self.own {
            drop(own.watchdog.stdin.take());
            let _ = own.watchdog.wait();
        }
    }
}

/// A database, dropped in the end.
pub struct Scratch {
    pub server: &'static Server,
    pub name: String,
    /// Roles that were made with it.
    roles: Vec<String>,
}

impl Scratch {
    /// A database with what `sql` makes in it.
    pub fn new(sql: &str) -> Scratch {
        Scratch::with("ENCODING 'UTF8'", sql)
    }

    /// The same, with options of `CREATE DATABASE`.
    pub fn with(options: &str, sql: &str) -> Scratch {
        let name = unique("pandian_test");
        let server = Server::shared();
        psql(&server.url("postgres"), &format!("CREATE DATABASE {name} TEMPLATE template0 {options}"));
        let scratch = Scratch { server, name, roles: Vec::new() };
        scratch.run(sql);
        scratch
    }

    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Runs statements; what they return, a line for each row.
    pub fn run(&self, sql: &str) -> String {
        psql(&self.url(), sql)
    }

    /// A new account without rights, and the URL with which it comes to this database.
    pub fn account(&mut self) -> (String, String) {
        let role = unique("pandian_role");
        self.run(&format!("CREATE ROLE {role} LOGIN PASSWORD 'secret-{role}'"));
        self.roles.push(role.clone());
        let url = self.url();
        let host = url.split_once('@').map_or(url.as_str(), |(_, host)| host);
        (role.clone(), format!("postgres://{role}:secret-{role}@{host}"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let gone = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = try_psql(&self.server.url("postgres"), &gone);
        for role in &self.roles {
            let _ = try_psql(&self.server.url("postgres"), &format!("DROP ROLE IF EXISTS {role}"));
        }
    }
}

/// Runs statements on a server; what they return, a line for each row.
pub fn psql(url: &str, sql: &str) -> String {
    let output = try_psql(url, sql);
    assert!(output.status.success(), "{}\n{sql}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
}

fn try_psql(url: &str, sql: &str) -> Output {
    let mut child = Command::new("psql")
        .args(["-XqAt", "-v", "ON_ERROR_STOP=1", url])
        .env_remove("PGOPTIONS")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("psql: {error}; apt-get install postgresql"));
    child.stdin.take().expect("a pipe").write_all(sql.as_bytes()).expect("psql reads");
    child.wait_with_output().expect("psql ends")
}

/// A name that no other test and no other run has.
fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn binaries() -> PathBuf {
    programs::binaries().expect(
        "no PostgreSQL server is installed: apt-get install postgresql, or name one in PANDIAN_TEST_POSTGRES_URL",
    )
}
