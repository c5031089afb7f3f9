//! XMP packets (ISO 16684-1): what a file says of itself in XML, as pairs of names and texts.

/// Bytes of a packet that are looked at.
const LONGEST: usize = 4 << 20;
/// The longest text that is given out.
const TEXT: usize = 1 << 20;
/// Elements and attributes that hold no text: identifiers, dates, what a program notes for itself.
const DULL: [&str; 8] = ["xmpMM:", "stEvt:", "stRef:", "xmp:", "xap:", "xapMM:", "xmlns", "rdf:about"];

/// Hands each text to `take` with the name of the element or attribute it stands in, until `take` returns false.
pub(super) fn read(packet: &[u8], take: &mut dyn FnMut(&str, &str) -> bool) -> bool {
    let packet = String::from_utf8_lossy(&packet[..packet.len().min(LONGEST)]);
    let mut open: Vec<&str> = Vec::new();
    let mut rest: &str = &packet;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        // The list round a text says nothing.
        let name = open.iter().rev().find(|name| !name.starts_with("rdf:") && !name.starts_with("x:"));
        if let Some(name) = name
            && !open.iter().any(|name| is_dull(name))
            && !give(name, text, take)
        {
            return false;
        }
        let Some(end) = tag.find('>') else { break };
        let (inside, behind) = (&tag[1..end], &tag[end + 1..]);
        rest = behind;
        match inside.as_bytes().first() {
            Some(b'?' | b'!') => {}
            Some(b'/') => {
                open.pop();
            }
            _ => {
                let name = inside.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or("");
                if !attributes(&inside[name.len()..], take) {
                    return false;
                }
                if !inside.ends_with('/') && open.len() < 64 {
                    open.push(name);
                }
            }
        }
    }
    true
}

fn is_dull(name: &str) -> bool {
    DULL.iter().any(|dull| name.starts_with(dull))
}

fn attributes(mut rest: &str, take: &mut dyn FnMut(&str, &str) -> bool) -> bool {
    while let Some((name, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let Some(quote) = behind.chars().next().filter(|c| ['"', '\''].contains(c)) else { break };
        let Some((value, behind)) = behind[1..].split_once(quote) else { break };
        let name = name.trim();
        if !is_dull(name)
            && !name.starts_with("xml:")
            && !name.starts_with("rdf:")
            && !give(name, value, take)
        {
            return false;
        }
        rest = behind;
    }
    true
}

/// Gives out a text without its entities, under a name without its prefix.
fn give(name: &str, text: &str, take: &mut dyn FnMut(&str, &str) -> bool) -> bool {
    let text = text.trim();
    if text.is_empty() || text.len() > TEXT {
        return true;
    }
    let name = name.rsplit(':').next().unwrap_or(name);
    take(name, &unescaped(text))
}

fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, rest) = part.split_once(';').unwrap_or(("", part));
        let code = |digits: &str, base| u32::from_str_radix(digits, base).ok().and_then(char::from_u32);
        let char = match entity {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => match entity.strip_prefix("#x") {
                Some(hex) => code(hex, 16),
                None => entity.strip_prefix('#').and_then(|digits| code(digits, 10)),
            },
        };
        match char {
            Some(char) => {
                out.push(char);
                out += rest;
            }
            None => {
                out.push('&');
                out += part;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_come_with_their_names() {
        let packet = br#"<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>
            <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" photoshop:Headline="a&amp;b" xmp:CreateDate="2020">
            <dc:title><rdf:Alt><rdf:li xml:lang="x-default">&#x5f20;1</rdf:li></rdf:Alt></dc:title>
            <xmpMM:DocumentID>uuid:1</xmpMM:DocumentID></rdf:Description></rdf:RDF></x:xmpmeta>"#;
        let mut found = Vec::new();
        assert!(super::read(packet, &mut |name, text| {
            found.push(format!("{name}={text}"));
            true
        }));
        assert_eq!(found, ["Headline=a&b", "title=张1"]);
        assert!(super::read(b"<<a <b", &mut |_, _| true));
    }
}
