//! The last records, in memory: not older than a span of time, and not more than a number of bytes.

use kestrel_core::event::RecordHeader;
use std::collections::VecDeque;
use std::time::Duration;
use zerocopy::FromBytes;

/// The last records, oldest first, one behind the other.
#[derive(Debug)]
pub struct LookBack {
    bytes: VecDeque<u8>,
    /// Time and length of each.
    records: VecDeque<(u64, u32)>,
    span_ns: u64,
    most: usize,
}

impl LookBack {
    /// Keeps records of the last `span`, at most so many bytes. Nothing is kept without either.
    pub fn new(span: Duration, most: u64) -> LookBack {
        LookBack {
            bytes: VecDeque::new(),
            records: VecDeque::new(),
            span_ns: u64::try_from(span.as_nanos()).unwrap_or(u64::MAX),
            most: usize::try_from(most).unwrap_or(usize::MAX),
        }
    }

    /// Adds a record. The one that was added last is always kept, for it is what the alert is about.
    pub fn push(&mut self, bytes: &[u8], time_ns: u64) {
        let Ok((header, _)) = RecordHeader::ref_from_prefix(bytes) else { return };
        let Some(record) = bytes.get(..header.len as usize) else { return };
        while let Some((first, len)) = self.records.front().copied()
            && (self.bytes.len() + record.len() > self.most || first.saturating_add(self.span_ns) < time_ns)
        {
            self.records.pop_front();
            self.bytes.drain(..len as usize);
        }
        self.bytes.extend(record);
        self.records.push_back((time_ns, header.len));
    }

    /// Takes every record out, oldest first.
    ///
    /// # Errors
    /// The first that `each` gives; nothing is kept then.
    pub fn drain<E>(&mut self, mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let bytes = self.bytes.make_contiguous();
        let mut at = 0;
        let mut result = Ok(());
        for (_, len) in &self.records {
            let end = at + *len as usize;
            result = each(&bytes[at..end]);
            if result.is_err() {
                break;
            }
            at = end;
        }
        self.bytes.clear();
        self.records.clear();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record_builder::RecordBuilder;
    use kestrel_core::event::TaskContext;
    use kestrel_core::schema::id;
    use proptest::prelude::*;
    use zerocopy::IntoBytes;

    fn record(time_ns: u64) -> Vec<u64> {
        RecordBuilder::new(id::SYNC, TaskContext::default(), time_ns).unwrap().build().unwrap()
    }

    fn times(look_back: &mut LookBack) -> Vec<u64> {
        let mut times = Vec::new();
        let drained: Result<(), ()> = look_back.drain(|bytes| {
            let words: Vec<u64> = bytes.chunks_exact(8).map(|c| u64::from_ne_bytes(c.try_into().unwrap())).collect();
            times.push(RecordHeader::ref_from_prefix(words.as_bytes()).unwrap().0.time_ns);
            Ok(())
        });
        drained.unwrap();
        times
    }

    proptest! {
        #[test]
        fn what_is_kept_is_the_end_of_what_came_within_both_bounds(
            steps in prop::collection::vec(0u64..40, 1..60), span in 0u64..200, room in 0usize..20
        ) {
            let len = record(0).as_bytes().len();
            let mut look_back = LookBack::new(Duration::from_nanos(span), (room * len) as u64);
            let (mut time, mut all) = (0, Vec::new());
            for step in steps {
                time += step;
                all.push(time);
                look_back.push(record(time).as_bytes(), time);
            }
            // The oracle: the last one, and before it as many as are young enough and have room.
            let kept: Vec<u64> = all.iter().rev().enumerate()
                .take_while(|(n, t)| *n == 0 || (*n < room && **t + span >= time)).map(|(_, t)| *t).collect();
            let kept: Vec<u64> = kept.into_iter().rev().collect();
            prop_assert_eq!(times(&mut look_back), kept);
            prop_assert_eq!(times(&mut look_back), Vec::<u64>::new());
        }
    }
}
