//! Spreadsheets: Excel of all ages, WPS, and OpenDocument.
mod beside;
mod binary;
mod loose;
mod number;
mod ods;
mod parts;
mod shared;
mod worksheet;
mod xlsb;
mod xlsx;
mod xml;

pub(super) use ods::ods;
pub(super) use xlsb::xlsb;
pub(super) use xlsx::xlsx;
