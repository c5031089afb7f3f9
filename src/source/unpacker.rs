//! Archives that nothing here reads, unpacked by a program of the user's own into a private folder.
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Seek};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a program may take for one archive.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// How often it is looked at.
const PAUSE: Duration = Duration::from_millis(20);
/// Folders within folders that are looked into.
const DEEPEST: usize = 256;

/// A program that unpacks, and how it is told to.
struct Program {
    name: &'static str,
    arguments: fn(&Path, &Path) -> Vec<OsString>,
}

/// Those that are known: without questions, without a password.
const PROGRAMS: [Program; 4] = [
    Program { name: "unrar", arguments: unrar },
    Program { name: "7zz", arguments: seven_zip },
    Program { name: "7z", arguments: seven_zip },
    Program { name: "unar", arguments: unar },
];

fn unrar(archive: &Path, folder: &Path) -> Vec<OsString> {
    let mut folder = folder.as_os_str().to_owned();
    folder.push("/");
    let options = ["x", "-idq", "-y", "-p-", "-kb", "-o+", "--"].map(OsString::from);
    options.into_iter().chain([archive.into(), folder]).collect()
}

fn seven_zip(archive: &Path, folder: &Path) -> Vec<OsString> {
    let mut into = OsString::from("-o");
    into.push(folder);
    let options = ["x", "-y", "-bd", "-p"].map(OsString::from);
    options.into_iter().chain([into, "--".into(), archive.into()]).collect()
}

fn unar(archive: &Path, folder: &Path) -> Vec<OsString> {
    let options = ["-q", "-f", "-no-directory", "-p", "", "-o"].map(OsString::from);
    options.into_iter().chain([folder.into(), "--".into(), archive.into()]).collect()
}

/// How much may be unpacked, and what ends it before.
pub struct Bounds<'a> {
    /// Bytes on the disk.
    pub bytes: u64,
    /// Files and folders.
    pub entries: u64,
    /// Set when the user interrupts.
    pub stop: &'a AtomicBool,
}

/// Why an archive was unpacked in part at best.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// No program that could do it is installed.
    NoProgram,
    /// A password is needed.
    Password,
    /// The program says that something is wrong.
    Failed,
    /// It took too long.
    TimedOut,
    /// It gave more than is allowed.
    TooMuch,
    /// The user interrupted.
    Interrupted,
}

/// What came out of an archive; the folder goes with it.
pub struct Unpacked {
    folder: TempDir,
    /// What is wrong with it.
    pub shortfall: Option<Shortfall>,
}

/// Unpacks an archive with the first program that can.
///
/// # Errors
/// The folder cannot be made, or a program that is there cannot be run.
pub fn unpack(archive: &Path, bounds: &Bounds<'_>) -> io::Result<Unpacked> {
    // A path that begins with a dash, or is looked for in another folder.
    let archive = archive.canonicalize()?;
    let mut best: Option<Unpacked> = None;
    for program in &PROGRAMS {
        let Some(path) = on_path(program.name) else { continue };
        let unpacked = run(&path, program, &archive, bounds)?;
        match unpacked.shortfall {
            // Not every one of them reads every format: the next may.
            Some(Shortfall::Failed) => {
                let is_better = best.as_ref().is_none_or(|best| best.files().len() < unpacked.files().len());
                best = if is_better { Some(unpacked) } else { best };
            }
            _ => return Ok(unpacked),
        }
    }
    match best {
        Some(unpacked) => Ok(unpacked),
        None => Ok(Unpacked { folder: private_folder()?, shortfall: Some(Shortfall::NoProgram) }),
    }
}

fn private_folder() -> io::Result<TempDir> {
    tempfile::Builder::new().prefix("pandian-").permissions(Permissions::from_mode(0o700)).tempdir()
}

/// Where a program is.
fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    // An empty or relative part is the folder one is in, which may be the one that is scanned.
    let absolute = std::env::split_paths(&folders).filter(|folder| folder.is_absolute());
    absolute.map(|folder| folder.join(name)).find(|path| {
        fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

fn run(path: &Path, program: &Program, archive: &Path, bounds: &Bounds<'_>) -> io::Result<Unpacked> {
    let folder = private_folder()?;
    let mut complaints = tempfile::tempfile()?;
    let child = Command::new(path)
        .args((program.arguments)(archive, folder.path()))
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(complaints.try_clone()?)
        .stderr(complaints.try_clone()?)
        .spawn()?;
    let ended = watch(child, folder.path(), bounds)?;
    let shortfall = match ended {
        Ok(status) if status.success() => over(folder.path(), bounds).then_some(Shortfall::TooMuch),
        Ok(_) if speak_of_password(&mut complaints)? => Some(Shortfall::Password),
        Ok(_) => Some(Shortfall::Failed),
        Err(shortfall) => Some(shortfall),
    };
    Ok(Unpacked { folder, shortfall })
}

/// Waits for the program, and ends it when it goes too far.
fn watch(mut child: Child, folder: &Path, bounds: &Bounds<'_>) -> io::Result<Result<ExitStatus, Shortfall>> {
    let (begun, mut pause, mut measured) = (Instant::now(), Duration::from_millis(1), Instant::now());
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Ok(status));
        }
        let mut excess = None;
        // Measuring takes time, too, where there are many files.
        if measured.elapsed() > 10 * pause {
            let start = Instant::now();
            excess = over(folder, bounds).then_some(Shortfall::TooMuch);
            measured = Instant::now() + 4 * start.elapsed();
        }
        let late = (begun.elapsed() > PATIENCE).then_some(Shortfall::TimedOut);
        let stopped = bounds.stop.load(Ordering::Relaxed).then_some(Shortfall::Interrupted);
        if let Some(shortfall) = excess.or(late).or(stopped) {
            child.kill()?;
            child.wait()?;
            return Ok(Err(shortfall));
        }
        thread::sleep(pause);
        pause = PAUSE.min(2 * pause);
    }
}

/// Whether more lies in the folder than may.
fn over(folder: &Path, bounds: &Bounds<'_>) -> bool {
    let (mut bytes, mut entries) = (0_u64, 0_u64);
    let mut folders = VecDeque::from([folder.to_owned()]);
    while let Some(folder) = folders.pop_front() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            entries += 1;
            if metadata.is_dir() {
                folders.push_back(entry.path());
            } else {
                bytes = bytes.saturating_add(metadata.len());
            }
            if bytes > bounds.bytes || entries > bounds.entries {
                return true;
            }
        }
    }
    false
}

/// Whether the program wrote that it wants a password.
fn speak_of_password(complaints: &mut File) -> io::Result<bool> {
    let mut text = Vec::new();
    complaints.rewind()?;
    complaints.take(1 << 20).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text).to_lowercase();
    Ok(text.contains("password") || text.contains("encrypted"))
}

impl Unpacked {
    /// The files, with their paths within, in order. Links are none, wherever they lead.
    pub fn files(&self) -> Vec<(String, PathBuf)> {
        let mut files = Vec::new();
        collect(self.folder.path(), "", 0, &mut files);
        files
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // Folders that may not be written to, as some archives want theirs, could not be emptied.
        self.files();
    }
}

fn collect(folder: &Path, below: &str, depth: usize, files: &mut Vec<(String, PathBuf)>) {
    // The archive had its own rights for it.
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), format!("{below}{}", entry.file_name().to_string_lossy()));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < DEEPEST => {
                collect(&path, &format!("{name}/"), depth + 1, files);
            }
            Ok(kind) if kind.is_file() => {
                let _ = fs::set_permissions(&path, Permissions::from_mode(0o600));
                files.push((name, path));
            }
            _ => {}
        }
    }
}
