//! `proc.*`, `thread.*`: who did it, and what it runs.

use super::EventFacts;
use super::given::Given;
use crate::state::{Process, ProcessKey};
use kestrel_core::fill::ProcessImage;
use kestrel_core::schema::names::CAPABILITIES;
use kestrel_rules::{Field, FieldArg, Value};

pub(super) const GIVEN: &[Given] = &[
    (Field::ProcExe, |facts, _| facts.of_process(exe)),
    (Field::ProcPexe, |facts, _| facts.of_parent(exe)),
    (Field::ProcAexe, |facts, arg| facts.of_ancestors(arg, exe)),
    (Field::ProcExepath, |facts, _| facts.of_process(exepath)),
    (Field::ProcPexepath, |facts, _| facts.of_parent(exepath)),
    (Field::ProcAexepath, |facts, arg| facts.of_ancestors(arg, exepath)),
    (Field::ProcName, |facts, _| EventFacts::known(facts.name())),
    (Field::ProcPname, |facts, _| facts.of_parent(comm)),
    (Field::ProcAname, |facts, arg| facts.of_ancestors(arg, comm)),
    (Field::ProcArgs, |facts, arg| {
        facts.of_process(|process| match arg {
            Some(FieldArg::Index(n)) => process.args().nth(*n as usize).map_or(Value::Missing, Value::Str),
            _ => facts.command_line(b"", process),
        })
    }),
    (Field::ProcAargs, |facts, arg| facts.of_ancestors(arg, |process| facts.command_line(b"", process))),
    (Field::ProcCmdline, |facts, _| facts.of_process(|process| facts.command_line(facts.name(), process))),
    (Field::ProcPcmdline, |facts, _| facts.of_parent(|process| facts.cmdline(process))),
    (Field::ProcAcmdline, |facts, arg| facts.of_ancestors(arg, |process| facts.cmdline(process))),
    (Field::ProcCmdnargs, |facts, _| facts.of_process(|process| Value::Uint(process.args().count() as u64))),
    (Field::ProcCmdlenargs, |facts, _| {
        facts.of_process(|process| Value::Uint(process.args().map(|arg| arg.len() as u64).sum()))
    }),
    (Field::ProcExeline, |facts, _| facts.of_process(|process| facts.command_line(&process.image.exe, process))),
    (Field::ProcEnv, |facts, arg| {
        facts.of_process(|process| match arg {
            Some(FieldArg::Name(name)) => variable(process, name),
            _ => facts.environment(process),
        })
    }),
    (Field::ProcAenv, |facts, arg| match arg {
        Some(FieldArg::Name(name)) => facts.of_nearest(|process| variable(process, name)),
        _ => facts.of_ancestors(arg, |process| facts.environment(process)),
    }),
    (Field::ProcCwd, |facts, _| facts.of_process(|process| EventFacts::known(&process.cwd))),
    (Field::ProcLoginshellid, |facts, _| facts.login_shell()),
    (Field::ProcTty, |facts, _| Value::Uint(facts.record.task().tty.into())),
    (Field::ProcPid, |facts, _| Value::Int(facts.record.task().pid.into())),
    (Field::ProcPpid, |facts, _| Value::Int(facts.record.task().ppid.into())),
    (Field::ProcApid, |facts, arg| facts.of_ancestors(arg, |process| Value::Int(process.task.pid.into()))),
    (Field::ProcVpid, |facts, _| Value::Int(facts.record.task().vpid.into())),
    (Field::ProcPvpid, |facts, _| facts.of_parent(|process| Value::Int(process.task.vpid.into()))),
    (Field::ProcSid, |facts, _| Value::Int(facts.record.task().sid.into())),
    (Field::ProcSname, |facts, _| facts.of_leader(facts.record.task().sid, comm)),
    (Field::ProcSidExe, |facts, _| facts.of_leader(facts.record.task().sid, exe)),
    (Field::ProcSidExepath, |facts, _| facts.of_leader(facts.record.task().sid, exepath)),
    // One group, one leader: only its number differs from namespace to namespace.
    (Field::ProcVpgid, |facts, _| Value::Int(facts.record.task().vpgid.into())),
    (Field::ProcVpgidName, |facts, _| facts.of_leader(facts.record.task().pgid, comm)),
    (Field::ProcVpgidExe, |facts, _| facts.of_leader(facts.record.task().pgid, exe)),
    (Field::ProcVpgidExepath, |facts, _| facts.of_leader(facts.record.task().pgid, exepath)),
    (Field::ProcPgid, |facts, _| Value::Int(facts.record.task().pgid.into())),
    (Field::ProcPgidName, |facts, _| facts.of_leader(facts.record.task().pgid, comm)),
    (Field::ProcPgidExe, |facts, _| facts.of_leader(facts.record.task().pgid, exe)),
    (Field::ProcPgidExepath, |facts, _| facts.of_leader(facts.record.task().pgid, exepath)),
    (Field::ProcDuration, |facts, _| facts.of_process(|process| facts.since_start(process))),
    (Field::ProcPpidDuration, |facts, _| facts.of_parent(|process| facts.since_start(process))),
    (Field::ProcPidTs, |facts, _| facts.of_process(|process| Value::Uint(facts.started(process)))),
    (Field::ProcPpidTs, |facts, _| facts.of_parent(|process| Value::Uint(facts.started(process)))),
    (Field::ProcIsExeWritable, |facts, _| facts.exe_flag(ProcessImage::WRITABLE)),
    (Field::ProcIsExeUpperLayer, |facts, _| facts.exe_flag(ProcessImage::UPPER_LAYER)),
    (Field::ProcIsExeLowerLayer, |facts, _| facts.exe_flag(ProcessImage::LOWER_LAYER)),
    (Field::ProcIsExeFromMemfd, |facts, _| facts.exe_flag(ProcessImage::FROM_MEMFD)),
    (Field::ProcIsSidLeader, |facts, _| Value::Bool(facts.record.task().sid == facts.record.task().pid)),
    (Field::ProcIsVpgidLeader, |facts, _| Value::Bool(facts.record.task().vpgid == facts.record.task().vpid)),
    (Field::ProcIsPgidLeader, |facts, _| Value::Bool(facts.record.task().pgid == facts.record.task().pid)),
    (Field::ProcExeIno, |facts, _| {
        facts.of_process(|process| match process.image.exe_ino {
            0 => Value::Missing,
            ino => Value::Int(ino as i64),
        })
    }),
    (Field::ProcExeInoCtime, |facts, _| facts.of_process(|process| known_time(process.image.exe_ctime))),
    (Field::ProcExeInoMtime, |facts, _| facts.of_process(|process| known_time(process.image.exe_mtime))),
    (Field::ProcExeInoCtimeDurationProcStart, |facts, _| {
        facts.of_process(|process| match process.image.exe_ctime {
            0 => Value::Missing,
            ctime => Value::Uint(process.exec_time_ns.max(facts.started(process)).saturating_sub(ctime)),
        })
    }),
    (Field::ProcExeInoCtimeDurationPidnsStart, |facts, _| {
        let ctime = facts.process.map_or(0, |process| process.image.exe_ctime);
        let after = facts.pidns_init_start().and_then(|start| ctime.checked_sub(start)).filter(|&ns| ns > 0);
        after.map_or(Value::Missing, Value::Uint)
    }),
    (Field::ProcPidnsInitStartTs, |facts, _| facts.pidns_init_start().map_or(Value::Missing, Value::Uint)),
    (Field::ThreadCapInheritable, |facts, _| facts.capabilities(0)),
    (Field::ThreadCapPermitted, |facts, _| facts.capabilities(1)),
    (Field::ThreadCapEffective, |facts, _| facts.capabilities(2)),
    (Field::ThreadTid, |facts, _| Value::Int(facts.record.task().tid.into())),
    (Field::ThreadIsmain, |facts, _| Value::Bool(facts.is_main_thread())),
    (Field::ThreadVtid, |facts, _| Value::Int(facts.record.task().vtid.into())),
    (Field::ThreadNametid, |facts, _| {
        facts.text(format_args!("{}{}", String::from_utf8_lossy(facts.name()), facts.record.task().tid))
    }),
    (Field::ThreadCgroups, |facts, _| facts.of_process(|process| EventFacts::known(&process.group.path))),
];

fn exe(process: &Process) -> Value<'_> {
    EventFacts::known(&process.image.exe)
}

fn exepath(process: &Process) -> Value<'_> {
    EventFacts::known(&process.image.exepath)
}

fn comm(process: &Process) -> Value<'_> {
    EventFacts::known(process.comm())
}

fn known_time(ns: u64) -> Value<'static> {
    if ns == 0 { Value::Missing } else { Value::Uint(ns) }
}

/// A variable of the environment that a process was started with.
fn variable<'a>(process: &'a Process, name: &str) -> Value<'a> {
    let mut entries = process.image.env.split(|&b| b == 0);
    let value = entries.find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    value.map_or(Value::Missing, Value::Str)
}

impl<'a> EventFacts<'a> {
    /// Name of the process that did it.
    fn name(&self) -> &'a [u8] {
        self.process.map_or_else(|| self.record.task().comm(), Process::comm)
    }

    pub(super) fn is_main_thread(&self) -> bool {
        self.record.task().tid == self.record.task().pid
    }

    /// `first` and the arguments, split by blanks.
    fn command_line(&self, first: &[u8], process: &'a Process) -> Value<'a> {
        let mut line = bumpalo::collections::Vec::new_in(self.arena);
        line.extend_from_slice(first);
        for arg in process.args() {
            if !line.is_empty() {
                line.push(b' ');
            }
            line.extend_from_slice(arg);
        }
        EventFacts::known(line.into_bump_slice())
    }

    fn cmdline(&self, process: &'a Process) -> Value<'a> {
        self.command_line(process.comm(), process)
    }

    /// All of an environment, split by blanks.
    fn environment(&self, process: &'a Process) -> Value<'a> {
        let env = &process.image.env;
        let text = env.strip_suffix(&[0]).unwrap_or(env).iter().map(|&b| if b == 0 { b' ' } else { b });
        EventFacts::known(bumpalo::collections::Vec::from_iter_in(text, self.arena).into_bump_slice())
    }

    fn capabilities(&self, which: usize) -> Value<'a> {
        let Some(sets) = self.process.and_then(|process| process.image.capabilities) else { return Value::Missing };
        let mut text = bumpalo::collections::String::new_in(self.arena);
        for name in CAPABILITIES.of(sets[which]) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(name);
        }
        Value::Str(text.into_bump_str().as_bytes())
    }

    /// Start of a process in nanoseconds since the epoch.
    fn started(&self, process: &Process) -> u64 {
        self.clock.boot_ns.wrapping_add(process.task.start_time)
    }

    fn since_start(&self, process: &Process) -> Value<'a> {
        Value::Uint(self.time().saturating_sub(self.started(process)))
    }

    /// Start of the first process of the pid namespace, in nanoseconds since the epoch.
    pub(super) fn pidns_init_start(&self) -> Option<u64> {
        let task = self.record.task();
        let process = self.process?;
        if let Some((namespace, start)) = process.pidns
            && namespace == task.pid_ns
        {
            return Some(start);
        }
        // A process outside may have entered the namespace: an ancestor counts only if it is in the same one.
        let same = |other: &Process| {
            (task.pid_ns != 0 && other.task.pid_ns == task.pid_ns) || (task.vpid == task.pid && other.task.pid == 1)
        };
        let mut all = [(self.key, process)].into_iter().chain(self.ancestors());
        all.find(|(_, other)| other.task.vpid == 1 && same(other)).map(|(_, init): (ProcessKey, _)| self.started(init))
    }

    fn exe_flag(&self, flag: u32) -> Value<'a> {
        self.of_process(|process| Value::Bool(process.image.exe_flags & flag != 0))
    }
}
