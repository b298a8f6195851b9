//! What a filler may ask of the kernel it runs on.

use crate::event::{FdHead, TaskContext};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The thing asked for is not to be had: unmapped or swapped-out user memory, a descriptor that is not open, a path
/// that cannot be named. The parameter is then absent, or empty; never wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// Length of a string that was copied from user memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserString {
    /// Bytes copied, without the terminating NUL.
    pub len: usize,
    /// The string went on beyond the buffer.
    pub cut: bool,
}

/// The process image as exec left it, and resource figures of a task. 96 bytes; the C shim fills the same layout
/// (`struct kestrel_image`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct ProcessImage {
    /// Soft limit of open files (RLIMIT_NOFILE).
    pub fdlimit: u64,
    /// Major page faults of the thread so far.
    pub pgft_maj: u64,
    /// Minor page faults of the thread so far.
    pub pgft_min: u64,
    /// Inheritable capabilities, one bit each (`linux/capability.h`).
    pub cap_inheritable: u64,
    /// Permitted capabilities.
    pub cap_permitted: u64,
    /// Effective capabilities.
    pub cap_effective: u64,
    /// Inode number of the executable.
    pub exe_ino: u64,
    /// Last status change of the executable, ns since the epoch.
    pub exe_ctime: u64,
    /// Last modification of the executable, ns since the epoch.
    pub exe_mtime: u64,
    /// Virtual memory, KiB.
    pub vm_size: u32,
    /// Resident memory, KiB.
    pub vm_rss: u32,
    /// Swapped memory, KiB.
    pub vm_swap: u32,
    /// [`ProcessImage::WRITABLE`] and the other bits: Falco's flags of an exec.
    pub exe_flags: u32,
    /// Start of the pid namespace's init, ns since the epoch; 0 if it is not known.
    pub pidns_init_start: u64,
}

const _: () = assert!(size_of::<ProcessImage>() == 96);

impl ProcessImage {
    /// The executable may be written by the user that runs it.
    pub const WRITABLE: u32 = 1 << 0;
    /// The executable lies in the upper layer of an overlayfs.
    pub const UPPER_LAYER: u32 = 1 << 1;
    /// The executable was made by memfd_create.
    pub const FROM_MEMFD: u32 = 1 << 2;
    /// The executable lies in a lower layer of an overlayfs.
    pub const LOWER_LAYER: u32 = 1 << 3;
}

/// The part of the task context that is to be had for a few instructions, with the meaning that it has there. 48 bytes; the C
/// shim fills the same layout (`struct kestrel_identity`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Identity {
    /// Thread id.
    pub tid: u32,
    /// Process id.
    pub pid: u32,
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Audit login uid.
    pub loginuid: u32,
    /// Zero.
    pub reserved: u32,
    /// Command name, padded with NUL.
    pub comm: [u8; 16],
}

const _: () = assert!(size_of::<Identity>() == 48);

/// How many connections wait at a listening socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenQueue {
    /// Connections that wait to be accepted.
    pub len: u32,
    /// Greatest number that may wait.
    pub max: u32,
}

/// What a process is called ([`Kernel::process_name`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessName {
    /// This, filled up with NUL as the kernel's own.
    Is([u8; 16]),
    /// There is no such ancestor.
    Nobody,
    /// Nobody keeps names, or this one is not known.
    Unknown,
}

/// The ways into a process's user memory that an exec record needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strings {
    /// The argument vector: strings, each ended by NUL.
    Arguments,
    /// The environment: strings, each ended by NUL.
    Environment,
}

/// Paths of the current task that the kernel can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskPath {
    /// Working directory.
    WorkingDirectory,
    /// The file that is being executed (`mm->exe_file`).
    Executable,
    /// The cgroup's path in the default hierarchy, such as `/system.slice/ssh.service`.
    Cgroup,
}

/// The kernel, as fillers see it. Everything is about the *current* task.
///
/// Implementations neither sleep nor fault in contexts that forbid it; they give [`Unavailable`] instead. A buffer that
/// is too small is filled as far as it goes where the method says so, else it is [`Unavailable`].
pub trait Kernel {
    /// Copies `buf.len()` bytes of user memory at `address`: all or nothing.
    ///
    /// # Errors
    /// [`Unavailable`] if any of the bytes cannot be read now.
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable>;

    /// Copies a NUL-terminated string of user memory, without its NUL, as far as `buf` goes.
    ///
    /// # Errors
    /// [`Unavailable`] if the address cannot be read now.
    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable>;

    /// Fills in the task context of the current task.
    fn task_context(&self, out: &mut TaskContext);

    /// Fills in the part of the task context that is cheap. Every kernel has it; one that has no cheaper way asks for all.
    fn identity(&self, out: &mut Identity) {
        let mut task = TaskContext::default();
        self.task_context(&mut task);
        let TaskContext { tid, pid, uid, euid, gid, egid, loginuid, comm, .. } = task;
        *out = Identity { tid, pid, uid, euid, gid, egid, loginuid, reserved: 0, comm };
    }

    /// The marks of the current process, a bit each; `None` where nobody keeps them, or they are not known.
    fn marks(&self) -> Option<u64> {
        None
    }

    /// The name that the current process has by its last exec, or its ancestor of this generation: 1 is the parent. See
    /// [`crate::filter::Load::ProcessName`] and [`crate::filter::Load::AncestorName`].
    fn process_name(&self, _generation: u8) -> ProcessName {
        ProcessName::Unknown
    }

    /// Writes a path of the current task to the front of `buf` and gives its length.
    ///
    /// # Errors
    /// [`Unavailable`] if there is none or `buf` is too small.
    fn task_path(&self, which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable>;

    /// Says what `fd` stands for: fills `head`, and writes the tail (see [`FdHead`]) to the front of `tail`. Gives the
    /// tail's length; a path that does not fit is left out (length 0), a tuple needs 40 bytes.
    ///
    /// # Errors
    /// [`Unavailable`] if it is not open; `head` then holds nothing of use.
    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable>;

    /// Fills in image and resource figures of the current task.
    fn image(&self, out: &mut ProcessImage);

    /// Copies the strings of the current process as far as `buf` goes; says how many bytes, and whether it was cut.
    ///
    /// # Errors
    /// [`Unavailable`] if they cannot be read now.
    fn process_strings(&self, which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable>;

    /// The queue of the listening socket `fd`.
    ///
    /// # Errors
    /// [`Unavailable`] if it is no listening socket.
    fn listen_queue(&self, fd: i32) -> Result<ListenQueue, Unavailable>;
}
