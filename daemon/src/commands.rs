//! What the command line asks for. Exit codes: 0 fine, 1 failed while running, 2 wrong usage or invalid input.

use crate::cli::{Cli, Command};
use crate::config::{self, Config, ConfigError, EngineKind, RuleMatching};
use crate::event_loop::{EventLoop, LoopError};
use crate::fields::Clock;
use crate::judge::Judge;
use crate::signals::Signals;
use crate::sources::{DeviceError, KmodSource, Source, SourceError};
use crate::state::{LIFECYCLE, ProcReader, State, Users};
use crate::{dump, logger};
use kestrel_core::abi::Hello;
use kestrel_core::event::Record;
use kestrel_core::schema::{self, EVENTS, EventSet};
use kestrel_outputs::{OutputError, Outputs, Priority};
use kestrel_rules::{ArgRule, FIELDS, LoadErrors, LoadOptions, Loaded, Matching, RuleSet, RuleSource};
use log::LevelFilter;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A rule file cannot be read.
    #[error("{}: cannot read the rules: {error}", path.display())]
    RuleFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// Rules are wrong.
    #[error("{0}\n\n{n} wrong in the rules", n = match .0.0.len() { 1 => "one thing is".to_owned(), n => format!("{n} things are") })]
    Rules(LoadErrors),
    /// No rule is left to judge by.
    #[error("no rule is enabled: nothing would ever be found. Name rule files with -r or in rules_files")]
    NoRules,
    /// A word on the command line.
    #[error("{0}")]
    Usage(String),
    /// The sinks.
    #[error(transparent)]
    Outputs(#[from] OutputError),
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The loop.
    #[error(transparent)]
    Loop(#[from] LoopError),
    /// The system.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// Why not.
        error: io::Error,
    },
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Failure::Config(_)
            | Failure::RuleFile { .. }
            | Failure::Rules(_)
            | Failure::NoRules
            | Failure::Usage(_) => 2,
            Failure::Outputs(OutputError::Config(_) | OutputError::File { .. }) => 2,
            Failure::Outputs(OutputError::Stdout(_))
            | Failure::Source(_)
            | Failure::Loop(_)
            | Failure::System { .. } => 1,
        }
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Failure {
        Failure::Source(error.into())
    }
}

fn system(what: impl Into<String>) -> impl FnOnce(io::Error) -> Failure {
    let what = what.into();
    move |error| Failure::System { what, error }
}

/// Does what the command line asks for.
///
/// # Errors
/// [`Failure`] has a message for a person, and the exit code.
pub fn run(cli: &Cli) -> Result<(), Failure> {
    logger::init(if cli.verbose { LevelFilter::Debug } else { LevelFilter::Info });
    if cli.list {
        return list_fields();
    }
    if cli.list_events {
        return list_events();
    }
    let config = config::load(cli.config.as_deref(), &cli.options)?;
    let level = config.log_level.parse().map_err(|_| {
        Failure::Usage(format!("log_level: {:?} is no level: use error, warn, info or debug", config.log_level))
    })?;
    logger::init(if cli.verbose { LevelFilter::Debug } else { level });
    if !cli.validate.is_empty() {
        return validate(&cli.validate, &config);
    }
    match &cli.command {
        Some(Command::Dump { events, normalize, comm, seconds }) => {
            dump_records(&config, events, *normalize, comm.as_deref(), *seconds)
        }
        None => watch(cli, &config),
    }
}

fn print(text: std::fmt::Arguments<'_>) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{text}") {
        // Whoever reads our output may stop whenever they like.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => result.map_err(system("standard output")),
    }
}

fn list_fields() -> Result<(), Failure> {
    for def in FIELDS {
        let arg = match def.arg {
            ArgRule::None => "",
            ArgRule::OptionalIndex => "[<index>]",
            ArgRule::OptionalName => "[<name>]",
            ArgRule::Required => "[<required>]",
        };
        print(format_args!("{:<38} {:<8} {}", format!("{}{arg}", def.name), def.ty.name(), def.description))?;
    }
    Ok(())
}

fn list_events() -> Result<(), Failure> {
    for event in EVENTS {
        let params: Vec<&str> = event.params.iter().map(|param| param.name).collect();
        print(format_args!("{:<20} {:<8} {}", event.name, event.category.name(), params.join(", ")))?;
    }
    Ok(())
}

fn options(config: &Config) -> Result<LoadOptions, Failure> {
    let least_priority: Priority = config
        .priority
        .parse()
        .map_err(|error| Failure::Usage(format!("priority: {:?} is {error}", config.priority)))?;
    let matching = match config.rule_matching {
        RuleMatching::First => Matching::First,
        RuleMatching::All => Matching::All,
    };
    Ok(LoadOptions { least_priority, matching })
}

/// Reads rule files; a folder stands for the `.yaml` and `.yml` files in it, sorted. A folder that is not there is empty.
fn read_rules(paths: &[PathBuf]) -> Result<Vec<RuleSource>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).map_err(|error| Failure::RuleFile { path: path.clone(), error })?;
            let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            inside.retain(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"));
            inside.sort();
            files.extend(inside);
        } else if path.exists() || path.extension().is_some_and(|extension| extension != "d") {
            files.push(path.clone());
        }
    }
    let read = |path: PathBuf| match std::fs::read_to_string(&path) {
        Ok(text) => Ok(RuleSource { name: path.display().to_string(), text }),
        Err(error) => Err(Failure::RuleFile { path, error }),
    };
    files.into_iter().map(read).collect()
}

fn validate(files: &[PathBuf], config: &Config) -> Result<(), Failure> {
    let sources = read_rules(files)?;
    match RuleSet::load(&sources, options(config)?) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                print(format_args!("{warning}\n"))?;
            }
            let verdict = if loaded.warnings.is_empty() { "Ok" } else { "Ok, with warnings" };
            let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            print(format_args!("{}: {verdict} ({} rules)", names.join(", "), loaded.rules.rules().len()))
        }
        Err(errors) => Err(Failure::Rules(errors)),
    }
}

fn load_rules(cli: &Cli, config: &Config) -> Result<RuleSet, Failure> {
    let paths = if cli.rules.is_empty() { &config.rules_files } else { &cli.rules };
    let sources = read_rules(paths)?;
    let Loaded { rules, warnings } = RuleSet::load(&sources, options(config)?).map_err(Failure::Rules)?;
    for warning in warnings {
        let (file, line, column) = warning.position();
        log::warn!("{file}:{line}:{column}: {}", warning.message());
    }
    if rules.rules().is_empty() {
        return Err(Failure::NoRules);
    }
    Ok(rules)
}

fn hostname() -> String {
    nix::unistd::gethostname().map_or_else(|_| "localhost".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn open_source(config: &Config) -> Result<KmodSource, Failure> {
    match config.engine.kind {
        EngineKind::Kmod => {
            let source = KmodSource::open(&Hello::OURS)?;
            if source.is_retained() {
                log::info!("going on where the last kestrel stopped: the rings kept what happened since");
            }
            Ok(source)
        }
    }
}

/// Removes the pid file at the end.
struct PidFile<'a>(&'a Path);

impl<'a> PidFile<'a> {
    fn write(path: &'a Path) -> Result<PidFile<'a>, Failure> {
        std::fs::write(path, format!("{}\n", std::process::id()))
            .map_err(system(format!("{}: cannot write the pid file", path.display())))?;
        Ok(PidFile(path))
    }
}

impl Drop for PidFile<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.0);
    }
}

fn watch(cli: &Cli, config: &Config) -> Result<(), Failure> {
    // Everything that can be wrong is found out before the kernel is asked for anything.
    let rules = load_rules(cli, config)?;
    let signals =
        Signals::new().map_err(|errno| Failure::System { what: "signals".to_owned(), error: errno.into() })?;
    let outputs = Outputs::new(&config.outputs, EventLoop::outputs_token())?;
    let source = open_source(config)?;
    let _pidfile = cli.pidfile.as_deref().map(PidFile::write).transpose()?;

    let events = rules.events().union(&LIFECYCLE.into_iter().collect());
    let count = rules.rules().len();
    let state =
        State::new(config.falco_libs.thread_table_size, Users::read_from("/etc"), Some(ProcReader::new("/proc")));
    let judge = Judge::new(state, rules, Clock::system(hostname()));
    let run_for = cli.seconds.map(Duration::from_secs);
    let mut event_loop = EventLoop::new(Box::new(source), judge, outputs, signals, run_for)?;

    // The capture starts before /proc is read, so that nothing falls in between.
    event_loop.source_mut().start(&events)?;
    event_loop.judge_mut().state.scan();
    log::info!("watching with {count} rules: {} kinds of events", events.len());
    // Without a service manager there is nobody to tell.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    let summary = event_loop.run()?;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    for line in summary.to_string().lines() {
        log::info!("{line}");
    }
    Ok(())
}

fn dump_records(
    config: &Config,
    names: &[String],
    normalize: bool,
    comm: Option<&str>,
    seconds: Option<u64>,
) -> Result<(), Failure> {
    let mut events = EventSet::EMPTY;
    for name in names {
        match schema::by_name(name) {
            Some(id) => events.insert(id),
            None => {
                return Err(Failure::Usage(format!("there is no event {name}: `kestrel --list-events` lists them")));
            }
        }
    }
    if names.is_empty() {
        events = EventSet::all();
    }
    let mut signals =
        Signals::new().map_err(|errno| Failure::System { what: "signals".to_owned(), error: errno.into() })?;
    let mut source = open_source(config)?;
    source.start(&events)?;
    log::info!("recording {} kinds of events", events.len());
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let stop_now = |signals: &mut Signals| {
        let signal = signals.read();
        matches!(signal, Some(nix::sys::signal::Signal::SIGTERM | nix::sys::signal::Signal::SIGINT))
            || end.is_some_and(|end| Instant::now() >= end)
    };
    let mut stopping = false;
    loop {
        let mut lines = Vec::new();
        while let Some(bytes) = source.next()? {
            if let Ok(record) = Record::parse(bytes)
                && comm.is_none_or(|comm| record.task().comm() == comm.as_bytes())
                && let Some(json) = dump::record(&record, normalize)
            {
                lines.push(json);
            }
        }
        source.release();
        for line in lines {
            print(format_args!("{line}"))?;
        }
        if stopping {
            return Ok(());
        }
        if stop_now(&mut signals) {
            source.stop()?;
            stopping = true;
        } else {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
