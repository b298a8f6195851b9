//! What is recorded: the events that rules and the process table need, and of those what the prefilter leaves.
//!
//! [`kestrel_rules::prefilter`] makes the program from the rules; what is said here is what must be kept whatever they say.
//!
//! | file | is about |
//! |---|---|
//! | `records.rs` | records that were taken in full, filtered afterwards |

mod records;

pub use records::{RecordFilter, names};

use crate::config::Config;
use crate::event_loop::Wanted;
use crate::state::LIFECYCLE;
use kestrel_core::filter::is_judged;
use kestrel_core::schema::{EventId, EventSet, id};
use kestrel_rules::RuleSet;
use kestrel_rules::prefilter::{OnDemand, Prefilter, ProcessNames};

/// What happens so often that it is recorded on request alone: for who names it, not for who takes events as they
/// come.
const ON_REQUEST: [EventId; 1] = [id::PAGE_FAULT];

/// Every event but those that are recorded on request alone.
pub fn without_request() -> EventSet {
    ON_REQUEST.into_iter().collect::<EventSet>().complement()
}

/// A rule that matches more kinds of events than this names none of them.
const MOST_NAMED: usize = 100;

/// The events that must be recorded for these rules: what they ask for, and what the process table is made of.
pub fn interest(rules: &RuleSet) -> EventSet {
    let asked = rules.rules().iter().fold(EventSet::EMPTY, |asked, rule| {
        let names_events = rule.events.len() <= MOST_NAMED;
        asked.union(&if names_events { rule.events } else { rule.events.intersection(&without_request()) })
    });
    asked.union(&LIFECYCLE.into_iter().collect())
}

/// Those of them that are kept whatever the rules say. Of the calls that make and start processes, programs judge only those that
/// failed, which change nothing in the process table.
pub fn always() -> EventSet {
    let failed_only = |event: EventId| !is_judged(event, false) && is_judged(event, true);
    LIFECYCLE.into_iter().filter(|event| !failed_only(*event)).collect()
}

/// The prefilter for these rules; `names` says whether whoever evaluates it knows what processes are called.
pub fn prefilter(rules: &RuleSet, names: ProcessNames) -> Prefilter {
    rules.prefilter(&interest(rules), &always(), names)
}

/// The same, for who meets few kinds of events.
pub fn on_demand(rules: &RuleSet, names: ProcessNames) -> OnDemand {
    rules.prefilter_on_demand(interest(rules), always(), names)
}

/// Whether events are judged where they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// They are, by somebody who knows, or does not know, what processes are called.
    On(ProcessNames),
    /// The configuration says no.
    Off,
    /// Alerts begin captures, which are to show more than what rules want.
    OffForCaptures,
}

impl Mode {
    /// What a configuration comes to, for a source that knows so much of names.
    pub fn of(config: &Config, names: ProcessNames) -> Mode {
        match (config.prefilter.enabled, config.capture.enabled) {
            (false, _) => Mode::Off,
            (true, true) => Mode::OffForCaptures,
            (true, false) => Mode::On(names),
        }
    }
}

/// What is to be recorded for these rules, with or without a prefilter. Says in the log what the prefilter does.
pub fn wanted(rules: &RuleSet, mode: Mode) -> Wanted {
    let events = interest(rules);
    let why = match mode {
        Mode::On(names) => {
            let prefilter = prefilter(rules, names);
            log::info!("prefilter: {}", prefilter.summary());
            return Wanted { events, program: prefilter.program().to_vec() };
        }
        Mode::Off => "as prefilter.enabled says",
        Mode::OffForCaptures => "because captures are on, which show what happened before an alert",
    };
    log::info!("prefilter: off, {why}: every event that is asked for is recorded");
    Wanted { events, program: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_rules::{LoadOptions, RuleSource};

    fn rules(condition: &str) -> RuleSet {
        let text = format!("- rule: R\n  desc: d\n  condition: {condition}\n  output: o\n  priority: NOTICE\n");
        let source = RuleSource { name: "rules.yaml".to_owned(), text };
        RuleSet::load(&[source], LoadOptions::default()).unwrap().rules
    }

    #[test]
    fn page_faults_are_recorded_for_rules_that_name_them_alone() {
        let asked = |condition| interest(&rules(condition)).contains(id::PAGE_FAULT);
        assert!(asked("evt.type = page_fault and proc.name = cat"));
        assert!(asked("evt.type in (page_fault, mmap)"));
        assert!(!asked("proc.name = cat"));
        assert!(!asked("evt.type != open and proc.name = cat"));
        assert!(!asked("evt.type = mmap"));
    }

    #[test]
    fn captures_switch_it_off_and_nothing_else_does() {
        let mut config = Config::default();
        let mode = |config: &Config| Mode::of(config, ProcessNames::Known);
        assert_eq!(mode(&config), Mode::On(ProcessNames::Known));
        config.capture.enabled = true;
        assert_eq!(mode(&config), Mode::OffForCaptures);
        config.prefilter.enabled = false;
        assert_eq!(mode(&config), Mode::Off);
    }

    #[test]
    fn what_the_process_table_is_made_from_is_kept_but_for_calls_that_failed() {
        let kept = always();
        for event in [id::PROCEXIT, id::CHDIR, id::FCHDIR, id::SETSID] {
            assert!(kept.contains(event));
        }
        for event in [id::EXECVE, id::CLONE3, id::VFORK] {
            assert!(!kept.contains(event) && !is_judged(event, false));
        }
    }
}
