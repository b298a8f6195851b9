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
        let names = names(&record, processes);
        // Nobody marked the processes of a recording.
        let process = OfProcess { names: names.as_deref(), ..OfProcess::UNKNOWN };
        let verdict = self.program.as_ref().map(|program| judge(program, &record, process));
        let rejected = verdict == Some(Verdict::Reject);
        self.shares.count(EventId(record.header().event), 1, u64::from(rejected));
        !rejected
    }

    /// What became of the records so far.
    pub fn shares(&self) -> &Shares {
        &self.shares
    }
}

/// What a process and its ancestors are called, as far as the table knows that they are those that the kernel means; `None` if that
/// is not so for the process and its parent.
pub fn names<'p>(record: &Record<'_>, processes: &'p ProcessTable) -> Option<Vec<Known<&'p [u8]>>> {
    let key = ProcessKey::of(record.task());
    let process = processes.get(key)?;
    let parent = processes.parent_of(process).map_or(0, |parent| parent.pid);
    if parent != record.task().ppid {
        return None;
    }
    let named = |name: &'p [u8]| if name.is_empty() { Known::Unknown } else { Known::Is(name) };
    let mut names = vec![named(process.comm())];
    names.extend(processes.ancestors(key).map(|(_, ancestor)| named(ancestor.comm())));
    Some(names)
}
