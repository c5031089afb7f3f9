//! Mail: Outlook's files, hostile messages, and what a mailbox holds.
use crate::program::{CARD, MOBILE, RESIDENT_ID, Scene};
use std::io::{Cursor, Write};

type Compound = cfb::CompoundFile<Cursor<Vec<u8>>>;

fn put(file: &mut Compound, path: &str, bytes: &[u8]) {
    file.create_stream(path).expect("a stream").write_all(bytes).expect("written");
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// A code page as a fixed property behind a header of `header` bytes ([MS-OXMSG], 2.4).
fn properties(header: usize, code_page: u32) -> Vec<u8> {
    let mut bytes = vec![0; header];
    bytes.extend(0x3FFD_0003u32.to_le_bytes());
    bytes.extend(6u32.to_le_bytes());
    bytes.extend(code_page.to_le_bytes());
    bytes.extend([0; 4]);
    bytes
}

/// A message with a body in GBK, an attachment, and a message in it.
fn msg() -> Vec<u8> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("a file");
    let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
    put(&mut file, "/__properties_version1.0", &properties(32, 936));
    put(&mut file, "/__substg1.0_0037001F", &wide(&format!("手机 {MOBILE}")));
    put(&mut file, "/__substg1.0_1000001E", &gbk(&format!("身份证号：{RESIDENT_ID}\0")));
    file.create_storage("/__recip_version1.0_#00000000").expect("a storage");
    put(&mut file, "/__recip_version1.0_#00000000/__properties_version1.0", &[0; 8]);
    put(&mut file, "/__recip_version1.0_#00000000/__substg1.0_3001001F", &wide("王芳"));
    let attached = "/__attach_version1.0_#00000000";
    file.create_storage(attached).expect("a storage");
    put(&mut file, &format!("{attached}/__properties_version1.0"), &[0; 8]);
    put(&mut file, &format!("{attached}/__substg1.0_3707001F"), &wide("名单.txt"));
    put(&mut file, &format!("{attached}/__substg1.0_37010102"), format!("银行卡：{CARD}").as_bytes());
    let outer = "/__attach_version1.0_#00000001";
    let inner = format!("{outer}/__substg1.0_3701000D");
    file.create_storage_all(&inner).expect("storages");
    put(&mut file, &format!("{outer}/__substg1.0_3001001F"), &wide("转发"));
    put(&mut file, &format!("{inner}/__properties_version1.0"), &properties(24, 65001));
    put(&mut file, &format!("{inner}/__substg1.0_1000001E"), format!("手机：{MOBILE}").as_bytes());
    let body = format!("<p>身份证号：{RESIDENT_ID}</p><p>卡 {CARD}</p>");
    put(&mut file, &format!("{inner}/__substg1.0_10130102"), body.as_bytes());
    file.flush().expect("written");
    file.into_inner().into_inner()
}

#[test]
fn outlook_messages_are_read() {
    let run = Scene::with(&[("a.msg", &msg())]).scan(&["--reveal"]).ends(0);
    let found = |path: &str, field: Option<&str>, value: &str| {
        let one = run
            .of(path)
            .into_iter()
            .find(|f| f["value"] == value && (field.is_none() || f["field"].as_str() == field));
        assert!(one.is_some(), "{path} {field:?} {value}: {:?}", run.findings);
    };
    found("a.msg", Some("Subject"), MOBILE);
    found("a.msg", Some("body"), RESIDENT_ID);
    found("a.msg", Some("body"), MOBILE);
    found("a.msg!名单.txt", None, CARD);
    found("a.msg!转发!body.html", None, CARD);
}

#[test]
fn broken_outlook_messages_end_in_a_row_at_most() {
    let whole = msg();
    let mut files = Vec::new();
    for at in (512..whole.len()).step_by(whole.len() / 60) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0xFF;
        files.push((format!("flip{at}.msg"), flipped));
        files.push((format!("cut{at}.msg"), whole[..at].to_vec()));
    }
    let scene = Scene::new();
    for (name, bytes) in &files {
        scene.write(name, bytes);
    }
    let run = scene.scan(&[]).closes();
    assert!(!run.stderr.contains("crashed") && !run.map.to_string().contains("crashed"), "{}", run.stderr);
}

fn message(more: &str) -> String {
    format!("From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\nMIME-Version: 1.0\r\n{more}")
}

#[test]
fn parts_ten_thousand_deep_are_read_as_text() {
    let mut text = message("");
    for depth in 0..10_000 {
        text.push_str(&format!("Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n--b{depth}\r\n"));
    }
    text.push_str(&format!("\r\n手机：{MOBILE}\r\n"));
    let mut inner = message("");
    for _ in 0..10_000 {
        inner.push_str("Content-Type: message/rfc822\r\n\r\n");
        inner.push_str(&message(""));
    }
    let scene = Scene::with(&[("parts.eml", text.as_bytes()), ("messages.eml", inner.as_bytes())]);
    let run = scene.scan(&["--reveal"]).ends(3);
    assert_eq!(run.of("parts.eml").len(), 1);
    assert_eq!(run.row("parts.eml")["reason"], "limit");
}

#[test]
fn headers_without_end_are_a_row() {
    let mut text = message("");
    for number in 0..50_000 {
        text.push_str(&format!("X-{number}: {number}\r\n"));
    }
    text.push_str(&format!("\r\n手机：{MOBILE}\r\n"));
    let run = Scene::with(&[("a.eml", text.as_bytes())]).scan(&[]).ends(3);
    assert_eq!(run.row("a.eml")["reason"], "limit");
    assert_eq!(run.findings.len(), 1);
}

#[test]
fn encrypted_mail_is_a_row() {
    let pgp = message(
        "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\r\n\r\n--b--\r\n",
    );
    let smime = message(
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAxggE=\r\n",
    );
    let run = Scene::with(&[("pgp.eml", pgp.as_bytes()), ("smime.eml", smime.as_bytes())]).scan(&[]).ends(3);
    assert_eq!(run.row("pgp.eml!encrypted")["reason"], "encrypted");
    assert_eq!(run.row("smime.eml!smime.p7m")["reason"], "encrypted");
}

#[test]
fn broken_messages_are_read_as_far_as_they_go() {
    let whole = message(&format!(
        "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=gbk\r\n\
         Content-Transfer-Encoding: base64\r\n\r\nyta7+s+6\r\n--b\r\nContent-Disposition: attachment; filename*0*=utf-8''%E5; filename*1*=%90.txt\r\n\r\n\
         手机：{MOBILE}\r\n--b--\r\n"
    ));
    let scene = Scene::new();
    for at in 0..whole.len() {
        let mut flipped = whole.clone().into_bytes();
        flipped[at] ^= 0x15;
        scene.write(format!("flip{at}.eml"), &flipped);
        scene.write(format!("cut{at}.eml"), &whole.as_bytes()[..at]);
    }
    let run = scene.scan(&[]).closes();
    assert!(!run.map.to_string().contains("crashed"));
}

#[test]
fn a_mailbox_is_read_message_by_message_from_a_stream() {
    let mut text = String::new();
    for number in 0..3000 {
        text.push_str(&format!(
            "From a@b Mon May 13 10:00:00 2024\n{}\n手机：{MOBILE}\n{}\n\n",
            message(""),
            "x".repeat(number % 700)
        ));
    }
    let run = Scene::new().run(&["-"], text.as_bytes());
    assert_eq!(run.findings.len(), 3000);
    assert_eq!(run.findings[2999]["path"], "-!message 3000");
}

#[test]
fn a_log_of_mail_is_no_mail() {
    let text = format!("Date: Mon\nserver: x\n\n手机：{MOBILE}\nFrom: nobody\n");
    let run = Scene::with(&[("a.log", text.as_bytes())]).scan(&[]).ends(0);
    assert_eq!(run.findings[0]["line"], 4);
    assert_eq!(run.findings[0]["field"], serde_json::Value::Null);
}
