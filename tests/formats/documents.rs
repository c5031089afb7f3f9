//! Documents as a user scans them: where values are found, and what the ledger says of what was not read.
use crate::program::{MOBILE, RESIDENT_ID, Scene};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

fn package(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("a package").into_inner()
}

fn word(body: &str) -> Vec<u8> {
    format!("<w:document xmlns:w='w'><w:body>{body}</w:body></w:document>").into_bytes()
}

fn paragraph(runs: &[&str]) -> String {
    let runs: String = runs.iter().map(|run| format!("<w:r><w:t>{run}</w:t></w:r>")).collect();
    format!("<w:p>{runs}</w:p>")
}

#[test]
fn a_number_in_three_runs_is_found_with_its_paragraph() {
    let body = paragraph(&["说明"])
        + &paragraph(&["身份证号 ", &RESIDENT_ID[..6], &RESIDENT_ID[6..14], &RESIDENT_ID[14..]]);
    let scene = Scene::with(&[("a.docx", &package(&[("word/document.xml", &word(&body))]))]);
    let run = scene.scan(&["--reveal"]).ends(0);
    assert_eq!(run.findings.len(), 1, "{:?}", run.findings);
    assert_eq!(run.findings[0]["value"], RESIDENT_ID);
    assert_eq!(run.findings[0]["field"], "body");
    assert_eq!(run.findings[0]["place"], "paragraph 2");
    assert_eq!(run.map["objects"][0]["format"], "docx");
}

#[test]
fn pictures_and_what_is_embedded_are_objects_of_their_own() {
    let text = format!("手机{MOBILE}");
    let parts: [(&str, &[u8]); 3] = [
        ("word/document.xml", &word(&paragraph(&["x"]))),
        ("word/embeddings/a.txt", text.as_bytes()),
        ("word/media/image1.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ];
    let scene = Scene::with(&[("a.docx", &package(&parts))]);
    let run = scene.scan(&[]).ends(3);
    assert_eq!(run.of("a.docx!word/embeddings/a.txt").len(), 1, "{:?}", run.findings);
    assert_eq!(run.row("a.docx!word/media/image1.png")["state"], "skipped");
}

#[test]
fn what_is_broken_is_read_as_far_as_it_goes() {
    let body = word(&(paragraph(&["手机", MOBILE]) + &paragraph(&["x"])));
    let cut = &body[..body.len() - 30];
    let rich = format!("{{\\rtf1 tel {MOBILE}\\par");
    let scene =
        Scene::with(&[("a.docx", &package(&[("word/document.xml", cut)])), ("b.rtf", rich.as_bytes())]);
    let run = scene.scan(&[]).ends(3);
    for name in ["a.docx", "b.rtf"] {
        assert_eq!(run.row(name)["state"], "partial", "{}", run.map["coverage"]);
        assert_eq!(run.row(name)["reason"], "malformed");
        assert_eq!(run.of(name).len(), 1);
    }
}

#[test]
fn a_bomb_costs_one_row() {
    // 40 MB of text in a file of as many kilobytes.
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("word/document.xml", SimpleFileOptions::default()).expect("a part");
    zip.write_all(b"<w:document xmlns:w='w'><w:body><w:p><w:r><w:t>").expect("written");
    zip.write_all(&vec![b'x'; 40 << 20]).expect("written");
    let bomb = zip.finish().expect("a package").into_inner();
    let scene = Scene::with(&[("a.docx", &bomb)]);
    let run = scene.scan(&[]).ends(3);
    assert_eq!(run.row("a.docx")["reason"], "limit", "{}", run.map["coverage"]);
}

#[test]
fn ids_of_the_format_are_no_findings() {
    let mut body = String::new();
    for at in 0..100 {
        body += &format!(
            "<w:p w:rsidR='{MOBILE}' w14:paraId='{RESIDENT_ID}'><w:bookmarkStart w:id='{at}' w:name='{MOBILE}'/></w:p>"
        );
    }
    let rich =
        format!("{{\\rtf1{{\\*\\rsidtbl {MOBILE}}}{{\\stylesheet {RESIDENT_ID};}}{{\\pict {MOBILE}}}x}}");
    let scene = Scene::with(&[
        ("a.docx", &package(&[("word/document.xml", &word(&body))])),
        ("b.rtf", rich.as_bytes()),
    ]);
    let run = scene.scan(&[]).ends(3);
    assert!(run.findings.is_empty(), "{:?}", run.findings);
    assert_eq!(run.row("b.rtf!picture 1")["reason"], "image");
}
