//! Option files: `~/.my.cnf` and its kin. Of them only what says where and as whom to connect; `!include` lines
//! are not followed.

/// The sections that clients read, in every flavour of the client.
const SECTIONS: [&str; 5] = ["client", "client-server", "client-mariadb", "mariadb-client", "mysql"];

/// What an option file may say; the last mention wins, as in the servers' own clients.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct OptionFile {
    pub host: Option<String>,
    pub port: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
    pub socket: Option<String>,
    pub ssl_ca: Option<String>,
}

impl OptionFile {
    /// Reads `text`, over what was read before.
    pub fn read(&mut self, text: &str) {
        let mut ours = false;
        for line in text.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[') {
                let section = section.split(']').next().unwrap_or_default().trim();
                ours = SECTIONS.contains(&section);
            } else if ours && !line.starts_with(['#', ';', '!']) {
                self.take(line);
            }
        }
    }

    fn take(&mut self, line: &str) {
        // `password` with no value asks the user; there may be no one.
        let Some((key, value)) = line.split_once('=') else { return };
        let key = key.trim().replace('_', "-").to_ascii_lowercase();
        let slot = match key.strip_prefix("loose-").unwrap_or(&key) {
            "host" => &mut self.host,
            "port" => &mut self.port,
            "user" => &mut self.user,
            "password" => &mut self.password,
            "socket" => &mut self.socket,
            "ssl-ca" => &mut self.ssl_ca,
            _ => return,
        };
        *slot = Some(plain(value));
    }
}

/// A value without its comment, its quotes and its escapes.
fn plain(value: &str) -> String {
    let value = value.trim();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = match quote {
        Some(quote) => until(&value[1..], |c| c == quote),
        None => until(value, |c| c == '#').trim_end(),
    };
    let mut plain = String::with_capacity(inner.len());
    let mut signs = inner.chars();
    while let Some(sign) = signs.next() {
        if sign != '\\' {
            plain.push(sign);
            continue;
        }
        match signs.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some('b') => plain.push('\u{8}'),
            Some('s') => plain.push(' '),
            Some(sign @ ('\\' | '"' | '\'')) => plain.push(sign),
            Some(sign) => plain.extend(['\\', sign]),
            None => plain.push('\\'),
        }
    }
    plain
}

/// The text up to a sign that is not escaped.
fn until(text: &str, end: impl Fn(char) -> bool) -> &str {
    let mut escaped = false;
    for (at, sign) in text.char_indices() {
        if !escaped && end(sign) {
            return &text[..at];
        }
        escaped = sign == '\\' && !escaped;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_quotes_comments_and_spellings() {
        let mut file = OptionFile::default();
        file.read(
            "user=nobody\n[mysqld]\nsocket=/no\n# x\n[client]\n user = scan # who\npassword=\"a#b\\\"c'\"\n\
             ; y\nloose-ssl_ca = /ca.pem\nport=1\n!include /etc/other\n[mariadb-client]\nport = 3307\nhost='h'\n\
             [mysqldump]\nuser=dump\npassword\n",
        );
        let some = |text: &str| Some(text.to_owned());
        assert!(file.user == some("scan") && file.password == some("a#b\"c'") && file.socket.is_none());
        assert!(file.port == some("3307") && file.host == some("h") && file.ssl_ca == some("/ca.pem"));
    }

    #[test]
    fn escapes_are_those_of_the_servers_clients() {
        for (value, shown) in [(r"a\sb", "a b"), (r"a\\b", r"a\b"), (r"a\xb", r"a\xb"), ("", ""), ("\"", "")]
        {
            assert_eq!(plain(value), shown, "{value}");
        }
    }
}
