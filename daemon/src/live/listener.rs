//! The reader's side: frames about records become lines. Whoever sends them may be anybody: lengths are bounded by the frames',
//! and by the bounds of the process table.

use crate::fields::Clock;
use crate::recording::{
    self, ContainerEntry, ProcessEntry, RecordingError, UserLists, restore_containers, restore_processes, restore_users,
};
use crate::shown::{Shown, View};
use crate::state::{LIFECYCLE, State, Users};
use kestrel_core::schema::{self, EventSet};
use kestrel_outputs::socket::{Frame, RecordsWanted};

/// Why frames make no sense. Nothing after them can be trusted.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The opening.
    #[error("its records cannot be understood: what it says before them {0}")]
    Opening(RecordingError),
    /// Something about records came before the opening, or a second opening.
    #[error("what it says about its records comes in the wrong order")]
    Order,
    /// A process, a container, or users.
    #[error("what it says about a process, a container or its users cannot be read")]
    Garbled,
    /// It does not give what was asked for.
    #[error("{0}")]
    Refused(String),
}

/// What came of a frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// Nothing to be shown.
    Nothing,
    /// A record, as a line.
    Line(&'a str),
    /// What is recorded, for a person.
    Recorded(String),
    /// So many records are missing.
    Lost(u64),
    /// A record that makes no sense was skipped.
    Skipped,
}

/// Makes lines of what a kestrel that runs says about its records.
#[derive(Debug)]
pub struct Listener {
    shown: Shown,
    heard: Option<recording::Heard>,
    capacity: usize,
}

impl Listener {
    /// Shows records so; knows no more than so many processes.
    pub fn new(view: View, capacity: usize) -> Listener {
        let shown = Shown::new(view, Clock::system(String::new()), State::new(capacity, Users::default(), None));
        Listener { shown, heard: None, capacity }
    }

    /// What to ask for: no more than is shown, and what the process table is made from.
    pub fn wanted(&self) -> RecordsWanted {
        let view = self.shown.view();
        if !view.is_filtered() {
            return RecordsWanted::default();
        }
        let events = view.events().union(&LIFECYCLE.into_iter().collect());
        let names = events.iter().filter_map(schema::get).map(|event| event.name.to_owned());
        RecordsWanted { events: names.collect() }
    }

    /// The connection ended: what comes next is another one's.
    pub fn begin_anew(&mut self) {
        self.heard = None;
    }

    /// Takes in a frame; those that are about alerts are not for it.
    ///
    /// # Errors
    /// [`ListenError`] if it makes no sense.
    pub fn hear(&mut self, frame: Frame<'_>) -> Result<Heard<'_>, ListenError> {
        if let Frame::Opening(bytes) = &frame {
            if self.heard.is_some() {
                return Err(ListenError::Order);
            }
            let heard = recording::Heard::first(bytes).map_err(ListenError::Opening)?;
            let machine = &heard.opening().machine;
            let mut clock = Clock::system(machine.hostname.clone());
            clock.boot_ns = machine.boot_ns;
            self.shown.begin_anew(clock, State::new(self.capacity, Users::default(), None));
            self.heard = Some(heard);
            return Ok(Heard::Nothing);
        }
        if let Frame::Refused(why) = frame {
            return Err(ListenError::Refused(why));
        }
        let Some(heard) = &mut self.heard else { return Err(ListenError::Order) };
        let shown = &mut self.shown;
        match frame {
            Frame::Recorded { events, prefilter } => {
                let unknown = heard.unknown_events();
                return Ok(Heard::Recorded(recorded(&heard.events(&events), shown.view(), prefilter, unknown)));
            }
            Frame::Users(bytes) => {
                let lists: UserLists = read(&bytes)?;
                restore_users(&mut shown.state.users, lists);
            }
            Frame::Process(bytes) => {
                let entry: ProcessEntry = read(&bytes)?;
                restore_processes(&mut shown.state, vec![entry]);
            }
            Frame::Container(bytes) => {
                let entry: ContainerEntry = read(&bytes)?;
                restore_containers(&mut shown.state.containers, vec![entry]);
            }
            Frame::Record { number, bytes } => {
                return Ok(match shown.record(heard.record(&bytes), number, |_| true) {
                    None => Heard::Skipped,
                    Some(false) => Heard::Nothing,
                    Some(true) => Heard::Line(shown.line()),
                });
            }
            Frame::RecordsLost(count) => {
                let users = std::mem::take(&mut shown.state.users);
                shown.state = State::new(self.capacity, users, None);
                return Ok(Heard::Lost(count));
            }
            Frame::Alert(_) | Frame::Lost(_) | Frame::Opening(_) | Frame::Refused(_) => {}
        }
        Ok(Heard::Nothing)
    }
}

fn read<T: for<'de> serde::Deserialize<'de>>(bytes: &[u8]) -> Result<T, ListenError> {
    // As in a recording: what another build says besides comes at the end.
    postcard::take_from_bytes(bytes).map(|(message, _)| message).map_err(|_| ListenError::Garbled)
}

/// What is recorded, in words: what does not come must not look as if it did not happen.
fn recorded(events: &EventSet, view: &View, prefilter: bool, unknown: &[String]) -> String {
    let mut text = format!("records come of {} kinds of events: those that its rules ask for", events.len());
    text.push_str(match prefilter {
        true => ", and of these no record that no rule can match (prefilter.enabled)",
        false => "",
    });
    if view.is_filtered() {
        let missing = view.events().intersection(&events.complement());
        if !missing.is_empty() {
            let names: Vec<_> = missing.iter().filter_map(schema::get).map(|event| event.name).collect();
            let (first, more) = names.split_at(names.len().min(10));
            text.push_str(&format!("; none will come of {}", first.join(", ")));
            if !more.is_empty() {
                text.push_str(&format!(" and {} others", more.len()));
            }
        }
    }
    if !unknown.is_empty() {
        text.push_str(&format!("; these are not known to this kestrel and skipped: {}", unknown.join(", ")));
    }
    text
}
