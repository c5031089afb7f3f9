//! EPUB books (EPUB 3.3): their chapters in the order of reading, each an object of its own.
use super::parts::{Package, resolved};
use super::xml::Token;
use crate::decode::{Failure, Output};
use crate::model::coverage::Reason;
use std::collections::{HashMap, HashSet};

/// Reads a book.
pub fn epub(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut package = Package::open(bytes)?;
    let locked = locked(&mut package);
    let mut goes_on = true;
    for chapter in chapters(&mut package) {
        goes_on = goes_on && give(&mut package, &chapter, &locked, output);
    }
    // Notes, pictures, tables of contents.
    let others: Vec<String> = package.names.iter().filter(|name| is_content(name)).cloned().collect();
    for name in others {
        goes_on = goes_on && give(&mut package, &name, &locked, output);
    }
    Ok(())
}

fn give(package: &mut Package<'_>, name: &str, locked: &HashSet<String>, output: &mut dyn Output) -> bool {
    if locked.contains(name) {
        return !package.take(name) || output.unread(name, Reason::Encrypted, "protected against copying");
    }
    !package.has(name) || package.give(name, output)
}

fn is_content(name: &str) -> bool {
    const FORMATS: [&str; 6] = [".css", ".js", ".ttf", ".otf", ".woff", ".woff2"];
    let lower = name.to_ascii_lowercase();
    name != "mimetype" && !name.starts_with("META-INF/") && !FORMATS.iter().any(|end| lower.ends_with(end))
}

/// The documents of the spine (EPUB 3.3, 5.7) of every rendition (4.2.6.3.1).
fn chapters(package: &mut Package<'_>) -> Vec<String> {
    let mut roots = Vec::new();
    // What is broken here leaves the chapters in the order of the archive.
    let _ = package.walk("META-INF/container.xml", &mut |token| {
        if let Token::Start(tag) = token
            && tag.name() == "rootfile"
        {
            roots.extend(tag.attribute("full-path"));
        }
        roots.len() < 100
    });
    let mut chapters = Vec::new();
    for root in roots {
        let folder = root.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let (mut items, mut spine) = (HashMap::new(), Vec::new());
        let _ = package.walk(&root, &mut |token| {
            if let Token::Start(tag) = token {
                match tag.name() {
                    "item" => {
                        let href = tag.attribute("href").unwrap_or_default();
                        items.insert(
                            tag.attribute("id").unwrap_or_default(),
                            resolved(&folder, &decoded(&href)),
                        );
                    }
                    "itemref" => spine.extend(tag.attribute("idref")),
                    _ => {}
                }
            }
            items.len().max(spine.len()) < 100_000
        });
        chapters.extend(spine.iter().filter_map(|id| items.get(id).cloned()));
    }
    chapters
}

/// What is encrypted (4.2.6.3.2), fonts apart, which are only made hard to copy.
fn locked(package: &mut Package<'_>) -> HashSet<String> {
    let (mut locked, mut is_font) = (HashSet::new(), false);
    let _ = package.walk("META-INF/encryption.xml", &mut |token| {
        if let Token::Start(tag) = token {
            match tag.name() {
                "EncryptionMethod" => {
                    let algorithm = tag.attribute("Algorithm").unwrap_or_default();
                    is_font = algorithm.ends_with("/2008/embedding") || algorithm.ends_with("/pdf/enc#RC");
                }
                "CipherReference" if !is_font => {
                    locked.extend(tag.attribute("URI").map(|name| resolved("", &decoded(&name))));
                }
                _ => {}
            }
        }
        locked.len() < 100_000
    });
    locked
}

/// A path whose odd characters are written as `%20`.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_are_resolved() {
        assert_eq!(decoded("a%20b%E7%AB%A0.xhtml"), "a b章.xhtml");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
    }
}
