//! Judges what was counted: context words near a value, and evidence against chance for a whole place.
pub mod context;
pub mod evidence;
mod noise;
