//! The bytes of Parquet's column chunks, as its library wants them.
use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::RowGroups;
use parquet::column::page::{PageIterator, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use std::sync::Arc;

/// A row group of a file in memory.
pub(super) struct Group<'b> {
    pub metadata: &'b ParquetMetaData,
    pub group: usize,
    pub bytes: &'b [u8],
}

impl Group<'_> {
    fn of(&self) -> &RowGroupMetaData {
        self.metadata.row_group(self.group)
    }
}

/// Where a column chunk lies; the library's own reckoning panics where it is nonsense.
fn place(chunk: &ColumnChunkMetaData) -> Option<(usize, usize)> {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    Some((usize::try_from(start).ok()?, usize::try_from(chunk.compressed_size()).ok()?))
}

impl RowGroups for Group<'_> {
    fn num_rows(&self) -> usize {
        usize::try_from(self.of().num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, leaf: usize) -> Result<Box<dyn PageIterator>> {
        let chunk = self.of().column(leaf);
        let eof = || ParquetError::EOF("column chunk".to_owned());
        let (start, length) = place(chunk).ok_or_else(eof)?;
        let end = start.checked_add(length).filter(|_| chunk.file_path().is_none()).ok_or_else(eof)?;
        let bytes = Bytes::copy_from_slice(self.bytes.get(start..end).ok_or_else(eof)?);
        let held = Arc::new(Held { start: start as u64, bytes });
        let pages = SerializedPageReader::new(held, chunk, self.num_rows(), None)?;
        Ok(Box::new(One(Some(Box::new(pages)))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.of()))
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.metadata
    }
}

/// A chunk's bytes, by their offsets in the file: the library keeps what it reads from for itself.
struct Held {
    start: u64,
    bytes: Bytes,
}

impl Held {
    fn from(&self, offset: u64) -> Result<Bytes> {
        let at = offset.checked_sub(self.start).and_then(|at| usize::try_from(at).ok());
        let at = at.filter(|&at| at <= self.bytes.len());
        at.map(|at| self.bytes.slice(at..)).ok_or_else(|| ParquetError::EOF("page".to_owned()))
    }
}

impl Length for Held {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Held {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, offset: u64) -> Result<Self::T> {
        Ok(self.from(offset)?.reader())
    }

    fn get_bytes(&self, offset: u64, length: usize) -> Result<Bytes> {
        let bytes = self.from(offset)?;
        if length > bytes.len() {
            return Err(ParquetError::EOF("page".to_owned()));
        }
        Ok(bytes.slice(..length))
    }
}

/// The pages of the one chunk that a column has in a row group.
struct One(Option<Box<dyn PageReader>>);

impl Iterator for One {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for One {}
