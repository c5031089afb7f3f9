//! Where in the object a place in a window is.

/// Maps offsets in a window to offsets and lines in the object.
#[derive(Clone, Copy)]
pub struct Origin<'a> {
    /// Offset in the object of the window's first byte.
    pub base: u64,
    /// Line of the window's first byte, from 1.
    pub line: u64,
    /// The window, where the object is UTF-16 and the window its transcription.
    pub transcribed: Option<&'a str>,
}

impl Origin<'_> {
    /// The offset in the object of byte `at` of the window.
    pub fn offset(&self, at: usize) -> u64 {
        let within = match self.transcribed {
            Some(text) => utf16_bytes(&text[..text.floor_char_boundary(at)]),
            None => at as u64,
        };
        self.base + within
    }
}

/// How many bytes `text` takes in UTF-16.
fn utf16_bytes(text: &str) -> u64 {
    text.chars().map(|c| 2 * c.len_utf16() as u64).sum()
}
