//! Parquet beside its own library, which decodes the same columns and does nothing with them.
use crate::generator::{Rng, mobile};
use crate::program::Checked;
use crate::shared::{Bar, Failure, Mode, Planted, SEED, Table, data};
use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const PLACES: [&str; 6] = [
    "北京市朝阳区建国路",
    "上海市浦东新区世纪大道",
    "广东省深圳市南山区科技园南路",
    "浙江省杭州市西湖区文三路",
    "四川省成都市武侯区天府大道中段",
    "山东省青岛市市南区香港中路",
];

/// Rows that are written at a time.
const BATCH: usize = 64 * 1024;
/// What can hold a value: the ids, the amounts and the times cannot, and neither side reads them.
const READ: [&str; 9] =
    ["order_no", "buyer", "mobile", "address", "product", "status", "channel", "waybill", "remark"];

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    let codecs = [("snappy", Compression::SNAPPY), ("zstd", Compression::ZSTD(ZstdLevel::default()))];
    for (name, codec) in codecs {
        let (path, rows) = file(name, codec, mode.choose(1_000_000_000, 1_000_000))?;
        let planted = Planted::from([("cn-mobile", rows)]);
        let checked = Checked::new(&path, 1, &planted)?;
        let row = format!("Parquet, {name}, 1 GB, 1 thread: parquet crate (s)");
        table.paired(&row, Bar::Faster(0.7), || checked.time("1"), || decode(&path))?;
    }
    Ok(())
}

/// Decodes the same columns; the seconds.
fn decode(path: &Path) -> Result<f64, Failure> {
    let start = Instant::now();
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), READ);
    let mut rows = 0;
    for batch in builder.with_projection(mask).with_batch_size(8192).build()? {
        rows += std::hint::black_box(batch?).num_rows();
    }
    assert!(rows > 0);
    Ok(start.elapsed().as_secs_f64())
}

/// A file of at least so many bytes, and how many rows it has.
fn file(name: &str, codec: Compression, bytes: usize) -> Result<(PathBuf, u64), Failure> {
    let path = data(&format!("orders-{SEED}-{bytes}-{name}.parquet"))?;
    if let Ok(file) = File::open(&path)
        && let Ok(builder) = ParquetRecordBatchReaderBuilder::try_new(file)
    {
        return Ok((path, builder.metadata().file_metadata().num_rows() as u64));
    }
    let properties = WriterProperties::builder().set_compression(codec).build();
    let (mut rng, mut id) = (Rng(SEED), 0);
    let first = batch(&mut rng, &mut id)?;
    let mut writer = ArrowWriter::try_new(File::create(&path)?, first.schema(), Some(properties))?;
    writer.write(&first)?;
    while writer.bytes_written() + writer.in_progress_size() < bytes {
        writer.write(&batch(&mut rng, &mut id)?)?;
    }
    writer.close()?;
    Ok((path, id))
}

/// Orders of a shop.
fn batch(rng: &mut Rng, id: &mut u64) -> Result<RecordBatch, Failure> {
    let first = *id as i64 + 1;
    let rows = first..first + BATCH as i64;
    *id += BATCH as u64;
    let mut text: [Vec<String>; 8] = Default::default();
    let mut waybills = Vec::new();
    let mut amounts = Vec::new();
    for _ in rows.clone() {
        let house = rng.next();
        let place = rng.pick(&PLACES);
        let row = [
            format!("SO2024{:02}{:012}", 1 + rng.below(12), rng.below(1_000_000_000_000)),
            format!(
                "{}{}",
                rng.pick(&["王", "李", "张", "刘", "陈"]),
                rng.pick(&["伟", "芳", "子涵", "浩然"])
            ),
            mobile(rng),
            format!(
                "{place}{}号{}栋{}室",
                1 + house % 300,
                1 + (house >> 16) % 30,
                101 + (house >> 32) % 2900
            ),
            (*rng.pick(&["保温杯 500ml", "机械键盘 87 键", "纯棉床单四件套", "儿童水彩笔 36 色"])).to_owned(),
            (*rng.pick(&["paid", "shipped", "received", "refunded"])).to_owned(),
            (*rng.pick(&["app", "wechat", "web", "store"])).to_owned(),
            (*rng.pick(&["", "", "周末配送", "送货前请联系", "发票抬头与收货人一致"])).to_owned(),
        ];
        text.iter_mut().zip(row).for_each(|(column, cell)| column.push(cell));
        waybills.push(70_000_000_000_000 + rng.below(9_999_999_999_999) as i64);
        amounts.push(rng.below(10_000_000) as f64 / 100.0);
    }
    let names = ["order_no", "buyer", "mobile", "address", "product", "status", "channel", "remark"];
    let mut columns: Vec<(&str, ArrayRef)> =
        vec![("id", Arc::new(Int64Array::from_iter_values(rows.clone())))];
    for (name, cells) in names.into_iter().zip(text) {
        columns.push((name, Arc::new(StringArray::from(cells))));
    }
    let times = rows.map(|at| 1_715_000_000_000_000 + at * 1_000_000);
    columns.push(("waybill", Arc::new(Int64Array::from(waybills))));
    columns.push(("amount", Arc::new(Float64Array::from(amounts))));
    columns.push(("created", Arc::new(TimestampMicrosecondArray::from_iter_values(times))));
    Ok(RecordBatch::try_from_iter(columns)?)
}
