//! Spreadsheets: Excel of all ages, WPS, and OpenDocument.
mod beside;
mod biff;
mod binary;
mod loose;
mod number;
mod ods;
mod parts;
mod shared;
mod streams;
mod worksheet;
mod xls;
mod xlsb;
mod xlsx;
mod xml;

pub(super) use ods::ods;
pub(super) use xls::{biff, xls};
pub(super) use xlsb::xlsb;
pub(super) use xlsx::xlsx;
