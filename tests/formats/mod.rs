//! Formats that are no text, from outside: small files made in the tests, and those that go against a scan.
#[cfg(feature = "office")]
mod documents;
