//! Everything that is tested from outside: the built program, the library as a user sees it, and the tidiness of the source.
mod cli;
mod corpora;
#[cfg(feature = "db")]
mod databases;
mod detectors;
mod formats;
mod hostile;
#[cfg(feature = "db")]
mod mysql;
#[cfg(feature = "db")]
mod postgres;
mod program;
mod readme;
#[cfg(feature = "db")]
mod schema;
#[cfg(feature = "db")]
mod servers;
mod tidy;
