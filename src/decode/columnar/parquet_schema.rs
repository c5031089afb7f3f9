//! What a Parquet file tells of its columns: their types, and what people wrote about them.
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::errors::Result;
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The columns, by the file's own types alone.
pub(super) fn arrow(schema: &SchemaDescriptor) -> Result<Fields> {
    Ok(parquet_to_arrow_schema(schema, None)?.fields)
}

/// The same schema with strings as mere bytes: the library would reject all of a page for one that is no UTF-8.
pub(super) fn plain(schema: &SchemaDescriptor) -> SchemaDescriptor {
    let root = bare(&schema.root_schema_ptr()).unwrap_or_else(|| schema.root_schema_ptr());
    SchemaDescriptor::new(root)
}

fn bare(kind: &TypePtr) -> Option<TypePtr> {
    let info = kind.get_basic_info();
    match kind.as_ref() {
        Type::PrimitiveType { physical_type: Physical::BYTE_ARRAY, .. } => {
            let decimal = matches!(info.logical_type_ref(), Some(LogicalType::Decimal { .. }))
                || info.converted_type() == ConvertedType::DECIMAL;
            if decimal {
                return Some(kind.clone());
            }
            let builder = Type::primitive_type_builder(info.name(), Physical::BYTE_ARRAY);
            builder.with_repetition(info.repetition()).build().ok().map(Arc::new)
        }
        Type::PrimitiveType { .. } => Some(kind.clone()),
        Type::GroupType { fields, .. } => {
            let fields: Option<Vec<_>> = fields.iter().map(bare).collect();
            let mut builder = Type::group_type_builder(info.name()).with_fields(fields?);
            if info.has_repetition() {
                builder = builder.with_repetition(info.repetition());
            }
            builder
                .with_logical_type(info.logical_type_ref().cloned())
                .with_converted_type(info.converted_type())
                .build()
                .ok()
                .map(Arc::new)
        }
    }
}

/// The same columns with bytes that lie where they were decoded, for they are copied once more anyway.
pub(super) fn views(fields: &Fields) -> Fields {
    fields.iter().map(view).collect()
}

fn view(field: &FieldRef) -> FieldRef {
    let kind = match field.data_type() {
        DataType::Binary => DataType::BinaryView,
        DataType::Struct(members) => DataType::Struct(views(members)),
        DataType::List(of) => DataType::List(view(of)),
        DataType::Map(entries, sorted) => DataType::Map(view(entries), *sorted),
        other => other.clone(),
    };
    Arc::new(Field::new(field.name(), kind, field.is_nullable()))
}

/// The comments of the columns by path, from wherever a writer kept them.
pub(super) fn comments(metadata: &ParquetMetaData) -> HashMap<String, String> {
    let mut comments = HashMap::new();
    let file = metadata.file_metadata();
    // Arrow's own schema, with the metadata of its fields.
    if let Ok(schema) = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()) {
        for field in schema.fields.iter() {
            if let Some(comment) = field.metadata().get("comment").or(field.metadata().get("description")) {
                comments.insert(field.name().clone(), comment.clone());
            }
        }
    }
    for pair in file.key_value_metadata().into_iter().flatten() {
        let document = pair.value.as_deref().filter(|_| pair.key.ends_with("spark.sql.parquet.row.metadata"));
        if let Some(Ok(document)) = document.map(serde_json::from_str::<Value>) {
            of_struct(&document, "", &mut comments);
        }
    }
    comments
}

/// Spark's schema in JSON: `{"type":"struct","fields":[{"name":…,"type":…,"metadata":{"comment":…}}]}`.
fn of_struct(kind: &Value, outside: &str, comments: &mut HashMap<String, String>) {
    for field in kind["fields"].as_array().into_iter().flatten() {
        let Some(name) = field["name"].as_str() else { continue };
        let path = if outside.is_empty() { name.to_owned() } else { format!("{outside}.{name}") };
        if let Some(comment) = field["metadata"]["comment"].as_str() {
            comments.insert(path.clone(), comment.to_owned());
            comments.insert(format!("{path}[]"), comment.to_owned());
        }
        of_struct(&field["type"], &path, comments);
        of_struct(&field["type"]["elementType"], &format!("{path}[]"), comments);
    }
}
