//! A private MariaDB, started once for a run of the tests and gone with it; or the server at `PANDIAN_TEST_MYSQL_URL`.
use sqlx::mysql::MySqlConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, Row};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Installs and starts the server, waits until its standard input ends, which is when the process of the tests is
/// gone, however it went, and removes what the server wrote. Jobs of their own (`set -m`) are ended with their children.
const WATCH: &str = r#"
set -m
cd "$FOLDER"
{ if [ -n "$SECURE" ]; then
      key="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3"
      openssl req -x509 $key -keyout ca.key -out ca.pem -subj /CN=authority &&
      openssl req -x509 $key -keyout key.pem -out cert.pem -subj /CN=server -CA ca.pem -CAkey ca.key \
          -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE || { touch ended; exit; }
      SECURE="--ssl-ca=$FOLDER/ca.pem --ssl-cert=$FOLDER/cert.pem --ssl-key=$FOLDER/key.pem"
  fi
  "$INSTALL" "$@" --auth-root-authentication-method=normal --skip-test-db --datadir="$FOLDER/data" &&
  "$SERVER" "$@" --datadir="$FOLDER/data" --socket="$FOLDER/socket" --pid-file="$FOLDER/pid" --port="$PORT" \
      --bind-address=127.0.0.1 --skip-log-bin --max-allowed-packet=1G $SECURE
  touch ended; } >log 2>&1 &
read -r _
kill -KILL -- "-$!"
wait
rm -rf "$FOLDER"
"#;

/// What installing and running have in common: nothing that is written need survive.
const QUICK: [&str; 8] = [
    "--no-defaults",
    "--skip-name-resolve",
    "--innodb-log-file-size=16M",
    "--innodb-data-file-path=ibdata1:4M:autoextend",
    "--innodb-flush-method=nosync",
    "--innodb-flush-log-at-trx-commit=0",
    "--skip-innodb-doublewrite",
    "--innodb-buffer-pool-size=64M",
];

/// A server, and how an administrator reaches it.
pub struct Server {
    /// `mysql://root@127.0.0.1:PORT`, without a database.
    url: String,
    /// What a private server writes into.
    folder: PathBuf,
    /// Its standard input is open as long as this process lives.
    _watch: Option<Child>,
}

/// The server of this run.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| match std::env::var("PANDIAN_TEST_MYSQL_URL") {
        Ok(url) => Server { url: url.trim_end_matches('/').to_owned(), folder: PathBuf::new(), _watch: None },
        Err(_) => Server::start(""),
    })
}

/// A private server that offers encryption, with a certificate for `localhost` of an authority of its own; and the
/// file of that authority.
pub fn secure_server() -> (&'static Server, PathBuf) {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(|| Server::start("yes"));
    (server, server.folder.join("ca.pem"))
}

impl Server {
    fn start(secure: &str) -> Self {
        let (install, server) = (program("mariadb-install-db"), program("mariadbd"));
        let folder = tempfile::Builder::new().prefix("pandian-mysql-").tempdir().expect("a folder");
        // The watch removes it.
        let folder = folder.keep();
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let watch = Command::new("bash")
            .args(["-c", WATCH, "bash"])
            .args(QUICK)
            .args(rustix::process::geteuid().is_root().then_some("--user=root"))
            .env("FOLDER", &folder)
            .env("INSTALL", install)
            .env("SERVER", server)
            .env("PORT", port.to_string())
            .env("SECURE", secure)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // An interrupt from the keyboard is for the tests; the watch sees them end.
            .process_group(0)
            .spawn()
            .expect("bash");
        let url = format!("mysql://root@127.0.0.1:{port}");
        let server = Server { url, folder: folder.clone(), _watch: Some(watch) };
        let begun = Instant::now();
        while let Err(error) = server.try_run("SELECT 1") {
            let over = begun.elapsed() > Duration::from_secs(60) || folder.join("ended").exists();
            let log = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(!over, "mariadbd does not start: {error}\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Runs statements as the administrator.
    pub fn run(&self, sql: &str) {
        self.try_run(sql).unwrap_or_else(|error| panic!("{error}\n{}", &sql[..sql.len().min(300)]));
    }

    fn try_run(&self, sql: &str) -> Result<(), sqlx::Error> {
        runtime().block_on(async {
            let mut connection = self.options().connect().await?;
            connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.map(drop)
        })
    }

    /// The first cell of an answer.
    pub fn ask(&self, sql: &str) -> String {
        runtime().block_on(async {
            let mut connection = self.options().connect().await.expect("a connection");
            let row = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_one(&mut connection).await.expect("an answer");
            let cell = row.try_get_unchecked::<Option<&[u8]>, _>(0).expect("a cell").unwrap_or_default();
            String::from_utf8(cell.to_vec()).expect("UTF-8")
        })
    }

    fn options(&self) -> MySqlConnectOptions {
        self.url.parse().expect("PANDIAN_TEST_MYSQL_URL is a URL")
    }

    /// The URL of a database, as the administrator.
    pub fn url(&self, database: &str) -> String {
        format!("{}/{database}", self.url)
    }

    /// The URL of a database, as someone else; `who` is `user` or `user:password`.
    pub fn url_as(&self, who: &str, database: &str) -> String {
        let (_, host) = self.url.rsplit_once('@').expect("a user in the URL");
        format!("mysql://{who}@{host}/{database}")
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Where a program is; servers lie in folders that are not everybody's to search.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    let found = folders.map(|folder| folder.join(name)).find(|program| program.exists());
    found.unwrap_or_else(|| {
        panic!("{name} is not there: apt-get install mariadb-server, or set PANDIAN_TEST_MYSQL_URL")
    })
}

/// A database of one test, dropped with it.
pub struct Base {
    pub name: String,
    users: Mutex<Vec<String>>,
}

impl Base {
    /// An empty database; statements on it see it as the current one.
    pub fn new(name: &str) -> Self {
        let name = format!("pandian_{}_{name}", std::process::id());
        server().run(&format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4"));
        Base { name, users: Mutex::default() }
    }

    /// A database made by these statements.
    pub fn with(name: &str, sql: &str) -> Self {
        let base = Base::new(name);
        base.run(sql);
        base
    }

    pub fn run(&self, sql: &str) {
        server().run(&format!("USE `{}`; {sql}", self.name));
    }

    /// The URL of this database.
    pub fn url(&self) -> String {
        server().url(&self.name)
    }

    /// A user of a name of its own, with what `grants` says: `SELECT ON base.t`.
    pub fn user(&self, name: &str, password: &str, grants: &[&str]) -> String {
        let user = format!("p{}_{name}", std::process::id());
        server().run(&format!("CREATE USER '{user}'@'%' IDENTIFIED BY '{password}'"));
        self.users.lock().expect("a lock").push(user.clone());
        for grant in grants {
            self.run(&format!("GRANT {grant} TO '{user}'@'%'"));
        }
        user
    }
}

impl Drop for Base {
    fn drop(&mut self) {
        let _ = server().try_run(&format!("DROP DATABASE IF EXISTS `{}`", self.name));
        for user in self.users.lock().expect("a lock").iter() {
            let _ = server().try_run(&format!("DROP USER '{user}'@'%'"));
        }
    }
}
