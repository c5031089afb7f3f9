//! Where PostgreSQL's programs are, and how they are run: as a user of its own where we are root.
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where the newest installed server is.
pub fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| {
            let bin = version.path().join("bin");
            let number = version.file_name().to_str()?.parse().ok()?;
            bin.join("initdb").exists().then_some((number, bin))
        })
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return Some(bin);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
}

/// The user and group that a server runs as where the tests run as root, for which it does not start.
pub fn account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("a list of users");
    let of = |name: &str| {
        let line = users.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2).map(|field| field.parse().ok());
        Some((fields.next()??, fields.next()??))
    };
    Some(of("postgres").or_else(|| of("nobody")).expect("a user for the server"))
}

/// Runs a command as that user.
pub fn as_server(command: &mut Command) -> &mut Command {
    if let Some((user, group)) = account() {
        command.uid(user).gid(group);
    }
    command
}

/// Runs a command that must succeed. A server that it leaves behind must not hold a pipe open.
pub fn done(command: &mut Command) {
    let log = tempfile::tempfile().expect("a file");
    let out = || Stdio::from(log.try_clone().expect("a handle"));
    let status = command.stdin(Stdio::null()).stdout(out()).stderr(out()).status();
    let said = || {
        use std::io::{Read, Seek};
        let (mut log, mut text) = (&log, String::new());
        let _ = log.rewind();
        let _ = log.read_to_string(&mut text);
        text
    };
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{command:?}: {status:?}\n{}", said());
}
