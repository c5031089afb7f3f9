//! Tells a database from a file among the targets, and shows it without its password.
use super::{Database, mysql, postgres, sqlite};
use std::path::PathBuf;
use url::Url;

/// What may stand in the query of a URL and must not be shown.
const SECRETS: [&str; 4] = ["password", "sslpassword", "sslkey", "ssl-key"];

/// A database that was named on the command line.
#[derive(Clone)]
pub enum Target {
    /// `postgres://…`, and servers that speak its protocol.
    Postgres(Url),
    /// `mysql://…`, `mariadb://…`, and servers that speak its protocol.
    MySql(Url),
    /// `sqlite:path`.
    Sqlite(PathBuf),
}

impl Target {
    /// Reads a target; `None` where it is no database but a path.
    ///
    /// # Errors
    /// A URL that cannot be read, in words that do not repeat it: it may hold a password.
    pub fn parse(text: &str) -> Option<Result<Self, String>> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Some(Ok(Target::Sqlite(path.trim_start_matches("//").into())));
        }
        let (scheme, _) = text.split_once("://")?;
        let make: fn(Url) -> Self = match scheme {
            "postgres" | "postgresql" => Target::Postgres,
            "mysql" | "mariadb" => Target::MySql,
            _ => return None,
        };
        let wrong = |error| {
            format!(
                "the {scheme} URL cannot be read: {error}; write it as {scheme}://USER@HOST:PORT/DATABASE, with signs such as @ : / # in names written as %40 %3A %2F %23, and the password in the environment"
            )
        };
        Some(Url::parse(text).map(make).map_err(wrong))
    }

    /// The target as it was given, without passwords: what paths begin with.
    pub fn shown(&self) -> String {
        match self {
            Target::Postgres(url) | Target::MySql(url) => without_secrets(url),
            Target::Sqlite(path) => format!("sqlite:{}", path.display()),
        }
    }

    /// The path of a table: below a server with `/`, inside a file behind `!`.
    pub fn path_of(&self, below: &str) -> String {
        match self {
            Target::Sqlite(_) => format!("{}!{below}", self.shown()),
            _ => {
                let shown = self.shown();
                let base = shown.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
                format!("{base}/{below}")
            }
        }
    }

    /// The database. No connection is made yet.
    ///
    /// # Errors
    /// Options in the URL that the driver does not know, in words without a secret.
    pub fn open(&self) -> Result<Box<dyn Database>, String> {
        Ok(match self {
            Target::Postgres(url) => Box::new(postgres::Postgres::open(url)?),
            Target::MySql(url) => Box::new(mysql::MySql::open(url)?),
            Target::Sqlite(path) => Box::new(sqlite::Sqlite::open(path)),
        })
    }
}

fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    // Fails only for URLs that cannot have a password.
    let _ = url.set_password(None);
    let is_secret = |name: &str| SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret));
    if url.query_pairs().any(|(name, _)| is_secret(&name)) {
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !is_secret(name))
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    url.to_string().trim_end_matches('?').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (text, shown) in [
            ("postgres://u:hush@h:5432/crm", "postgres://u@h:5432/crm"),
            (
                "mysql://u:hu%40sh@h/shop?password=hush&ssl-mode=disabled",
                "mysql://u@h/shop?ssl-mode=disabled",
            ),
            ("postgresql:///crm?password=hush", "postgresql:///crm"),
            ("sqlite:a/b.db", "sqlite:a/b.db"),
        ] {
            let target = Target::parse(text).expect("a database").expect("a URL");
            assert_eq!(target.shown(), shown);
            assert!(!target.path_of("t").contains("hush"));
        }
    }

    #[test]
    fn paths_are_no_databases() {
        for text in ["share/a.db", "-", "C://x", "http://h/x"] {
            assert!(Target::parse(text).is_none(), "{text}");
        }
        let error = Target::parse("postgres://u:hush@h:port/x").expect("a database").err().expect("no URL");
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn tables_lie_below_a_server_and_inside_a_file() {
        let path =
            |text: &str| Target::parse(text).expect("a database").expect("a URL").path_of("crm/public.t");
        assert_eq!(path("postgres://h"), "postgres://h/crm/public.t");
        assert_eq!(path("postgres://h/?sslmode=disable"), "postgres://h/crm/public.t");
        assert_eq!(path("sqlite:x.db"), "sqlite:x.db!crm/public.t");
    }
}
