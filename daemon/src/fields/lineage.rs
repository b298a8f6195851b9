//! Who else there is around a process: ancestors, leaders of its session and group.

use super::EventFacts;
use crate::state::{Process, ProcessKey};
use kestrel_rules::{FieldArg, Value};

/// Names of shells, as `proc.loginshellid` looks for them.
const SHELLS: [&[u8]; 8] = [b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh", b"fish", b"csh"];

impl<'a> EventFacts<'a> {
    pub(super) fn ancestors(&self) -> impl Iterator<Item = (ProcessKey, &'a Process)> + use<'a> {
        self.state.processes.ancestors(self.key)
    }

    fn parent(&self) -> Option<&'a Process> {
        self.ancestors().next().map(|(_, process)| process)
    }

    /// A value of the process itself.
    pub(super) fn of_process(&self, value: impl Fn(&'a Process) -> Value<'a>) -> Value<'a> {
        self.process.map_or(Value::Missing, value)
    }

    /// A value of its parent.
    pub(super) fn of_parent(&self, value: impl Fn(&'a Process) -> Value<'a>) -> Value<'a> {
        self.parent().map_or(Value::Missing, value)
    }

    /// A value of the ancestor of a generation: 0 is the process itself, 1 its parent.
    fn of_generation(&self, n: u32, value: impl Fn(&'a Process) -> Value<'a>) -> Value<'a> {
        match n.checked_sub(1) {
            None => self.of_process(value),
            Some(n) => self.ancestors().nth(n as usize).map_or(Value::Missing, |(_, process)| value(process)),
        }
    }

    /// A value of the ancestor of a generation, or of any of them.
    pub(super) fn of_ancestors(&self, arg: Option<&FieldArg>, value: impl Fn(&'a Process) -> Value<'a>) -> Value<'a> {
        match arg {
            Some(FieldArg::Index(n)) => self.of_generation(*n, value),
            _ => {
                let all = bumpalo::collections::Vec::from_iter_in(
                    self.ancestors().map(|(_, process)| value(process)),
                    self.arena,
                );
                Value::Any(all.into_bump_slice())
            }
        }
    }

    /// The value of the nearest ancestor that has one.
    pub(super) fn of_nearest(&self, value: impl Fn(&'a Process) -> Value<'a>) -> Value<'a> {
        let mut values = self.ancestors().map(|(_, process)| value(process));
        values.find(|value| !matches!(value, Value::Missing)).unwrap_or(Value::Missing)
    }

    /// A value of the process that has the id of a session or a process group.
    pub(super) fn of_leader(&self, pid: u32, value: impl Fn(&'a Process) -> Value<'a>) -> Value<'a> {
        let leader = self.state.processes.current(pid).and_then(|key| self.state.processes.get(key));
        leader.map_or(Value::Missing, value)
    }

    /// Process id of the oldest shell among the process and its ancestors.
    pub(super) fn login_shell(&self) -> Value<'a> {
        let own = self.process.map(|process| (self.key, process));
        let line = own.into_iter().chain(self.ancestors());
        let oldest = line.filter(|(_, process)| SHELLS.contains(&process.comm())).last();
        oldest.map_or(Value::Missing, |(key, _)| Value::Int(key.pid.into()))
    }
}
