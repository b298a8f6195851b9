//! Events that the kernel did not hand to the probe.
//!
//! A program of a tracepoint is not started on a CPU where it is running already. Where tracepoints run with preemption on (7.2 does
//! it, 6.12 does not), a task that is preempted in the middle of one keeps all others on its CPU from being seen until it goes on.
//! The kernel counts what it left out, and says so in the descriptor of the program (`recursion_misses`). It does not know which
//! system call it was, so that some of what is counted would not have been recorded.

use aya::programs::{ProgramError, ProgramFd, ProgramInfo};
use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// What the kernel says of each program.
#[derive(Debug, Default)]
pub struct Misses {
    descriptors: Vec<File>,
    /// Programs that nothing else of this process keeps open.
    _programs: Vec<ProgramFd>,
}

impl Misses {
    /// Looks at one more program, which stays open.
    pub fn watch(&mut self, program: BorrowedFd<'_>) {
        // Opened now: in the sandbox it could not be.
        match File::open(format!("/proc/self/fdinfo/{}", program.as_raw_fd())) {
            Ok(file) => self.descriptors.push(file),
            Err(error) => log::warn!("eBPF: what the kernel does not hand to the probe is not counted: {error}"),
        }
    }

    /// Looks at one that another process loaded.
    ///
    /// # Errors
    /// What the system said.
    pub fn watch_pinned(&mut self, path: &Path) -> Result<(), ProgramError> {
        use std::os::fd::AsFd;
        let program = ProgramInfo::from_pin(path)?.fd()?;
        self.watch(program.as_fd());
        self._programs.push(program);
        Ok(())
    }

    /// Events that the programs were not started for, since they were loaded.
    pub fn count(&self) -> u64 {
        let of = |file: &File| {
            let mut text = [0; 1024];
            let len = file.read_at(&mut text, 0).unwrap_or(0);
            misses(&String::from_utf8_lossy(text.get(..len).unwrap_or_default()))
        };
        self.descriptors.iter().map(of).fold(0, u64::saturating_add)
    }
}

/// The count that a program's descriptor tells; 0 where the kernel does not tell it.
fn misses(text: &str) -> u64 {
    let told = text.lines().find_map(|line| line.strip_prefix("recursion_misses:"));
    told.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_a_programs_descriptor_is_read() {
        let text =
            "pos:\t0\nflags:\t02000002\nprog_type:\t17\nrun_cnt:\t0\nrecursion_misses:\t198\nverified_insns:\t34686\n";
        assert_eq!(misses(text), 198);
        assert_eq!(misses("pos:\t0\nprog_type:\t17\n"), 0);
    }

    #[test]
    fn what_is_no_program_has_no_misses() {
        use std::os::fd::AsFd;
        let mut all = Misses::default();
        let file = File::open("/dev/null").unwrap();
        all.watch(file.as_fd());
        assert_eq!((all.descriptors.len(), all.count()), (1, 0));
    }
}
