//! One binary for all integration tests: they share one build, and one way to run the program.
mod cli;
mod corpora;
mod detectors;
mod hostile;
#[cfg(feature = "db")]
mod mysql;
#[cfg(feature = "db")]
mod postgres;
mod program;
mod readme;
#[cfg(feature = "db")]
mod servers;
mod tidy;
