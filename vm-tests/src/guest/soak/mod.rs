//! A soak: a daemon under mixed load for as long as one likes, while rules change and are broken, outputs fail, and daemons are
//! stopped and killed, at moments that come from a seed.
//!
//! ```text
//!  two loads open files, each file once ─▶ module ─▶ daemon ─▶ alert file ─▶ Account
//!  one starts programs                                ├──────▶ syslog     ─▶ Account
//!                                                     └──────▶ socket     ─▶ two RecordReaders
//!                          Play: what goes wrong next ──┘
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `random.rs` | what the seed gives |
//! | `play.rs` | what goes wrong, and what is mended |
//! | `ends.rs` | the two ends: `file.rs`, the alert file, and `syslog.rs`, the syslog server |
//! | `account.rs` | which alerts came at one of them, how often, and whether it may be so |
//! | `reader.rs` | programs that read records from the daemon's socket |
//! | `memory.rs` | the daemon's memory |
//!
//! What is promised: every file that was opened has its alert, once and in order, at both outputs. What a daemon that was killed may
//! have done to that is laid at the very moment at which it was, and is bounded (`account.rs`); what a daemon says that it lost is
//! excused by its count; nothing else is. A program that reads records gets them in their order, without a gap that it is not told of.
//! Figures that daemons give when they are stopped agree with what came. The kernel dropped
//! nothing. A daemon's memory stays below a bound, and the daemon that lives through the second half, in which none is killed or
//! stopped, does not grow (which takes a soak of ten minutes to say).

mod account;
mod ends;
mod file;
mod memory;
mod play;
mod random;
mod reader;
mod syslog;

use super::failure::{Outcome, ensure};
use super::port::Port;
use super::{load, module};
use crate::protocol::Word;
use crate::scenarios::load_rules;
use play::Play;
use random::Random;
use std::time::{Duration, Instant};

/// Where all of it is.
const FOLDER: &str = "/run/soak";

/// Makes the loads stop.
const STOP: &str = "/run/soak/stop";

/// Microseconds from one file that a load opens to the next.
const PAUSE_US: &str = "3000";

/// How often it is said how things go.
const REPORT: Duration = Duration::from_secs(30);

/// How long it may take until the next alert comes that nothing holds up any more: longer than an output waits before it tries again.
const QUIET: Duration = Duration::from_secs(25);

/// How long anything else of the daemon's may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Soaks, and says how it went. True if all was well.
pub fn run(port: &mut Port, seconds: u64, seed: u64) -> bool {
    match soak(port, Duration::from_secs(seconds), seed) {
        Ok(()) => true,
        Err(failure) => {
            port.say(&Word::Fail(failure.0));
            false
        }
    }
}

fn soak(port: &mut Port, time: Duration, seed: u64) -> Outcome {
    std::fs::create_dir_all(FOLDER)?;
    load_rules::prepare()?;
    module::load("ring_kib=16384 retention_ms=120000")?;
    let mut play = Play::begin(Random::new(seed))?;
    let seconds = time.as_secs().to_string();
    let mut programs = load::start("mixed", 1, &[&seconds, "200"])?;
    let mut loads = Vec::new();
    for (cpu, folder) in (0..).zip(load_rules::FOLDERS) {
        loads.push(load::start("opens-until", cpu, &[folder, PAUSE_US, STOP])?);
    }
    let outcome = go_on(port, &mut play, time);
    // Whatever became of it, the loads end.
    programs.kill()?;
    programs.wait()?;
    std::fs::write(STOP, "")?;
    loads.into_iter().try_for_each(load::finish)?;
    outcome?;
    let opened = load_rules::FOLDERS.map(|folder| {
        let count = std::fs::read_to_string(format!("{folder}.count")).unwrap_or_default();
        count.parse::<usize>().unwrap_or(0)
    });
    ensure(opened.iter().all(|count| *count > 0), || format!("the loads opened {opened:?} files"))?;
    play.mend_all()?;
    play.wait_for_the_rest(opened)?;
    let lines = play.verify(opened)?;
    lines.into_iter().for_each(|line| port.say(&Word::Say(line)));
    module::unload()?;
    Ok(())
}

fn go_on(port: &mut Port, play: &mut Play, time: Duration) -> Outcome {
    let begin = Instant::now();
    let mut report = begin + REPORT;
    while begin.elapsed() < time {
        if begin.elapsed() >= time / 2 {
            play.let_live();
        }
        let said = play.act()?;
        port.say(&Word::Say(format!("{:>5} s: {said}", begin.elapsed().as_secs())));
        let pause = play.random().between(300, 2500);
        play.go_on(Duration::from_millis(pause))?;
        if Instant::now() >= report {
            report += REPORT;
            port.say(&Word::Say(format!("{:>5} s: {}", begin.elapsed().as_secs(), play.report())));
        }
    }
    Ok(())
}
