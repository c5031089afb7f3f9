//! Encrypted connections: verified unless told otherwise.
use super::{access, open, text};
use crate::servers::mysql::{secure_server, server};
use pandian::model::coverage::Reason;
use pandian::source::database::{Access, Chunk, Failure, Tls};

/// The cipher of a connection; empty for one in the clear.
fn cipher(url: &str, access: &Access) -> Result<String, Failure> {
    let sql = "SHOW SESSION STATUS LIKE 'Ssl_cipher'".to_owned();
    let chunk = Chunk { sql, columns: 2, hex: vec![false; 2], ..Chunk::default() };
    let rows = super::read(&*open(url), access, &[chunk])?;
    Ok(text(&rows[0][1]))
}

#[test]
fn a_certificate_must_be_trusted_and_of_the_right_name() {
    let (server, ca) = secure_server();
    let secure = |host: &str, options: &str| {
        let url = server.url("").replace("127.0.0.1", host);
        format!("{url}?ssl-mode=verify_identity{options}")
    };
    let trusted = format!("&ssl-ca={}", ca.display());
    assert!(!cipher(&secure("localhost", &trusted), &access()).expect("let in").is_empty());
    let by_flag = Access { tls_ca: Some(ca), ..access() };
    assert!(!cipher(&secure("localhost", ""), &by_flag).expect("let in").is_empty());
    for (host, options) in [("localhost", ""), ("127.0.0.1", trusted.as_str())] {
        let failure = cipher(&secure(host, options), &access()).expect_err("not trusted");
        assert_eq!((failure.reason, failure.may_pass), (Reason::Unreachable, false), "{failure}");
        assert!(failure.detail.contains("ssl-ca") && failure.detail.contains(host), "{failure}");
    }
    let missing = cipher(&secure("localhost", "&ssl-ca=/no/such/file"), &access()).expect_err("no file");
    assert!(missing.detail.contains("/no/such/file"), "{missing}");
}

#[test]
fn encryption_can_be_had_without_trust_and_left_out() {
    let (server, _) = secure_server();
    let with = |tls| Access { tls, ..access() };
    assert!(!cipher(&server.url(""), &with(Tls::Insecure)).expect("let in").is_empty());
    assert!(cipher(&server.url(""), &with(Tls::Off)).expect("let in").is_empty());
    let said = format!("{}?ssl-mode=disabled", server.url(""));
    assert!(cipher(&said, &with(Tls::Insecure)).expect("let in").is_empty(), "the URL decides");
}

#[test]
fn this_machine_may_answer_in_the_clear_but_not_when_encryption_was_asked_for() {
    let url = server().url("");
    open(&url).inventory(&access()).expect("in the clear to this machine");
    if cipher(&url, &access()).expect("let in").is_empty() {
        let failure = cipher(&url, &Access { tls: Tls::Insecure, ..access() }).expect_err("no encryption");
        assert_eq!(failure.reason, Reason::Unreachable, "{failure}");
        assert!(failure.detail.contains("ssl-mode=disabled"), "{failure}");
    }
}
