//! Markup and configurations from outside: fields and offsets as the findings tell them, and documents made to do harm.
use crate::program::{CARD, MOBILE, RESIDENT_ID, Scene, pandian};

#[test]
fn findings_of_markup_name_their_elements_and_stand_where_they_are() {
    let xml = format!("<?xml version=\"1.0\"?>\n<o><c mobile='{MOBILE}'>&lt;卡&gt; {CARD}</c></o>\n");
    let html = format!("<html><p>&amp; 手机 <b>138</b>00138000</p><a href='tel:{MOBILE}'>x</a></html>");
    let yaml = format!("admin:\n  mobile: '{MOBILE}'\n  id: {RESIDENT_ID}\n");
    let files =
        [("a.bin", &xml), ("b.bin", &html), ("c.bin", &yaml)].map(|(name, text)| (name, text.as_bytes()));
    let run = Scene::with(&files).scan(&[]).ends(0);
    let places = |name: &str| -> Vec<String> {
        run.of(name)
            .iter()
            .map(|f| format!("{} {} {}", f["field"], f["line"], f["offset"]).replace('"', ""))
            .collect()
    };
    let at = |text: &str, value: &str| text.find(value).expect("there");
    assert_eq!(
        places("a.bin"),
        [format!("o.c@mobile 2 {}", at(&xml, MOBILE)), format!("o.c 2 {}", at(&xml, CARD))]
    );
    assert_eq!(
        places("b.bin"),
        [format!("text 1 {}", at(&html, "138")), format!("a@href 1 {}", at(&html, MOBILE))]
    );
    assert_eq!(
        places("c.bin"),
        [format!("admin.mobile 2 {}", at(&yaml, MOBILE)), format!("admin.id 3 {}", at(&yaml, RESIDENT_ID))]
    );
}

#[test]
fn documents_made_to_do_harm_do_none() {
    let deep = format!("<?xml version='1.0'?>{}{MOBILE}", "<a>".repeat(500_000));
    let wide: String = (0..100_000).map(|i| format!("<e{i} a{i}='x'>{i}</e{i}>")).collect();
    let wide = format!("<r>{wide}<mobile>{MOBILE}</mobile></r>");
    let open = format!("<?xml version='1.0'?><a b='{}", format!("{MOBILE} ").repeat(100_000));
    let comments = format!("<html>{}{MOBILE}", "<!-- ".repeat(500_000));
    let scripts = format!("<html>{}{MOBILE}", "<script>".repeat(500_000));
    let tables = format!("<html>{}{MOBILE}", "<table><tr><td colspan=99999999>".repeat(100_000));
    let keys: String = (0..100_000).map(|i| format!("k{i}: x\n")).collect();
    let keys = format!("{keys}mobile: {MOBILE}\n");
    let files = [
        ("deep", deep),
        ("wide", wide),
        ("open", open),
        ("comments", comments),
        ("scripts", scripts),
        ("tables", tables),
        ("keys", keys),
    ];
    let scene = Scene::new();
    for (name, text) in &files {
        scene.write(name, text.as_bytes());
    }
    let run = scene.scan(&["--min-confidence", "0"]).ends(0);
    for (name, _) in &files {
        assert!(!run.of(name).is_empty(), "{name}");
    }
    assert_eq!(run.of("open").len(), 100_000);
}

#[test]
fn the_list_of_formats_names_what_is_read_and_what_is_not() {
    let output = pandian().args(["formats", "--json"]).output().expect("runs");
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let read = |name: &str| rows.iter().find(|row| row["name"] == name).map(|row| row["read"].clone());
    assert_eq!(read("sql"), Some("text".into()));
    assert_eq!(read("sqlite"), Some("database".into()));
    assert_eq!(read("encrypted-office"), Some("not".into()));
    assert_eq!(read("package"), None, "what many formats share is none");
    let mut names: Vec<_> = rows.iter().map(|row| row["name"].to_string()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), rows.len());
    let table = pandian().args(["formats", "--lang", "zh"]).output().expect("runs").stdout;
    assert!(String::from_utf8_lossy(&table).contains("SQL 转储"));
}
