//! Formats that are no plain text, each built in its test and read by the program.
mod encoded;
#[cfg(feature = "mail")]
mod mail;
