//! What it costs: the table of docs/PERFORMANCE.md.

use super::Subject;
use super::machine::{Cpus, Line, Machine};
use crate::protocol::{Task, Word};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long counting on one kernel may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Counts on every kernel and prints the table. True if everything could be counted.
///
/// # Errors
/// A message.
pub fn run(subjects: &[Subject], target: &Path) -> Result<bool, String> {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    let mut names: Vec<String> = Vec::new();
    let mut columns: Vec<BTreeMap<String, u64>> = Vec::new();
    let mut well = true;
    for subject in subjects {
        println!("counting on {} …", subject.kernel.release);
        let mut figures = vec![
            ("daemon, program (bytes)".to_owned(), size(&target.join("static/kestrel"))),
            ("module (bytes)".to_owned(), size(&subject.kernel.module())),
        ];
        well &= count(subject, &target.join("vm"), &mut figures)?;
        for (name, _) in &figures {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        columns.push(figures.into_iter().collect());
    }
    let releases: Vec<&str> = subjects.iter().map(|subject| subject.kernel.release.as_str()).collect();
    println!("\n| | {} |", releases.join(" | "));
    println!("|---|{}", "---:|".repeat(releases.len()));
    for name in names {
        let cells: Vec<String> =
            columns.iter().map(|column| column.get(&name).map_or("-".to_owned(), u64::to_string)).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
    Ok(well)
}

fn count(subject: &Subject, folder: &Path, figures: &mut Vec<(String, u64)>) -> Result<bool, String> {
    let machine = Machine {
        arch: subject.kernel.arch,
        kernel: subject.kernel.image(),
        initrd: subject.image.path().to_owned(),
        cpus: Cpus::Counting,
        memory_mib: subject.kernel.memory_mib(),
        task: Task::Count,
        folder: folder.to_owned(),
    };
    let mut running = machine.start()?;
    let until = Instant::now() + LIMIT;
    let mut console = Vec::new();
    while let Some(line) = running.next(until) {
        match line {
            Line::Word(Word::Figure { name, value }) => figures.push((name, value)),
            Line::Word(Word::Say(text)) => println!("{text}"),
            Line::Word(Word::Done(well)) => return Ok(well),
            Line::Console(line) => console.push(line),
            Line::Closed if running.is_off() => break,
            _ => {}
        }
    }
    println!("the machine did not get to the end; its console:\n{}", console.join("\n"));
    Ok(false)
}
