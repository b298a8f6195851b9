//! Reading rules and configuration again without keeping records waiting: on a thread that is there for that alone.

use super::reload::{Reading, Reload};
use mio::{Registry, Token, Waker};
use std::io;
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

struct Running {
    outcome: Receiver<Option<Reading>>,
    begun: Instant,
}

/// What came of reading everything again.
pub struct Came {
    /// What was read; `None` where nothing can be read again.
    pub reading: Option<Reading>,
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

    fn on_thread(&self) -> io::Result<Receiver<Option<Reading>>> {
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
            Err(TryRecvError::Disconnected) => {
                log::error!("reading again ended before its time: what was in force stays in force");
                None
            }
        };
        let took = begun.elapsed();
        self.running = None;
        if std::mem::take(&mut self.again) {
            self.begin();
        }
        Some(Came { reading, took })
    }
}

fn read(reload: &Mutex<Reload>, outcome: &SyncSender<Option<Reading>>) {
    let reading = reload.lock().unwrap_or_else(PoisonError::into_inner)();
    // Nobody takes it any more if the daemon ends meanwhile.
    let _ = outcome.send(reading);
}
