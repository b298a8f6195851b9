//! The prefilter in the kernel: what a program rejects leaves no record, what it keeps is the same record, and nothing is lost
//! when programs change.

use super::Scenario;
use crate::guest::consumer::{Consumer, Loaded};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{load, module};
use kestrel_core::abi::{EventCounts, Mark};
use kestrel_core::event::Record;
use kestrel_core::filter::build::{Builder, Bytes, Condition, Is, Operand};
use kestrel_core::filter::{Load, Part, Program, Refused, Why};
use kestrel_core::schema::{EventId, id};
use nix::errno::Errno;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use zerocopy::IntoBytes;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps(
        "filter-verdicts",
        "a program in the kernel rejects by numbers, user, name, path, port and network, and keeps what it wants",
        verdicts,
    )
    .of_module()
    .limit(240),
    Scenario::steps(
        "filter-refused",
        "a program that is wrong is refused with its place, and the one before stays in force",
        refused,
    )
    .of_module(),
    Scenario::steps("filter-goes", "the program goes with its consumer; what is retained is a parameter", goes)
        .of_module(),
    Scenario::steps(
        "filter-marks",
        "a mark is inherited by children and their children, goes with the process, and is asked for by programs",
        marks,
    )
    .of_module(),
    Scenario::steps(
        "filter-swapped",
        "programs that are swapped under load lose nothing: every event is delivered, rejected or counted as dropped",
        swapped,
    )
    .of_module()
    .parallel()
    .limit(240),
];

/// Parameters of openat and connect that programs look at.
const OPENED: u8 = 0;
const NAME: u8 = 2;
const FLAGS: u8 = 3;
const ENDS: u8 = 1;

/// Ports that are listened at.
const PORTS: [u16; 2] = [4001, 4002];

struct Case {
    about: &'static str,
    event: EventId,
    wanted: Condition,
    kept: fn() -> Outcome,
    rejected: fn() -> Outcome,
}

fn open_shadow() -> Outcome {
    drop(File::open("/etc/shadow")?);
    Ok(())
}

fn open_hostname() -> Outcome {
    drop(File::open("/etc/hostname")?);
    Ok(())
}

fn open_nothing() -> Outcome {
    ensure(File::open("/etc/nothing").is_err(), || "there is a file of that name".to_owned())
}

fn write_file() -> Outcome {
    drop(File::create("/tmp/written")?);
    Ok(())
}

/// A descriptor that leads nowhere, and that takes no open after the first.
fn nowhere() -> Outcome<File> {
    static NOWHERE: OnceLock<File> = OnceLock::new();
    let nowhere = NOWHERE.get_or_init(|| File::options().read(true).write(true).open("/dev/null").expect("/dev/null"));
    Ok(nowhere.try_clone()?)
}

/// `cat` opens one file, and nobody opens another for it.
fn cat(user: u32) -> Outcome {
    let mut command = Command::new("/bin/cat");
    command.arg("/etc/hostname").stdin(nowhere()?).stdout(nowhere()?);
    let status = command.uid(user).status().doing("cat")?;
    ensure(status.success(), || format!("cat ended with {status}"))
}

fn connect(address: Ipv4Addr, port: u16) -> Outcome {
    TcpStream::connect((address, port)).map(drop).doing("connect")
}

fn text(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

fn cases() -> Vec<Case> {
    let of = |about, event, wanted, kept, rejected| Case { about, event, wanted, kept, rejected };
    let path = |is| Condition::test(Operand::param(Load::Path, NAME), is);
    let opens = |about, wanted| of(about, id::OPENAT, wanted, open_shadow, open_hostname);
    let many = (0..3000).map(|n| format!("/srv/file{n}").into_bytes()).chain([text("/etc/shadow")]).collect();
    vec![
        of(
            "flags",
            id::OPENAT,
            Condition::test(Operand::param(Load::Number, FLAGS), Is::Masked { mask: 3, value: 1 }),
            write_file,
            open_shadow,
        ),
        of(
            "failure",
            id::OPENAT,
            Condition::test(Operand::event(Load::Flags), Is::AnyBits(1)),
            open_nothing,
            open_shadow,
        ),
        of("user", id::OPENAT, Condition::test(Operand::event(Load::Uid), Is::Equal(1000)), || cat(1000), || cat(0)),
        of(
            "name",
            id::OPENAT,
            Condition::test(Operand::event(Load::Comm), Is::Text(text("cat"))),
            || cat(0),
            open_hostname,
        ),
        of("parent", id::OPENAT, Condition::test(Operand::event(Load::Ppid), Is::Equal(0)), open_hostname, || cat(0)),
        opens("path", path(Is::Text(text("/etc/shadow")))),
        opens("path's beginning", path(Is::PrefixAmong(vec![text("/etc/sh"), text("/root/")]))),
        opens("path among thousands", path(Is::TextAmong(many))),
        opens("pattern", path(Is::Glob(text("/*/s*w")))),
        opens(
            "name of the file",
            Condition::test(Operand::param(Load::FdPath, OPENED).part(Part::Name), Is::Text(text("shadow"))),
        ),
        of("folder", id::OPENAT, path(Is::PathPrefixAmong(vec![text("/tmp"), text("/et")])), write_file, open_hostname),
        of("path of a failed open", id::OPENAT, path(Is::Text(text("/etc/nothing"))), open_nothing, open_shadow),
        of(
            "port",
            id::CONNECT,
            Condition::test(Operand::param(Load::RemotePort, ENDS), Is::Among(vec![22, u64::from(PORTS[0])])),
            || connect(Ipv4Addr::LOCALHOST, PORTS[0]),
            || connect(Ipv4Addr::LOCALHOST, PORTS[1]),
        ),
        of(
            "network",
            id::CONNECT,
            Condition::test(
                Operand::param(Load::RemoteAddress, ENDS),
                Is::InNetworks(vec![(Ipv4Addr::new(127, 0, 1, 0).into(), 24), (Ipv4Addr::new(10, 0, 0, 0).into(), 8)]),
            ),
            || connect(Ipv4Addr::new(127, 0, 1, 7), PORTS[0]),
            || connect(Ipv4Addr::LOCALHOST, PORTS[0]),
        ),
    ]
}

pub(super) fn program(sections: &[(EventId, &Condition)]) -> Outcome<Bytes> {
    let mut builder = Builder::new();
    for (event, wanted) in sections {
        builder.section(*event, wanted).map_err(|error| error.to_string())?;
    }
    Ok(builder.finish().map_err(|error| error.to_string())?)
}

pub(super) fn loaded(consumer: &Consumer, program: &Bytes) -> Outcome {
    match consumer.load(program.as_bytes()) {
        Loaded::Yes => Ok(()),
        other => Err(format!("the program was not loaded: {other:?}").into()),
    }
}

fn verdicts(_: &mut Stage<'_>) -> Outcome {
    let _listening = PORTS
        .iter()
        .map(|port| TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)))
        .collect::<Result<Vec<_>, _>>()
        .doing("listen")?;
    module::load("")?;
    cat(0)?;
    let mut consumer = Consumer::open()?;
    consumer.start()?;
    for Case { about, event, wanted, kept, rejected } in cases() {
        consumer.ask_for([event])?;
        // Without a program both are recorded: otherwise nothing would be shown.
        ensure(consumer.load(&[]) == Loaded::Yes, || "a program cannot be taken away".to_owned())?;
        consumer.records_of(event)?;
        kept().doing(about)?;
        let plain = consumer.records_of(event)?;
        rejected().doing(about)?;
        let others = consumer.records_of(event)?;
        ensure(plain.len() == 1 && others.len() == 1, || {
            format!("{about}: {} and {} records without a program", plain.len(), others.len())
        })?;

        let rejected_before = rejections(&consumer.counts()?, event);
        loaded(&consumer, &program(&[(event, &wanted)])?)?;
        rejected().doing(about)?;
        let left = consumer.records_of(event)?;
        ensure(left.is_empty(), || format!("{about}: what nobody wants was recorded"))?;
        let counted = rejections(&consumer.counts()?, event) - rejected_before;
        ensure(counted == 1, || format!("{about}: {counted} rejections were counted"))?;
        kept().doing(about)?;
        let records = consumer.records_of(event)?;
        ensure(records.len() == 1, || format!("{about}: {} records of what is wanted", records.len()))?;
        same(about, &plain[0], &records[0])?;

        // And the other way round.
        loaded(&consumer, &program(&[(event, &Condition::not(wanted))])?)?;
        kept().doing(about)?;
        let left = consumer.records_of(event)?;
        ensure(left.is_empty(), || format!("{about}: the opposite did not reject"))?;
        rejected().doing(about)?;
        let records = consumer.records_of(event)?;
        ensure(records.len() == 1, || format!("{about}: {} records of the opposite", records.len()))?;
    }
    consumer.stop()
}

fn rejections(counts: &EventCounts, event: EventId) -> u64 {
    counts.rejected.get(usize::from(event.0)).copied().unwrap_or(0)
}

/// Two records of the same act, with a program and without one: the same but for time, number, CPU, and what another process
/// or another port makes different.
fn same(about: &str, plain: &[u64], kept: &[u64]) -> Outcome {
    let parse = |words: &[u64]| Record::parse(words.as_bytes()).map(|record| record.header().len);
    let lengths = (parse(plain), parse(kept));
    let agree = matches!(lengths, (Ok(a), Ok(b)) if a == b);
    ensure(agree, || format!("{about}: the record has another length with a program: {lengths:?}"))?;
    let parameters = |words: &[u64]| words.get(16..).map(<[u64]>::to_vec);
    let differs = !about.contains("port") && !about.contains("network") && parameters(plain) != parameters(kept);
    ensure(!differs, || format!("{about}: the record has other parameters with a program"))
}

fn refused(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    let mut consumer = Consumer::open()?;
    consumer.ask_for([id::OPENAT])?;
    consumer.start()?;
    let good = program(&[(id::OPENAT, &Condition::Never)])?;
    loaded(&consumer, &good)?;
    // Every byte of it changed in turn: the module says of each what the verifier here says.
    let mut wrong = 0;
    for at in 0..good.as_bytes().len() {
        let mut bytes = good.as_bytes().to_vec();
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 0x55;
        }
        let bytes = Bytes::copied(&bytes);
        let Err(expected) = Program::verify(bytes.as_bytes()) else { continue };
        let answer = consumer.load(bytes.as_bytes());
        ensure(answer == Loaded::Refused(expected), || format!("byte {at}: {answer:?} instead of {expected:?}"))?;
        wrong += 1;
    }
    ensure(wrong > 50, || format!("only {wrong} changes made it wrong"))?;
    let long = Bytes::copied(&vec![0; kestrel_core::filter::MAX_PROGRAM + 8]);
    for (bytes, why) in [(&good.as_bytes()[..24], Why::Length), (long.as_bytes(), Why::TooLong)] {
        let answer = consumer.load(bytes);
        ensure(answer == Loaded::Refused(Refused { why, at: 0 }), || format!("{why:?}: {answer:?}"))?;
    }
    for (address, len) in [(8, 4096), (u64::MAX - 4095, 4096), (0, 8)] {
        let answer = consumer.load_from(address, len);
        ensure(answer == Loaded::Error(Errno::EFAULT), || format!("memory at {address:#x}: {answer:?}"))?;
    }
    // The good one is in force all the while.
    consumer.records_of(id::OPENAT)?;
    open_hostname()?;
    let left = consumer.records_of(id::OPENAT)?;
    ensure(left.is_empty(), || "a refused program took the place of the one before".to_owned())?;
    consumer.stop()
}

fn goes(_: &mut Stage<'_>) -> Outcome {
    for (parameter, opens_seen) in [("", true), ("retain_all=0", false)] {
        module::load(parameter)?;
        let mut consumer = Consumer::open()?;
        consumer.ask_for([id::OPENAT, id::CHDIR])?;
        loaded(&consumer, &program(&[(id::OPENAT, &Condition::Never)])?)?;
        consumer.start()?;
        open_shadow()?;
        let left = consumer.records_of(id::OPENAT)?;
        ensure(left.is_empty(), || "the program does not judge".to_owned())?;
        // It leaves without a word.
        drop(consumer);
        std::env::set_current_dir("/tmp")?;
        std::env::set_current_dir("/")?;
        open_shadow()?;
        let mut next = Consumer::open()?;
        ensure(next.welcome.retained, || "the capture did not go on".to_owned())?;
        let (mut opens, mut moves) = (0, 0);
        next.drain(|_, record| match EventId(record.header().event) {
            id::OPENAT => opens += 1,
            id::CHDIR => moves += 1,
            _ => {}
        })?;
        ensure((opens > 0) == opens_seen, || format!("{opens} opens were retained with {parameter:?}"))?;
        ensure(moves == 2, || format!("{moves} changes of folder were retained with {parameter:?}"))?;
        next.stop()?;
        drop(next);
        module::unload().doing("cannot unload the module")?;
    }
    Ok(())
}

/// Opens the file in a child of a shell: the shell has opened nothing.
fn shell_opens(consumer: &mut Consumer) -> Outcome<usize> {
    consumer.records_of(id::OPENAT)?;
    let script = "/bin/cat /etc/hostname; true";
    let status = Command::new("/bin/sh").args(["-c", script]).stdout(nowhere()?).stdin(nowhere()?).status()?;
    ensure(status.success(), || format!("the shell ended with {status}"))?;
    Ok(consumer.records_of(id::OPENAT)?.len())
}

fn marks(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    nowhere()?;
    let mut consumer = Consumer::open()?;
    consumer.ask_for([id::OPENAT])?;
    let me = Mark { pid: std::process::id(), set: 0b101, ..Mark::default() };
    ensure(consumer.mark(&me) == Err(Errno::ENODATA), || "marks are kept without a capture".to_owned())?;
    consumer.start()?;
    let marked = |bits| Condition::test(Operand::event(Load::Marks), Is::AnyBits(bits));
    loaded(&consumer, &program(&[(id::OPENAT, &marked(0b100))])?)?;
    let none = shell_opens(&mut consumer)?;
    consumer.mark(&me)?;
    let inherited = shell_opens(&mut consumer)?;
    loaded(&consumer, &program(&[(id::OPENAT, &marked(0b010))])?)?;
    let other = shell_opens(&mut consumer)?;
    loaded(&consumer, &program(&[(id::OPENAT, &marked(0b100))])?)?;
    consumer.mark(&Mark { set: 0, clear: 0b100, ..me })?;
    let cleared = shell_opens(&mut consumer)?;
    ensure((none, inherited, other, cleared) == (0, 1, 0, 0), || {
        format!("opens without a mark {none}, inherited {inherited}, another mark {other}, cleared {cleared}")
    })?;
    // What does not run, or ran under this pid before, is refused; and so is a mark for all.
    let gone = consumer.mark(&Mark { pid: 4_000_000, set: 1, ..Mark::default() });
    let before = consumer.mark(&Mark { start_time: 1, ..me });
    let all = consumer.mark(&Mark { set: 1, ..Mark::default() });
    ensure((gone, before, all) == (Err(Errno::ESRCH), Err(Errno::ESRCH), Err(Errno::EINVAL)), || {
        format!("marks of what cannot be marked: {gone:?}, {before:?}, {all:?}")
    })?;
    // Marks that are left go with the capture.
    consumer.mark(&Mark { set: 0b100, ..me })?;
    consumer.stop()?;
    consumer.start()?;
    let after = shell_opens(&mut consumer)?;
    ensure(after == 0, || "a mark outlived its capture".to_owned())?;
    consumer.stop()
}

/// How long programs are swapped.
const SWAPPING: Duration = Duration::from_secs(8);

fn swapped(_: &mut Stage<'_>) -> Outcome {
    module::load("ring_kib=16384")?;
    let mut consumer = Consumer::open()?;
    consumer.ask_for([id::OPENAT, id::CLOSE, id::READ, id::EXECVE, id::CLONE, id::CLONE3, id::VFORK, id::PROCEXIT])?;
    consumer.start()?;
    let path = Condition::test(Operand::param(Load::Path, NAME), Is::Text(text("/etc/shadow")));
    let programs = [
        program(&[(id::OPENAT, &path), (id::CLOSE, &Condition::Never)])?,
        program(&[(id::OPENAT, &Condition::Never)])?,
        program(&[(id::OPENAT, &Condition::not(path)), (id::READ, &Condition::Never)])?,
    ];
    let seconds = SWAPPING.as_secs().to_string();
    let loads = [load::start("mixed", 0, &[&seconds])?, load::start("mixed", 1, &[&seconds])?];
    let end = Instant::now() + SWAPPING;
    let (mut swaps, mut read, mut missing) = (0_usize, 0_u64, 0_u64);
    let mut expected = vec![0; consumer.counters().len()];
    let mut count = |consumer: &mut Consumer| {
        consumer.drain(|cpu, record| {
            let next: &mut u64 = &mut expected[cpu];
            missing += record.header().seq - *next;
            *next = record.header().seq + 1;
            read += 1;
        })
    };
    while Instant::now() < end {
        match swaps % 4 {
            3 => ensure(consumer.load(&[]) == Loaded::Yes, || "a program cannot be taken away".to_owned())?,
            n => loaded(&consumer, &programs[n])?,
        }
        swaps += 1;
        count(&mut consumer)?;
    }
    for load in loads {
        load::finish(load)?;
    }
    consumer.stop()?;
    count(&mut consumer)?;
    let sum = |of: fn(&kestrel_ringbuf::Counters) -> u64| consumer.counters().iter().map(of).sum::<u64>();
    let (seen, delivered, filtered) = (sum(|c| c.seen), sum(|c| c.delivered), sum(|c| c.filtered));
    let (dropped, nested) = (sum(|c| c.dropped()), sum(|c| c.dropped_nested));
    let told = format!(
        "{swaps} swaps: seen {seen}, delivered {delivered}, filtered {filtered}, dropped {dropped}, read {read}, missing {missing}"
    );
    ensure(swaps > 20 && filtered > 100 && delivered > 100, || format!("too little happened: {told}"))?;
    ensure(seen == delivered + filtered + dropped, || format!("the accounts do not add up: {told}"))?;
    ensure(read == delivered && missing <= dropped, || format!("records are missing: {told}"))?;
    let counts = consumer.counts()?;
    let events = counts.seen.iter().sum::<u64>();
    let rejected = counts.rejected.iter().sum::<u64>();
    ensure(events == seen - nested && rejected == filtered, || format!("by event {events} and {rejected}: {told}"))
}
