//! The formats that are no text: how each is told, and what reads it. A new one is a line in [`FORMATS`].
#[cfg(feature = "archives")]
use super::archive;
#[cfg(feature = "columnar")]
use super::columnar;
use super::format::{FileFormat, Reading};
#[cfg(feature = "office")]
use super::package;
use super::unread::{self, UNREAD};
use crate::model::coverage::Reason;

/// A format, the bytes it begins with, and at what offset they stand.
struct Known {
    offset: usize,
    magic: &'static [u8],
    format: FileFormat,
}

const fn known(magic: &'static [u8], format: FileFormat) -> Known {
    Known { offset: 0, magic, format }
}

const fn read(name: &'static str, about: [&'static str; 2], read: Reading) -> FileFormat {
    FileFormat { name, about, read, isolated: false }
}

const fn not(name: &'static str, about: [&'static str; 2]) -> FileFormat {
    FileFormat { name, about, read: Reading::Not(Reason::NoDecoder), isolated: false }
}

// Told from one another by what lies in them.
pub(super) static ZIP: FileFormat = not("zip", ["ZIP archive", "ZIP 压缩包"]);
pub(super) static XLSX: FileFormat = not("xlsx", ["Excel workbook", "Excel 工作簿"]);
pub(super) static XLSB: FileFormat = not("xlsb", ["Excel binary workbook", "Excel 二进制工作簿"]);
pub(super) static ODS: FileFormat = not("ods", ["OpenDocument spreadsheet", "OpenDocument 电子表格"]);
pub(super) static DOCX: FileFormat = not("docx", ["Word document", "Word 文档"]);
pub(super) static PPTX: FileFormat = not("pptx", ["PowerPoint slides", "PowerPoint 演示文稿"]);
pub(super) static ODT: FileFormat = not("odt", ["OpenDocument text", "OpenDocument 文本"]);
pub(super) static ODP: FileFormat = not("odp", ["OpenDocument slides", "OpenDocument 演示文稿"]);
pub(super) static EPUB: FileFormat = not("epub", ["EPUB book", "EPUB 电子书"]);
pub(super) static OFD: FileFormat = not("ofd", ["OFD document (GB/T 33190)", "OFD 版式文档（GB/T 33190）"]);
pub(super) static COMPOUND: FileFormat =
    not("compound", ["compound file of an unknown kind", "未知类型的复合文档"]);
pub(super) static XLS: FileFormat =
    not("xls", ["Excel 97-2003 workbook, WPS .et", "Excel 97-2003 工作簿、WPS .et"]);
pub(super) static DOC: FileFormat =
    not("doc", ["Word 97-2003 document, WPS .wps", "Word 97-2003 文档、WPS .wps"]);
pub(super) static PPT: FileFormat =
    not("ppt", ["PowerPoint 97-2003 slides, WPS .dps", "PowerPoint 97-2003 演示文稿、WPS .dps"]);
pub(super) static MSG: FileFormat = not("msg", ["Outlook message", "Outlook 邮件"]);
pub(super) static ENCRYPTED_OFFICE: FileFormat = read(
    "encrypted-office",
    ["Office file with a password", "加密的 Office 文件"],
    Reading::Not(Reason::Encrypted),
);

/// Whether an object begins as one of a format does.
#[cfg(feature = "columnar")]
type IsOne = fn(&[u8]) -> bool;

/// What has no mark, or one that text may begin with, and is told by all that its beginning says.
#[cfg(feature = "columnar")]
static UNMARKED: [(IsOne, FileFormat); 4] = [
    (
        columnar::parquet::is_one,
        read("parquet", ["Apache Parquet", "Apache Parquet"], Reading::Whole(columnar::parquet::read)),
    ),
    (
        columnar::orc::is_one,
        FileFormat {
            name: "orc",
            about: ["Apache ORC", "Apache ORC"],
            read: Reading::Whole(columnar::orc::read),
            // Its library unpacks lists and bytes to what they say, however much that is.
            isolated: true,
        },
    ),
    (
        columnar::ipc::is_stream,
        read("arrow-stream", ["Arrow IPC stream", "Arrow IPC 流"], Reading::Whole(columnar::ipc::stream)),
    ),
    (
        columnar::dbf::is_one,
        read("dbf", ["dBase, FoxPro table", "dBase、FoxPro 表"], Reading::Stream(columnar::dbf::read)),
    ),
];

/// What the first bytes tell for certain.
static FORMATS: &[Known] = &[
    known(b"SQLite format 3\0", read("sqlite", ["SQLite database", "SQLite 数据库"], Reading::Database)),
    #[cfg(feature = "archives")]
    known(b"\x1F\x8B", read("gzip", ["gzip", "gzip"], Reading::Stream(archive::compressed::gzip))),
    #[cfg(feature = "office")]
    known(b"PK\x03\x04", read("package", ["", ""], Reading::Refined(package::zipped))),
    #[cfg(feature = "office")]
    known(
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        read("package", ["", ""], Reading::Refined(package::compound)),
    ),
    known(b"Rar!\x1A\x07", not("rar", ["RAR archive", "RAR 压缩包"])),
    #[cfg(feature = "columnar")]
    known(
        b"ARROW1\0\0",
        read(
            "arrow",
            ["Arrow IPC file, Feather", "Arrow IPC 文件、Feather"],
            Reading::Whole(columnar::ipc::file),
        ),
    ),
    #[cfg(feature = "columnar")]
    known(b"Obj\x01", read("avro", ["Apache Avro", "Apache Avro"], Reading::Stream(columnar::avro::read))),
];

/// The format whose mark the first bytes of an object bear.
pub(super) fn recognise(head: &[u8]) -> Option<&'static FileFormat> {
    let marked = FORMATS
        .iter()
        .find(|known| head.get(known.offset..).is_some_and(|rest| rest.starts_with(known.magic)))
        .map(|known| &known.format);
    let marked = marked
        .or_else(|| UNREAD.iter().find(|unread| unread.is(head)).map(|unread| &unread.format))
        .or_else(|| unread::is_innodb(head).then_some(&unread::INNODB));
    #[cfg(feature = "columnar")]
    let marked =
        marked.or_else(|| UNMARKED.iter().find(|(is_one, _)| is_one(head)).map(|(_, format)| format));
    marked
}

/// All formats that are no text.
pub fn formats() -> impl Iterator<Item = &'static FileFormat> {
    let all = FORMATS.iter().map(|known| &known.format);
    let all = all.chain(UNREAD.iter().map(|unread| &unread.format)).chain([&unread::INNODB]);
    #[cfg(feature = "columnar")]
    let all = all.chain(UNMARKED.iter().map(|(_, format)| format));
    all
}
