//! Watching: records are judged, alerts are sent, losses are reported.
//!
//! | file | is about |
//! |---|---|
//! | `judge.rs` | a record becomes alerts |
//! | `alert.rs` | what an alert holds |
//! | `losses.rs` | when drops are reported |
//! | `summary.rs` | the figures of a run |

mod alert;
mod judge;
pub mod losses;
mod summary;

pub(crate) use alert::field_value;
pub use judge::{Judge, Judged};
pub use summary::Summary;

use crate::config::{DropAction, DropsConfig};
use crate::event_loop::{HANDLER, HANDLER_TOKENS, Handler, Wanted};
use crate::prefilter;
use crate::sources::Accounts;
use alert::internal;
use kestrel_outputs::{FieldValue, Outputs, Priority};
use kestrel_ringbuf::Counters;
use kestrel_rules::RuleSet;
use losses::{DropReport, DropWatch};
use mio::{Registry, Token};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

const _: () = assert!(Outputs::TOKENS <= HANDLER_TOKENS);

/// At least how long between two alerts about alerts that were lost.
const LOST_ALERTS: Duration = Duration::from_secs(30);

/// Reads the rules again. Gives nothing and says why, if they cannot be used.
pub type Reload<'a> = Box<dyn FnMut() -> Option<RuleSet> + 'a>;

/// What is done with records while watching.
pub struct Watch<'a> {
    judge: Judge,
    outputs: Outputs,
    reload: Reload<'a>,
    actions: Vec<DropAction>,
    drops: DropWatch,
    /// Alerts that sinks had lost when it was last said.
    said_lost: u64,
    say_lost_from: Instant,
    dropped_too_much: bool,
    finishing: bool,
    prefilter: bool,
}

impl<'a> Watch<'a> {
    /// The first token that sinks may use.
    pub const OUTPUTS: Token = HANDLER;

    /// Watches with this judge. Drops are reported from the beginning of the rings on: a former reader who left them to us
    /// may have said so already, but nobody knows, and twice is better than not at all.
    pub fn new(judge: Judge, outputs: Outputs, drops: &DropsConfig, reload: Reload<'a>) -> Watch<'a> {
        let now = Instant::now();
        Watch {
            judge,
            outputs,
            reload,
            actions: drops.actions.clone(),
            drops: DropWatch::new(drops, Counters::default(), now),
            said_lost: 0,
            say_lost_from: now,
            dropped_too_much: false,
            finishing: false,
            prefilter: true,
        }
    }

    /// Whether events are judged where they happen, so that what no rule can match is not recorded; they are, if nothing else
    /// is said.
    pub fn set_prefilter(&mut self, enabled: bool) {
        self.prefilter = enabled;
    }

    /// What is to be recorded for the rules in force; says so in the log.
    pub fn wanted(&self) -> Wanted {
        let rules = self.judge.rules();
        let wanted = prefilter::wanted(rules, self.prefilter);
        log::info!("watching with {} rules: {} kinds of events", rules.rules().len(), wanted.events.len());
        wanted
    }

    /// The judge, for the scan of /proc between start and loop.
    pub fn judge_mut(&mut self) -> &mut Judge {
        &mut self.judge
    }

    /// True if the loop ended because of `syscall_event_drops.actions: [exit]`.
    pub fn dropped_too_much(&self) -> bool {
        self.dropped_too_much
    }

    /// The figures, with the source's accounts and the loop's system calls.
    pub fn summary(&self, accounts: Accounts, system_calls: u64) -> Summary {
        let sinks: Vec<_> = self.outputs.stats().collect();
        let sink_calls: u64 = sinks.iter().map(|(_, stats)| stats.system_calls).sum();
        Summary {
            judged: self.judge.judged().clone(),
            accounts,
            state: self.judge.state.stats,
            system_calls: system_calls + sink_calls,
            sinks,
        }
    }

    fn raise(
        &mut self,
        rule: &str,
        priority: Priority,
        message: String,
        fields: Vec<(String, FieldValue)>,
        registry: &Registry,
    ) {
        let message = format!("{rule}. {message}");
        self.outputs.send(&internal(rule, priority, message, fields, self.judge.hostname()), registry);
    }

    fn report_drops(&mut self, report: &DropReport, registry: &Registry) -> ControlFlow<()> {
        let mut flow = ControlFlow::Continue(());
        for action in self.actions.clone() {
            match action {
                DropAction::Ignore => {}
                DropAction::Log => log::warn!("{}", report.message()),
                DropAction::Alert => {
                    self.raise(losses::RULE, Priority::Warning, report.message(), report.fields(), registry);
                }
                DropAction::Exit => {
                    self.dropped_too_much = true;
                    flow = ControlFlow::Break(());
                }
            }
        }
        flow
    }

    /// Says that alerts were lost, if they were since it was last said.
    fn report_lost_alerts(&mut self, registry: &Registry) {
        let lost: u64 = self.outputs.stats().map(|(_, stats)| stats.lost).sum();
        let unsaid = lost.saturating_sub(self.said_lost);
        if unsaid == 0 {
            return;
        }
        self.said_lost = lost;
        let fields =
            self.outputs.stats().map(|(name, stats)| (format!("{name}.lost"), FieldValue::Uint(stats.lost))).collect();
        let message = format!("{unsaid} alerts could not be delivered since the last report");
        log::error!("{message}");
        self.raise("Kestrel internal: alerts lost", Priority::Error, message, fields, registry);
    }
}

impl Handler for Watch<'_> {
    fn record(&mut self, bytes: &[u8], registry: &Registry) -> ControlFlow<()> {
        let Watch { judge, outputs, .. } = self;
        judge.record(bytes, |alert| outputs.send(&alert, registry));
        ControlFlow::Continue(())
    }

    fn ready(&mut self, token: Token, registry: &Registry) {
        if self.outputs.owns(token) {
            self.outputs.ready(token, registry);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.outputs.deadline()
    }

    fn expired(&mut self, registry: &Registry) {
        self.outputs.expired(registry);
    }

    fn tick(&mut self, now: Instant, counters: &Counters, registry: &Registry) -> ControlFlow<()> {
        self.judge.state.users.refresh();
        if now >= self.say_lost_from {
            let before = self.said_lost;
            self.report_lost_alerts(registry);
            if self.said_lost != before {
                self.say_lost_from = now + LOST_ALERTS;
            }
        }
        match self.drops.look(counters, now) {
            Some(report) => self.report_drops(&report, registry),
            None => ControlFlow::Continue(()),
        }
    }

    fn reopen(&mut self, registry: &Registry) {
        log::info!("opening outputs anew (SIGUSR1)");
        self.outputs.reopen(registry);
    }

    fn reload(&mut self, registry: &Registry) -> Option<Wanted> {
        log::info!("reading the rules again (SIGHUP)");
        match (self.reload)() {
            Some(rules) => {
                self.judge.set_rules(rules);
                Some(self.wanted())
            }
            None => {
                let message = "the new rules cannot be used: the old ones stay in force".to_owned();
                log::error!("{message}");
                self.raise("Kestrel internal: hot restart failure", Priority::Critical, message, Vec::new(), registry);
                None
            }
        }
    }

    fn child_exited(&mut self, registry: &Registry) {
        self.outputs.child_exited(registry);
    }

    fn finish(&mut self, accounts: &Accounts, registry: &Registry) -> bool {
        if !std::mem::replace(&mut self.finishing, true) {
            if let Some(report) = self.drops.rest(&accounts.counters) {
                let _ = self.report_drops(&report, registry);
            }
            self.report_lost_alerts(registry);
        }
        self.outputs.finish(registry)
    }

    fn abort(&mut self, registry: &Registry) {
        self.outputs.abort(registry);
    }
}
