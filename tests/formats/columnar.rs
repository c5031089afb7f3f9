//! Columnar files: values with their column and row, comments of columns as context, what is broken or left out.
use crate::program::{MOBILE, RESIDENT_ID, Scene};
use arrow::array::{
    ArrayRef, Decimal128Array, DictionaryArray, Float64Array, Int64Array, RecordBatch, StringArray,
    StructArray,
};
use arrow::datatypes::{DataType, Field, Fields, Int8Type, Schema};
use arrow::ipc::writer::FileWriter;
use parquet::arrow::ArrowWriter;
use std::collections::HashMap;
use std::sync::Arc;

fn parquet(table: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, table.schema(), None).expect("a writer");
    writer.write(table).expect("written");
    writer.close().expect("closed");
    bytes
}

fn arrow(table: &RecordBatch) -> Vec<u8> {
    let mut writer = FileWriter::try_new(Vec::new(), &table.schema()).expect("a writer");
    writer.write(table).expect("written");
    writer.finish().expect("finished");
    writer.into_inner().expect("bytes")
}

fn table() -> RecordBatch {
    let number: i64 = MOBILE.parse().expect("a number");
    let members = Fields::from(vec![Field::new("mobile", DataType::Utf8, true)]);
    let order: ArrayRef = Arc::new(StringArray::from(vec![None, Some(MOBILE)]));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("text", Arc::new(StringArray::from(vec![RESIDENT_ID, "无"]))),
        ("number", Arc::new(Int64Array::from(vec![None, Some(number)]))),
        ("real", Arc::new(Float64Array::from(vec![number as f64, 0.5]))),
        (
            "decimal",
            Arc::new(
                Decimal128Array::from(vec![i128::from(number) * 100, 1])
                    .with_precision_and_scale(20, 2)
                    .expect("a decimal"),
            ),
        ),
        ("shared", Arc::new([MOBILE, MOBILE].into_iter().collect::<DictionaryArray<Int8Type>>())),
        ("order", Arc::new(StructArray::new(members, vec![order], None))),
        ("doc", Arc::new(StringArray::from(vec![Some(format!("{{\"手机\":\"{MOBILE}\"}}")), None]))),
    ];
    RecordBatch::try_from_iter(columns).expect("a table")
}

#[test]
fn values_have_their_column_and_row() {
    let scene = Scene::with(&[("a.parquet", &parquet(&table())), ("a.arrow", &arrow(&table()))]);
    let run = scene.scan(&["--reveal"]).ends(0);
    for file in ["a.parquet", "a.arrow"] {
        let places: Vec<_> = run
            .of(file)
            .iter()
            .map(|f| (f["field"].as_str().unwrap_or("").to_owned(), f["row"].as_u64().unwrap_or(0)))
            .collect();
        let expected = [
            ("text", 1),
            ("number", 2),
            ("real", 1),
            ("decimal", 1),
            ("shared", 1),
            ("shared", 2),
            ("order.mobile", 2),
            ("doc$.手机", 1),
        ];
        for (field, row) in expected {
            assert!(places.contains(&(field.to_owned(), row)), "{file}: {field} {row}: {places:?}");
        }
        assert_eq!(places.len(), expected.len(), "{file}: {places:?}");
    }
}

#[test]
fn the_comment_of_a_column_is_context() {
    // An identity number of the first generation counts only where something says what it is.
    let old = ["110101900101100", "110101900101118"];
    let comment = HashMap::from([("comment".to_owned(), "身份证号".to_owned())]);
    let fields = [
        Field::new("c1", DataType::Utf8, true),
        Field::new("c2", DataType::Utf8, true).with_metadata(comment),
    ];
    let column = || -> ArrayRef { Arc::new(StringArray::from(old.to_vec())) };
    let table = RecordBatch::try_new(Arc::new(Schema::new(fields.to_vec())), vec![column(), column()]);
    let table = table.expect("a table");
    let run = Scene::with(&[("a.parquet", &parquet(&table)), ("a.arrow", &arrow(&table))]).scan(&[]).ends(0);
    for file in ["a.parquet", "a.arrow"] {
        let fields: Vec<_> = run.of(file).iter().map(|f| f["field"].clone()).collect();
        assert_eq!(fields, ["c2", "c2"], "{file}");
    }
}

#[test]
fn what_is_cut_off_is_in_the_ledger() {
    let whole = parquet(&table());
    let stream = arrow(&table());
    let scene =
        Scene::with(&[("a.parquet", &whole[..whole.len() - 20]), ("a.arrow", &stream[..stream.len() / 2])]);
    let run = scene.scan(&[]).ends(3);
    for file in ["a.parquet", "a.arrow"] {
        assert_eq!(run.row(file)["reason"], "malformed", "{file}: {}", run.map["coverage"]);
    }
}

#[test]
fn what_is_not_read_has_a_name() {
    let access = [b"\0\x01\0\0Standard ACE DB\0".as_slice(), &[0; 100]].concat();
    let redis = b"REDIS0009\xFA\x09redis-ver\x056.0.1".as_slice();
    let scene = Scene::with(&[("a.accdb", &access), ("dump.rdb", redis), ("a.npy", b"\x93NUMPY\x01\0v\0{")]);
    let run = scene.scan(&[]).ends(3);
    for (file, name) in [("a.accdb", "access"), ("dump.rdb", "redis"), ("a.npy", "npy")] {
        let row = run.row(file);
        assert_eq!((&row["state"], &row["reason"]), (&"skipped".into(), &"no-decoder".into()));
        assert_eq!(row["detail"], name);
    }
}
