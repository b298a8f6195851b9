//! What the source and who takes its records share: they meet in the loop, which knows neither of them.

use crate::recording::{ContainerEntry, ProcessEntry, UserLists, restore_containers, restore_processes, restore_users};
use crate::state::State;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Instant;

/// What a file tells of between records.
#[derive(Debug)]
pub enum News {
    /// Processes.
    Processes(Vec<ProcessEntry>),
    /// Users and groups.
    Users(UserLists),
    /// Containers.
    Containers(Vec<ContainerEntry>),
}

/// A playback that goes on.
#[derive(Debug, Default)]
pub struct Playback {
    news: RefCell<VecDeque<News>>,
    has_news: Cell<bool>,
    paused: Cell<bool>,
    ended: Cell<bool>,
    due: Cell<Option<Instant>>,
    position: Cell<u64>,
    skipped: Cell<u64>,
}

impl Playback {
    /// Something that is to be known before the next record is judged.
    pub fn tell(&self, news: News) {
        self.news.borrow_mut().push_back(news);
        self.has_news.set(true);
    }

    /// Takes in what was told; true if users are others now. To be called before every record: it costs nothing if there is
    /// nothing.
    #[inline]
    pub fn take_in(&self, state: &mut State) -> bool {
        let mut users = false;
        if self.has_news.replace(false) {
            for news in self.news.take() {
                match news {
                    News::Processes(entries) => restore_processes(state, entries),
                    News::Containers(entries) => restore_containers(&mut state.containers, entries),
                    News::Users(lists) => {
                        restore_users(&mut state.users, lists);
                        users = true;
                    }
                }
            }
        }
        users
    }

    /// Holds the records back, or lets them go on.
    pub fn pause(&self, paused: bool) {
        self.paused.set(paused);
    }

    /// True while they are held back.
    pub fn is_paused(&self) -> bool {
        self.paused.get()
    }

    /// No record comes any more.
    pub fn end(&self) {
        self.ended.set(true);
    }

    /// True once none does.
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// When the next record's turn is, if it is waited for.
    pub fn due(&self) -> Option<Instant> {
        self.due.get()
    }

    pub(super) fn set_due(&self, due: Option<Instant>) {
        self.due.set(due);
    }

    /// Bytes of the file that were read, and records that were passed over.
    pub fn position(&self) -> (u64, u64) {
        (self.position.get(), self.skipped.get())
    }

    pub(super) fn set_position(&self, bytes: u64, skipped: u64) {
        self.position.set(bytes);
        self.skipped.set(skipped);
    }
}
