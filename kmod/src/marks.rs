//! Marks of processes: bits that the consumer sets, that children inherit, and that programs ask for.
//!
//! A table of a fixed size: buckets of a few places, found by the pid. Whoever writes keeps others who write out (the shim's
//! lock); probes read at any moment, without one. What finds no place is not forgotten: from then on a process that is not in
//! the table may have any marks, until all are cleared.
#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Buckets, a power of two.
const BUCKETS: usize = 512;

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

/// The marks of one process.
#[derive(Debug)]
#[repr(C)]
struct Place {
    /// 0 if the place is free. Written last, read first and again.
    pid: AtomicU64,
    start_time: AtomicU64,
    bits: AtomicU64,
}

/// The table: `struct kestrel_marks`. All zero is empty.
#[derive(Debug)]
#[repr(C)]
pub struct Marks {
    /// Places that are taken.
    used: AtomicU32,
    /// Not 0 once a process found no place.
    full: AtomicU32,
    places: [[Place; PLACES]; BUCKETS],
}

const _: () = assert!(size_of::<Marks>() == 98312);

impl Default for Marks {
    fn default() -> Marks {
        let free = || Place { pid: AtomicU64::new(0), start_time: AtomicU64::new(0), bits: AtomicU64::new(0) };
        Marks {
            used: AtomicU32::new(0),
            full: AtomicU32::new(0),
            places: core::array::from_fn(|_| core::array::from_fn(|_| free())),
        }
    }
}

impl Marks {
    /// True if every process is known to have no marks.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.used.load(Ordering::Relaxed) == 0 && self.full.load(Ordering::Relaxed) == 0
    }

    fn bucket(&self, pid: u32) -> &[Place] {
        // The golden ratio, as the kernel's own hash_32 has it (`linux/hash.h`): neighbours go apart.
        let hash = pid.wrapping_mul(0x61c8_8647) >> 23;
        self.places.get(hash as usize).map_or(&[], |bucket| bucket)
    }

    /// The marks of a process; `None` if they are not known.
    pub fn of(&self, process: Process) -> Option<u64> {
        for place in self.bucket(process.pid) {
            if place.pid.load(Ordering::Acquire) != u64::from(process.pid) {
                continue;
            }
            let (start_time, bits) = (place.start_time.load(Ordering::Relaxed), place.bits.load(Ordering::Acquire));
            let still = place.pid.load(Ordering::Relaxed) == u64::from(process.pid);
            if still && start_time == process.start_time {
                return Some(bits);
            }
        }
        if self.full.load(Ordering::Relaxed) != 0 { None } else { Some(0) }
    }

    fn place_of(&self, process: Process) -> Option<&Place> {
        self.bucket(process.pid).iter().find(|place| {
            place.pid.load(Ordering::Relaxed) == u64::from(process.pid)
                && place.start_time.load(Ordering::Relaxed) == process.start_time
        })
    }

    /// Sets and clears marks of a process: those in both are set. False if it found no place. Under the shim's lock, as all
    /// below.
    pub fn change(&self, process: Process, set: u64, clear: u64) -> bool {
        if let Some(place) = self.place_of(process) {
            let bits = place.bits.load(Ordering::Relaxed) & !clear | set;
            if bits == 0 {
                self.free(place);
            } else {
                place.bits.store(bits, Ordering::Release);
            }
            return true;
        }
        if set == 0 {
            return true;
        }
        let Some(place) = self.bucket(process.pid).iter().find(|place| place.pid.load(Ordering::Relaxed) == 0) else {
            self.full.store(1, Ordering::Relaxed);
            return false;
        };
        place.start_time.store(process.start_time, Ordering::Relaxed);
        place.bits.store(set, Ordering::Relaxed);
        place.pid.store(process.pid.into(), Ordering::Release);
        self.used.store(self.used.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        true
    }

    fn free(&self, place: &Place) {
        place.pid.store(0, Ordering::Release);
        self.used.store(self.used.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
    }

    /// A process made another, which has the same marks.
    pub fn inherit(&self, parent: Process, child: Process) {
        if let Some(bits @ 1..) = self.of(parent) {
            self.change(child, bits, 0);
        }
    }

    /// A process ended.
    pub fn forget(&self, process: Process) {
        if let Some(place) = self.place_of(process) {
            self.free(place);
        }
    }

    /// Clears these marks of every process. If these are all there can be, every process is known again.
    pub fn clear(&self, marks: u64) {
        for place in self.places.iter().flatten() {
            if place.pid.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let bits = place.bits.load(Ordering::Relaxed) & !marks;
            if bits == 0 {
                self.free(place);
            } else {
                place.bits.store(bits, Ordering::Release);
            }
        }
        if marks == u64::MAX {
            self.full.store(0, Ordering::Relaxed);
        }
    }
}
