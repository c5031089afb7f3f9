//! Which columns of an Arrow schema can hold what is looked for, and how they are called.
use crate::model::FieldName;
use arrow::datatypes::DataType as T;
use arrow::datatypes::{DataType, Field, FieldRef};
use std::collections::HashMap;

/// Columns within columns within columns are read so deep.
const DEEP: usize = 48;
/// Where writers keep the comment of a column in its metadata.
const COMMENTS: [&str; 3] = ["comment", "description", "COMMENT"];

/// How the values of a column are read.
#[derive(Debug)]
pub(super) enum Node {
    /// Not at all: flags, times, numbers too small.
    Skip,
    /// As text.
    Text(u32),
    /// As bytes, which may be text.
    Bytes(u32),
    /// As numbers.
    Number(u32),
    /// Member by member.
    Struct(Vec<Node>),
    /// Element by element.
    List(Box<Node>),
    /// Key by key, where the keys name the values: the path of the map, the keys, and the values.
    Map(String, Box<Node>, Box<Node>),
    /// By way of numbers.
    Dictionary(Box<Node>),
    /// Once for many rows.
    Runs(Box<Node>),
    /// One of many.
    Union(Vec<(i8, Node)>),
}

/// The names of columns met so far.
#[derive(Default)]
pub(super) struct Names {
    /// By number.
    pub fields: Vec<FieldName>,
    /// Comments that are kept apart from the columns, by path.
    pub comments: HashMap<String, String>,
}

impl Names {
    /// The columns of a table.
    pub fn roots(&mut self, fields: &[FieldRef]) -> Vec<Node> {
        fields.iter().map(|field| self.node(field, "", 0)).collect()
    }

    fn node(&mut self, field: &Field, outside: &str, depth: usize) -> Node {
        let dot = if outside.is_empty() || field.name().is_empty() { "" } else { "." };
        let path = format!("{outside}{dot}{}", field.name());
        self.of_type(field, field.data_type(), &path, field.name(), depth)
    }

    /// `name` is the last name on the path: elements of lists have none of their own.
    fn of_type(&mut self, field: &Field, kind: &DataType, path: &str, name: &str, depth: usize) -> Node {
        if depth > DEEP {
            return Node::Skip;
        }
        let wrapped = |node: Node, wrap: fn(Box<Node>) -> Node| match node {
            Node::Skip => Node::Skip,
            node => wrap(Box::new(node)),
        };
        match kind {
            T::Utf8 | T::LargeUtf8 | T::Utf8View => Node::Text(self.add(field, path, name)),
            T::FixedSizeBinary(16) if is_uuid(field) => Node::Skip,
            T::Binary | T::LargeBinary | T::BinaryView | T::FixedSizeBinary(_) => {
                Node::Bytes(self.add(field, path, name))
            }
            T::Int64 | T::UInt64 | T::Float64 => Node::Number(self.add(field, path, name)),
            T::Decimal32(digits, _)
            | T::Decimal64(digits, _)
            | T::Decimal128(digits, _)
            | T::Decimal256(digits, _)
                if *digits > 8 =>
            {
                Node::Number(self.add(field, path, name))
            }
            T::Struct(members) => {
                let nodes: Vec<_> = members.iter().map(|member| self.node(member, path, depth + 1)).collect();
                let nothing = nodes.iter().all(|node| matches!(node, Node::Skip));
                if nothing { Node::Skip } else { Node::Struct(nodes) }
            }
            T::List(of)
            | T::LargeList(of)
            | T::ListView(of)
            | T::LargeListView(of)
            | T::FixedSizeList(of, _) => {
                let path = format!("{path}[]");
                wrapped(self.of_type(of, of.data_type(), &path, name, depth + 1), Node::List)
            }
            T::Map(entries, _) => self.map(entries, path, depth),
            T::Dictionary(_, of) => wrapped(self.of_type(field, of, path, name, depth + 1), Node::Dictionary),
            T::RunEndEncoded(_, of) => {
                wrapped(self.of_type(field, of.data_type(), path, name, depth + 1), Node::Runs)
            }
            T::Union(members, _) => {
                let node = |(id, of): (i8, &FieldRef)| (id, self.node(of, path, depth + 1));
                Node::Union(members.iter().map(node).collect())
            }
            _ => Node::Skip,
        }
    }

    fn map(&mut self, entries: &Field, path: &str, depth: usize) -> Node {
        let T::Struct(members) = entries.data_type() else { return Node::Skip };
        let [key, value] = members.as_ref() else { return Node::Skip };
        let inner = format!("{path}.*");
        let keys = self.of_type(key, key.data_type(), &inner, "", depth + 1);
        let values = self.of_type(value, value.data_type(), &inner, "", depth + 1);
        match (&keys, &values) {
            (Node::Skip, Node::Skip) => Node::Skip,
            _ => Node::Map(path.to_owned(), Box::new(keys), Box::new(values)),
        }
    }

    fn add(&mut self, field: &Field, path: &str, name: &str) -> u32 {
        let own = COMMENTS.iter().find_map(|key| field.metadata().get(*key));
        let comment = own.or_else(|| self.comments.get(path)).map_or("", String::as_str);
        let words = format!("{name} {comment}").trim().to_owned();
        self.fields.push(FieldName { shown: path.to_owned(), words });
        self.fields.len() as u32 - 1
    }
}

/// Whether a column of 16 bytes is said to be one of identifiers made by machines.
fn is_uuid(field: &Field) -> bool {
    field.metadata().get("ARROW:extension:name").is_some_and(|name| name == "arrow.uuid")
}
