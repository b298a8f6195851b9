//! The daemon's side: each reader gets the records that it asked for, and what it must know to make sense of them.

use crate::container::Container;
use crate::fields::Clock;
use crate::recording::{self, Opening, ToldContainers, container_entry, process_entry, told_first, user_lists};
use crate::state::{LIFECYCLE, Process, ProcessKey, State, Users};
use hashbrown::HashMap;
use kestrel_core::event::Record;
use kestrel_core::schema::{self, EventId, EventSet};
use kestrel_outputs::Outputs;
use kestrel_outputs::socket::{Frame, RecordReader};
use std::collections::VecDeque;
use std::rc::Rc;

/// Processes of which it is known what a reader was told: with more, all of them are told again.
const MOST_TOLD: usize = 4096;

/// A record that was taken in, and is about to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// The record.
    pub record: Record<'a>,
    /// Its bytes.
    pub bytes: &'a [u8],
    /// Its number, as `evt.num` shows it.
    pub number: u64,
    /// The process that it belongs to.
    pub key: ProcessKey,
    /// What is known of processes.
    pub state: &'a State,
}

/// What one reader was told.
#[derive(Debug)]
struct Reader {
    events: EventSet,
    /// What is to be said, as soon as there is room.
    to_say: VecDeque<Rc<[u8]>>,
    /// After that, it is to be told what is recorded, and of users and groups.
    recorded_is_due: bool,
    users_are_due: bool,
    /// All of that was said once: records can follow.
    greeted: bool,
    /// The processes that it was told of.
    told: HashMap<ProcessKey, Told>,
    told_containers: ToldContainers,
}

/// What a reader was told of a process.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// Everything was known of it then.
    complete: bool,
    /// Its session and its process group, if their leaders and its ancestors were told of with it.
    around: Option<(u32, u32)>,
}

/// Tells readers of records.
#[derive(Debug, Default)]
pub struct Teller {
    opening: Option<Rc<[u8]>>,
    /// What is recorded, and whether some of it is left out.
    recorded: (EventSet, bool),
    /// Users and groups; empty if they are to be looked up.
    users: Vec<Rc<[u8]>>,
    /// By their numbers.
    readers: HashMap<u64, Reader>,
}

impl Teller {
    /// These events are recorded from here on; those that no rule can match are left out if there is a prefilter.
    pub fn set_recorded(&mut self, events: EventSet, prefilter: bool) {
        self.recorded = (events, prefilter);
        self.readers.values_mut().for_each(|reader| reader.recorded_is_due = true);
    }

    /// Users or groups changed.
    pub fn users_changed(&mut self) {
        self.users.clear();
        self.readers.values_mut().for_each(|reader| reader.users_are_due = true);
    }

    fn look_up_users(&mut self, users: &Users) {
        if self.users.is_empty() {
            let lists = user_lists(users).into_iter();
            let lists = lists.filter_map(|list| postcard::to_stdvec(&list).ok());
            self.users = lists.filter_map(|list| frame(&Frame::Users(list.into()))).collect();
        }
    }

    fn recorded_frame(&self) -> Option<Rc<[u8]>> {
        let (events, prefilter) = &self.recorded;
        frame(&Frame::Recorded { events: events.iter().map(|event| event.0).collect(), prefilter: *prefilter })
    }

    /// Greets whoever came, forgets whoever went, and says to each what there is room for.
    pub fn settle(&mut self, outputs: &mut Outputs, clock: &Clock, users: &Users) {
        let mut left = std::mem::take(&mut self.readers);
        outputs.record_readers(&mut |reader| {
            let number = reader.number();
            let mut known = left.remove(&number).unwrap_or_else(|| self.greet(reader, clock));
            if known.users_are_due {
                self.look_up_users(users);
            }
            let recorded = if known.recorded_is_due { self.recorded_frame() } else { None };
            known.say_what_is_to_be_said(reader, recorded, &self.users);
            self.readers.insert(number, known);
        });
        outputs.write_records();
    }

    /// Nobody reads records any more.
    pub fn forget_readers(&mut self) {
        self.readers.clear();
    }

    fn greet(&mut self, reader: &RecordReader<'_>, clock: &Clock) -> Reader {
        let names = &reader.wanted().events;
        let events = match names.is_empty() {
            true => EventSet::all(),
            false => names.iter().filter_map(|name| schema::by_name(name)).chain(LIFECYCLE).collect(),
        };
        if self.opening.is_none() {
            let opening = told_first(&Opening::new(recording::machine(clock), ""));
            self.opening = frame(&Frame::Opening(opening.into()));
        }
        Reader {
            events,
            to_say: self.opening.iter().cloned().collect(),
            recorded_is_due: true,
            users_are_due: true,
            greeted: false,
            told: HashMap::new(),
            told_containers: ToldContainers::default(),
        }
    }

    /// Gives a record to the readers that want it.
    pub fn record(&mut self, taken: &Taken<'_>, outputs: &mut Outputs) {
        let event = EventId(taken.record.header().event);
        outputs.record_readers(&mut |reader| {
            let known = self.readers.get_mut(&reader.number());
            if let Some(known) = known.filter(|known| known.greeted && known.events.contains(event)) {
                known.give(taken, reader);
            }
        });
    }
}

fn frame(frame: &Frame<'_>) -> Option<Rc<[u8]>> {
    frame.encode().map(Into::into)
}

impl Reader {
    fn say_what_is_to_be_said(
        &mut self,
        reader: &mut RecordReader<'_>,
        recorded: Option<Rc<[u8]>>,
        users: &[Rc<[u8]>],
    ) {
        self.say(reader);
        // Only then: one that reads nothing has no more waiting for it, however often things change.
        if self.to_say.is_empty() {
            if std::mem::take(&mut self.recorded_is_due) {
                self.to_say.extend(recorded);
            }
            if std::mem::take(&mut self.users_are_due) {
                self.to_say.extend(users.iter().cloned());
            }
            self.say(reader);
            self.greeted |= self.to_say.is_empty();
        }
    }

    fn say(&mut self, reader: &mut RecordReader<'_>) {
        while self.to_say.front().is_some_and(|frame| reader.share(frame)) {
            self.to_say.pop_front();
        }
    }

    fn give(&mut self, taken: &Taken<'_>, reader: &mut RecordReader<'_>) {
        if !self.introduce(taken, reader) {
            reader.lose();
            self.forget();
        } else if !reader.record(taken.number, taken.bytes) {
            self.forget();
        }
    }

    /// The reader is about to forget everything, too.
    fn forget(&mut self) {
        self.told.clear();
        self.told_containers.clear();
    }

    /// Says what is known of a record's container and process, and of those that fields ask for with it, as far as that was not said. False if
    /// the reader is too slow.
    fn introduce(&mut self, taken: &Taken<'_>, reader: &mut RecordReader<'_>) -> bool {
        let Taken { key, state: State { processes, .. }, .. } = *taken;
        let Some(process) = processes.get(key) else { return true };
        if let Some(container) = process.group.container.as_deref()
            && self.told_containers.lacks(container)
            && !self.tell_container(container, reader)
        {
            return false;
        }
        let task = taken.record.task();
        let around = Some((task.sid, task.pgid));
        if self.was_told(key, process) && self.told.get(&key).is_some_and(|told| told.around == around) {
            return true;
        }
        if self.told.len() >= MOST_TOLD {
            self.told.clear();
        }
        let leaders = [task.sid, task.pgid].into_iter().filter_map(|pid| processes.current(pid));
        let leaders = leaders.filter_map(|key| Some((key, processes.get(key)?)));
        // Parents before their children.
        let mut line: Vec<_> = std::iter::once((key, process)).chain(processes.ancestors(key)).chain(leaders).collect();
        line.reverse();
        let said = line
            .into_iter()
            .all(|(key, process)| self.was_told(key, process) || self.tell(key, process, taken, reader));
        if let Some(told) = self.told.get_mut(&key) {
            told.around = around;
        }
        said
    }

    /// Says what is known of a container: before the processes in it. False if the reader is too slow.
    fn tell_container(&mut self, container: &Container, reader: &mut RecordReader<'_>) -> bool {
        let Ok(entry) = postcard::to_stdvec(&container_entry(container)) else { return false };
        let said = reader.say(&Frame::Container(entry.into()));
        if said {
            self.told_containers.insert(container);
        }
        said
    }

    fn was_told(&self, key: ProcessKey, process: &Process) -> bool {
        self.told.get(&key).is_some_and(|told| told.complete || !process.complete)
    }

    fn tell(&mut self, key: ProcessKey, process: &Process, taken: &Taken<'_>, reader: &mut RecordReader<'_>) -> bool {
        let mut entry = process_entry(process);
        // Whoever inherited it, if its parent ended: the reader may never have heard of that one.
        let parent = taken.state.processes.parent_of(process);
        entry.parent = parent.map(|parent| (parent.pid, parent.start_ticks));
        let Ok(entry) = postcard::to_stdvec(&entry) else { return false };
        let said = reader.say(&Frame::Process(entry.into()));
        if said {
            self.told.insert(key, Told { complete: process.complete, around: None });
        }
        said
    }
}
