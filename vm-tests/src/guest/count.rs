//! Counts what the module and the eBPF probe cost, in a machine whose nanoseconds are instructions; and what the daemon needs.

use super::consumer::{Consumer, Loaded};
use super::daemon::{DEFAULT_RULES, Daemon};
use super::failure::{Doing, Outcome, ensure};
use super::port::Port;
use super::{module, raw};
use crate::protocol::Word;
use kestrel::sources::{EbpfSource, Source};
use kestrel_core::filter::Load as Field;
use kestrel_core::filter::build::{Builder, Bytes, Condition, Is, Operand};
use kestrel_core::schema::{EventId, EventSet, id};
use std::ffi::CStr;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsFd;
use std::process::Command;
use std::time::{Duration, Instant};

/// Calls in a repetition.
const CALLS: u32 = 2_000;

/// Programs that are started in a repetition.
const PROGRAMS: u32 = 20;

/// Repetitions; the least of them is the figure: what is more was an interrupt's.
const REPETITIONS: u32 = 12;

/// Room for every record of all repetitions of an act, since nobody reads while they are counted.
const RING_KIB: u32 = 65536;

/// How often the clock is looked at until it is taken to be steady.
const LOOKS: u32 = 40;

/// The task.
pub fn run(port: &mut Port) -> bool {
    match count(port) {
        Ok(()) => true,
        Err(failure) => {
            port.say(&Word::Say(format!("counting failed: {failure}")));
            false
        }
    }
}

fn count(port: &mut Port) -> Outcome {
    settle()?;
    let acts = Acts::prepare()?;
    acts.measure(port, "without the module")?;
    module::load(&format!("ring_kib={RING_KIB}"))?;
    acts.measure(port, "module loaded, nobody records")?;
    let mut consumer = Consumer::open()?;
    consumer.ask_for([id::MOUNT])?;
    consumer.start()?;
    acts.measure(port, "recording, none of this asked for")?;
    consumer.ask_for(ASKED)?;
    let program = filter()?;
    ensure(consumer.load(program.as_bytes()) == Loaded::Yes, || "the program is refused".to_owned())?;
    acts.measure_recorded(port, "asked for, with a program", || dropped_of(&mut consumer))?;
    ensure(consumer.load(&[]) == Loaded::Yes, || "the program does not go".to_owned())?;
    acts.measure_recorded(port, "recorded", || dropped_of(&mut consumer))?;
    consumer.stop()?;
    drop(consumer);
    module::unload().doing("cannot unload the module")?;
    // The registers of other processors it does not read.
    if cfg!(target_arch = "x86_64") {
        count_probe(port, &acts, program.as_bytes())?;
    }

    module::load("")?;
    let daemon = Daemon::start(&[DEFAULT_RULES], &[])?;
    // It has scanned /proc and waits.
    std::thread::sleep(Duration::from_millis(500));
    for (name, key) in [
        ("daemon, resident memory (KiB)", "VmRSS:"),
        ("daemon, resident memory at most (KiB)", "VmHWM:"),
        ("daemon, resident memory of its own, not of the file (KiB)", "RssAnon:"),
    ] {
        figure(port, name, daemon.memory_kib(key)?);
    }
    figure(port, "daemon, from start to ready (thousands of instructions)", daemon.startup.as_micros() as u64);
    let ended = daemon.stop()?;
    ensure(ended.status.success(), || format!("the daemon ended with {}:\n{}", ended.status, ended.log))?;
    module::unload().doing("cannot unload the module")
}

/// Reads what a module recorded; gives how much had no room.
fn dropped_of(consumer: &mut Consumer) -> Outcome<u64> {
    consumer.drain(|_, _| {})?;
    Ok(consumer.counters().iter().map(|counters| counters.dropped()).sum())
}

/// Reads what the probe recorded; gives how much had no room.
fn dropped_of_probe(probe: &mut EbpfSource) -> Outcome<u64> {
    while probe.next().map_err(|error| error.to_string())?.is_some() {}
    probe.release();
    Ok(probe.counters().dropped())
}

/// The same with the eBPF probe, as the daemon loads it.
fn count_probe(port: &mut Port, acts: &Acts, program: &[u8]) -> Outcome {
    let told = |error: &dyn std::error::Error| error.to_string();
    let begin = Instant::now();
    let mut probe = EbpfSource::open(RING_KIB, None).map_err(|error| told(&error))?;
    figure(port, "probe, loading it (thousands of instructions)", begin.elapsed().as_micros() as u64);
    let begin = Instant::now();
    probe.start(&[id::MOUNT].into_iter().collect()).map_err(|error| told(&error))?;
    figure(port, "probe, attaching it (thousands of instructions)", begin.elapsed().as_micros() as u64);
    acts.measure(port, "probe recording, none of this asked for")?;
    probe.set_program(program).map_err(|error| told(&error))?;
    let asked: EventSet = ASKED.into_iter().collect();
    probe.set_interest(&asked).map_err(|error| told(&error))?;
    acts.measure_recorded(port, "asked for of the probe, with a program", || dropped_of_probe(&mut probe))?;
    probe.set_program(&[]).map_err(|error| told(&error))?;
    acts.measure_recorded(port, "recorded by the probe", || dropped_of_probe(&mut probe))?;
    probe.stop().map_err(|error| told(&error))?;
    Ok(())
}

/// Waits until the kernel has found out how fast its clock goes: before that, nanoseconds are not instructions.
fn settle() -> Outcome {
    let look = || {
        least(CALLS, || {
            raw::getppid();
            true
        })
    };
    let mut same = 0;
    let mut last = look()?;
    for _ in 0..LOOKS {
        std::thread::sleep(Duration::from_millis(250));
        let now = look()?;
        same = if now.abs_diff(last) * 100 <= last { same + 1 } else { 0 };
        last = now;
        if same >= 8 {
            return Ok(());
        }
    }
    Err("the clock does not become steady".into())
}

fn figure(port: &mut Port, name: &str, value: u64) {
    port.say(&Word::Figure { name: name.to_owned(), value });
}

/// The events of what is counted.
const ASKED: [EventId; 12] = [
    id::GETPPID,
    id::READ,
    id::WRITE,
    id::STAT,
    id::OPENAT,
    id::CONNECT,
    id::CLONE,
    id::CLONE3,
    id::VFORK,
    id::EXECVE,
    id::EXECVEAT,
    id::PROCEXIT,
];

/// A file that the program names, and one that it does not.
const NAMED: &CStr = c"/etc/shadow";
const HARMLESS: &CStr = c"/etc/hostname";

/// A program such as rules ask for: by numbers, by paths, by address.
fn filter() -> Outcome<Bytes> {
    let text = |text: &str| text.as_bytes().to_vec();
    let number = |param, is| Condition::test(Operand::param(Field::Number, param), is);
    let opened = |is| Condition::test(Operand::param(Field::Path, 2), is);
    let files =
        ["passwd", "shadow", "gshadow", "sudoers", "ld.so.preload", "crontab", "hosts", "fstab", "inittab", "profile"];
    let sensitive = files.iter().map(|file| format!("/etc/{file}").into_bytes()).collect();
    let folders =
        ["/bin", "/boot", "/lib", "/sbin", "/usr/bin", "/usr/lib", "/usr/sbin", "/root", "/etc/cron.d", "/etc/ssl"];
    let written =
        Condition::any([number(3, Is::Masked { mask: 3, value: 1 }), number(3, Is::Masked { mask: 3, value: 2 })]);
    let open = Condition::all([
        Condition::not(Condition::test(Operand::event(Field::Flags), Is::AnyBits(1))),
        Condition::any([
            opened(Is::TextAmong(sensitive)),
            Condition::all([written, opened(Is::PathPrefixAmong(folders.iter().map(|folder| text(folder)).collect()))]),
        ]),
    ]);
    let stat =
        Condition::test(Operand::param(Field::Path, 1), Is::TextAmong(vec![text("/etc/shadow"), text("/root/.ssh")]));
    let connect = Condition::all([
        Condition::test(Operand::param(Field::RemotePort, 1), Is::Among(vec![22, 23, 3333, 4444, 6667])),
        Condition::not(Condition::test(
            Operand::param(Field::RemoteAddress, 1),
            Is::InNetworks(vec![(Ipv4Addr::new(10, 0, 0, 0).into(), 8)]),
        )),
    ]);
    let mut builder = Builder::new();
    for (event, wanted) in [
        (id::GETPPID, number(0, Is::Equal(u64::MAX))),
        (id::READ, number(3, Is::Equal(1 << 30))),
        (id::WRITE, number(3, Is::Equal(1 << 30))),
        (id::STAT, stat),
        (id::OPENAT, open),
        (id::CONNECT, connect),
    ] {
        builder.section(event, &wanted).map_err(|error| error.to_string())?;
    }
    Ok(builder.finish().map_err(|error| error.to_string())?)
}

/// What is counted.
struct Acts {
    zero: File,
    null: File,
    socket: UdpSocket,
}

impl Acts {
    fn prepare() -> Outcome<Acts> {
        Ok(Acts {
            zero: File::open("/dev/zero")?,
            null: File::options().write(true).open("/dev/null")?,
            socket: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
        })
    }

    fn measure(&self, port: &mut Port, state: &str) -> Outcome {
        self.each(|name, cost| {
            figure(port, &format!("{name}, {state}"), cost);
            Ok(())
        })
    }

    /// Nobody reads while it is counted; that there was room for all is checked, because a record without room costs less.
    fn measure_recorded(&self, port: &mut Port, state: &str, mut read_all: impl FnMut() -> Outcome<u64>) -> Outcome {
        self.each(|name, cost| {
            figure(port, &format!("{name}, {state}"), cost);
            let dropped = read_all()?;
            ensure(dropped == 0, || format!("{name}: {dropped} records had no room"))
        })
    }

    fn each(&self, mut tell: impl FnMut(&str, u64) -> Outcome) -> Outcome {
        let target = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 53);
        tell(
            "getppid",
            least(CALLS, || {
                raw::getppid();
                true
            })?,
        )?;
        tell("read of a byte", least(CALLS, || raw::read_byte(self.zero.as_fd()))?)?;
        tell("write of a byte", least(CALLS, || raw::write_byte(self.null.as_fd()))?)?;
        tell("stat", least(CALLS, || raw::stat(HARMLESS))?)?;
        tell("openat and close", least(CALLS, || raw::open_and_close(HARMLESS))?)?;
        tell("openat and close of a file that is named", least(CALLS, || raw::open_and_close(NAMED))?)?;
        tell("connect (UDP)", least(CALLS, || raw::connect(self.socket.as_fd(), &target))?)?;
        tell(
            "fork, exec, exit and wait",
            least(PROGRAMS, || Command::new("/bin/true").status().is_ok_and(|status| status.success()))?,
        )
    }
}

/// The least number of instructions that a call took in a repetition, rounded.
fn least(calls: u32, call: impl Fn() -> bool) -> Outcome<u64> {
    let mut least = u64::MAX;
    for _ in 0..REPETITIONS {
        let begin = Instant::now();
        let mut well = true;
        for _ in 0..calls {
            well &= call();
        }
        let took = begin.elapsed().as_nanos() as u64;
        ensure(well, || "a call failed".to_owned())?;
        least = least.min((took + u64::from(calls) / 2) / u64::from(calls));
    }
    Ok(least)
}
