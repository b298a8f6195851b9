//! Counts what the module costs, in a machine whose nanoseconds are instructions; and what the daemon needs.

use super::daemon::{DEFAULT_RULES, Daemon, PROGRAM};
use super::failure::{Doing, Outcome, ensure};
use super::port::Port;
use super::{module, raw};
use crate::protocol::Word;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Calls in a repetition.
const CALLS: u32 = 5_000;

/// Repetitions; the least of them is the figure: what is more was an interrupt's.
const REPETITIONS: u32 = 12;

/// Room for every record of all repetitions, since nobody reads while they are counted. That it was enough is checked.
const PARAMETERS: &str = "ring_kib=65536";

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
    measure(port, "without the module")?;
    module::load(PARAMETERS)?;
    measure(port, "module loaded, nobody records")?;
    let idle = Recorder::start(&["procexit"])?;
    measure(port, "recording, this call not asked for")?;
    idle.stop()?;
    let busy = Recorder::start(&["getppid", "openat"])?;
    measure(port, "recorded")?;
    busy.stop()?;
    module::unload().doing("cannot unload the module")?;

    module::load("")?;
    let daemon = Daemon::start(&[DEFAULT_RULES], &[])?;
    // It has scanned /proc and waits.
    std::thread::sleep(Duration::from_millis(500));
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).doing("the daemon's status")?;
    for (name, key) in [
        ("daemon, resident memory (KiB)", "VmRSS:"),
        ("daemon, resident memory at most (KiB)", "VmHWM:"),
        ("daemon, resident memory of its own, not of the file (KiB)", "RssAnon:"),
    ] {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        let value = line.trim().trim_end_matches(" kB").parse().unwrap_or(0);
        figure(port, name, value);
    }
    figure(port, "daemon, from start to ready (thousands of instructions)", daemon.startup.as_micros() as u64);
    let ended = daemon.stop()?;
    ensure(ended.status.success(), || format!("the daemon ended with {}:\n{}", ended.status, ended.log))?;
    module::unload().doing("cannot unload the module")
}

/// Waits until the kernel has found out how fast its clock goes: before that, nanoseconds are not instructions.
fn settle() -> Outcome {
    let look = || {
        least(|| {
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

fn measure(port: &mut Port, state: &str) -> Outcome {
    let getppid = least(|| {
        raw::getppid();
        true
    })?;
    figure(port, &format!("getppid, {state}"), getppid);
    let open = least(|| raw::open_and_close(c"/etc/hostname"))?;
    figure(port, &format!("openat and close, {state}"), open);
    Ok(())
}

/// The least number of instructions that a call took in a repetition, rounded.
fn least(call: impl Fn() -> bool) -> Outcome<u64> {
    let mut least = u64::MAX;
    for _ in 0..REPETITIONS {
        let begin = Instant::now();
        let mut well = true;
        for _ in 0..CALLS {
            well &= call();
        }
        let took = begin.elapsed().as_nanos() as u64;
        ensure(well, || "a call failed".to_owned())?;
        least = least.min((took + u64::from(CALLS) / 2) / u64::from(CALLS));
    }
    Ok(least)
}

const RECORDER_LOG: &str = "/run/recorder.log";

/// A daemon that records and does not read: it is stopped, so that it takes no instruction.
#[derive(Debug)]
struct Recorder(Child);

impl Recorder {
    fn start(events: &[&str]) -> Outcome<Recorder> {
        let child = Command::new(PROGRAM)
            .arg("dump")
            .args(events)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(RECORDER_LOG)?)
            .spawn()
            .doing(PROGRAM)?;
        let recorder = Recorder(child);
        let end = Instant::now() + Duration::from_secs(60);
        while !std::fs::read_to_string(RECORDER_LOG).is_ok_and(|text| text.contains("recording")) {
            if Instant::now() > end {
                return Err("the recorder does not record".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        recorder.signal(Signal::SIGSTOP)?;
        Ok(recorder)
    }

    fn signal(&self, signal: Signal) -> Outcome {
        Ok(kill(Pid::from_raw(self.0.id().cast_signed()), signal)?)
    }

    fn stop(mut self) -> Outcome {
        self.signal(Signal::SIGTERM)?;
        self.signal(Signal::SIGCONT)?;
        let status = self.0.wait()?;
        let log = std::fs::read_to_string(RECORDER_LOG)?;
        ensure(status.success(), || format!("the recorder ended with {status}:\n{log}"))?;
        // A record that finds no room costs less than one that is written.
        ensure(log.contains(" 0 dropped"), || format!("not everything was recorded:\n{log}"))
    }
}
