//! The scenarios: what is tested, one file a subject. Each is one test on each kernel.

mod bad_input;
mod boot;
mod callers;
mod containers;
mod engines;
mod evasion;
mod filter;
mod filter_names;
mod hardship;
mod hotplug;
pub(crate) mod load_rules;
pub(crate) mod losses;
mod modules;
mod outputs;
mod page_faults;
mod prefilter;
mod probe;
mod processes;
mod record_work;
mod recordings;
pub mod records;
mod reload;
mod reload_rules;
mod rewritten;
mod rules_files;
mod rules_kernel;
mod rules_network;
mod rules_programs;
mod run;
mod signals;
mod storm;
mod uring;

use crate::engine::Engine;
use crate::guest::engines::Case;
use crate::guest::failure::Outcome;
use crate::guest::stage::Stage;
use std::time::Duration;

/// How a scenario's load is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// The CPUs in turns: where tracepoints are switched on and off.
    InTurns,
    /// The CPUs at the same time: where probes and readers must meet.
    Parallel,
}

/// A scenario.
#[derive(Debug)]
pub struct Scenario {
    /// Its name, for the command line.
    pub name: &'static str,
    /// What it shows, as a sentence.
    pub about: &'static str,
    /// How its load is to be run.
    pub load: Load,
    /// True if it needs a machine of its own.
    pub alone: bool,
    /// True if it takes so long that it is run only when it is asked for by its whole name.
    pub on_request: bool,
    /// The container engine that its machine has; it is run only when the engine is asked for by its name.
    pub engine: Option<Engine>,
    /// True if it is about the module itself, and means nothing with another source.
    pub of_module: bool,
    /// True if it is about the eBPF probe itself, and is run only where events come from there.
    pub of_probe: bool,
    /// The oldest kernel that it holds on, as `(major, minor)`.
    pub since: (u32, u32),
    /// Why it cannot be played on 64-bit ARM; `None` if it can.
    pub not_on_arm64: Option<&'static str>,
    /// How long it may take on a busy machine.
    pub limit: Duration,
    /// What it does.
    pub play: Play,
}

/// What a scenario does.
#[derive(Debug)]
pub enum Play {
    /// These steps, beginning without a module and without a daemon.
    Steps(fn(&mut Stage<'_>) -> Outcome),
    /// One default rule, with a daemon that watches.
    Rule(RuleCase),
    /// One default rule about containers, with a daemon that watches and a container engine.
    Container(Engine, &'static Case),
}

/// A default rule, the act that it is about, and a harmless neighbour of the act.
#[derive(Debug)]
pub struct RuleCase {
    /// The rule.
    pub rule: &'static str,
    /// Raises one alert of the rule.
    pub act: fn() -> Outcome,
    /// Fields of the alert, with their values.
    pub shows: &'static [(&'static str, &'static str)],
    /// Raises none.
    pub neighbour: fn() -> Outcome,
}

const LIMIT: Duration = Duration::from_secs(120);

impl Scenario {
    const fn steps(name: &'static str, about: &'static str, steps: fn(&mut Stage<'_>) -> Outcome) -> Scenario {
        Scenario {
            name,
            about,
            load: Load::InTurns,
            alone: false,
            on_request: false,
            engine: None,
            of_module: false,
            of_probe: false,
            since: (5, 10),
            not_on_arm64: None,
            limit: LIMIT,
            play: Play::Steps(steps),
        }
    }

    const fn rule(name: &'static str, about: &'static str, case: RuleCase) -> Scenario {
        Scenario {
            name,
            about,
            load: Load::InTurns,
            alone: false,
            on_request: false,
            engine: None,
            of_module: false,
            of_probe: false,
            since: (5, 10),
            not_on_arm64: None,
            limit: LIMIT,
            play: Play::Rule(case),
        }
    }

    const fn container(name: &'static str, about: &'static str, engine: Engine, case: &'static Case) -> Scenario {
        Scenario { play: Play::Container(engine, case), ..Scenario::steps(name, about, |_| Ok(())) }.with(engine)
    }

    const fn with(self, engine: Engine) -> Scenario {
        Scenario { engine: Some(engine), not_on_arm64: Some("the engines are unpacked for x86 alone"), ..self }
    }

    const fn parallel(self) -> Scenario {
        Scenario { load: Load::Parallel, ..self }
    }

    const fn alone(self) -> Scenario {
        Scenario { alone: true, ..self }
    }

    const fn on_request(self) -> Scenario {
        Scenario { on_request: true, ..self }
    }

    const fn of_module(self) -> Scenario {
        Scenario { of_module: true, ..self }
    }

    const fn of_probe(self) -> Scenario {
        Scenario { of_probe: true, ..self }
    }

    const fn since(self, major: u32, minor: u32) -> Scenario {
        Scenario { since: (major, minor), ..self }
    }

    const fn not_on_arm64(self, why: &'static str) -> Scenario {
        Scenario { not_on_arm64: Some(why), ..self }
    }

    /// Whether it can be played on the architecture that this is built for.
    pub(crate) fn is_for_this_machine(&self) -> bool {
        !cfg!(target_arch = "aarch64") || self.not_on_arm64.is_none()
    }

    const fn limit(self, seconds: u64) -> Scenario {
        Scenario { limit: Duration::from_secs(seconds), ..self }
    }
}

/// Every scenario, in the order in which they are run. Those that share a daemon stand together.
pub fn all() -> Vec<&'static Scenario> {
    [
        boot::SCENARIOS,
        rules_files::SCENARIOS,
        rules_programs::SCENARIOS,
        rules_network::SCENARIOS,
        rules_kernel::SCENARIOS,
        callers::SCENARIOS,
        evasion::RULES,
        uring::RULES,
        containers::RULES,
        engines::PODMAN,
        engines::DOCKER,
        engines::CONTAINERD,
        bad_input::SCENARIOS,
        outputs::SCENARIOS,
        evasion::SCENARIOS,
        rewritten::SCENARIOS,
        uring::SCENARIOS,
        filter::SCENARIOS,
        filter_names::SCENARIOS,
        containers::SCENARIOS,
        signals::SCENARIOS,
        page_faults::SCENARIOS,
        records::SCENARIOS,
        modules::SCENARIOS,
        recordings::SCENARIOS,
        run::SCENARIOS,
        prefilter::SCENARIOS,
        record_work::SCENARIOS,
        reload::SCENARIOS,
        reload_rules::SCENARIOS,
        losses::SCENARIOS,
        storm::SCENARIOS,
        hardship::SCENARIOS,
        processes::SCENARIOS,
        hotplug::SCENARIOS,
        probe::SCENARIOS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_rules::{DEFAULT_RULES, LoadOptions, RuleSet, RuleSource};
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_can_be_given_to_a_kernel() {
        let names: Vec<&str> = all().iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        for name in names {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
        }
    }

    /// The names of rules that rule tests expect to fire, as far as their text tells.
    fn rule_tests() -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../rules/rulesets/tests");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }

    #[test]
    fn every_default_rule_has_a_scenario_or_a_rule_test_and_every_scenario_a_rule() {
        let source = RuleSource { name: "default".to_owned(), text: DEFAULT_RULES.to_owned() };
        let loaded = RuleSet::load(&[source], LoadOptions::default()).unwrap_or_else(|errors| panic!("{errors}"));
        let rules: BTreeSet<String> = loaded.rules.rules().iter().map(|rule| rule.name.to_string()).collect();
        let played: BTreeSet<String> = all()
            .iter()
            .filter_map(|scenario| match &scenario.play {
                Play::Rule(case) => Some(case.rule.to_owned()),
                Play::Container(_, case) => Some(case.rule.to_owned()),
                Play::Steps(_) => None,
            })
            .collect();
        let gone: Vec<&String> = played.difference(&rules).collect();
        assert!(gone.is_empty(), "scenarios play rules that are not among the default rules: {gone:?}");
        let tests = rule_tests();
        let fires = |rule: &str| {
            let mut lines = tests.lines().filter_map(|line| line.trim().strip_prefix("fires:"));
            lines.any(|said| said.trim() == rule || said.contains(&format!("rule: {rule},")))
        };
        let untested: Vec<&String> = rules.difference(&played).filter(|rule| !fires(rule)).collect();
        assert!(
            untested.is_empty(),
            "no scenario of the machine tests plays these default rules, and no test in rules/rulesets/tests makes them fire; \
             write one of the two: {untested:?}"
        );
    }
}
