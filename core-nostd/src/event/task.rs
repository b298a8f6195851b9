//! Who did it: the task context, as it was when the record was written.

#[cfg(not(target_arch = "bpf"))]
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The task an event belongs to. 96 bytes; the C shim fills the same layout (`struct kestrel_task`).
///
/// Ids are those of the initial namespaces unless the name starts with `v`. For an exec record it is the task after the
/// exec; for a fork record the parent.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct TaskContext {
    /// Start of the thread group's leader, in nanoseconds of CLOCK_BOOTTIME (`task_struct.start_boottime`). With `pid`
    /// an identity that survives reuse of the pid. `/proc/PID/stat` field 22 is the same in clock ticks.
    pub start_time: u64,
    /// Id of the task's cgroup in the default hierarchy (the inode number of its directory in cgroup2).
    pub cgroup: u64,
    /// Thread id.
    pub tid: u32,
    /// Process id (thread group id).
    pub pid: u32,
    /// Process id of the parent (`real_parent`); 0 if it has none.
    pub ppid: u32,
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Audit login uid; `u32::MAX` if unset.
    pub loginuid: u32,
    /// Session id.
    pub sid: u32,
    /// Process group id.
    pub pgid: u32,
    /// Device number of the controlling terminal as `/proc/PID/stat` field 7 prints it (`new_encode_dev`); 0 if none.
    pub tty: u32,
    /// Inode number of the mount namespace.
    pub mnt_ns: u32,
    /// Inode number of the pid namespace.
    pub pid_ns: u32,
    /// Thread id inside the task's pid namespace.
    pub vtid: u32,
    /// Process id inside the task's pid namespace.
    pub vpid: u32,
    /// Process group id inside the task's pid namespace.
    pub vpgid: u32,
    /// Command name (`task_struct.comm`), padded with NUL.
    pub comm: [u8; 16],
}

const _: () = assert!(size_of::<TaskContext>() == 96);

impl TaskContext {
    /// The command name without its padding.
    pub fn comm(&self) -> &[u8] {
        TaskContext::name(&self.comm)
    }

    /// A command name without its padding.
    pub fn name(comm: &[u8; 16]) -> &[u8] {
        let end = comm.iter().position(|&b| b == 0).unwrap_or(comm.len());
        comm.get(..end).unwrap_or(&[])
    }
}
