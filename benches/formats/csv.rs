//! The whole program on a large CSV file, beside the `csv` crate that does nothing but read records from memory.
use crate::generator::tables;
use crate::program::Checked;
use crate::shared::{Bar, Failure, Mode, SEED, Table, count, data_file};
use std::hint::black_box;
use std::time::Instant;

pub fn rows(table: &Table, mode: Mode) -> Result<(), Failure> {
    let mut truth = Vec::new();
    let bytes = tables::csv(SEED, mode.choose(500_000_000, 8_000_000), &mut truth);
    let file = data_file(&format!("orders-{SEED}-{}.csv", bytes.len()), &bytes)?;
    let scan = Checked::new(&file, 1, &count(&truth))?;
    let orders = truth.iter().filter(|value| value.detector == "cn-mobile").count();
    let name = "500 MB CSV, 20 columns, 1 thread: csv crate (s)";
    table.paired(name, Bar::Faster(2.0), || scan.time("1"), || Ok(records(&bytes, orders)))
}

/// Reads all records into one that is used again and again, which is the fastest way that the crate has.
fn records(bytes: &[u8], orders: usize) -> f64 {
    let start = Instant::now();
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let (mut record, mut count) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record).is_ok_and(|more| more) {
        black_box(&record);
        count += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(count, orders, "every order is a record");
    seconds
}
