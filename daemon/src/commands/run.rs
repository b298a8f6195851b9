//! `run`: a command, or a process that is there, is watched with ptrace(2).
//!
//! Standard output stays the command's: alerts that would go there go to standard error.

use super::failure::system;
use super::watch::hostname;
use super::{Failure, dump, rules};
use crate::cli::{Cli, DumpArgs, RunArgs};
use crate::config::{self, Loaded, Origins};
use crate::event_loop::{Ended, EventLoop, Limits};
use crate::fields::Clock;
use crate::logger::{self, Targets};
use crate::prefilter::{Mode, interest, on_demand};
use crate::signals::Signals;
use crate::sources::ptrace::{Command, OF_THE_TERMINAL, Outcome};
use crate::sources::{Asked, PtraceSource, Source};
use crate::state::{ProcReader, State, Users};
use crate::watch::{Judge, Watch};
use kestrel_core::schema::{EventSet, id};
use kestrel_outputs::{Outputs, Priority};
use kestrel_rules::prefilter::{OnDemand, ProcessNames};
use nix::sys::signal::SigSet;
use nix::sys::wait::WaitStatus;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// What shells add to the number of the signal that killed a command.
const SIGNALLED: u8 = 128;

/// Starts the command, or follows the process, until none is left; gives the command's exit code.
pub fn run(args: &RunArgs, cli: &Cli) -> Result<u8, Failure> {
    logger::init(Priority::Notice, Targets { stderr: true, syslog: None });
    let Loaded { config, warnings, .. } = config::load(&Origins::of_process(cli.config.as_deref(), &cli.options))?;
    // Whoever runs a command wants to see the command: of our own messages, those that say that something is wrong.
    let least = if cli.verbose { Priority::Debug } else { config.log_level.max(Priority::Notice) };
    let syslog = config.log_syslog.then(|| config.outputs.syslog_output.path.clone());
    logger::init(least, Targets { stderr: config.log_stderr, syslog });
    for warning in warnings {
        log::warn!("{warning}");
    }
    let mask = SigSet::thread_get_mask().map_err(|error| system("cannot read the signal mask")(error.into()))?;
    let signals = Signals::new().map_err(system("cannot receive signals"))?;
    if args.dump {
        return dump_records(args, cli, signals, mask);
    }
    let paths = if args.rules.is_empty() { &cli.rules } else { &args.rules };
    let set = rules::load_or_built_in(paths, &config)?;
    let makers = [id::CLONE, id::CLONE3, id::FORK, id::VFORK].into_iter().collect::<EventSet>();
    let failed_makers = !set.events().intersection(&makers).is_empty();
    let events = interest(&set);
    let prefilter = match Mode::of(&config, ProcessNames::Unknown) {
        Mode::On(names) => Some(on_demand(&set, names)),
        Mode::Off | Mode::OffForCaptures => None,
    };
    let is_filtered = prefilter.is_some();
    // Who reads records may look at everything in them.
    let asked = if config.outputs.socket_output.enabled { Asked::ALL } else { Asked::by(&set) };
    let stdout = config.outputs.stdout_output.enabled;
    let (source, outcome) = source(args, mask, Looked { failed_makers, asked, prefilter }, stdout)?;
    let outputs = Outputs::new(&config.outputs, Watch::OUTPUTS)?;
    let mut state =
        State::new(config.falco_libs.thread_table_size, Users::read_from("/etc"), Some(ProcReader::new("/proc")));
    if !asked.default_group {
        state.trust_groups();
    }
    state.read_ancestry(args.pid.map_or_else(std::process::id, i32::cast_unsigned));
    let judge = Judge::new(state, set, Clock::system(hostname(&config)));
    // What the filter leaves out cannot be had later, so the rules stay as they are.
    let reload = || {
        log::warn!("the rules of a command that runs stay as they are");
        None
    };
    let mut watch =
        Watch::new(judge, outputs, &config.syscall_event_drops, Box::new(reload)).recording(events, is_filtered);
    let mut event_loop = EventLoop::new(source, signals, limits(cli))?;
    event_loop.start(&events)?;
    let Ended { stop, accounts, .. } = event_loop.run(&mut watch);
    let counters = &accounts.counters;
    log::debug!("{} records, {} filtered, {} dropped", counters.delivered, counters.filtered, counters.dropped());
    stop?;
    Ok(code(&outcome))
}

fn limits(cli: &Cli) -> Limits {
    let end = cli.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    Limits { end, keep_recording: false }
}

/// What is looked at.
struct Looked {
    /// Calls that should have made a task, and failed.
    failed_makers: bool,
    /// Figures of processes.
    asked: Asked,
    /// Leaves out what nobody can want.
    prefilter: Option<OnDemand>,
}

/// The source, and where the command's end will be told. `alerts` says that alerts go to standard output.
fn source(args: &RunArgs, mask: SigSet, looked: Looked, alerts: bool) -> Result<(Box<dyn Source>, Outcome), Failure> {
    let Looked { failed_makers, asked, prefilter } = looked;
    let source = match args.pid {
        Some(pid) => PtraceSource::process(pid),
        None => {
            let stdout = if alerts { Some(give_away_stdout()?) } else { None };
            let command = Command { words: args.command.clone(), stdout, mask };
            PtraceSource::command(command, args.all_calls, failed_makers)
        }
    };
    if args.pid.is_none() {
        ignore_the_terminal()?;
    }
    let source = source.asking(asked);
    let source = match prefilter {
        Some(prefilter) => source.judging(prefilter),
        None => source,
    };
    let outcome = source.outcome();
    Ok((Box::new(source), outcome))
}

/// Standard output, which is standard error for us from now on.
fn give_away_stdout() -> Result<OwnedFd, Failure> {
    let failed = |error: nix::errno::Errno| system("cannot set up standard output")(error.into());
    let cloexec = nix::fcntl::FcntlArg::F_DUPFD_CLOEXEC(3);
    let stdout = nix::fcntl::fcntl(std::io::stdout(), cloexec).map_err(failed)?;
    nix::unistd::dup2_stdout(std::io::stderr()).map_err(failed)?;
    crate::sources::ptrace::own(stdout).map_err(failed)
}

/// What the terminal sends is for the command: we end and stop when it does.
fn ignore_the_terminal() -> Result<(), Failure> {
    for signal in OF_THE_TERMINAL {
        crate::sources::ptrace::ignore(signal)
            .map_err(|error| system("cannot leave the terminal's signals to the command")(error.into()))?;
    }
    Ok(())
}

/// The exit code that a shell gives for how the command ended.
fn code(outcome: &Outcome) -> u8 {
    let status = outcome.get().unwrap_or(0);
    match WaitStatus::from_raw(nix::unistd::Pid::from_raw(0), status) {
        Ok(WaitStatus::Exited(_, code)) => code as u8,
        Ok(WaitStatus::Signaled(_, signal, _)) => SIGNALLED + signal as u8,
        // A real-time signal, which has no name there.
        _ => SIGNALLED + (status & 0x7f) as u8,
    }
}

fn dump_records(args: &RunArgs, cli: &Cli, signals: Signals, mask: SigSet) -> Result<u8, Failure> {
    let (source, outcome) =
        source(args, mask, Looked { failed_makers: true, asked: Asked::ALL, prefilter: None }, false)?;
    let mut event_loop = EventLoop::new(source, signals, limits(cli))?;
    event_loop.start(&EventSet::all())?;
    let args = DumpArgs { normalize: args.normalize, ..DumpArgs::default() };
    dump::print(&args, event_loop)?;
    Ok(code(&outcome))
}
