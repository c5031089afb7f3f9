//! Mail: single messages, mailboxes, and what Outlook keeps; how a text that is one is told from other text.
mod charset;
pub(super) mod eml;
mod html;
pub(super) mod mbox;
pub(super) mod mime;
pub(super) mod msg;
mod rtf;
pub(super) mod tnef;
mod uuencode;

use super::format::FileFormat;
use super::formats::{EML, MBOX};

/// Headers that messages have (RFC 5322, section 3.6; RFC 2045), in lower case.
const KNOWN: [&str; 22] = [
    "from",
    "to",
    "subject",
    "date",
    "cc",
    "bcc",
    "sender",
    "reply-to",
    "received",
    "return-path",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "delivered-to",
    "in-reply-to",
    "references",
    "dkim-signature",
    "x-mailer",
    "x-originating-ip",
    "x-priority",
    "x-unsent",
];

/// Of those, the ones that no other kind of text has beside a few of the rest.
const TELLING: [&str; 7] =
    ["from", "sender", "received", "return-path", "mime-version", "delivered-to", "x-unsent"];

/// So many of the known headers make a message.
const ENOUGH: usize = 3;

/// What kind of mail a text is that begins so, if it is any.
pub(super) fn recognise(head: &[u8]) -> Option<&'static FileFormat> {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let text = head.trim_ascii_start();
    if let Some(rest) = text.strip_prefix(b"From ") {
        let behind = memchr::memchr(b'\n', rest)? + 1;
        return is_message(&rest[behind..]).then_some(&MBOX);
    }
    is_message(text).then_some(&EML)
}

/// Whether a text begins with the headers of a message.
fn is_message(text: &[u8]) -> bool {
    let mut seen = [false; KNOWN.len()];
    for line in text.split(|&b| b == b'\n') {
        if line.trim_ascii().is_empty() {
            break;
        }
        if matches!(line[0], b' ' | b'\t') {
            continue;
        }
        let Some(name) = mime::name(line) else { break };
        let name = name.trim_end();
        if let Some(at) = KNOWN.iter().position(|known| known.eq_ignore_ascii_case(name)) {
            seen[at] = true;
        }
    }
    let known = KNOWN.iter().zip(seen).filter(|(_, seen)| *seen).map(|(name, _)| *name);
    known.clone().count() >= ENOUGH && known.clone().any(|name| TELLING.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_told_from_other_text() {
        let name = |text: &str| recognise(text.as_bytes()).map(|format| format.name);
        assert_eq!(name("Received: from a\r\n\tby b\r\nDate: x\r\nFrom: y\r\n\r\nbody"), Some("eml"));
        assert_eq!(name("From a@b Mon Jan 1\nFrom: a\nTo: b\nSubject: c\n\nbody"), Some("mbox"));
        for text in [
            "From the beginning, it was: clear\nthat this is prose\n",
            "Date: x\nServer: y\nContent-Type: text/html\nContent-Length: 5\n\n",
            "2024-05-13 10:00:00 INFO From: a To: b Subject: c\n",
            "name: app\nversion: 1\nfrom: base\n",
            "Metadata-Version: 2.1\nName: x\nVersion: 1\nAuthor: y\n",
            "Subject: a",
            "",
            ":\n",
        ] {
            assert_eq!(name(text), None, "{text}");
        }
    }
}
