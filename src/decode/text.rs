//! Running text: scanned in bodies, with margins, straight from the window.
use super::window::Window;
use super::{Piece, Sink, Unit};
use crate::model::{Batch, MARGIN};

/// Gives the window to the sink; returns how much of it is done with, and whether to go on.
pub(super) fn feed(window: &Window<'_>, sink: &mut Sink<'_>) -> (usize, bool) {
    // Values that begin in the last margin wait for the next window, which shows what follows them.
    let end = window.bytes.len();
    let to = if window.last { end } else { end.saturating_sub(MARGIN).max(window.from) };
    let batch = Batch::text(window.bytes, window.encoding);
    (
        to,
        sink(Piece {
            batch,
            body: window.from..to,
            origin: window.origin,
            fields: &[],
            keys: None,
            unit: Unit::Line,
        }),
    )
}
