//! Rings, one a CPU, as one stream of records: what every source that reads rings is made of.

use super::accounts::{Accounts, Gaps};
use super::merge::{Lane, Merge};
use kestrel_core::event::RecordHeader;
use kestrel_ringbuf::{Counters, Ring};
use std::time::Duration;
use zerocopy::FromBytes;

/// Room that was read is given back at the latest after this part of a ring.
const RELEASE_PART: u64 = 8;

/// A ring wakes its reader when this part of it is full.
const WAKE_PART: u64 = 8;

/// One CPU's ring.
#[derive(Debug)]
struct RingLane {
    cpu: u32,
    ring: Ring,
    /// Sequence number of the record that `first_time` saw.
    seq: u64,
    gaps: Gaps,
    resyncs: u64,
}

impl Lane for RingLane {
    #[inline]
    fn first_time(&mut self) -> Option<u64> {
        match self.ring.peek() {
            Ok(None) => None,
            Ok(Some(record)) => {
                // The ring's framing promises a header's bytes, 8-byte aligned.
                let (header, _) = RecordHeader::ref_from_prefix(record).ok()?;
                self.seq = header.seq;
                Some(header.time_ns)
            }
            Err(corrupt) => {
                let bytes = self.ring.resync();
                self.resyncs += 1;
                log::error!("cpu {}: {corrupt}; {bytes} bytes are given up", self.cpu);
                None
            }
        }
    }

    #[inline]
    fn is_known(&self) -> bool {
        self.ring.is_known()
    }

    #[inline]
    fn advance(&mut self) {
        self.gaps.record(self.seq);
        self.ring.advance();
        if self.ring.unpublished() >= self.ring.size() / RELEASE_PART {
            self.ring.publish();
        }
    }
}

/// Rings, one a CPU, read in order of time.
#[derive(Debug)]
pub struct Rings {
    lanes: Vec<RingLane>,
    merge: Merge,
    at_rest: bool,
}

impl Rings {
    /// Reads these rings, each with the number of its CPU. `fresh` rings have never had a consumer. A record waits for
    /// `wake_delay` at most before the reader is woken.
    pub fn new(rings: Vec<(u32, Ring)>, fresh: bool, wake_delay: Duration) -> Rings {
        let lane = |(cpu, mut ring): (u32, Ring)| {
            ring.set_wake(u32::try_from(ring.size() / WAKE_PART).unwrap_or(u32::MAX), wake_delay);
            RingLane { cpu, ring, seq: 0, gaps: Gaps::new(fresh), resyncs: 0 }
        };
        let lanes: Vec<RingLane> = rings.into_iter().map(lane).collect();
        let merge = Merge::new(lanes.len());
        Rings { lanes, merge, at_rest: false }
    }

    /// The next record, in order of time; `None` if there is none now.
    #[inline]
    pub fn next_record(&mut self) -> Option<&[u8]> {
        let index = self.merge.next(&mut self.lanes)?;
        // The lane has just shown this record, and shows it again until it advances.
        self.lanes.get_mut(index)?.ring.peek().ok().flatten()
    }

    /// Gives the room of everything that was read back.
    pub fn release(&mut self) {
        for lane in &mut self.lanes {
            if lane.ring.unpublished() > 0 {
                lane.ring.publish();
            }
        }
    }

    /// Asks every ring to wake the reader; false if something came in between: read on then.
    #[must_use = "who sleeps after false is not woken"]
    pub fn arm(&mut self) -> bool {
        let armed = self.lanes.iter_mut().all(|lane| lane.ring.arm());
        if !armed {
            self.disarm();
        }
        armed
    }

    /// Awake again.
    pub fn disarm(&mut self) {
        for lane in &mut self.lanes {
            lane.ring.disarm();
        }
    }

    /// Nothing is recorded any more.
    pub fn rest(&mut self) {
        self.at_rest = true;
    }

    /// What became of the events so far, over all CPUs.
    pub fn counters(&self) -> Counters {
        self.lanes.iter().fold(Counters::default(), |sum, lane| sum.plus(&lane.ring.counters()))
    }

    /// The accounts so far, over all CPUs.
    pub fn accounts(&self) -> Accounts {
        let mut accounts = Accounts::default();
        for lane in &self.lanes {
            let counters = lane.ring.counters();
            let unread = lane.ring.fill_level().min(lane.ring.size());
            let (missing, mismatch) = lane.gaps.compare(lane.cpu, &counters, self.at_rest && unread == 0);
            accounts.counters = accounts.counters.plus(&counters);
            accounts.missing = accounts.missing.saturating_add(missing);
            accounts.before += lane.gaps.before();
            accounts.unread_bytes += unread;
            accounts.resyncs += lane.resyncs;
            accounts.mismatches.extend(mismatch);
        }
        accounts
    }
}
