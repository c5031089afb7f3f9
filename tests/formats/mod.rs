//! Formats that are no text, from outside: small files made in the tests, and those that go against a scan.
mod archives;
//! Formats that are no text, made here byte by byte: what other programs seldom write, and what nobody should.
#[cfg(feature = "office")]
mod sheets;
#[cfg(feature = "office")]
mod sheets_binary;
#[cfg(feature = "office")]
mod documents;
//! Formats that are no text, from outside: small files made by the test, read by the program.
#[cfg(feature = "columnar")]
mod columnar;
mod strings;
//! Formats one by one, from small inputs made here.
mod tables;
//! Formats that are no plain text, each built in its test and read by the program.
mod encoded;
#[cfg(feature = "mail")]
mod mail;
//! Formats that are no text, made here byte by byte: what other programs seldom write, and what nobody should.
mod markup;
mod sql;
