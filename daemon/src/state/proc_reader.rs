//! What /proc says about one process. Every file may be gone, or another process's, at any moment: whatever cannot be read
//! is left as it is.

use super::proc_text::{control_group, find, number, parse_stat, parse_status, stat_field, stat_fields};
use super::{Figures, Image, Process, ProcessKey, Threads};
use crate::container::Containers;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{IoSliceMut, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Bytes of a command line or an environment that are kept.
const STRINGS_BYTES: usize = 4096;

/// Reads processes from a proc filesystem.
#[derive(Debug)]
pub struct ProcReader {
    root: PathBuf,
    buf: Vec<u8>,
    old_hierarchies: bool,
}

impl ProcReader {
    /// A reader of the proc filesystem mounted at `root`.
    pub fn new(root: impl Into<PathBuf>) -> ProcReader {
        let mut reader = ProcReader { root: root.into(), buf: Vec::new(), old_hierarchies: false };
        let own = reader.root.join("self/cgroup");
        let is_old = |line: &[u8]| !line.is_empty() && !line.starts_with(b"0::");
        reader.old_hierarchies =
            reader.read(&own, 16 << 10).is_some_and(|text| text.split(|&b| b == b'\n').any(is_old));
        reader
    }

    /// Where the proc filesystem is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether control groups of version 1 are in use, which no record tells of.
    pub fn has_old_hierarchies(&self) -> bool {
        self.old_hierarchies
    }

    /// The pids that there are now.
    pub fn pids(&self) -> Vec<u32> {
        let Ok(entries) = std::fs::read_dir(&self.root) else { return Vec::new() };
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    /// A file, as far as the limit. The kernel gives as much as there is room for: what does not fill it is all.
    fn read(&mut self, path: &Path, limit: usize) -> Option<&[u8]> {
        self.buf.resize(limit.max(self.buf.len()), 0);
        let mut file = File::open(path).ok()?;
        let mut len = 0;
        while len < limit {
            let room = limit - len;
            let read = file.read(&mut self.buf[len..limit]).ok()?;
            len += read;
            if read < room {
                break;
            }
        }
        Some(&self.buf[..len])
    }

    /// The process that has this pid now; `None` if it is gone.
    pub fn process(&mut self, pid: u32, containers: &mut Containers) -> Option<(ProcessKey, Process)> {
        let dir = self.root.join(pid.to_string());
        let task = parse_stat(self.read(&dir.join("stat"), 4096)?)?;
        let mut process = Process::from_task(&task);
        if let Some(status) = self.read(&dir.join("status"), 16384) {
            parse_status(status, &mut process.task);
        }
        if let Some(uid) = self.read(&dir.join("loginuid"), 32).and_then(number) {
            process.task.loginuid = uid as u32;
        }
        self.complete(&dir, &mut process);
        if let Some(path) = self.group(&dir) {
            // Its number comes with its first record.
            process.group = containers.group(0, &path);
        }
        Some((ProcessKey::of(&task), process))
    }

    /// Reads image and working directory of a process that is known already, if it still has its pid.
    pub fn fill(&mut self, key: ProcessKey, process: &mut Process, containers: &mut Containers) {
        let dir = self.root.join(key.pid.to_string());
        process.complete = true;
        let mut read = process.clone();
        self.complete(&dir, &mut read);
        if let Some(path) = self.group(&dir) {
            read.group = containers.group(process.task.cgroup, &path);
        }
        let after = self.read(&dir.join("stat"), 4096).and_then(parse_stat);
        if let Some(task) = after.filter(|task| ProcessKey::of(task) == key) {
            *process = Process { comm: task.comm, ..read };
        }
    }

    fn complete(&mut self, dir: &Path, process: &mut Process) {
        let mut image = Image::default();
        if let Some(cmdline) = self.read(&dir.join("cmdline"), STRINGS_BYTES) {
            let first = cmdline.iter().position(|&b| b == 0).unwrap_or(cmdline.len());
            image.exe = cmdline[..first].into();
            image.args = cmdline.get(first + 1..).unwrap_or(&[]).into();
        }
        image.env = match self.read(&dir.join("environ"), STRINGS_BYTES) {
            Some(env) => env.into(),
            None => self.environment(dir).unwrap_or_default().into(),
        };
        let exe = dir.join("exe");
        if let Ok(path) = std::fs::read_link(&exe) {
            let path = path.as_os_str().as_bytes();
            image.exepath = path.strip_suffix(b" (deleted)").unwrap_or(path).into();
            if image.exepath.starts_with(b"/memfd:") {
                image.exe_flags |= kestrel_core::fill::ProcessImage::FROM_MEMFD;
            }
        }
        if let Ok(meta) = std::fs::metadata(&exe) {
            let ns = |seconds: i64, nanos: i64| (seconds as u64).wrapping_mul(1_000_000_000).wrapping_add(nanos as u64);
            image.exe_ino = meta.ino();
            image.exe_ctime = ns(meta.ctime(), meta.ctime_nsec());
            image.exe_mtime = ns(meta.mtime(), meta.mtime_nsec());
        }
        if let Ok(cwd) = std::fs::read_link(dir.join("cwd")) {
            process.cwd = Rc::from(cwd.as_os_str().as_bytes());
        }
        process.figures = self.figures(dir);
        process.threads = self.threads(dir);
        process.image = Rc::new(image);
        process.complete = true;
    }

    /// The environment out of the memory of a process: its file is its owner's alone, and whoever may trace may read its memory.
    fn environment(&mut self, dir: &Path) -> Option<Vec<u8>> {
        // Elsewhere, numbers are not those of processes here.
        if self.root != Path::new("/proc") {
            return None;
        }
        let pid = dir.file_name()?.to_str()?.parse().ok()?;
        let fields = stat_fields(self.read(&dir.join("stat"), 4096)?);
        let (begin, end) = (stat_field(&fields, 50)?, stat_field(&fields, 51)?);
        let len = usize::try_from(end.checked_sub(begin)?).ok()?.min(STRINGS_BYTES);
        let from = RemoteIoVec { base: usize::try_from(begin).ok()?, len };
        let mut env = vec![0; len];
        let read = process_vm_readv(Pid::from_raw(pid), &mut [IoSliceMut::new(&mut env)], &[from]).ok()?;
        env.truncate(read);
        Some(env)
    }

    /// The path of the control group of a process that has this pid now, and this start.
    pub fn group_of(&mut self, key: ProcessKey) -> Option<Vec<u8>> {
        let dir = self.root.join(key.pid.to_string());
        let path = self.group(&dir)?;
        let after = self.read(&dir.join("stat"), 4096).and_then(parse_stat)?;
        (ProcessKey::of(&after) == key).then_some(path)
    }

    fn group(&mut self, dir: &Path) -> Option<Vec<u8>> {
        control_group(self.read(&dir.join("cgroup"), 16 << 10)?).map(<[u8]>::to_vec)
    }

    fn threads(&mut self, dir: &Path) -> Option<Threads> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let status = self.read(&dir.join("status"), 16384)?;
        let alive = find(status, b"Threads:").and_then(number)?;
        // A first thread that ended before the others is a zombie.
        let without_first = find(status, b"State:").is_some_and(|state| state.trim_ascii_start().starts_with(b"Z"));
        let since_ns = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        Some(Threads { alive: u32::try_from(alive).ok()?, without_first, since_ns })
    }

    fn figures(&mut self, dir: &Path) -> Figures {
        let mut figures = Figures::default();
        if let Some(status) = self.read(&dir.join("status"), 16384) {
            let kib = |name| find(status, name).and_then(|line| line.strip_suffix(b"kB")).and_then(number);
            figures.vm_size_kib = kib(b"VmSize:".as_slice());
            figures.vm_rss_kib = kib(b"VmRSS:".as_slice());
            figures.vm_swap_kib = kib(b"VmSwap:".as_slice());
        }
        if let Some(limits) = self.read(&dir.join("limits"), 4096) {
            // Soft limit, hard limit, unit (proc_pid_limits(5)).
            let open_files = find(limits, b"Max open files");
            figures.fd_limit =
                open_files.and_then(|line| line.trim_ascii().split(u8::is_ascii_whitespace).next()).and_then(number);
        }
        if let Some(stat) = self.read(&dir.join("stat"), 4096) {
            let fields = stat_fields(stat);
            figures.faults_minor = stat_field(&fields, 10);
            figures.faults_major = stat_field(&fields, 12);
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_in_memory_is_that_of_the_file() {
        let mut reader = ProcReader::new("/proc");
        let dir = Path::new("/proc").join(std::process::id().to_string());
        let told = std::fs::read("/proc/self/environ").unwrap();
        let env = reader.environment(&dir).unwrap();
        assert!(!env.is_empty());
        assert_eq!(env, &told[..told.len().min(STRINGS_BYTES)]);
        assert_eq!(ProcReader::new("/other").environment(&dir), None);
    }

    #[test]
    fn this_process_reads_as_what_it_is() {
        let mut reader = ProcReader::new("/proc");
        let mut containers = Containers::new(None, Path::new("/proc"));
        let (key, process) = reader.process(std::process::id(), &mut containers).unwrap();
        assert_eq!(key.pid, std::process::id());
        assert_eq!(&*process.cwd, std::env::current_dir().unwrap().as_os_str().as_bytes());
        assert_eq!(&*process.image.exepath, std::env::current_exe().unwrap().as_os_str().as_bytes());
        assert!(process.complete);
        assert!(process.figures.vm_size_kib >= process.figures.vm_rss_kib && process.figures.vm_rss_kib > Some(0));
        assert!(process.figures.fd_limit > Some(0) && process.figures.faults_minor > Some(0));
        assert!(process.threads.is_some_and(|threads| threads.alive > 1 && !threads.without_first));
        assert!(process.figures.vm_swap_kib.is_some() && process.figures.faults_major.is_some());
    }
}
