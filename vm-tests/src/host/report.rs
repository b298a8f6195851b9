//! The test runner: batches, machines side by side, one line a scenario, the closing line.

use super::arch::Arch;
use super::machine::{Cpus, Machine, kvm_works};
use super::options::Options;
use super::run::{NotUp, Outcome, run};
use super::{Kernel, Subject};
use crate::engine::Engine;
use crate::protocol::{Source, Task};
use crate::scenarios::{self, Load, Scenario};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

/// Memory that a machine with a container engine has beyond others, in MiB: its root is memory.
const ENGINE_MIB: u32 = 768;

/// Scenarios that share a boot.
#[derive(Debug)]
struct Batch<'a> {
    subject: &'a Subject,
    load: Load,
    source: Source,
    engine: Option<Engine>,
    scenarios: Vec<&'static Scenario>,
}

/// Runs what the options ask for. True if all passed.
///
/// # Errors
/// A message if nothing can be run.
pub fn run_all(options: &Options, subjects: &[Subject], folder: &Path) -> Result<bool, String> {
    let chosen = chosen(options);
    if chosen.is_empty() {
        return Err(format!("no scenario's name contains {:?}: --list lists them", options.scenario));
    }
    let kvm = subjects.first().is_some_and(|subject| kvm_works(&subject.kernel, subject.image.path(), folder));
    let begin = Instant::now();
    let batches: Vec<Batch<'_>> =
        subjects.iter().flat_map(|subject| batches(subject, options.source, &chosen)).collect();
    println!(
        "running {} scenarios in {} machines, {}",
        batches.iter().map(|batch| batch.scenarios.len()).sum::<usize>(),
        batches.len(),
        if kvm { "by this processor (KVM)" } else { "emulated" }
    );

    let tally = Mutex::new(Tally::default());
    let cores = Cores { free: Mutex::new(options.jobs.max(1)), freed: Condvar::new(), all: options.jobs.max(1) };
    std::thread::scope(|scope| {
        for batch in batches {
            // Machines start in order, each as soon as there are CPUs for it.
            let taken = cores.take(if batch.load == Load::Parallel { 2 } else { 1 });
            let (tally, cores) = (&tally, &cores);
            scope.spawn(move || {
                test(&batch, kvm, folder, tally);
                cores.give(taken);
            });
        }
    });
    let tally = tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !tally.failures.is_empty() {
        println!("\nfailed:");
        for failure in &tally.failures {
            println!("  {failure}");
        }
    }
    println!("\nmachine tests took {} s", begin.elapsed().as_secs());
    println!("{} passed, {} failed", tally.passed, tally.failures.len());
    Ok(tally.failures.is_empty())
}

/// The container engines that are needed for what the options ask for.
pub fn engines(options: &Options) -> BTreeSet<Engine> {
    chosen(options).iter().filter_map(|scenario| scenario.engine).collect()
}

fn chosen(options: &Options) -> Vec<&'static Scenario> {
    scenarios::all().into_iter().filter(|scenario| is_chosen(scenario, options)).collect()
}

fn batches<'a>(subject: &'a Subject, source: Source, chosen: &[&'static Scenario]) -> Vec<Batch<'a>> {
    let kernel = &subject.kernel;
    let mut playable = Vec::new();
    for scenario in chosen.iter().copied() {
        match why_not(scenario, kernel.arch, kernel.version()) {
            Some(why) => println!("SKIP {} on {}: {why}", scenario.name, kernel.name),
            None => playable.push(scenario),
        }
    }
    let mut batches = Vec::new();
    let mut add = |load, engine, scenarios: Vec<&'static Scenario>| {
        if !scenarios.is_empty() {
            batches.push(Batch { subject, load, source, engine, scenarios });
        }
    };
    let engines: BTreeSet<Option<Engine>> = playable.iter().map(|scenario| scenario.engine).collect();
    for engine in engines {
        for load in [Load::InTurns, Load::Parallel] {
            let with = |alone| {
                move |scenario: &&&'static Scenario| {
                    (scenario.load, scenario.engine, scenario.alone) == (load, engine, alone)
                }
            };
            add(load, engine, playable.iter().filter(with(false)).copied().collect());
            for scenario in playable.iter().filter(with(true)) {
                add(load, engine, vec![scenario]);
            }
        }
    }
    batches
}

/// Why a scenario cannot be played on a kernel of this architecture and version; `None` if it can.
fn why_not(scenario: &Scenario, arch: Arch, version: (u32, u32)) -> Option<String> {
    if scenario.since > version {
        return Some(format!("it holds from {}.{} on", scenario.since.0, scenario.since.1));
    }
    scenario.not_on_arm64.filter(|_| arch == Arch::Aarch64).map(str::to_owned)
}

/// CPUs of the host that machines take and give back.
struct Cores {
    free: Mutex<usize>,
    freed: Condvar,
    all: usize,
}

impl Cores {
    fn take(&self, wanted: usize) -> usize {
        let wanted = wanted.min(self.all);
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free < wanted).unwrap_or_else(PoisonError::into_inner);
        *free -= wanted;
        wanted
    }

    fn give(&self, taken: usize) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += taken;
        self.freed.notify_all();
    }
}

#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failures: Vec<String>,
}

/// Whether the options ask for a scenario: by a part of its name, and with a source that it means something with.
fn is_chosen(scenario: &Scenario, options: &Options) -> bool {
    let means_something = match options.source {
        Source::Kmod => !scenario.of_probe,
        Source::Ebpf => !scenario.of_module,
    };
    means_something && options.scenario.split(',').any(|part| is_named(scenario, part))
}

fn is_named(scenario: &Scenario, part: &str) -> bool {
    // What needs an engine is asked for by the engine's name, or more than that.
    let on_request = scenario.on_request || scenario.engine.is_some_and(|engine| !part.contains(engine.name()));
    scenario.name == part || scenario.name.contains(part) && !on_request
}

/// Boots until every scenario of the batch had its turn: one that takes the machine down fails alone.
fn test(batch: &Batch<'_>, kvm: bool, folder: &Path, tally: &Mutex<Tally>) {
    let kernel = &batch.subject.kernel;
    // It was built for all that is chosen.
    let Some(image) = batch.subject.image(batch.engine) else { return };
    let mut left: &[&Scenario] = &batch.scenarios;
    while !left.is_empty() {
        let (now, _) = left.split_at(Task::scenarios_of_one_boot(left.iter().map(|scenario| scenario.name)));
        let machine = Machine {
            arch: kernel.arch,
            kernel: kernel.image(),
            initrd: image.path().to_owned(),
            cpus: match batch.load {
                _ if kvm => Cpus::Kvm,
                Load::InTurns => Cpus::InTurns,
                Load::Parallel => Cpus::Parallel,
            },
            memory_mib: kernel.memory_mib() + if batch.engine.is_some() { ENGINE_MIB } else { 0 },
            task: Task::Scenarios(batch.source, now.iter().map(|scenario| scenario.name.to_owned()).collect()),
            folder: folder.to_owned(),
        };
        let limits: Vec<_> = now.iter().map(|scenario| scenario.limit).collect();
        let ended = match run(&machine, &limits, kernel.patience()) {
            Ok(outcomes) => {
                for (scenario, outcome) in now.iter().zip(&outcomes) {
                    record(tally, scenario, kernel, outcome);
                }
                outcomes.len().max(1)
            }
            Err(NotUp { why, console }) => {
                for (index, scenario) in now.iter().enumerate() {
                    let shown = if index == 0 { console.as_slice() } else { &[] };
                    fail(tally, scenario, kernel, &format!("the machine did not come up: {why}"), shown);
                }
                now.len()
            }
        };
        left = left.get(ended..).unwrap_or_default();
    }
}

fn record(tally: &Mutex<Tally>, scenario: &Scenario, kernel: &Kernel, outcome: &Outcome) {
    match &outcome.wrong {
        None => {
            println!("PASS {} on {} ({:.1} s)", scenario.name, kernel.name, outcome.took.as_secs_f64());
            tally.lock().unwrap_or_else(PoisonError::into_inner).passed += 1;
        }
        Some(why) => fail(tally, scenario, kernel, why, &outcome.console),
    }
}

fn fail(tally: &Mutex<Tally>, scenario: &Scenario, kernel: &Kernel, why: &str, console: &[String]) {
    let name = format!("{} on {}", scenario.name, kernel.name);
    let mut text = format!("FAIL {name}: {why}\n");
    for line in console {
        text.push_str("    | ");
        text.push_str(line);
        text.push('\n');
    }
    print!("{text}");
    tally.lock().unwrap_or_else(PoisonError::into_inner).failures.push(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn container_engines_are_started_only_when_they_are_named() {
        let of = |scenario: &str| {
            let words = ["--scenario", scenario].map(str::to_owned);
            let options = crate::host::options::parse(words.into_iter()).unwrap();
            (engines(&options), chosen(&options).len())
        };
        for part in ["", "container", "first-event", "privileged"] {
            assert_eq!(of(part).0, BTreeSet::new(), "{part}");
        }
        assert_eq!(of("podman").0, BTreeSet::from([Engine::Podman]));
        assert_eq!(of("docker-shell"), (BTreeSet::from([Engine::Docker]), 1));
        let all = of("podman,docker,containerd");
        assert_eq!(all, (BTreeSet::from([Engine::Podman, Engine::Docker, Engine::Containerd]), 33));
    }

    #[test]
    fn what_is_skipped_is_skipped_for_a_reason() {
        let skipped = |arch, version| {
            let all = scenarios::all().into_iter();
            let why = all
                .filter(|scenario| scenario.engine.is_none())
                .filter_map(|scenario| Some((scenario.name, why_not(scenario, arch, version)?)));
            why.collect::<Vec<_>>()
        };
        assert_eq!(skipped(Arch::X86_64, (6, 12)), []);
        let old = skipped(Arch::X86_64, (5, 10));
        assert!(old.contains(&("records-32", "it holds from 6.1 on".to_owned())), "{old:?}");
        let arm: Vec<&str> = skipped(Arch::Aarch64, (6, 12)).iter().map(|(name, _)| *name).collect();
        assert_eq!(arm, ["caller-32-bit", "page-faults", "page-faults-rule", "records-32"]);
    }
}
