//! Load: programs that make many system calls, on a CPU of their own.

use super::failure::{Doing, Outcome, ensure};
use nix::errno::Errno;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The program under the name that makes load.
pub const PROGRAM: &str = "/usr/bin/load";

/// The program under the name that starts others.
pub const STORM: &str = "/usr/bin/storm";

/// How long a CPU may be away before a program is bound to it.
const AWAY: Duration = Duration::from_secs(20);

/// Binds this program to a CPU, which may be switched off and on meanwhile.
fn bind(cpu: usize) -> Outcome {
    let mut one = CpuSet::new();
    one.set(cpu)?;
    let end = Instant::now() + AWAY;
    loop {
        match sched_setaffinity(Pid::from_raw(0), &one) {
            Err(Errno::EINVAL) if Instant::now() < end => std::thread::sleep(Duration::from_millis(1)),
            bound => return bound.doing(format!("cannot run on CPU {cpu}")),
        }
    }
}

/// An act of load: `opens CPU FOLDER COUNT PAUSE_US`, `opens-until CPU FOLDER PAUSE_US FILE`, `storm CPU COUNT PROGRAM`,
/// `mixed CPU SECONDS [PAUSE_MS]`, or `reads CPU SECONDS`.
///
/// # Errors
/// What the system said.
pub fn act(words: &[&str]) -> Outcome {
    let [kind, cpu, rest @ ..] = words else { return Err("load of what, on which CPU?".into()) };
    bind(number(cpu)? as usize)?;
    match (*kind, rest) {
        ("opens", [folder, count, pause]) => opens(folder, number(count)?, Duration::from_micros(number(pause)?)),
        ("opens-until", [folder, pause, file]) => {
            opens_until(folder, Duration::from_micros(number(pause)?), Path::new(file))
        }
        ("storm", [count, program]) => {
            for _ in 0..number(count)? {
                Command::new(program).stdin(Stdio::null()).status().doing(program)?;
            }
            Ok(())
        }
        ("mixed", [seconds]) => mixed(Duration::from_secs(number(seconds)?), Duration::ZERO),
        ("mixed", [seconds, pause]) => {
            mixed(Duration::from_secs(number(seconds)?), Duration::from_millis(number(pause)?))
        }
        ("reads", [seconds]) => reads(Duration::from_secs(number(seconds)?)),
        _ => Err("no such load".into()),
    }
}

fn number(text: &str) -> Outcome<u64> {
    text.parse().map_err(|_| format!("{text}: not a number").into())
}

/// Opens `FOLDER/0`, `FOLDER/1`, …: each exactly once, so that each can be looked for.
fn opens(folder: &str, count: u64, pause: Duration) -> Outcome {
    (0..count).try_for_each(|index| open(folder, index, pause))
}

/// The same until there is a file; then says in `FOLDER.count` how many there were.
fn opens_until(folder: &str, pause: Duration, file: &Path) -> Outcome {
    let mut count = 0;
    while !file.exists() {
        open(folder, count, pause)?;
        count += 1;
    }
    let path = format!("{folder}.count");
    std::fs::write(&path, count.to_string()).doing(path)
}

fn open(folder: &str, index: u64, pause: Duration) -> Outcome {
    let path = format!("{folder}/{index}");
    File::create(&path).doing(&path)?;
    std::fs::remove_file(&path).doing(&path)?;
    if !pause.is_zero() {
        std::thread::sleep(pause);
    }
    Ok(())
}

/// Opens, forks, executes and ends processes for a while, so that every tracepoint is under load.
fn mixed(time: Duration, pause: Duration) -> Outcome {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for _ in 0..200 {
            drop(File::open("/etc/hostname")?);
        }
        Command::new("/bin/true").status().doing("/bin/true")?;
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    Ok(())
}

/// Opens files for reading for a while, as fast as it goes: those that are there, and those that are not.
fn reads(time: Duration) -> Outcome {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for _ in 0..100 {
            drop(File::open("/etc/hostname")?);
            drop(File::open("/usr/bin/load")?);
            ensure(File::open("/usr/lib/no-such-file").is_err(), || "there is such a file".to_owned())?;
        }
    }
    Ok(())
}

/// Starts load of a kind on a CPU.
///
/// # Errors
/// If it cannot be started.
pub fn start(kind: &str, cpu: u32, rest: &[&str]) -> Outcome<Child> {
    let program = if kind == "storm" { STORM } else { PROGRAM };
    let cpu = cpu.to_string();
    let mut command = Command::new(program);
    command.args(["load", kind, &cpu]).args(rest).stdin(Stdio::null()).stdout(Stdio::null());
    command.spawn().doing(program)
}

/// Waits for load to end, which must be a success.
///
/// # Errors
/// If it is none.
pub fn finish(mut child: Child) -> Outcome {
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("the load ended with {status}").into()) }
}
