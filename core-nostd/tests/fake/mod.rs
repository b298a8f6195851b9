//! A task that exists only in a test: its memory, its descriptors, its paths.
#![allow(dead_code, reason = "each test file uses its own part")]

use kestrel_core::event::{FdHead, FdKind, Record, RecordHeader, TaskContext, Tuple, family};
use kestrel_core::fill::{self, Call, Kernel, ListenQueue, ProcessImage, Strings, TaskPath, Unavailable, UserString};
use kestrel_core::schema::{self, EventId};
use std::collections::BTreeMap;
use zerocopy::IntoBytes;

#[derive(Clone, Debug, Default)]
pub struct FakeTask {
    pub memory: BTreeMap<u64, Vec<u8>>,
    pub fds: BTreeMap<i32, (FdHead, Vec<u8>)>,
    pub cwd: Vec<u8>,
    pub exe: Vec<u8>,
    pub cgroup: Vec<u8>,
    pub argv: Vec<u8>,
    pub env: Vec<u8>,
}

pub const STAMP: RecordHeader = RecordHeader {
    len: 0,
    event: 0,
    flags: 0,
    cpu: 3,
    nparams: 0,
    reserved: 0,
    seq: 41,
    time_ns: 1_700_000_000_000_000_007,
};

impl FakeTask {
    pub fn new() -> FakeTask {
        FakeTask {
            cwd: b"/home/user".to_vec(),
            exe: b"/usr/bin/prog".to_vec(),
            cgroup: b"/user.slice".to_vec(),
            argv: b"prog\0-x\0value\0".to_vec(),
            env: b"HOME=/home/user\0LANG=C\0".to_vec(),
            ..FakeTask::default()
        }
    }

    /// Puts bytes at an address of user memory.
    pub fn poke(&mut self, address: u64, bytes: &[u8]) -> u64 {
        self.memory.insert(address, bytes.to_vec());
        address
    }

    /// Puts a NUL-terminated string at an address.
    pub fn poke_str(&mut self, address: u64, text: &str) -> u64 {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        self.poke(address, &bytes)
    }

    pub fn open_file(&mut self, fd: i32, path: &str) {
        let head = FdHead { fd, kind: FdKind::File as u8, dev: 0xfe01, ino: 77, mode: 0o100644, ..FdHead::default() };
        self.fds.insert(fd, (head, path.as_bytes().to_vec()));
    }

    pub fn open_dir(&mut self, fd: i32, path: &str) {
        let head =
            FdHead { fd, kind: FdKind::Directory as u8, dev: 0xfe01, ino: 2, mode: 0o40755, ..FdHead::default() };
        self.fds.insert(fd, (head, path.as_bytes().to_vec()));
    }

    pub fn open_inet(&mut self, fd: i32, local: ([u8; 4], u16), remote: ([u8; 4], u16)) {
        let mut tuple =
            Tuple { family: family::INET, protocol: 6, local_port: local.1, remote_port: remote.1, ..Tuple::default() };
        tuple.local[..4].copy_from_slice(&local.0);
        tuple.remote[..4].copy_from_slice(&remote.0);
        let head = FdHead {
            fd,
            kind: FdKind::Inet4 as u8,
            family: family::INET,
            protocol: 6,
            socket_type: 1,
            ..FdHead::default()
        };
        self.fds.insert(fd, (head, tuple.as_bytes().to_vec()));
    }
}

/// The bytes of user memory from `address` on.
fn mapped(task: &FakeTask, address: u64) -> Option<&[u8]> {
    let (start, bytes) = task.memory.range(..=address).next_back()?;
    bytes.get(usize::try_from(address - start).ok()?..)
}

fn put(buf: &mut [u8], bytes: &[u8]) -> Result<usize, Unavailable> {
    buf.get_mut(..bytes.len()).ok_or(Unavailable)?.copy_from_slice(bytes);
    Ok(bytes.len())
}

impl Kernel for FakeTask {
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
        let bytes = mapped(self, address).and_then(|bytes| bytes.get(..buf.len())).ok_or(Unavailable)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }

    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        let bytes = mapped(self, address).filter(|bytes| !bytes.is_empty()).ok_or(Unavailable)?;
        let len = bytes.iter().position(|&b| b == 0).ok_or(Unavailable)?;
        let fits = len.min(buf.len());
        buf[..fits].copy_from_slice(&bytes[..fits]);
        Ok(UserString { len: fits, cut: fits < len })
    }

    fn task_context(&self, out: &mut TaskContext) {
        *out = TaskContext {
            start_time: 5_000_000_000,
            cgroup: 9,
            tid: 101,
            pid: 100,
            ppid: 1,
            uid: 1000,
            euid: 1000,
            gid: 100,
            egid: 100,
            loginuid: 1000,
            sid: 100,
            pgid: 100,
            tty: 34816,
            mnt_ns: 4026531841,
            pid_ns: 4026531836,
            vtid: 101,
            vpid: 100,
            vpgid: 100,
            comm: *b"prog\0\0\0\0\0\0\0\0\0\0\0\0",
        };
    }

    fn task_path(&self, which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
        put(
            buf,
            match which {
                TaskPath::WorkingDirectory => &self.cwd,
                TaskPath::Executable => &self.exe,
                TaskPath::Cgroup => &self.cgroup,
            },
        )
    }

    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        let (known, bytes) = self.fds.get(&fd).ok_or(Unavailable)?;
        *head = *known;
        Ok(put(tail, bytes).unwrap_or(0))
    }

    fn image(&self, out: &mut ProcessImage) {
        *out = ProcessImage {
            fdlimit: 1024,
            pgft_maj: 1,
            pgft_min: 2,
            cap_inheritable: 0,
            cap_permitted: 3,
            cap_effective: 1,
            exe_ino: 55,
            exe_ctime: 1_600_000_000_000_000_000,
            exe_mtime: 1_500_000_000_000_000_000,
            vm_size: 4096,
            vm_rss: 512,
            vm_swap: 0,
            exe_flags: ProcessImage::WRITABLE,
            pidns_init_start: 0,
        };
    }

    fn process_strings(&self, which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        let bytes = match which {
            Strings::Arguments => &self.argv,
            Strings::Environment => &self.env,
        };
        let len = bytes.len().min(buf.len());
        buf[..len].copy_from_slice(&bytes[..len]);
        Ok(UserString { len, cut: len < bytes.len() })
    }

    fn listen_queue(&self, fd: i32) -> Result<ListenQueue, Unavailable> {
        self.fds.get(&fd).map(|_| ListenQueue { len: 32, max: 128 }).ok_or(Unavailable)
    }
}

/// A buffer for one record, aligned as the ring is.
pub fn buffer() -> Vec<u64> {
    vec![0xa5a5_a5a5_a5a5_a5a5; kestrel_core::event::MAX_RECORD / 8]
}

/// The record of a 64-bit call that returned.
pub fn exit(task: &FakeTask, event: EventId, args: [u64; 6], ret: i64, check: impl FnOnce(Record<'_>)) {
    let mut buf = buffer();
    let call = Call { event, nr: 0, args, ret, compat: false, lost: false };
    let len = fill::syscall_exit(task, &call, STAMP, buf.as_mut_slice().as_mut_bytes()).expect("fits");
    let record = Record::parse(&buf.as_bytes()[..len]).expect("is a record");
    check(record);
}

/// Index of a parameter in the table.
pub fn index(event: EventId, name: &str) -> usize {
    schema::get(event).unwrap().params.iter().position(|p| p.name == name).unwrap()
}

/// The record of a call as it is given.
pub fn record(task: &FakeTask, call: Call, check: impl FnOnce(Record<'_>)) {
    let mut buf = buffer();
    let len = fill::syscall_exit(task, &call, STAMP, buf.as_mut_slice().as_mut_bytes()).expect("fits");
    check(Record::parse(&buf.as_bytes()[..len]).expect("is a record"));
}

/// A call of a 32-bit program.
pub fn narrow(nr: u32, args: [u64; 6], ret: i64) -> Call {
    Call { event: schema::event_of(schema::Abi::I386, nr).unwrap(), nr, args, ret, compat: true, lost: false }
}

/// The number in a parameter.
pub fn number(record: &Record<'_>, event: EventId, name: &str) -> Option<i64> {
    record.param(index(event, name)).and_then(|param| param.int())
}
