//! One boot: scenario after scenario, and what became of each.

use super::arch::Arch;
use super::kept::Kept;
use super::machine::{Line, Machine, Running};
use super::snapshot;
use crate::protocol::Word;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What became of a scenario.
#[derive(Debug)]
pub struct Outcome {
    /// How long it took.
    pub took: Duration,
    /// What is wrong; `None` if nothing is.
    pub wrong: Option<String>,
    /// What the console said meanwhile.
    pub console: Vec<String>,
}

/// A machine that did not come up.
#[derive(Debug)]
pub struct NotUp {
    /// Why.
    pub why: String,
    /// What the console said.
    pub console: Vec<String>,
}

/// Words of the kernel that fail whatever ran when it said them. Its warnings, and with them what lockdep and RCU find, begin
/// the line, after the time.
pub const ALARMS: [&str; 12] = [
    "BUG:",
    "Oops",
    "Kernel panic",
    "] WARNING: ",
    "KASAN:",
    "] INFO: trying to register non-static key",
    "sleeping function called",
    "general protection fault",
    "soft lockup",
    "unable to handle",
    "refcount_t:",
    "Bad page state",
];

/// How long the boot may take, and the way from one scenario to the next.
const PAUSE: Duration = Duration::from_secs(120);

/// Time for what was written to the console before a word, and comes after it: they are two ways out of the machine.
const STRAGGLERS: Duration = Duration::from_millis(300);

/// Time for the explanation that follows an alarm.
const EXPLANATION: Duration = Duration::from_secs(3);

/// Runs the machine for scenarios whose time limits are given, and gives the outcome of each that began, in their order.
/// One that takes the machine down is the last. On its kernel all takes `patience` times as long.
///
/// # Errors
/// If nothing began.
pub fn run(machine: &Machine, limits: &[Duration], patience: u32) -> Result<Vec<Outcome>, NotUp> {
    let running = machine.start().map_err(|why| NotUp { why, console: Vec::new() })?;
    let mut boot = Boot {
        arch: machine.arch,
        running,
        limits,
        outcomes: Vec::new(),
        console: Vec::new(),
        begin: None,
        different: None,
        kept: Kept::new(&machine.folder),
        patience,
        until: Instant::now() + PAUSE * patience,
        pending: VecDeque::new(),
    };
    match boot.watch() {
        Some(why) if boot.outcomes.is_empty() => Err(NotUp { why, console: boot.console }),
        // Between two scenarios: the last one did it.
        Some(why) => {
            if let Some(last) = boot.outcomes.last_mut().filter(|last| last.wrong.is_none()) {
                last.wrong = Some(why);
                last.console.append(&mut boot.console);
            }
            Ok(boot.outcomes)
        }
        None => Ok(boot.outcomes),
    }
}

struct Boot<'a> {
    arch: Arch,
    running: Running,
    limits: &'a [Duration],
    patience: u32,
    outcomes: Vec<Outcome>,
    console: Vec<String>,
    /// When the scenario began that runs.
    begin: Option<Instant>,
    /// How a snapshot of the scenario that runs differs.
    different: Option<String>,
    /// Where its files go.
    kept: Kept,
    until: Instant,
    /// Words that came while only the console was listened to.
    pending: VecDeque<Word>,
}

impl Boot<'_> {
    /// Follows the machine to its end. Gives what went wrong while no scenario ran.
    fn watch(&mut self) -> Option<String> {
        loop {
            match self.next() {
                None => return self.end("it did not end in time"),
                Some(Line::Closed) if self.running.is_off() => return self.end("the machine went off"),
                Some(Line::Closed) => {}
                Some(Line::Console(line)) => {
                    if let Some(alarm) = self.hear(line) {
                        self.listen(EXPLANATION);
                        return self.end(&format!("the kernel says {alarm:?}"));
                    }
                }
                Some(Line::Word(Word::Begin(_))) => {
                    let begin = Instant::now();
                    self.until = begin + self.limits.get(self.outcomes.len()).copied().unwrap_or(PAUSE) * self.patience;
                    self.begin = Some(begin);
                    self.console.clear();
                }
                Some(Line::Word(Word::Pass)) => {
                    let different = self.different.take();
                    self.close(different);
                }
                Some(Line::Word(Word::Fail(why))) => {
                    self.listen(STRAGGLERS);
                    self.close(Some(why));
                }
                Some(Line::Word(Word::Snapshot { name, lines })) => {
                    self.different = self.different.take().or(snapshot::compare(self.arch, &name, &lines).err());
                }
                Some(Line::Word(Word::Say(text))) => println!("{text}"),
                Some(Line::Word(Word::File { name, part })) => {
                    self.different = self.different.take().or(self.kept.take(&name, &part).err());
                }
                Some(Line::Word(Word::Figure { name, value })) => self.console.push(format!("{name}: {value}")),
                Some(Line::Word(Word::Done(_))) => {
                    let alarm = self.listen(EXPLANATION);
                    return alarm.map(|alarm| format!("the kernel says {alarm:?}"));
                }
            }
        }
    }

    /// The next thing that happens, within the time.
    fn next(&mut self) -> Option<Line> {
        match self.pending.pop_front() {
            Some(word) => Some(Line::Word(word)),
            None if self.running.is_off() => Some(Line::Closed),
            None => self.running.next(self.until),
        }
    }

    /// Keeps a line of the console; gives the alarm that it is.
    fn hear(&mut self, line: String) -> Option<&'static str> {
        let alarm = ALARMS.into_iter().find(|alarm| line.contains(alarm));
        self.console.push(line);
        alarm
    }

    /// Listens to the console for a while; gives the first alarm. Words wait meanwhile.
    fn listen(&mut self, time: Duration) -> Option<&'static str> {
        let end = Instant::now() + time;
        let mut first = None;
        while let Some(line) = self.running.next(end) {
            match line {
                Line::Console(line) => first = self.hear(line).or(first),
                Line::Word(word) => self.pending.push_back(word),
                Line::Closed if self.running.is_off() => break,
                Line::Closed => {}
            }
        }
        first
    }

    /// Ends the scenario that runs; between scenarios, gives the reason back.
    fn end(&mut self, why: &str) -> Option<String> {
        if self.begin.is_some() {
            self.close(Some(why.to_owned()));
            return None;
        }
        Some(why.to_owned())
    }

    fn close(&mut self, wrong: Option<String>) {
        self.until = Instant::now() + PAUSE * self.patience;
        if let Some(begin) = self.begin.take() {
            self.outcomes.push(Outcome { took: begin.elapsed(), wrong, console: std::mem::take(&mut self.console) });
        }
    }
}
