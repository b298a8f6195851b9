//! One order for the records of all CPUs.
//!
//! Each lane (a CPU's ring) is in order by itself; the merge hands out the earliest of the lanes' first records. It never
//! waits for a lane that is empty, and does not need to:
//!
//! ```text
//!   lane 0:  ···A            what a lane had published when it was last looked at is known;
//!   lane 1:  ······B         B is new, so lane 0, which was empty, is looked at again before B goes out:
//!   lane 2:  ·               if A was published before B, A is seen now, and goes first
//! ```
//!
//! Promise: a record that was published before another one and has an earlier time is handed out before it. So what one
//! record caused (a child's first call after its fork) comes after it, on whatever CPU. Two records that were being written
//! at the same time on two CPUs may come out in the order in which they were finished: the window in which times may go back
//! is what it takes to write one record. Within a lane the order is always kept, and nothing is lost or doubled.
//!
//! Cost: O(log lanes) a record, and one look at each empty lane whenever a lane turns out to have something new, which is
//! once a batch where there is load.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One ordered stream of records.
pub trait Lane {
    /// Time of its first record; `None` if there is none now.
    fn first_time(&mut self) -> Option<u64>;

    /// True if its first record was already there when it was last looked at.
    fn is_known(&self) -> bool;

    /// Drops its first record.
    fn advance(&mut self);
}

/// The state of a merge.
#[derive(Debug)]
pub struct Merge {
    /// The lanes that have a first record, by its time.
    ready: BinaryHeap<Reverse<(u64, usize)>>,
    /// The lanes that had none when they were last looked at.
    empty: Vec<usize>,
    /// The lane whose first record was handed out last.
    current: Option<usize>,
}

impl Merge {
    /// A merge of this many lanes.
    pub fn new(lanes: usize) -> Merge {
        Merge { ready: BinaryHeap::with_capacity(lanes), empty: (0..lanes).collect(), current: None }
    }

    /// Drops the record that was handed out last, and gives the lane whose first record is next; `None` if no lane has any.
    pub fn next<L: Lane>(&mut self, lanes: &mut [L]) -> Option<usize> {
        let mut news = false;
        if let Some(index) = self.current.take()
            && let Some(lane) = lanes.get_mut(index)
        {
            lane.advance();
            let known = lane.is_known();
            match lane.first_time() {
                Some(time) => {
                    self.ready.push(Reverse((time, index)));
                    news = !known;
                }
                None => self.empty.push(index),
            }
        }
        if news || self.ready.is_empty() {
            self.look(lanes);
        }
        self.current = self.ready.pop().map(|Reverse((_, index))| index);
        self.current
    }

    /// Looks at the empty lanes until none has anything new. Each turn but the last takes at least one lane off them.
    fn look<L: Lane>(&mut self, lanes: &mut [L]) {
        loop {
            let before = self.empty.len();
            let ready = &mut self.ready;
            self.empty.retain(|&index| match lanes.get_mut(index).and_then(Lane::first_time) {
                Some(time) => {
                    ready.push(Reverse((time, index)));
                    false
                }
                None => true,
            });
            if self.empty.len() == before {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;

    /// A lane whose records appear in batches: what was published since it was last looked at is not known.
    #[derive(Clone, Debug, Default)]
    struct Batches {
        known: VecDeque<u64>,
        published: VecDeque<u64>,
    }

    impl Lane for Batches {
        fn first_time(&mut self) -> Option<u64> {
            if self.known.is_empty() {
                self.known.append(&mut self.published);
            }
            self.known.front().copied()
        }

        fn is_known(&self) -> bool {
            !self.known.is_empty()
        }

        fn advance(&mut self) {
            self.known.pop_front();
        }
    }

    fn take(lanes: &mut [Batches], merge: &mut Merge) -> Option<(usize, u64)> {
        let index = merge.next(lanes)?;
        Some((index, *lanes[index].known.front().unwrap()))
    }

    /// One step of a history: a CPU begins to write a record (it takes its time then), a CPU publishes the one it writes, or
    /// the reader takes some.
    #[derive(Clone, Debug)]
    enum Step {
        Begin(usize),
        Publish(usize),
        Read(usize),
    }

    const LANES: usize = 4;

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => (0..LANES).prop_map(Step::Begin),
            3 => (0..LANES).prop_map(Step::Publish),
            1 => (1..6usize).prop_map(Step::Read),
        ];
        prop::collection::vec(step, 0..300)
    }

    proptest! {
        /// The oracle looks at every pair: of two records, the one that is earlier and was published before the other one
        /// was must come first.
        #[test]
        fn a_record_that_was_published_before_a_later_one_comes_before_it(steps in steps()) {
            let mut lanes = vec![Batches::default(); LANES];
            let mut merge = Merge::new(LANES);
            let mut writing: [Option<u64>; LANES] = [None; LANES];
            let mut clock = 0;
            let mut published = Vec::new();
            let mut read = Vec::new();
            for step in steps {
                match step {
                    Step::Begin(lane) => {
                        writing[lane].get_or_insert(clock);
                        clock += 1;
                    }
                    Step::Publish(lane) => {
                        if let Some(time) = writing[lane].take() {
                            lanes[lane].published.push_back(time);
                            published.push(time);
                        }
                    }
                    Step::Read(n) => read.extend((0..n).map_while(|_| take(&mut lanes, &mut merge)).map(|(_, time)| time)),
                }
            }
            read.extend(std::iter::from_fn(|| take(&mut lanes, &mut merge)).map(|(_, time)| time));
            let mut sorted = read.clone();
            sorted.sort_unstable();
            let mut all = published.clone();
            all.sort_unstable();
            prop_assert_eq!(sorted, all, "lost or doubled");
            let place = |time: u64| read.iter().position(|&t| t == time).unwrap();
            for (i, &first) in published.iter().enumerate() {
                for &second in &published[i + 1..] {
                    prop_assert!(second < first || place(first) < place(second), "{} after {}", first, second);
                }
            }
        }

        #[test]
        fn records_that_are_published_at_once_are_read_in_order_of_time(steps in steps()) {
            let mut lanes = vec![Batches::default(); LANES];
            let mut merge = Merge::new(LANES);
            let (mut clock, mut read) = (0, Vec::new());
            for step in steps {
                match step {
                    Step::Begin(lane) | Step::Publish(lane) => {
                        lanes[lane].published.push_back(clock);
                        clock += 1;
                    }
                    Step::Read(n) => read.extend((0..n).map_while(|_| take(&mut lanes, &mut merge)).map(|(_, time)| time)),
                }
            }
            read.extend(std::iter::from_fn(|| take(&mut lanes, &mut merge)).map(|(_, time)| time));
            prop_assert_eq!(read, (0..clock).collect::<Vec<_>>());
        }

        #[test]
        fn whatever_the_times_nothing_is_lost_or_doubled_and_each_lane_keeps_its_order(
            times in prop::collection::vec((0..LANES, any::<u8>()), 0..100)
        ) {
            let mut lanes = vec![Batches::default(); LANES];
            for &(lane, time) in &times {
                lanes[lane].published.push_back(u64::from(time));
            }
            let mut merge = Merge::new(LANES);
            let mut read = vec![Vec::new(); LANES];
            while let Some((index, time)) = take(&mut lanes, &mut merge) {
                read[index].push(time);
            }
            for (lane, read) in read.iter().enumerate() {
                let expected: Vec<u64> = times.iter().filter(|t| t.0 == lane).map(|t| u64::from(t.1)).collect();
                prop_assert_eq!(read, &expected);
            }
        }
    }
}
