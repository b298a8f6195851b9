//! Watching: records are judged, alerts are sent, losses are reported.
//!
//! | file | is about |
//! |---|---|
//! | `judge.rs` | a record becomes alerts |
//! | `activity.rs`, `heavy_hitters.rs` | who does what |
//! | `alert.rs` | what an alert holds |
//! | `append.rs`, `base64.rs` | what the configuration adds to it, and how buffers are written |
//! | `limits.rs`, `bucket.rs` | how many alerts there may be |
//! | `audit.rs` | events of the Kubernetes audit log |
//! | `losses.rs` | when drops are reported |
//! | `observe.rs` | pages and snapshots: Kestrel as others see it |
//! | `reload.rs`, `aside.rs` | rules and configuration that are read again, while records go on being judged |
//! | `summary.rs` | the figures of a run |

mod activity;
mod alert;
mod append;
mod aside;
mod audit;
mod base64;
mod bucket;
mod heavy_hitters;
mod judge;
mod limits;
pub mod losses;
mod observe;
mod reload;
mod summary;

pub use activity::Activity;
pub(crate) use alert::field_value;
pub use append::Appended;
pub use audit::{Audit, AuditStats};
pub use heavy_hitters::Hitter;
pub use judge::{Judge, Judged, Step};
pub use observe::{FilesInForce, Observer};
pub use reload::{Fresh, Health, Reading, Reload, needs_restart};
pub use summary::Summary;

use crate::capture::{Captures, SIZE_LIMIT};
use crate::changes::Changes;
use crate::config::{AlertLimits, Config, DropAction, DropsConfig};
use crate::event_loop::{HANDLER, HANDLER_TOKENS, Handler, Wanted};
use crate::live::Teller;
use crate::metrics;
use crate::prefilter;
use crate::resident::ProgramPages;
use crate::service::ServiceManager;
use crate::sources::{Accounts, Source};
use alert::{internal, now_ns, shown};
use aside::{Aside, Came};
use kestrel_core::event::RecordHeader;
use kestrel_core::schema::EventSet;
use kestrel_outputs::{Alert, FieldValue, Format, Outputs, Priority, SinkStats};
use kestrel_ringbuf::Counters;
use kestrel_rules::RuleSet;
use kestrel_rules::prefilter::ProcessNames;
use limits::Limits;
use losses::{DropReport, DropWatch};
use mio::{Registry, Token};
use observe::Sight;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use zerocopy::FromBytes;

const _: () = assert!(Outputs::TOKENS + 4 <= HANDLER_TOKENS);

/// At least how long between two alerts about alerts that were lost.
const LOST_ALERTS: Duration = Duration::from_secs(30);

/// What is done with records while watching.
pub struct Watch {
    judge: Judge,
    outputs: Outputs,
    aside: Aside,
    /// The configuration in force; `None` where nothing is read again.
    config: Option<Box<Config>>,
    changes: Option<Changes>,
    observer: Option<Observer>,
    audit: Option<Audit>,
    limits: Limits,
    service: Option<ServiceManager>,
    health: Health,
    actions: Vec<DropAction>,
    drops: DropWatch,
    /// Alerts that sinks had lost when it was last said.
    said_lost: u64,
    /// Alerts that rules raised.
    sent: u64,
    say_lost_from: Instant,
    captures: Option<Captures>,
    teller: Teller,
    dropped_too_much: bool,
    finishing: bool,
    names: ProcessNames,
    prefilter: prefilter::Mode,
    pages: ProgramPages,
}

impl Watch {
    /// The first token that sinks may use.
    pub const OUTPUTS: Token = HANDLER;

    /// Changes of files.
    const CHANGES: Token = Token(HANDLER.0 + Outputs::TOKENS);

    /// Whoever looks at Kestrel.
    const OBSERVER: Token = Token(Watch::CHANGES.0 + 1);

    /// Events of the Kubernetes audit log.
    const AUDIT: Token = Token(Watch::OBSERVER.0 + 1);

    /// Rules and configuration that were read again.
    const READ: Token = Token(Watch::AUDIT.0 + 1);

    /// Watches with this judge. Drops are reported from the beginning of the rings on: a former reader who left them to us
    /// may have said so already, but nobody knows, and twice is better than not at all.
    pub fn new(judge: Judge, outputs: Outputs, drops: &DropsConfig, reload: Reload) -> Watch {
        let now = Instant::now();
        Watch {
            judge,
            outputs,
            aside: Aside::new(reload),
            config: None,
            changes: None,
            observer: None,
            audit: None,
            limits: Limits::new(&AlertLimits::default(), now),
            service: None,
            health: Health { read_ns: now_ns(), ..Health::default() },
            actions: drops.actions.clone(),
            drops: DropWatch::new(drops, Counters::default(), now),
            said_lost: 0,
            sent: 0,
            say_lost_from: now,
            captures: None,
            teller: Teller::default(),
            dropped_too_much: false,
            finishing: false,
            names: ProcessNames::Unknown,
            prefilter: prefilter::Mode::On(ProcessNames::Unknown),
            pages: ProgramPages::default(),
        }
    }

    /// Reads everything again when a file changes, if `changes` are waited for. `config` is the configuration in force; `names`
    /// is what the source knows of names of processes.
    #[must_use]
    pub fn following(mut self, config: Config, changes: Option<Changes>, names: ProcessNames) -> Watch {
        self.limits.set(&config.alert_limits);
        self.names = names;
        self.prefilter = prefilter::Mode::of(&config, names);
        self.config = Some(Box::new(config));
        self.changes = changes;
        self
    }

    /// Shows what there is to see.
    #[must_use]
    pub fn observed(mut self, observer: Observer) -> Watch {
        self.judge.account(observer.wants_activity());
        self.observer = Some(observer);
        self
    }

    /// Judges events of the Kubernetes audit log as well.
    #[must_use]
    pub fn auditing(mut self, audit: Option<Audit>) -> Watch {
        self.audit = audit;
        self
    }

    /// Tells the service manager that the loop goes round.
    #[must_use]
    pub fn serving(mut self, service: ServiceManager) -> Watch {
        self.service = Some(service);
        self
    }

    /// Starting is over: gives back what of the program only that needed, now and whenever everything was read again.
    pub fn started(&mut self, pages: ProgramPages) {
        self.pages = pages;
        self.pages.give_back();
    }

    /// How reading everything again went.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Alerts begin recordings.
    #[must_use]
    pub fn with_captures(mut self, captures: Option<Captures>) -> Watch {
        self.captures = captures;
        self
    }

    /// What is to be recorded for the rules in force; says so in the log.
    pub fn wanted(&self) -> Wanted {
        let rules = self.judge.rules();
        let wanted = prefilter::wanted(rules, self.prefilter);
        log::info!("{}", watching(rules, &wanted));
        wanted
    }

    /// The judge.
    pub fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Says to whoever reads records what is recorded: these events, and whether a prefilter leaves out some of them.
    #[must_use]
    pub fn recording(mut self, events: EventSet, prefilter: bool) -> Watch {
        self.teller.set_recorded(events, prefilter);
        self
    }

    /// The judge, for the scan of /proc between start and loop.
    pub fn judge_mut(&mut self) -> &mut Judge {
        &mut self.judge
    }

    /// The judge's users are others now.
    pub fn users_changed(&mut self) {
        self.teller.users_changed();
    }

    /// True if the loop ended because of `syscall_event_drops.actions: [exit]`.
    pub fn dropped_too_much(&self) -> bool {
        self.dropped_too_much
    }

    /// Alerts that rules raised so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// What became of the records so far.
    pub fn judged(&self) -> &Judged {
        self.judge.judged()
    }

    /// Name and counts of each sink.
    pub fn sinks(&self) -> impl Iterator<Item = (&'static str, SinkStats)> + '_ {
        self.outputs.stats()
    }

    /// Alerts that wait, at the sink where most do.
    pub fn backlog(&self) -> u64 {
        self.outputs.stats().map(|(_, stats)| stats.queued).max().unwrap_or(0)
    }

    /// The figures, with the source's accounts and the loop's system calls.
    pub fn summary(&self, accounts: Accounts, system_calls: u64) -> Summary {
        let sinks: Vec<_> = self.outputs.stats().collect();
        let sink_calls: u64 = sinks.iter().map(|(_, stats)| stats.system_calls).sum();
        Summary {
            judged: self.judge.judged().clone(),
            accounts,
            audit: self.audit.as_ref().map(|audit| audit.stats(&self.judge)),
            state: self.judge.state.stats(),
            records: self.outputs.record_stats(),
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

    /// Begins to read everything again.
    fn read_again(&mut self) {
        if let Some(changes) = &mut self.changes {
            changes.reading_again();
        }
        self.aside.begin();
    }

    /// Lets what was read take the place of what was in force, from the next record on.
    fn take_over(&mut self, came: Came, registry: &Registry) -> Option<Wanted> {
        let Came { reading, took } = came;
        let Reading { paths, outcome } = match reading {
            Ok(Some(reading)) => reading,
            Ok(None) => {
                log::warn!("nothing can be read again here");
                return None;
            }
            // Which files count is not known any better than before: those of before are waited for.
            Err(problem) => {
                self.keep_what_is_in_force(problem, registry);
                return None;
            }
        };
        let wanted = match outcome {
            Ok(Fresh { rules, wanted, config, appended, files }) => {
                self.judge.set_rules(rules);
                self.judge.set_alerts(appended, config.buffer_format_base64);
                self.follow(config, files);
                self.teller.set_recorded(wanted.events, !wanted.program.is_empty());
                self.health.read_ns = now_ns();
                self.health.reloads += 1;
                self.health.failure = None;
                log::info!("read again in {} ms: {}", took.as_millis(), watching(self.judge.rules(), &wanted));
                Some(wanted)
            }
            Err(problem) => {
                self.keep_what_is_in_force(problem, registry);
                None
            }
        };
        self.follow_files(&paths, registry);
        self.pages.give_back();
        wanted
    }

    /// Says that reading everything again failed, and why.
    fn keep_what_is_in_force(&mut self, problem: String, registry: &Registry) {
        let message = "what was read cannot be used: what was in force stays in force".to_owned();
        log::error!("{message}");
        self.health.failures += 1;
        self.health.failure = Some(problem.clone());
        let fields = vec![("error".to_owned(), FieldValue::Str(problem))];
        self.raise(reload::RULE, Priority::Critical, message, fields, registry);
    }

    /// Waits for changes of these files, if the configuration says so.
    fn follow_files(&mut self, paths: &[PathBuf], registry: &Registry) {
        let wanted = self.config.as_ref().is_some_and(|config| config.watch_config_files);
        match &mut self.changes {
            Some(changes) if wanted => changes.were_read(paths, Instant::now()),
            Some(_) => self.changes = None,
            None if wanted => {
                let begun = Changes::new().and_then(|mut changes| {
                    changes.register(registry, Watch::CHANGES)?;
                    changes.reading(paths);
                    Ok(changes)
                });
                match begun {
                    Ok(changes) => self.changes = Some(changes),
                    Err(error) => log::warn!("cannot learn of changed files: {error}; SIGHUP reads them again"),
                }
            }
            None => {}
        }
    }

    /// Goes by another configuration, as far as that can be done without a restart.
    fn follow(&mut self, config: Box<Config>, files: FilesInForce) {
        if let Some(observer) = &mut self.observer {
            observer.follow(&config.metrics, files);
            self.judge.account(observer.wants_activity());
        }
        self.outputs.set_format(&config.outputs);
        self.prefilter = prefilter::Mode::of(&config, self.names);
        if *self.limits.config() != config.alert_limits {
            self.limits.set(&config.alert_limits);
        }
        self.actions.clone_from(&config.syscall_event_drops.actions);
        if let Some(old) = &self.config {
            let later = needs_restart(old, &config);
            if !later.is_empty() {
                log::warn!("what was changed in {} counts after a restart", later.join(", "));
            }
            if old.syscall_event_drops != config.syscall_event_drops {
                self.drops.set_limits(&config.syscall_event_drops, Instant::now());
            }
        }
        self.config = Some(config);
    }

    /// Judges a record that is captured, or read by others, as well.
    fn record_for_others(&mut self, bytes: &[u8], registry: &Registry) {
        let Watch { judge, outputs, limits, sent, captures, teller, .. } = self;
        let time_ns = RecordHeader::ref_from_prefix(bytes).map_or(0, |(header, _)| header.time_ns);
        captures.iter_mut().for_each(|captures| captures.record(bytes, time_ns));
        let is_read = outputs.wants_records();
        let mut wanted = None;
        judge.record_by_steps(bytes, |step| match step {
            Step::Taken(taken) => {
                let process = taken.state.processes.get(taken.key);
                if let (Some(captures), Some(process)) = (&mut *captures, process) {
                    captures.process(process);
                }
                if is_read {
                    teller.record(&taken, outputs);
                }
            }
            Step::Match(rule, alert) => {
                wanted = wanted.max(captures.as_ref().and_then(|captures| captures.wanted(rule)));
                *sent += 1;
                send(alert, limits, outputs, registry);
            }
        });
        let Some(captures) = captures else { return };
        if let Some(duration) = wanted {
            captures.alert(duration, time_ns, judge.event_number(), &judge.state);
        }
        if let Some(path) = captures.full() {
            let message = format!("{}: the capture reached its greatest size and was ended", path.display());
            self.raise(SIZE_LIMIT, Priority::Informational, message, Vec::new(), registry);
        }
    }

    /// Judges what came of the Kubernetes audit log.
    fn judge_audit(&mut self, registry: &Registry) {
        let Watch { audit, judge, outputs, limits, .. } = self;
        let Some(audit) = audit else { return };
        audit.settle(judge, Instant::now(), |alert| send(alert, limits, outputs, registry));
    }

    /// Answers whoever looks at Kestrel, and sends a snapshot if one is due.
    fn observe(&mut self, source: &dyn Source, registry: &Registry) {
        let Watch { observer, judge, outputs, limits, health, .. } = self;
        let Some(observer) = observer else { return };
        let sight = Sight { judge, outputs, limits, health, source };
        if let Some(fields) = observer.settle(&sight, Instant::now()) {
            let message = match self.outputs.formatter().format {
                // In JSON they are there anyway.
                Format::Json => "Falco metrics snapshot".to_owned(),
                Format::Text => format!("Falco metrics snapshot ({})", shown(&fields)),
            };
            let alert = internal(metrics::RULE, Priority::Informational, message, fields, self.judge.hostname());
            self.outputs.send(&alert, registry);
        }
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

    /// Says that alerts came too fast.
    fn report_held_back(&mut self, report: Option<(String, Vec<(String, FieldValue)>)>, registry: &Registry) {
        if let Some((message, fields)) = report {
            let message = format!("{message} ({})", shown(&fields));
            self.raise(limits::RULE, Priority::Warning, message, fields, registry);
        }
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

fn watching(rules: &RuleSet, wanted: &Wanted) -> String {
    format!("watching with {} rules: {} kinds of events", rules.rules().len(), wanted.events.len())
}

/// Sends an alert, as far as the limits let it through.
fn send(alert: Alert, limits: &mut Limits, outputs: &mut Outputs, registry: &Registry) {
    if limits.is_on() {
        limits.offer(alert, Instant::now(), &mut |alert| outputs.send(alert, registry));
    } else {
        outputs.send(&alert, registry);
    }
}

impl Handler for Watch {
    fn record(&mut self, bytes: &[u8], registry: &Registry) -> ControlFlow<()> {
        let Watch { judge, outputs, limits, sent, captures, .. } = self;
        if captures.is_some() || outputs.wants_records() {
            self.record_for_others(bytes, registry);
            return ControlFlow::Continue(());
        }
        judge.record(bytes, |alert| {
            *sent += 1;
            send(alert, limits, outputs, registry);
        });
        ControlFlow::Continue(())
    }

    fn idle(&mut self) -> ControlFlow<()> {
        // Nothing that was gathered for whoever reads records waits while the loop sleeps.
        if self.outputs.wants_records() {
            self.outputs.write_records();
        }
        ControlFlow::Continue(())
    }

    fn begin(&mut self, registry: &Registry) -> io::Result<()> {
        if let Some(changes) = &mut self.changes {
            changes.register(registry, Watch::CHANGES)?;
        }
        if let Some(observer) = &mut self.observer {
            observer.register(registry, Watch::OBSERVER)?;
        }
        if let Some(audit) = &mut self.audit {
            audit.register(registry, Watch::AUDIT)?;
        }
        self.aside.register(registry, Watch::READ)
    }

    fn ready(&mut self, token: Token, registry: &Registry) {
        if self.outputs.owns(token) {
            self.outputs.ready(token, registry);
        }
        if token == Watch::CHANGES
            && let Some(changes) = &mut self.changes
        {
            changes.ready(Instant::now());
        }
        if token == Watch::OBSERVER
            && let Some(observer) = &mut self.observer
        {
            observer.ready();
        }
        if token == Watch::AUDIT
            && let Some(audit) = &mut self.audit
        {
            audit.ready();
        }
    }

    fn is_blocked(&self) -> bool {
        self.outputs.is_blocked()
    }

    fn deadline(&self) -> Option<Instant> {
        let changes = self.changes.as_ref().and_then(Changes::deadline);
        let observer = self.observer.as_ref().and_then(Observer::deadline);
        let service = self.service.as_ref().and_then(ServiceManager::deadline);
        let audit = self.audit.as_ref().and_then(Audit::deadline);
        let captures = self.captures.as_ref().and_then(Captures::deadline);
        [self.outputs.deadline(), changes, observer, audit, self.limits.deadline(), service, captures]
            .into_iter()
            .flatten()
            .min()
    }

    fn expired(&mut self, registry: &Registry) {
        self.outputs.expired(registry);
        let now = Instant::now();
        if let Some(captures) = &mut self.captures {
            captures.expired(&self.judge.state, now);
        }
        let Watch { outputs, limits, service, .. } = self;
        service.iter_mut().for_each(|service| service.beat(now));
        limits.expired(now, &mut |alert| outputs.send(alert, registry));
        let report = limits.report(now);
        self.report_held_back(report, registry);
    }

    fn settle(&mut self, source: &dyn Source, registry: &Registry) -> Option<Wanted> {
        self.judge_audit(registry);
        self.judge.state.containers.take_answers();
        self.observe(source, registry);
        if self.changes.as_mut().is_some_and(|changes| changes.changed(Instant::now())) {
            log::info!("rules or configuration changed: reading them again");
            self.read_again();
        }
        let wanted = self.aside.settle().and_then(|came| self.take_over(came, registry));
        if self.outputs.wants_records() {
            self.teller.settle(&mut self.outputs, self.judge.clock(), &self.judge.state.users);
        } else {
            self.teller.forget_readers();
        }
        wanted
    }

    fn tick(&mut self, now: Instant, counters: &Counters, registry: &Registry) -> ControlFlow<()> {
        if self.judge.state.users.refresh() {
            self.teller.users_changed();
        }
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

    fn reload(&mut self) {
        log::info!("reading rules and configuration again (SIGHUP)");
        self.read_again();
    }

    fn child_exited(&mut self, registry: &Registry) {
        self.outputs.child_exited(registry);
    }

    fn finish(&mut self, accounts: &Accounts, registry: &Registry) -> bool {
        if !std::mem::replace(&mut self.finishing, true) {
            if let Some(captures) = &mut self.captures {
                captures.end();
            }
            if let Some(report) = self.drops.rest(&accounts.counters) {
                let _ = self.report_drops(&report, registry);
            }
            let Watch { outputs, limits, .. } = self;
            limits.finish(Instant::now(), &mut |alert| outputs.send(alert, registry));
            let rest = limits.rest();
            self.report_held_back(rest, registry);
            self.report_lost_alerts(registry);
        }
        self.outputs.finish(registry)
    }

    fn abort(&mut self, registry: &Registry) {
        self.outputs.abort(registry);
    }
}
