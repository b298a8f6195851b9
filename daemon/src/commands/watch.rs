//! Watching, from set-up to the figures at the end.

use super::failure::system;
use super::{Failure, open_source, rules};
use crate::cli::Cli;
use crate::config::Config;
use crate::event_loop::{Ended, EventLoop, Limits, Wanted};
use crate::fields::Clock;
use crate::pidfile::PidFile;
use crate::signals::Signals;
use crate::state::{ProcReader, State, Users};
use crate::watch::{Judge, Watch};
use kestrel_outputs::Outputs;
use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// Watches until somebody or something ends it.
pub fn run(cli: &Cli, config: &Config) -> Result<(), Failure> {
    // Everything that can be wrong is found out before the kernel is asked for anything.
    let set = rules::load(&cli.rules, config)?;
    let signals = Signals::new().map_err(system("cannot receive signals"))?;
    let outputs = Outputs::new(&config.outputs, Watch::OUTPUTS)?;
    let source = open_source(config)?;
    let pidfile = cli
        .pidfile
        .as_deref()
        .map(|path| PidFile::write(path).map_err(system(format!("{}: cannot write the pid file", path.display()))));
    let _pidfile = pidfile.transpose()?;

    let state =
        State::new(config.falco_libs.thread_table_size, Users::read_from("/etc"), Some(ProcReader::new("/proc")));
    let judge = Judge::new(state, set, Clock::system(hostname(config)));
    let reload = || match rules::load(&cli.rules, config) {
        Ok(set) => Some(set),
        Err(failure) => {
            failure.to_string().lines().for_each(|line| log::error!("{line}"));
            None
        }
    };
    let mut watch = Watch::new(judge, outputs, &config.syscall_event_drops, Box::new(reload));
    watch.set_prefilter(config.prefilter.enabled);
    let Wanted { events, program } = watch.wanted();
    let end = cli.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let limits = Limits { end, keep_recording: config.engine.kmod.keep_recording };
    let mut event_loop = EventLoop::new(source, signals, limits)?;

    event_loop.set_program(&program);
    // The capture starts before /proc is read, so that nothing falls in between.
    event_loop.start(&events)?;
    watch.judge_mut().state.scan();
    // Without a service manager there is nobody to tell.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    let Ended { stop, accounts, system_calls } = event_loop.run(&mut watch);
    let _ = sd_notify::notify(&[NotifyState::Stopping]);
    for line in watch.summary(accounts, system_calls).to_string().lines() {
        log::info!("{line}");
    }
    stop?;
    if watch.dropped_too_much() { Err(Failure::Drops) } else { Ok(()) }
}

/// The name of this machine in alerts.
fn hostname(config: &Config) -> String {
    if !config.hostname.is_empty() {
        return config.hostname.clone();
    }
    nix::unistd::gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
}
