//! Records that were taken in full, filtered afterwards: what the kernel would have left out of them.

use crate::sources::Shares;
use crate::state::{ProcessKey, ProcessTable};
use kestrel_core::event::Record;
use kestrel_core::filter::{Known, OfProcess, Program, Verdict, judge};
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

    /// Would the kernel have written this record? Bytes that are no record are not its to judge. `processes` are those that
    /// there were before it.
    pub fn wants(&mut self, bytes: &[u8], processes: &ProcessTable) -> bool {
        let Ok(record) = Record::parse(bytes) else { return true };
        let verdict = self.program.as_ref().map(|program| judge(program, &record, of_process(&record, processes)));
        let rejected = verdict == Some(Verdict::Reject);
        self.shares.count(EventId(record.header().event), 1, u64::from(rejected));
        !rejected
    }

    /// What became of the records so far.
    pub fn shares(&self) -> &Shares {
        &self.shares
    }
}

/// What a process is called, and its parent, as far as the table knows both to be the ones that the kernel means.
pub fn of_process<'p>(record: &Record<'_>, processes: &'p ProcessTable) -> OfProcess<'p> {
    let Some(process) = processes.get(ProcessKey::of(record.task())) else { return OfProcess::UNKNOWN };
    let named = |name: &'p [u8]| if name.is_empty() { Known::Unknown } else { Known::Is(name) };
    let parent = processes.parent_of(process).filter(|parent| parent.pid == record.task().ppid);
    let parent_name = parent.and_then(|parent| processes.get(parent)).map_or(Known::Unknown, |parent| named(parent.comm()));
    // Nobody marked the processes of a recording.
    OfProcess { marks: Known::Unknown, name: named(process.comm()), parent_name }
}
