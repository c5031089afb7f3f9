//! Where and as whom to connect: what the URL says, then the environment, then the option files.
use super::option_file::OptionFile;
use crate::source::database::{Access, Tls};
use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use std::path::{Path, PathBuf};
use url::Url;

/// What may stand in the query of the URL.
const KNOWN: [&str; 9] =
    ["ssl-mode", "sslmode", "ssl-ca", "sslca", "ssl-cert", "sslcert", "ssl-key", "sslkey", "socket"];
/// Where servers put their socket, for a URL that names no host.
const SOCKETS: [&str; 3] = ["/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/tmp/mysql.sock"];

/// How to connect to one server.
#[derive(Clone)]
pub(super) struct Options {
    connect: MySqlConnectOptions,
    /// The database that the URL names.
    pub database: Option<String>,
    /// Whether the URL says how the connection is secured.
    secured: bool,
    /// The file of authorities that the URL or an option file names.
    authority: Option<PathBuf>,
}

impl Options {
    /// What the URL says, and what it leaves open.
    ///
    /// # Errors
    /// Options that are not known, in words without a secret.
    pub fn of(url: &Url) -> Result<Self, String> {
        let value = |names: &[&str]| {
            let mut pairs = url.query_pairs();
            pairs.find(|(name, _)| names.contains(&&**name)).map(|(_, value)| value.into_owned())
        };
        if let Some((name, _)) = url.query_pairs().find(|(name, _)| !KNOWN.contains(&&**name)) {
            return Err(format!(
                "the mysql URL has the option `{name}`, which is not known; known are {}; a password belongs in MYSQL_PWD or ~/.my.cnf",
                KNOWN.join(", ")
            ));
        }
        // Its error repeats values of options, none of which is a secret.
        let connect = MySqlConnectOptions::from_url(url)
            .map_err(|error| format!("the mysql URL cannot be read: {error}"))?;
        // Compatible servers do not know what the driver would set by itself; the session sets what it needs.
        let connect =
            connect.pipes_as_concat(false).no_engine_substitution(false).timezone(None).set_names(false);
        // The bounds of a range may be somebody's number.
        let connect = connect.disable_statement_logging();
        let database = connect.get_database().map(str::to_owned);
        let options = Options {
            connect,
            database,
            secured: value(&["ssl-mode", "sslmode"]).is_some(),
            authority: value(&["ssl-ca", "sslca"]).map(PathBuf::from),
        };
        options.completed(url, &option_files())
    }

    fn completed(mut self, url: &Url, file: &OptionFile) -> Result<Self, String> {
        let has_socket = url.query_pairs().any(|(name, _)| name == "socket");
        let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut connect = self.connect;
        if url.username().is_empty() {
            let user = file.user.clone().or_else(|| env("USER"));
            connect = connect.username(user.as_deref().unwrap_or("root"));
        }
        if url.password().is_none()
            && let Some(password) = env("MYSQL_PWD").or_else(|| file.password.clone())
        {
            connect = connect.password(&password);
        }
        if url.host_str().is_none_or(str::is_empty) && !has_socket {
            let host = env("MYSQL_HOST").or_else(|| file.host.clone());
            let usual = || SOCKETS.iter().find(|path| Path::new(path).exists()).map(PathBuf::from);
            connect = match (host, file.socket.as_deref().map(PathBuf::from).or_else(usual)) {
                (Some(host), _) => connect.host(&host),
                (None, Some(socket)) => connect.socket(socket),
                (None, None) => connect.host("localhost"),
            };
        }
        if url.port().is_none()
            && let Some(port) = env("MYSQL_TCP_PORT").or_else(|| file.port.clone())
        {
            let wrong = |_| format!("the port `{port}` of MYSQL_TCP_PORT or ~/.my.cnf is no port number");
            connect = connect.port(port.trim().parse().map_err(wrong)?);
        }
        if self.authority.is_none()
            && let Some(ca) = &file.ssl_ca
        {
            connect = connect.ssl_ca(ca);
            self.authority = Some(ca.into());
        }
        self.connect = connect;
        Ok(self)
    }

    /// The driver's options; no database is entered.
    pub fn connect(&self, access: &Access) -> MySqlConnectOptions {
        let mut connect = self.connect.clone();
        if !self.secured {
            connect = connect.ssl_mode(match access.tls {
                // Encrypted where the server offers it: it costs little, and MySQL's newer ways to log in want it.
                Tls::Verify if self.is_here() => MySqlSslMode::Preferred,
                Tls::Verify => MySqlSslMode::VerifyIdentity,
                Tls::Insecure => MySqlSslMode::Required,
                Tls::Off => MySqlSslMode::Disabled,
            });
        }
        match self.authority(access) {
            Some(ca) => connect.ssl_ca(ca),
            None => connect,
        }
    }

    /// The file of authorities to trust; what the URL says comes first.
    pub fn authority<'a>(&'a self, access: &'a Access) -> Option<&'a Path> {
        self.authority.as_deref().or(access.tls_ca.as_deref())
    }

    /// Whether the server is this machine itself.
    fn is_here(&self) -> bool {
        let host = self.connect.get_host().trim_start_matches('[').trim_end_matches(']');
        let is_loopback = |ip: std::net::IpAddr| ip.is_loopback();
        self.connect.get_socket().is_some()
            || host.eq_ignore_ascii_case("localhost")
            || host.parse().is_ok_and(is_loopback)
    }

    /// The server in words: `user@host:port`, or the socket.
    pub fn shown(&self) -> String {
        let user = self.connect.get_username();
        match self.connect.get_socket() {
            Some(socket) => format!("{user}@{}", socket.display()),
            None => format!("{user}@{}:{}", self.connect.get_host(), self.connect.get_port()),
        }
    }
}

/// What the option files of this user say. A file that cannot be read says nothing, as for the servers' own clients.
fn option_files() -> OptionFile {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let files = [
        folder("MYSQL_HOME").map(|home| home.join("my.cnf")),
        folder("HOME").map(|home| home.join(".my.cnf")),
    ];
    let mut all = OptionFile::default();
    for path in files.into_iter().flatten() {
        if let Ok(text) = std::fs::read_to_string(path) {
            all.read(&text);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, file: &str) -> Options {
        let mut options = OptionFile::default();
        options.read(file);
        let url = Url::parse(url).expect("a URL");
        let connect = MySqlConnectOptions::from_url(&url).expect("options");
        let bare = Options { connect, database: None, secured: false, authority: None };
        bare.completed(&url, &options).expect("options")
    }

    #[test]
    fn the_url_comes_before_the_option_file() {
        let file = "[client]\nhost=there\nuser=ann\nport=3307\nsocket=/s";
        assert_eq!(of("mysql://bob@here:3308/x", file).shown(), "bob@here:3308");
        assert_eq!(of("mysql:///x", file).shown(), "ann@there:3307");
        assert_eq!(of("mysql:///x", "[client]\nuser=ann\nsocket=/s").shown(), "ann@/s");
    }

    #[test]
    fn this_machine_needs_no_certificate() {
        for (url, here) in [
            ("mysql://u@localhost/", true),
            ("mysql://u@127.0.0.2/", true),
            ("mysql://u@[::1]/", true),
            ("mysql://u@h/?socket=/s", true),
            ("mysql://u@db.example/", false),
        ] {
            assert_eq!(of(url, "").is_here(), here, "{url}");
        }
    }

    #[test]
    fn unknown_options_are_named_without_their_values() {
        let url = Url::parse("mysql://u@h/?password=hush").expect("a URL");
        let error = Options::of(&url).err().expect("an error");
        assert!(error.contains("`password`") && !error.contains("hush"), "{error}");
    }
}
