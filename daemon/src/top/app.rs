//! What is known, and what keys change.

use crate::stats::{Rates, Stats, Trouble};
use ratatui::crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use std::ops::ControlFlow;

/// The order of events and of processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// Most a second first.
    #[default]
    Rate,
    /// Most since the start first.
    Total,
    /// By name.
    Name,
}

/// The order of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RuleOrder {
    /// Those that take most time first.
    #[default]
    Cost,
    /// Those that matched most often first.
    Matches,
    /// By name.
    Name,
}

/// What is known.
#[derive(Clone, Debug)]
pub struct App {
    now: Stats,
    before: Option<Stats>,
    trouble: Option<String>,
    paused: bool,
    lists: ListOrder,
    rules: RuleOrder,
    /// Rules that are scrolled away.
    skipped: usize,
    colour: bool,
}

impl App {
    /// This is known.
    pub fn new(now: Stats, colour: bool) -> App {
        App {
            now,
            before: None,
            trouble: None,
            paused: false,
            lists: ListOrder::default(),
            rules: RuleOrder::default(),
            skipped: 0,
            colour,
        }
    }

    /// An answer came, or none. One that comes during a pause is not shown.
    pub fn take(&mut self, answer: Result<Stats, Trouble>) {
        if self.paused {
            return;
        }
        match answer {
            Ok(stats) => {
                self.before = Some(std::mem::replace(&mut self.now, stats));
                self.trouble = None;
            }
            Err(trouble) => self.trouble = Some(trouble.to_string()),
        }
    }

    /// Something happened in the terminal. `Break` if it is enough.
    pub fn event(&mut self, event: &Event) -> ControlFlow<()> {
        let Event::Key(key) = event else { return ControlFlow::Continue(()) };
        if key.kind == KeyEventKind::Release {
            return ControlFlow::Continue(());
        }
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return ControlFlow::Break(()),
            KeyCode::Char('q') | KeyCode::Esc => return ControlFlow::Break(()),
            KeyCode::Char('p' | ' ') => self.paused = !self.paused,
            KeyCode::Char('s') => {
                self.lists = match self.lists {
                    ListOrder::Rate => ListOrder::Total,
                    ListOrder::Total => ListOrder::Name,
                    ListOrder::Name => ListOrder::Rate,
                };
            }
            KeyCode::Char('r') => {
                self.skipped = 0;
                self.rules = match self.rules {
                    RuleOrder::Cost => RuleOrder::Matches,
                    RuleOrder::Matches => RuleOrder::Name,
                    RuleOrder::Name => RuleOrder::Cost,
                };
            }
            KeyCode::Down | KeyCode::Char('j') => {
                self.skipped = (self.skipped + 1).min(self.now.rules.len().saturating_sub(1));
            }
            KeyCode::Up | KeyCode::Char('k') => self.skipped = self.skipped.saturating_sub(1),
            _ => {}
        }
        ControlFlow::Continue(())
    }

    /// What was known last.
    pub fn now(&self) -> &Stats {
        &self.now
    }

    /// What happened since the answer before, if that can be said.
    pub fn rates(&self) -> Option<Rates<'_>> {
        self.before.as_ref().and_then(|before| Rates::between(before, &self.now))
    }

    /// Why there was no answer, if there was none.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// True if nothing is to be asked.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// The order of events and of processes.
    pub fn lists(&self) -> ListOrder {
        self.lists
    }

    /// The order of rules.
    pub fn rules(&self) -> RuleOrder {
        self.rules
    }

    /// Rules that are scrolled away.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// True if colours are shown.
    pub fn has_colour(&self) -> bool {
        self.colour
    }
}
