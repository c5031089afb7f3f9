//! Formats one by one: small files made in the test, read by the program.
mod archives;
mod columnar;
mod documents;
mod encoded;
mod images;
mod mail;
mod markup;
mod pdf;
mod sheets;
mod sheets_binary;
mod sql;
mod strings;
mod tables;
