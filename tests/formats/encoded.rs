//! Values behind an encoding: found once, where they stand, and never made up.
use crate::program::{MOBILE, RESIDENT_ID, Scene};

#[test]
fn a_value_that_needs_no_decoding_is_found_once() {
    let text = format!("q=%E6%89%8B%E6%9C%BA {MOBILE} %20 138%300138000\n");
    let run = Scene::with(&[("a.log", text.as_bytes())]).scan(&["--reveal"]).ends(0);
    let offsets: Vec<_> =
        run.findings.iter().map(|finding| finding["offset"].as_u64().expect("an offset")).collect();
    assert_eq!(offsets.len(), 2, "{:?}", run.findings);
    let encoded = text.find("138%30").expect("there") as u64;
    assert!(offsets.contains(&encoded), "{offsets:?}");
}

#[test]
fn lines_and_rows_are_those_of_the_encoded_text() {
    let json = format!("{{\"id\":1}}\n{{\"q\":\"a=%31{}\"}}\n", &MOBILE[1..]);
    let csv = format!("id,手机号\n1,x\n2,&#49;{}\n", &MOBILE[1..]);
    let log = format!("first\nsecond \\u0031{}\n", &MOBILE[1..]);
    let scene =
        Scene::with(&[("a.jsonl", json.as_bytes()), ("b.csv", csv.as_bytes()), ("c.log", log.as_bytes())]);
    let run = scene.scan(&["--reveal"]).ends(0);
    let one = |name| {
        let found = run.of(name);
        assert_eq!(found.len(), 1, "{name}: {:?}", run.findings);
        assert_eq!(found[0]["value"], MOBILE);
        found[0]
    };
    assert_eq!((one("a.jsonl")["field"].as_str(), one("a.jsonl")["line"].as_u64()), (Some("$.q"), Some(2)));
    assert_eq!((one("b.csv")["field"].as_str(), one("b.csv")["row"].as_u64()), (Some("手机号"), Some(2)));
    assert_eq!(one("c.log")["line"], 2);
}

#[test]
fn base64_is_read_at_any_place_of_a_window() {
    // 手机 and the number in Base64, 72 letters with what follows it.
    let blob = "5omL5py6MTM4MDAxMzgwMDAg5aeT5ZCN5a6i5oi355Sy5Zyw5Z2A5YyX5Lqs5biC5rW35reA5Yy6";
    for before in 0..130 {
        let text = format!("{}{blob}\n", " ".repeat(before));
        let run = Scene::with(&[("a.txt", text.as_bytes())]).scan(&["--reveal"]).ends(0);
        assert_eq!(run.findings.len(), 1, "{before}");
        assert_eq!(run.findings[0]["offset"], before as u64);
        assert_eq!(run.findings[0]["value"], MOBILE);
    }
}

#[test]
fn what_is_no_text_gives_nothing() {
    let digits = RESIDENT_ID.repeat(8);
    let path = "/usr/share/doc/package/examples".repeat(5);
    let text = format!("{digits}\n{path}\n100%10 %zz \\ud83d &#x0; %00%01\n");
    let run = Scene::with(&[("a.txt", text.as_bytes())]).scan(&[]).ends(0);
    assert!(run.findings.is_empty(), "{:?}", run.findings);
}
