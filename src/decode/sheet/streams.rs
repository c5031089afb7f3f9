//! The streams of an old workbook beside its sheets: properties, and objects that lie within.
use super::biff::encoding;
use super::binary::Bytes;
use super::loose::{Loose, NOWHERE};
use crate::decode::cells::Cells;
use crate::decode::{Entry, Failure};
use crate::model::coverage::Reason;
use std::io::{Read, Seek};

/// Objects within a workbook; what lies in folders of these names.
const OBJECTS: &str = "/MBD";
/// Properties are short; what is longer is no list of them.
const LONGEST: u64 = 4 << 20;
/// Properties of one list, at most.
const MOST: u32 = 10_000;

/// Reads all streams but those of the sheets; false when the decoder is to end.
pub(super) fn others<F: Read + Seek>(
    file: &mut cfb::CompoundFile<F>,
    cells: &mut Cells<'_>,
) -> Result<bool, Failure> {
    let mut loose = Loose::default();
    let paths: Vec<_> =
        file.walk().filter(|entry| entry.is_stream()).map(|entry| entry.path().to_path_buf()).collect();
    for path in paths {
        let name = path.to_string_lossy().into_owned();
        let Ok(mut stream) = file.open_stream(&path) else {
            cells.output.gap(Reason::Malformed, "a stream cannot be opened");
            continue;
        };
        let go_on = if name.ends_with("SummaryInformation") {
            let mut bytes = Vec::new();
            // What is cut off is read as far as it goes.
            let _ = (&mut stream).take(LONGEST).read_to_end(&mut bytes);
            properties(&bytes).iter().all(|text| loose.push(cells, ["properties", ""], NOWHERE, text))
        } else if name.starts_with(OBJECTS) && is_object(&name) {
            let within = name.trim_start_matches('/').replace(char::is_control, "");
            cells.output.entry(&within, Entry::Stream(&mut stream))
        } else if name.starts_with("/_VBA_PROJECT_CUR/VBA/dir") {
            cells.output.unread("_VBA_PROJECT_CUR", Reason::NoDecoder, "macros")
        } else {
            true
        };
        if !go_on {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a stream of an object is its content, and no note of how it is shown.
fn is_object(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    matches!(last, "CONTENTS" | "Package" | "Workbook" | "Book" | "WordDocument" | "\u{1}Ole10Native")
}

/// The texts in a list of properties (MS-OLEPS 2.21).
fn properties(stream: &[u8]) -> Vec<String> {
    let mut texts = Vec::new();
    let mut head = Bytes(stream);
    let sets = head.take(24).and_then(|_| head.u32()).unwrap_or_default().min(2);
    for _ in 0..sets {
        let offset = head.take(16).and_then(|_| head.u32()).unwrap_or(u32::MAX) as usize;
        let Some(set) = stream.get(offset..) else { continue };
        let mut list = Bytes(set);
        list.take(4);
        let count = list.u32().unwrap_or_default().min(MOST);
        let mut code_page = 1252;
        for _ in 0..count {
            let (Some(id), Some(at)) = (list.u32(), list.u32()) else { break };
            let mut value = Bytes(set.get(at as usize..).unwrap_or_default());
            let kind = value.u32().unwrap_or_default();
            match (id, kind) {
                // The code page, for the texts that follow.
                (1, 2) => code_page = value.u16().unwrap_or(code_page),
                (_, 0x1E) => {
                    let length = value.u32().unwrap_or_default() as usize;
                    let bytes = value.take(length).unwrap_or_default();
                    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
                    texts.push(encoding(code_page).decode_without_bom_handling(bytes).0.into_owned());
                }
                (_, 0x1F) => {
                    texts.extend(value.wide_string().map(|text| text.trim_end_matches('\0').to_owned()));
                }
                _ => {}
            }
        }
    }
    texts
}
