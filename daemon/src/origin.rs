//! Where each field's value comes from, for those who must know how far it can be trusted.

use crate::provided::provided;
use kestrel_rules::{Field, FieldClass};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// What the kernel wrote of the call.
    Record,
    /// What the kernel wrote of the thread that made it.
    Context,
    /// The process table.
    Process,
    /// The process table's entries of other processes.
    Relatives,
    /// The control group in the process table.
    ControlGroup,
    /// What the container's runtime wrote to disk.
    Runtime,
    /// The files of users and groups.
    Users,
    /// The daemon alone.
    Daemon,
    /// The audit event.
    Audit,
}

impl Origin {
    /// Every one, in the order in which they are explained.
    pub const ALL: [Origin; 9] = [
        Origin::Record,
        Origin::Context,
        Origin::Process,
        Origin::Relatives,
        Origin::ControlGroup,
        Origin::Runtime,
        Origin::Users,
        Origin::Daemon,
        Origin::Audit,
    ];

    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Origin::Record => "record",
            Origin::Context => "task",
            Origin::Process => "process table",
            Origin::Relatives => "relatives",
            Origin::ControlGroup => "control group",
            Origin::Runtime => "runtime's files",
            Origin::Users => "users",
            Origin::Daemon => "daemon",
            Origin::Audit => "audit event",
        }
    }

    /// What that means.
    pub const fn description(self) -> &'static str {
        match self {
            Origin::Record => {
                "What the kernel wrote when the call returned: time, CPU, result, parameters, and what a descriptor stands \
                 for. Strings are the caller's, and absent if its memory could not be read; paths of what was opened and ends \
                 of sockets are the kernel's own."
            }
            Origin::Context => {
                "What the kernel wrote of the thread in the same record: ids, name, terminal, name spaces, as they were when the \
                 call returned."
            }
            Origin::Process => {
                "The daemon's table of processes: what the records of its exec, its fork, and of changes since then said. For \
                 processes that were there before, and those whose records were lost, it is what `/proc` said when they were \
                 first seen, within bounds; missing if that was too late."
            }
            Origin::Relatives => {
                "The same table, of the parent, an ancestor, or the leader of the session or the group: kept for a while after \
                 they ended."
            }
            Origin::ControlGroup => {
                "The path of the control group in the same table, read as container engines and Kubernetes write it; no engine \
                 is asked."
            }
            Origin::Runtime => {
                "The files in which the container's runtime says what it starts, read once, when its first process is met: see \
                 CONTAINERS.md."
            }
            Origin::Users => {
                "`/etc/passwd` and `/etc/group` of the machine that the daemon runs on, read at the start and when they change; for \
                 a process in a container those of the container, read once."
            }
            Origin::Daemon => "Nothing outside: the table of events, a counter, the clock, the configuration.",
            Origin::Audit => "The event that the API server sent or wrote to its log: what it says is taken as it is.",
        }
    }
}

/// Where the field's value comes from, most of it first; empty if it never has one.
pub fn origin(field: Field) -> &'static [Origin] {
    use Origin::{Audit, Context, ControlGroup, Daemon, Process, Record, Relatives, Runtime, Users};
    if !provided(field) {
        return &[];
    }
    match field {
        Field::EvtNum | Field::EvtSource | Field::EvtIsAsync | Field::EvtHostname => &[Daemon],
        Field::EvtReltime
        | Field::EvtReltimeS
        | Field::EvtReltimeNs
        | Field::EvtDeltatime
        | Field::EvtDeltatimeS
        | Field::EvtDeltatimeNs => &[Record, Daemon],
        Field::EvtDir | Field::EvtCount | Field::EvtCountExit | Field::EvtCountProcinfo | Field::EvtCountThreadinfo => {
            &[Daemon]
        }
        // Some parameters are not written twice: they are in the task context, or in the image that was executed.
        Field::EvtArg | Field::EvtRawarg | Field::EvtArgs | Field::EvtInfo => &[Record, Context, Process],
        Field::FdUid => &[Record, Context],
        Field::FdContainername | Field::FdContainerdirectory => &[ControlGroup, Record],

        Field::ProcPid
        | Field::ProcPpid
        | Field::ProcVpid
        | Field::ProcSid
        | Field::ProcPgid
        | Field::ProcVpgid
        | Field::ProcTty
        | Field::ProcIsSidLeader
        | Field::ProcIsPgidLeader
        | Field::ProcIsVpgidLeader
        | Field::ThreadTid
        | Field::ThreadVtid
        | Field::ThreadIsmain => &[Context],
        Field::ProcName => &[Process, Context],
        Field::ThreadNametid => &[Process, Context],
        Field::ProcDuration => &[Process, Record],
        Field::ProcPpidDuration => &[Relatives, Record],
        Field::ProcPidnsInitStartTs | Field::ProcExeInoCtimeDurationPidnsStart => &[Process, Relatives],
        Field::ProcPname
        | Field::ProcPexe
        | Field::ProcPexepath
        | Field::ProcPcmdline
        | Field::ProcPvpid
        | Field::ProcPpidTs
        | Field::ProcSname
        | Field::ProcSidExe
        | Field::ProcSidExepath
        | Field::ProcPgidName
        | Field::ProcPgidExe
        | Field::ProcPgidExepath
        | Field::ProcVpgidName
        | Field::ProcVpgidExe
        | Field::ProcVpgidExepath => &[Relatives],
        Field::ProcLoginshellid => &[Process, Relatives],
        // Generation 0 is the process itself.
        Field::ProcAname
        | Field::ProcAexe
        | Field::ProcAexepath
        | Field::ProcAargs
        | Field::ProcAcmdline
        | Field::ProcAenv
        | Field::ProcApid => &[Relatives, Process],

        Field::UserUid | Field::UserLoginuid | Field::GroupGid => &[Context],
        Field::ContainerStartTs | Field::ContainerDuration => &[ControlGroup, Process, Relatives],
        Field::ContainerId | Field::ContainerFullId | Field::ContainerType => &[ControlGroup],
        Field::K8sPodId | Field::K8sPodUid => &[ControlGroup, Runtime],
        _ => match field.def().class {
            FieldClass::Generic | FieldClass::Evt | FieldClass::Fd | FieldClass::FdList | FieldClass::FsPath => {
                &[Record]
            }
            FieldClass::Process => &[Process],
            FieldClass::User | FieldClass::Group => &[Users, Context],
            FieldClass::Container => &[Runtime],
            FieldClass::K8sAudit | FieldClass::Json => &[Audit],
            FieldClass::K8sMeta | FieldClass::Util => &[Daemon],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_rules::FIELDS;

    #[test]
    fn a_field_has_an_origin_if_and_only_if_it_has_a_value() {
        for def in FIELDS {
            assert_eq!(!origin(def.field).is_empty(), provided(def.field), "{}", def.name);
        }
    }
}
