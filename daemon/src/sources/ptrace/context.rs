//! Who a tracee is, from /proc: proc_pid_stat(5), proc_pid_status(5), proc_pid_cgroup(5).
//!
//! Ids are those that Kestrel sees: in a container, those of its namespaces.

use super::folder::Folder;
use crate::state::proc_text::{find, number, parse_stat, parse_status};
use kestrel_core::event::TaskContext;
use std::collections::HashMap;

/// Bytes of a file of /proc that are looked at.
pub const FILE: usize = 8192;

/// Cgroups whose numbers are remembered.
const MOST_CGROUPS: usize = 1024;

/// Where cgroup2's hierarchy may be mounted.
const HIERARCHIES: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// Numbers of cgroups by their paths.
#[derive(Debug, Default)]
pub struct Cgroups(HashMap<Vec<u8>, u64>);

impl Cgroups {
    fn number(&mut self, path: &[u8]) -> u64 {
        if let Some(number) = self.0.get(path) {
            return *number;
        }
        let number = HIERARCHIES.iter().find_map(|root| {
            std::fs::metadata(format!("{root}/cgroup.controllers")).ok()?;
            let at = [root.as_bytes(), path].concat();
            use std::os::unix::{ffi::OsStrExt, fs::MetadataExt};
            std::fs::metadata(std::ffi::OsStr::from_bytes(&at)).ok().map(|meta| meta.ino())
        });
        if self.0.len() >= MOST_CGROUPS {
            self.0.clear();
        }
        let number = number.unwrap_or(0);
        self.0.insert(path.to_owned(), number);
        number
    }
}

/// The path of a task's cgroup in the default hierarchy: the line `0::path`.
pub fn cgroup_path(folder: &Folder) -> Option<Vec<u8>> {
    let mut text = [0; FILE];
    let len = folder.shown("cgroup", &mut text)?;
    text[..len].split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"0::")).map(<[u8]>::to_owned)
}

/// The task `tid`, as /proc tells of it now; `None` if it is gone.
pub fn read(tid: i32, cgroups: &mut Cgroups) -> Option<TaskContext> {
    let folder = Folder::open(tid)?;
    let mut text = [0; FILE];
    let len = folder.shown("stat", &mut text)?;
    let mut task = parse_stat(&text[..len])?;
    let len = folder.shown("status", &mut text)?;
    let status = &text[..len];
    parse_status(status, &mut task);
    task.tid = tid.cast_unsigned();
    task.vtid = task.vpid;
    if let Some(pid) = find(status, b"Tgid:").and_then(number)
        && pid != u64::from(task.tid)
    {
        task.pid = pid as u32;
        // Start and number are the process's.
        let process = Folder::open(pid as i32)?;
        let len = process.shown("stat", &mut text)?;
        task.start_time = parse_stat(&text[..len])?.start_time;
        let len = process.shown("status", &mut text)?;
        let mut of_process = TaskContext { pid: task.pid, pgid: task.pgid, ..TaskContext::default() };
        parse_status(&text[..len], &mut of_process);
        task.vpid = of_process.vpid;
    }
    if let Some(len) = folder.shown("loginuid", &mut text)
        && let Some(uid) = number(&text[..len])
    {
        task.loginuid = uid as u32;
    }
    // `mnt:[4026531841]`
    let space = |name| {
        let link = folder.link(name)?;
        number(link.split(|&b| b == b'[').nth(1)?.strip_suffix(b"]")?).map(|n| n as u32)
    };
    task.mnt_ns = space("ns/mnt").unwrap_or(0);
    task.pid_ns = space("ns/pid").unwrap_or(0);
    task.cgroup = cgroup_path(&folder).map_or(0, |path| cgroups.number(&path));
    Some(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_has_its_own_number_and_its_process_s_start() {
        let of_main = read(std::process::id().cast_signed(), &mut Cgroups::default()).unwrap();
        let of_thread = std::thread::spawn(|| {
            let tid = nix::unistd::gettid().as_raw();
            (tid, read(tid, &mut Cgroups::default()).unwrap())
        });
        let (tid, thread) = of_thread.join().unwrap();
        assert_eq!((thread.tid, thread.pid), (tid.cast_unsigned(), std::process::id()));
        assert_eq!((thread.start_time, thread.vpid, thread.ppid), (of_main.start_time, of_main.vpid, of_main.ppid));
        assert_eq!(of_main.ppid, std::os::unix::process::parent_id());
        assert_eq!(of_main.uid, nix::unistd::getuid().as_raw());
        assert_ne!((of_main.mnt_ns, of_main.pid_ns), (0, 0));
    }
}
