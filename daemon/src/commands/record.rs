//! `record`: the records of a source, into files.

use super::failure::system;
use super::watch::hostname;
use super::{Failure, open_source};
use crate::cli::{Cli, Command, RecordArgs};
use crate::config::Config;
use crate::event_loop::{Ended, EventLoop, Handler, Limits};
use crate::fields::Clock;
use crate::recording::{self, Files, Opening, Rotation};
use crate::selection::Selection;
use crate::signals::Signals;
use crate::sources::Accounts;
use crate::state::{LIFECYCLE, ProcReader, State, Users};
use kestrel_core::event::Record;
use kestrel_core::schema::{EventId, EventSet};
use kestrel_ringbuf::Counters;
use mio::Registry;
use sd_notify::NotifyState;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What `-o` sets: all of them but the one that names the file to record into, which has no `=` in it.
pub fn settings(cli: &Cli) -> Vec<String> {
    let records = matches!(cli.command, Some(Command::Record(_)));
    cli.options.iter().filter(|option| !records || option.contains('=')).cloned().collect()
}

/// The file to record into.
fn file(args: &RecordArgs, cli: &Cli) -> Result<PathBuf, Failure> {
    let mut named = cli.options.iter().filter(|option| !option.contains('=')).map(PathBuf::from);
    let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
    match (args.file.clone().or_else(|| named.next()), named.next()) {
        (Some(file), None) => Ok(file),
        (None, _) => usage("record needs a file to write: kestrel record -w FILE"),
        (Some(_), Some(_)) => usage("record writes one file: it was given more than one"),
    }
}

/// Records until somebody or something ends it.
pub fn run(args: &RecordArgs, cli: &Cli, config: &Config) -> Result<(), Failure> {
    let path = file(args, cli)?;
    let clock = Clock::system(hostname(config));
    let machine = recording::machine(&clock);
    let condition = args.condition.as_deref().unwrap_or("");
    let selection = match &args.condition {
        Some(text) => Some(Selection::new("condition", text, clock).map_err(Failure::Condition)?),
        None => None,
    };
    let lifecycle: EventSet = LIFECYCLE.into_iter().collect();
    let events = selection.as_ref().map_or_else(EventSet::all, Selection::events).union(&lifecycle);
    let rotation = Rotation { size: args.size, duration: args.duration, keep: args.rotate.map(|files| files as usize) };
    if rotation.keep.is_some() && rotation.size.is_none() && rotation.duration.is_none() {
        let text = "--rotate says how many files are kept, but no new file is ever begun: add --size or --duration";
        return Err(Failure::Usage(text.to_owned()));
    }
    let signals = Signals::new().map_err(system("cannot receive signals"))?;
    let source = open_source(config)?;
    let end = cli.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut event_loop = EventLoop::new(source, signals, Limits { end, keep_recording: false })?;
    // The capture starts before /proc is read, so that nothing falls in between.
    event_loop.start(&events)?;
    let mut state =
        State::new(config.falco_libs.thread_table_size, Users::read_from("/etc"), Some(ProcReader::new("/proc")));
    if config.containers.ask_runtimes {
        state.containers.ask_runtimes(Path::new("/"));
    }
    state.scan();
    let files = Files::begin(&path, rotation, Opening::new(machine, condition), &state)
        .map_err(system(format!("{}: cannot begin the recording", path.display())))?;
    log::info!("recording {} kinds of events into {}", events.len(), path.display());
    // Without a service manager there is nobody to tell.
    let _ = sd_notify::notify(&[NotifyState::Ready]);
    let looked_up = state.stats().unknown;
    let mut recorder = Recorder { state, files, selection, lifecycle, looked_up, unreadable: 0, error: None };
    let Ended { stop, accounts, .. } = event_loop.run(&mut recorder);
    let Recorder { files, unreadable, error, .. } = recorder;
    if let Some(error) = error {
        return Err(Failure::System { what: format!("{}: cannot write the recording", path.display()), error });
    }
    log::info!(
        "{} records in {} files, {} bytes; {unreadable} unreadable, {} missing by sequence number, {} dropped by the kernel",
        files.records(),
        files.count(),
        files.bytes(),
        accounts.missing,
        accounts.counters.dropped()
    );
    for mismatch in &accounts.mismatches {
        log::error!("accounts do not agree: {mismatch}");
    }
    stop?;
    Ok(())
}

/// Writes records.
struct Recorder {
    state: State,
    files: Files,
    selection: Option<Selection>,
    /// Recorded whatever the condition says: processes are known by them.
    lifecycle: EventSet,
    /// Processes without a history that were told of.
    looked_up: u64,
    unreadable: u64,
    error: Option<io::Error>,
}

impl Recorder {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Ok(record) = Record::parse(bytes) else {
            self.unreadable += 1;
            return Ok(());
        };
        self.files.make_room(&self.state)?;
        let key = self.state.apply(&record);
        // What was looked up in /proc cannot be looked up again by who replays it.
        if std::mem::replace(&mut self.looked_up, self.state.stats().unknown) != self.state.stats().unknown
            && let Some(process) = self.state.processes.get(key)
        {
            self.files.process(process)?;
        }
        let process = self.state.processes.get(key);
        if let Some(container) = process.and_then(|process| process.group.container.as_deref()) {
            self.files.container(container)?;
        }
        let fits = match &mut self.selection {
            Some(selection) => {
                selection.fits(record, key, &self.state) || self.lifecycle.contains(EventId(record.header().event))
            }
            None => true,
        };
        if fits {
            self.files.record(bytes)?;
        }
        self.state.settle(&record, key);
        Ok(())
    }

    fn done(&mut self, result: io::Result<()>) -> ControlFlow<()> {
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.error.get_or_insert(error);
                ControlFlow::Break(())
            }
        }
    }
}

impl Handler for Recorder {
    fn record(&mut self, bytes: &[u8], _registry: &Registry) -> ControlFlow<()> {
        let result = self.take(bytes);
        self.done(result)
    }

    fn idle(&mut self) -> ControlFlow<()> {
        if self.error.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn deadline(&self) -> Option<Instant> {
        self.files.deadline()
    }

    fn expired(&mut self, _registry: &Registry) {
        let result = self.files.expired(&self.state, Instant::now());
        let _ = self.done(result);
    }

    fn tick(&mut self, _now: Instant, _counters: &Counters, _registry: &Registry) -> ControlFlow<()> {
        if !self.state.users.refresh() {
            return ControlFlow::Continue(());
        }
        let result = self.files.users(&self.state.users);
        self.done(result)
    }

    fn finish(&mut self, _accounts: &Accounts, _registry: &Registry) -> bool {
        let result = self.files.close();
        let _ = self.done(result);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record_builder::{RecordBuilder, fork};
    use crate::recording::{Machine, Reader, Step};
    use kestrel_core::event::TaskContext;
    use kestrel_core::schema::id;
    use std::fs::File;
    use zerocopy::IntoBytes;

    #[test]
    fn what_fits_the_condition_is_recorded_and_what_processes_are_known_by() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.krec");
        let state = State::new(64, Users::default(), None);
        let files = Files::begin(&path, Rotation::default(), Opening::new(Machine::default(), ""), &state).unwrap();
        let clock = Clock::system("machine".to_owned());
        let selection = Selection::new("condition", "evt.type = kill\nand proc.pid = 7", clock).unwrap();
        assert_eq!(selection.events().iter().collect::<Vec<_>>(), [id::KILL]);
        let lifecycle = LIFECYCLE.into_iter().collect();
        let mut recorder =
            Recorder { state, files, selection: Some(selection), lifecycle, looked_up: 0, unreadable: 0, error: None };
        let task = |pid| TaskContext { tid: pid, pid, start_time: 1_000_000_000, ..TaskContext::default() };
        let record = |id, pid| RecordBuilder::new(id, task(pid), 1).unwrap().build().unwrap();
        let records = [
            fork(task(7), &task(8), 1).build().unwrap(),
            record(id::SYNC, 7),
            record(id::KILL, 8),
            record(id::KILL, 7),
            vec![0; 4],
        ];
        for bytes in &records {
            recorder.take(bytes.as_bytes()).unwrap();
        }
        assert_eq!(recorder.unreadable, 1);
        recorder.files.close().unwrap();
        let mut reader = Reader::open(File::open(path).unwrap()).unwrap();
        let mut recorded = Vec::new();
        loop {
            match reader.advance().unwrap() {
                Step::Record => {
                    let record = Record::parse(reader.record()).unwrap();
                    recorded.push((EventId(record.header().event), record.task().pid));
                }
                Step::End => break,
                Step::Processes(_) | Step::Users(_) | Step::Containers(_) => {}
            }
        }
        assert_eq!(recorded, [(id::FORK, 7), (id::KILL, 7)]);
    }
}
