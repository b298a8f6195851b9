//! Which system calls are looked at, and which event each is.

use super::call_filter::{Condition, Table, X32_BIT, arch};
use crate::state::LIFECYCLE;
use kestrel_core::schema::{
    Abi, EventId, EventSet, I386_IPC, I386_SOCKETCALL, event_of, event_of_ipc, event_of_socketcall, id,
};

/// System call numbers that the tables know: all below this.
const NUMBERS: u32 = 512;

/// Sub-calls of socketcall(2) and ipc(2) are numbered below this (`linux/net.h`, `linux/ipc.h`).
const SUBCALLS: u32 = 32;

/// `PR_SET_NAME` (`linux/prctl.h`).
const PR_SET_NAME: u32 = 15;

/// The calls that make a task.
pub const MAKERS: [EventId; 4] = [id::CLONE, id::CLONE3, id::FORK, id::VFORK];

/// The calls after which what is known of a task may be wrong.
const CHANGES: [EventId; 13] = [
    id::SETUID,
    id::SETGID,
    id::SETREUID,
    id::SETREGID,
    id::SETRESUID,
    id::SETRESGID,
    id::SETFSUID,
    id::SETSID,
    id::SETPGID,
    id::UNSHARE,
    id::SETNS,
    id::PRCTL,
    id::CHROOT,
];

/// True if what is known of a task may be wrong after this call.
pub fn changes_task(event: EventId) -> bool {
    CHANGES.contains(&event)
}

/// Of calls that have a stop of their own where they succeed: which of them stop where they fail, too.
#[derive(Clone, Copy, Debug)]
pub struct Failed {
    /// Those that make tasks.
    pub makers: bool,
    /// execve(2).
    pub execs: bool,
}

/// What a number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This event.
    Event(EventId),
    /// One of the calls behind socketcall(2) or ipc(2).
    Multiplexed,
    /// Nothing that the schema knows.
    Nothing,
}

/// Numbers and events of the tables of this machine.
#[derive(Debug)]
pub struct Calls {
    native: Vec<Meaning>,
    compat: Vec<Meaning>,
}

impl Default for Calls {
    fn default() -> Calls {
        let meaning = |event: Option<EventId>| event.map_or(Meaning::Nothing, Meaning::Event);
        let compat = |nr| match nr {
            I386_SOCKETCALL | I386_IPC => Meaning::Multiplexed,
            nr => meaning(event_of(Abi::I386, nr)),
        };
        Calls {
            native: (0..NUMBERS).map(|nr| meaning(event_of(Abi::NATIVE, nr))).collect(),
            compat: if Abi::NATIVE == Abi::X86_64 { (0..NUMBERS).map(compat).collect() } else { Vec::new() },
        }
    }
}

impl Calls {
    /// What the number of a table stands for, and whether the table is that of 32-bit programs.
    pub fn meaning(&self, of: u32, nr: u64) -> (Meaning, bool) {
        let nr = nr as u32;
        let (table, nr) = match of {
            arch::NATIVE if of == arch::X86_64 => (&self.native, nr & !X32_BIT),
            arch::NATIVE => (&self.native, nr),
            arch::I386 => (&self.compat, nr),
            _ => return (Meaning::Nothing, true),
        };
        (table.get(nr as usize).copied().unwrap_or(Meaning::Nothing), of != arch::NATIVE)
    }

    /// The calls that must stop so that these events can be told. Those that make tasks have stops of their own where they
    /// succeed; `failed` says whether they stop where they fail, too. Of the native calls, those of `waiting` wait for an answer instead.
    pub fn tables(&self, events: &EventSet, failed: Failed, waiting: &EventSet) -> Vec<Table> {
        let mut stop: EventSet = LIFECYCLE.into_iter().chain(CHANGES).collect();
        stop = stop.union(events);
        if !failed.makers {
            MAKERS.into_iter().for_each(|event| stop.remove(event));
        }
        if !failed.execs {
            stop.remove(id::EXECVE);
        }
        let names_alone = !events.contains(id::PRCTL);
        let table = |arch, meanings: &[Meaning]| {
            let mut table = Table { arch, ..Table::default() };
            for (nr, meaning) in (0..).zip(meanings) {
                let stops = match *meaning {
                    Meaning::Event(event) if event == id::PRCTL && names_alone => {
                        table.conditions.push(Condition { nr, argument: 0, value: PR_SET_NAME });
                        false
                    }
                    Meaning::Event(event) => stop.contains(event),
                    Meaning::Multiplexed if nr == I386_IPC => {
                        (0..SUBCALLS).filter_map(event_of_ipc).any(|event| stop.contains(event))
                    }
                    Meaning::Multiplexed => {
                        (0..SUBCALLS).filter_map(event_of_socketcall).any(|event| stop.contains(event))
                    }
                    Meaning::Nothing => false,
                };
                let waits =
                    arch == arch::NATIVE && matches!(*meaning, Meaning::Event(event) if waiting.contains(event));
                match (stops, waits) {
                    (true, true) => table.waiting.push(nr),
                    (true, false) => table.numbers.push(nr),
                    (false, _) => {}
                }
            }
            table
        };
        let mut tables = vec![table(arch::NATIVE, &self.native)];
        if !self.compat.is_empty() {
            tables.push(table(arch::I386, &self.compat));
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(makers: bool, execs: bool) -> Failed {
        Failed { makers, execs }
    }

    #[test]
    fn what_is_not_asked_for_does_not_stop() {
        let calls = Calls::default();
        let events: EventSet = [id::OPENAT].into_iter().collect();
        let native = &calls.tables(&events, failed(false, true), &EventSet::default())[0];
        let number = |event| (0..NUMBERS).find(|&nr| event_of(Abi::NATIVE, nr) == Some(event)).unwrap();
        for event in [id::OPENAT, id::EXECVE, id::CHDIR, id::SETUID] {
            assert!(native.numbers.contains(&number(event)), "{event:?}");
        }
        for event in [id::READ, id::CLONE, id::PRCTL, id::PROCEXIT] {
            assert!(event == id::PROCEXIT || !native.numbers.contains(&number(event)), "{event:?}");
        }
        assert_eq!(native.conditions.len(), 1);
        assert!(
            calls.tables(&events, failed(true, true), &EventSet::default())[0].numbers.contains(&number(id::CLONE))
        );
        let succeeding = &calls.tables(&events, failed(false, false), &EventSet::default())[0].numbers;
        assert!(!succeeding.contains(&number(id::EXECVE)) && succeeding.contains(&number(id::EXECVEAT)));
        let waiting = &calls.tables(&events, failed(false, true), &events)[0];
        assert_eq!(waiting.waiting, [number(id::OPENAT)]);
        assert!(!waiting.numbers.contains(&number(id::OPENAT)) && waiting.numbers.contains(&number(id::CHDIR)));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn a_32_bit_program_stops_where_any_of_the_calls_behind_one_is_asked_for() {
        let calls = Calls::default();
        let stops = |events: EventSet, nr| {
            calls.tables(&events, failed(false, true), &EventSet::default())[1].numbers.contains(&nr)
        };
        assert!(stops([id::CONNECT].into_iter().collect(), I386_SOCKETCALL));
        assert!(!stops([id::CONNECT].into_iter().collect(), I386_IPC));
        assert!(stops([id::SEMGET].into_iter().collect(), I386_IPC));
        assert_eq!(calls.meaning(arch::I386, 5), (Meaning::Event(id::OPEN), true));
        assert_eq!(calls.meaning(arch::X86_64, 257 | u64::from(X32_BIT)), (Meaning::Event(id::OPENAT), false));
    }
}
