//! `pandian formats`: what is read and how, and what is not.
use super::{COMPLETE, Failure, print};
use crate::decode::{FileFormat, LAYOUTS, Reading, formats};
use crate::model::Lang;
use crate::model::coverage::Reason;
use crate::report::terminal::table;
use serde::Serialize;

/// A format in the list.
#[derive(Serialize)]
struct Row {
    /// What it is called in the map.
    name: &'static str,
    en: &'static str,
    zh: &'static str,
    read: Read,
    /// It is read in a process of its own.
    isolated: bool,
    /// Why it is not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// How a format is read.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Read {
    /// Value by value, in a window that moves over the text.
    Text,
    /// From the first byte to the last.
    Stream,
    /// From all of its bytes: they are held, or lie in a temporary file.
    Whole,
    /// Table by table.
    Database,
    /// In another way, if the user says so.
    Elsewhere,
    Not,
}

impl Row {
    fn of(format: &FileFormat) -> Self {
        let (read, reason) = match format.read {
            Reading::Stream(_) => (Read::Stream, None),
            Reading::Whole(_) => (Read::Whole, None),
            Reading::Database => (Read::Database, None),
            Reading::Not(reason) => (Read::Not, Some(reason)),
            _ => (Read::Elsewhere, None),
        };
        let [en, zh] = format.about;
        Row { name: format.name, en, zh, read, isolated: format.isolated, reason }
    }

    fn how(&self, lang: Lang) -> String {
        let how = match (self.read, self.reason) {
            (Read::Text, _) => lang.pick("逐窗口读取", "read in windows"),
            (Read::Stream, _) => lang.pick("流式读取", "read as a stream"),
            (Read::Whole, _) => lang.pick("整体读取", "read as a whole"),
            (Read::Database, _) => lang.pick("按数据库逐表读取", "read as a database, table by table"),
            (Read::Elsewhere, _) => {
                lang.pick("由外部程序读取（须允许）", "by another program, where that is allowed")
            }
            (Read::Not, Some(Reason::Encrypted)) => {
                lang.pick("不读取：已加密，记入台账", "not read: encrypted; the ledger says so")
            }
            (Read::Not, _) => lang.pick("不读取：记入台账", "not read; the ledger says so"),
        };
        let child = lang.pick("，独立进程", ", in a process of its own");
        format!("{how}{}", if self.isolated { child } else { "" })
    }
}

/// All formats, text first, what is not read last; a format with several marks is one.
fn rows() -> Vec<Row> {
    let text = LAYOUTS.iter().map(|&(name, [en, zh])| {
        let (read, isolated, reason) = (Read::Text, false, None);
        Row { name, en, zh, read, isolated, reason }
    });
    // Marks that many formats share are no format.
    let told =
        formats().filter(|format| !matches!(format.read, Reading::Refined(_)) && !format.about[0].is_empty());
    let mut rows: Vec<Row> = Vec::new();
    for row in text.chain(told.map(Row::of)) {
        if rows.iter().all(|known| known.name != row.name) {
            rows.push(row);
        }
    }
    rows.sort_by_key(|row| row.read == Read::Not);
    rows
}

pub(super) fn run(json: bool, lang: Lang) -> Result<u8, Failure> {
    let rows = rows();
    if json {
        print(&format!("{}\n", serde_json::to_string_pretty(&rows)?))?;
        return Ok(COMPLETE);
    }
    let mut table =
        table(&lang.pick(["格式", "说明", "读取方式"], ["Format", "What it is", "How it is read"]));
    for row in &rows {
        table.add_row([row.name, lang.pick(row.zh, row.en), &row.how(lang)]);
    }
    let rest = lang.pick(
        "格式由内容判断，与文件名无关；不认识的二进制文件记入台账。\n",
        "Formats are told by content, never by name; what is binary and unknown is told in the ledger.\n",
    );
    print(&format!("{table}\n{rest}"))?;
    Ok(COMPLETE)
}
