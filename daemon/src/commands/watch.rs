//! Watching, from set-up to the figures at the end.

use super::failure::system;
use super::{Failure, again, open_source, print, rules};
use crate::capture::Captures;
use crate::changes::Changes;
use crate::cli::Cli;
use crate::config::{Config, ReadFile};
use crate::event_loop::{Ended, EventLoop, Limits, Wanted};
use crate::fields::Clock;
use crate::pidfile::PidFile;
use crate::recording;
use crate::resident::ProgramPages;
use crate::sandbox;
use crate::service::{self, ServiceManager};
use crate::signals::Signals;
use crate::state::{ProcReader, State, Users};
use crate::watch::{Audit, FilesInForce, Judge, Observer, Watch};
use kestrel_outputs::Outputs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Watches until somebody or something ends it. `files` are those that the configuration was read from.
pub fn run(cli: &Cli, config: &Config, files: &[ReadFile]) -> Result<(), Failure> {
    let paths = again::paths(cli, config, files);
    // Waited for before they are read, so that no change falls in between.
    let mut changes = config.watch_config_files.then(follow).flatten();
    if let Some(changes) = &mut changes {
        changes.reading(&paths);
    }
    // Everything that can be wrong is found out before the kernel is asked for anything.
    let (set, rules_files) = rules::load_with_files(&cli.rules, config)?;
    let appended = rules::appended(config, &set)?;
    let signals = Signals::new().map_err(system("cannot receive signals"))?;
    let outputs = Outputs::new(&config.outputs, Watch::OUTPUTS)?;
    let audit = Audit::new(&config.k8s_audit)?;
    let observer = Observer::new(config, FilesInForce { config: files.into(), rules: rules_files.into() })?;
    if cli.dry_run {
        return print(format_args!("kestrel would run with this: {} rules", set.rules().len()));
    }
    let source = open_source(config)?;
    let pidfile = cli
        .pidfile
        .as_deref()
        .map(|path| PidFile::write(path).map_err(system(format!("{}: cannot write the pid file", path.display()))));
    let _pidfile = pidfile.transpose()?;

    let state =
        State::new(config.falco_libs.thread_table_size, Users::read_from("/etc"), Some(ProcReader::new("/proc")));
    let names = source.names();
    let clock = Clock::system(hostname(config));
    let captures = Captures::new(&config.capture, recording::machine(&clock));
    let mut judge = Judge::new(state, set, clock);
    judge.set_alerts(appended, config.buffer_format_base64);
    if let Some(changes) = &mut changes {
        changes.were_read(&paths, Instant::now());
    }
    let mut watch = Watch::new(judge, outputs, &config.syscall_event_drops, again::reload(cli, paths, names))
        .following(config.clone(), changes, names)
        .observed(observer)
        .auditing(audit)
        .with_captures(captures)
        .serving(ServiceManager::of_process(Instant::now()));
    let wanted = watch.wanted();
    watch = watch.recording(wanted.events, !wanted.program.is_empty());
    let Wanted { events, program } = wanted;
    let end = cli.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let limits = Limits { end, keep_recording: config.engine.keeps_recording() };
    let mut event_loop = EventLoop::new(source, signals, limits)?;

    if !program.is_empty() {
        event_loop.set_program(&program);
    }
    // The capture starts before /proc is read, so that nothing falls in between.
    event_loop.start(&events)?;
    watch.judge_mut().state.scan();
    event_loop.know_processes();
    // Files of /proc may be out of reach then.
    let pages = ProgramPages::of_process();
    sandbox::enter(config, cli.pidfile.as_deref());
    // Not before: the thread that asks is to have given up as much.
    if config.containers.ask_runtimes {
        watch.judge_mut().state.containers.ask_runtimes(Path::new("/"));
    }
    service::ready();
    watch.started(pages);
    let Ended { stop, accounts, system_calls } = event_loop.run(&mut watch);
    service::stopping();
    for line in watch.summary(accounts, system_calls).to_string().lines() {
        log::info!("{line}");
    }
    stop?;
    if watch.dropped_too_much() { Err(Failure::Drops) } else { Ok(()) }
}

/// Waits for changes of files, if that can be done.
fn follow() -> Option<Changes> {
    Changes::new()
        .inspect_err(|error| log::warn!("cannot learn of changed files: {error}; SIGHUP reads them again"))
        .ok()
}

/// The name of this machine in alerts.
pub(super) fn hostname(config: &Config) -> String {
    if !config.hostname.is_empty() {
        return config.hostname.clone();
    }
    nix::unistd::gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
}
