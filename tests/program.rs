//! Runs the program on a folder of its own, and reads back what it wrote.
use assert_cmd::Command;
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Valid by construction and issued to no one.
pub const MOBILE: &str = "13800138000";
/// The same: day one, 1900.
pub const RESIDENT_ID: &str = "110101190001011009";
/// The same.
pub const CARD: &str = "6222020000000007";

/// The program, speaking English, with an end to its patience.
pub fn pandian() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pandian"));
    command.env("LC_ALL", "C").timeout(Duration::from_secs(120));
    command
}

/// The top of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How a run ended, and what it left.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// `map.json`; null where none was written.
    pub map: Value,
    /// `findings.jsonl`, line by line.
    pub findings: Vec<Value>,
}

impl Run {
    /// The findings of one file, by the end of its path.
    pub fn of(&self, name: &str) -> Vec<&Value> {
        self.findings
            .iter()
            .filter(|finding| finding["path"].as_str().is_some_and(|path| path.ends_with(name)))
            .collect()
    }

    /// The ledger row of one file, by the end of its path.
    pub fn row(&self, name: &str) -> &Value {
        let rows = self.map["coverage"]["exceptions"].as_array().expect("a ledger");
        rows.iter()
            .find(|row| row["path"].as_str().is_some_and(|path| path.ends_with(name)))
            .unwrap_or(&Value::Null)
    }

    /// Asserts how the run ended, and that every object is accounted for.
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.closes()
    }

    /// Asserts that every object is accounted for.
    pub fn closes(self) -> Self {
        let coverage = &self.map["coverage"];
        let count = |key: &str| coverage[key].as_u64().unwrap_or_else(|| panic!("no `{key}` in {coverage}"));
        assert_eq!(
            count("objects"),
            count("scanned") + count("partial") + count("skipped") + count("failed"),
            "{coverage}"
        );
        let rows = coverage["exceptions"].as_array().map_or(0, Vec::len) as u64;
        assert_eq!(
            count("objects") - count("scanned"),
            rows,
            "a row for every object not read whole: {coverage}"
        );
        self
    }
}

/// A folder to scan, and one beside it for what a scan writes.
pub struct Scene(TempDir);

impl Scene {
    pub fn new() -> Self {
        let scene = Scene(tempfile::tempdir().expect("a temporary folder"));
        std::fs::create_dir(scene.data()).expect("a folder");
        scene
    }

    /// A scene with these files in it.
    pub fn with(files: &[(&str, &[u8])]) -> Self {
        let scene = Scene::new();
        for (name, bytes) in files {
            scene.write(name, bytes);
        }
        scene
    }

    /// The folder to scan.
    pub fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// A place outside the folder to scan.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: impl AsRef<OsStr>, bytes: &[u8]) -> PathBuf {
        let path = self.data().join(Path::new(name.as_ref()));
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// Scans the folder, with more arguments.
    pub fn scan(&self, more: &[&str]) -> Run {
        let data = self.data();
        let mut all = vec![data.to_str().expect("UTF-8")];
        all.extend(more);
        self.run(&all, &[])
    }

    /// Scans `targets`, giving `stdin` to the program.
    pub fn run(&self, arguments: &[&str], stdin: &[u8]) -> Run {
        self.run_as(pandian(), arguments, stdin)
    }

    /// The program in a place where every user can run it, as one who may read little.
    pub fn unprivileged(&self) -> Command {
        let copy = self.beside("pandian");
        // Not by this process: a program that any process holds open for writing, and be it a child that was forked at
        // that moment for another test, cannot be run.
        let copied = std::process::Command::new("cp").arg(env!("CARGO_BIN_EXE_pandian")).arg(&copy).status();
        assert!(copied.expect("cp").success());
        std::fs::set_permissions(self.0.path(), Permissions::from_mode(0o777)).expect("a mode");
        let mut command = std::process::Command::new(copy);
        if rustix::process::geteuid().is_root() {
            command.uid(65534).gid(65534);
        }
        let mut command = Command::from_std(command);
        command.env("LC_ALL", "C").timeout(Duration::from_secs(120));
        command
    }

    /// Scans with a program of one's own.
    pub fn run_as(&self, mut command: Command, arguments: &[&str], stdin: &[u8]) -> Run {
        let (map, findings) = (self.beside("map.json"), self.beside("findings.jsonl"));
        for old in [&map, &findings] {
            if old.exists() {
                std::fs::remove_file(old).expect("removed");
            }
        }
        command.arg("scan").args(arguments).arg("-o").arg(&map).arg("--findings").arg(&findings);
        let output = command.write_stdin(stdin).output().expect("the program runs");
        let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
        let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
            map: if map.exists() { line(&read(&map)) } else { Value::Null },
            findings: read(&findings).lines().map(line).collect(),
        }
    }
}
