//! One order for the records of all CPUs.
//!
//! Each lane (a CPU's ring) is in order by itself; the merge hands out the earliest of the lanes' first records, in
//! O(log lanes). What one record caused comes after it: an effect on another CPU is published after its cause, so once a
//! lane was seen to have something new, every lane that was empty is looked at again before anything is handed out.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One ordered stream of records.
pub trait Lane {
    /// Why it cannot be read.
    type Error;

    /// Time of its first record; `None` if there is none now.
    ///
    /// # Errors
    /// Whatever makes the lane unreadable.
    fn first_time(&mut self) -> Result<Option<u64>, Self::Error>;

    /// True if its first record was already there when it was last looked at.
    fn is_known(&self) -> bool;

    /// Drops its first record.
    fn advance(&mut self);
}

/// The state of a merge.
#[derive(Debug)]
pub struct Merge {
    ready: BinaryHeap<Reverse<(u64, usize)>>,
    empty: Vec<usize>,
    current: Option<usize>,
}

impl Merge {
    /// A merge of this many lanes.
    pub fn new(lanes: usize) -> Merge {
        Merge { ready: BinaryHeap::with_capacity(lanes), empty: (0..lanes).collect(), current: None }
    }

    /// Drops the record that was handed out last, and gives the lane whose first record is next.
    ///
    /// # Errors
    /// What a lane said.
    pub fn next<L: Lane>(&mut self, lanes: &mut [L]) -> Result<Option<usize>, L::Error> {
        let mut news = false;
        if let Some(index) = self.current.take()
            && let Some(lane) = lanes.get_mut(index)
        {
            lane.advance();
            let known = lane.is_known();
            match lane.first_time()? {
                Some(time) => {
                    self.ready.push(Reverse((time, index)));
                    news = !known;
                }
                None => self.empty.push(index),
            }
        }
        // Each turn but the last moves at least one lane from `empty` to `ready`.
        while news || self.ready.is_empty() {
            news = false;
            let mut at = 0;
            while let Some(&index) = self.empty.get(at) {
                match lanes.get_mut(index).map(Lane::first_time).transpose()?.flatten() {
                    Some(time) => {
                        self.ready.push(Reverse((time, index)));
                        self.empty.swap_remove(at);
                        news = true;
                    }
                    None => at += 1,
                }
            }
            if self.ready.is_empty() {
                return Ok(None);
            }
        }
        self.current = self.ready.pop().map(|Reverse((_, index))| index);
        Ok(self.current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::convert::Infallible;

    /// A lane whose records appear in batches: what was not looked at yet is not known.
    #[derive(Clone, Debug, Default)]
    struct Batches {
        known: VecDeque<u64>,
        published: VecDeque<u64>,
    }

    impl Lane for Batches {
        type Error = Infallible;

        fn first_time(&mut self) -> Result<Option<u64>, Infallible> {
            if self.known.is_empty() {
                self.known.append(&mut self.published);
            }
            Ok(self.known.front().copied())
        }

        fn is_known(&self) -> bool {
            !self.known.is_empty()
        }

        fn advance(&mut self) {
            self.known.pop_front();
        }
    }

    /// One step of a history: a record on a lane, or the reader takes some.
    #[derive(Clone, Debug)]
    enum Step {
        Publish(usize),
        Read(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![3 => (0..4usize).prop_map(Step::Publish), 1 => (1..6usize).prop_map(Step::Read)];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn records_published_in_order_of_time_are_read_in_that_order(steps in steps()) {
            let mut lanes = vec![Batches::default(); 4];
            let mut merge = Merge::new(4);
            let (mut published, mut read) = (0, Vec::new());
            let take = |lanes: &mut Vec<Batches>, merge: &mut Merge, read: &mut Vec<u64>| {
                let Some(index) = merge.next(lanes).unwrap() else { return false };
                read.push(*lanes[index].known.front().unwrap());
                true
            };
            for step in steps {
                match step {
                    Step::Publish(lane) => {
                        lanes[lane].published.push_back(published);
                        published += 1;
                    }
                    Step::Read(n) => {
                        for _ in 0..n {
                            take(&mut lanes, &mut merge, &mut read);
                        }
                    }
                }
            }
            while take(&mut lanes, &mut merge, &mut read) {}
            prop_assert_eq!(read, (0..published).collect::<Vec<_>>());
        }

        #[test]
        fn whatever_the_times_nothing_is_lost_or_doubled_and_each_lane_keeps_its_order(
            times in prop::collection::vec((0..3usize, any::<u8>()), 0..100)
        ) {
            let mut lanes = vec![Batches::default(); 3];
            for &(lane, time) in &times {
                lanes[lane].published.push_back(u64::from(time));
            }
            let mut merge = Merge::new(3);
            let mut read = vec![Vec::new(); 3];
            while let Some(index) = merge.next(&mut lanes).unwrap() {
                read[index].push(*lanes[index].known.front().unwrap());
            }
            for (lane, read) in read.iter().enumerate() {
                let expected: Vec<u64> = times.iter().filter(|t| t.0 == lane).map(|t| u64::from(t.1)).collect();
                prop_assert_eq!(read, &expected);
            }
        }
    }
}
