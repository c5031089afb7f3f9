//! Avro schemas: which bytes of a record are which field (Avro 1.12, "Schema Declaration").
use crate::model::FieldName;
use serde_json::Value;
use std::collections::HashMap;

/// Types in a schema. One with more is written out no further: what is met again keeps the names it has.
const MOST: usize = 10_000;
/// Types within types.
const DEEP: usize = 64;

/// How a value is written, and where it goes.
#[derive(Debug)]
pub(super) enum Node {
    /// Nothing, in no bytes.
    Null,
    /// One byte that holds nothing.
    Boolean,
    /// A number of variable length that holds nothing: small ones, times, the symbols of enumerations.
    Skip,
    /// The same, and it may be one.
    Long(u32),
    /// So many bytes that hold nothing.
    Over(usize),
    /// Eight bytes.
    Double(u32),
    /// Bytes with their length before them; text for certain, or perhaps.
    Bytes(u32, Content),
    /// So many bytes.
    Fixed(u32, usize, Content),
    /// Elements.
    Array(usize),
    /// Values by their keys; the map's path, and the field of keys that are values.
    Map(String, u32, usize),
    /// One of these.
    Union(Vec<usize>),
    /// All of these.
    Record(Vec<usize>),
}

/// What bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Text.
    Text,
    /// Whatever they are.
    Any,
    /// A number with so many decimal places.
    Decimal(i8),
    /// Nothing of interest.
    Nothing,
}

/// A schema, compiled.
#[derive(Default)]
pub(super) struct Schema {
    pub nodes: Vec<Node>,
    pub fields: Vec<FieldName>,
    /// Where the types with names were declared, and in what namespace.
    declared: HashMap<String, (Value, String)>,
    /// Those that are being written out, and those that were.
    known: HashMap<String, (usize, bool)>,
}

/// Where a type stands.
#[derive(Clone, Copy)]
struct At<'a> {
    path: &'a str,
    name: &'a str,
    about: &'a str,
    namespace: &'a str,
    depth: usize,
}

impl Schema {
    /// Compiles a schema; the number of its root, or none where it makes no sense.
    pub fn compile(&mut self, schema: &Value) -> Option<usize> {
        self.node(schema, At { path: "", name: "", about: "", namespace: "", depth: 0 })
    }

    fn add(&mut self, node: Node) -> Option<usize> {
        self.nodes.push(node);
        Some(self.nodes.len() - 1)
    }

    fn field(&mut self, at: At<'_>) -> u32 {
        let words = format!("{} {}", at.name, at.about).trim().to_owned();
        self.fields.push(FieldName { shown: at.path.to_owned(), words });
        self.fields.len() as u32 - 1
    }

    fn node(&mut self, schema: &Value, at: At<'_>) -> Option<usize> {
        if at.depth > DEEP {
            return None;
        }
        let at = At { depth: at.depth + 1, ..at };
        match schema {
            Value::String(name) => self.named(name, schema, at),
            Value::Array(branches) => {
                let nodes: Option<Vec<_>> = branches.iter().map(|branch| self.node(branch, at)).collect();
                self.add(Node::Union(nodes?))
            }
            Value::Object(_) => match &schema["type"] {
                Value::String(name) => self.named(name, schema, at),
                inner => self.node(inner, at),
            },
            _ => None,
        }
    }

    fn named(&mut self, kind: &str, schema: &Value, at: At<'_>) -> Option<usize> {
        let logical = schema["logicalType"].as_str().unwrap_or("");
        let content = match logical {
            "decimal" => Content::Decimal(i8::try_from(schema["scale"].as_i64().unwrap_or(0)).ok()?),
            "uuid" | "duration" => Content::Nothing,
            _ => Content::Any,
        };
        let node = match kind {
            "null" => Node::Null,
            "boolean" => Node::Boolean,
            "int" => Node::Skip,
            "long" if !logical.is_empty() => Node::Skip,
            "long" => Node::Long(self.field(at)),
            "float" => Node::Over(4),
            "double" => Node::Double(self.field(at)),
            "bytes" => Node::Bytes(self.field(at), content),
            "string" if content == Content::Nothing => Node::Bytes(0, content),
            "string" => Node::Bytes(self.field(at), Content::Text),
            "array" => {
                let path = format!("{}[]", at.path);
                Node::Array(self.node(&schema["items"], At { path: &path, ..at })?)
            }
            "map" => {
                let inner = format!("{}.*", at.path);
                let of = At { path: &inner, ..at };
                let keys = self.field(of);
                Node::Map(at.path.to_owned(), keys, self.node(&schema["values"], of)?)
            }
            _ => return self.declared(kind, schema, at),
        };
        self.add(node)
    }

    /// A type with a name: declared here, or before.
    fn declared(&mut self, kind: &str, schema: &Value, at: At<'_>) -> Option<usize> {
        let declares = ["record", "error", "enum", "fixed"].contains(&kind);
        if !declares {
            let full = [full_name(kind, at.namespace), kind.to_owned()];
            let full = full.into_iter().find(|name| self.declared.contains_key(name))?;
            let (declaration, namespace) = self.declared.get(&full)?.clone();
            return match self.known.get(&full) {
                Some(&(node, open)) if open || self.nodes.len() > MOST => Some(node),
                _ => self.write_out(&full, &declaration, At { namespace: &namespace, ..at }),
            };
        }
        let name = schema["name"].as_str()?;
        let namespace = match (name.rsplit_once('.'), schema["namespace"].as_str()) {
            (Some((namespace, _)), _) => namespace,
            (None, Some(namespace)) => namespace,
            (None, None) => at.namespace,
        };
        let full = full_name(name, namespace);
        self.declared.insert(full.clone(), (schema.clone(), namespace.to_owned()));
        self.write_out(&full, schema, At { namespace, ..at })
    }

    fn write_out(&mut self, full: &str, schema: &Value, at: At<'_>) -> Option<usize> {
        let content = match schema["logicalType"].as_str() {
            Some("decimal") => Content::Decimal(i8::try_from(schema["scale"].as_i64().unwrap_or(0)).ok()?),
            Some(_) => Content::Nothing,
            None => Content::Any,
        };
        match schema["type"].as_str()? {
            "enum" => self.add(Node::Skip),
            "fixed" => {
                let size = usize::try_from(schema["size"].as_u64()?).ok()?;
                let field = self.field(at);
                self.add(Node::Fixed(field, size, content))
            }
            _ => {
                let mine = self.add(Node::Record(Vec::new()))?;
                self.known.insert(full.to_owned(), (mine, true));
                let mut members = Vec::new();
                for member in schema["fields"].as_array()? {
                    let name = member["name"].as_str()?;
                    let dot = if at.path.is_empty() { "" } else { "." };
                    let path = format!("{}{dot}{name}", at.path);
                    let about = member["doc"].as_str().unwrap_or("");
                    members.push(self.node(&member["type"], At { path: &path, name, about, ..at })?);
                }
                self.nodes[mine] = Node::Record(members);
                self.known.insert(full.to_owned(), (mine, false));
                Some(mine)
            }
        }
    }
}

fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}
