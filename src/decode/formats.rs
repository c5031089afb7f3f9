//! The formats that are no text: how each is told, and what reads it. A new one is a line in one of the tables.
use super::format::{FileFormat, Reading};
use super::image;
use super::unread::{self, UNREAD};
#[cfg(feature = "formats")]
use super::{archive, columnar, document, mail, package, pdf, sheet};
use crate::model::coverage::Reason;

/// A format, the bytes it begins with, and at what offset they stand.
struct Known {
    offset: usize,
    magic: &'static [u8],
    format: FileFormat,
}

const fn known(magic: &'static [u8], format: FileFormat) -> Known {
    at(0, magic, format)
}

const fn at(offset: usize, magic: &'static [u8], format: FileFormat) -> Known {
    Known { offset, magic, format }
}

const fn read(name: &'static str, about: [&'static str; 2], read: Reading) -> FileFormat {
    FileFormat { name, about, read, isolated: false }
}

/// Read by a library that cannot be trusted with hostile bytes, in a process of its own.
#[cfg(feature = "formats")]
const fn isolated(name: &'static str, about: [&'static str; 2], read: Reading) -> FileFormat {
    FileFormat { name, about, read, isolated: true }
}

/// Read by a program of the user's own, where that is allowed.
const fn external(name: &'static str, about: [&'static str; 2]) -> FileFormat {
    FileFormat { name, about, read: Reading::External, isolated: false }
}

const fn not(name: &'static str, about: [&'static str; 2]) -> FileFormat {
    FileFormat { name, about, read: Reading::Not(Reason::NoDecoder), isolated: false }
}

// Told from one another by what lies in them.
#[cfg(feature = "formats")]
pub(super) static ZIP: FileFormat =
    read("zip", ["ZIP archive", "ZIP 压缩包"], Reading::Whole(archive::zip::zip));
#[cfg(feature = "formats")]
pub(super) static SEVEN_ZIP: FileFormat =
    isolated("7z", ["7z archive", "7z 压缩包"], Reading::Whole(archive::sevenz::sevenz));
#[cfg(feature = "formats")]
pub(super) static RAR: FileFormat = external("rar", ["RAR archive", "RAR 压缩包"]);
#[cfg(feature = "formats")]
pub(super) static EXECUTABLE: FileFormat =
    not("application/vnd.microsoft.portable-executable", ["Windows program", "Windows 程序"]);
#[cfg(feature = "formats")]
pub(super) static XLSX: FileFormat =
    read("xlsx", ["Excel workbook", "Excel 工作簿"], Reading::Whole(sheet::xlsx));
#[cfg(feature = "formats")]
pub(super) static XLSB: FileFormat =
    read("xlsb", ["Excel binary workbook", "Excel 二进制工作簿"], Reading::Whole(sheet::xlsb));
#[cfg(feature = "formats")]
pub(super) static ODS: FileFormat =
    read("ods", ["OpenDocument spreadsheet", "OpenDocument 电子表格"], Reading::Whole(sheet::ods));
#[cfg(feature = "formats")]
pub(super) static DOCX: FileFormat =
    read("docx", ["Word document", "Word 文档"], Reading::Whole(document::docx));
#[cfg(feature = "formats")]
pub(super) static PPTX: FileFormat =
    read("pptx", ["PowerPoint slides", "PowerPoint 演示文稿"], Reading::Whole(document::pptx));
#[cfg(feature = "formats")]
pub(super) static ODT: FileFormat =
    read("odt", ["OpenDocument text", "OpenDocument 文本"], Reading::Whole(document::odt));
#[cfg(feature = "formats")]
pub(super) static ODP: FileFormat =
    read("odp", ["OpenDocument slides", "OpenDocument 演示文稿"], Reading::Whole(document::odp));
#[cfg(feature = "formats")]
pub(super) static EPUB: FileFormat =
    read("epub", ["EPUB book", "EPUB 电子书"], Reading::Whole(document::epub));
#[cfg(feature = "formats")]
pub(super) static OFD: FileFormat =
    read("ofd", ["OFD document (GB/T 33190)", "OFD 版式文档（GB/T 33190）"], Reading::Whole(document::ofd));
#[cfg(feature = "formats")]
pub(super) static COMPOUND: FileFormat =
    not("compound", ["compound file of an unknown kind", "未知类型的复合文档"]);
#[cfg(feature = "formats")]
pub(super) static XLS: FileFormat = read(
    "xls",
    ["Excel 97-2003 workbook, WPS .et", "Excel 97-2003 工作簿、WPS .et"],
    Reading::Whole(sheet::xls),
);
/// Excel 2 to 4.
#[cfg(feature = "formats")]
const BIFF: FileFormat =
    read("xls", ["Excel 2-4 worksheet", "Excel 2-4 工作表"], Reading::Whole(sheet::biff));
#[cfg(feature = "formats")]
pub(super) static DOC: FileFormat = read(
    "doc",
    ["Word 97-2003 document, WPS .wps", "Word 97-2003 文档、WPS .wps"],
    Reading::Whole(document::doc),
);
#[cfg(feature = "formats")]
pub(super) static PPT: FileFormat = read(
    "ppt",
    ["PowerPoint 97-2003 slides, WPS .dps", "PowerPoint 97-2003 演示文稿、WPS .dps"],
    Reading::Whole(document::ppt),
);
#[cfg(feature = "formats")]
pub(super) static MSG: FileFormat =
    read("msg", ["Outlook message", "Outlook 邮件"], Reading::Whole(mail::msg::read));
#[cfg(feature = "formats")]
pub(super) static ENCRYPTED_OFFICE: FileFormat = read(
    "encrypted-office",
    ["Office file with a password", "加密的 Office 文件"],
    Reading::Not(Reason::Encrypted),
);

// Told by the headers they begin with.
#[cfg(feature = "formats")]
pub(super) static EML: FileFormat =
    read("eml", ["mail message", "电子邮件"], Reading::Whole(mail::eml::read));
#[cfg(feature = "formats")]
pub(super) static MBOX: FileFormat = read("mbox", ["mailbox", "邮箱文件"], Reading::Stream(mail::mbox::read));
const TIFF: FileFormat = read("tiff", ["TIFF picture", "TIFF 图片"], Reading::Whole(image::tiff));
const HEIF: FileFormat =
    read("heif", ["HEIF or AVIF picture", "HEIF、AVIF 图片"], Reading::Whole(image::heif));
#[cfg(feature = "formats")]
const PDF: FileFormat =
    FileFormat { isolated: true, ..read("pdf", ["PDF document", "PDF 文档"], Reading::Whole(pdf::read)) };

/// What the first bytes tell for certain.
static FORMATS: &[Known] = &[
    known(b"SQLite format 3\0", read("sqlite", ["SQLite database", "SQLite 数据库"], Reading::Database)),
    #[cfg(feature = "formats")]
    known(b"PK\x03\x04", read("package", ["", ""], Reading::Refined(package::zipped))),
    #[cfg(feature = "formats")]
    known(
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        read("package", ["", ""], Reading::Refined(package::compound)),
    ),
    #[cfg(feature = "formats")]
    known(b"\x09\x00\x04\x00", BIFF),
    #[cfg(feature = "formats")]
    known(b"\x09\x02\x06\x00", BIFF),
    #[cfg(feature = "formats")]
    known(b"\x09\x04\x06\x00", BIFF),
    #[cfg(feature = "formats")]
    known(b"{\\rtf", read("rtf", ["Rich Text Format", "RTF 文档"], Reading::Stream(document::rtf))),
    #[cfg(feature = "formats")]
    known(
        b"\x78\x9F\x3E\x22",
        read("tnef", ["winmail.dat of Outlook", "Outlook 的 winmail.dat"], Reading::Whole(mail::tnef::read)),
    ),
    known(b"!BDN", not("pst", ["Outlook data file (PST, OST)", "Outlook 数据文件（PST、OST）"])),
    #[cfg(feature = "formats")]
    known(b"%PDF-", PDF),
    #[cfg(feature = "formats")]
    known(b"\xEF\xBB\xBF%PDF-", PDF),
    #[cfg(feature = "formats")]
    known(b"\r\n%PDF-", PDF),
    #[cfg(feature = "formats")]
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
    #[cfg(feature = "formats")]
    known(
        b"ARROW1\0\0",
        read(
            "arrow",
            ["Arrow IPC file, Feather", "Arrow IPC 文件、Feather"],
            Reading::Whole(columnar::ipc::file),
        ),
    ),
    #[cfg(feature = "formats")]
    known(b"Obj\x01", read("avro", ["Apache Avro", "Apache Avro"], Reading::Stream(columnar::avro::read))),
];

/// Archives and compressed files.
#[cfg(feature = "formats")]
static ARCHIVES: &[Known] = &[
    known(b"\x1F\x8B", read("gzip", ["gzip", "gzip"], Reading::Stream(archive::compressed::gzip))),
    // Behind three letters and a digit, the numbers π and √π: the first block, or the end.
    at(4, b"1AY&SY", read("bzip2", ["bzip2", "bzip2"], Reading::Stream(archive::compressed::bzip2))),
    at(4, b"\x17\x72\x45\x38\x50\x90", read("bzip2", ["", ""], Reading::Stream(archive::compressed::bzip2))),
    known(b"\xFD7zXZ\0", read("xz", ["xz", "xz"], Reading::Stream(archive::compressed::xz))),
    known(b"\x5D\0\0", read("lzma", ["LZMA", "LZMA"], Reading::Stream(archive::compressed::lzma))),
    known(
        b"\x28\xB5\x2F\xFD",
        read("zstd", ["Zstandard", "Zstandard"], Reading::Stream(archive::compressed::zstd)),
    ),
    // A frame to be skipped, with which pzstd begins.
    known(b"\x50\x2A\x4D\x18", read("zstd", ["", ""], Reading::Stream(archive::compressed::zstd))),
    known(b"\x04\x22\x4D\x18", read("lz4", ["LZ4", "LZ4"], Reading::Stream(archive::compressed::lz4))),
    known(b"\x02\x21\x4C\x18", read("lz4", ["", ""], Reading::Stream(archive::compressed::lz4))),
    known(b"PK\x05\x06", read("zip", ["", ""], Reading::Whole(archive::zip::zip))),
    known(b"PK\x07\x08", read("zip", ["", ""], Reading::Whole(archive::zip::zip))),
    known(archive::sevenz::MAGIC, isolated("7z", ["", ""], Reading::Whole(archive::sevenz::sevenz))),
    at(
        archive::tar::MAGIC_AT,
        archive::tar::MAGIC,
        read("tar", ["tar archive", "tar 归档"], Reading::Stream(archive::tar::tar)),
    ),
    known(
        archive::ar::MAGIC,
        read(
            "ar",
            ["ar archive, Debian package", "ar 归档、Debian 软件包"],
            Reading::Stream(archive::ar::ar),
        ),
    ),
    // The first bytes of what compilers of Windows programs make; "MZ" alone may begin a text.
    known(b"MZ\x90\0", read("executable", ["", ""], Reading::Refined(archive::self_extracting))),
    known(b"MZP\0", read("executable", ["", ""], Reading::Refined(archive::self_extracting))),
];

/// Archives for which there is nothing here.
static OTHERS: &[Known] = &[
    known(b"Rar!\x1A\x07", external("rar", ["RAR archive", "RAR 压缩包"])),
    known(b"\x1F\x9D", external("compress", ["compress (.Z)", "compress（.Z）"])),
    known(b"MSCF\0\0\0\0", external("cab", ["Windows cabinet", "Windows CAB 包"])),
    known(b"\xED\xAB\xEE\xDB\x03", external("rpm", ["RPM package", "RPM 软件包"])),
    known(b"LZIP\x01", external("lzip", ["lzip", "lzip"])),
    known(b"\x89LZO\0\r\n\x1A\n", not("lzop", ["lzop", "lzop"])),
    known(b"MSWIM\0\0\0", external("wim", ["Windows image", "Windows WIM 映像"])),
    known(b"xar!\0", external("xar", ["xar archive", "xar 归档"])),
    at(2, b"-lh5-", external("lzh", ["LHA archive", "LHA 压缩包"])),
    at(2, b"-lh0-", external("lzh", ["", ""])),
    at(2, b"-lh1-", external("lzh", ["", ""])),
    at(2, b"-lh6-", external("lzh", ["", ""])),
    at(2, b"-lh7-", external("lzh", ["", ""])),
    at(0x8001, b"CD001", external("iso", ["ISO 9660 image", "ISO 9660 光盘映像"])),
];

/// Whether the first bytes of an object are those of a format.
type Test = fn(&[u8]) -> bool;

/// What has no mark, or one that text may begin with, and is told by all that its beginning says.
static TESTED: &[(Test, FileFormat)] = &[
    (unread::is_innodb, unread::INNODB),
    (is_cpio, external("cpio", ["cpio archive", "cpio 归档"])),
    (is_arj, external("arj", ["ARJ archive", "ARJ 压缩包"])),
    #[cfg(feature = "formats")]
    (archive::tar::is_v7, read("tar", ["", ""], Reading::Stream(archive::tar::tar))),
    #[cfg(feature = "formats")]
    (
        columnar::parquet::is_one,
        read("parquet", ["Apache Parquet", "Apache Parquet"], Reading::Whole(columnar::parquet::read)),
    ),
    #[cfg(feature = "formats")]
    // Its library unpacks lists and bytes to what they say, however much that is.
    (
        columnar::orc::is_one,
        isolated("orc", ["Apache ORC", "Apache ORC"], Reading::Whole(columnar::orc::read)),
    ),
    #[cfg(feature = "formats")]
    (
        columnar::ipc::is_stream,
        read("arrow-stream", ["Arrow IPC stream", "Arrow IPC 流"], Reading::Whole(columnar::ipc::stream)),
    ),
    #[cfg(feature = "formats")]
    (
        columnar::dbf::is_one,
        read("dbf", ["dBase, FoxPro table", "dBase、FoxPro 表"], Reading::Stream(columnar::dbf::read)),
    ),
];

/// The numbers of a cpio header are digits all, in the newer format hexadecimal: a text may begin with the mark alone.
fn is_cpio(head: &[u8]) -> bool {
    let digits = |range: std::ops::Range<usize>, test: fn(&u8) -> bool| {
        head.get(range).is_some_and(|numbers| numbers.iter().all(test))
    };
    match head.get(..6) {
        Some(b"070701" | b"070702") => digits(6..110, u8::is_ascii_hexdigit),
        Some(b"070707") => digits(6..76, u8::is_ascii_digit),
        _ => false,
    }
}

/// The mark of ARJ may begin a text in GBK; its header is no longer than 2,600 bytes.
fn is_arj(head: &[u8]) -> bool {
    matches!(head, [0x60, 0xEA, low, high, ..] if (30..=2600).contains(&u16::from_le_bytes([*low, *high])))
}

/// All that bear a mark, in the order in which they are looked for.
fn marked() -> impl Iterator<Item = &'static Known> {
    let known = FORMATS.iter();
    #[cfg(feature = "formats")]
    let known = known.chain(ARCHIVES);
    known.chain(OTHERS)
}

/// The format whose mark the first bytes of an object bear, or that they are told by.
pub(super) fn recognise(head: &[u8]) -> Option<&'static FileFormat> {
    // Most are other formats by their first byte.
    let bears = |known: &&Known| {
        head.get(known.offset) == known.magic.first() && head[known.offset..].starts_with(known.magic)
    };
    let found = marked().find(bears).map(|known| &known.format);
    let found = found.or_else(|| UNREAD.iter().find(|unread| unread.is(head)).map(|unread| &unread.format));
    let found = found.or_else(|| TESTED.iter().find(|(test, _)| test(head)).map(|(_, format)| format));
    #[cfg(feature = "formats")]
    let found = found.or_else(|| mail::recognise(head));
    found
}

/// Those that are told by what lies in them, for the list of formats.
static NAMED: &[&FileFormat] = &[
    #[cfg(feature = "formats")]
    &ZIP,
    #[cfg(feature = "formats")]
    &XLSX,
    #[cfg(feature = "formats")]
    &XLSB,
    #[cfg(feature = "formats")]
    &XLS,
    #[cfg(feature = "formats")]
    &ODS,
    #[cfg(feature = "formats")]
    &DOCX,
    #[cfg(feature = "formats")]
    &DOC,
    #[cfg(feature = "formats")]
    &ODT,
    #[cfg(feature = "formats")]
    &PPTX,
    #[cfg(feature = "formats")]
    &PPT,
    #[cfg(feature = "formats")]
    &ODP,
    #[cfg(feature = "formats")]
    &OFD,
    #[cfg(feature = "formats")]
    &EPUB,
    #[cfg(feature = "formats")]
    &EML,
    #[cfg(feature = "formats")]
    &MBOX,
    #[cfg(feature = "formats")]
    &MSG,
    #[cfg(feature = "formats")]
    &SEVEN_ZIP,
    #[cfg(feature = "formats")]
    &ENCRYPTED_OFFICE,
    #[cfg(feature = "formats")]
    &COMPOUND,
];

/// All formats that are no text, each once.
pub fn formats() -> impl Iterator<Item = &'static FileFormat> {
    let all = NAMED.iter().copied().chain(marked().map(|known| &known.format));
    let all =
        all.chain(TESTED.iter().map(|(_, format)| format)).chain(UNREAD.iter().map(|unread| &unread.format));
    let mut names = std::collections::HashSet::new();
    // What has no words about it is another mark of one that has, or is told by what lies in it.
    all.filter(move |format| !format.about[0].is_empty() && names.insert(format.name))
}
