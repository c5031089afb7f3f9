//! From Arrow arrays to cells: every value that can be one, with the number of its row.
use super::gather::{Gather, SMALL};
use super::names::Node;
use arrow::array::{Array, ArrayRef, AsArray, RunArray, UnionArray};
use arrow::datatypes::{
    ArrowDictionaryKeyType, ArrowPrimitiveType, DataType, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use std::ops::Range;

/// A key of a map with this many digits is a value, and must not become part of a path.
const DIGITS_IN_KEY: usize = 6;
/// Longer ones name nothing.
const LONG_KEY: usize = 64;

/// The row numbers of the elements of an array.
#[derive(Clone, Copy)]
pub(super) enum Rows<'a> {
    /// One after another, from this one.
    From(u64),
    /// Of each its own; 0 where the element is in no row.
    Each(&'a [u64]),
}

impl Rows<'_> {
    fn at(self, index: usize) -> u64 {
        match self {
            Rows::From(first) => first + index as u64,
            Rows::Each(rows) => rows.get(index).copied().unwrap_or(0),
        }
    }
}

/// Gives the values of an array; false when no more are wanted.
pub(super) fn walk(gather: &mut Gather<'_>, node: &Node, array: &dyn Array, rows: Rows<'_>) -> bool {
    if array.is_empty() || array.null_count() == array.len() {
        return gather.goes_on();
    }
    match node {
        Node::Skip => true,
        Node::Text(field) => bytes(array, rows, &mut |row, text| gather.text(*field, row, text)),
        Node::Bytes(field) => bytes(array, rows, &mut |row, text| gather.bytes(*field, row, text)),
        Node::Number(field) => numbers(gather, *field, array, rows),
        Node::Struct(nodes) => {
            let Some(array) = array.as_struct_opt() else { return true };
            nodes.iter().zip(array.columns()).all(|(node, column)| walk(gather, node, column, rows))
        }
        Node::List(node) => list(gather, node, array, rows),
        Node::Map(path, keys, values) => map(gather, path, (keys, values), array, rows),
        Node::Dictionary(node) => dictionary(gather, node, array, rows),
        Node::Runs(node) => runs(gather, node, array, rows),
        Node::Union(nodes) => union(gather, nodes, array, rows),
    }
}

/// Every value with its row, as the bytes it is.
fn bytes(array: &dyn Array, rows: Rows<'_>, take: &mut dyn FnMut(u64, &[u8]) -> bool) -> bool {
    fn each<'v, V: AsRef<[u8]> + ?Sized + 'v>(
        values: impl Iterator<Item = Option<&'v V>>,
        rows: Rows<'_>,
        take: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> bool {
        for (index, value) in values.enumerate() {
            if let Some(value) = value
                && !take(rows.at(index), value.as_ref())
            {
                return false;
            }
        }
        true
    }
    match array.data_type() {
        DataType::Utf8 => each(array.as_string::<i32>().iter(), rows, take),
        DataType::LargeUtf8 => each(array.as_string::<i64>().iter(), rows, take),
        DataType::Utf8View => each(array.as_string_view().iter(), rows, take),
        DataType::Binary => each(array.as_binary::<i32>().iter(), rows, take),
        DataType::LargeBinary => each(array.as_binary::<i64>().iter(), rows, take),
        DataType::BinaryView => each(array.as_binary_view().iter(), rows, take),
        DataType::FixedSizeBinary(_) => each(array.as_fixed_size_binary().iter(), rows, take),
        _ => true,
    }
}

fn numbers(gather: &mut Gather<'_>, field: u32, array: &dyn Array, rows: Rows<'_>) -> bool {
    match array.data_type() {
        DataType::Int64 => {
            primitive::<Int64Type>(array, |at, number| gather.integer(field, rows.at(at), number))
        }
        DataType::UInt64 => primitive::<UInt64Type>(array, |at, number| match i64::try_from(number) {
            Ok(number) => gather.integer(field, rows.at(at), number),
            Err(_) => gather.text(field, rows.at(at), number.to_string().as_bytes()),
        }),
        DataType::Float64 => {
            primitive::<Float64Type>(array, |at, number| gather.real(field, rows.at(at), number))
        }
        DataType::Decimal32(_, scale) => {
            let scale = *scale;
            primitive::<Decimal32Type>(array, |at, number| {
                decimal(gather, (field, rows.at(at)), i128::from(number), scale)
            })
        }
        DataType::Decimal64(_, scale) => {
            let scale = *scale;
            primitive::<Decimal64Type>(array, |at, number| {
                decimal(gather, (field, rows.at(at)), i128::from(number), scale)
            })
        }
        DataType::Decimal128(_, scale) => {
            let scale = *scale;
            primitive::<Decimal128Type>(array, |at, number| {
                decimal(gather, (field, rows.at(at)), number, scale)
            })
        }
        DataType::Decimal256(precision, scale) => {
            let (precision, scale) = (*precision, *scale);
            primitive::<Decimal256Type>(array, |at, number| match number.to_i128() {
                Some(number) => decimal(gather, (field, rows.at(at)), number, scale),
                None => {
                    let text = Decimal256Type::format_decimal(number, precision, scale);
                    gather.text(field, rows.at(at), text.as_bytes())
                }
            })
        }
        _ => true,
    }
}

/// Every number with its index.
fn primitive<P: ArrowPrimitiveType>(
    array: &dyn Array,
    mut take: impl FnMut(usize, P::Native) -> bool,
) -> bool {
    let Some(array) = array.as_primitive_opt::<P>() else { return true };
    if array.null_count() == 0 {
        return array.values().iter().enumerate().all(|(at, &number)| take(at, number));
    }
    array.iter().enumerate().all(|(at, number)| number.is_none_or(|number| take(at, number)))
}

/// A number of `scale` decimal places. Where they are zeros they are not written: 13800138000.00 is a telephone number.
fn decimal(gather: &mut Gather<'_>, (field, row): (u32, u64), number: i128, scale: i8) -> bool {
    let unit = 10_i128.checked_pow(u32::from(scale.unsigned_abs()));
    let whole = match (unit, scale >= 0) {
        (Some(unit), true) => Some(number / unit),
        (Some(unit), false) => number.checked_mul(unit),
        (None, _) => None,
    };
    let exact = scale <= 0 || unit.is_some_and(|unit| number % unit == 0);
    if let Some(whole) = whole
        && (exact || whole.unsigned_abs() < u128::from(SMALL))
        && let Ok(whole) = i64::try_from(whole)
    {
        return gather.integer(field, row, whole);
    }
    let text = match whole.filter(|_| exact) {
        Some(whole) => whole.to_string(),
        None => Decimal128Type::format_decimal(number, 38, scale),
    };
    gather.text(field, row, text.as_bytes())
}

/// The rows of the elements of a list's values that lie in `span`; each row has those its range tells.
fn spread(span: Range<usize>, rows: impl Iterator<Item = (u64, Range<usize>)>) -> Vec<u64> {
    let mut each = vec![0; span.len()];
    for (row, range) in rows {
        let (start, end) = (range.start.saturating_sub(span.start), range.end.saturating_sub(span.start));
        if let Some(mine) = each.get_mut(start..end) {
            mine.fill(row);
        }
    }
    each
}

/// The values of a list that are in use, and the row of each.
fn elements(array: &dyn Array, rows: Rows<'_>) -> Option<(ArrayRef, Vec<u64>)> {
    let ranges = |range: &dyn Fn(usize) -> Range<usize>| {
        let valid = |at: &usize| array.is_valid(*at);
        let span = (0..array.len()).filter(valid).map(range).filter(|range| !range.is_empty());
        let span = span.fold(None, |span: Option<Range<usize>>, range| {
            let span = span.unwrap_or_else(|| range.clone());
            Some(span.start.min(range.start)..span.end.max(range.end))
        });
        let span = span.unwrap_or(0..0);
        let each = (0..array.len()).filter(valid).map(|at| (rows.at(at), range(at)));
        (span.clone(), spread(span, each))
    };
    let (values, (span, each)) = match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let offsets = list.value_offsets();
            (list.values(), ranges(&|at| offsets[at] as usize..offsets[at + 1] as usize))
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let offsets = map.value_offsets();
            let entries: ArrayRef = std::sync::Arc::new(map.entries().clone());
            let (span, each) = ranges(&|at| offsets[at] as usize..offsets[at + 1] as usize);
            return Some((entries.slice(span.start, span.len()), each));
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let offsets = list.value_offsets();
            (list.values(), ranges(&|at| offsets[at] as usize..offsets[at + 1] as usize))
        }
        DataType::FixedSizeList(_, size) => {
            let (list, size) = (array.as_fixed_size_list(), *size as usize);
            (list.values(), ranges(&|at| at * size..(at + 1) * size))
        }
        // Rows may share elements: such belong to the last.
        DataType::ListView(_) => {
            let list = array.as_list_view::<i32>();
            let (offsets, sizes) = (list.value_offsets(), list.value_sizes());
            (list.values(), ranges(&|at| offsets[at] as usize..(offsets[at] + sizes[at]) as usize))
        }
        DataType::LargeListView(_) => {
            let list = array.as_list_view::<i64>();
            let (offsets, sizes) = (list.value_offsets(), list.value_sizes());
            (list.values(), ranges(&|at| offsets[at] as usize..(offsets[at] + sizes[at]) as usize))
        }
        _ => return None,
    };
    Some((values.slice(span.start, span.len()), each))
}

fn list(gather: &mut Gather<'_>, node: &Node, array: &dyn Array, rows: Rows<'_>) -> bool {
    let Some((values, each)) = elements(array, rows) else { return true };
    walk(gather, node, &values, Rows::Each(&each))
}

/// The values of a map go by their keys, as those of a JSON object do.
fn map(
    gather: &mut Gather<'_>,
    path: &str,
    (keys, values): (&Node, &Node),
    array: &dyn Array,
    rows: Rows<'_>,
) -> bool {
    let Some((entries, each)) = elements(array, rows) else { return true };
    let entries = entries.as_struct();
    let [key, value] = entries.columns() else { return true };
    let mut names: Vec<Option<String>> = vec![None; key.len()];
    if matches!(keys, Node::Text(_) | Node::Bytes(_)) && matches!(values, Node::Text(_) | Node::Number(_)) {
        bytes(key, Rows::From(0), &mut |at, key| {
            let name = std::str::from_utf8(key).ok().filter(|key| names_its_value(key));
            names[at as usize] = name.map(|key| format!("{path}.{key}"));
            true
        });
    }
    for (at, name) in names.iter().enumerate() {
        // A key that names nothing is a value itself.
        if name.is_none() && !walk(gather, keys, &key.slice(at, 1), Rows::Each(&each[at..])) {
            return false;
        }
        let renamed = name.as_deref().map(|name| gather.path(name));
        let node = match (values, renamed) {
            (Node::Text(_), Some(field)) => &Node::Text(field),
            (Node::Number(_), Some(field)) => &Node::Number(field),
            _ => values,
        };
        if !walk(gather, node, &value.slice(at, 1), Rows::Each(&each[at..])) {
            return false;
        }
    }
    true
}

fn names_its_value(key: &str) -> bool {
    let digits = key.chars().filter(|c| c.is_numeric()).count();
    digits < DIGITS_IN_KEY && !key.is_empty() && key.len() <= LONG_KEY
}

fn dictionary(gather: &mut Gather<'_>, node: &Node, array: &dyn Array, rows: Rows<'_>) -> bool {
    let DataType::Dictionary(key, _) = array.data_type() else { return true };
    match key.as_ref() {
        DataType::Int8 => keyed::<Int8Type>(gather, node, array, rows),
        DataType::Int16 => keyed::<Int16Type>(gather, node, array, rows),
        DataType::Int32 => keyed::<Int32Type>(gather, node, array, rows),
        DataType::Int64 => keyed::<Int64Type>(gather, node, array, rows),
        DataType::UInt8 => keyed::<UInt8Type>(gather, node, array, rows),
        DataType::UInt16 => keyed::<UInt16Type>(gather, node, array, rows),
        DataType::UInt32 => keyed::<UInt32Type>(gather, node, array, rows),
        DataType::UInt64 => keyed::<UInt64Type>(gather, node, array, rows),
        _ => true,
    }
}

/// Values as often as their keys stand there: a value that many rows share counts in each.
fn keyed<K: ArrowDictionaryKeyType>(
    gather: &mut Gather<'_>,
    node: &Node,
    array: &dyn Array,
    rows: Rows<'_>,
) -> bool {
    let array = array.as_dictionary::<K>();
    let mut spans: Vec<Option<Vec<u8>>> = vec![None; array.values().len()];
    let field = match node {
        Node::Text(field) | Node::Bytes(field) => *field,
        // Numbers and what is nested further are few: one by one.
        _ => {
            let each = |(at, key): (usize, Option<usize>)| {
                key.is_none_or(|key| {
                    key >= array.values().len()
                        || walk(gather, node, &array.values().slice(key, 1), Rows::Each(&[rows.at(at)]))
                })
            };
            return array.keys_iter().enumerate().all(each);
        }
    };
    bytes(array.values(), Rows::From(0), &mut |at, value| {
        let text = matches!(node, Node::Text(_)).then(|| value.to_vec());
        spans[at as usize] =
            text.or_else(|| crate::decode::charset::text_of(value).map(|text| text.into_owned()));
        true
    });
    array.keys_iter().enumerate().all(|(at, key)| {
        let value = key.and_then(|key| spans.get(key)).and_then(Option::as_ref);
        value.is_none_or(|value| gather.text(field, rows.at(at), value))
    })
}

/// Values that stand for many rows in a row count once, in the first.
fn runs(gather: &mut Gather<'_>, node: &Node, array: &dyn Array, rows: Rows<'_>) -> bool {
    fn starts<R: arrow::datatypes::RunEndIndexType>(
        array: &RunArray<R>,
        rows: Rows<'_>,
    ) -> (ArrayRef, Vec<u64>)
    where
        R::Native: Into<i64>,
    {
        let (first, end) = (array.offset(), array.offset() + array.len());
        let mut before = 0;
        let mut each = Vec::new();
        for run in array.run_ends().values() {
            let next = (*run).into() as usize;
            let seen = next > first && before < end;
            each.push(if seen { rows.at(before.max(first) - first) } else { 0 });
            before = next;
        }
        (array.values().clone(), each)
    }
    let DataType::RunEndEncoded(ends, _) = array.data_type() else { return true };
    let found = match ends.data_type() {
        DataType::Int16 => array.as_run_opt::<Int16Type>().map(|array| starts(array, rows)),
        DataType::Int32 => array.as_run_opt::<Int32Type>().map(|array| starts(array, rows)),
        DataType::Int64 => array.as_run_opt::<Int64Type>().map(|array| starts(array, rows)),
        _ => None,
    };
    found.is_none_or(|(values, each)| walk(gather, node, &values, Rows::Each(&each)))
}

fn union(gather: &mut Gather<'_>, nodes: &[(i8, Node)], array: &dyn Array, rows: Rows<'_>) -> bool {
    let Some(array) = array.as_any().downcast_ref::<UnionArray>() else { return true };
    nodes.iter().all(|(id, node)| {
        let child = array.child(*id);
        let mut each = vec![0; child.len()];
        for at in (0..array.len()).filter(|at| array.type_id(*at) == *id) {
            if let Some(row) = each.get_mut(array.value_offset(at)) {
                *row = rows.at(at);
            }
        }
        walk(gather, node, child, Rows::Each(&each))
    })
}
