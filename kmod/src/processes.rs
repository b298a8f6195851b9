//! A table of processes, of a fixed size: buckets of a few places, found by the pid.
//!
//! Whoever writes keeps others who write out (the shim's lock); probes read at any moment, without one. What finds no place is
//! not forgotten: from then on nobody knows about a process that is not in the table, until all are forgotten.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Places of a bucket.
const PLACES: usize = 8;

/// A process: `struct kestrel_process`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C)]
pub struct Process {
    /// Process id in the initial namespace; never 0.
    pub pid: u32,
    /// Start of its leader ([`kestrel_core::event::TaskContext::start_time`]).
    pub start_time: u64,
}

/// What is kept of one process.
#[derive(Debug)]
#[repr(C)]
struct Place<const WORDS: usize> {
    /// 0 if the place is free. Written last, read first and again.
    pid: AtomicU64,
    start_time: AtomicU64,
    words: [AtomicU64; WORDS],
}

/// What the table says of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<const WORDS: usize> {
    /// This.
    Is([u64; WORDS]),
    /// It is not in the table.
    Nothing,
    /// It may have found no place.
    Unknown,
}

/// The table: `WORDS` numbers a process. All zero is empty.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Table<const WORDS: usize, const BUCKETS: usize> {
    /// Places that are taken.
    used: AtomicU32,
    /// Not 0 once a process found no place.
    full: AtomicU32,
    places: [[Place<WORDS>; PLACES]; BUCKETS],
}

impl<const WORDS: usize, const BUCKETS: usize> Default for Table<WORDS, BUCKETS> {
    fn default() -> Table<WORDS, BUCKETS> {
        let zero = || AtomicU64::new(0);
        let free = || Place { pid: zero(), start_time: zero(), words: core::array::from_fn(|_| zero()) };
        Table {
            used: AtomicU32::new(0),
            full: AtomicU32::new(0),
            places: core::array::from_fn(|_| core::array::from_fn(|_| free())),
        }
    }
}

impl<const WORDS: usize> Place<WORDS> {
    fn words(&self) -> [u64; WORDS] {
        let mut words = [0; WORDS];
        for (to, from) in words.iter_mut().zip(&self.words) {
            *to = from.load(Ordering::Acquire);
        }
        words
    }

    fn write(&self, words: [u64; WORDS]) {
        for (to, from) in self.words.iter().zip(words) {
            to.store(from, Ordering::Release);
        }
    }
}

impl<const WORDS: usize, const BUCKETS: usize> Table<WORDS, BUCKETS> {
    /// True if every process is known not to be in it.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.used.load(Ordering::Relaxed) == 0 && self.full.load(Ordering::Relaxed) == 0
    }

    fn bucket(&self, pid: u32) -> &[Place<WORDS>] {
        // The golden ratio, as the kernel's own hash_32 has it (`linux/hash.h`): neighbours go apart.
        let hash = u64::from(pid.wrapping_mul(0x61c8_8647));
        self.places.get((hash.wrapping_mul(BUCKETS as u64) >> 32) as usize).map_or(&[], |bucket| bucket)
    }

    /// What is kept of a process. It is never a mixture of what two processes have, though of one it may be of two moments.
    pub fn find(&self, process: Process) -> Found<WORDS> {
        for place in self.bucket(process.pid) {
            if place.pid.load(Ordering::Acquire) != u64::from(process.pid) {
                continue;
            }
            let (start_time, words) = (place.start_time.load(Ordering::Relaxed), place.words());
            let still = place.pid.load(Ordering::Relaxed) == u64::from(process.pid);
            if still && start_time == process.start_time {
                return Found::Is(words);
            }
        }
        if self.full.load(Ordering::Relaxed) != 0 { Found::Unknown } else { Found::Nothing }
    }

    fn place_of(&self, process: Process) -> Option<&Place<WORDS>> {
        self.bucket(process.pid).iter().find(|place| {
            place.pid.load(Ordering::Relaxed) == u64::from(process.pid)
                && place.start_time.load(Ordering::Relaxed) == process.start_time
        })
    }

    /// Keeps this of a process from now on. False if it found no place. Under the shim's lock, as all below.
    pub fn keep(&self, process: Process, words: [u64; WORDS]) -> bool {
        if let Some(place) = self.place_of(process) {
            place.write(words);
            return true;
        }
        let Some(place) = self.bucket(process.pid).iter().find(|place| place.pid.load(Ordering::Relaxed) == 0) else {
            self.full.store(1, Ordering::Relaxed);
            return false;
        };
        place.start_time.store(process.start_time, Ordering::Relaxed);
        place.write(words);
        place.pid.store(process.pid.into(), Ordering::Release);
        self.used.store(self.used.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        true
    }

    fn free(&self, place: &Place<WORDS>) {
        place.pid.store(0, Ordering::Release);
        self.used.store(self.used.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
    }

    /// Keeps nothing of a process any more.
    pub fn forget(&self, process: Process) {
        if let Some(place) = self.place_of(process) {
            self.free(place);
        }
    }

    /// Makes of all that is kept what `change` makes of it; `None` keeps nothing of the process.
    pub fn change_all(&self, change: impl Fn([u64; WORDS]) -> Option<[u64; WORDS]>) {
        for place in self.places.iter().flatten() {
            if place.pid.load(Ordering::Relaxed) == 0 {
                continue;
            }
            match change(place.words()) {
                Some(words) => place.write(words),
                None => self.free(place),
            }
        }
    }

    /// Keeps nothing of any process: each is known not to be in it.
    pub fn forget_all(&self) {
        self.change_all(|_| None);
        self.full.store(0, Ordering::Relaxed);
    }
}
