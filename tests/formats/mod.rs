//! Formats that are no text, from outside: small files made by the test, read by the program.
#[cfg(feature = "columnar")]
mod columnar;
mod strings;
