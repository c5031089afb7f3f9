//! Word documents and PowerPoint slides: the parts of their packages in the order of the document (ISO/IEC 29500-1, 11, 13).
use super::flow::Flow;
use super::ooxml::{links, read};
use super::parts::{Package, Relation};
use super::xml::Token;
use crate::decode::{Failure, Output, Unit};
use std::collections::HashMap;

/// Reads a Word document.
pub fn docx(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut package = Package::open(bytes)?;
    let mut flow = Flow::new(output, Unit::Paragraph);
    let first = "word/document.xml".to_owned();
    let others: Vec<String> = package.names.iter().filter(|name| is_text(name)).cloned().collect();
    for name in std::iter::once(first).chain(others) {
        part(&mut package, &name, &mut flow, None);
    }
    rest(&mut package, &mut flow)
}

/// Reads slides, each with all that belongs to it, in their order.
pub fn pptx(bytes: &[u8], output: &mut dyn Output) -> Result<(), Failure> {
    let mut package = Package::open(bytes)?;
    let mut flow = Flow::new(output, Unit::Slide);
    for (at, slide) in slides(&mut package).into_iter().enumerate() {
        let number = Some(at as u64 + 1);
        part(&mut package, &slide, &mut flow, number);
        let near = package.relations(&slide).into_iter().filter(|near| !near.is_external);
        for near in near.filter(|near| near.kind != "slide" && near.kind != "slideLayout") {
            if is_text(&near.target) {
                part(&mut package, &near.target, &mut flow, number);
            }
        }
    }
    // Masters, and what no slide leads to: it has no slide.
    let others: Vec<String> = package.names.iter().filter(|name| is_text(name)).cloned().collect();
    for name in others {
        part(&mut package, &name, &mut flow, Some(0));
    }
    rest(&mut package, &mut flow)
}

/// The slides in the order in which they are shown (19.2.1.34).
fn slides(package: &mut Package<'_>) -> Vec<String> {
    let presentation = "ppt/presentation.xml";
    let mut ids = Vec::new();
    // Where this is broken, the slides are found without their order.
    let _ = package.walk(presentation, &mut |token| {
        if let Token::Start(tag) = token
            && tag.name() == "sldId"
        {
            // Both `id` and `r:id` are there; the latter leads to the part.
            ids.extend(tag.prefixed("id"));
        }
        ids.len() < 100_000
    });
    let relations = package.relations(presentation);
    let slides = relations.iter().filter(|relation| relation.kind == "slide" && !relation.is_external);
    let places: HashMap<String, usize> = ids.into_iter().zip(0..).collect();
    let order = |slide: &&Relation| places.get(&slide.id).copied().unwrap_or(usize::MAX);
    let mut slides: Vec<_> = slides.collect();
    slides.sort_by_key(order);
    slides.into_iter().map(|slide| slide.target.clone()).collect()
}

/// Reads a part, unless it was read already.
fn part(package: &mut Package<'_>, name: &str, flow: &mut Flow<'_>, number: Option<u64>) {
    if !flow.goes_on() || !package.has(name) || !package.take(name) {
        return;
    }
    if !read(package, name, flow, number) {
        package.untake(name);
        return;
    }
    links(package, name, flow, number);
}

/// Ends the text, and gives out what lies in the package beside it: pictures, sheets, whatever was embedded.
fn rest(package: &mut Package<'_>, flow: &mut Flow<'_>) -> Result<(), Failure> {
    flow.end();
    if flow.goes_on() {
        package.give_rest(flow.output(), |name| {
            // A thumbnail is a small picture of the document; fonts have no text, and printers no people.
            let format = name.ends_with(".rels")
                || name == "[Content_Types].xml"
                || name.starts_with("docProps/thumbnail.")
                || name.contains("/fonts/")
                || name.contains("/printerSettings/")
                || name.ends_with("vbaProjectSignature.bin");
            !format
        });
    }
    Ok(())
}

/// Whether a part can hold text.
fn is_text(name: &str) -> bool {
    name.ends_with(".xml") && name != "[Content_Types].xml"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_text_are_known_by_their_names() {
        assert!(is_text("word/header1.xml") && !is_text("word/media/image1.png"));
        assert!(!is_text("word/_rels/document.xml.rels") && !is_text("[Content_Types].xml"));
    }
}
