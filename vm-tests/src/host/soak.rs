//! Load for a long time: the machine, and what it says of how it goes.

use super::Subject;
use super::machine::{Cpus, Line, Machine};
use super::options::Options;
use super::run::ALARMS;
use crate::protocol::{Task, Word};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time for what comes before and after the load.
const REST: Duration = Duration::from_secs(300);

/// Soaks on a kernel. True if all was well.
///
/// # Errors
/// A message if the machine cannot be started.
pub fn run(subject: &Subject, folder: &Path, options: &Options) -> Result<bool, String> {
    let seconds = options.seconds;
    let seed = options.seed.unwrap_or_else(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| u64::from(time.subsec_nanos()))
    });
    println!(
        "soaking for {seconds} s on {}; once more with: make soak SEED={seed} DURATION={seconds}",
        subject.kernel.release
    );
    let machine = Machine {
        arch: subject.kernel.arch,
        kernel: subject.kernel.image(),
        initrd: subject.image.path().to_owned(),
        memory_mib: subject.kernel.memory_mib(),
        // Daemons come and go under load, and tracepoints with them.
        cpus: Cpus::InTurns,
        task: Task::Soak { seconds, seed },
        folder: folder.to_owned(),
    };
    let mut running = machine.start()?;
    let until = Instant::now() + Duration::from_secs(seconds) + REST;
    let mut console = Vec::new();
    let mut well = true;
    while let Some(line) = running.next(until) {
        match line {
            Line::Word(Word::Say(text)) => println!("{text}"),
            Line::Word(Word::Figure { name, value }) => println!("{name}: {value}"),
            Line::Word(Word::Fail(why)) => println!("FAILED: {why}"),
            Line::Word(Word::Done(done)) => {
                println!("{}", if done && well { "the soak passed" } else { "the soak failed" });
                return Ok(done && well);
            }
            Line::Console(line) => {
                well &= !ALARMS.into_iter().any(|alarm| line.contains(alarm));
                console.push(line);
            }
            Line::Closed if running.is_off() => break,
            _ => {}
        }
    }
    println!("the machine did not get to the end; its console:\n{}", console.join("\n"));
    Ok(false)
}
