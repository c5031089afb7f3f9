//! Files and circumstances that go against a scan: each costs one ledger row at most, never the scan.
use crate::program::{MOBILE, RESIDENT_ID, Scene, pandian};
use pandian::source::{Content, File, open};
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().expect("mkfifo");
    assert!(made.success());
}

#[test]
fn what_is_no_file_is_a_row() {
    let scene = Scene::with(&[("good.txt", format!("手机{MOBILE}").as_bytes())]);
    fifo(&scene.data().join("pipe"));
    symlink("good.txt", scene.data().join("link")).expect("a link");
    symlink("nowhere", scene.data().join("dangling")).expect("a link");
    let run = scene.scan(&[]).ends(3);
    assert_eq!(run.row("pipe")["reason"], "special-file");
    assert_eq!(run.row("link")["reason"], "symlink");
    assert_eq!(run.row("dangling")["reason"], "symlink");
    assert_eq!(run.findings.len(), 1);
    std::fs::remove_file(scene.data().join("pipe")).expect("removed");
    scene.scan(&[]).ends(0);
}

#[test]
fn a_fifo_or_device_as_target_does_not_hang() {
    let scene = Scene::new();
    let pipe = scene.data().join("pipe");
    fifo(&pipe);
    for target in [pipe.to_str().expect("UTF-8"), "/dev/zero"] {
        let run = scene.run(&[target], b"").ends(3);
        assert_eq!(run.row(target)["reason"], "special-file");
    }
}

#[test]
fn followed_links_are_read_and_loops_are_rows() {
    let scene = Scene::with(&[("sub/good.txt", format!("手机{MOBILE}").as_bytes())]);
    symlink("..", scene.data().join("sub/up")).expect("a link");
    symlink("sub/good.txt", scene.data().join("link")).expect("a link");
    let run = scene.scan(&["--follow"]).ends(3);
    assert_eq!(run.row("sub/up")["reason"], "link-loop");
    assert_eq!(run.findings.len(), 2, "the file and the link to it: {:?}", run.findings);
}

#[test]
fn what_cannot_be_opened_is_a_failed_row() {
    let scene = Scene::with(&[("good.txt", format!("手机{MOBILE}").as_bytes())]);
    let good = scene.data().join("good.txt");
    let missing = scene.data().join("missing");
    let run = scene.run(&[good.to_str().expect("UTF-8"), missing.to_str().expect("UTF-8")], b"").ends(3);
    assert_eq!(run.row("missing")["state"], "failed");
    assert_eq!(run.row("missing")["reason"], "vanished");
    assert_eq!(run.findings.len(), 1);
}

#[test]
fn what_may_not_be_read_is_a_failed_row() {
    let scene = Scene::with(&[("good.txt", format!("手机{MOBILE}").as_bytes()), ("closed/in.txt", b"x")]);
    for closed in ["closed.txt", "closed"] {
        let path = scene.data().join(closed);
        if !path.exists() {
            scene.write(closed, b"x");
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o000)).expect("a mode");
    }
    let data = scene.data();
    let run = scene.run_as(scene.unprivileged(), &[data.to_str().expect("UTF-8")], b"").ends(3);
    for closed in ["closed.txt", "closed"] {
        assert_eq!(run.row(closed)["state"], "failed", "{}", run.map["coverage"]);
        assert_eq!(run.row(closed)["reason"], "permission-denied");
    }
    assert_eq!(run.findings.len(), 1);
    std::fs::set_permissions(data.join("closed"), std::fs::Permissions::from_mode(0o700)).expect("a mode");
}

#[test]
fn names_that_hold_values_are_masked_and_still_lead_to_the_file() {
    let scene = Scene::with(&[(&format!("{RESIDENT_ID}正面.txt"), format!("手机{MOBILE}").as_bytes())]);
    scene.write(format!("{MOBILE}/photo.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    let run = scene.scan(&[]).ends(3);
    let all = format!("{}{:?}{}{}", run.map, run.findings, run.stdout, run.stderr);
    assert!(!all.contains(RESIDENT_ID) && !all.contains(MOBILE), "{all}");
    for shown in [&run.findings[0]["path"], &run.map["coverage"]["exceptions"][0]["path"]] {
        let pattern = shown.as_str().expect("a path");
        let line = format!("test -e {pattern}");
        assert!(
            std::process::Command::new("sh").args(["-c", &line]).status().expect("a shell").success(),
            "{line}"
        );
    }
    let revealed = scene.scan(&["--reveal"]).ends(3);
    assert_eq!(revealed.of(&format!("{RESIDENT_ID}正面.txt")).len(), 1);
    assert!(!revealed.map.to_string().contains(RESIDENT_ID));
}

#[test]
fn a_file_that_grows_while_it_is_read_ends() {
    let scene = Scene::new();
    let line = format!("手机{MOBILE} {}\n", "x".repeat(1000));
    // One that is read at once, and one that is mapped.
    let paths =
        [scene.write("small.log", line.as_bytes()), scene.write("big.log", line.repeat(4000).as_bytes())];
    let growing = Arc::new(AtomicBool::new(true));
    let (goes_on, rows) = (growing.clone(), line.repeat(50));
    let writer = std::thread::spawn(move || {
        let mut files = paths.map(|path| OpenOptions::new().append(true).open(path).expect("the file"));
        while goes_on.load(Ordering::Relaxed) {
            files.iter_mut().for_each(|file| file.write_all(rows.as_bytes()).expect("written"));
        }
    });
    let run = scene.scan(&[]).ends(0);
    growing.store(false, Ordering::Relaxed);
    writer.join().expect("a writer");
    assert_eq!(run.map["coverage"]["scanned"], 2);
    assert!(run.of("big.log").len() >= 4000 && !run.of("small.log").is_empty());
}

#[test]
fn names_that_are_not_utf8_are_scanned() {
    let scene = Scene::new();
    scene.write(OsStr::from_bytes(b"\xD6\xD0\xCE\xC4.txt"), format!("手机{MOBILE}").as_bytes());
    let run = scene.scan(&[]).ends(0);
    assert_eq!(run.of(".txt").len(), 1);
}

#[test]
fn empty_and_binary_files_are_accounted_for() {
    let mut state = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(1 << 20)
    .collect();
    let scene = Scene::with(&[
        ("empty", b""),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        ("noise.bin", &noise),
    ]);
    scene.write("bom", b"\xFF\xFE");
    scene.write("odd", b"\xFF\xFE1");
    let run = scene.scan(&[]).ends(3);
    assert_eq!(run.map["coverage"]["scanned"], 3, "{}", run.map["coverage"]);
    assert_eq!(run.row("image.png")["reason"], "image");
    assert_eq!(run.row("image.png")["detail"], "png");
    assert_eq!(run.row("noise.bin")["reason"], "no-decoder");
}

#[test]
fn a_line_of_100_megabytes_is_scanned_to_its_end() {
    let scene = Scene::new();
    let head = format!("手机{MOBILE} {}", "x".repeat(70_000));
    let path = scene.write("line.txt", head.as_bytes());
    let length = 100_000_000;
    let mut file = OpenOptions::new().write(true).open(&path).expect("the file");
    file.set_len(length).expect("a hole");
    file.seek(SeekFrom::End(0)).expect("the end");
    file.write_all(format!(" 手机{MOBILE}").as_bytes()).expect("written");
    let run = scene.scan(&[]).ends(0);
    let offsets: Vec<_> = run.findings.iter().map(|finding| finding["offset"].as_u64()).collect();
    assert_eq!(offsets, [Some(6), Some(length + 7)]);
    assert!(run.findings.iter().all(|finding| finding["line"] == 1));
}

#[test]
fn an_open_quote_hides_nothing() {
    let rows = 150_000;
    let text = format!(
        "a,b,手机号\n1,2,{MOBILE}\n3,\"never closed,4\n{}",
        format!("客户,备注,{MOBILE}\n").repeat(rows)
    );
    assert!(text.len() > 3 << 20);
    let scene = Scene::with(&[("t.csv", text.as_bytes())]);
    let run = scene.scan(&["--jobs", "1"]).ends(0);
    assert_eq!(run.findings.len(), rows + 1);
    let streamed = scene.run(&["-"], text.as_bytes()).ends(0);
    assert_eq!(streamed.findings.len(), rows + 1, "the same from a stream");
}

#[test]
fn ragged_rows_are_read_as_they_come() {
    let mut text = String::from("a,b,手机号\n");
    for i in 0..20 {
        text += &match i {
            5 => "1\n".to_owned(),
            9 => format!("1,2,3,4,{MOBILE}\n"),
            _ => format!("1,2,{MOBILE}\n"),
        };
    }
    let run = Scene::with(&[("t.csv", text.as_bytes())]).scan(&[]).ends(0);
    assert_eq!(run.findings.len(), 19);
    assert_eq!(
        run.findings.iter().filter(|finding| finding["row"] == 10 && finding["line"] == 11).count(),
        1
    );
}

#[test]
fn json_nested_or_broken_is_read_all_the_same() {
    let nested = |depth: usize| format!("{}\"手机{MOBILE}\"{}", "[".repeat(depth), "]".repeat(depth));
    let scene = Scene::with(&[
        ("d30.json", nested(30).as_bytes()),
        ("d100.json", nested(100).as_bytes()),
        ("d100000.json", nested(100_000).as_bytes()),
        ("broken.json", format!("{{\"mobile\": \"{MOBILE}\", \"x\": ").as_bytes()),
        (
            "broken.jsonl",
            format!("{{\"a\":1}}\n{{\"mobile\": \"{MOBILE}\n{{\"mobile\": \"{MOBILE}\"}}\n").as_bytes(),
        ),
    ]);
    let run = scene.scan(&[]).ends(0);
    for (name, count) in
        [("d30.json", 1), ("d100.json", 1), ("d100000.json", 1), ("broken.json", 1), ("broken.jsonl", 2)]
    {
        assert_eq!(run.of(name).len(), count, "{name}: {:?}", run.findings);
    }
}

#[test]
fn values_in_the_place_of_names_are_not_shown_as_names() {
    let wide = "１３８００１３８０００";
    let escaped: String = MOBILE.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    let scene = Scene::with(&[
        ("keys.json", format!("{{\"{MOBILE}\": {{\"name\": \"x\"}}, \"{RESIDENT_ID}\": 1}}").as_bytes()),
        ("escaped.json", format!("{{\"{escaped}\": 1}}").as_bytes()),
        ("wide.json", format!("{{\"手机{wide}\": {{\"卡号\": \"6222020000000007\"}}}}").as_bytes()),
        ("header.csv", format!("{MOBILE},x,y\n13900000000,z,z\n").as_bytes()),
        ("wide.csv", format!("{wide},x,y\n１３９００００００００,z,z\n").as_bytes()),
    ]);
    let run = scene.scan(&["--min-confidence", "0"]).ends(0);
    let map = run.map.to_string();
    let findings = format!("{:?}", run.findings);
    for value in [MOBILE, RESIDENT_ID, wide, &escaped] {
        assert!(!map.contains(value) && !findings.contains(value), "{value} shows: {findings}\n{map}");
    }
    for (name, least) in
        [("keys.json", 2), ("escaped.json", 1), ("wide.json", 2), ("header.csv", 2), ("wide.csv", 2)]
    {
        assert!(run.of(name).len() >= least, "{name}: {findings}");
    }
}

#[test]
fn four_byte_characters_of_gb18030_are_no_digits() {
    let encode = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    let rare = encode("\u{3400}\u{20000}\u{9FA6}");
    assert!(rare.len() == 12 && rare.iter().any(u8::is_ascii_digit), "{rare:x?}");
    let before = encode("客户的手机是\u{20000}");
    let beside = [before.clone(), MOBILE.into(), rare.clone(), encode("，收到请回复")].concat();
    let alone = [encode("只有生僻字的文件，没有任何号码："), rare.repeat(4000)].concat();
    let run = Scene::with(&[("beside.txt", &beside), ("alone.txt", &alone)])
        .scan(&["--reveal", "--min-confidence", "0"])
        .ends(0);
    assert_eq!(run.of("alone.txt").len(), 0, "{:?}", run.findings);
    assert_eq!(run.of("beside.txt").len(), 1, "{:?}", run.findings);
    assert_eq!(run.findings[0]["offset"], before.len());
    assert_eq!(run.findings[0]["value"], MOBILE);
}

#[test]
fn a_mapped_file_that_shrinks_reads_as_zeros_and_says_so() {
    let scene = Scene::new();
    let path = scene.write("big.txt", "手机 ".repeat(1 << 20).as_bytes());
    let mut buffer = Vec::new();
    let mut opened = open(&File { path: path.clone() }, &mut buffer).expect("opened");
    assert!(!opened.was_truncated());
    OpenOptions::new().write(true).open(&path).expect("the file").set_len(10).expect("shorter");
    let Content::Whole(bytes) = opened.content(&buffer) else { panic!("a file of megabytes is mapped") };
    assert_eq!(bytes.len(), 7 << 20);
    assert!(bytes[1 << 20..].iter().all(|byte| *byte == 0));
    assert!(opened.was_truncated());
    scene.write("next.txt", &vec![b'x'; 2 << 20]);
    let next = open(&File { path: scene.data().join("next.txt") }, &mut buffer).expect("opened");
    assert!(!next.was_truncated(), "the next file is whole");
}

fn start(scene: &Scene, more: &[&str]) -> Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pandian"));
    command.arg("scan").arg(scene.data()).args(more).arg("-o").arg(scene.beside("map.json"));
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program runs")
}

fn map(scene: &Scene) -> serde_json::Value {
    let text = std::fs::read_to_string(scene.beside("map.json")).expect("a map");
    serde_json::from_str(&text).expect("JSON")
}

/// The code with which the child ends; killed when it does not end.
fn code(mut child: Child) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(60) {
        if let Some(status) = child.try_wait().expect("a child") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("killed");
    panic!("the program does not end");
}

#[test]
fn a_file_cut_during_the_scan_is_one_row() {
    let text = format!("手机{MOBILE} {}\n", "x".repeat(1000)).repeat(64 << 10);
    for delay in [0, 5, 10, 20, 40, 80] {
        let scene = Scene::new();
        let path = scene.write("big.log", text.as_bytes());
        let child = start(&scene, &[]);
        std::thread::sleep(Duration::from_millis(delay));
        OpenOptions::new().write(true).open(&path).expect("the file").set_len(4096).expect("shorter");
        let code = code(child);
        let coverage = &map(&scene)["coverage"];
        match code {
            Some(0) => assert_eq!(coverage["scanned"], 1, "{coverage}"),
            Some(3) => assert_eq!(coverage["exceptions"][0]["reason"], "truncated", "{coverage}"),
            other => panic!("after {delay} ms: {other:?}"),
        }
    }
}

#[test]
fn a_full_disk_and_a_missing_folder_are_told() {
    let scene = Scene::with(&[("good.txt", format!("手机{MOBILE}").as_bytes())]);
    let run = |option: &str, path: &str| {
        let output =
            pandian().arg("scan").arg(scene.data()).args([option, path]).output().expect("the program runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    for (option, path) in
        [("--findings", "/dev/full"), ("--findings", "/nonexistent/f.jsonl"), ("-o", "/nonexistent/map.json")]
    {
        let (code, errors) = run(option, path);
        assert_eq!(code, Some(2), "{option} {path}: {errors}");
        assert!(errors.contains(path), "{option} {path} is not named: {errors}");
    }
}

#[test]
fn a_disk_that_fills_up_leaves_the_old_map() {
    let scene = Scene::new();
    for i in 0..100 {
        scene.write(format!("{i}.txt"), format!("手机{MOBILE}").as_bytes());
    }
    let map = scene.beside("map.json");
    std::fs::write(&map, "the last one").expect("a map");
    // No file may grow beyond 16 blocks; the signal is ignored, so that writing fails as on a full disk.
    let line = "trap '' XFSZ; ulimit -f 16; exec \"$0\" scan \"$1\" -o \"$2\"";
    let output = std::process::Command::new("bash")
        .args(["-c", line, env!("CARGO_BIN_EXE_pandian")])
        .args([&scene.data(), &map])
        .output()
        .expect("bash");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("map.json") && errors.contains("-o"), "{errors}");
    assert_eq!(std::fs::read_to_string(&map).expect("a map"), "the last one");
    let left: Vec<_> =
        std::fs::read_dir(map.parent().expect("a folder")).expect("a folder").flatten().collect();
    assert_eq!(left.len(), 2, "a temporary file is left: {left:?}");
}

#[test]
fn a_map_for_a_pipe_does_not_take_its_place() {
    let scene = Scene::with(&[("good.txt", format!("手机{MOBILE}").as_bytes())]);
    let pipe = scene.beside("map.json");
    fifo(&pipe);
    // An open end for reading, so that a writer does not wait for one.
    let reader = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&pipe).expect("a pipe");
    assert_eq!(code(start(&scene, &[])), Some(0));
    assert!(
        pipe.metadata().expect("the pipe").file_type().is_fifo(),
        "-o replaced a pipe; -o /dev/null would replace /dev/null"
    );
    drop(reader);
}

/// Waits until the child has set a handler for SIGINT.
fn await_handler(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let caught = || {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mask = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
        mask.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask & 2 != 0)
    };
    for _ in 0..2000 {
        if caught() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no handler for SIGINT after ten seconds");
}

fn interrupt(child: &Child) {
    let line = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &line]).status().expect("a shell").success());
}

#[test]
fn an_interrupted_scan_leaves_a_partial_map() {
    let scene = Scene::new();
    let first =
        scene.write("0.log", format!("手机{MOBILE} {}\n", "1 2 3 4 ".repeat(100)).repeat(10_000).as_bytes());
    // Links to one file: more to read than can be read before the interrupt, and no more disk.
    for i in 1..5000 {
        std::fs::hard_link(&first, scene.data().join(format!("{i}.log"))).expect("a link");
    }
    let child = start(&scene, &[]);
    await_handler(&child);
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    let interrupted = Instant::now();
    assert_eq!(code(child), Some(3));
    assert!(interrupted.elapsed() < Duration::from_secs(20), "it takes too long to stop");
    let map = map(&scene);
    assert_eq!(map["complete"], false);
    let count = |key: &str| map["coverage"][key].as_u64().expect("a count");
    assert_eq!(count("objects"), count("scanned") + count("partial") + count("skipped") + count("failed"));
    assert!(count("scanned") < 5000, "all was read before the interrupt");
}

#[test]
fn an_interrupt_ends_a_scan_of_a_silent_pipe() {
    let scene = Scene::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pandian"));
    command.args(["scan", "-", "-o"]).arg(scene.beside("map.json"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the program runs");
    let held = child.stdin.take();
    await_handler(&child);
    interrupt(&child);
    assert_eq!(code(child), Some(3));
    assert_eq!(map(&scene)["complete"], false);
    drop(held);
}
