//! A database server that runs as long as the bench does, on a socket that no one else can reach.
use crate::shared::Failure;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Starts the server, waits until its standard input ends, which is when the bench is gone, however it went, and stops
/// it. The arguments: the signal that stops it, the folder of its socket, its program and options.
const WATCH: &str =
    r#"signal=$1 folder=$2; shift 2; "$@" & read -r _; kill -"$signal" $!; wait; rm -rf "$folder""#;
/// How long it may take to start: it may have to read its log first.
const START: Duration = Duration::from_secs(120);

/// A running server.
pub struct Server {
    watch: Child,
    /// The folder of its socket, and of its log.
    folder: PathBuf,
}

/// Makes the folder of a server's socket, for the user it runs as.
pub fn socket_folder(user: Option<(u32, u32)>) -> Result<PathBuf, Failure> {
    // A path in the checkout may be longer than that of a socket can be.
    let folder = tempfile::Builder::new()
        .prefix("pandian-bench-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir()?
        .keep();
    if let Some((user, group)) = user {
        chown(&folder, Some(user), Some(group))?;
    }
    Ok(folder)
}

impl Server {
    /// Starts `server`, the program and its options, and waits until `answers`. `user` is whom it runs as, if not as we
    /// do.
    pub fn start(
        server: &Command,
        signal: &str,
        folder: &Path,
        user: Option<(u32, u32)>,
        mut answers: impl FnMut() -> bool,
    ) -> Result<Self, Failure> {
        let mut watch = Command::new("sh");
        watch.args(["-c", WATCH, "sh", signal]).arg(folder).arg(server.get_program()).args(server.get_args());
        if let Some((user, group)) = user {
            watch.uid(user).gid(group);
        }
        let log = File::create(folder.join("log"))?;
        // An interrupt from the keyboard is for the bench; the watch sees it end.
        watch.current_dir("/").process_group(0).stdin(Stdio::piped()).stdout(log.try_clone()?).stderr(log);
        let server = Server { watch: watch.spawn()?, folder: folder.to_owned() };
        let begun = Instant::now();
        while !answers() {
            if begun.elapsed() > START {
                let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
                return Err(format!("the server does not answer:\n{log}").into());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.watch.stdin.take());
        let _ = self.watch.wait();
    }
}

/// Runs a program to its end; what it said on standard output.
pub fn run(command: &mut Command) -> Result<String, Failure> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?.trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{command:?}: {}: {said}", output.status).into())
}
