//! How much was rejected, by event.

use kestrel_core::abi::EventCounts;
use kestrel_core::schema::{self, EventId, EventSet};
use std::collections::BTreeMap;

/// How often each event was seen, and how often it was rejected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    events: BTreeMap<u16, Share>,
}

/// What became of the events of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Times that it was seen.
    pub seen: u64,
    /// Of these, times that the program said no.
    pub rejected: u64,
}

impl Share {
    /// The part that was rejected, in hundredths of a percent; 0 if nothing was seen.
    fn per_ten_thousand(self) -> u64 {
        let part = u128::from(self.rejected) * 10_000 / u128::from(self.seen.max(1));
        u64::try_from(part).unwrap_or(10_000)
    }

    /// In words.
    fn told(self) -> String {
        let part = self.per_ten_thousand();
        format!("{} seen, {} rejected ({}.{:02} %)", self.seen, self.rejected, part / 100, part % 100)
    }
}

impl Shares {
    /// Counts events of this kind.
    pub fn count(&mut self, event: EventId, seen: u64, rejected: u64) {
        let share = self.events.entry(event.0).or_default();
        share.seen = share.seen.saturating_add(seen);
        share.rejected = share.rejected.saturating_add(rejected);
    }

    /// Each event that was seen, by name, in the order of ids. Those that this version does not know are left out.
    pub fn by_event(&self) -> impl Iterator<Item = (&'static str, Share)> + '_ {
        self.events.iter().filter_map(|(&id, &share)| Some((schema::get(EventId(id))?.name, share)))
    }

    /// Those of these events alone.
    pub fn of(&self, only: &EventSet) -> Shares {
        let events = self.events.iter().filter(|(id, _)| only.contains(EventId(**id)));
        Shares { events: events.map(|(id, share)| (*id, *share)).collect() }
    }

    /// All events together.
    pub fn all(&self) -> Share {
        self.events.values().fold(Share::default(), |sum, share| Share {
            seen: sum.seen.saturating_add(share.seen),
            rejected: sum.rejected.saturating_add(share.rejected),
        })
    }

    /// For people: all events together, and below that each event of which some were kept, those that were kept most often
    /// first.
    pub fn lines(&self) -> Vec<String> {
        let mut kept: Vec<(&str, Share)> = self.by_event().filter(|(_, share)| share.seen > share.rejected).collect();
        kept.sort_by_key(|(name, share)| (std::cmp::Reverse(share.seen - share.rejected), *name));
        let mut lines = vec![format!("prefilter: {}", self.all().told())];
        lines.extend(kept.into_iter().map(|(name, share)| format!("  {name}: {}", share.told())));
        lines
    }
}

impl From<&EventCounts> for Shares {
    /// What a kernel module counted.
    fn from(counts: &EventCounts) -> Shares {
        let mut shares = Shares::default();
        for (id, (&seen, &rejected)) in (0..).zip(counts.seen.iter().zip(&counts.rejected)) {
            if seen > 0 {
                shares.count(EventId(id), seen, rejected);
            }
        }
        shares
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::schema::id;

    #[test]
    fn what_was_kept_most_often_is_named_first_and_what_was_not_kept_is_not_named() {
        let mut counts = EventCounts::default();
        for (event, seen, rejected) in [(id::OPENAT, 30_000, 29_999), (id::PROCEXIT, 7, 0), (id::CONNECT, 5, 5)] {
            counts.seen[usize::from(event.0)] = seen;
            counts.rejected[usize::from(event.0)] = rejected;
        }
        let shares = Shares::from(&counts);
        let expected = [
            "prefilter: 30012 seen, 30004 rejected (99.97 %)",
            "  procexit: 7 seen, 0 rejected (0.00 %)",
            "  openat: 30000 seen, 29999 rejected (99.99 %)",
        ];
        assert_eq!(shares.lines(), expected);
        assert_eq!(shares.by_event().count(), 3);
        assert_eq!(Shares::default().lines(), ["prefilter: 0 seen, 0 rejected (0.00 %)"]);
    }
}
