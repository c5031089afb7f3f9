//! Formats one by one, from small inputs made here.
mod tables;
