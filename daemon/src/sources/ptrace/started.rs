//! Where the strings of a new program lie, and what it cost so far: proc_pid_stat(5).
//!
//! ```text
//!   arguments │ environment │ name by which it was executed │ end of the stack
//! ```
//!
//! So `fs/exec.c` puts them there, and `fs/binfmt_elf.c` remembers where the first two begin and end.

use super::folder::Folder;
use crate::state::proc_text::{stat_field, stat_fields};

/// Addresses: the first, and the one behind the last.
pub type Place = (u64, u64);

/// What is known of a program that began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// Minor page faults of the thread.
    pub minor_faults: u64,
    /// Major page faults of the thread.
    pub major_faults: u64,
    /// Its arguments. As the others: zeroes if we may not know.
    pub arguments: Place,
    /// Its environment; behind it lies the name by which it was executed.
    pub environment: Place,
}

impl Started {
    /// What /proc tells of a task now; `None` if it is gone.
    pub fn read(folder: &Folder, tid: u32) -> Option<Started> {
        let mut text = [0; super::context::FILE];
        let len = folder.shown(&format!("task/{tid}/stat"), &mut text)?;
        let fields = stat_fields(&text[..len]);
        let number = |n| stat_field(&fields, n).unwrap_or(0);
        Some(Started {
            minor_faults: number(10),
            major_faults: number(12),
            arguments: (number(48), number(49)),
            environment: (number(50), number(51)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::*;

    #[test]
    fn the_strings_lie_one_after_another_and_the_name_behind_them() {
        let me = nix::unistd::gettid().as_raw();
        let folder = Folder::open(me).unwrap();
        let started = Started::read(&folder, me.cast_unsigned()).unwrap();
        assert_eq!(started.arguments.1, started.environment.0);
        let mut text = vec![0; 1 << 16];
        let memory = Memory::default();
        let mut at = |place: Place| {
            let text = &mut text[..(place.1 - place.0) as usize];
            memory.read(me, place.0, text).unwrap();
            text.to_vec()
        };
        assert_eq!(at(started.arguments), std::fs::read("/proc/self/cmdline").unwrap());
        assert_eq!(at(started.environment), std::fs::read("/proc/self/environ").unwrap());
        let mut name = [0; 4096];
        let read = memory.read_string(me, started.environment.1, &mut name).unwrap();
        let executed = std::fs::canonicalize(std::str::from_utf8(&name[..read.len]).unwrap()).unwrap();
        assert_eq!(executed, std::env::current_exe().unwrap());
    }
}
