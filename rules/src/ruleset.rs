//! Rules, ready to judge events.

use crate::facts::{Facts, FieldRef};
use crate::field::Field;
use crate::index::{Index, Scratch};
use crate::output::OutputFormat;
use crate::plan::{Builder, Memory, NodeId, Operand, Packed, Program, Specializer};
use crate::prefilter::{OnDemand, Prefilter, ProcessNames};
use crate::statistics::{Counters, Statistics};
use kestrel_core::priority::Priority;
use kestrel_core::schema::{EventId, EventSet};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name.
    pub name: Arc<str>,
    /// What it is for.
    pub description: String,
    /// How bad a match is.
    pub priority: Priority,
    /// The source of its events.
    pub source: Arc<str>,
    /// Its tags.
    pub tags: Arc<[String]>,
    /// What an alert says.
    pub output: OutputFormat,
    /// The events of the kernel that it can match; none for a rule of another source.
    pub events: EventSet,
    /// A match begins a recording.
    pub capture: bool,
    /// How long the recording lasts, in milliseconds; 0 if the rule does not say.
    pub capture_duration: u64,
}

/// How many rules an event can match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// The first.
    #[default]
    First,
    /// All.
    All,
}

/// Rules, ready to judge events.
#[derive(Debug)]
pub struct RuleSet {
    rules: Arc<[Rule]>,
    roots: Arc<[NodeId]>,
    program: Arc<Program>,
    index: Index,
    memory: Memory,
    scratch: Scratch,
    counters: Counters,
    matching: Matching,
}

impl RuleSet {
    pub(crate) fn new(rules: Vec<(Rule, NodeId)>, builder: Builder, matching: Matching) -> RuleSet {
        let (rules, nodes): (Vec<Rule>, Vec<NodeId>) = rules.into_iter().unzip();
        let Packed { program, roots, estimates } = builder.finish(&nodes);
        let (index, program) = Index::new(&rules, &roots, Specializer::new(program, estimates));
        let memory = Memory::new(&program);
        let counters = Counters::new(rules.len());
        let (rules, roots, program) = (rules.into(), roots.into(), Arc::new(program));
        RuleSet { rules, roots, program, index, memory, scratch: Scratch::default(), counters, matching }
    }

    /// Judges an event of the kernel: calls `on_match` with the first rule that matches it, or with each.
    pub fn evaluate(&mut self, event: EventId, facts: &impl Facts, on_match: impl FnMut(&Rule)) {
        self.judge(Some(event), "syscall", facts, on_match);
    }

    /// Judges an event of another source: calls `on_match` with the first rule that matches it, or with each.
    pub fn evaluate_from(&mut self, source: &str, facts: &impl Facts, on_match: impl FnMut(&Rule)) {
        self.judge(None, source, facts, on_match);
    }

    fn judge(&mut self, event: Option<EventId>, source: &str, facts: &impl Facts, mut on_match: impl FnMut(&Rule)) {
        let RuleSet { rules, program, index, memory, scratch, counters, matching, .. } = self;
        let mut watch = counters.event();
        let Some(candidates) = index.of(event, source) else { return };
        memory.run(program, event, facts, |run| {
            candidates.visit(run, scratch, |run, rule, condition| {
                let Some(judged) = rules.get(rule as usize) else { return true };
                if let Some(watch) = &mut watch {
                    watch.found(counters);
                }
                let holds = run.holds(condition);
                if let Some(watch) = &mut watch {
                    watch.asked(rule, counters);
                }
                if holds {
                    counters.matched(rule);
                    on_match(judged);
                }
                !holds || *matching == Matching::All
            });
        });
        if let Some(watch) = watch {
            watch.stop(counters);
        }
    }

    /// The events of the kernel that any rule can match: all that the rules need to see.
    pub fn events(&self) -> EventSet {
        self.rules.iter().fold(EventSet::EMPTY, |set, rule| set.union(&rule.events))
    }

    /// The program that rejects, where they happen, those of the events `asked` for that no rule can match. Those that are also
    /// in `always` are kept whatever rules say. `names` says whether whoever evaluates it knows what processes are called.
    pub fn prefilter(&self, asked: &EventSet, always: &EventSet, names: ProcessNames) -> Prefilter {
        Prefilter::new(&self.rules, &self.roots, &self.program, asked, always, names)
    }

    /// The same, one kind of events at a time, for as long as somebody wants to know.
    pub fn prefilter_on_demand(&self, asked: EventSet, always: EventSet, names: ProcessNames) -> OnDemand {
        let RuleSet { rules, roots, program, .. } = self;
        OnDemand::new(
            Arc::clone(rules),
            Arc::clone(roots),
            Arc::clone(program),
            asked.intersection(&always.complement()),
            names,
        )
    }

    /// Every field that conditions ask for, whichever rule's. What outputs show is not among them.
    pub fn asked_fields(&self) -> impl Iterator<Item = &FieldRef> {
        self.program.operands.iter().filter_map(|(operand, _)| match operand {
            Operand::Field(field) => Some(field),
            _ => None,
        })
    }

    /// The fields that each rule needs: those that its condition asks for, and those that its output shows.
    pub fn fields(&self) -> impl Iterator<Item = (&Rule, BTreeSet<Field>)> {
        self.rules.iter().zip(self.roots.iter()).map(|(rule, root)| {
            let mut fields = rule.output.fields().map(|(_, field)| field.field).collect();
            self.program.fields(*root, &mut fields);
            (rule, fields)
        })
    }

    /// Begins or stops measuring what each rule costs, which itself costs some 100 ns for every rule that is asked of an event.
    pub fn measure(&mut self, measuring: bool) {
        self.counters.measure(measuring.then_some(NonZeroU32::MIN));
    }

    /// Measures what each rule costs by samples, one event in `every`: so that it can be known of rules that are at work, for a
    /// cost that is not worth mentioning. `None` stops it.
    pub fn sample(&mut self, every: Option<NonZeroU32>) {
        self.counters.measure(every);
    }

    /// What judging cost since the rules were loaded: matches always, the rest as far as it was measured.
    pub fn statistics(&self) -> Statistics<'_> {
        self.counters.statistics(&self.rules)
    }

    /// The rules, in their order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
