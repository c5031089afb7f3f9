//! Keeps the reading of all connections together under a rate.
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most that may be read in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Rows a second.
    Rows(f64),
    /// Bytes a second.
    Bytes(f64),
}

impl std::str::FromStr for Rate {
    type Err = String;

    /// `5000rows/s`, `5000`, `20MB/s`, `512KB/s`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no rate; write it as 5000rows/s or 20MB/s");
        let text = text.trim().trim_end_matches("/s").trim_end();
        let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let number: f64 = text[..split].parse().map_err(|_| wrong())?;
        let rate = match text[split..].trim().to_ascii_lowercase().as_str() {
            "" | "rows" | "row" => Rate::Rows(number),
            "kb" | "kib" => Rate::Bytes(number * 1024.0),
            "mb" | "mib" => Rate::Bytes(number * 1024.0 * 1024.0),
            "gb" | "gib" => Rate::Bytes(number * 1024.0 * 1024.0 * 1024.0),
            _ => return Err(wrong()),
        };
        if number > 0.0 { Ok(rate) } else { Err(wrong()) }
    }
}

/// Shared by all connections of a scan.
#[derive(Debug)]
pub struct Throttle {
    rate: Option<Rate>,
    /// When the next batch may be read.
    free: Mutex<Instant>,
}

impl Throttle {
    /// No limit where `rate` is none.
    pub fn new(rate: Option<Rate>) -> Self {
        Throttle { rate, free: Mutex::new(Instant::now()) }
    }

    /// How long to wait after reading so much. The turn is taken: the time must be waited.
    pub fn after(&self, rows: usize, bytes: usize) -> Duration {
        let seconds = match self.rate {
            None => return Duration::ZERO,
            Some(Rate::Rows(rate)) => rows as f64 / rate,
            Some(Rate::Bytes(rate)) => bytes as f64 / rate,
        };
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        *free = (*free).max(now) + Duration::from_secs_f64(seconds.min(3600.0));
        free.duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_written_in_rows_or_bytes() {
        assert_eq!("5000rows/s".parse(), Ok(Rate::Rows(5000.0)));
        assert_eq!("5000".parse(), Ok(Rate::Rows(5000.0)));
        assert_eq!("1.5 MB/s".parse(), Ok(Rate::Bytes(1.5 * 1024.0 * 1024.0)));
        for wrong in ["", "fast", "0", "-1", "5 apples"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_read_is_waited_for() {
        let throttle = Throttle::new(Some(Rate::Rows(1000.0)));
        let first = throttle.after(500, 0);
        let second = throttle.after(500, 0);
        assert!(
            first > Duration::from_millis(400) && second > Duration::from_millis(900),
            "{first:?} {second:?}"
        );
        assert_eq!(Throttle::new(None).after(1 << 30, 1 << 30), Duration::ZERO);
    }
}
