//! What a source says about losses, and whether its two ways of knowing agree.
//!
//! The producer counts what it drops, by cause. Every record that it wanted to deliver takes a number, dropped or not, so
//! the reader sees a gap for each loss. Both must come to the same.

use kestrel_ringbuf::Counters;
use std::fmt;

/// The accounts of a source, over all CPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// What became of the events, as the producers counted, since the rings were new.
    pub counters: Counters,
    /// Records that are missing by the sequence numbers of those that were read.
    pub missing: u64,
    /// Records that a former consumer may have read: the numbers before the first one that was read here.
    pub before: u64,
    /// Bytes of records that wait to be read.
    pub unread_bytes: u64,
    /// Times that a ring made no sense, and was given up up to its newest record.
    pub resyncs: u64,
    /// CPUs where gaps and counters do not agree.
    pub mismatches: Vec<Mismatch>,
}

/// Gaps and counters that do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The CPU.
    pub cpu: u32,
    /// Records missing by sequence number.
    pub missing: u64,
    /// Drops that were counted.
    pub dropped: u64,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { cpu, missing, dropped } = self;
        write!(f, "cpu {cpu}: {missing} records are missing by sequence number, but {dropped} were counted as dropped")
    }
}

/// Follows one CPU's sequence numbers.
#[derive(Clone, Debug)]
pub struct Gaps {
    /// Number of the first record; `None` before it was read, unless it is known to be 0.
    first: Option<u64>,
    /// Number that the next record should have.
    next: u64,
    missing: u64,
}

impl Gaps {
    /// Nothing was read yet. The first record of a `fresh` ring has the number 0.
    pub fn new(fresh: bool) -> Gaps {
        Gaps { first: fresh.then_some(0), next: 0, missing: 0 }
    }

    /// A record of this number was read.
    #[inline]
    pub fn record(&mut self, seq: u64) {
        if self.first.is_none() {
            self.first = Some(seq);
            self.next = seq;
        }
        // A number that goes back can be only a broken producer's; it counts as a gap of its whole way, which no counter
        // explains.
        self.missing = self.missing.saturating_add(seq.abs_diff(self.next));
        self.next = seq.wrapping_add(1);
    }

    /// Records missing so far.
    pub fn missing(&self) -> u64 {
        self.missing
    }

    /// Numbers before the first record that was read.
    pub fn before(&self) -> u64 {
        self.first.unwrap_or(0)
    }

    /// Closes the accounts of a CPU: with `at_rest`, everything was read and nothing is being written, so numbers behind the
    /// last record are missing as well. Gives what does not agree.
    pub fn compare(&self, cpu: u32, counters: &Counters, at_rest: bool) -> (u64, Option<Mismatch>) {
        let behind = match self.first {
            Some(_) if at_rest => counters.next_seq().saturating_sub(self.next),
            _ => 0,
        };
        let missing = self.missing.saturating_add(behind);
        let dropped = counters.dropped();
        // Some of what was dropped may lie before the first record of a ring that was not new. And while records come, drops
        // are counted before the record is read that shows them.
        let agrees = if at_rest && self.first == Some(0) { missing == dropped } else { missing <= dropped };
        (missing, (!agrees).then_some(Mismatch { cpu, missing, dropped }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn counters(delivered: u64, dropped: u64) -> Counters {
        Counters { seen: delivered + dropped, delivered, dropped_full: dropped, ..Counters::default() }
    }

    proptest! {
        #[test]
        fn gaps_and_counters_agree_whatever_is_dropped_and_whoever_read_before(
            kept in prop::collection::vec(any::<bool>(), 0..100), from in 0usize..20
        ) {
            let dropped = kept.iter().filter(|kept| !**kept).count() as u64;
            let counters = counters(kept.len() as u64 - dropped, dropped);
            let mut gaps = Gaps::new(from == 0);
            for (seq, _) in kept.iter().enumerate().skip(from).filter(|(_, kept)| **kept) {
                gaps.record(seq as u64);
                prop_assert_eq!(gaps.compare(0, &counters, false).1, None);
            }
            let (missing, mismatch) = gaps.compare(0, &counters, true);
            prop_assert_eq!(mismatch, None);
            if from == 0 {
                prop_assert_eq!(missing, dropped);
            }
        }
    }

    #[test]
    fn a_record_that_vanished_without_a_counter_is_reported() {
        let mut gaps = Gaps::new(true);
        for seq in [0, 1, 3] {
            gaps.record(seq);
        }
        let (_, mismatch) = gaps.compare(2, &counters(3, 0), false);
        insta::assert_snapshot!(
            mismatch.unwrap(),
            @"cpu 2: 1 records are missing by sequence number, but 0 were counted as dropped"
        );
    }

    #[test]
    fn a_drop_that_left_no_gap_is_reported_at_rest() {
        let mut gaps = Gaps::new(true);
        gaps.record(0);
        assert_eq!(gaps.compare(0, &counters(1, 0), true), (0, None));
        assert!(gaps.compare(0, &Counters { dropped_full: 2, delivered: 0, ..Counters::default() }, true).1.is_some());
    }

    #[test]
    fn numbers_that_go_back_are_reported() {
        let mut gaps = Gaps::new(true);
        gaps.record(5);
        gaps.record(2);
        assert!(gaps.compare(0, &counters(2, 5), false).1.is_some());
    }
}
