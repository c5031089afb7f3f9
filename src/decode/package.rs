//! Formats that share a container, told apart by what lies in it: zip packages, and the compound files of old Office.
use super::archive::{Directory, start_of};
use super::format::FileFormat;
use super::formats::{
    COMPOUND, DOC, DOCX, ENCRYPTED_OFFICE, EPUB, MSG, ODP, ODS, ODT, OFD, PPT, PPTX, XLS, XLSB, XLSX, ZIP,
};
use std::io::Cursor;

/// The parts that only one kind of package has.
const PARTS: [(&str, &FileFormat); 5] = [
    ("xl/workbook.xml", &XLSX),
    ("xl/workbook.bin", &XLSB),
    ("word/document.xml", &DOCX),
    ("ppt/presentation.xml", &PPTX),
    ("OFD.xml", &OFD),
];

/// The same by what the part `mimetype` says (OpenDocument 1.3, part 2, 3.3; EPUB 3.3, 4.3).
const MIME_TYPES: [(&str, &FileFormat); 4] = [
    ("application/vnd.oasis.opendocument.spreadsheet", &ODS),
    ("application/vnd.oasis.opendocument.text", &ODT),
    ("application/vnd.oasis.opendocument.presentation", &ODP),
    ("application/epub+zip", &EPUB),
];

/// The streams of compound files.
const STREAMS: [(&str, &FileFormat); 6] = [
    ("/EncryptedPackage", &ENCRYPTED_OFFICE),
    ("/Workbook", &XLS),
    ("/Book", &XLS),
    ("/WordDocument", &DOC),
    ("/PowerPoint Document", &PPT),
    ("/__properties_version1.0", &MSG),
];

/// What a zip file is; an archive where it is nothing else, or broken.
pub(super) fn zipped(bytes: &[u8]) -> &'static FileFormat {
    // In place: the archive may list a million entries.
    let Some(directory) = Directory::find(bytes) else { return &ZIP };
    if let Some(format) = directory.known(&PARTS) {
        return format;
    }
    let mime_type = start_of(&directory, "mimetype", bytes);
    let known = MIME_TYPES.iter().find(|(start, _)| mime_type.starts_with(start.as_bytes()));
    known.map_or(&ZIP, |(_, format)| format)
}

/// What a compound file is.
pub(super) fn compound(bytes: &[u8]) -> &'static FileFormat {
    let Ok(file) = cfb::CompoundFile::open(Cursor::new(bytes)) else { return &COMPOUND };
    STREAMS.iter().find(|(stream, _)| file.exists(stream)).map_or(&COMPOUND, |(_, format)| format)
}
