//! winmail.dat: what Outlook attaches to mail for those who have no Outlook ([MS-OXTNEF]).
use super::{eml, rtf};
use crate::decode::cells::{At, Cells};
use crate::decode::{Entry, Failure, Output, Unit};
use crate::model::FieldName;
use crate::model::coverage::Reason;

/// A file that is attached, as far as it is known.
#[derive(Default)]
struct Attached {
    name: String,
    bytes: Vec<u8>,
}

/// Reads a TNEF stream.
pub(in crate::decode) fn read(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut cells = Cells::new(output, Unit::Line);
    let [subject, body, attachment] =
        ["Subject", "body", "attachment"].map(|name| cells.field(FieldName::plain(name)));
    let mut attached: Option<Attached> = None;
    // Signature and key (2.1.3.2).
    let mut rest = bytes.get(6..).unwrap_or_default();
    let mut go_on = true;
    while let Some((id, data, behind)) = attribute(rest).filter(|_| go_on) {
        rest = behind;
        let text = |data: &[u8]| super::charset::text(data, None).trim_end_matches('\0').to_owned();
        match id {
            0x8004 => go_on = cells.push(At { field: subject, ..At::default() }, &text(data)),
            0x800C => go_on = cells.push(At { field: body, ..At::default() }, &text(data)),
            // attAttachRendData begins an attachment.
            0x9002 => go_on = give(&mut cells, attached.replace(Attached::default()), attachment),
            0x8010 => attached.get_or_insert_default().name = text(data),
            0x800F => attached.get_or_insert_default().bytes = data.to_vec(),
            0x9003 => {
                let packed =
                    memchr::memmem::find(data, b"LZFu").and_then(|at| data.get(at.checked_sub(8)?..));
                if let Some(text) = packed.and_then(rtf::decompress) {
                    go_on = cells.flush() && cells.output.entry("body.rtf", Entry::Whole(&text));
                }
            }
            _ => {}
        }
    }
    if go_on && give(&mut cells, attached, attachment) && !rest.is_empty() {
        cells.output.gap(Reason::Malformed, "broken off in the middle");
    }
    let _ = cells.flush();
    Ok(())
}

fn give(cells: &mut Cells<'_>, attached: Option<Attached>, field: u32) -> bool {
    let Some(Attached { name, bytes }) = attached.filter(|attached| !attached.bytes.is_empty()) else {
        return true;
    };
    let name = eml::shown(&name);
    cells.push(At { field, ..At::default() }, &name)
        && cells.flush()
        && cells.output.entry(&name, Entry::Whole(&bytes))
}

/// The attribute that `bytes` begin with, its data, and what follows (2.1.3.3): level, number and type, length, data, sum.
fn attribute(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<9>()?;
    let length = u32::from_le_bytes([head[5], head[6], head[7], head[8]]) as usize;
    let behind = rest.get(length.checked_add(2)?..)?;
    Some((u16::from_le_bytes([head[1], head[2]]), &rest[..length], behind))
}
