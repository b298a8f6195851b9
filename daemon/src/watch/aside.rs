//! Reading rules and configuration again without keeping records waiting: on a thread that is there for that alone.
//!
//! If reading panics, which it must not, that ends this one try and nothing else: the loop is told why, and the next try begins
//! on a new thread.

use super::reload::{Reading, Reload};
use mio::{Registry, Token, Waker};
use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of the thread's stack, as much as the first thread of a process has: memory is taken as it is used.
const STACK: usize = 8 << 20;

/// Reads again, at most once at a time.
pub struct Aside {
    reload: Arc<Mutex<Reload>>,
    waker: Option<Arc<Waker>>,
    running: Option<Running>,
    /// It was asked for while it went on: what is being read may be older than what there is now.
    again: bool,
}

/// What was read, `None` where nothing can be read again, or why reading came to no end.
type Outcome = Result<Option<Reading>, String>;

struct Running {
    outcome: Receiver<Outcome>,
    begun: Instant,
}

/// What came of reading everything again.
pub struct Came {
    /// What was read; `None` where nothing can be read again. An error says why reading came to no end.
    pub reading: Outcome,
    /// How long it took.
    pub took: Duration,
}

impl Aside {
    /// Reads by this.
    pub fn new(reload: Reload) -> Aside {
        Aside { reload: Arc::new(Mutex::new(reload)), waker: None, running: None, again: false }
    }

    /// Wakes the loop under this token whenever something was read.
    ///
    /// # Errors
    /// What the system said.
    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.waker = Some(Arc::new(Waker::new(registry, token)?));
        Ok(())
    }

    /// Begins to read. If that goes on already, it begins once more when it is over.
    pub fn begin(&mut self) {
        if self.running.is_some() {
            self.again = true;
            return;
        }
        let begun = Instant::now();
        let outcome = self.on_thread().unwrap_or_else(|error| {
            log::warn!("no thread to read again on ({error}): records wait for it");
            let (sender, outcome) = mpsc::sync_channel(1);
            read(&self.reload, &sender);
            outcome
        });
        self.running = Some(Running { outcome, begun });
    }

    fn on_thread(&self) -> io::Result<Receiver<Outcome>> {
        // Nobody would be woken when it is over.
        let waker = self.waker.clone().ok_or_else(|| io::Error::other("no loop yet"))?;
        let (sender, outcome) = mpsc::sync_channel(1);
        let reload = Arc::clone(&self.reload);
        let thread = thread::Builder::new().name("kestrel-rules".to_owned()).stack_size(STACK);
        thread.spawn(move || {
            read(&reload, &sender);
            if let Err(error) = waker.wake() {
                log::error!("what was read again waits for the next event: {error}");
            }
        })?;
        Ok(outcome)
    }

    /// What came of it, once, when it is over.
    pub fn settle(&mut self) -> Option<Came> {
        let Running { outcome, begun } = self.running.as_ref()?;
        let reading = match outcome.try_recv() {
            Ok(reading) => reading,
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => Err("reading again ended before its time".to_owned()),
        };
        let took = begun.elapsed();
        self.running = None;
        if std::mem::take(&mut self.again) {
            self.begin();
        }
        Some(Came { reading, took })
    }
}

fn read(reload: &Mutex<Reload>, outcome: &SyncSender<Outcome>) {
    // What it keeps from one try to the next is a list of paths, which a try that ended early leaves whole: the old one.
    let reading = catch_unwind(AssertUnwindSafe(|| reload.lock().unwrap_or_else(PoisonError::into_inner)()));
    let reading = reading.map_err(|panic| format!("reading again panicked: {}", message(&*panic)));
    // Nobody takes it any more if the daemon ends meanwhile.
    let _ = outcome.send(reading);
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    let formatted = panic.downcast_ref::<String>().map(String::as_str);
    formatted.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it did not say why")
}
