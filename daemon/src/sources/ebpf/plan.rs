//! Plans: what the probe copies of each system call, derived from the schema's recipes: what the fillers will ask for.

use kestrel_core::capture::{self, Op, Plan, op};
use kestrel_core::fill::SNAPSHOT_BYTES;
use kestrel_core::schema::{
    Abi, EventId, EventSet, From, I386_IPC, I386_SOCKETCALL, Width, event_of, event_of_ipc, event_of_socketcall, id,
    recipe,
};

/// Longest socket address that fillers look at: `sockaddr_un` (`linux/un.h`).
const ADDRESS: u16 = 110;

/// i386's first mmap(2), which passes a pointer to its arguments.
const I386_OLD_MMAP: u32 = 90;

/// The calls whose success the tracepoints of fork and exec tell.
const TOLD_ELSEWHERE: [EventId; 6] = [id::CLONE, id::CLONE3, id::FORK, id::VFORK, id::EXECVE, id::EXECVEAT];

/// Every plan for these events, by number ([`capture::NATIVE_PLANS`] and what follows it).
pub fn plans(events: &EventSet) -> Vec<Plan> {
    let mut plans = vec![Plan::default(); capture::PLANS as usize];
    let mut put = |number: u32, plan: Plan| {
        if let Some(place) = plans.get_mut(number as usize) {
            *place = plan;
        }
    };
    let wanted = |event: Option<EventId>| event.filter(|event| events.contains(*event));
    for nr in 0..capture::CALLS {
        if let Some(event) = wanted(event_of(Abi::NATIVE, nr)) {
            put(capture::NATIVE_PLANS + nr, of_call(event, false));
        }
        if Abi::NATIVE == Abi::X86_64
            && let Some(event) = wanted(event_of(Abi::I386, nr))
        {
            let mut plan = of_call(event, true);
            if nr == I386_OLD_MMAP {
                plan.flags |= Plan::BEHIND | Plan::LIST_FIRST;
                plan.words = 6;
            }
            put(capture::COMPAT_PLANS + nr, plan);
        }
    }
    let many = |others: u32| Plan {
        flags: Plan::WANTED | Plan::MANY,
        others: u16::try_from(others).unwrap_or(u16::MAX),
        ..Plan::default()
    };
    if Abi::NATIVE == Abi::X86_64 {
        for call in 0..capture::SUBCALLS {
            if let Some(event) = wanted(event_of_socketcall(call)) {
                let mut plan = of_call(event, true);
                plan.flags |= Plan::BEHIND;
                // As many words as `net/socket.c` reads for it.
                plan.words = match call {
                    4 | 13 => 2,
                    8..=10 | 18 | 20 => 4,
                    14 | 15 | 19 => 5,
                    11 | 12 => 6,
                    _ => 3,
                };
                put(capture::SOCKETCALL_PLANS + call, plan);
                put(capture::COMPAT_PLANS + I386_SOCKETCALL, many(capture::SOCKETCALL_PLANS));
            }
            if let Some(event) = wanted(event_of_ipc(call)) {
                put(capture::IPC_PLANS + call, of_ipc(event));
                put(capture::COMPAT_PLANS + I386_IPC, many(capture::IPC_PLANS));
            }
        }
    }
    let contains = |any: &[EventId]| any.iter().any(|event| events.contains(*event));
    if contains(&[id::CLONE, id::CLONE3, id::FORK, id::VFORK]) {
        // The flags of clone3 lie behind its first argument.
        let flags = Op { kind: op::BYTES, arg: 0, len_arg: Op::NONE, max: 8, ..Op::default() };
        put(capture::FORK_PLAN, told(id::CLONE, Builder::lifecycle().op(flags).simple(op::IMAGE)));
    }
    if contains(&[id::EXECVE, id::EXECVEAT]) {
        let exec = Builder::lifecycle().simple(op::ARGUMENTS).simple(op::ENVIRONMENT);
        let exec = exec.simple(op::CWD).simple(op::EXE).simple(op::CGROUP).simple(op::IMAGE);
        put(capture::EXEC_PLAN, told(id::EXECVE, exec));
    }
    if contains(&[id::PROCEXIT]) {
        put(capture::EXIT_PLAN, told(id::PROCEXIT, Builder::lifecycle()));
    }
    if contains(&[id::SIGNALDELIVER]) {
        put(capture::SIGNAL_PLAN, told(id::SIGNALDELIVER, Builder::default()));
    }
    mark_either(&mut plans);
    plans
}

/// Says in the native table which numbers are wanted of either.
fn mark_either(plans: &mut [Plan]) {
    let (native, compat) = plans.split_at_mut(capture::COMPAT_PLANS as usize);
    for (plan, other) in native.iter_mut().zip(compat) {
        if (plan.flags | other.flags) & Plan::WANTED != 0 {
            plan.flags |= Plan::EITHER;
        }
    }
}

/// Which texts of an event it can be judged by where it happens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// The parameter that is a descriptor whose path is known.
    pub fd: Option<u8>,
    /// The parameter that is a path or a string which the caller passes, and the argument that points to it.
    pub string: Option<(u8, u8)>,
}

impl Texts {
    /// Those of an event.
    pub fn of(event: EventId) -> Texts {
        let mut texts = Texts::default();
        let sources = recipe(event).map_or(&[][..], |recipe| recipe.sources);
        for (source, param) in sources.iter().zip(0..) {
            match *source {
                From::ReturnFd | From::Fd(_) => texts.fd = texts.fd.or(Some(param)),
                From::Path(arg)
                | From::PathAt { path: arg, .. }
                | From::Opened { path: arg, .. }
                | From::OptionalPath(arg)
                | From::String(arg) => texts.string = texts.string.or(Some((param, arg))),
                _ => {}
            }
        }
        texts
    }

    fn any(self) -> bool {
        self.fd.is_some() || self.string.is_some()
    }
}

/// A plan in the making. What does not fit is not copied, and absent from records then.
struct Builder {
    plan: Plan,
    next: usize,
}

impl Default for Builder {
    fn default() -> Builder {
        Builder { plan: Plan { flags: Plan::WANTED, ..Plan::default() }, next: 0 }
    }
}

impl Builder {
    fn lifecycle() -> Builder {
        let mut builder = Builder::default();
        builder.plan.flags |= Plan::LIFECYCLE;
        builder
    }

    /// Adds an operation, unless it is there.
    fn op(mut self, op: Op) -> Builder {
        if !self.plan.ops.contains(&op)
            && let Some(place) = self.plan.ops.get_mut(self.next)
        {
            *place = op;
            self.next += 1;
        }
        self
    }

    fn simple(self, kind: u8) -> Builder {
        self.op(Op { kind, arg: Op::NONE, len_arg: Op::NONE, ..Op::default() })
    }

    fn fd(self, arg: u8) -> Builder {
        self.op(Op { kind: op::FD, arg, len_arg: Op::NONE, ..Op::default() })
    }

    fn returned_fd(self) -> Builder {
        self.op(Op { kind: op::FD, arg: Op::RETURNED, len_arg: Op::NONE, flags: Op::IF_DONE, ..Op::default() })
    }

    fn string(self, arg: u8, flags: u8) -> Builder {
        self.op(Op { kind: op::STRING, arg, len_arg: Op::NONE, flags, ..Op::default() })
    }

    /// As many bytes behind an argument.
    fn fixed(self, arg: u8, offset: u16, max: u16, flags: u8) -> Builder {
        self.op(Op { kind: op::BYTES, arg, len_arg: Op::NONE, flags, max, offset })
    }

    /// As many bytes as another argument says, up to a bound.
    fn bytes(self, arg: u8, len_arg: u8, max: u16, flags: u8) -> Builder {
        self.op(Op { kind: op::BYTES, arg, len_arg, flags, max, offset: 0 })
    }

    /// The directory that a relative path is relative to. Its string comes first.
    fn path(self, dir: Option<u8>, path: u8, flags: u8) -> Builder {
        let flags_of_base = flags | Op::IF_RELATIVE;
        let with_string = self.string(path, 0);
        match dir {
            None => with_string.op(Op {
                kind: op::CWD,
                arg: Op::NONE,
                len_arg: Op::NONE,
                flags: flags_of_base,
                ..Op::default()
            }),
            Some(arg) => {
                let always = Op { kind: op::DIR_FD, arg, len_arg: Op::NONE, ..Op::default() };
                if with_string.plan.ops.contains(&always) {
                    return with_string;
                }
                with_string.op(Op { flags: flags_of_base, ..always })
            }
        }
    }
}

/// Bytes of a snapshot.
fn snapshot() -> u16 {
    u16::try_from(SNAPSHOT_BYTES).unwrap_or(u16::MAX)
}

/// The plan of an event that is a call of its own.
fn of_call(event: EventId, compat: bool) -> Plan {
    let Some(recipe) = recipe(event) else { return Plan::default() };
    let mut builder = if recipe.lifecycle { Builder::lifecycle() } else { Builder::default() };
    builder.plan.event = event.0;
    if TOLD_ELSEWHERE.contains(&event) {
        builder.plan.flags |= Plan::TOLD_ELSEWHERE;
    }
    let texts = Texts::of(event);
    if texts.any() && !recipe.sources.iter().any(|source| matches!(source, From::FdList { .. })) {
        // What it is judged by comes first; it is copied once.
        if let Some(fd) = texts.fd {
            builder = from(builder, recipe.sources[usize::from(fd)], compat);
        }
        let arg = texts.string.map_or(Op::NONE, |(_, arg)| arg);
        let judge = Op { kind: op::JUDGE, arg, len_arg: Op::NONE, ..Op::default() };
        builder = builder.op(judge);
        builder.plan.flags |= Plan::LATER;
        // A relative path is known once its directory is.
        if let Some(source) = texts.string.map(|(param, _)| recipe.sources[usize::from(param)])
            && !matches!(source, From::String(_))
        {
            builder = from(builder, source, compat).op(Op { flags: Op::AGAIN, ..judge });
        }
    }
    for source in recipe.sources {
        builder = from(builder, *source, compat);
    }
    if recipe.sources.iter().any(|source| matches!(source, From::Special)) {
        builder = special(builder, event, compat);
    }
    builder.plan
}

/// What one parameter asks for.
fn from(builder: Builder, source: From, compat: bool) -> Builder {
    let word: u16 = if compat { 4 } else { 8 };
    match source {
        From::ReturnFd | From::ReturnTuple => builder.returned_fd(),
        From::Fd(n) | From::Tuple(n) => builder.fd(n),
        From::DirFd(arg) => builder.op(Op { kind: op::DIR_FD, arg, len_arg: Op::NONE, ..Op::default() }),
        From::Path(n) | From::OptionalPath(n) => builder.path(None, n, 0),
        From::PathAt { dir, path } => builder.path(Some(dir), path, 0),
        From::Opened { dir, path } => builder.path(dir, path, Op::IF_FAILED),
        From::String(n) => builder.string(n, 0),
        From::FilledString(n) => builder.string(n, Op::IF_DONE),
        From::Pointed { arg, offset, width, written } => {
            let (offset, max) = match width {
                Width::Word => (u16::from(offset) * word, word),
                Width::Eight => (offset.into(), 8),
                Width::Four | Width::Int => (offset.into(), 4),
            };
            builder.fixed(arg, offset, max, if written { Op::IF_DONE } else { 0 })
        }
        From::PointedFd { arg, index } => {
            let array = builder.fixed(arg, u16::from(index) * 4, 4, Op::IF_DONE);
            array.op(Op {
                kind: op::FD,
                arg,
                len_arg: Op::NONE,
                flags: Op::IF_DONE | Op::BEHIND,
                offset: u16::from(index) * 4,
                ..Op::default()
            })
        }
        From::Timespec { arg, index } => {
            // Both of them, in either width: the fillers take the one that the call has.
            let wide = builder.fixed(arg, u16::from(index) * 16, 16, 0);
            if compat { wide.fixed(arg, u16::from(index) * 8, 8, 0) } else { wide }
        }
        From::Timeval(n) => builder.fixed(n, 0, 2 * word, 0),
        From::Bytes { address, len } => builder.bytes(address, len, snapshot(), 0),
        From::Sent { address, len } => builder.bytes(address, len, snapshot(), Op::MOVED),
        From::Received { address, len } => builder.bytes(address, len, snapshot(), Op::MOVED | Op::IF_DONE),
        From::Pieces { vector, count, received } => {
            let flags = if received { Op::MOVED | Op::IF_DONE } else { Op::MOVED };
            builder.op(Op { kind: op::VECTOR, arg: vector, len_arg: count, flags, ..Op::default() })
        }
        From::PiecesSize { vector, count } => {
            builder.op(Op { kind: op::VECTOR, arg: vector, len_arg: count, flags: Op::MOVED, ..Op::default() })
        }
        From::FdList { list, count } => {
            builder.op(Op { kind: op::FD_LIST, arg: list, len_arg: count, ..Op::default() })
        }
        From::Address { address, len } => builder.bytes(address, len, ADDRESS, 0),
        From::Image(_) => builder.simple(op::IMAGE),
        From::Return
        | From::Zero
        | From::Int(_)
        | From::Uint(_)
        | From::Long(_)
        | From::SignedLong(_)
        | From::Offset { .. }
        | From::ClosedFd(_)
        | From::Context(_)
        | From::OfFd { .. }
        | From::Process(_)
        | From::Special => builder,
    }
}

/// What the fillers of single events ask for (`core-nostd/src/fill/special.rs`).
fn special(builder: Builder, event: EventId, compat: bool) -> Builder {
    match event {
        id::EXECVE | id::EXECVEAT => {
            let at = u8::from(event == id::EXECVEAT);
            let strings = |arg| Op { kind: op::STRINGS, arg, len_arg: Op::NONE, ..Op::default() };
            let builder = builder.path((at == 1).then_some(0), at, 0).simple(op::CWD);
            let builder = builder.op(strings(at + 1)).op(strings(at + 2));
            builder.simple(op::EXE).simple(op::CGROUP)
        }
        id::CONNECT => builder.fd(0).bytes(1, 2, ADDRESS, 0),
        id::SENDTO => builder.fd(0).bytes(4, 5, ADDRESS, 0),
        id::RECVFROM => builder.fd(0).bytes(4, 5, ADDRESS, Op::IF_DONE | Op::LEN_BEHIND),
        id::SENDMSG => builder.fd(0).op(message(0, 0)),
        id::SENDMMSG => builder.fd(0).op(message(0, 1)),
        id::RECVMSG => builder.fd(0).op(message(Op::IF_DONE, 0)),
        id::RECVMMSG => builder.fd(0).op(message(Op::IF_DONE, 1)),
        id::ACCEPT | id::ACCEPT4 => builder.fd(0),
        id::SETSOCKOPT => builder.bytes(3, 4, 8, 0),
        id::GETSOCKOPT => builder.bytes(3, 4, 8, Op::IF_DONE | Op::LEN_BEHIND),
        id::OPEN_BY_HANDLE_AT => builder.returned_fd(),
        id::CHDIR => builder.string(0, 0).simple(op::CWD),
        id::PRCTL => builder.string(1, 0),
        id::QUOTACTL => builder.fixed(3, 0, 72, 0).fixed(3, 0, 24, 0).fixed(3, 0, 4, 0).string(3, 0),
        id::FSCONFIG => builder.bytes(3, 4, snapshot(), 0).string(3, 0),
        id::FANOTIFY_MARK => {
            let dir = if compat { 4 } else { 3 };
            let directory = Op { kind: op::DIR_FD, arg: dir, len_arg: Op::NONE, ..Op::default() };
            builder.op(directory).path(Some(dir), dir + 1, 0)
        }
        id::SEMOP => builder.fixed(1, 0, 12, 0).fixed(1, 0, 6, 0),
        id::LANDLOCK_ADD_RULE => builder.fixed(2, 8, 4, 0).op(Op {
            kind: op::FD,
            arg: 2,
            len_arg: Op::NONE,
            flags: Op::BEHIND,
            offset: 8,
            ..Op::default()
        }),
        id::REBOOT => builder.string(3, 0),
        id::SENDFILE => builder.fixed(2, 0, 8, 0).fixed(2, 0, 4, 0),
        id::COPY_FILE_RANGE => builder.fixed(1, 0, 8, 0).fixed(3, 0, 8, 0),
        id::IO_URING_ENTER => builder.fixed(4, 0, 4, 0),
        _ => builder,
    }
}

/// A message, whose header the second argument points to.
fn message(flags: u8, several: u16) -> Op {
    Op { kind: op::MESSAGE, arg: 1, len_arg: Op::NONE, flags, max: several, offset: 0 }
}

/// The plan of a call behind ipc(2), whose arguments lie in the registers in another order.
fn of_ipc(event: EventId) -> Plan {
    let builder = Builder::default();
    let plan = match event {
        id::SEMOP | id::SEMTIMEDOP => builder.fixed(4, 0, 12, 0).fixed(4, 0, 6, 0).fixed(5, 0, 8, 0).fixed(5, 0, 16, 0),
        id::SEMCTL => builder.fixed(4, 0, 4, 0),
        _ => builder,
    };
    told(event, plan)
}

/// The plan, which counts as this event.
fn told(event: EventId, builder: Builder) -> Plan {
    Plan { event: event.0, ..builder.plan }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_wants_has_no_plan_and_what_is_wanted_has_one() {
        let events: EventSet = [id::OPENAT, id::PROCEXIT].into_iter().collect();
        let plans = plans(&events);
        let native = |event| (0..capture::CALLS).find(|&nr| event_of(Abi::NATIVE, nr) == Some(event)).unwrap() as usize;
        assert_eq!(plans[native(id::OPENAT)].flags, Plan::WANTED | Plan::LATER | Plan::EITHER);
        assert_eq!(plans[native(id::READ)], Plan::default());
        assert_eq!(plans[capture::EXIT_PLAN as usize].flags, Plan::WANTED | Plan::LIFECYCLE);
        assert_eq!(plans[capture::FORK_PLAN as usize], Plan::default());
    }

    #[test]
    fn no_plan_has_more_operations_than_fit() {
        for compat in [false, true] {
            for event in (0..kestrel_core::schema::EVENTS.len()).map(|n| EventId(n as u16)) {
                let plan = of_call(event, compat);
                assert_eq!(plan.ops[capture::MOST_OPS - 1].kind, op::END, "{event:?} fills its plan: raise MOST_OPS");
            }
        }
    }
}
