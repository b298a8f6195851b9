//! Where the strings of a program lie, and what it cost so far: proc_pid_stat(5).
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

/// What is known of a program that runs.
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
    /// What /proc tells of a task now; `None` if it is gone. That its process never had another task saves the kernel the way to
    /// the task's own folder: the process's page faults are the task's then.
    pub fn read(folder: &Folder, tid: u32, never_had_others: bool) -> Option<Started> {
        let mut text = [0; super::context::FILE];
        let len = match never_had_others {
            true => folder.shown("stat", &mut text)?,
            false => folder.shown(&format!("task/{tid}/stat"), &mut text)?,
        };
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
        let started = Started::read(&folder, me.cast_unsigned(), false).unwrap();
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

    #[test]
    fn who_never_had_other_tasks_has_the_page_faults_of_its_process() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let folder = Folder::open(child.id().cast_signed()).unwrap();
        let same = (0..1000).any(|_| {
            let read = |never_had_others| Started::read(&folder, child.id(), never_had_others).unwrap();
            read(true) == read(false) && read(true).minor_faults > 0
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(same);
    }
}
