//! `replay`: the records of a file, judged by rules.

use super::failure::system;
use super::{Failure, rules};
use crate::cli::{Cli, ReplayArgs};
use crate::config::Config;
use crate::event_loop::{Ended, EventLoop, Handler, Limits, Stop, Wanted};
use crate::fields::Clock;
use crate::prefilter::{RecordFilter, interest, prefilter};
use crate::resident::ProgramPages;
use crate::signals::Signals;
use crate::sources::replay::AnyTape;
use crate::sources::{Accounts, Playback, ReplaySource, Source, SourceError};
use crate::state::{State, Users};
use crate::watch::{Judge, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kestrel_outputs::{Outputs, OutputsConfig, StdoutConfig};
use kestrel_ringbuf::Counters;
use kestrel_rules::prefilter::ProcessNames;
use mio::{Registry, Token};
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Alerts that may wait at one output: with more, the records wait for it.
const MOST_WAITING: u64 = 512;

/// How long an output may take nothing before the records go on without it.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a pause looks whether it is over.
const LOOK: Duration = Duration::from_millis(2);

/// Records between two moves of the progress bar.
const STEP: u32 = 1 << 16;

/// Replays a file to its end, or until somebody ends it.
pub fn run(args: &ReplayArgs, cli: &Cli, config: &Config) -> Result<(), Failure> {
    let named = [&cli.rules[..], &args.rules].concat();
    let set = rules::load_or_built_in(&named, config)?;
    let signals = Signals::new().map_err(system("cannot receive signals"))?;
    let tape = AnyTape::open(&args.file).map_err(SourceError::from)?;
    let outputs = Outputs::new(&outputs(args, config), Watch::OUTPUTS)?;

    let machine = tape.machine();
    let hostname = if config.hostname.is_empty() { &machine.hostname } else { &config.hostname };
    let mut clock = Clock::system(hostname.clone());
    clock.boot_ns = machine.boot_ns;
    let events = interest(&set);
    let prefilter = args.prefilter.then(|| prefilter(&set, ProcessNames::Known));
    if let Some(prefilter) = &prefilter {
        log::info!("prefilter: {}", prefilter.summary());
    }
    ProgramPages::of_process().give_back();
    log::info!("replaying {} with {} rules", args.file.display(), set.rules().len());
    // Everything comes from the file: neither users nor processes of this machine are looked at.
    let state = State::new(config.falco_libs.thread_table_size, Users::default(), None);
    let watch = Watch::new(
        Judge::new(state, set, clock),
        outputs,
        &config.syscall_event_drops,
        Box::new(|| {
            log::warn!("a replay keeps the rules that it began with");
            None
        }),
    )
    .recording(events, prefilter.is_some());
    let bar = progress(tape.bytes());
    let playback = Rc::new(Playback::default());
    let source = ReplaySource::new(args.file.clone(), tape, Rc::clone(&playback), args.real_time);
    let end = cli.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut event_loop = EventLoop::new(Box::new(source), signals, Limits { end, keep_recording: false })?;
    event_loop.start(&events)?;
    let begun = Instant::now();
    let mut replaying = Replaying::new(watch, playback, bar);
    replaying.filter = prefilter.as_ref().map(RecordFilter::new);
    let Ended { stop, .. } = event_loop.run(&mut replaying);
    if let Some(bar) = &replaying.bar {
        bar.finish_and_clear();
    }
    replaying.report(begun.elapsed());
    match stop? {
        Stop::Handler => Ok(()),
        _ => {
            log::info!("{}: stopped before its end", args.file.display());
            Ok(())
        }
    }
}

/// Where alerts go.
fn outputs(args: &ReplayArgs, config: &Config) -> OutputsConfig {
    let configured = config.outputs.clone();
    if args.configured_outputs {
        return configured;
    }
    let mut outputs = OutputsConfig {
        json_output: configured.json_output,
        json_include_output_property: configured.json_include_output_property,
        json_include_message_property: configured.json_include_message_property,
        json_include_output_fields_property: configured.json_include_output_fields_property,
        json_include_tags_property: configured.json_include_tags_property,
        time_format_iso_8601: configured.time_format_iso_8601,
        stdout_output: StdoutConfig { enabled: true },
        ..OutputsConfig::default()
    };
    outputs.syslog_output.enabled = false;
    outputs
}

/// A progress bar, if there is somebody to see it.
fn progress(bytes: Option<u64>) -> Option<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let bar = ProgressBar::with_draw_target(bytes, ProgressDrawTarget::stderr());
    let template = if bytes.is_some() { "{bar:40} {bytes}/{total_bytes} {eta}" } else { "{spinner} {bytes}" };
    let style = ProgressStyle::with_template(template);
    Some(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
}

/// A playback that is watched.
struct Replaying<'a> {
    watch: Watch,
    /// Leaves records out.
    filter: Option<RecordFilter<'a>>,
    playback: Rc<Playback>,
    bar: Option<ProgressBar>,
    /// Records since the bar moved.
    since: u32,
    /// Alerts that were sent when the outputs were last looked at.
    sent: u64,
    /// Since when an output takes nothing, and how many alerts waited there then.
    stuck: Option<(Instant, u64)>,
    /// An output takes nothing: it is not waited for any more.
    gave_up: bool,
    /// A pause is over, and no record came since.
    resumed: bool,
}

impl<'a> Replaying<'a> {
    fn new(watch: Watch, playback: Rc<Playback>, bar: Option<ProgressBar>) -> Replaying<'a> {
        Replaying { watch, filter: None, playback, bar, since: 0, sent: 0, stuck: None, gave_up: false, resumed: false }
    }

    /// Holds the records back while an output has too much to do: nothing is lost because a file is read faster than alerts
    /// can be taken.
    fn pace_by_outputs(&mut self) {
        let backlog = self.watch.backlog();
        if backlog <= MOST_WAITING || self.gave_up {
            self.stuck = None;
            self.playback.pause(false);
            return;
        }
        self.playback.pause(true);
        let now = Instant::now();
        match self.stuck {
            Some((since, before)) if backlog >= before => {
                if now.duration_since(since) >= PATIENCE {
                    log::warn!(
                        "an output has taken nothing for {PATIENCE:?}: the replay goes on without waiting for it"
                    );
                    self.gave_up = true;
                    self.playback.pause(false);
                }
            }
            _ => self.stuck = Some((now, backlog)),
        }
    }

    fn report(&self, took: Duration) {
        let judged = self.watch.judged();
        let (_, skipped) = self.playback.position();
        let records = judged.records + judged.bad_records + judged.unknown_events;
        let rate = (records + skipped) as f64 / took.as_secs_f64().max(1e-9);
        log::info!(
            "{records} records judged, {skipped} passed over because no rule asks for their events, {} unreadable; {} alerts; \
             {:.3} s, {rate:.0} records a second",
            judged.bad_records + judged.unknown_events,
            self.watch.sent(),
            took.as_secs_f64(),
        );
        if let Some(filter) = &self.filter {
            filter.shares().lines().iter().for_each(|line| log::info!("{line}"));
        }
        for (name, stats) in self.watch.sinks() {
            if stats.lost > 0 {
                log::error!("{name}: {} alerts were lost", stats.lost);
            }
        }
    }
}

impl Handler for Replaying<'_> {
    fn record(&mut self, bytes: &[u8], registry: &Registry) -> ControlFlow<()> {
        self.resumed = false;
        if self.playback.take_in(&mut self.watch.judge_mut().state) {
            self.watch.users_changed();
        }
        let wanted = self.filter.as_mut().is_none_or(|filter| filter.wants(bytes, &self.watch.judge().state.processes));
        let flow = if wanted { self.watch.record(bytes, registry) } else { ControlFlow::Continue(()) };
        if self.watch.sent() != self.sent {
            self.sent = self.watch.sent();
            self.pace_by_outputs();
        }
        self.since += 1;
        if self.since >= STEP {
            self.since = 0;
            if let Some(bar) = &self.bar {
                bar.set_position(self.playback.position().0);
            }
        }
        flow
    }

    fn idle(&mut self) -> ControlFlow<()> {
        if self.playback.has_ended() {
            return ControlFlow::Break(());
        }
        if self.playback.is_paused() {
            self.pace_by_outputs();
            self.resumed = !self.playback.is_paused();
        }
        self.watch.idle()
    }

    fn begin(&mut self, registry: &Registry) -> io::Result<()> {
        self.watch.begin(registry)
    }

    fn settle(&mut self, source: &dyn Source, registry: &Registry) -> Option<Wanted> {
        self.watch.settle(source, registry)
    }

    fn ready(&mut self, token: Token, registry: &Registry) {
        self.watch.ready(token, registry);
    }

    fn is_blocked(&self) -> bool {
        self.watch.is_blocked()
    }

    fn deadline(&self) -> Option<Instant> {
        let pause = match (self.playback.is_paused(), self.resumed) {
            (true, _) => Some(Instant::now() + LOOK),
            (false, true) => Some(Instant::now()),
            (false, false) => None,
        };
        [self.watch.deadline(), self.playback.due(), pause].into_iter().flatten().min()
    }

    fn expired(&mut self, registry: &Registry) {
        self.watch.expired(registry);
    }

    fn tick(&mut self, now: Instant, counters: &Counters, registry: &Registry) -> ControlFlow<()> {
        self.watch.tick(now, counters, registry)
    }

    fn reopen(&mut self, registry: &Registry) {
        self.watch.reopen(registry);
    }

    fn reload(&mut self) {
        self.watch.reload();
    }

    fn child_exited(&mut self, registry: &Registry) {
        self.watch.child_exited(registry);
    }

    fn finish(&mut self, accounts: &Accounts, registry: &Registry) -> bool {
        self.watch.finish(accounts, registry)
    }

    fn abort(&mut self, registry: &Registry) {
        self.watch.abort(registry);
    }
}
