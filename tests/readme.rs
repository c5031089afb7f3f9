//! Runs the commands that README.md shows.
use crate::program::root;
use std::path::Path;
use std::process::Command;

/// What starts a command that is run here, and what stands for the program in it.
const STARTS: [&str; 2] = ["cargo run --release -- ", "pandian "];

/// The program's commands in the `sh` fences, continued lines joined.
fn commands(readme: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut fence: Option<String> = None;
    for line in readme.replace("\\\n", " ").lines().map(str::trim) {
        match (line.strip_prefix("```"), &fence) {
            (Some(_), Some(_)) => fence = None,
            (Some(tag), None) => fence = Some(tag.to_owned()),
            (None, Some(tag)) if tag == "sh" => {
                let arguments = STARTS.iter().find_map(|start| line.strip_prefix(start));
                commands.extend(arguments.map(|arguments| format!("pandian {arguments}")));
            }
            _ => {}
        }
    }
    commands
}

/// The command with everything it would write moved to `folder`.
fn redirected(command: &str, folder: &Path) -> String {
    let mut words: Vec<String> = command.split(' ').map(str::to_owned).collect();
    let outputs = ["-o", "--output", "--findings", ">"];
    for at in 1..words.len() {
        if outputs.contains(&words[at - 1].as_str()) {
            let name = Path::new(&words[at]).file_name().expect("a file name").to_string_lossy().into_owned();
            words[at] = folder.join(name).display().to_string();
        }
    }
    words.join(" ")
}

/// The command with the servers of the tests in the place of those that the README speaks of.
#[cfg(feature = "db")]
fn on_real_servers(command: &str) -> String {
    use crate::servers::{mysql, postgres};
    command
        .replace("postgres://audit@db1/crm", &postgres::Server::shared().url("postgres"))
        .replace("mysql://audit@db2", mysql::server().url("").trim_end_matches('/'))
}

#[cfg(not(feature = "db"))]
fn on_real_servers(command: &str) -> String {
    command.to_owned()
}

#[test]
fn commands_in_the_readme_work() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let commands = commands(&readme);
    let demo = |command: &String| command.starts_with("pandian scan corpora/demo");
    assert!(commands.iter().any(demo), "README.md shows no scan of corpora/demo: {commands:?}");
    let program = Path::new(env!("CARGO_BIN_EXE_pandian")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default());
    let folder = tempfile::tempdir().expect("a temporary folder");
    for command in commands {
        let line = on_real_servers(&redirected(&command, folder.path()));
        assert!(!line.contains("@db"), "a server that is not there: {line}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &line]).current_dir(root()).env("PATH", &path).stdin(std::process::Stdio::null());
        let output = shell.output().expect("a shell");
        let code = output.status.code();
        assert!(
            matches!(code, Some(0 | 3)),
            "{command}: {code:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn commands_are_found_and_moved_out_of_the_way() {
    let text =
        "```sh\ncd x\ncargo run --release -- scan a \\\n  -o m/map.json\n```\n```text\npandian scan b\n```\n";
    let found = commands(text);
    assert_eq!(found.len(), 1, "{found:?}");
    let moved = redirected(&found[0], Path::new("/there"));
    assert_eq!(
        moved.split_whitespace().collect::<Vec<_>>(),
        ["pandian", "scan", "a", "-o", "/there/map.json"]
    );
}
