//! Where scenarios are played: what is up when one begins, and what it leaves behind.

use super::alerts::Alert;
use super::daemon::{DEFAULT_RULES, Daemon};
use super::engines::{self, Case, Ran};
use super::failure::{Doing, Outcome, ensure};
use super::port::Port;
use super::{module, sentinel, source};
use crate::engine::Engine;
use crate::protocol::Word;
use crate::scenarios::{Play, RuleCase, Scenario};

/// Where scenarios are played.
#[derive(Debug)]
pub struct Stage<'a> {
    port: &'a mut Port,
    /// A daemon with the default rules, if one is up. Scenarios that only look at alerts share it.
    watching: Option<Daemon>,
}

/// Whether the kernel checks the order of its locks; `None` if it was not built to. It stops at the first thing it finds.
fn lockdep() -> Option<bool> {
    let text = std::fs::read_to_string("/proc/lockdep_stats").ok()?;
    let value = text.lines().find_map(|line| line.trim().strip_prefix("debug_locks:"))?;
    Some(value.trim() == "1")
}

impl<'a> Stage<'a> {
    /// An empty stage.
    pub fn new(port: &'a mut Port) -> Stage<'a> {
        Stage { port, watching: None }
    }

    /// Says a word to the host.
    pub fn say(&mut self, word: &Word) {
        self.port.say(word);
    }

    /// Plays a scenario.
    ///
    /// # Errors
    /// Why it failed.
    pub fn play(&mut self, scenario: &Scenario) -> Outcome {
        self.steps(scenario)?;
        match lockdep() {
            Some(false) => Err("the kernel looks at the order of its locks no longer: it must have said why".into()),
            _ => Ok(()),
        }
    }

    fn steps(&mut self, scenario: &Scenario) -> Outcome {
        match &scenario.play {
            Play::Rule(case) => self.play_rule(case),
            Play::Container(engine, case) => self.play_container(*engine, case),
            Play::Steps(steps) => {
                self.clear();
                ensure(!module::is_loaded(), || "the scenario before left the module loaded".to_owned())?;
                let outcome = steps(self);
                source::forget();
                if module::is_loaded() {
                    module::unload().doing("cannot unload the module after the scenario")?;
                }
                outcome
            }
        }
    }

    /// Stops the daemon and unloads the module, if they are up.
    pub fn clear(&mut self) {
        if let Some(daemon) = self.watching.take() {
            let _ = daemon.stop();
        }
        source::forget();
        if module::is_loaded()
            && let Err(errno) = module::unload()
        {
            println!("the module cannot be unloaded: {errno}");
        }
    }

    /// Shows on the console what helps to understand a failure.
    pub fn tell_console(&mut self) {
        if let Some(daemon) = &self.watching {
            println!("the daemon says:\n{}", daemon.log());
        }
        // Whatever is wrong with it, the next scenario gets a new one.
        self.clear();
    }

    fn watching(&mut self) -> Outcome<&mut Daemon> {
        let daemon = match self.watching.take() {
            Some(daemon) => daemon,
            None => {
                if !module::is_loaded() {
                    module::load("")?;
                }
                sentinel::prepare()?;
                Daemon::start(&[DEFAULT_RULES, sentinel::RULES], &[])?
            }
        };
        Ok(self.watching.insert(daemon))
    }

    fn play_rule(&mut self, case: &RuleCase) -> Outcome {
        let daemon = self.watching()?;
        sentinel::settle(daemon)?;

        (case.act)().doing("the act")?;
        let alerts = sentinel::settle(daemon)?;
        let hits: Vec<&Alert> = alerts.iter().filter(|alert| alert.rule() == case.rule).collect();
        let [hit] = hits.as_slice() else {
            let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
            return Err(format!("{} alerts of {:?} instead of one, among: {outputs:#?}", hits.len(), case.rule).into());
        };
        for (field, expected) in case.shows {
            let shown = hit.field(field);
            ensure(shown == *expected, || {
                format!("{field} is {shown:?} instead of {expected:?} in: {}", hit.output())
            })?;
        }

        (case.neighbour)().doing("the harmless neighbour")?;
        let alerts = sentinel::settle(daemon)?;
        match alerts.iter().find(|alert| alert.rule() == case.rule) {
            Some(alert) => Err(format!("the harmless neighbour raised: {}", alert.output()).into()),
            None => Ok(()),
        }
    }

    fn play_container(&mut self, engine: Engine, case: &Case) -> Outcome {
        let daemon = self.watching()?;
        engines::prepare(engine)?;
        sentinel::settle(daemon)?;

        let (how, words) = &case.act;
        let ran = engines::run(engine, how, words)?;
        let alerts = sentinel::settle(daemon)?;
        let hits: Vec<&Alert> = alerts.iter().filter(|alert| alert.rule() == case.rule).collect();
        let [hit] = hits.as_slice() else {
            let outputs: Vec<&str> = alerts.iter().map(Alert::output).collect();
            let errors = &ran.errors;
            let wrong =
                format!("{} alerts of {:?} instead of one ({errors}), among: {outputs:#?}", hits.len(), case.rule);
            return Err(wrong.into());
        };
        let Ran { id, name, .. } = &ran;
        let id = id.get(..12).unwrap_or(id);
        for (field, expected) in [("container.id", id), ("container.name", name), ("container.image", engines::IMAGE)] {
            let shown = hit.field(field);
            ensure(shown == expected, || format!("{field} is {shown:?} instead of {expected:?} in: {}", hit.output()))?;
        }
        for (field, expected) in case.shows {
            let shown = hit.field(field);
            ensure(shown.contains(expected), || {
                format!("{field} is {shown:?}, without {expected:?}, in: {}", hit.output())
            })?;
        }

        let (how, words) = &case.neighbour;
        engines::run(engine, how, words)?;
        let alerts = sentinel::settle(daemon)?;
        match alerts.iter().find(|alert| alert.rule() == case.rule) {
            Some(alert) => Err(format!("the harmless neighbour raised: {}", alert.output()).into()),
            None => Ok(()),
        }
    }
}
