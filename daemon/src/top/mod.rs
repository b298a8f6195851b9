//! What a kestrel that runs is doing, in the terminal.
//!
//! ```text
//!  another thread: Client ─Stats─▶ App ◀─keys─ terminal
//!                                   └─▶ view ─▶ screen
//! ```
//!
//! | file | is about |
//! |---|---|
//! | `app.rs` | what is known, and what keys change |
//! | `view.rs` | how it looks |
//! | `number.rs` | numbers in few characters |
//! | `screen.rs` | the terminal, and its return as it was |
//!
//! Promises: it fits into 80 by 24 characters; a server that does not answer holds up no key; however it ends, the terminal is as
//! it was. What a server says reaches the screen without control characters.

mod app;
mod number;
mod screen;
mod view;

pub use app::{App, ListOrder, RuleOrder};
pub use screen::Screen;
pub use view::draw;

use crate::signals::Signals;
use crate::stats::{Client, Stats};
use nix::sys::signal::Signal;
use ratatui::crossterm::event;
use std::io;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// How soon a key, an answer or a signal is noticed.
const STEP: Duration = Duration::from_millis(100);

/// How to look.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// From one answer to the next question.
    pub interval: Duration,
    /// When it ends by itself.
    pub end: Option<Instant>,
    /// Show colours.
    pub colour: bool,
}

/// Looks until a key, a signal or the time ends it. `first` is what was known before.
///
/// # Errors
/// What the system said of the terminal.
pub fn run(client: Client, first: Stats, mut signals: Signals, options: &Options) -> io::Result<()> {
    let (ask, asked) = mpsc::sync_channel::<()>(1);
    let (tell, told) = mpsc::channel();
    std::thread::Builder::new().name("asks".to_owned()).spawn(move || {
        // It ends with the other side.
        for () in asked {
            if tell.send(client.stats()).is_err() {
                break;
            }
        }
    })?;
    let mut app = App::new(first, options.colour);
    let mut screen = Screen::take()?;
    let mut next = Instant::now() + options.interval;
    let mut is_asked = false;
    let mut changed = true;
    loop {
        if changed {
            screen.terminal().draw(|frame| draw(frame, &app))?;
        }
        changed = event::poll(STEP)?;
        if changed && app.event(&event::read()?).is_break() {
            return Ok(());
        }
        if let Ok(answer) = told.try_recv() {
            app.take(answer);
            (is_asked, changed) = (false, true);
            next = Instant::now() + options.interval;
        }
        if !is_asked && !app.is_paused() && Instant::now() >= next {
            is_asked = ask.send(()).is_ok();
        }
        let ends = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
        let over = options.end.is_some_and(|end| Instant::now() >= end);
        if over || signals.read().is_some_and(|(signal, _)| ends.contains(&signal)) {
            return Ok(());
        }
    }
}
