//! What processes are called, where their threads are called something else.
//!
//! The name of a process is the comm that its last exec gave it. Mostly it still is the comm of each of its threads, and nothing
//! is kept of it. Of a process one of whose threads was renamed, and of one that a thread with a name of its own made, the name is
//! kept here, from before the comm changes until the process executes another program or ends: whoever reads the comm first and
//! looks here then never takes the new one for the name.
#![forbid(unsafe_code)]

use crate::processes::{Found, Process, Table};
use kestrel_core::event::TaskContext;
use kestrel_core::fill::names_nothing;

/// Buckets of the table.
const BUCKETS: usize = 256;

/// A comm, as the kernel has it: ended by NUL.
pub type Comm = [u8; 16];

/// A name in two words, and whether nobody can be sure of it: then not 0.
type Kept = [u64; 3];

/// The table: `struct kestrel_names`. All zero is empty.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Names(Table<3, BUCKETS>);

const _: () = assert!(size_of::<Names>() == 81928);

/// What nobody can be sure of.
const DOUBTED: Kept = [0, 0, 1];

fn kept(name: &Comm) -> Kept {
    let mut padded = [0; 16];
    for (to, from) in padded.iter_mut().zip(TaskContext::name(name)) {
        *to = *from;
    }
    let word = |half: &[u8]| half.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
    let (first, second) = padded.split_at(8);
    [word(first), word(second), 0]
}

fn name_of(kept: Kept) -> Option<Comm> {
    let [first, second, doubt] = kept;
    let mut name = [0; 16];
    for (to, from) in name.iter_mut().zip(first.to_le_bytes().into_iter().chain(second.to_le_bytes())) {
        *to = from;
    }
    (doubt == 0).then_some(name)
}

impl Names {
    /// The name of a process whose first thread had this comm a moment ago; `None` if it is not known.
    pub fn of(&self, process: Process, comm: &Comm) -> Option<Comm> {
        match self.0.find(process) {
            Found::Is(kept) => name_of(kept),
            Found::Nothing => Some(*comm),
            Found::Unknown => None,
        }
    }

    /// A thread of a process is about to be renamed; the first thread still has this comm. `sure` is false as long as the consumer
    /// may read from elsewhere what the process is called. Under the shim's lock, as all below.
    pub fn rename(&self, process: Process, comm: &Comm, sure: bool) {
        if self.0.find(process) == Found::Nothing {
            self.0.keep(process, if sure { kept(comm) } else { DOUBTED });
        }
    }

    /// A process, whose first thread has the first comm, made another, whose only thread has the second.
    pub fn fork(&self, parent: Process, comm: &Comm, child: Process, of_child: &Comm) {
        let name = match self.0.find(parent) {
            Found::Is(name) => name,
            Found::Nothing => kept(comm),
            Found::Unknown => return,
        };
        if name != kept(of_child) {
            self.0.keep(child, name);
        }
    }

    /// A process executed a program by this name, and has the comm that came of it. `executable` is what its file is called, up
    /// to 15 bytes, if that can be told: it is the name if the other is none ([`names_nothing`]).
    pub fn exec(&self, process: Process, filename: &[u8], executable: Option<&Comm>) {
        if !names_nothing(filename) {
            self.0.forget(process);
        } else {
            self.0.keep(process, executable.map_or(DOUBTED, kept));
        }
    }

    /// A process ended.
    pub fn forget(&self, process: Process) {
        self.0.forget(process);
    }

    /// Another consumer comes, who may read from elsewhere what processes are called: nobody is sure of what is kept.
    pub fn doubt(&self) {
        self.0.change_all(|_| Some(DOUBTED));
    }

    /// Who was renamed since, nobody saw: every process is called as its first thread.
    pub fn forget_all(&self) {
        self.0.forget_all();
    }
}
