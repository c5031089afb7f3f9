//! What Outlook saves as .msg: a compound file in which every property is a stream ([MS-OXMSG]).
use super::{eml, rtf};
use crate::decode::cells::{At, Cells};
use crate::decode::{Entry, Failure, Output, Unit};
use crate::model::FieldName;
use crate::model::coverage::Reason;
use cfb::CompoundFile;
use std::borrow::Cow;
use std::io::{Cursor, Read};
use std::path::Path;

/// Messages in messages in one file.
const DEPTH: usize = 16;
/// Attachments and recipients of one message.
const MOST: usize = 10_000;
/// Bytes of a text that are read.
const LONGEST: u64 = 64 << 20;

/// The texts of a message ([MS-OXPROPS]): the property, the field it is shown as, the words that say what it is.
const TEXTS: [(&str, &str); 8] = [
    ("0037", "Subject"),
    ("0C1A", "From"),
    ("0C1F", "From"),
    ("5D01", "From"),
    ("0E04", "To"),
    ("0E03", "Cc"),
    ("0E02", "Bcc"),
    ("1000", "body"),
];

/// The same of a recipient.
const RECIPIENT: [&str; 4] = ["3001", "3003", "39FE", "3A1C"];

/// Reads a message.
pub(in crate::decode) fn read(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let file =
        CompoundFile::open(Cursor::new(bytes)).map_err(|_| Failure::malformed("a broken compound file"))?;
    let mut cells = Cells::new(output, Unit::Line);
    let fields = ["Subject", "From", "To", "Cc", "Bcc", "body", "recipient", "attachment", "header"]
        .map(|name| (name, cells.field(FieldName::plain(name))));
    let mut message = Message { file, cells, fields };
    let _ = message.message("", "", 0) && message.cells.flush();
    Ok(())
}

struct Message<'a, 'o> {
    file: CompoundFile<Cursor<&'a [u8]>>,
    cells: Cells<'o>,
    fields: [(&'static str, u32); 9],
}

impl Message<'_, '_> {
    /// The message in a storage; `prefix` is put before what is attached to it.
    fn message(&mut self, at: &str, prefix: &str, depth: usize) -> bool {
        let code_page = self.code_page(at);
        for (property, field) in TEXTS {
            let text = self.text(at, property, code_page);
            if !text.is_none_or(|text| self.push(field, &text)) {
                return false;
            }
        }
        if let Some(headers) = self.text(at, "007D", code_page) {
            // Those that are properties too say nothing new.
            let new = |line: &&str| !line.starts_with("Subject:") && !line.starts_with("From:");
            let kept: Vec<&str> = headers.lines().filter(|line| line.starts_with("X-")).filter(new).collect();
            if !kept.iter().all(|line| self.push("header", &eml::words(line.as_bytes()))) {
                return false;
            }
        }
        self.rich_text(at, prefix, code_page)
            && self.recipients(at, code_page)
            && self.attachments(at, prefix, depth)
    }

    /// The body in HTML or RTF, as far as it says more than the plain one.
    fn rich_text(&mut self, at: &str, prefix: &str, code_page: u32) -> bool {
        let plain = self.text(at, "1000", code_page);
        let html = match self.text(at, "1013", code_page) {
            Some(text) => Some(text),
            None => self.stream(at, "10130102").map(|bytes| decode(&bytes, code_page).into_owned()),
        };
        if let Some(html) = html {
            let known = plain.as_deref().is_some_and(|plain| super::html::says_no_more(&html, plain));
            let marked = [b"\xEF\xBB\xBF", html.as_bytes()].concat();
            return known || self.entry(&format!("{prefix}body.html"), &marked);
        }
        match self.stream(at, "10090102").filter(|_| plain.is_none_or(|text| text.trim().is_empty())) {
            Some(bytes) => match rtf::decompress(&bytes) {
                Some(text) => self.entry(&format!("{prefix}body.rtf"), &text),
                None => {
                    self.cells.output.gap(Reason::Malformed, "a body that cannot be unpacked");
                    true
                }
            },
            None => true,
        }
    }

    fn recipients(&mut self, at: &str, code_page: u32) -> bool {
        for number in 0..MOST {
            let storage = format!("{at}/__recip_version1.0_#{number:08X}");
            if !self.file.is_storage(&storage) {
                break;
            }
            let mut texts: Vec<String> =
                RECIPIENT.iter().filter_map(|property| self.text(&storage, property, code_page)).collect();
            texts.dedup();
            if !self.push("recipient", &texts.join(" ")) {
                return false;
            }
        }
        true
    }

    fn attachments(&mut self, at: &str, prefix: &str, depth: usize) -> bool {
        let code_page = self.code_page(at);
        for storage in self.storages(at, "__attach_version1.0_#") {
            let inner = format!("{storage}/__substg1.0_3701000D");
            let name = ["3707", "3704", "3001"].iter().find_map(|name| self.text(&storage, name, code_page));
            let name = name.as_deref().map_or_else(|| "attachment".to_owned(), eml::shown);
            if !self.push("attachment", &name) {
                return false;
            }
            let go_on = if let Some(bytes) = self.stream(&storage, "37010102") {
                self.entry(&format!("{prefix}{name}"), &bytes)
            } else if self.file.is_storage(&inner) && depth < DEPTH {
                self.message(&inner, &format!("{prefix}{name}!"), depth + 1)
            } else if self.file.is_storage(&inner) {
                self.cells.output.unread(
                    &format!("{prefix}{name}"),
                    Reason::Limit,
                    "messages nested too deep",
                )
            } else {
                true
            };
            if !go_on {
                return false;
            }
        }
        true
    }

    fn storages(&self, at: &str, start: &str) -> Vec<String> {
        let top = if at.is_empty() { "/" } else { at };
        let Ok(entries) = self.file.read_storage(top) else { return Vec::new() };
        let named = entries.filter(|entry| entry.is_storage() && entry.name().starts_with(start));
        named.take(MOST).map(|entry| format!("{at}/{}", entry.name())).collect()
    }

    /// The bytes of a property.
    fn stream(&mut self, at: &str, tag: &str) -> Option<Vec<u8>> {
        let path = format!("{at}/__substg1.0_{tag}");
        let mut bytes = Vec::new();
        let stream = self.file.open_stream(Path::new(&path)).ok()?;
        // What a broken chain cuts short is still what it is.
        let _ = stream.take(LONGEST).read_to_end(&mut bytes);
        if bytes.len() as u64 == LONGEST {
            self.cells.output.gap(Reason::TooLarge, "a property is too long to be read whole");
        }
        Some(bytes)
    }

    /// The text of a property, which is UTF-16 (type 001F) or in the message's code page (001E).
    fn text(&mut self, at: &str, property: &str, code_page: u32) -> Option<String> {
        if let Some(wide) = self.stream(at, &format!("{property}001F")) {
            let text = encoding_rs::UTF_16LE.decode_without_bom_handling(&wide).0;
            return Some(text.trim_end_matches('\0').to_owned());
        }
        let narrow = self.stream(at, &format!("{property}001E"))?;
        Some(decode(&narrow, code_page).trim_end_matches('\0').to_owned())
    }

    /// The code page of a storage's narrow texts: PidTagMessageCodepage, else PidTagInternetCodepage, out of the fixed
    /// properties, sixteen bytes each ([MS-OXMSG], 2.4.2.1).
    fn code_page(&mut self, at: &str) -> u32 {
        let mut bytes = Vec::new();
        if let Ok(stream) = self.file.open_stream(format!("{at}/__properties_version1.0")) {
            let _ = stream.take(1 << 20).read_to_end(&mut bytes);
        }
        let value = |tag: u32| {
            // The header is 32 bytes long at the top, 24 in a message within, eight elsewhere: all are multiples of eight.
            let mut entries = bytes.chunks_exact(8).zip(bytes.chunks_exact(8).skip(1));
            let found = entries.find(|(entry, _)| entry[..4] == tag.to_le_bytes())?.1;
            Some(u32::from_le_bytes([found[0], found[1], found[2], found[3]]))
        };
        value(0x3FFD_0003).or_else(|| value(0x3FDE_0003)).unwrap_or(0)
    }

    fn push(&mut self, field: &str, text: &str) -> bool {
        if text.trim().is_empty() {
            return true;
        }
        let number = self.fields.iter().find(|(name, _)| *name == field).map_or(0, |(_, number)| *number);
        self.cells.push(At { field: number, ..At::default() }, text)
    }

    fn entry(&mut self, name: &str, bytes: &[u8]) -> bool {
        self.cells.flush() && self.cells.output.entry(name, Entry::Whole(bytes))
    }
}

/// The text of bytes in a Windows code page.
fn decode(bytes: &[u8], code_page: u32) -> Cow<'_, str> {
    let label = match code_page {
        936 | 54936 => Some("gb18030"),
        950 => Some("big5"),
        1200 => Some("utf-16le"),
        20936 => Some("gb2312"),
        65001 => Some("utf-8"),
        _ => None,
    };
    super::charset::text(bytes, label)
}
