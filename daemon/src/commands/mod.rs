//! What the command line asks for. Exit codes: 0 fine, 1 failed while running, 2 wrong usage or invalid input.
//!
//! | file | command |
//! |---|---|
//! | `watch.rs`, `again.rs` | none: watching; reading everything again |
//! | `dump.rs` | `dump` |
//! | `test.rs` | `test` |
//! | `watch_socket.rs` | `watch` |
//! | `stats.rs`, `top.rs` | `stats`, `top` |
//! | `explain.rs` | `explain` |
//! | `run.rs` | `run` |
//! | `record.rs` | `record` |
//! | `replay.rs` | `replay` |
//! | `show.rs` | `show` |
//! | `validate.rs` | `-V` |
//! | `describe.rs` | `-L`, `-l` |
//! | `list/` | `--list`, `--list-events` |
//! | `version.rs` | `--version`, `--version-json` |
//! | `schema.rs` | `--config-schema`, `--rule-schema` |
//! | `support.rs` | `--support` |

mod again;
mod describe;
mod dump;
mod explain;
mod failure;
mod list;
mod record;
mod replay;
mod rules;
mod run;
mod schema;
mod show;
mod stats;
mod support;
mod test;
mod top;
mod unfilled;
mod validate;
mod version;
mod watch;
mod watch_socket;

pub use failure::Failure;

use crate::cli::{Cli, Command};
use crate::config::{self, Config, EngineKind, Loaded, Origins};
use crate::logger::{self, Targets};
use crate::sources::{EbpfSource, KmodSource, ProbeError, Source, SourceError};
use kestrel_core::abi::Hello;
use kestrel_outputs::Priority;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Does what the command line asks for; gives the exit code, which is 0 but for `run`, where it is the command's.
///
/// # Errors
/// [`Failure`] has a message for a person, and the exit code.
pub fn run(cli: &Cli) -> Result<u8, Failure> {
    match &cli.command {
        Some(Command::Run(args)) => run::run(args, cli),
        _ => do_else(cli).map(|()| 0),
    }
}

/// Everything but `run`.
fn do_else(cli: &Cli) -> Result<(), Failure> {
    // Until the configuration says otherwise.
    logger::init(Priority::Informational, Targets { stderr: true, syslog: None });
    if cli.version_json {
        return version::json();
    }
    if cli.config_schema {
        return schema::configuration();
    }
    if cli.rule_schema {
        return schema::rules();
    }
    if let Some(source) = &cli.list {
        return list::fields(source, cli.names, cli.list_format());
    }
    if cli.list_events {
        return list::events(cli.list_format());
    }
    // What a test says must not depend on the machine that it is played on.
    if let Some(Command::Test(args)) = &cli.command {
        return test::run(args, cli);
    }
    if let Some(Command::Explain(args)) = &cli.command
        && let Some(file) = &args.event
    {
        return explain::event(args, file, cli);
    }
    let loaded = config::load(&Origins::of_process(cli.config.as_deref(), &record::settings(cli)));
    if cli.version {
        // The version is told whatever the configuration is like.
        let as_json = loaded.is_ok_and(|loaded| loaded.config.outputs.json_output);
        return if as_json { version::json() } else { version::text() };
    }
    let Loaded { config, warnings, files } = loaded?;
    log_as_configured(cli, &config);
    for warning in warnings {
        log::warn!("{warning}");
    }
    let described = describe::Wanted::of(cli);
    if !cli.validate.is_empty() {
        return validate::run(&cli.validate, described.as_ref(), &config);
    }
    if let Some(wanted) = described {
        return describe::run(&cli.rules, &wanted, &config);
    }
    if cli.support {
        return support::run(&cli.rules, &config);
    }
    match &cli.command {
        Some(Command::Dump(args)) => dump::run(args, cli, &config),
        Some(Command::Test(args)) => test::run(args, cli),
        Some(Command::Watch(args)) => watch_socket::run(args, cli, &config),
        Some(Command::Stats(args)) => stats::run(args, &config),
        Some(Command::Top(args)) => top::run(args, cli, &config),
        Some(Command::Explain(args)) => explain::rule(args, cli, &config),
        // Dealt with by the caller.
        Some(Command::Run(_)) => Ok(()),
        Some(Command::Record(args)) => record::run(args, cli, &config),
        Some(Command::Replay(args)) => replay::run(args, cli, &config),
        Some(Command::Show(args)) => show::run(args, &config),
        None => watch::run(cli, &config, &files),
    }
}

/// Sends Kestrel's own messages where the configuration says.
fn log_as_configured(cli: &Cli, config: &Config) {
    let least = if cli.verbose { Priority::Debug } else { config.log_level };
    let syslog = config.log_syslog.then(|| config.outputs.syslog_output.path.clone());
    logger::init(least, Targets { stderr: config.log_stderr, syslog });
}

/// Prints a line on standard output.
fn print(text: std::fmt::Arguments<'_>) -> Result<(), Failure> {
    writeln!(io::stdout(), "{text}").map_err(Failure::Stdout)
}

/// Opens the source that the configuration names.
fn open_source(config: &Config) -> Result<Box<dyn Source>, Failure> {
    let device = format!("{}0", config.engine.kmod.device);
    match config.engine.kind {
        EngineKind::Kmod => open_module(config),
        EngineKind::Ebpf => open_probe(config).map_err(|error| SourceError::from(error).into()),
        EngineKind::Auto if Path::new(&device).exists() => {
            log::info!("engine.kind is auto: events come from the kernel module, since there is {device}");
            open_module(config)
        }
        EngineKind::Auto => {
            log::info!("engine.kind is auto: events come from the eBPF probe, since there is no {device}");
            open_probe(config).map_err(|probe| SourceError::Neither { device, probe }.into())
        }
    }
}

/// Opens the kernel module's devices.
fn open_module(config: &Config) -> Result<Box<dyn Source>, Failure> {
    let kmod = &config.engine.kmod;
    let delay = Duration::from_millis(kmod.wake_delay_ms);
    let source = KmodSource::open(&kmod.device, &Hello::OURS, delay)?;
    log::debug!("{} CPUs", source.cpus());
    if source.is_retained() {
        log::info!("going on where the last kestrel stopped: the rings kept what happened since");
    }
    Ok(Box::new(source))
}

/// Loads the eBPF probe.
fn open_probe(config: &Config) -> Result<Box<dyn Source>, ProbeError> {
    let begin = Instant::now();
    let ebpf = &config.engine.ebpf;
    let source = EbpfSource::open(ebpf.ring_kib, (!ebpf.pin_dir.as_os_str().is_empty()).then_some(&ebpf.pin_dir))?;
    log::debug!("the eBPF probe was loaded in {} ms", begin.elapsed().as_millis());
    if source.is_retained() {
        log::info!("going on where the last kestrel stopped: the ring kept what happened since");
    }
    Ok(Box::new(source))
}
