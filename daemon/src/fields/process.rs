//! `proc.*`, `thread.*`, `user.*`, `group.*`: who did it.

use super::EventFacts;
use crate::state::{Process, ProcessKey, User};
use kestrel_core::fill::ProcessImage;
use kestrel_core::schema::names::CAPABILITIES;
use kestrel_rules::{Field, FieldArg, FieldRef, Value};

/// Names of shells, as `proc.loginshellid` looks for them.
const SHELLS: [&[u8]; 8] = [b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh", b"fish", b"csh"];

impl<'a> EventFacts<'a> {
    fn ancestors(&self) -> impl Iterator<Item = (ProcessKey, &'a Process)> + use<'a> {
        self.state.processes.ancestors(self.key)
    }

    fn parent(&self) -> Option<&'a Process> {
        self.ancestors().next().map(|(_, process)| process)
    }

    /// A value of the ancestor of a generation (0 is the process itself, 1 its parent), or of any of them.
    fn of_ancestors(&self, arg: Option<&FieldArg>, value: impl Fn(&'a Process) -> Value<'a>) -> Value<'a> {
        match arg {
            Some(FieldArg::Index(0)) => self.process.map_or(Value::Missing, value),
            Some(FieldArg::Index(n)) => {
                self.ancestors().nth(*n as usize - 1).map_or(Value::Missing, |(_, process)| value(process))
            }
            _ => {
                let all = bumpalo::collections::Vec::from_iter_in(
                    self.ancestors().map(|(_, process)| value(process)),
                    self.arena,
                );
                Value::Any(all.into_bump_slice())
            }
        }
    }

    fn leader(&self, pid: u32) -> Option<&'a Process> {
        self.state.processes.get(self.state.processes.current(pid)?)
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

    /// A variable of an environment, or all of it.
    fn env(&self, process: &'a Process, name: Option<&str>) -> Value<'a> {
        let env = &process.image.env;
        match name {
            Some(name) => env
                .split(|&b| b == 0)
                .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
                .map_or(Value::Missing, Value::Str),
            None if env.is_empty() => Value::Missing,
            None => {
                let text = env.strip_suffix(&[0]).unwrap_or(env).iter().map(|&b| if b == 0 { b' ' } else { b });
                Value::Str(bumpalo::collections::Vec::from_iter_in(text, self.arena).into_bump_slice())
            }
        }
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

    fn user(&self, value: impl Fn(&'a User) -> &'a str) -> Value<'a> {
        let user = self.state.users.user(self.record.task().euid);
        user.map_or(Value::Missing, |user| EventFacts::known(value(user).as_bytes()))
    }

    /// Start of a process in nanoseconds since the epoch.
    fn started(&self, process: &Process) -> u64 {
        self.clock.boot_ns.wrapping_add(process.task.start_time)
    }

    fn since_start(&self, process: &Process) -> Value<'a> {
        Value::Uint(self.record.header().time_ns.saturating_sub(self.started(process)))
    }

    fn exe_flag(&self, flag: u32) -> Value<'a> {
        self.process.map_or(Value::Missing, |process| Value::Bool(process.image.exe_flags & flag != 0))
    }

    pub(super) fn process_field(&self, field: &FieldRef) -> Value<'a> {
        let task = self.record.task();
        let arg = field.arg.as_ref();
        let name_arg = match arg {
            Some(FieldArg::Name(name)) => Some(&**name),
            _ => None,
        };
        let of = |process: Option<&'a Process>, value: &dyn Fn(&'a Process) -> Value<'a>| {
            process.map_or(Value::Missing, value)
        };
        let exe = |process: &'a Process| EventFacts::known(&process.image.exe);
        let exepath = |process: &'a Process| EventFacts::known(&process.image.exepath);
        let comm = |process: &'a Process| EventFacts::known(process.comm());
        match field.field {
            Field::GroupGid => Value::Uint(task.egid.into()),
            Field::GroupName => self
                .state
                .users
                .group(task.egid)
                .map_or(Value::Missing, |group| EventFacts::known(group.name.as_bytes())),

            Field::ProcExe => of(self.process, &exe),
            Field::ProcPexe => of(self.parent(), &exe),
            Field::ProcAexe => self.of_ancestors(arg, exe),
            Field::ProcExepath => of(self.process, &exepath),
            Field::ProcPexepath => of(self.parent(), &exepath),
            Field::ProcAexepath => self.of_ancestors(arg, exepath),
            Field::ProcName => EventFacts::known(self.record.task().comm()),
            Field::ProcPname => of(self.parent(), &comm),
            Field::ProcAname => self.of_ancestors(arg, comm),
            Field::ProcArgs => match (self.process, arg) {
                (Some(process), Some(FieldArg::Index(n))) => {
                    process.args().nth(*n as usize).map_or(Value::Missing, Value::Str)
                }
                (Some(process), _) => self.command_line(b"", process),
                (None, _) => Value::Missing,
            },
            Field::ProcCmdline => of(self.process, &|process| self.command_line(task.comm(), process)),
            Field::ProcPcmdline => of(self.parent(), &|process| self.cmdline(process)),
            Field::ProcAcmdline => self.of_ancestors(arg, |process| self.cmdline(process)),
            Field::ProcCmdnargs => of(self.process, &|process| Value::Uint(process.args().count() as u64)),
            Field::ProcCmdlenargs => {
                of(self.process, &|process| Value::Uint(process.args().map(|arg| arg.len() as u64).sum()))
            }
            Field::ProcExeline => of(self.process, &|process| self.command_line(&process.image.exe, process)),
            Field::ProcEnv => of(self.process, &|process| self.env(process, name_arg)),
            Field::ProcAenv => self.of_ancestors(None, |process| self.env(process, name_arg)),
            Field::ProcCwd => of(self.process, &|process| EventFacts::known(&process.cwd)),
            Field::ProcLoginshellid => {
                let shells = self.ancestors().filter(|(_, process)| SHELLS.contains(&process.comm()));
                shells.last().map_or(Value::Missing, |(key, _)| Value::Int(key.pid.into()))
            }
            Field::ProcTty => Value::Uint(task.tty.into()),
            Field::ProcPid => Value::Int(task.pid.into()),
            Field::ProcPpid => Value::Int(task.ppid.into()),
            Field::ProcApid => self.of_ancestors(arg, |process| Value::Int(process.task.pid.into())),
            Field::ProcVpid => Value::Int(task.vpid.into()),
            Field::ProcPvpid => of(self.parent(), &|process| Value::Int(process.task.vpid.into())),
            Field::ProcSid => Value::Int(task.sid.into()),
            Field::ProcSname => of(self.leader(task.sid), &comm),
            Field::ProcSidExe => of(self.leader(task.sid), &exe),
            Field::ProcSidExepath => of(self.leader(task.sid), &exepath),
            Field::ProcVpgid => Value::Int(task.vpgid.into()),
            Field::ProcPgid => Value::Int(task.pgid.into()),
            Field::ProcPgidName => of(self.leader(task.pgid), &comm),
            Field::ProcPgidExe => of(self.leader(task.pgid), &exe),
            Field::ProcPgidExepath => of(self.leader(task.pgid), &exepath),
            Field::ProcDuration => of(self.process, &|process| self.since_start(process)),
            Field::ProcPpidDuration => of(self.parent(), &|process| self.since_start(process)),
            Field::ProcPidTs => of(self.process, &|process| Value::Uint(self.started(process))),
            Field::ProcPpidTs => of(self.parent(), &|process| Value::Uint(self.started(process))),
            Field::ProcIsExeWritable => self.exe_flag(ProcessImage::WRITABLE),
            Field::ProcIsExeUpperLayer => self.exe_flag(ProcessImage::UPPER_LAYER),
            Field::ProcIsExeLowerLayer => self.exe_flag(ProcessImage::LOWER_LAYER),
            Field::ProcIsExeFromMemfd => self.exe_flag(ProcessImage::FROM_MEMFD),
            Field::ProcIsSidLeader => Value::Bool(task.sid == task.pid),
            Field::ProcIsVpgidLeader => Value::Bool(task.vpgid == task.vpid),
            Field::ProcIsPgidLeader => Value::Bool(task.pgid == task.pid),
            Field::ProcExeIno => of(self.process, &|process| match process.image.exe_ino {
                0 => Value::Missing,
                ino => Value::Int(ino as i64),
            }),
            Field::ProcExeInoCtime => of(self.process, &|process| known_time(process.image.exe_ctime)),
            Field::ProcExeInoMtime => of(self.process, &|process| known_time(process.image.exe_mtime)),
            Field::ProcExeInoCtimeDurationProcStart => of(self.process, &|process| match process.image.exe_ctime {
                0 => Value::Missing,
                ctime => Value::Uint(process.exec_time_ns.max(self.started(process)).saturating_sub(ctime)),
            }),
            Field::ThreadCapInheritable => self.capabilities(0),
            Field::ThreadCapPermitted => self.capabilities(1),
            Field::ThreadCapEffective => self.capabilities(2),
            Field::ThreadTid => Value::Int(task.tid.into()),
            Field::ThreadIsmain => Value::Bool(task.tid == task.pid),
            Field::ThreadVtid => Value::Int(task.vtid.into()),
            Field::ThreadCgroups => of(self.process, &|process| EventFacts::known(&process.image.cgroup)),

            Field::UserUid => Value::Uint(task.euid.into()),
            Field::UserName => self.user(|user| &user.name),
            Field::UserHomedir => self.user(|user| &user.home),
            Field::UserShell => self.user(|user| &user.shell),
            Field::UserLoginuid => Value::Int(if task.loginuid == u32::MAX { -1 } else { task.loginuid.into() }),
            Field::UserLoginname => {
                let user = self.state.users.user(task.loginuid);
                user.map_or(Value::Missing, |user| EventFacts::known(user.name.as_bytes()))
            }
            _ => Value::Missing,
        }
    }
}

fn known_time(ns: u64) -> Value<'static> {
    if ns == 0 { Value::Missing } else { Value::Uint(ns) }
}
