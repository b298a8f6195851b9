//! The daemon's memory: below a bound at any time, and no more at the end of a long life than at its beginning.

use crate::guest::failure::{Outcome, ensure};
use std::time::Duration;

/// Memory of its own that a daemon may have, in KiB: single-digit MiB. The rings do not count, which are mapped as well.
const MOST_KIB: u64 = 10 << 10;

/// So much more a daemon may have in the last third of a long life than in the first, in KiB: what it keeps for an output that is
/// away, and what is left between pieces of memory after rules were read again.
const TOLERANCE_KIB: u64 = 512;

/// Samples of a long life that are left out: its tables fill, and it has read rules again for the first time.
const WARM_UP: usize = 60;

/// Samples behind those from which on something can be said.
const LONG: usize = 90;

/// Age from which on a daemon's memory is looked at.
pub const WARM: Duration = Duration::from_secs(5);

/// From one look at the memory to the next.
pub const SAMPLE: Duration = Duration::from_secs(2);

/// What was seen.
#[derive(Debug, Default)]
pub struct Memory {
    /// The least and the most.
    range: Option<(u64, u64)>,
    /// Of the daemon that is not stopped or killed any more, in order.
    long: Vec<u64>,
}

impl Memory {
    /// So many KiB are in use; by one that lives on, or by one that does not.
    ///
    /// # Errors
    /// If that is too much.
    pub fn take(&mut self, kib: u64, lives_on: bool) -> Outcome {
        let (least, most) = self.range.unwrap_or((kib, kib));
        self.range = Some((least.min(kib), most.max(kib)));
        if lives_on {
            self.long.push(kib);
        }
        ensure(kib < MOST_KIB, || format!("the daemon has {kib} KiB in memory"))
    }

    /// In a few words.
    pub fn text(&self) -> String {
        match self.range {
            Some((least, most)) => format!("memory {least} to {most} KiB"),
            None => "memory not looked at".to_owned(),
        }
    }

    /// What there is to say at the end.
    ///
    /// # Errors
    /// If the daemon that lived on grew.
    pub fn verify(&self) -> Outcome<String> {
        let long = self.long.get(WARM_UP..).unwrap_or_default();
        if long.len() < LONG {
            return Ok(format!("{}; no daemon lived long enough to say whether it grows", self.text()));
        }
        let third = long.len() / 3;
        let median = |samples: &[u64]| {
            let mut sorted = samples.to_vec();
            sorted.sort_unstable();
            sorted.get(sorted.len() / 2).copied().unwrap_or_default()
        };
        let first = median(long.get(..third).unwrap_or_default());
        let last = median(long.get(long.len() - third..).unwrap_or_default());
        ensure(last <= first + TOLERANCE_KIB, || {
            format!(
                "the daemon grows: {first} KiB in the first third of its life, {last} KiB in the last: {:?}",
                self.long
            )
        })?;
        Ok(format!("{}; in the long life {first} KiB in the first third, {last} KiB in the last", self.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_grows_or_is_too_large_is_found() {
        let taken = |samples: &mut dyn Iterator<Item = u64>| {
            let mut memory = Memory::default();
            samples.for_each(|kib| memory.take(kib, true).unwrap());
            memory.verify()
        };
        assert!(taken(&mut (0..300).map(|n| 3000 + n % 400)).is_ok());
        assert!(taken(&mut (0..300).map(|n| 3000 + n * 5)).is_err());
        assert!(taken(&mut (0..300).map(|n| 2000 + 1500.min(n * 40))).is_ok(), "it only got warm");
        assert!(taken(&mut (0..100).map(|n| 3000 + n * 50)).is_ok(), "too few to tell");
        assert!(Memory::default().take(MOST_KIB, false).is_err());
    }
}
