//! The command line as its users meet it: arguments, exit codes, and what is written where.
use crate::program::{CARD, MOBILE, RESIDENT_ID, Run, Scene, pandian, root};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

const TABLE: &str =
    "姓名,手机号,身份证号\n客户甲,13800138000,110101190001011009\n客户乙,13900000000,440524188001010014\n";

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn gb18030(text: &str) -> Vec<u8> {
    let (bytes, _, unmapped) = encoding_rs::GB18030.encode(text);
    assert!(!unmapped);
    bytes.into_owned()
}

/// What was found in one file: detector, field, row, line, value.
fn found<'r>(run: &'r Run, name: &str) -> Vec<(&'r str, Value, Value, Value, &'r str)> {
    let text = |finding: &'r Value, key: &str| finding[key].as_str().unwrap_or_default();
    let one = |f: &'r Value| {
        (text(f, "detector"), f["field"].clone(), f["row"].clone(), f["line"].clone(), text(f, "value"))
    };
    run.of(name).into_iter().map(one).collect()
}

#[test]
fn findings_tell_where_in_every_format() {
    let document = format!("{{\n \"order\": {{\n  \"mobile\": \"{MOBILE}\"\n }}\n}}\n");
    let lines = format!("{{\"a\":1}}\n{{\"a\":2,\"sfz\":[\"{RESIDENT_ID}\"]}}\n");
    let prose = format!("第一行\n联系电话{MOBILE}。\n");
    let scene = Scene::with(&[
        ("t.csv", TABLE.as_bytes()),
        ("gb.csv", &gb18030(TABLE)),
        ("wide.csv", &utf16(TABLE)),
        ("d.json", document.as_bytes()),
        ("l.jsonl", lines.as_bytes()),
        ("p.txt", prose.as_bytes()),
        ("gb.txt", &gb18030(&prose)),
        ("wide.txt", &utf16(&prose)),
    ]);
    let run = scene.scan(&["--reveal"]).ends(0);
    let (row, second) = (json!(1), "440524188001010014");
    for name in ["/t.csv", "/gb.csv", "/wide.csv"] {
        let expected = [
            ("cn-mobile", json!("手机号"), row.clone(), json!(2), MOBILE),
            ("cn-resident-id", json!("身份证号"), row.clone(), json!(2), RESIDENT_ID),
            ("cn-mobile", json!("手机号"), json!(2), json!(3), "13900000000"),
            ("cn-resident-id", json!("身份证号"), json!(2), json!(3), second),
        ];
        assert_eq!(found(&run, name), expected, "{name}");
    }
    assert_eq!(
        found(&run, "d.json"),
        [("cn-mobile", json!("$.order.mobile"), Value::Null, json!(3), MOBILE)]
    );
    assert_eq!(
        found(&run, "l.jsonl"),
        [("cn-resident-id", json!("$.sfz[]"), json!(2), json!(2), RESIDENT_ID)]
    );
    for name in ["/p.txt", "/gb.txt", "/wide.txt"] {
        assert_eq!(found(&run, name), [("cn-mobile", Value::Null, Value::Null, json!(2), MOBILE)], "{name}");
    }
    for finding in &run.findings {
        let path = finding["path"].as_str().expect("a path");
        let bytes = std::fs::read(path).expect("the object");
        let value = finding["value"].as_str().expect("a value");
        let want = if path.contains("wide") { utf16(value)[2..].to_vec() } else { value.as_bytes().to_vec() };
        let at = finding["offset"].as_u64().expect("an offset") as usize;
        assert_eq!(bytes.get(at..at + want.len()), Some(want.as_slice()), "{finding}");
        let count = value.len();
        assert_eq!(
            finding["masked"],
            format!("{}{}{}", &value[..2], "*".repeat(count - 4), &value[count - 2..])
        );
        assert!(finding["confidence"].as_f64().is_some_and(|c| (0.5..=1.0).contains(&c)), "{finding}");
    }
}

#[test]
fn offsets_count_the_escapes_before_a_value() {
    let quoted = format!("a,备注,c\n1,\"他说\"\"手机{MOBILE}\"\"\",2\n3,\"\"\"{MOBILE}\",4\n");
    let document = format!("{{\"a\": \"\\u53f7\\t\\ud83d\\ude00手机{MOBILE}\"}}");
    let scene = Scene::with(&[
        ("q.csv", quoted.as_bytes()),
        ("d.json", document.as_bytes()),
        ("w.csv", &utf16(&quoted)),
        ("w.json", &utf16(&document)),
    ]);
    let run = scene.scan(&[]).ends(0);
    assert_eq!(run.findings.len(), 6, "{:?}", run.findings);
    for finding in &run.findings {
        let path = finding["path"].as_str().expect("a path");
        let bytes = std::fs::read(path).expect("the object");
        let want = if path.contains("/w.") { utf16(MOBILE)[2..].to_vec() } else { MOBILE.into() };
        let at = finding["offset"].as_u64().expect("an offset") as usize;
        assert_eq!(bytes.get(at..at + want.len()), Some(want.as_slice()), "{finding}");
    }
}

#[test]
fn the_map_names_formats_encodings_and_totals() {
    let scene = Scene::with(&[
        ("t.csv", &gb18030(TABLE)),
        ("u.txt", &utf16(&format!("电话{MOBILE}"))),
        ("empty.txt", b"nothing"),
    ]);
    let run = scene.scan(&[]).ends(0);
    assert_eq!(run.map["schema"], "pandian.map/1");
    assert_eq!(run.map["complete"], true);
    assert_eq!(run.map["coverage"]["objects"], 3);
    let kinds: Vec<_> = run.map["objects"]
        .as_array()
        .expect("objects")
        .iter()
        .map(|o| (&o["format"], &o["encoding"]))
        .collect();
    assert_eq!(kinds, [(&json!("csv"), &json!("gb18030")), (&json!("text"), &json!("utf-16le"))]);
    let bytes: u64 = std::fs::read_dir(scene.data())
        .expect("a folder")
        .map(|e| e.expect("an entry").metadata().expect("a size").len())
        .sum();
    assert_eq!(run.map["coverage"]["bytes_scanned"], bytes);
    let totals = json!([
        { "detector": "cn-mobile", "matched": 3, "objects": 2 },
        { "detector": "cn-resident-id", "matched": 2, "objects": 1 },
    ]);
    assert_eq!(run.map["totals"], totals);
}

#[test]
fn one_thread_finds_what_four_find() {
    let scene = Scene::with(&[("t.csv", TABLE.as_bytes()), ("gb.csv", &gb18030(TABLE))]);
    // More than two bodies of text, so that one file is shared out among threads.
    let long: String =
        (0..300_000).map(|i| format!("{i:07} 请联系 手机13{:09}，谢谢\n", i * 37 % 1_000_000_000)).collect();
    assert!(long.len() > 9 << 20);
    scene.write("long.log", long.as_bytes());
    for i in 0..40 {
        scene.write(format!("many/{i}.txt"), format!("{i} 卡号 {CARD}\n身份证{RESIDENT_ID}").as_bytes());
    }
    let [one, four] = ["1", "4"].map(|jobs| {
        let mut run = scene.scan(&["--jobs", jobs]).ends(0);
        let times = ["started", "finished"].map(|key| run.map[key].take());
        assert!(times.iter().all(Value::is_string), "{times:?}");
        run
    });
    assert_eq!(one.map, four.map);
    let set = |run: &Run| run.findings.iter().map(Value::to_string).collect::<BTreeSet<_>>();
    assert!(one.findings.len() > 100_000, "{}", one.findings.len());
    assert_eq!(one.findings.len(), four.findings.len());
    assert_eq!(set(&one), set(&four));
}

#[test]
fn standard_input_is_an_object() {
    let run = Scene::new().run(&["-"], TABLE.as_bytes()).ends(0);
    assert_eq!(run.findings.len(), 4);
    assert!(run.findings.iter().all(|finding| finding["path"] == "-"));
    assert_eq!(run.map["coverage"]["bytes_scanned"], TABLE.len());
}

#[test]
fn only_keeps_the_detectors_asked_for() {
    let scene = Scene::with(&[("t.csv", TABLE.as_bytes())]);
    let run = scene.scan(&["--only", "cn-mobile"]).ends(0);
    assert_eq!(run.findings.len(), 2);
    assert!(run.findings.iter().all(|finding| finding["detector"] == "cn-mobile"));
    let both = scene.scan(&["--only", "cn-mobile,cn-resident-id"]).ends(0);
    assert_eq!(both.findings.len(), 4);
    let unknown = scene.scan(&["--only", "cn-mobil"]);
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.stderr.contains("`cn-mobil`") && unknown.stderr.contains("cn-mobile,"),
        "{}",
        unknown.stderr
    );
}

fn names(run: &Run) -> Vec<&str> {
    let mut names: Vec<_> =
        run.findings.iter().filter_map(|f| f["path"].as_str()?.split("/data/").nth(1)).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn globs_choose_files_by_name_or_path() {
    let text = format!("手机{MOBILE}");
    let files = ["a.txt", "b.log", "sub/c.txt", "sub/deep/d.log"].map(|name| (name, text.as_bytes()));
    let scene = Scene::with(&files);
    assert_eq!(names(&scene.scan(&["--include", "*.txt"]).ends(0)), ["a.txt", "sub/c.txt"]);
    assert_eq!(names(&scene.scan(&["--exclude", "deep"]).ends(0)), ["a.txt", "b.log", "sub/c.txt"]);
    assert_eq!(names(&scene.scan(&["--exclude", "sub/*.txt"]).ends(0)), ["a.txt", "b.log", "sub/deep/d.log"]);
    assert_eq!(names(&scene.scan(&["--include", "*.log", "--exclude", "b.*"]).ends(0)), ["sub/deep/d.log"]);
    assert_eq!(scene.scan(&["--include", "[a"]).code, Some(2));
}

#[test]
fn hidden_and_ignored_files_are_read_unless_told_otherwise() {
    let text = format!("手机{MOBILE}");
    let files = [".hidden", "ignored.txt", "plain.txt"].map(|name| (name, text.as_bytes()));
    let scene = Scene::with(&files);
    scene.write(".gitignore", b"ignored.txt\n");
    scene.write(".ignore", b"ignored.txt\n");
    assert_eq!(names(&scene.scan(&[]).ends(0)), [".hidden", "ignored.txt", "plain.txt"]);
    assert_eq!(names(&scene.scan(&["--respect-ignore"]).ends(0)), ["plain.txt"]);
}

#[test]
fn min_confidence_cuts() {
    let scene = Scene::with(&[
        ("a.txt", "订单号13912345678\n".as_bytes()),
        ("b.txt", format!("手机{MOBILE}\n").as_bytes()),
    ]);
    let count = |min: &str| scene.scan(&["--min-confidence", min]).ends(0).findings.len();
    assert_eq!([count("0"), count("0.5"), count("1")], [2, 1, 0]);
    for wrong in ["1.5", "-0.1", "NaN", "high"] {
        assert_eq!(scene.scan(&[&format!("--min-confidence={wrong}")]).code, Some(2), "{wrong}");
    }
}

#[test]
fn no_raw_value_is_written_unless_revealed() {
    let spaced = "+86 138 0013 8000";
    let planted = [MOBILE, RESIDENT_ID, CARD, spaced, "13900000000", "440524188001010014"];
    let scene = Scene::with(&[
        ("t.csv", TABLE.as_bytes()),
        ("bare.csv", format!("{CARD},{MOBILE},x\n{CARD},{MOBILE},y\n").as_bytes()),
        ("keys.json", format!("{{\"{MOBILE}\": {{\"card\": \"{CARD}\"}}}}").as_bytes()),
        ("broken.json", format!("{{\"mobile\": \"{MOBILE}\", {RESIDENT_ID}").as_bytes()),
        ("p.txt", format!("电话{spaced}，卡号{CARD}").as_bytes()),
        ("image.png", format!("\x7fELF\x02\x01\x01\0 {MOBILE}").as_bytes()),
    ]);
    for lang in ["zh", "en"] {
        let run = scene.scan(&["--lang", lang, "--verbose", "--min-confidence", "0"]).ends(3);
        assert!(run.findings.len() >= 10, "{:?}", run.findings);
        let written = ["map.json", "findings.jsonl"]
            .map(|name| std::fs::read_to_string(scene.beside(name)).expect("written"));
        for (place, text) in [
            ("map", &written[0]),
            ("findings", &written[1]),
            ("stdout", &run.stdout),
            ("stderr", &run.stderr),
        ] {
            for value in planted {
                assert!(!text.contains(value), "{value} in the {place}: {text}");
            }
        }
    }
    let revealed = scene.scan(&["--reveal"]).ends(3);
    assert!(revealed.findings.iter().any(|finding| finding["value"] == MOBILE));
    assert!(revealed.stderr.contains("unmasked"), "{}", revealed.stderr);
    let map = std::fs::read_to_string(scene.beside("map.json")).expect("a map");
    assert!(planted.iter().all(|value| !map.contains(value)), "{map}");
}

#[test]
fn reveal_needs_a_findings_file() {
    let output = pandian().args(["scan", "/dev/null", "--reveal"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--findings"));
}

#[test]
fn what_is_written_is_for_its_owner_only() {
    let scene = Scene::with(&[("t.csv", TABLE.as_bytes())]);
    scene.scan(&["--reveal"]).ends(0);
    for name in ["map.json", "findings.jsonl"] {
        let mode = scene.beside(name).metadata().expect("written").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}: {mode:o}");
    }
}

#[test]
fn a_findings_file_that_was_open_to_all_is_closed() {
    let scene = Scene::with(&[("t.csv", TABLE.as_bytes())]);
    let findings = scene.beside("old.jsonl");
    std::fs::write(&findings, "").expect("a file");
    std::fs::set_permissions(&findings, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    let mut command = pandian();
    command.arg("scan").arg(scene.data()).arg("--reveal").arg("--findings").arg(&findings);
    assert_eq!(command.output().expect("the program runs").status.code(), Some(0));
    let mode = findings.metadata().expect("written").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{mode:o}");
}

#[test]
fn reports_speak_the_language_asked_for() {
    let scene = Scene::with(&[("t.csv", TABLE.as_bytes())]);
    let [zh, en] = ["zh", "en"].map(|lang| scene.scan(&["--lang", lang]).ends(0));
    assert!(zh.stdout.contains("覆盖：1 个对象") && zh.stdout.contains("居民身份证号"), "{}", zh.stdout);
    assert!(
        en.stdout.contains("Coverage: 1 objects") && en.stdout.contains("Resident identity number"),
        "{}",
        en.stdout
    );
    assert!(
        zh.map["objects"][0]["fields"][0]["labels"][0]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("形状相符"))
    );
    let mut command = pandian();
    let output = command
        .env("LC_ALL", "zh_CN.UTF-8")
        .arg("scan")
        .arg(scene.data())
        .output()
        .expect("the program runs");
    assert!(String::from_utf8_lossy(&output.stdout).contains("覆盖"));
}

#[test]
fn quiet_prints_nothing() {
    let run = Scene::with(&[("t.csv", TABLE.as_bytes())]).scan(&["--quiet"]).ends(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    assert_eq!(run.findings.len(), 4);
}

#[test]
fn detectors_are_listed_shown_and_tested() {
    let run = |arguments: &[&str]| {
        let output = pandian().arg("detectors").args(arguments).output().expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, list, _) = run(&["list"]);
    assert_eq!(code, Some(0));
    for detector in pandian::DetectorSet::built_in().expect("built-in detectors").iter() {
        assert!(list.contains(&detector.id) && list.contains(&detector.name.en), "{list}");
        let (code, shown, _) = run(&["show", &detector.id]);
        assert_eq!(code, Some(0));
        assert!(shown.contains(&detector.basis) && shown.contains(&detector.patterns[0]), "{shown}");
        let file = root().join("detectors").join(format!("{}.toml", detector.id));
        assert_eq!(run(&["test", file.to_str().expect("UTF-8")]).0, Some(0), "{}", detector.id);
    }
    assert_eq!(run(&["show", "nothing"]).0, Some(2));
    let scene = Scene::new();
    let text = std::fs::read_to_string(root().join("detectors/cn-mobile.toml")).expect("a detector");
    let wrong = scene.write("wrong.toml", format!("{text}\n[[miss]]\ntext = \"手机{MOBILE}\"\n").as_bytes());
    let (code, _, errors) = run(&["test", wrong.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("wrong.toml") && errors.contains(MOBILE), "{errors}");
}

#[test]
fn the_schema_is_the_one_that_is_shipped() {
    let output = pandian().arg("schema").output().expect("the program runs");
    let shipped = std::fs::read_to_string(root().join("docs/map.schema.json")).expect("docs/map.schema.json");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(printed, shipped, "write it anew: cargo run --release -- schema > docs/map.schema.json");
}

#[test]
fn the_map_has_the_keys_of_the_schema() {
    let run = Scene::with(&[("t.csv", TABLE.as_bytes())]).scan(&[]).ends(0);
    let schema: Value = serde_json::from_str(&pandian::report::json::schema()).expect("JSON");
    let check = |value: &Value, schema: &Value| {
        let keys: BTreeSet<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
        let known =
            schema["properties"].as_object().expect("properties").keys().map(String::as_str).collect();
        assert!(keys.is_subset(&known), "{keys:?} beside {known:?}");
        let required = schema["required"].as_array().expect("a list").iter().filter_map(Value::as_str);
        assert!(required.collect::<BTreeSet<_>>().is_subset(&keys), "{keys:?}");
    };
    check(&run.map, &schema);
    let object = &run.map["objects"][0];
    check(object, &schema["$defs"]["Object"]);
    check(&object["fields"][0], &schema["$defs"]["Field"]);
    check(&object["fields"][0]["labels"][0], &schema["$defs"]["Label"]);
}

#[test]
fn wrong_usage_is_two() {
    for arguments in
        [&["scan"][..], &["nonsense"], &["scan", "/dev/null", "--jobs", "0"], &["eval", "/nonexistent"]]
    {
        let output = pandian().args(arguments).output().expect("the program runs");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
}
