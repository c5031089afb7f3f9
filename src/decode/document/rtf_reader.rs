//! The syntax of RTF: groups, control words with a number, symbols, bytes.
use crate::decode::Failure;
use std::io::{BufRead, BufReader, Read};

/// The longest control word.
const WORD: usize = 32;

/// A piece of syntax.
pub enum Item {
    Open,
    Close,
    /// A byte of text.
    Byte(u8),
    /// A control symbol: `\~`.
    Symbol(u8),
    /// A control word, and the number behind it.
    Word(String, Option<i64>),
}

/// Reads RTF item by item.
pub struct Reader<'r> {
    inner: BufReader<&'r mut dyn Read>,
}

impl<'r> Reader<'r> {
    pub fn new(reader: &'r mut dyn Read) -> Self {
        Reader { inner: BufReader::with_capacity(64 * 1024, reader) }
    }

    /// The next item; nothing at the end.
    pub fn next(&mut self) -> Result<Option<Item>, Failure> {
        loop {
            let Some(byte) = self.peek()? else { return Ok(None) };
            self.inner.consume(1);
            return Ok(Some(match byte {
                b'{' => Item::Open,
                b'}' => Item::Close,
                b'\\' => match self.control()? {
                    Some(item) => item,
                    None => continue,
                },
                // Lines end where their writer likes.
                b'\r' | b'\n' | 0 => continue,
                byte => Item::Byte(byte),
            }));
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, Failure> {
        loop {
            match self.inner.fill_buf() {
                Ok(bytes) => return Ok(bytes.first().copied()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What follows a backslash; nothing where it is to be ignored.
    fn control(&mut self) -> Result<Option<Item>, Failure> {
        let Some(first) = self.peek()? else { return Ok(None) };
        if !first.is_ascii_alphabetic() {
            self.inner.consume(1);
            if first != b'\'' {
                return Ok(Some(Item::Symbol(first)));
            }
            let (high, low) = (self.hex()?, self.hex()?);
            return Ok(high.zip(low).map(|(high, low)| Item::Byte(high << 4 | low)));
        }
        let mut word = String::new();
        while let Some(byte) = self.peek()?.filter(u8::is_ascii_alphabetic) {
            self.inner.consume(1);
            if word.len() < WORD {
                word.push(char::from(byte));
            }
        }
        let number = self.number()?;
        // A space belongs to the word.
        if self.peek()? == Some(b' ') {
            self.inner.consume(1);
        }
        if word == "bin" {
            self.pass(number.unwrap_or(0))?;
            return Ok(None);
        }
        Ok(Some(Item::Word(word, number)))
    }

    fn number(&mut self) -> Result<Option<i64>, Failure> {
        let is_negative = self.peek()? == Some(b'-');
        if is_negative {
            self.inner.consume(1);
        }
        let mut number = None;
        while let Some(byte) = self.peek()?.filter(u8::is_ascii_digit) {
            self.inner.consume(1);
            let before: i64 = number.unwrap_or(0);
            number = Some(before.saturating_mul(10).saturating_add(i64::from(byte - b'0')));
        }
        Ok(number.map(|number| if is_negative { -number } else { number }))
    }

    fn hex(&mut self) -> Result<Option<u8>, Failure> {
        let digit = self.peek()?.and_then(|byte| char::from(byte).to_digit(16));
        if digit.is_some() {
            self.inner.consume(1);
        }
        Ok(digit.map(|digit| digit as u8))
    }

    /// Passes over bytes that are none of the text (`\bin`).
    fn pass(&mut self, mut count: i64) -> Result<(), Failure> {
        while count > 0 && self.peek()?.is_some() {
            let step = self.inner.buffer().len().min(count as usize);
            self.inner.consume(step);
            count -= step as i64;
        }
        Ok(())
    }
}
