//! Kernels that preempt the programs of raw tracepoints.
//!
//! A task that is preempted in the middle of a program keeps all others on its CPU from being seen (`misses.rs`). What perf calls a
//! tracepoint still runs with preemption off, and costs a little more: there the probe attaches programs to those, as far as they
//! tell what is needed.

use super::perf;
use aya::Ebpf;
use aya::programs::Program;
use std::path::Path;

/// Names of programs of perf's tracepoints begin with this; that of the raw tracepoint's follows.
const PREFIX: &str = "traced_";

/// The first kernel of which that is assumed. That 7.2 does it was seen, that 6.12 does not likewise.
const SINCE: u32 = 7;

/// Where the kernel describes the tracepoints of perf.
const DESCRIPTIONS: [&str; 2] = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

/// Does the kernel that runs need it?
pub fn is_needed() -> bool {
    let release = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    if !is_preempting(&release.unwrap_or_default()) {
        return false;
    }
    let why = match (described(&DESCRIPTIONS.map(Path::new)), perf::denied()) {
        (Described::Yes, None) => return true,
        (_, Some(why)) => why,
        (Described::No, None) => "mounting tracefs at /sys/kernel/tracing avoids it".to_owned(),
        (Described::Denied, None) => {
            "this process may not read tracefs, which would avoid it: with the capability DAC_READ_SEARCH, or \
             of a group that tracefs was given to (`mount -o remount,gid=GROUP /sys/kernel/tracing`), it may"
                .to_owned()
        }
    };
    log::warn!(
        "eBPF: this kernel preempts the probe, and what happens on the CPU meanwhile is missed: it is counted as dropped (nested); \
         {why}"
    );
    false
}

/// Whether the tracepoints of perf are described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Described {
    Yes,
    No,
    /// They may be, and this process may not know.
    Denied,
}

fn described(folders: &[&Path]) -> Described {
    let read = |folder: &&Path| std::fs::read(folder.join("raw_syscalls/sys_exit/id")).map_err(|error| error.kind());
    let mut outcomes = folders.iter().map(read);
    if outcomes.clone().any(|outcome| outcome.is_ok()) {
        return Described::Yes;
    }
    let denied = outcomes.any(|outcome| outcome == Err(std::io::ErrorKind::PermissionDenied));
    if denied { Described::Denied } else { Described::No }
}

fn is_preempting(release: &str) -> bool {
    release.split('.').next().and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= SINCE)
}

/// The program that this one takes the place of.
pub fn stands_for(name: &str) -> Option<String> {
    name.strip_prefix(PREFIX).map(str::to_owned)
}

/// The program of this name: that of perf's tracepoint, if it is wanted and there is one.
pub fn program<'e>(programs: &'e mut Ebpf, name: &str, traced: bool) -> Option<&'e mut Program> {
    let other = format!("{PREFIX}{name}");
    let name = if traced && programs.program(&other).is_some() { &other } else { name };
    programs.program_mut(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_that_preempt_are_told_by_their_release() {
        let known = [
            ("5.10.0-46-cloud-amd64", false),
            ("6.12.117+deb12-cloud-amd64", false),
            ("7.2.13+deb14", true),
            ("", false),
        ];
        assert_eq!(known.map(|(release, _)| is_preempting(release)), known.map(|(_, preempting)| preempting));
    }

    #[test]
    fn what_may_not_be_read_is_told_from_what_is_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let nothing = dir.path().join("nothing");
        assert_eq!(described(&[&nothing, dir.path()]), Described::No);
        let point = dir.path().join("raw_syscalls/sys_exit");
        std::fs::create_dir_all(&point).unwrap();
        std::fs::write(point.join("id"), "348\n").unwrap();
        assert_eq!(described(&[&nothing, dir.path()]), Described::Yes);
    }

    #[test]
    fn a_program_of_perfs_tells_whose_place_it_takes() {
        assert_eq!(stands_for("traced_sys_exit").as_deref(), Some("sys_exit"));
        assert_eq!(stands_for("sys_exit"), None);
    }
}
