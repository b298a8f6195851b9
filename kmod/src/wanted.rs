//! What the consumer asked for, in the form that the probes look it up in: by system call number.
//!
//! The shim's probe of sys_exit reads the two bitmaps itself (`struct kestrel_wanted` in `kestrel.h`); the rest is read
//! here. The tables from numbers to events never change; the bits change while probes run, a word at a time, so that a
//! call during the change is judged by the old wish or the new one.
#![forbid(unsafe_code)]

use crate::record::told_elsewhere;
use core::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use kestrel_core::abi::{INTEREST_WORDS, Interest};
use kestrel_core::schema::{
    Abi, EVENT_COUNT, EventId, I386_IPC, I386_SOCKETCALL, event_of, event_of_ipc, event_of_socketcall, recipe,
};

/// System call numbers that the tables know: all below this.
pub const SYSCALLS: usize = 512;

const WORDS: usize = SYSCALLS / 64;

/// Stands for "no event" in a table.
const NONE: u16 = u16::MAX;

/// Marks, in the table of native calls, an event whose success another tracepoint tells. Ids are below it, and what stands for
/// something else is above.
const TOLD_ELSEWHERE: u16 = 1 << 15;

const _: () = assert!(EVENT_COUNT < TOLD_ELSEWHERE as usize);

/// Stands for socketcall(2) in the table of 32-bit calls: which event it is, its first argument tells.
const SOCKETCALL: u16 = u16::MAX - 1;

/// Stands for ipc(2) in the table of 32-bit calls, likewise.
const IPC: u16 = u16::MAX - 2;

/// Sub-calls of socketcall(2) and ipc(2) are numbered below this (`linux/net.h`, `linux/ipc.h`).
const SUBCALLS: u32 = 32;

/// What a system call's number stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// This event.
    Event(EventId),
    /// One of the calls behind socketcall(2) or ipc(2).
    Multiplexed,
}

/// What the consumer asked for: `struct kestrel_wanted`.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Wanted {
    native: [AtomicU64; WORDS],
    compat: [AtomicU64; WORDS],
    events: [AtomicU64; INTEREST_WORDS],
    native_event: [AtomicU16; SYSCALLS],
    compat_event: [AtomicU16; SYSCALLS],
}

const _: () = assert!(size_of::<Wanted>() == 2304);

impl Default for Wanted {
    /// Nothing, with the tables made.
    fn default() -> Wanted {
        let wanted = Wanted {
            native: [const { AtomicU64::new(0) }; WORDS],
            compat: [const { AtomicU64::new(0) }; WORDS],
            events: [const { AtomicU64::new(0) }; INTEREST_WORDS],
            native_event: [const { AtomicU16::new(NONE) }; SYSCALLS],
            compat_event: [const { AtomicU16::new(NONE) }; SYSCALLS],
        };
        wanted.make_tables();
        wanted
    }
}

impl Wanted {
    /// Fills in which event each system call is.
    pub(crate) fn make_tables(&self) {
        for (nr, cell) in (0..).zip(&self.native_event) {
            let event = match event_of(Abi::NATIVE, nr) {
                Some(event) if told_elsewhere(event) => event.0 | TOLD_ELSEWHERE,
                Some(event) => event.0,
                None => NONE,
            };
            cell.store(event, Ordering::Relaxed);
        }
        for (nr, cell) in (0..).zip(&self.compat_event) {
            let event = match event_of(Abi::I386, nr) {
                // On other machines than x86 the 32-bit calls have numbers that the schema does not know.
                _ if !matches!(Abi::NATIVE, Abi::X86_64) => NONE,
                _ if nr == I386_SOCKETCALL => SOCKETCALL,
                _ if nr == I386_IPC => IPC,
                Some(event) => event.0,
                None => NONE,
            };
            cell.store(event, Ordering::Relaxed);
        }
    }

    /// Takes over what the consumer asks for. Bits of events that do not exist are kept and mean nothing.
    pub fn set(&self, interest: &Interest) {
        for (to, from) in self.events.iter().zip(interest.words) {
            to.store(from, Ordering::Relaxed);
        }
        let sockets = (0..SUBCALLS).filter_map(event_of_socketcall).any(|event| self.contains(event));
        let ipc = (0..SUBCALLS).filter_map(event_of_ipc).any(|event| self.contains(event));
        self.fold(&self.native, &self.native_event, sockets, ipc);
        self.fold(&self.compat, &self.compat_event, sockets, ipc);
    }

    /// Takes out everything that the table of processes is not made from.
    pub(crate) fn keep_lifecycle(&self) {
        let mut left = Interest::default();
        for (word, asked) in left.words.iter_mut().zip(&self.events) {
            *word = asked.load(Ordering::Relaxed);
        }
        for (word, ids) in (0_u16..).zip(left.words.iter_mut()) {
            for bit in 0..64 {
                let event = EventId(word.wrapping_mul(64).wrapping_add(bit));
                if !recipe(event).is_some_and(|recipe| recipe.lifecycle) {
                    *ids &= !(1 << bit);
                }
            }
        }
        self.set(&left);
    }

    /// Makes the bitmap by number from the events asked for. `sockets` and `ipc` say whether any of the calls behind
    /// socketcall(2) and ipc(2) is.
    fn fold(&self, bitmap: &[AtomicU64; WORDS], table: &[AtomicU16; SYSCALLS], sockets: bool, ipc: bool) {
        for (word, cells) in bitmap.iter().zip(table.chunks(64)) {
            let mut bits = 0;
            for (n, cell) in cells.iter().enumerate() {
                let wanted = match cell.load(Ordering::Relaxed) {
                    SOCKETCALL => sockets,
                    IPC => ipc,
                    NONE => false,
                    id => self.contains(EventId(id & !TOLD_ELSEWHERE)),
                };
                bits |= u64::from(wanted) << n;
            }
            word.store(bits, Ordering::Relaxed);
        }
    }

    /// True if the event was asked for.
    #[inline]
    pub fn contains(&self, event: EventId) -> bool {
        self.events
            .get(usize::from(event.0 / 64))
            .is_some_and(|word| word.load(Ordering::Relaxed) & (1 << (event.0 % 64)) != 0)
    }

    /// The event of the native call of this number; `None` if it has none, or if another tracepoint tells its success.
    #[inline]
    pub fn native(&self, nr: u32) -> Option<EventId> {
        let event = self.native_event.get(nr as usize)?.load(Ordering::Relaxed);
        (event < TOLD_ELSEWHERE).then_some(EventId(event))
    }

    /// What the system call of this number stands for.
    #[inline]
    pub fn look_up(&self, nr: u32, compat: bool) -> Option<Asked> {
        let table = if compat { &self.compat_event } else { &self.native_event };
        match table.get(nr as usize)?.load(Ordering::Relaxed) {
            NONE => None,
            SOCKETCALL | IPC => Some(Asked::Multiplexed),
            id => Some(Asked::Event(EventId(id & !TOLD_ELSEWHERE))),
        }
    }

    /// True if the shim lets a call of this number through: its bit in the bitmap.
    pub fn lets_through(&self, nr: u32, compat: bool) -> bool {
        let bitmap = if compat { &self.compat } else { &self.native };
        bitmap.get(nr as usize / 64).is_some_and(|word| word.load(Ordering::Relaxed) & (1 << (nr % 64)) != 0)
    }
}
