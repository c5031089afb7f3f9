//! The tail of an ORC file, looked at before its library does: types that hold themselves would overflow its stack.
use crate::decode::Failure;
use crate::model::coverage::Reason;
use std::io::Read;

/// Types within types.
const DEEP: usize = 48;
/// A footer unpacks to so much at most.
const MOST: u64 = 64 << 20;

/// Whether the file's types make a tree of sensible depth, and nothing in it is encrypted.
pub(super) fn check(bytes: &[u8]) -> Result<(), Failure> {
    let broken = || Failure::malformed("its footer is broken");
    let (rest, length) = bytes.split_last_chunk::<1>().ok_or_else(broken)?;
    let at = rest.len().checked_sub(usize::from(length[0])).ok_or_else(broken)?;
    let (rest, postscript) = rest.split_at(at);
    let (mut length, mut codec) = (0, 0);
    for field in fields(postscript) {
        match field.ok_or_else(broken)? {
            (1, Content::Number(number)) => length = number,
            (2, Content::Number(number)) => codec = number,
            _ => {}
        }
    }
    let length = usize::try_from(length).ok().filter(|length| *length <= rest.len()).ok_or_else(broken)?;
    let footer = unpacked(&rest[rest.len() - length..], codec).ok_or_else(broken)?;
    let mut types: Vec<Vec<usize>> = Vec::new();
    for field in fields(&footer) {
        match field.ok_or_else(broken)? {
            (4, Content::Bytes(of)) => types.push(subtypes(of).ok_or_else(broken)?),
            (10, Content::Bytes(_)) => {
                return Err(Failure::Unread(Reason::Encrypted, "columns are encrypted".to_owned()));
            }
            _ => {}
        }
    }
    if is_tree(&types) { Ok(()) } else { Err(Failure::malformed("its types hold themselves")) }
}

/// Whether every type has one parent at most, which stands before it (ORC specification, "Type Information").
fn is_tree(types: &[Vec<usize>]) -> bool {
    let mut depth = vec![0_usize; types.len()];
    for (parent, children) in types.iter().enumerate() {
        for &child in children {
            if child <= parent || child >= types.len() || depth[child] != 0 || depth[parent] >= DEEP {
                return false;
            }
            depth[child] = depth[parent] + 1;
        }
    }
    !types.is_empty()
}

fn subtypes(of: &[u8]) -> Option<Vec<usize>> {
    let mut all = Vec::new();
    for field in fields(of) {
        match field? {
            (2, Content::Number(number)) => all.push(usize::try_from(number).ok()?),
            (2, Content::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    all.push(usize::try_from(number(&mut packed)?).ok()?);
                }
            }
            _ => {}
        }
    }
    Some(all)
}

/// What a field holds.
enum Content<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

/// The fields of a message in Protocol Buffers' encoding; ends with none where it is broken.
fn fields<'b>(mut rest: &'b [u8]) -> impl Iterator<Item = Option<(u64, Content<'b>)>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field)
    })
}

fn field<'b>(rest: &mut &'b [u8]) -> Option<(u64, Content<'b>)> {
    let key = number(rest)?;
    let content = match key & 7 {
        0 => Content::Number(number(rest)?),
        kind @ (1 | 2 | 5) => {
            let length = match kind {
                1 => 8,
                5 => 4,
                _ => usize::try_from(number(rest)?).ok()?,
            };
            let (bytes, behind) = rest.split_at_checked(length)?;
            *rest = behind;
            Content::Bytes(bytes)
        }
        _ => return None,
    };
    Some((key >> 3, content))
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7F) << shift;
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// A stream of chunks, each with three bytes before it: its length, and whether it is compressed at all (ORC
/// specification, "Compression").
fn unpacked(mut rest: &[u8], codec: u64) -> Option<Vec<u8>> {
    if codec == 0 {
        return Some(rest.to_vec());
    }
    let mut all = Vec::new();
    while let Some((head, behind)) = rest.split_first_chunk::<3>() {
        let head = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let (chunk, behind) = behind.split_at_checked(head as usize >> 1)?;
        rest = behind;
        if head & 1 == 1 {
            all.extend_from_slice(chunk);
        } else {
            chunk_of(chunk, codec, &mut all)?;
        }
        if all.len() as u64 > MOST {
            return None;
        }
    }
    Some(all)
}

fn chunk_of(chunk: &[u8], codec: u64, all: &mut Vec<u8>) -> Option<()> {
    match codec {
        1 => flate2::read::DeflateDecoder::new(chunk).take(MOST).read_to_end(all).map(|_| ()).ok(),
        2 => {
            let length = snap::raw::decompress_len(chunk).ok().filter(|length| *length as u64 <= MOST)?;
            let start = all.len();
            all.resize(start + length, 0);
            snap::raw::Decoder::new().decompress(chunk, &mut all[start..]).map(|_| ()).ok()
        }
        // LZ4 packs 255 to 1 at best.
        4 => {
            let most = chunk.len().saturating_mul(255).min(MOST as usize);
            let unpacked = lz4_flex::block::decompress(chunk, most).ok()?;
            all.extend_from_slice(&unpacked);
            Some(())
        }
        5 => zstd::stream::read::Decoder::new(chunk).ok()?.take(MOST).read_to_end(all).map(|_| ()).ok(),
        _ => None,
    }
}
