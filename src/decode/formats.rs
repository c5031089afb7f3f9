//! The formats that are no text: how each is told, and what reads it. A new one is a line in [`FORMATS`].
#[cfg(feature = "archives")]
use super::archive;
use super::format::{FileFormat, Reading};
use super::image;
#[cfg(feature = "office")]
use super::package;
#[cfg(feature = "pdf")]
use super::pdf;
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

const fn at(offset: usize, magic: &'static [u8], format: FileFormat) -> Known {
    Known { offset, magic, format }
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

const TIFF: FileFormat = read("tiff", ["TIFF picture", "TIFF 图片"], Reading::Whole(image::tiff));
const HEIF: FileFormat =
    read("heif", ["HEIF or AVIF picture", "HEIF、AVIF 图片"], Reading::Whole(image::heif));
#[cfg(feature = "pdf")]
const PDF: FileFormat =
    FileFormat { isolated: true, ..read("pdf", ["PDF document", "PDF 文档"], Reading::Whole(pdf::read)) };
#[cfg(not(feature = "pdf"))]
const PDF: FileFormat = not("pdf", ["PDF document", "PDF 文档"]);

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
    known(b"%PDF-", PDF),
    known(b"\xEF\xBB\xBF%PDF-", PDF),
    known(b"\r\n%PDF-", PDF),
    known(b"\n%PDF-", PDF),
    known(b"\xFF\xD8\xFF", read("jpeg", ["JPEG picture", "JPEG 图片"], Reading::Whole(image::jpeg))),
    known(b"\x89PNG\r\n\x1A\n", read("png", ["PNG picture", "PNG 图片"], Reading::Whole(image::png))),
    known(b"II*\0", TIFF),
    known(b"MM\0*", TIFF),
    known(b"GIF8", read("gif", ["GIF picture", "GIF 图片"], Reading::Whole(image::gif))),
    at(8, b"WEBPVP8", read("webp", ["WebP picture", "WebP 图片"], Reading::Whole(image::webp))),
    at(4, b"ftyphei", HEIF),
    at(4, b"ftyphev", HEIF),
    at(4, b"ftypmif1", HEIF),
    at(4, b"ftypavif", HEIF),
    known(b"Rar!\x1A\x07", not("rar", ["RAR archive", "RAR 压缩包"])),
];

/// The format whose mark the first bytes of an object bear.
pub(super) fn recognise(head: &[u8]) -> Option<&'static FileFormat> {
    FORMATS
        .iter()
        .find(|known| head.get(known.offset..).is_some_and(|rest| rest.starts_with(known.magic)))
        .map(|known| &known.format)
}

/// All formats that are no text.
pub fn formats() -> impl Iterator<Item = &'static FileFormat> {
    FORMATS.iter().map(|known| &known.format)
}
