//! Values hidden by an encoding inside running text and cells.
pub(in crate::decode) mod base64;
