//! Apache ORC: stripe by stripe.
use super::arrays::{Rows, walk};
use super::gather::Gather;
use super::names::{Names, Node};
use super::{caught, is_binary, orc_tail};
use crate::decode::{Failure, Output};
use bytes::Bytes;
use orc_rust::projection::ProjectionMask;
use orc_rust::reader::ChunkReader;
use orc_rust::{ArrowReaderBuilder, error::OrcError};
use std::io;

/// Rows that are decoded at a time.
const ROWS: usize = 4096;

/// Whether an object begins as an ORC file does.
pub fn is_one(head: &[u8]) -> bool {
    head.starts_with(b"ORC") && is_binary(head)
}

/// Reads an ORC file.
pub fn read(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    orc_tail::check(bytes)?;
    let failed = |_: OrcError| Failure::malformed("it contradicts itself");
    let broken = || Failure::malformed("it contradicts itself");
    let builder = caught(|| ArrowReaderBuilder::try_new(Held(bytes))).ok_or_else(broken)?.map_err(failed)?;
    let mut names = Names::default();
    let schema = caught(|| builder.schema()).ok_or_else(broken)?;
    let nodes = names.roots(schema.fields());
    let root = builder.file_metadata().root_data_type();
    let columns = root.children().iter().zip(&nodes).filter(|(_, node)| !matches!(node, Node::Skip));
    let indices: Vec<usize> = columns.map(|(column, _)| column.data_type().column_index()).collect();
    let mask = ProjectionMask::roots(root, indices);
    let wanted: Vec<&Node> = nodes.iter().filter(|node| !matches!(node, Node::Skip)).collect();
    let mut gather = Gather::new(output, bytes.len(), std::mem::take(&mut names.fields));
    if wanted.is_empty() {
        return Ok(());
    }
    let mut first = 1;
    let build = || builder.with_projection(mask).with_batch_size(ROWS).build();
    let mut batches = caught(build).ok_or_else(broken)?;
    loop {
        let batch = match caught(|| batches.next()) {
            Some(Some(Ok(batch))) => batch,
            Some(None) => break,
            _ => {
                gather.flush();
                return Err(Failure::malformed("a stripe cannot be read"));
            }
        };
        for (node, column) in wanted.iter().zip(batch.columns()) {
            if !walk(&mut gather, node, column, Rows::From(first)) {
                return Ok(());
            }
        }
        first += batch.num_rows() as u64;
    }
    gather.flush();
    Ok(())
}

/// A file in memory.
struct Held<'b>(&'b [u8]);

impl<'b> Held<'b> {
    fn from(&self, offset: u64) -> io::Result<&'b [u8]> {
        let rest = usize::try_from(offset).ok().and_then(|at| self.0.get(at..));
        rest.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl<'b> ChunkReader for Held<'b> {
    type T = &'b [u8];

    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn get_read(&self, offset: u64) -> io::Result<Self::T> {
        self.from(offset)
    }

    fn get_bytes(&self, offset: u64, length: u64) -> io::Result<Bytes> {
        let bytes = usize::try_from(length).ok().and_then(|length| self.from(offset).ok()?.get(..length));
        bytes.map(Bytes::copy_from_slice).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
