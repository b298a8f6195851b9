//! The law of the prefilter: a program says the same of an event while it is being recorded and of the finished record, and a
//! record that is kept has the bytes that it would have without a program.

mod fake;

use fake::{FakeTask, STAMP, buffer};
use kestrel_core::event::{FdHead, FdKind, Flags, Record, RecordWriter, TaskContext, Tuple, family};
use kestrel_core::fill::{
    self, Call, Draft, Kernel, ListenQueue, PATH_MAX, ProcessImage, Strings, TaskPath, Unavailable, UserString,
};
use kestrel_core::filter::build::{Builder, Bytes, Condition, Is, Operand};
use kestrel_core::filter::{
    Class, Early, Evaluation, Ip, Known, Load, OfProcess, Part, Program, Reached, RecordView, Registers, Step, Verdict,
    View, foresee, judge,
};
use kestrel_core::schema::{EVENTS, EventId, id, recipe};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use std::cell::Cell;
use std::net::Ipv4Addr;
use zerocopy::IntoBytes;

const TEXTS: [&str; 9] =
    ["/etc/shadow", "/etc", "/home/user/x", "../x", "x", "prog", "/run/socket", "@abstract", "/home/user"];

/// A task with a bit of everything, at addresses that arguments can hit.
fn task() -> (FakeTask, Vec<u64>) {
    let mut task = FakeTask::new();
    let mut words = vec![0, 1, 2, 3, 7, 16, 64, 0o644, u64::MAX, -100_i64 as u64, 0xdead_0000];
    words.extend(3..=8);
    for (n, text) in TEXTS.iter().enumerate() {
        words.push(task.poke_str(0x1000 + n as u64 * 0x100, text));
    }
    words.push(task.poke_str(0x1_0000, &"y/".repeat(PATH_MAX / 2 + 5)));
    words.push(task.poke_str(0x1_8000, &"z".repeat(90)));
    words.push(task.poke(0x2000, &[2, 0, 0, 53, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]));
    words.push(task.poke(0x2100, &[10, 0, 1, 187].into_iter().chain([0; 24]).collect::<Vec<u8>>()));
    words.push(task.poke(0x2200, b"\x01\x00/run/socket\0\0\0\0\0\0\0\0"));
    words.push(task.poke(0x2300, [0x1000_u64, 5, 0x1100, 3, 0, 0, 0, 0].as_bytes()));
    words.push(task.poke(0x2400, [0x2000_u64, 16, 0x2300, 2, 0, 0, 0].as_bytes()));
    words.push(task.poke(0x2500, [3_i32, 5, 4, 6].as_bytes()));
    task.open_file(3, "/etc/shadow");
    task.open_dir(4, "/srv");
    task.open_inet(5, ([10, 0, 0, 1], 4000), ([0; 4], 0));
    task.open_inet(6, ([10, 0, 0, 1], 22), ([192, 168, 0, 9], 555));
    let ends = Tuple { family: family::UNIX, ..Tuple::default() };
    let head = FdHead { fd: 7, kind: FdKind::Unix as u8, family: family::UNIX, ..FdHead::default() };
    task.fds.insert(7, (head, [ends.as_bytes(), b"/run/socket\0"].concat()));
    let nameless = FdHead { fd: 8, kind: FdKind::File as u8, ..FdHead::default() };
    task.fds.insert(8, (nameless, Vec::new()));
    (task, words)
}

/// Everything that a program can look at in an event.
fn operands(event: EventId) -> Vec<Operand> {
    let params = EVENTS[usize::from(event.0)].params.len() as u8;
    let mut operands = Vec::new();
    for &load in Load::ALL {
        operands.extend((0..params.max(1)).filter(|&n| load.fits(event, n)).map(|n| Operand::param(load, n)));
    }
    operands
}

fn test_of(what: Operand) -> BoxedStrategy<Condition> {
    let number = prop_oneof![0_u64..9, Just(100), Just(1000), Just(0xffff_ffff_ffff_ffff), any::<u64>()];
    let is = match what.load.class() {
        Class::Number => prop_oneof![
            Just(Is::There),
            number.clone().prop_map(Is::Equal),
            number.clone().prop_map(Is::AtMost),
            number.clone().prop_map(|n| Is::BelowSigned(n as i64)),
            number.clone().prop_map(Is::AnyBits),
            proptest::collection::vec(number, 0..5).prop_map(Is::Among),
        ]
        .boxed(),
        Class::Text => {
            let text = select(&TEXTS[..]).prop_map(|text| text.as_bytes().to_vec());
            let texts = proptest::collection::vec(text.clone(), 0..5);
            prop_oneof![
                Just(Is::There),
                text.clone().prop_map(Is::Text),
                text.clone().prop_map(Is::Prefix),
                text.prop_map(Is::Contains),
                Just(Is::Glob(b"/*/s*".to_vec())),
                texts.clone().prop_map(Is::TextAmong),
                texts.prop_map(Is::PathPrefixAmong),
            ]
            .boxed()
        }
        Class::Address => prop_oneof![
            Just(Is::There),
            (0_u8..=32).prop_map(|bits| Is::InNetworks(vec![(Ipv4Addr::new(9, 9, 9, 9).into(), bits)])),
        ]
        .boxed(),
    };
    let part = if matches!(what.load.class(), Class::Text) {
        select(&[Part::Whole, Part::Directory, Part::Name][..]).boxed()
    } else {
        Just(Part::Whole).boxed()
    };
    (is, part).prop_map(move |(is, part)| Condition::test(what.part(part), is)).boxed()
}

fn condition(event: EventId) -> impl Strategy<Value = Condition> {
    let leaf = select(operands(event)).prop_flat_map(test_of);
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Condition::not),
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Condition::All),
            proptest::collection::vec(inner, 1..4).prop_map(Condition::Any),
        ]
    })
}

/// A call of any event, and what is wanted of it.
fn call() -> impl Strategy<Value = (EventId, [Index; 6], i64, bool, bool, Condition)> {
    let all: Vec<EventId> = (0..EVENTS.len() as u16).map(EventId).filter(|&event| event != id::PROCEXIT).collect();
    let paths = [id::OPEN, id::OPENAT, id::OPENAT2, id::CREAT, id::CONNECT, id::UNLINKAT, id::RENAMEAT2, id::STAT];
    let event = prop_oneof![select(all), select(paths.to_vec())];
    let ret = prop_oneof![Just(0_i64), 3..9_i64, Just(-2_i64), Just(-14_i64), Just(100_i64)];
    event.prop_flat_map(move |event| {
        (Just(event), any::<[Index; 6]>(), ret.clone(), any::<bool>(), prop::bool::weighted(0.05), condition(event))
    })
}

/// What a program says of an event as it happens, and the record if it was kept. `later` says how often room was asked for.
/// `paths_first` is how the module does it for calls of the native table: their paths are tested before there is a draft.
fn while_it_happens(
    task: &FakeTask,
    program: &Program<'_>,
    call: &Call,
    paths_first: bool,
) -> (Verdict, Option<Vec<u8>>, u32) {
    let mut buf = buffer();
    let buf = buf.as_mut_slice().as_mut_bytes();
    let mut room = Some(&mut *buf);
    let mut later = 0;
    let mut call = *call;
    fill::unpack(task, &mut call);
    let mut draft = Draft::begin(task, &call, Flags::default());
    let reached = match call.compat || call.lost {
        true => Some(Reached::default()),
        false => match Evaluation::early(program, call.event, &Registers::of(call.args, call.ret)) {
            Early::Rejected => return (Verdict::Reject, None, 0),
            Early::Kept => None,
            Early::Undecided(reached) => Some(reached),
        },
    };
    let registers = Registers::of(call.args, call.ret);
    let verdict = match reached.and_then(|reached| Evaluation::from(program, call.event, reached)) {
        None => Verdict::Keep,
        Some(mut evaluation) => loop {
            let step =
                if paths_first && !call.compat && !call.lost && room.is_some() && evaluation.is_at_path(&registers) {
                    let sources = recipe(call.event).unwrap().sources.len();
                    let mut out = RecordWriter::begin(room.take().unwrap(), sources).unwrap();
                    let step = evaluation.by_path(task, &registers, &mut out);
                    later += 1;
                    draft.take(out);
                    match step {
                        Step::Later => evaluation.go(&mut draft),
                        done => done,
                    }
                } else {
                    evaluation.go(&mut draft)
                };
            match step {
                Step::Done(verdict) => break verdict,
                Step::Later => {
                    later += 1;
                    draft.place(room.take().expect("room is asked for once")).unwrap();
                }
            }
        },
    };
    if verdict == Verdict::Reject {
        return (verdict, None, later);
    }
    if let Some(room) = room.take() {
        draft.place(room).unwrap();
    }
    let len = draft.finish(STAMP).unwrap();
    (verdict, Some(buf[..len].to_vec()), later)
}

/// The bytes of a program that judges one event.
fn built(event: EventId, wanted: &Condition) -> Bytes {
    let mut builder = Builder::new();
    builder.section(event, wanted).unwrap();
    builder.finish().unwrap()
}

/// The record that is written without a program.
fn without(task: &FakeTask, call: &Call) -> Vec<u64> {
    let mut buf = buffer();
    let len = fill::syscall_exit(task, call, STAMP, buf.as_mut_slice().as_mut_bytes()).unwrap();
    buf.truncate(len / 8);
    buf
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn a_program_says_the_same_while_an_event_happens_and_of_its_record(
        (event, args, ret, compat, lost, wanted) in call(),
    ) {
        let (task, words) = task();
        let call = Call { event, nr: 0, args: args.map(|at| *at.get(&words)), ret, compat, lost };
        let bytes = built(event, &wanted);
        let program = Program::verify(bytes.as_bytes()).unwrap();

        let plain = without(&task, &call);
        let record = Record::parse(plain.as_bytes()).unwrap();
        for paths_first in [false, true] {
            let (verdict, kept, _) = while_it_happens(&task, &program, &call, paths_first);
            // Those that are told by tracepoints of their own are never asked about here.
            if kestrel_core::filter::is_judged(event, record.flags().contains(Flags::FAILED)) {
                prop_assert_eq!(verdict, judge(&program, &record, OfProcess::UNKNOWN));
            }
            if let Some(kept) = kept {
                prop_assert_eq!(kept.as_slice(), plain.as_bytes());
            }
        }
    }
}

/// A finished record, of which some values are not known yet.
struct Beforehand<'a> {
    of_record: RecordView<'a>,
    /// A bit for each load and parameter, in some order.
    hidden: u64,
    met_unknown: bool,
}

impl Beforehand<'_> {
    fn is_hidden(&self, load: Load, param: u8) -> bool {
        self.hidden >> ((load as u8).wrapping_mul(7).wrapping_add(param) % 64) & 1 != 0
    }
}

impl View for Beforehand<'_> {
    fn number(&mut self, load: Load, param: u8) -> Known<u64> {
        let known = self.of_record.number(load, param);
        self.met_unknown |= known == Known::Unknown;
        if self.is_hidden(load, param) { Known::Later } else { known }
    }

    fn text(&mut self, load: Load, param: u8) -> Known<&[u8]> {
        let hidden = self.is_hidden(load, param);
        let known = self.of_record.text(load, param);
        self.met_unknown |= known == Known::Unknown;
        if hidden { Known::Later } else { known }
    }

    fn address(&mut self, load: Load, param: u8) -> Known<Ip> {
        let known = self.of_record.address(load, param);
        self.met_unknown |= known == Known::Unknown;
        if self.is_hidden(load, param) { Known::Later } else { known }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6000))]

    #[test]
    fn what_is_foreseen_to_be_rejected_is_rejected_whatever_was_not_known_yet(
        (event, args, ret, compat, lost, wanted) in call(),
        hidden in any::<u64>(),
    ) {
        let (task, words) = task();
        let call = Call { event, nr: 0, args: args.map(|at| *at.get(&words)), ret, compat, lost };
        let bytes = built(event, &wanted);
        let program = Program::verify(bytes.as_bytes()).unwrap();
        let plain = without(&task, &call);
        let record = Record::parse(plain.as_bytes()).unwrap();
        let view = |hidden| Beforehand { of_record: RecordView::new(&record, OfProcess::UNKNOWN), hidden, met_unknown: false };
        let mut finished = view(0);
        let said = match Evaluation::of(&program, event).unwrap().go(&mut finished) {
            Step::Done(said) => said,
            Step::Later => unreachable!("a finished record has everything"),
        };
        // An unknown value keeps an event for want of an answer; but of the answers that there are, each would have rejected it.
        if foresee(&program, event, &mut view(hidden)) == Verdict::Reject {
            prop_assert!(said == Verdict::Reject || finished.met_unknown);
        }
        if said == Verdict::Reject {
            prop_assert_eq!(foresee(&program, event, &mut view(0)), Verdict::Reject);
        }
    }
}

fn openat(task: &mut FakeTask, name: &str, ret: i64) -> Call {
    let name = task.poke_str(0x9000, name);
    Call { event: id::OPENAT, nr: 257, args: [-100_i64 as u64, name, 2, 0, 0, 0], ret, compat: false, lost: false }
}

fn said(task: &FakeTask, call: &Call, wanted: &Condition) -> (Verdict, u32) {
    let bytes = built(call.event, wanted);
    let program = Program::verify(bytes.as_bytes()).unwrap();
    let [said, paths_first] = [false, true].map(|paths_first| while_it_happens(task, &program, call, paths_first));
    assert_eq!(said, paths_first);
    (said.0, said.2)
}

const FLAGS: Operand = Operand::param(Load::Number, 3);
const NAME: Operand = Operand::param(Load::Path, 2);

#[test]
fn what_registers_and_the_task_tell_needs_no_room() {
    let mut task = FakeTask::new();
    let call = openat(&mut task, "x", 3);
    for (wanted, expected) in [
        (Condition::test(FLAGS, Is::Masked { mask: 3, value: 2 }), Verdict::Keep),
        (Condition::test(FLAGS, Is::Masked { mask: 3, value: 1 }), Verdict::Reject),
        (Condition::test(Operand::param(Load::FdNumber, 0), Is::AtMostSigned(-1)), Verdict::Reject),
        (Condition::test(Operand::event(Load::Uid), Is::Equal(0)), Verdict::Reject),
        (Condition::test(Operand::event(Load::Comm), Is::Text(b"prog".to_vec())), Verdict::Keep),
    ] {
        assert_eq!(said(&task, &call, &wanted), (expected, 0));
    }
    let cgroup = Condition::test(Operand::event(Load::Cgroup), Is::Equal(10));
    assert_eq!(said(&task, &call, &cgroup), (Verdict::Reject, 1));
}

#[test]
fn the_path_of_what_was_opened_is_the_kernels_not_the_callers() {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/shadow");
    let call = openat(&mut task, "innocent", 3);
    let shadow = Condition::test(NAME, Is::TextAmong(vec![b"/etc/shadow".to_vec()]));
    assert_eq!(said(&task, &call, &shadow).0, Verdict::Keep);
    let innocent = Condition::test(NAME, Is::Suffix(b"/innocent".to_vec()));
    assert_eq!(said(&task, &call, &innocent).0, Verdict::Reject);
    let failed = openat(&mut task, "innocent", -2);
    assert_eq!(said(&task, &failed, &innocent).0, Verdict::Keep);
    let raw = Condition::test(Operand::param(Load::RawPath, 2), Is::Text(b"innocent".to_vec()));
    assert_eq!(said(&task, &call, &raw).0, Verdict::Keep);
}

#[test]
fn what_cannot_be_read_keeps_the_event_and_the_descriptor_of_a_failed_open_is_surely_none() {
    let mut task = FakeTask::new();
    let unreadable = Call { args: [-100_i64 as u64, 0xdead_0000, 0, 0, 0, 0], ..openat(&mut task, "x", -14) };
    let path = Condition::test(NAME, Is::Text(b"/etc/shadow".to_vec()));
    assert_eq!(said(&task, &unreadable, &path).0, Verdict::Keep);
    assert_eq!(said(&task, &unreadable, &Condition::not(path)).0, Verdict::Keep);
    let opened = Condition::test(Operand::param(Load::FdPath, 0), Is::There);
    assert_eq!(said(&task, &unreadable, &opened).0, Verdict::Reject);
}

#[test]
fn the_path_of_what_was_opened_keeps_an_event_whose_arguments_are_lost() {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/hostname");
    let lost = Call { lost: true, ..openat(&mut task, "/etc/hostname", 3) };
    assert_eq!(said(&task, &lost, &Condition::test(NAME, Is::Text(b"/etc/shadow".to_vec()))).0, Verdict::Keep);
}

#[test]
fn a_path_that_was_cut_keeps_the_event() {
    let mut task = FakeTask::new();
    let call = openat(&mut task, &"/a".repeat(PATH_MAX), -36);
    for operand in [NAME, Operand::param(Load::RawPath, 2)] {
        let wanted = Condition::test(operand, Is::Text(b"/etc/shadow".to_vec()));
        assert_eq!(said(&task, &call, &wanted).0, Verdict::Keep);
    }
}

#[test]
fn what_the_process_table_is_made_from_is_always_kept() {
    let mut task = FakeTask::new();
    let mut builder = Builder::new();
    for event in [id::EXECVE, id::PROCEXIT, id::CLONE] {
        builder.section(event, &Condition::Never).unwrap();
    }
    let bytes = builder.finish().unwrap();
    let program = Program::verify(bytes.as_bytes()).unwrap();
    let mut buf = buffer();
    let mut judged = |fill: &dyn Fn(&mut [u8]) -> usize| {
        let len = fill(buf.as_mut_slice().as_mut_bytes());
        judge(&program, &Record::parse(&buf.as_bytes()[..len]).unwrap(), OfProcess::UNKNOWN)
    };
    let exec = judged(&|buf| fill::process_exec(&FakeTask::new(), id::EXECVE, b"/bin/x", false, STAMP, buf).unwrap());
    let exit = judged(&|buf| fill::process_exit(&FakeTask::new(), fill::Exit::default(), STAMP, buf).unwrap());
    assert_eq!((exec, exit), (Verdict::Keep, Verdict::Keep));
    let name = task.poke_str(0x1000, "/bin/none");
    let failed = Call { event: id::EXECVE, nr: 59, args: [name, 0, 0, 0, 0, 0], ret: -2, compat: false, lost: false };
    assert_eq!(judged(&|buf| fill::syscall_exit(&task, &failed, STAMP, buf).unwrap()), Verdict::Reject);
}

#[test]
fn registers_alone_reject_what_they_can() {
    let (mut task, _) = task();
    let written = Condition::test(FLAGS, Is::AnyBits(1));
    let shadow = Condition::test(Operand::param(Load::Path, 2), Is::Text(b"/etc/shadow".to_vec()));
    let wanted = Condition::all([written, shadow]);
    let bytes = built(id::OPENAT, &wanted);
    let program = Program::verify(bytes.as_bytes()).unwrap();
    let mut call = openat(&mut task, "/etc/shadow", 3);
    assert_eq!(Evaluation::early(&program, id::OPENAT, &Registers::of(call.args, call.ret)), Early::Rejected);
    call.args[2] = 1;
    let Early::Undecided(reached) = Evaluation::early(&program, id::OPENAT, &Registers::of(call.args, call.ret)) else {
        panic!("the path decides")
    };
    assert_ne!(reached, Reached::default());
    assert_eq!(while_it_happens(&task, &program, &call, true).0, Verdict::Keep);
}

#[test]
fn of_several_that_are_enough_those_that_begin_with_a_register_come_first() {
    let (mut task, _) = task();
    let written = Condition::test(FLAGS, Is::AnyBits(1));
    let wanted = Condition::any([
        Condition::test(Operand::param(Load::Path, 2), Is::Text(b"/etc/shadow".to_vec())),
        Condition::all([written, Condition::test(Operand::param(Load::Path, 2), Is::Prefix(b"/etc/".to_vec()))]),
    ]);
    let bytes = built(id::OPENAT, &wanted);
    let program = Program::verify(bytes.as_bytes()).unwrap();
    let call = openat(&mut task, "/etc/hosts", -2);
    let Early::Undecided(reached) = Evaluation::early(&program, id::OPENAT, &Registers::of(call.args, call.ret)) else {
        panic!("the path decides")
    };
    assert_ne!(reached, Reached::default());
    assert_eq!(while_it_happens(&task, &program, &call, true).0, Verdict::Reject);
}

/// A kernel that counts what it is asked for.
struct Counting<'a>(&'a FakeTask, Cell<u32>);

impl Kernel for Counting<'_> {
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
        self.0.read_user(address, buf)
    }

    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        self.1.set(self.1.get() + 1);
        self.0.read_user_string(address, buf)
    }

    fn task_context(&self, out: &mut TaskContext) {
        self.1.set(self.1.get() + 1);
        self.0.task_context(out)
    }

    fn task_path(&self, which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
        self.1.set(self.1.get() + 1);
        self.0.task_path(which, buf)
    }

    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        self.1.set(self.1.get() + 1);
        self.0.describe_fd(fd, head, tail)
    }

    fn image(&self, out: &mut ProcessImage) {
        self.0.image(out)
    }

    fn process_strings(&self, which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        self.0.process_strings(which, buf)
    }

    fn listen_queue(&self, fd: i32) -> Result<ListenQueue, Unavailable> {
        self.0.listen_queue(fd)
    }
}

#[test]
fn a_path_is_asked_for_once_and_nothing_else() {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/hostname");
    let stat = Call {
        event: id::STAT,
        nr: 4,
        args: [task.poke_str(0x9100, "/etc/hostname"), 0, 0, 0, 0, 0],
        ..openat(&mut task, "x", 0)
    };
    let read = Condition::test(FLAGS, Is::Masked { mask: 3, value: 2 });
    let opened = |is| Condition::test(NAME, is);
    let names = Is::TextAmong(vec![b"/etc/shadow".to_vec(), b"/etc/passwd".to_vec()]);
    let by_the_kernel = Condition::any([
        opened(names.clone()),
        Condition::all([read, opened(Is::PathPrefixAmong(vec![b"/usr".to_vec()]))]),
        Condition::all([
            Condition::test(Operand::param(Load::FdKind, 0), Is::Among(vec![1, 3])),
            opened(Is::Contains(b"/.ssh/".to_vec())),
        ]),
    ]);
    let by_the_caller = Condition::test(Operand::param(Load::Path, 1), names);
    for (call, wanted) in [(openat(&mut task, "/x", 3), by_the_kernel), (stat, by_the_caller)] {
        let bytes = built(call.event, &wanted);
        let program = Program::verify(bytes.as_bytes()).unwrap();
        let counting = Counting(&task, Cell::new(0));
        let mut buf = buffer();
        let mut out =
            RecordWriter::begin(buf.as_mut_slice().as_mut_bytes(), recipe(call.event).unwrap().sources.len()).unwrap();
        let mut evaluation = Evaluation::of(&program, call.event).unwrap();
        let step = evaluation.by_path(&counting, &Registers::of(call.args, call.ret), &mut out);
        assert_eq!((step, counting.1.get()), (Step::Done(Verdict::Reject), 1));
    }
}

#[test]
fn what_a_path_was_asked_for_is_not_asked_again_for_the_record() {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/hostname");
    let call = openat(&mut task, "/x", 3);
    let is = |path: &str| Condition::test(NAME, Is::Text(path.into()));
    // Names of processes are asked for last.
    let name = Condition::test(Operand::event(Load::ProcessName), Is::Text(b"cat".to_vec()));
    for (wanted, expected) in [
        (is("/etc/hostname"), Step::Done(Verdict::Keep)),
        (Condition::any([is("/etc/shadow"), Condition::all([is("/etc/hostname"), name])]), Step::Later),
    ] {
        let bytes = built(call.event, &wanted);
        let program = Program::verify(bytes.as_bytes()).unwrap();
        let mut buf = buffer();
        let mut out =
            RecordWriter::begin(buf.as_mut_slice().as_mut_bytes(), recipe(call.event).unwrap().sources.len()).unwrap();
        let mut evaluation = Evaluation::of(&program, call.event).unwrap();
        let registers = Registers::of(call.args, call.ret);
        assert_eq!(evaluation.by_path(&task, &registers, &mut out), expected);
        assert_eq!(out.written(0).and_then(|fd| fd.fd()).unwrap().path, b"/etc/hostname");
        let len = fill::unpacked_exit(&task, &call, Flags::default(), 1, STAMP, &mut out).unwrap();
        assert_eq!(buf.as_slice().as_bytes()[..len], *without(&task, &call).as_bytes());
    }
}
