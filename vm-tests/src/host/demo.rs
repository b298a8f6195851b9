//! The demonstration, seen from outside.

use super::Subject;
use super::machine::{Cpus, Line, Machine, kvm_works};
use crate::protocol::{Task, Word};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(170);

fn machine(subject: &Subject, folder: &Path, task: Task) -> Machine {
    let (kernel, initrd) = (subject.kernel.image(), subject.image.path().to_owned());
    let cpus = if kvm_works(&subject.kernel, &initrd, folder) { Cpus::Kvm } else { Cpus::InTurns };
    let arch = subject.kernel.arch;
    Machine { arch, kernel, initrd, cpus, memory_mib: subject.kernel.memory_mib(), task, folder: folder.to_owned() }
}

/// Shows it. True if every alert arrived everywhere.
///
/// # Errors
/// A message.
pub fn run(subject: &Subject, folder: &Path) -> Result<bool, String> {
    println!("booting Debian's kernel {} in a virtual machine …", subject.kernel.release);
    let begin = Instant::now();
    let mut running = machine(subject, folder, Task::Demo).start()?;
    let mut console = Vec::new();
    let mut well = None;
    while let Some(line) = running.next(begin + LIMIT) {
        match line {
            Line::Word(Word::Say(text)) => println!("{text}"),
            Line::Word(Word::Done(all)) => {
                well = Some(all);
                break;
            }
            Line::Console(line) => console.push(line),
            Line::Closed if running.is_off() => break,
            _ => {}
        }
    }
    match well {
        Some(true) => println!("\nevery alert arrived at all three places ({} s)", begin.elapsed().as_secs()),
        Some(false) => println!("\nnot everything arrived"),
        None => println!("the machine did not get to the end; its console:\n{}", console.join("\n")),
    }
    Ok(well == Some(true))
}

/// Hands the machine over to the person at this terminal.
///
/// # Errors
/// A message.
pub fn hand_over(subject: &Subject, folder: &Path) -> Result<(), String> {
    println!(
        "booting Debian's kernel {} in a virtual machine (Ctrl-A X ends it at any time) …",
        subject.kernel.release
    );
    machine(subject, folder, Task::Shell).hand_over()
}
