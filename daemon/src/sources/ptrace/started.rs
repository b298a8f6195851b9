//! Where the strings of a program lie, and what it cost so far: proc_pid_stat(5).
//!
//! ```text
//!   arguments │ environment │ name by which it was executed │ end of the stack
//! ```
//!
//! So `fs/exec.c` puts them there, and `fs/binfmt_elf.c` remembers where the first two begin and end. It also tells the program, on
//! its stack:
//!
//! ```text
//!   number of arguments │ where each is │ 0 │ where each variable is │ 0 │ pairs of kind and value, of which one says where the name is
//! ```

use super::folder::Folder;
use super::memory::Memory;
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

/// Words of the stack of a new program that are looked at.
const MOST_WORDS: usize = 4096;

/// `AT_EXECFN` (getauxval(3)): where the name is by which a program was executed.
const NAME: u64 = 31;

impl Started {
    /// What lies on the stack of a program of 64 bits that has just begun, and has not run yet: all but its page faults. `None` if
    /// that is not as it should be.
    pub fn on_stack(memory: &Memory, tid: i32, stack: u64) -> Option<Started> {
        let mut words = (0..MOST_WORDS as u64).map_while(|index| {
            let mut word = [0; 8];
            memory.read(tid, stack.checked_add(8 * index)?, &mut word).ok()?;
            Some(u64::from_ne_bytes(word))
        });
        let count = words.next()?;
        let first = words.next().filter(|_| count > 0)?;
        // The others, and the end.
        words.by_ref().take(usize::try_from(count).ok()?.checked_sub(1)?).for_each(drop);
        words.next().filter(|end| *end == 0)?;
        let variable = words.next()?;
        if variable != 0 {
            words.by_ref().find(|word| *word == 0)?;
        }
        let name = loop {
            match (words.next()?, words.next()?) {
                (0, _) => return None,
                (NAME, name) => break name,
                _ => {}
            }
        };
        let environment = (if variable == 0 { name } else { variable }, name);
        let arguments = (first, environment.0);
        let in_order = arguments.0 < arguments.1 && environment.0 <= environment.1;
        in_order.then(|| Started { arguments, environment, ..Started::default() })
    }

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
    fn a_new_program_has_it_all_on_its_stack() {
        // A stack as it was left: what the environment variables are by now lies elsewhere.
        let stat = std::fs::read("/proc/self/stat").unwrap();
        let begin = stat_field(&stat_fields(&stat), 28).unwrap();
        let me = nix::unistd::getpid().as_raw();
        let folder = Folder::open(me).unwrap();
        let told = Started::read(&folder, me.cast_unsigned(), false).unwrap();
        let memory = Memory::default();
        let seen = Started::on_stack(&memory, me, begin).unwrap();
        assert_eq!((seen.arguments, seen.environment), (told.arguments, told.environment));
        // Anything else is not taken for it.
        assert_eq!(Started::on_stack(&memory, me, begin + 8), None);
        assert_eq!(Started::on_stack(&memory, me, 8), None);
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
