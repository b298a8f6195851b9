//! Records as lines, for people who look and for programs: those of a file, and those of a kestrel that runs.

use crate::dump;
use crate::fields::{Clock, EventFacts};
use crate::selection::Selection;
use crate::state::State;
use crate::watch::field_value;
use bumpalo::Bump;
use kestrel_core::event::Record;
use kestrel_core::schema::{self, EventId, EventSet};
use kestrel_outputs::{FieldValue, escape};
use kestrel_rules::{FieldSource, LoadErrors, OutputFormat};
use serde_json::{Map, Value};

/// What a line shows if nothing else is asked for.
const LINE: &str = "%evt.num %evt.time %evt.cpu %proc.name (%thread.tid) %evt.type %evt.info";

/// Why it is not clear what is to be shown.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// A name that cannot be one of a field.
    #[error("--fields: {0:?} is no field: `kestrel --list` lists them")]
    NoField(String),
    /// Fields, or the condition, are wrong.
    #[error("{0}")]
    Wrong(LoadErrors),
}

/// Which records are shown, and what of them.
#[derive(Debug)]
pub struct View {
    /// `None` for everything that a record holds.
    format: Option<OutputFormat>,
    filter: Option<Selection>,
    json: bool,
}

impl View {
    /// These fields of the records that fit the condition; without any a line about each, or in JSON everything.
    ///
    /// # Errors
    /// [`ViewError`] says what is wrong with them.
    pub fn new(fields: &[String], filter: Option<&str>, json: bool) -> Result<View, ViewError> {
        let format = match (fields, json) {
            ([], true) => None,
            ([], false) => Some(format(LINE)?),
            (fields, _) => Some(format(&columns(fields)?)?),
        };
        // The clock is given with each record.
        let clock = || Clock::system(String::new());
        let filter = filter.map(|text| Selection::new("--filter", text, clock())).transpose();
        Ok(View { format, filter: filter.map_err(ViewError::Wrong)?, json })
    }

    /// The events whose records may be shown.
    pub fn events(&self) -> EventSet {
        self.filter.as_ref().map_or_else(EventSet::all, Selection::events)
    }

    /// True if it depends on more than a record's event whether it is shown.
    pub fn is_filtered(&self) -> bool {
        self.filter.is_some()
    }
}

fn format(text: &str) -> Result<OutputFormat, ViewError> {
    OutputFormat::parse("--fields", text, FieldSource::Syscall).map_err(ViewError::Wrong)
}

/// The format of a line with these fields, a tab between them.
fn columns(fields: &[String]) -> Result<String, ViewError> {
    let is_name = |name: &str| !name.is_empty() && !name.contains(['%', ' ', '\t', '\n']);
    if let Some(wrong) = fields.iter().find(|field| !is_name(field)) {
        return Err(ViewError::NoField(wrong.clone()));
    }
    Ok(fields.iter().map(|field| format!("%{field}")).collect::<Vec<_>>().join("\t"))
}

/// Makes lines of records, one after the other.
#[derive(Debug)]
pub struct Shown {
    view: View,
    /// What is known of processes and users.
    pub state: State,
    clock: Clock,
    begun: bool,
    arena: Bump,
    line: String,
}

impl Shown {
    /// Shows records so. The clock may know the time of the first event already.
    pub fn new(view: View, clock: Clock, state: State) -> Shown {
        Shown { view, state, clock, begun: false, arena: Bump::new(), line: String::new() }
    }

    /// What comes next comes from another machine, or after another start.
    pub fn begin_anew(&mut self, clock: Clock, state: State) {
        (self.clock, self.state, self.begun) = (clock, state, false);
    }

    /// What is shown.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The line of the record that was to be shown last.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Takes a record in, the `number`th; gives whether its line is to be shown, or `None` if it makes no sense. `within` says
    /// of its time whether it is to be shown at all.
    pub fn record(&mut self, bytes: &[u8], number: u64, within: impl FnOnce(u64) -> bool) -> Option<bool> {
        let record = Record::parse(bytes).ok()?;
        schema::get(EventId(record.header().event))?;
        let time_ns = record.header().time_ns;
        if !std::mem::replace(&mut self.begun, true) {
            self.clock.previous_ns = time_ns;
            if self.clock.first_ns == 0 {
                self.clock.first_ns = time_ns;
            }
        }
        self.clock.number = number;
        let key = self.state.apply(&record);
        let Shown { view, state, clock, arena, line, .. } = self;
        let View { format, filter, json } = view;
        let fits = within(time_ns) && filter.as_mut().is_none_or(|filter| filter.fits_by(record, key, state, clock));
        if fits {
            line.clear();
            let facts = EventFacts::new(record, key, state, clock, arena);
            match (format, facts) {
                (None, _) => {
                    let value = dump::record(&record, false);
                    let text = value.map_or_else(|| "null".to_owned(), |value| value.to_string());
                    line.push_str(&escape::json(&text));
                }
                (Some(format), Some(facts)) if *json => {
                    let mut object = Map::new();
                    format.each_value(&facts, |name, _, value| {
                        object.insert(name.to_owned(), json_of(field_value(value)));
                    });
                    line.push_str(&escape::json(&Value::Object(object).to_string()));
                }
                (Some(format), Some(facts)) => {
                    let mut text = String::new();
                    format.render(&facts, &mut text);
                    // The tabs between fields are ours.
                    let cells: Vec<_> = text.split('\t').map(escape::line).collect();
                    line.push_str(&cells.join("\t"));
                }
                // An event without facts is one that is not known.
                (Some(_), None) => {}
            }
        }
        arena.reset();
        clock.previous_ns = time_ns;
        state.settle(&record, key);
        Some(fits)
    }
}

fn json_of(value: FieldValue) -> Value {
    match value {
        FieldValue::Null => Value::Null,
        FieldValue::Bool(b) => b.into(),
        FieldValue::Int(n) => n.into(),
        FieldValue::Uint(n) => n.into(),
        FieldValue::Double(n) => n.into(),
        FieldValue::Str(text) => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record_builder::{RecordBuilder, encode};
    use crate::state::Users;
    use kestrel_core::event::{PathFlags, TaskContext};
    use kestrel_core::schema::id;
    use kestrel_outputs::escape::is_unsafe;
    use zerocopy::IntoBytes;

    #[test]
    fn what_is_in_a_record_cannot_speak_to_a_terminal() {
        let name = "/tmp/\u{7f}\u{9b}2J\u{202e}\n\x1b";
        let name = encode::path(name.as_bytes(), name.as_bytes(), PathFlags::RESOLVED);
        let record =
            RecordBuilder::new(id::OPENAT, TaskContext::default(), 1).unwrap().with("name", name).build().unwrap();
        let shown = |fields: &[&str], json| {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            let state = State::new(4, Users::default(), None);
            let mut shown = Shown::new(View::new(&fields, None, json).unwrap(), Clock::system(String::new()), state);
            assert_eq!(shown.record(record.as_bytes(), 1, |_| true), Some(true));
            assert!(!shown.line().contains(is_unsafe), "{:?}", shown.line());
            shown.line().to_owned()
        };
        insta::assert_snapshot!(shown(&["fs.path.name"], false), @r"/tmp/\x7f\u{9b}2J\u{202e}\n\x1b");
        insta::assert_snapshot!(shown(&["fs.path.name"], true), @r#"{"fs.path.name":"/tmp/\u007f\u009b2J\u202e\n\u001b"}"#);
        shown(&[], false);
        shown(&[], true);
    }
}
