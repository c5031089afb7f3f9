//! Real database servers for the tests: private ones, gone when the tests end, or those that the environment names.
pub mod mysql;
pub mod postgres;
mod programs;
