//! ar archives: Debian packages, static libraries.
use super::names::Names;
use super::reader::fill;
use crate::decode::{Entry, Failure, Output};
use std::io::{self, Read};

/// What an archive begins with.
pub const MAGIC: &[u8] = b"!<arch>\n";
/// Bytes of names that are kept; no program writes as many.
const NAMES: u64 = 1 << 20;

/// An ar archive, with the long names of GNU and of BSD.
pub fn ar(reader: &mut dyn Read, output: &mut dyn Output) -> Result<(), Failure> {
    io::copy(&mut reader.take(MAGIC.len() as u64), &mut io::sink())?;
    let (mut names, mut table) = (Names::new(), Vec::new());
    loop {
        let mut header = [0; 60];
        match fill(reader, &mut header)? {
            0 => return Ok(()),
            60 if header.ends_with(b"`\n") => {}
            _ => return Err(Failure::malformed("an entry's header is broken")),
        }
        let size =
            number(&header[48..58]).ok_or_else(|| Failure::malformed("an entry's size is no number"))?;
        let mut content = reader.take(size);
        let short = header[..16].trim_ascii_end();
        let raw = match short.strip_prefix(b"#1/").and_then(number) {
            // BSD: the name stands before the content.
            Some(length) => {
                let mut name = Vec::new();
                (&mut content).take(length.min(NAMES)).read_to_end(&mut name)?;
                name
            }
            None => gnu_name(short, &table),
        };
        match short {
            b"//" => {
                (&mut content).take(NAMES).read_to_end(&mut table)?;
            }
            // Indices of symbols.
            b"/" | b"/SYM64/" | b"__.SYMDEF" => {}
            _ => {
                let name = names.read(unpadded(&raw));
                if !output.entry(&name, Entry::Stream(&mut content)) {
                    return Ok(());
                }
            }
        }
        io::copy(&mut content, &mut io::sink())?;
        if content.limit() > 0 {
            return Err(Failure::malformed("ends within an entry"));
        }
        io::copy(&mut reader.take(size % 2), &mut io::sink())?;
    }
}

/// GNU: `/12` is the name at that offset in the table of names, where names end in `/`; so do short ones.
fn gnu_name(short: &[u8], table: &[u8]) -> Vec<u8> {
    let at = short.strip_prefix(b"/").and_then(number).and_then(|at| table.get(at as usize..));
    let name = at.map_or(short, |rest| rest.split(|byte| *byte == b'\n').next().unwrap_or(rest));
    name.strip_suffix(b"/").unwrap_or(name).to_vec()
}

/// BSD pads names with zeros.
fn unpadded(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte != 0).map_or(&[], |last| &name[..=last])
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.trim().parse().ok()
}
