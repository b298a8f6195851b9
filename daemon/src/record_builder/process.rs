//! The records that the process table is made from.

use super::{RecordBuilder, encode};
use kestrel_core::event::{PathFlags, TaskContext};
use kestrel_core::schema::{EventId, id};

/// What an exec gives a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// The arguments, the first included.
    pub args: Vec<Vec<u8>>,
    /// The environment.
    pub env: Vec<Vec<u8>>,
    /// Path of the executable, as the kernel resolved it.
    pub exepath: Vec<u8>,
    /// Working directory.
    pub cwd: Vec<u8>,
    /// Path of the control group.
    pub cgroup: Vec<u8>,
    /// Flags of the executable ([`kestrel_core::fill::ProcessImage`]).
    pub exe_flags: u64,
    /// Capabilities, as bits: what is permitted and in effect.
    pub capabilities: Option<u64>,
}

/// The parent's record of a fork.
pub fn fork(parent: TaskContext, child: &TaskContext, time_ns: u64) -> RecordBuilder {
    let number = |n: u64| encode::number(n as i64);
    new(id::FORK, parent, time_ns)
        .with("res", number(child.pid.into()))
        .with("child_tid", number(child.tid.into()))
        .with("child_pid", number(child.pid.into()))
        .with("child_ppid", number(child.ppid.into()))
        .with("child_start_time", number(child.start_time))
        .with("child_vtid", number(child.vtid.into()))
        .with("child_vpid", number(child.vpid.into()))
}

/// An exec: by execve(2), or by execveat(2) if `id` says so.
///
/// # Panics
/// If the event is none of the two.
pub fn exec(id: EventId, task: TaskContext, program: &Program, time_ns: u64) -> RecordBuilder {
    assert!(matches!(id, id::EXECVE | id::EXECVEAT), "no exec");
    let (first, others) = program.args.split_first().map_or((&[][..], &[][..]), |(first, others)| (&first[..], others));
    let mut record = new(id, task, time_ns)
        .with("res", encode::number(0))
        .with("exe", first)
        .with("args", encode::strings(others))
        .with("env", encode::strings(&program.env))
        .with("cwd", &program.cwd[..])
        .with("cgroups", &program.cgroup[..])
        .with("trusted_exepath", &program.exepath[..])
        .with("flags", encode::number(program.exe_flags as i64))
        .with("filename", encode::path(&program.exepath, &program.exepath, PathFlags::RESOLVED));
    if let Some(bits) = program.capabilities {
        let bits = encode::number(bits as i64);
        record = record
            .with("cap_inheritable", encode::number(0))
            .with("cap_permitted", &bits[..])
            .with("cap_effective", bits);
    }
    record
}

fn new(id: EventId, task: TaskContext, time_ns: u64) -> RecordBuilder {
    RecordBuilder::new(id, task, time_ns).unwrap_or_else(|| panic!("the schema has no event {}", id.0))
}
