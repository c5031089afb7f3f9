//! The cells of a worksheet, and what stands beside them (ECMA-376, part 1, 18.3).
use super::loose::{Loose, NOWHERE};
use super::number;
use super::shared::{Shared, string};
use super::xml::{Attributes, Token, Xml, unescape};
use crate::decode::cells::Cells;
use crate::decode::grid::{Grid, Spot};
use std::io;

/// Columns of a sheet; a place beyond them is none.
const COLUMNS: u64 = 16_384;
/// Rows of a sheet, with room for other programs.
const ROWS: u64 = 1 << 32;
/// The longest text of a cell that is gathered: Excel allows 32,767 characters.
const LONGEST: usize = 1 << 20;

/// A worksheet while it is read. The cells that a link to another workbook keeps have the same form.
pub(super) struct Worksheet<'w> {
    name: &'w str,
    grid: Grid,
    shared: &'w mut Shared,
    loose: &'w mut Loose,
    spot: Spot,
    kind: Kind,
    /// The text that is being gathered, and what it is.
    value: Vec<u8>,
    gathers: Gathers,
    formula: Vec<u8>,
    /// Where a rule for the values of cells begins.
    rule: Spot,
}

/// The type of a cell (18.18.11).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Shared,
    Number,
    Text,
    /// Truth values, errors and dates.
    Nothing,
}

/// What the text at hand is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gathers {
    Nothing,
    Value,
    /// A reading aid within the value.
    Aid,
    Formula,
    Header,
    Rule,
}

impl<'w> Worksheet<'w> {
    pub fn new(name: &'w str, shared: &'w mut Shared, loose: &'w mut Loose) -> Self {
        Worksheet {
            name,
            grid: Grid::new(name),
            shared,
            loose,
            spot: Spot { row: 1, column: 0 },
            kind: Kind::Number,
            value: Vec::new(),
            gathers: Gathers::Nothing,
            formula: Vec::new(),
            rule: NOWHERE,
        }
    }

    /// Reads to the end; false when the decoder is to end. The cells before an error are handed on.
    pub fn read(mut self, xml: &mut Xml<'_>, cells: &mut Cells<'_>) -> io::Result<bool> {
        let read = self.marks(xml, cells);
        let go_on = self.grid.end(cells);
        read.map(|read| read && go_on)
    }

    fn marks(&mut self, xml: &mut Xml<'_>, cells: &mut Cells<'_>) -> io::Result<bool> {
        while let Some(token) = xml.next()? {
            let go_on = match token {
                Token::Open(name, attributes) => {
                    self.open(name, attributes);
                    true
                }
                Token::Close(name) => self.close(name, cells),
                Token::Text(_) | Token::Data(_)
                    if matches!(self.gathers, Gathers::Nothing | Gathers::Aid) =>
                {
                    true
                }
                Token::Text(raw) => {
                    unescape(
                        raw,
                        if self.gathers == Gathers::Formula { &mut self.formula } else { &mut self.value },
                    );
                    self.is_short_enough(cells)
                }
                Token::Data(raw) => {
                    let to =
                        if self.gathers == Gathers::Formula { &mut self.formula } else { &mut self.value };
                    to.extend_from_slice(raw);
                    self.is_short_enough(cells)
                }
            };
            if !go_on {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn open(&mut self, name: &[u8], attributes: Attributes<'_>) {
        match name {
            b"c" | b"cell" => self.begin(attributes),
            b"v" | b"t" if self.gathers != Gathers::Aid => self.gathers = Gathers::Value,
            b"rPh" => self.gathers = Gathers::Aid,
            b"f" if self.gathers != Gathers::Rule => self.gathers = Gathers::Formula,
            b"row" => {
                if let Some(row) = attributes.get("r").and_then(row) {
                    self.spot.row = row;
                }
                self.spot.column = 0;
            }
            b"oddHeader" | b"evenHeader" | b"firstHeader" | b"oddFooter" | b"evenFooter" | b"firstFooter" => {
                self.value.clear();
                self.gathers = Gathers::Header;
            }
            b"dataValidation" => {
                self.rule = attributes.get("sqref").and_then(spot).unwrap_or(NOWHERE);
                self.value.clear();
            }
            b"formula1" | b"formula2" => self.gathers = Gathers::Rule,
            _ => {}
        }
    }

    fn begin(&mut self, attributes: Attributes<'_>) {
        self.kind = Kind::Number;
        self.value.clear();
        self.formula.clear();
        for (name, value) in attributes {
            match (name, value) {
                (b"r", value) => self.spot = spot(value).unwrap_or(self.spot),
                (b"t", b"s") => self.kind = Kind::Shared,
                (b"t", b"str" | b"inlineStr") => self.kind = Kind::Text,
                (b"t", b"b" | b"e" | b"d") => self.kind = Kind::Nothing,
                _ => {}
            }
        }
    }

    fn close(&mut self, name: &[u8], cells: &mut Cells<'_>) -> bool {
        match name {
            b"f" if self.gathers == Gathers::Rule => {}
            b"v" | b"t" | b"f" | b"rPh" => self.gathers = Gathers::Nothing,
            b"c" | b"cell" => {
                let go_on = self.cell(cells);
                self.spot.column += 1;
                return go_on;
            }
            b"row" => (self.spot.row, self.spot.column) = (self.spot.row + 1, 0),
            b"oddHeader" | b"evenHeader" | b"firstHeader" | b"oddFooter" | b"evenFooter" | b"firstFooter" => {
                self.gathers = Gathers::Nothing;
                let shown = format!("{}!header and footer", self.name);
                let text = without_codes(&string(&self.value));
                return self.loose.push(cells, [&shown, ""], NOWHERE, &text);
            }
            b"formula1" | b"formula2" => {
                self.gathers = Gathers::Nothing;
                self.value.push(b'\n');
            }
            b"dataValidation" => {
                let shown = format!("{}!validation", self.name);
                let go_on = self.loose.push(cells, [&shown, ""], self.rule, &string(&self.value));
                self.value.clear();
                return go_on;
            }
            _ => {}
        }
        true
    }

    fn cell(&mut self, cells: &mut Cells<'_>) -> bool {
        let spot = self.spot;
        let raw = &self.value;
        let go_on = match self.kind {
            _ if raw.is_empty() => true,
            Kind::Nothing => true,
            Kind::Shared => {
                let number = std::str::from_utf8(raw).ok().and_then(|raw| raw.trim().parse().ok());
                match number.and_then(|number| self.shared.take(number)) {
                    Some(text) => self.grid.cell(cells, spot, text),
                    None => true,
                }
            }
            Kind::Text => self.grid.cell(cells, spot, &string(raw)),
            Kind::Number => match std::str::from_utf8(raw) {
                Ok(digits) if digits.len() < 16 && raw.iter().all(u8::is_ascii_digit) => {
                    self.grid.cell(cells, spot, digits)
                }
                Ok(raw) => number::digits(raw).is_none_or(|shown| self.grid.cell(cells, spot, &shown)),
                Err(_) => true,
            },
        };
        // What is written into a formula need not be in its result.
        let literal =
            self.formula.contains(&b'"') && self.formula.iter().filter(|b| b.is_ascii_digit()).count() > 6;
        if literal && go_on {
            let shown = format!("{}!formula", self.name);
            return self.loose.push(
                cells,
                [&shown, ""],
                spot,
                &literals(&String::from_utf8_lossy(&self.formula)),
            );
        }
        go_on
    }

    /// Hands on what was gathered of a text that is far too long.
    fn is_short_enough(&mut self, cells: &mut Cells<'_>) -> bool {
        if self.formula.len() > LONGEST {
            self.formula.clear();
        }
        if self.value.len() <= LONGEST {
            return true;
        }
        let go_on = self.grid.cell(cells, self.spot, &string(&self.value));
        self.value.clear();
        go_on
    }
}

/// The number of a row; `None` where it is not one that a sheet has.
fn row(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > 10 {
        return None;
    }
    let number = digits
        .iter()
        .try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u64::from(digit - b'0')))?;
    (1..ROWS).contains(&number).then_some(number)
}

/// The place that a reference begins with: `B7`, `B7:C9`, `$B$7`.
pub(super) fn spot(reference: &[u8]) -> Option<Spot> {
    let mut rest = reference.strip_prefix(b"$").unwrap_or(reference);
    let mut column = 0;
    while let Some((letter, after)) = rest.split_first().filter(|(letter, _)| letter.is_ascii_alphabetic()) {
        column = column * 26 + u64::from(letter.to_ascii_uppercase() - b'A') + 1;
        if column > COLUMNS {
            return None;
        }
        rest = after;
    }
    let rest = rest.strip_prefix(b"$").unwrap_or(rest);
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    Some(Spot { row: row(&rest[..end])?, column: column.checked_sub(1)? })
}

/// A header or footer without the codes for fonts and places (18.3.1.46).
pub(super) fn without_codes(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char != '&' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some('&') => out.push('&'),
            // The left, middle and right part.
            Some('L' | 'C' | 'R') => out.push('\n'),
            Some('"') => while chars.next().is_some_and(|char| char != '"') {},
            // The size of letters: two digits, or three.
            Some(digit) if digit.is_ascii_digit() => {
                for _ in 0..2 {
                    chars.next_if(char::is_ascii_digit);
                }
            }
            Some('K') => {
                for _ in 0..6 {
                    chars.next_if(char::is_ascii_hexdigit);
                }
            }
            _ => {}
        }
    }
    out
}

/// The texts in a formula, a line for each.
fn literals(formula: &str) -> String {
    formula.split('"').skip(1).step_by(2).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_what_is_none() {
        assert_eq!(spot(b"C5"), Some(Spot { row: 5, column: 2 }));
        assert_eq!(spot(b"$AA$10:B9"), Some(Spot { row: 10, column: 26 }));
        assert_eq!(spot(b"XFD1048576"), Some(Spot { row: 1_048_576, column: 16_383 }));
        for none in ["", "A", "5", "A0", "XFE1", "A99999999999", "ZZZZZZZZZZZZZZZZZZZZ1", "$", "A-1"] {
            assert_eq!(spot(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn codes_and_literals() {
        assert_eq!(without_codes("&L&\"宋体,常规\"&12 手机 138&R&P &&"), "\n 手机 138\n &");
        assert_eq!(literals("IF(A1=\"138\",\"b\"\"c\",D)"), "138\nb\nc");
        assert_eq!(literals("\"open"), "open");
    }
}
