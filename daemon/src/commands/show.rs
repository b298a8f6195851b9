//! `show`: the events of a recording, for people who look and for programs.

use super::Failure;
use crate::cli::ShowArgs;
use crate::config::Config;
use crate::fields::Clock;
use crate::recording::{RecordingError, Span, Step, moment, restore_containers, restore_processes, restore_users};
use crate::shown::{Shown, View};
use crate::sources::SourceError;
use crate::sources::replay::{AnyTape, ReplayError, Tape};
use crate::state::{State, Users};
use kestrel_core::event::RecordHeader;
use kestrel_outputs::escape;
use std::io::{self, BufWriter, Write};
use zerocopy::FromBytes;

/// Prints a recording.
pub fn run(args: &ShowArgs, config: &Config) -> Result<(), Failure> {
    let failed = |error| Failure::Source(SourceError::Replay(ReplayError { path: args.file.clone(), error }));
    let mut tape = AnyTape::open(&args.file).map_err(SourceError::from)?;
    if args.about {
        return about(&mut tape, &failed);
    }
    let mut clock = Clock::system(tape.machine().hostname.clone());
    clock.boot_ns = tape.machine().boot_ns;
    let view = View::new(&args.fields, args.filter.as_deref(), args.json)?;
    let span = span(args, &mut clock).map_err(|error| match error {
        Unclear::Time(message) => Failure::Usage(message),
        Unclear::File(error) => failed(error),
    })?;
    tape.within(span).map_err(failed)?;
    let state = State::new(config.falco_libs.thread_table_size, Users::default(), None);
    let mut shown = Shown::new(view, clock, state);
    let (mut read, mut skipped) = (0, 0);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut left = args.count.unwrap_or(u64::MAX);
    let end = loop {
        if left == 0 {
            break Ok(());
        }
        match tape.advance() {
            Ok(Step::Record) => {
                let number = read + 1 + tape.outside();
                match shown.record(tape.record(), number, |time_ns| span.contains(time_ns)) {
                    None => skipped += 1,
                    Some(fits) => {
                        read += 1;
                        if fits {
                            left -= 1;
                            writeln!(out, "{}", shown.line()).map_err(Failure::Stdout)?;
                        }
                    }
                }
            }
            Ok(Step::Processes(entries)) => restore_processes(&mut shown.state, entries),
            Ok(Step::Users(lists)) => restore_users(&mut shown.state.users, lists),
            Ok(Step::Containers(entries)) => restore_containers(&mut shown.state.containers, entries),
            Ok(Step::End) => {
                if !tape.was_closed() {
                    log::warn!("{}: it was not ended: whoever recorded it was interrupted", args.file.display());
                }
                break Ok(());
            }
            Err(error) => break Err(failed(error)),
        }
    };
    out.flush().map_err(Failure::Stdout)?;
    if skipped > 0 {
        log::warn!("{skipped} records make no sense and were skipped");
    }
    end
}

/// Why it is not clear what is to be shown.
enum Unclear {
    Time(String),
    File(RecordingError),
}

/// The part of the file that is asked for. Times of a part are still relative to the file's first record.
fn span(args: &ShowArgs, clock: &mut Clock) -> Result<Span, Unclear> {
    let mut span = Span::default();
    if args.from.is_none() && args.to.is_none() {
        return Ok(span);
    }
    let mut tape = AnyTape::open(&args.file).map_err(|error| Unclear::File(error.error))?;
    while !matches!(tape.advance().map_err(Unclear::File)?, Step::Record | Step::End) {}
    clock.first_ns = RecordHeader::ref_from_prefix(tape.record()).map_or(0, |(header, _)| header.time_ns);
    let read = |option: &str, text: &str| {
        let moment = moment(text, clock.first_ns, &clock.zone);
        moment.map_err(|error| Unclear::Time(format!("{option} {text}: {error}")))
    };
    if let Some(text) = &args.from {
        span.from_ns = read("--from", text)?;
    }
    if let Some(text) = &args.to {
        span.to_ns = read("--to", text)?;
    }
    Ok(span)
}

/// Prints what a file is.
fn about(tape: &mut AnyTape, failed: &dyn Fn(crate::recording::RecordingError) -> Failure) -> Result<(), Failure> {
    let summary = tape.summary().map_err(failed)?;
    let text = escape_lines(&summary);
    write!(io::stdout(), "{text}").map_err(Failure::Stdout)
}

fn escape_lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", escape::line(line))).collect()
}
