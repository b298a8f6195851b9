//! Records that were taken in full, filtered afterwards: what the kernel would have left out of them.

use crate::sources::Shares;
use kestrel_core::event::Record;
use kestrel_core::filter::{Known, Program, Verdict, judge};
use kestrel_core::schema::EventId;
use kestrel_rules::prefilter::Prefilter;

/// Says of each record whether the kernel would have written it, had the program been loaded.
#[derive(Debug)]
pub struct RecordFilter<'p> {
    /// `None` if the program keeps everything.
    program: Option<Program<'p>>,
    shares: Shares,
}

impl<'p> RecordFilter<'p> {
    /// By this program.
    pub fn new(prefilter: &'p Prefilter) -> RecordFilter<'p> {
        RecordFilter { program: Program::verify(prefilter.program()).ok(), shares: Shares::default() }
    }

    /// Would the kernel have written this record? Bytes that are no record are not its to judge.
    pub fn wants(&mut self, bytes: &[u8]) -> bool {
        let Ok(record) = Record::parse(bytes) else { return true };
        // Nobody marked the processes of a recording.
        let verdict = self.program.as_ref().map(|program| judge(program, &record, Known::Unknown));
        let rejected = verdict == Some(Verdict::Reject);
        self.shares.count(EventId(record.header().event), 1, u64::from(rejected));
        !rejected
    }

    /// What became of the records so far.
    pub fn shares(&self) -> &Shares {
        &self.shares
    }
}
