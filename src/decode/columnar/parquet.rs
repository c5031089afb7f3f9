//! Apache Parquet: row group by row group, in each column by column.
use super::arrays::{Rows, walk};
use super::gather::{Gather, SMALL};
use super::names::{Names, Node};
use super::parquet_chunk::Group;
use super::parquet_schema;
use crate::decode::{Failure, Output};
use crate::model::coverage::Reason;
use arrow::datatypes::Fields;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::file::statistics::Statistics;
use parquet::schema::types::SchemaDescriptor;

/// Bytes of values that are decoded at a time, as far as the file tells their length.
const BATCH: u64 = 1 << 20;
/// Rows that are decoded at a time, at least and at most.
const ROWS: (u64, u64) = (16, 8192);

/// Reads a Parquet file.
pub fn read(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let metadata = metadata(bytes)?;
    let schema = metadata.file_metadata().schema_descr();
    let known = parquet_schema::arrow(schema).map_err(|error| failed(&error))?;
    let mut names = Names { comments: parquet_schema::comments(&metadata), ..Names::default() };
    let nodes = names.roots(&known);
    let file = File { bytes, metadata: &metadata, plain: parquet_schema::plain(schema) };
    let hint = parquet_schema::views(&parquet_schema::arrow(&file.plain).map_err(|error| failed(&error))?);
    let mut gather = Gather::new(output, bytes.len(), names.fields);
    let mut first = 1;
    for (group, of) in metadata.row_groups().iter().enumerate() {
        for (root, node) in nodes.iter().enumerate() {
            if matches!(node, Node::Skip) || file.is_small(root, node) {
                continue;
            }
            match file.column(&mut gather, (group, root), node, &hint, first) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(error) => {
                    let Failure::Unread(reason, detail) = failed(&error) else { continue };
                    gather.output.gap(reason, &detail);
                }
            }
        }
        first += u64::try_from(of.num_rows()).unwrap_or(0);
    }
    gather.flush();
    Ok(())
}

/// The footer: 4 bytes of length and a mark end the file, what it tells lies before them.
fn metadata(bytes: &[u8]) -> Result<ParquetMetaData, Failure> {
    let encrypted = || Failure::Unread(Reason::Encrypted, "Parquet modular encryption".to_owned());
    let short = || Failure::malformed("no footer");
    let (rest, mark) = bytes.split_last_chunk::<4>().ok_or_else(short)?;
    if mark == b"PARE" {
        return Err(encrypted());
    }
    let (rest, length) = rest.split_last_chunk::<4>().filter(|_| mark == b"PAR1").ok_or_else(short)?;
    let start = rest.len().checked_sub(u32::from_le_bytes(*length) as usize).ok_or_else(short)?;
    ParquetMetaDataReader::decode_metadata(&rest[start..]).map_err(|error| failed(&error))
}

/// What an error of the library means. Its words can hold names and values; only those that tell the kind are kept.
fn failed(error: &ParquetError) -> Failure {
    let words = error.to_string();
    let (reason, detail) = match error {
        _ if words.contains("crypt") => (Reason::Encrypted, "Parquet modular encryption"),
        ParquetError::NYI(_) => (Reason::NoDecoder, "a Parquet encoding that is not known"),
        ParquetError::EOF(_) => (Reason::Malformed, "a part of it is missing"),
        _ => (Reason::Malformed, "it contradicts itself"),
    };
    Failure::Unread(reason, detail.to_owned())
}

struct File<'b> {
    bytes: &'b [u8],
    metadata: &'b ParquetMetaData,
    /// The schema with strings as mere bytes: not all writers keep to UTF-8.
    plain: SchemaDescriptor,
}

impl File<'_> {
    /// Gives the values of a column in a row group, whose rows begin with `first`.
    fn column(
        &self,
        gather: &mut Gather<'_>,
        (group, root): (usize, usize),
        node: &Node,
        hint: &Fields,
        first: u64,
    ) -> Result<bool, ParquetError> {
        let mask = ProjectionMask::roots(&self.plain, [root]);
        let levels = parquet_to_arrow_field_levels(&self.plain, mask, Some(hint))?;
        let chunks = Group { metadata: self.metadata, group, bytes: self.bytes };
        let batch = self.batch((group, root));
        let reader = ParquetRecordBatchReader::try_new_with_row_groups(&levels, &chunks, batch, None)?;
        let mut row = first;
        for batch in reader {
            let batch = batch.map_err(|error| ParquetError::ArrowError(error.to_string()))?;
            if batch.num_columns() == 1 && !walk(gather, node, batch.column(0), Rows::From(row)) {
                return Ok(false);
            }
            row += batch.num_rows() as u64;
        }
        // Columns apart: what is near in the scanner is near in the file.
        Ok(gather.goes_on())
    }

    /// The leaves below a root.
    fn leaves(&self, root: usize) -> impl Iterator<Item = usize> {
        (0..self.plain.num_columns()).filter(move |&leaf| self.plain.get_column_root_idx(leaf) == root)
    }

    /// How many rows are decoded at a time.
    fn batch(&self, (group, root): (usize, usize)) -> usize {
        let group = self.metadata.row_group(group);
        let size = |leaf: usize| u64::try_from(group.column(leaf).uncompressed_size()).unwrap_or(0);
        let bytes: u64 = self.leaves(root).map(size).fold(0, u64::saturating_add);
        let rows = u64::try_from(group.num_rows()).unwrap_or(0).max(1);
        (BATCH / (bytes / rows).max(1)).clamp(ROWS.0, ROWS.1) as usize
    }

    /// Whether the file says that all numbers of a column are too small to be anything.
    fn is_small(&self, root: usize, node: &Node) -> bool {
        let small = |number: Option<&i64>| number.is_some_and(|number| number.unsigned_abs() < SMALL);
        let Some(leaf) = self.leaves(root).next().filter(|_| matches!(node, Node::Number(_))) else {
            return false;
        };
        let is_plain = self.plain.column(leaf).logical_type_ref().is_none()
            && self.plain.column(leaf).converted_type() == parquet::basic::ConvertedType::NONE;
        is_plain
            && self.metadata.row_groups().iter().all(|group| match group.column(leaf).statistics() {
                Some(Statistics::Int64(of)) => small(of.min_opt()) && small(of.max_opt()),
                _ => false,
            })
    }
}
