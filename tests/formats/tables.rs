//! CSV and JSON Lines that are unlike most: fields without end, columns without number, lines of megabytes.
use crate::program::{CARD, MOBILE, RESIDENT_ID, Scene};
use std::fmt::Write;

/// Names, rows of the same three columns, and a value in the second of each.
fn rows(count: usize) -> String {
    (0..count).fold(String::from("id,手机号,备注\r\n"), |mut text, i| {
        let _ = write!(text, "{i},\"{MOBILE}\",\"第{i}行\"\r\n");
        text
    })
}

#[test]
fn lines_and_offsets_are_right_whatever_ends_a_line() {
    for end in ["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"] {
        let text = rows(300).replace("\r\n", end).replace("第7行", &format!("上{end}下"));
        let run = Scene::with(&[("t.csv", text.as_bytes())]).scan(&["--reveal"]).ends(0);
        assert_eq!(run.findings.len(), 300, "{end:?}");
        for (i, finding) in run.findings.iter().enumerate() {
            let at = finding["offset"].as_u64().expect("an offset") as usize;
            assert_eq!(text.get(at..at + MOBILE.len()), Some(MOBILE), "{end:?} {finding}");
            assert_eq!(finding["row"], i + 1, "{end:?}");
            let row = at - text[..at].len() + text[..at].rfind(&format!("{i},\"")).expect("the row");
            let line = 1 + text[..row].matches('\n').count();
            assert_eq!(finding["line"], line, "{end:?} {finding}");
            assert_eq!(finding["field"], "手机号");
        }
    }
}

#[test]
fn a_first_column_is_found_where_it_is() {
    let text = format!("手机号,b,c\r\n{MOBILE},x,y\r\n\"{MOBILE}\",x,y\r\n");
    let run = Scene::with(&[("t.csv", text.as_bytes())]).scan(&[]).ends(0);
    for finding in &run.findings {
        let at = finding["offset"].as_u64().expect("an offset") as usize;
        assert_eq!(text.get(at..at + MOBILE.len()), Some(MOBILE), "{finding}");
    }
    assert_eq!(run.findings.len(), 2);
}

#[test]
fn quotes_inside_are_read_past_and_rules_that_are_broken_are_no_end() {
    let mut text = rows(2000);
    for (from, to) in [
        ("第100行", "他说\"\"好\"\"，见第一行"),
        (",\"第200行\"", ",5\" 屏"),
        ("\"第300行\"", "\"第\"300行"),
        ("\"第400行\"", "\"\"\"\""),
        ("\"第500行\"", "\"上\r\n下\""),
        ("600,", "\u{FEFF}600,"),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let run = Scene::with(&[("t.csv", text.as_bytes())]).scan(&[]).ends(0);
    assert_eq!(run.findings.len(), 2000);
    assert_eq!(run.findings[1999]["row"], 2000);
    assert_eq!(run.findings[1999]["line"], 2002, "one row has two lines, and there is a header");
    let fields = run.map["objects"][0]["fields"].as_array().expect("fields");
    assert_eq!(fields.len(), 1, "{fields:?}");
    assert_eq!(fields[0]["labels"][0]["matched"], 2000);
    let streamed = Scene::new().run(&["-"], text.as_bytes()).ends(0);
    assert_eq!(streamed.findings.len(), 2000, "the same from a stream");
}

#[test]
fn a_field_without_end_is_read_to_the_end() {
    // In parts: the values lie before, in, and across what is held at a time.
    let mut text = rows(10) + "11,\"never closed ";
    while text.len() < 12 << 20 {
        let _ = writeln!(text, "手机{MOBILE},{}", "x".repeat(9000));
    }
    let count = text.matches(MOBILE).count();
    let run = Scene::with(&[("t.csv", text.as_bytes())]).scan(&[]).ends(0);
    assert_eq!(run.findings.len(), count);
    let streamed = Scene::new().run(&["-"], text.as_bytes()).ends(0);
    assert_eq!(streamed.findings.len(), count, "the same from a stream");
}

#[test]
fn a_million_columns_are_counted_with_the_last() {
    let columns = 1_000_000;
    let names: Vec<String> = (0..columns).map(|i| format!("c{i}")).collect();
    let mut cells = vec!["x"; columns];
    (cells[0], cells[columns / 2], cells[columns - 1]) = (RESIDENT_ID, RESIDENT_ID, CARD);
    let row = cells.join(",");
    let text = format!("a,b,c\n1,2,3\n{row}\n{row}\n{}\n", names.join(","));
    let run = Scene::with(&[("t.csv", text.as_bytes())]).scan(&["--min-confidence", "0"]).ends(0);
    assert_eq!(run.findings.len(), 6, "{:?}", run.findings);
    for (finding, row) in run.findings.iter().zip([2, 2, 2, 3, 3, 3]) {
        assert_eq!(finding["row"], row, "{finding}");
    }
}

#[test]
fn lines_of_megabytes_are_read() {
    let long = format!("\"{}手机{MOBILE}\"", "文".repeat(2 << 20));
    let table = format!("{}5,{long},\"{MOBILE}\"\r\n6,\"{MOBILE}\",y\r\n", rows(3));
    let lines = format!("{{\"mobile\":\"{MOBILE}\"}}\n{{\"mobile\":{long}}}\n{{\"mobile\":\"{MOBILE}\"}}\n");
    let scene = Scene::with(&[("t.csv", table.as_bytes()), ("t.jsonl", lines.as_bytes())]);
    let run = scene.scan(&[]).ends(0);
    assert_eq!(run.of("t.csv").len(), 6, "{:?}", run.findings);
    assert_eq!(run.of("t.jsonl").len(), 3, "{:?}", run.findings);
}

#[test]
fn masked_values_and_digests_are_counted_in_any_table() {
    let mut text = String::from("手机号,姓名,password\n");
    for i in 0..500 {
        let _ = writeln!(text, "138****{i:04},\"张*\",5f4dcc3b5aa765d61d8327deb882{i:04x}");
    }
    text += &format!("{MOBILE},李四,x\n").repeat(20);
    let run = Scene::with(&[("t.csv", text.as_bytes())]).scan(&["--min-confidence", "0"]).ends(0);
    let map = run.map.to_string();
    assert!(map.contains("\"masked\":500"), "{map}");
}

#[test]
fn lines_of_json_with_other_keys_or_escapes_are_read_like_the_rest() {
    let mut text = String::new();
    for i in 0..3000 {
        let _ = match i % 7 {
            0 => writeln!(text, "{{\"id\":{i},\"tags\":[],\"mobile\":\"{MOBILE}\"}}"),
            1 => writeln!(text, "{{\"id\":{i},\"tags\":[1,2,{{\"a\":null}}],\"mobile\":\"{MOBILE}\"}}\r"),
            2 => writeln!(text, "{{\"id\":{i},\"note\":\"a\\\"b\\\\\",\"mobile\":\"{MOBILE}\"}}"),
            3 => writeln!(text, "{{\"mobile\":{MOBILE}, \"id\" : {i} }}"),
            4 => writeln!(text, "{{\"id\":{i},\"mobile\":\"\\u624b\\u673a{MOBILE}\"}}"),
            5 => writeln!(text, "{{\"{i}{MOBILE}\":1,\"mobile\":\"{MOBILE}\"}}"),
            _ => writeln!(text, "INFO 手机{MOBILE}"),
        };
    }
    let run = Scene::with(&[("t.jsonl", text.as_bytes())]).scan(&["--reveal"]).ends(0);
    let mobiles: Vec<_> = run.findings.iter().filter(|finding| finding["value"] == MOBILE).collect();
    assert_eq!(mobiles.len(), 3000);
    for (i, finding) in mobiles.iter().enumerate() {
        let at = finding["offset"].as_u64().expect("an offset") as usize;
        assert_eq!(text.get(at..at + MOBILE.len()), Some(MOBILE), "{finding}");
        assert_eq!(finding["line"], i + 1);
        let field = if i % 7 == 6 { "$" } else { "$.mobile" };
        assert_eq!(finding["field"], field, "{finding}");
    }
}
