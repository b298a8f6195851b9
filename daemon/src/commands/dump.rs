//! `dump`: records as JSON lines.

use super::failure::system;
use super::{Failure, open_source};
use crate::cli::{Cli, DumpArgs};
use crate::config::{Config, distance};
use crate::dump;
use crate::event_loop::{Ended, EventLoop, Handler, Limits};
use crate::prefilter::without_request;
use crate::signals::Signals;
use crate::sources::Accounts;
use kestrel_core::event::Record;
use kestrel_core::schema::{self, EVENTS, EventSet};
use kestrel_outputs::escape;
use mio::Registry;
use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Prints records until somebody or something ends it.
pub fn run(args: &DumpArgs, cli: &Cli, config: &Config) -> Result<(), Failure> {
    let events = wanted(args)?;
    let signals = Signals::new().map_err(system("cannot receive signals"))?;
    let source = open_source(config)?;
    let seconds = args.for_seconds.or(cli.seconds);
    let end = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut event_loop = EventLoop::new(source, signals, Limits { end, keep_recording: false })?;
    event_loop.start(&events)?;
    log::info!("recording {} kinds of events", events.len());
    print(args, event_loop)
}

/// Prints what the loop gets, until it ends.
pub(super) fn print(args: &DumpArgs, event_loop: EventLoop) -> Result<(), Failure> {
    let mut printer = Printer::new(args, io::stdout());
    let Ended { stop, accounts, .. } = event_loop.run(&mut printer);
    let Printer { error, printed, skipped, .. } = printer;
    if let Some(error) = error {
        return Err(Failure::Stdout(error));
    }
    log::info!(
        "{printed} records printed, {skipped} skipped, {} missing, {} dropped",
        accounts.missing,
        accounts.counters.dropped()
    );
    for mismatch in &accounts.mismatches {
        log::error!("accounts do not agree: {mismatch}");
    }
    stop?;
    Ok(())
}

/// The events that were named.
fn wanted(args: &DumpArgs) -> Result<EventSet, Failure> {
    let mut events = EventSet::EMPTY;
    let mut problems = Vec::new();
    for name in args.events.iter().chain(&args.event_list) {
        match schema::by_name(name) {
            Some(id) => events.insert(id),
            None => {
                let near = EVENTS.iter().map(|event| (distance(event.name, name), event.name)).min();
                let hint = match near {
                    Some((0..=2, near)) => format!("did you mean {near}?"),
                    _ => "`kestrel --list-events` lists them".to_owned(),
                };
                problems.push(format!("there is no event {name}: {hint}"));
            }
        }
    }
    if !problems.is_empty() {
        return Err(Failure::Usage(problems.join("\n")));
    }
    Ok(if events.is_empty() { without_request() } else { events })
}

/// Prints records.
struct Printer<'a, W: Write> {
    args: &'a DumpArgs,
    out: BufWriter<W>,
    printed: u64,
    skipped: u64,
    error: Option<io::Error>,
}

impl<'a, W: Write> Printer<'a, W> {
    fn new(args: &'a DumpArgs, out: W) -> Self {
        Printer { args, out: BufWriter::new(out), printed: 0, skipped: 0, error: None }
    }

    fn flush(&mut self) -> ControlFlow<()> {
        match self.out.flush() {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => self.failed(error),
        }
    }

    fn failed(&mut self, error: io::Error) -> ControlFlow<()> {
        self.error.get_or_insert(error);
        ControlFlow::Break(())
    }
}

impl<W: Write> Handler for Printer<'_, W> {
    fn record(&mut self, bytes: &[u8], _registry: &Registry) -> ControlFlow<()> {
        if self.args.count.is_some_and(|count| self.printed >= count) {
            return ControlFlow::Break(());
        }
        let Ok(record) = Record::parse(bytes) else {
            self.skipped += 1;
            return ControlFlow::Continue(());
        };
        if self.args.comm.as_ref().is_some_and(|comm| record.task().comm() != comm.as_bytes()) {
            return ControlFlow::Continue(());
        }
        let Some(json) = dump::record(&record, self.args.normalize) else {
            self.skipped += 1;
            return ControlFlow::Continue(());
        };
        if let Err(error) = writeln!(self.out, "{}", escape::json(&json.to_string())) {
            return self.failed(error);
        }
        self.printed += 1;
        if self.args.count.is_some_and(|count| self.printed >= count) {
            let _ = self.flush();
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn idle(&mut self) -> ControlFlow<()> {
        self.flush()
    }

    fn finish(&mut self, _accounts: &Accounts, _registry: &Registry) -> bool {
        let _ = self.flush();
        true
    }
}
