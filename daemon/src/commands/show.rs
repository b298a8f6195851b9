//! `show`: the events of a recording, for people who look and for programs.

use super::Failure;
use crate::cli::ShowArgs;
use crate::config::Config;
use crate::dump;
use crate::fields::{Clock, EventFacts};
use crate::recording::{RecordingError, Span, Step, moment, restore_processes, restore_users};
use crate::selection::Selection;
use crate::sources::SourceError;
use crate::sources::replay::{AnyTape, ReplayError, Tape};
use crate::state::{State, Users};
use crate::watch::field_value;
use bumpalo::Bump;
use kestrel_core::event::{Record, RecordHeader};
use kestrel_outputs::{FieldValue, escape};
use kestrel_rules::{FieldSource, OutputFormat};
use serde_json::{Map, Value};
use std::io::{self, BufWriter, Write};
use zerocopy::FromBytes;

/// What a line shows if nothing else is asked for.
const LINE: &str = "%evt.num %evt.time %evt.cpu %proc.name (%thread.tid) %evt.type %evt.info";

/// Prints a recording.
pub fn run(args: &ShowArgs, config: &Config) -> Result<(), Failure> {
    let failed = |error| Failure::Source(SourceError::Replay(ReplayError { path: args.file.clone(), error }));
    let mut tape = AnyTape::open(&args.file).map_err(SourceError::from)?;
    if args.about {
        return about(&mut tape, &failed);
    }
    let mut clock = Clock::system(tape.machine().hostname.clone());
    clock.boot_ns = tape.machine().boot_ns;
    let format = match (&args.fields[..], args.json) {
        ([], true) => None,
        ([], false) => Some(format(LINE)?),
        (fields, _) => Some(format(&columns(fields)?)?),
    };
    let filter = match &args.filter {
        Some(text) => Some(Selection::new("--filter", text, clock.clone()).map_err(Failure::Condition)?),
        None => None,
    };
    let span = span(args, &mut clock).map_err(|error| match error {
        Unclear::Time(message) => Failure::Usage(message),
        Unclear::File(error) => failed(error),
    })?;
    tape.within(span).map_err(failed)?;
    let state = State::new(config.falco_libs.thread_table_size, Users::default(), None);
    let mut shown = Shown {
        state,
        clock,
        arena: Bump::new(),
        format,
        filter,
        span,
        json: args.json,
        line: String::new(),
        outside: 0,
        skipped: 0,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut left = args.count.unwrap_or(u64::MAX);
    let end = loop {
        if left == 0 {
            break Ok(());
        }
        match tape.advance() {
            Ok(Step::Record) => {
                if shown.record(tape.record(), tape.outside()) {
                    left -= 1;
                    writeln!(out, "{}", shown.line).map_err(Failure::Stdout)?;
                }
            }
            Ok(Step::Processes(entries)) => restore_processes(&mut shown.state, entries),
            Ok(Step::Users(lists)) => restore_users(&mut shown.state.users, lists),
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
    if shown.skipped > 0 {
        log::warn!("{} records make no sense and were skipped", shown.skipped);
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

fn format(text: &str) -> Result<OutputFormat, Failure> {
    OutputFormat::parse("--fields", text, FieldSource::Syscall).map_err(Failure::Condition)
}

/// The format of a line with these fields, a tab between them.
fn columns(fields: &[String]) -> Result<String, Failure> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['%', ' ', '\t', '\n']);
    if let Some(wrong) = fields.iter().find(|field| !is_name(field)) {
        return Err(Failure::Usage(format!("--fields: {wrong:?} is no field: `kestrel --list` lists them")));
    }
    Ok(fields.iter().map(|field| format!("%{field}")).collect::<Vec<_>>().join("\t"))
}

/// Makes lines of records.
struct Shown {
    state: State,
    clock: Clock,
    arena: Bump,
    /// `None` for everything that a record holds.
    format: Option<OutputFormat>,
    filter: Option<Selection>,
    span: Span,
    json: bool,
    line: String,
    outside: u64,
    skipped: u64,
}

impl Shown {
    /// Takes a record in, of which so many were passed over before; true if its line is to be printed.
    fn record(&mut self, bytes: &[u8], outside: u64) -> bool {
        let Ok(record) = Record::parse(bytes) else {
            self.skipped += 1;
            return false;
        };
        let time_ns = record.header().time_ns;
        let first_ns = self.clock.first_ns;
        self.clock.tick(time_ns);
        if first_ns != 0 {
            self.clock.first_ns = first_ns;
        }
        self.clock.number += outside - self.outside;
        self.outside = outside;
        let key = self.state.apply(&record);
        let fits = self.span.contains(time_ns)
            && self.filter.as_mut().is_none_or(|filter| filter.fits(record, key, &self.state));
        if fits {
            self.line.clear();
            let facts = EventFacts::new(record, key, &self.state, &self.clock, &self.arena);
            match (&self.format, facts) {
                (None, _) => {
                    let value = dump::record(&record, false);
                    self.line.push_str(&value.map_or_else(|| "null".to_owned(), |value| value.to_string()));
                }
                (Some(format), Some(facts)) if self.json => {
                    let mut object = Map::new();
                    format.each_value(&facts, |name, _, value| {
                        object.insert(name.to_owned(), json(field_value(value)));
                    });
                    self.line.push_str(&Value::Object(object).to_string());
                }
                (Some(format), Some(facts)) => {
                    let mut text = String::new();
                    format.render(&facts, &mut text);
                    // The tabs between fields are ours.
                    let cells: Vec<_> = text.split('\t').map(escape::line).collect();
                    self.line.push_str(&cells.join("\t"));
                }
                (Some(_), None) => self.skipped += 1,
            }
        }
        self.arena.reset();
        self.clock.previous_ns = time_ns;
        self.state.settle(&record, key);
        fits
    }
}

fn json(value: FieldValue) -> Value {
    match value {
        FieldValue::Null => Value::Null,
        FieldValue::Bool(b) => b.into(),
        FieldValue::Int(n) => n.into(),
        FieldValue::Uint(n) => n.into(),
        FieldValue::Double(n) => n.into(),
        FieldValue::Str(text) => text.into(),
    }
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
