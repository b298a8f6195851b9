//! Marks of processes: bits that the consumer sets, that children inherit, and that programs ask for.
#![forbid(unsafe_code)]

use crate::processes::{Found, Process, Table};

/// Buckets of the table.
const BUCKETS: usize = 512;

/// The table: `struct kestrel_marks`. All zero is empty. Who found no place may have any marks.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Marks(Table<1, BUCKETS>);

const _: () = assert!(size_of::<Marks>() == 98312);

impl Marks {
    /// True if every process is known to have no marks.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The marks of a process; `None` if they are not known.
    pub fn of(&self, process: Process) -> Option<u64> {
        match self.0.find(process) {
            Found::Is([bits]) => Some(bits),
            Found::Nothing => Some(0),
            Found::Unknown => None,
        }
    }

    /// Sets and clears marks of a process: those in both are set. False if it found no place. Under the shim's lock, as all
    /// below.
    pub fn change(&self, process: Process, set: u64, clear: u64) -> bool {
        let before = match self.0.find(process) {
            Found::Is([bits]) => bits,
            Found::Nothing | Found::Unknown => 0,
        };
        match before & !clear | set {
            0 => {
                self.0.forget(process);
                true
            }
            bits => self.0.keep(process, [bits]),
        }
    }

    /// A process made another, which has the same marks.
    pub fn inherit(&self, parent: Process, child: Process) {
        if let Some(bits @ 1..) = self.of(parent) {
            self.change(child, bits, 0);
        }
    }

    /// A process ended.
    pub fn forget(&self, process: Process) {
        self.0.forget(process);
    }

    /// Clears these marks of every process. If these are all there can be, every process is known again.
    pub fn clear(&self, marks: u64) {
        if marks == u64::MAX {
            self.0.forget_all();
        } else {
            self.0.change_all(|[bits]| Some([bits & !marks]).filter(|&[left]| left != 0));
        }
    }
}
