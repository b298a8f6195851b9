//! Pages of the program file that are mapped because something ran once: reading rules and starting takes most of the program, and
//! watching little of it. The kernel maps many pages around each that is touched, and keeps them mapped for as long as there is
//! memory enough; on a machine that has little of it, what a daemon has mapped is what it is judged by.
//!
//! Given back, they are gone from this process alone: what lies in the page cache is mapped again, without a look at a disk, when it is
//! touched again.
#![allow(unsafe_code, reason = "madvise(2)")]

use nix::libc;
use std::ops::Range;

/// Where in memory there is nothing but what a file holds, as it is in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramPages(Vec<Range<usize>>);

impl ProgramPages {
    /// Those of this process: of its program, and of libraries. None if /proc does not tell.
    pub fn of_process() -> ProgramPages {
        let text = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
        ProgramPages(unchanged(&text))
    }

    /// Has the kernel forget that they are mapped.
    pub fn give_back(&self) {
        for place in &self.0 {
            // SAFETY: nobody can write there, and nobody did before that was taken away, so that every page comes back from the file
            // as it was.
            let _ = unsafe { libc::madvise(place.start as *mut libc::c_void, place.len(), libc::MADV_DONTNEED) };
        }
    }
}

/// Private mappings of files that cannot be written to, and of which no page was ever changed: proc_pid_smaps(5). Relocations change
/// pages before they become read-only.
fn unchanged(smaps: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut candidate = None;
    for line in smaps.lines() {
        let mut words = line.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("Anonymous:"), Some("0")) => found.extend(candidate.take()),
            (Some("Anonymous:"), _) => candidate = None,
            (Some(place), Some("r--p" | "r-xp")) if line.contains(" /") => candidate = range(place),
            (Some(_), Some(mode)) if mode.len() == 4 && mode.ends_with(['p', 's']) => candidate = None,
            _ => {}
        }
    }
    found
}

/// `55cc9b578000-55cc9b599000`.
fn range(text: &str) -> Option<Range<usize>> {
    let (begin, end) = text.split_once('-')?;
    let place = usize::from_str_radix(begin, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
    (!place.is_empty()).then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
400000-44f000 r--p 00000000 fe:00 1234 /usr/bin/kestrel
Size:                316 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
44f000-db2000 r-xp 0004e000 fe:00 1234 /usr/bin/kestrel
Rss:                8000 kB
Anonymous:             0 kB
db3000-e23000 r--p 0cb1a50 fe:00 1234 /usr/bin/kestrel
Anonymous:           448 kB
e24000-e25000 rw-p 00d217c8 fe:00 1234 /usr/bin/kestrel
Anonymous:             0 kB
f00000-f21000 rw-p 00000000 00:00 0 [heap]
Anonymous:           132 kB
7f0000000000-7f0000001000 r--s 00000000 00:0f 7 /dev/shm/ring
Anonymous:             0 kB
7f0000002000-7f0000004000 r-xp 00000000 00:00 0 [vdso]
Anonymous:             0 kB
7f0000005000-7f0000006000 r--p 00000000 00:00 0
Anonymous:             0 kB
";

    #[test]
    fn what_was_changed_can_be_or_is_no_file_stays() {
        assert_eq!(unchanged(SMAPS), [0x40_0000..0x44_f000, 0x44_f000..0xdb_2000]);
        for nonsense in
            ["x-y r--p 0 0 0 /file\nAnonymous: 0 kB\n1-1 r-xp 0 0 0 /file\nAnonymous: 0 kB\n", "Anonymous: 0 kB\n"]
        {
            assert!(unchanged(nonsense).is_empty(), "{nonsense}");
        }
    }

    /// KiB of this process that are mapped of files.
    fn of_files() -> u64 {
        let status = std::fs::read("/proc/self/status").unwrap();
        crate::state::proc_text::find(&status, b"RssFile:")
            .and_then(|line| line.strip_suffix(b" kB"))
            .and_then(crate::state::proc_text::number)
            .unwrap()
    }

    #[test]
    fn what_is_given_back_is_no_longer_resident_and_comes_back() {
        let pages = ProgramPages::of_process();
        assert!(!pages.0.is_empty());
        // Other tests run beside this one, and touch pages.
        let less = (0..100).any(|_| {
            let before = of_files();
            pages.give_back();
            of_files() < before
        });
        assert!(less);
        assert_eq!(ProgramPages::of_process(), pages);
    }
}
