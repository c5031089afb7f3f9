//! Archives: nested, encrypted, broken, and made to do harm.
use crate::program::{MOBILE, RESIDENT_ID, Run, Scene, pandian};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};
use zip::write::SimpleFileOptions;

fn text() -> String {
    format!("手机{MOBILE}\n")
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        archive.write_all(content).expect("written");
    }
    archive.finish().expect("an archive").into_inner()
}

fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        archive.append_data(&mut header, name, *content).expect("an entry");
    }
    archive.into_inner().expect("an archive")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("written");
    encoder.finish().expect("packed")
}

fn paths(run: &Run, scene: &Scene) -> Vec<String> {
    let data = format!("{}/", scene.data().display());
    let path = |finding: &serde_json::Value| finding["path"].as_str().expect("a path").replace(&data, "");
    run.findings.iter().map(path).collect()
}

/// A scan that ends within seconds, whatever it meets.
fn quick(scene: &Scene, code: i32) -> Run {
    let begun = Instant::now();
    let run = scene.scan(&[]).ends(code);
    assert!(begun.elapsed() < Duration::from_secs(40), "took {:?}", begun.elapsed());
    run
}

#[test]
fn entries_go_by_the_names_of_all_they_lie_in() {
    let inner = zip_of(&[("客户/a.txt", text().as_bytes())]);
    let outer = zip_of(&[("b.tar.gz", &gzip(&tar_of(&[("c.zip", &inner)])))]);
    let scene = Scene::with(&[("x.zip", &outer), ("a.log.gz", &gzip(&gzip(text().as_bytes())))]);
    let run = scene.scan(&["-j", "1"]).ends(0);
    let mut found = paths(&run, &scene);
    found.sort();
    assert_eq!(found, ["a.log.gz", "x.zip!b.tar.gz!c.zip!客户/a.txt"]);
}

#[test]
fn names_that_lead_out_are_only_shown() {
    let names = ["../../../../tmp/pandian-was-here", "/tmp/pandian-was-here", "a/../../pandian-was-here"];
    let line = text();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, line.as_bytes())).collect();
    let scene = Scene::with(&[("x.zip", &zip_of(&files))]);
    let run = scene.scan(&[]).ends(0);
    let wanted: Vec<String> = names.iter().map(|name| format!("x.zip!{name}")).collect();
    assert_eq!(paths(&run, &scene), wanted);
    assert!(!std::path::Path::new("/tmp/pandian-was-here").exists());
}

#[test]
fn names_that_hold_values_are_masked() {
    let scene = Scene::with(&[("x.zip", &zip_of(&[(&format!("{RESIDENT_ID}.txt"), text().as_bytes())]))]);
    let run = scene.scan(&[]).ends(0);
    let all = format!("{}{:?}{}", run.map, run.findings, run.stdout);
    assert!(!all.contains(RESIDENT_ID), "{all}");
    assert_eq!(run.findings.len(), 1);
}

#[test]
fn what_needs_a_password_is_a_row() {
    let mut archive = zip_of(&[("a.txt", text().as_bytes()), ("b.txt", text().as_bytes())]);
    // The flag of the second entry, in the central directory.
    let second = memchr::memmem::rfind(&archive, b"PK\x01\x02").expect("a header");
    archive[second + 8] |= 1;
    let scene = Scene::with(&[("x.zip", &archive)]);
    let run = scene.scan(&[]).ends(3);
    assert_eq!(run.row("x.zip!b.txt")["reason"], "encrypted");
    assert_eq!(paths(&run, &scene), ["x.zip!a.txt"]);
}

#[test]
fn a_method_that_is_not_known_is_named() {
    let mut archive = zip_of(&[("a.txt", text().as_bytes())]);
    let header = memchr::memmem::rfind(&archive, b"PK\x01\x02").expect("a header");
    archive[header + 10] = 98;
    let run = Scene::with(&[("x.zip", &archive)]).scan(&[]).ends(3);
    assert_eq!(run.row("a.txt")["reason"], "no-decoder");
    assert_eq!(run.row("a.txt")["detail"], "compression method 98 (PPMd)");
}

#[test]
fn what_is_left_of_a_broken_archive_is_read() {
    let line = text();
    let whole = zip_of(&[("a.txt", line.as_bytes()), ("b.txt", line.as_bytes())]);
    let directory = memchr::memmem::find(&whole, b"PK\x01\x02").expect("a directory");
    let tar = tar_of(&[("a.txt", line.as_bytes()), ("b.txt", line.as_bytes())]);
    let packed = gzip(line.as_bytes());
    let scene = Scene::with(&[
        ("cut.zip", &whole[..directory + 10]),
        ("cut.tar", &tar[..1100]),
        ("cut.gz", &packed[..packed.len() - 8]),
        ("tail.gz", &[&packed[..], b"garbage"].concat()),
        ("padded.gz", &[&packed[..], &[0; 512]].concat()),
    ]);
    let run = scene.scan(&[]).ends(3);
    for (name, count) in
        [("cut.zip!a.txt", 1), ("cut.zip!b.txt", 1), ("cut.tar!a.txt", 1), ("cut.gz", 1), ("tail.gz", 1)]
    {
        assert_eq!(run.of(name).len(), count, "{name}: {:?}", run.findings);
    }
    for name in ["cut.zip", "cut.tar", "cut.gz", "tail.gz"] {
        assert_eq!(
            (&run.row(name)["state"], &run.row(name)["reason"]),
            (&"partial".into(), &"malformed".into())
        );
    }
    assert!(run.row("padded.gz").is_null(), "zeros behind the end are padding");
}

#[test]
fn a_stream_of_zeros_or_of_text_without_end_ends() {
    // 100 members of 100 MB each.
    let member = |line: &[u8]| gzip(&line.repeat(100_000_000 / line.len()));
    let scene = Scene::with(&[
        ("zeros.gz", &member(&[0]).repeat(100)),
        ("text.gz", &member(b"nothing to see here\n").repeat(30)),
    ]);
    let run = quick(&scene, 3);
    assert_eq!(run.row("zeros.gz")["reason"], "no-decoder");
    let row = run.row("text.gz");
    assert!(row.is_null() || row["reason"] == "limit", "{row}");
}

#[test]
fn a_small_object_that_unpacks_to_much_is_cut_off() {
    let line = "nothing to see here, line after line\n".repeat(27_000);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    (0..600).for_each(|_| encoder.write_all(line.as_bytes()).expect("written"));
    let twice = gzip(&encoder.finish().expect("packed"));
    let scene = Scene::with(&[("bomb.gz", &zip_of(&[("a.gz", &twice)]))]);
    let run = quick(&scene, 3);
    assert_eq!(run.row("a.gz")["reason"], "limit", "{}", run.map["coverage"]);
}

/// "A better zip bomb" (Fifield, 2019): every entry's content begins with the headers of all the next, quoted as
/// stored blocks, and ends in the one kernel that all share.
fn overlapping(count: usize, kernel: &[u8]) -> Vec<u8> {
    let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
    deflated.write_all(kernel).expect("written");
    let mut content = deflated.finish().expect("packed");
    let mut unpacked = kernel.to_vec();
    let mut entries = Vec::new();
    for number in (0..count).rev() {
        let name = format!("{number:04}");
        let mut sum = flate2::Crc::new();
        sum.update(&unpacked);
        let mut fields = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        for value in [sum.sum(), content.len() as u32, unpacked.len() as u32] {
            fields.extend(value.to_le_bytes());
        }
        fields.extend([name.len() as u8, 0, 0, 0]);
        let local = [b"PK\x03\x04", &fields[..], name.as_bytes()].concat();
        entries.push((name, fields, content.len()));
        let length = local.len() as u16;
        let quote = [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), &local].concat();
        content = [quote, content].concat();
        unpacked = [local, unpacked].concat();
    }
    // The first quote is no content: the archive begins with the header that it holds.
    let body = content[5..].to_vec();
    let mut directory = Vec::new();
    for (name, fields, packed) in entries.iter().rev() {
        let offset = (body.len() - packed - 30 - name.len()) as u32;
        directory.extend(
            [b"PK\x01\x02", &[20, 0][..], fields, &[0; 10], &offset.to_le_bytes(), name.as_bytes()].concat(),
        );
    }
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    for value in [count as u16, count as u16] {
        end.extend(value.to_le_bytes());
    }
    for value in [directory.len() as u32, body.len() as u32] {
        end.extend(value.to_le_bytes());
    }
    [body, directory, end, vec![0, 0]].concat()
}

#[test]
fn entries_that_lie_within_one_another_are_read_once() {
    let kernel = format!("{}\n{}", text(), "nothing to see here\n".repeat(500_000));
    let scene = Scene::with(&[("bomb.zip", &overlapping(200, kernel.as_bytes()))]);
    let run = quick(&scene, 3);
    assert_eq!(run.row("bomb.zip")["reason"], "malformed", "{}", run.map["coverage"]);
    // What it unpacks to looks like an archive again: so many headers, then the text.
    assert!(run.map["coverage"]["objects"].as_u64() <= Some(3), "{}", run.map["coverage"]);
}

#[test]
fn an_archive_within_an_archive_without_end_ends() {
    let mut archive = zip_of(&[("a.txt", text().as_bytes())]);
    for level in 0..12 {
        archive = zip_of(&[(&format!("{level}.zip"), &archive)]);
    }
    let scene = Scene::with(&[("deep.zip", &archive)]);
    let run = quick(&scene, 3);
    let rows = run.map["coverage"]["exceptions"].as_array().expect("a ledger");
    assert_eq!(rows[0]["reason"], "limit", "{rows:?}");
    let deeper = scene.scan(&["--max-depth", "20"]).ends(0);
    assert_eq!(deeper.findings.len(), 1);
    // Each holds sixteen of the next, as 42.zip does.
    let mut many = zip_of(&[("a.txt", "nothing to see here\n".repeat(50_000).as_bytes())]);
    for _ in 0..5 {
        let names: Vec<String> = (0..16).map(|number| format!("{number}.zip")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &many[..])).collect();
        many = zip_of(&files);
    }
    let run = quick(&Scene::with(&[("42.zip", &many)]), 3);
    assert_eq!(run.row("42.zip")["reason"], "limit", "{}", run.map["coverage"]["objects"]);
}

#[test]
fn more_entries_than_are_allowed_are_a_row() {
    let names: Vec<String> = (0..2000).map(|number| format!("{number}.txt")).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b"x"[..])).collect();
    let scene = Scene::with(&[("x.zip", &zip_of(&files))]);
    scene.scan(&[]).ends(0);
    let run = scene.scan(&["--max-entries", "100"]).ends(3);
    assert_eq!(run.row("x.zip")["reason"], "limit");
}

#[test]
fn sizes_in_headers_are_not_believed() {
    let mut tar = tar_of(&[("a.txt", b"")]);
    // A long name of 8 GB, and an entry of as much.
    for kind in [b'L', b'0'] {
        tar[124..136].copy_from_slice(b"77777777777\0");
        tar[156] = kind;
        tar[148..156].copy_from_slice(b"        ");
        let sum: u32 = tar[..512].iter().map(|byte| u32::from(*byte)).sum();
        tar[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let run = quick(&Scene::with(&[("x.tar", &tar)]), 3);
        assert!(!run.row("x.tar").is_null(), "{}", run.map["coverage"]);
    }
}

#[test]
fn the_users_own_unpacker_is_run_only_when_asked() {
    let scene = Scene::with(&[("x.rar", b"Rar!\x1A\x07\x01\0 and so on")]);
    let run = scene.scan(&[]).ends(3);
    assert_eq!(run.row("x.rar")["reason"], "no-decoder");
    assert_eq!(run.row("x.rar")["detail"], "rar");
    // One that "unpacks" a file, a folder that may not be written to, and a link that leads out.
    let tools = scene.beside("tools");
    std::fs::create_dir(&tools).expect("a folder");
    let script = format!(
        "#!/bin/sh\nfor last; do :; done\nmkdir -p \"$last/sub\"\necho '手机{MOBILE}' >\"$last/sub/客户.txt\"\n\
         ln -s /etc/passwd \"$last/link\"\nchmod 500 \"$last/sub\"\nexit $CODE\n"
    );
    let path = tools.join("unrar");
    std::fs::write(&path, script).expect("a script");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let data = scene.data();
    for (code, state) in [("0", None), ("3", Some("partial"))] {
        let mut command = pandian();
        command.env("PATH", format!("{}:/usr/bin:/bin", tools.display())).env("CODE", code);
        command.env("TMPDIR", scene.beside("").as_os_str());
        let arguments = [data.to_str().expect("UTF-8"), "--external-unpackers"];
        let run = scene.run_as(command, &arguments, b"").ends(if code == "0" { 0 } else { 3 });
        assert_eq!(paths(&run, &scene), ["x.rar!sub/客户.txt"], "{}", run.map["coverage"]);
        assert_eq!(run.row("x.rar")["state"].as_str(), state);
    }
    let left = std::fs::read_dir(scene.beside("")).expect("a folder");
    let left = left.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("pandian-"));
    assert_eq!(left.count(), 0, "the folder is gone");
}
