//! The layouts that probe and reader share: heads, chunks, plans. All native endian, all aligned to 8 bytes.

use super::super::event::TaskContext;
#[cfg(not(target_arch = "bpf"))]
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Longest capture in bytes, head included.
pub const MAX_CAPTURE: usize = 32 * 1024;

/// What happened.
pub mod kind {
    /// A system call returned.
    pub const CALL: u8 = 1;
    /// The current task made another, whose context is a chunk.
    pub const FORK: u8 = 2;
    /// The current task runs a new program.
    pub const EXEC: u8 = 3;
    /// The current task ends.
    pub const EXIT: u8 = 4;
    /// A signal reaches the current task.
    pub const SIGNAL: u8 = 5;
}

/// Bits of [`CaptureHead::flags`].
pub mod flag {
    /// The caller used the 32-bit table.
    pub const COMPAT: u8 = 1 << 0;
    /// Exit: it was the last thread of its process.
    pub const LAST_THREAD: u8 = 1 << 1;
    /// Exec: the program's name was made from a descriptor.
    pub const BY_DESCRIPTOR: u8 = 1 << 2;
    /// What registers hold is of no system call: the task is a kernel's own thread.
    pub const NO_CALL: u8 = 1 << 3;
    /// A request of io_uring that stands for the call ([`crate::capture::request`]).
    pub const REQUEST: u8 = 1 << 4;
}

/// Head of a capture. 184 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct CaptureHead {
    /// Length of the whole capture in bytes, this head included.
    pub len: u32,
    /// One of [`kind`].
    pub kind: u8,
    /// Bits of [`flag`].
    pub flags: u8,
    /// CPU on which it happened.
    pub cpu: u16,
    /// Its number in that CPU's sequence. What was dropped took a number, too.
    pub seq: u64,
    /// When, in ns of CLOCK_BOOTTIME.
    pub boot_ns: u64,
    /// What the call returned; of an exit, `task_struct.exit_code`.
    pub ret: i64,
    /// The arguments in the registers.
    pub args: [u64; 6],
    /// Number of the system call; of a signal, who sent it.
    pub nr: u32,
    /// Of an exit, who inherits the children; of a signal, its number.
    pub value: u32,
    /// The current task.
    pub task: TaskContext,
}

const _: () = assert!(size_of::<CaptureHead>() == 184);

/// What a chunk holds.
pub mod chunk {
    /// Bytes of user memory; the key is their address.
    pub const BYTES: u8 = 1;
    /// A string of user memory without its NUL; the key is its address.
    pub const STRING: u8 = 2;
    /// A [`super::FileFacts`] and the names of its path; the key is the descriptor's number.
    pub const FILE: u8 = 3;
    /// A [`super::SocketFacts`], and for AF_UNIX both names; the key is the descriptor's number.
    pub const SOCKET: u8 = 4;
    /// The names of a path of the task; the key is the operation.
    pub const PATH: u8 = 5;
    /// An [`super::ImageFacts`].
    pub const IMAGE: u8 = 6;
    /// The argument strings.
    pub const ARGUMENTS: u8 = 7;
    /// The environment strings.
    pub const ENVIRONMENT: u8 = 8;
    /// The task context of a new task.
    pub const CHILD: u8 = 9;
    /// What an exec was asked to execute, as the kernel copied it.
    pub const FILENAME: u8 = 10;

    /// Bit of [`super::ChunkHead::flags`]: there was more than was copied.
    pub const CUT: u8 = 1 << 0;
    /// Bit: a path's last directory has none above it: the path is whole.
    pub const WHOLE: u8 = 1 << 1;
}

/// Head of a chunk; `len` bytes follow, and padding up to the next multiple of 8. 16 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ChunkHead {
    /// One of [`chunk`].
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// Zero.
    pub reserved: u16,
    /// Length of what follows in bytes.
    pub len: u32,
    /// What it is of.
    pub key: u64,
}

const _: () = assert!(size_of::<ChunkHead>() == 16);

/// An open file, as the kernel's structures have it. 56 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct FileFacts {
    /// `inode.i_ino`.
    pub ino: u64,
    /// `super_block.s_magic`.
    pub magic: u64,
    /// `super_block.s_flags`.
    pub sb_flags: u64,
    /// `file.f_flags`.
    pub open_flags: u32,
    /// `super_block.s_dev`, as the kernel encodes it.
    pub dev: u32,
    /// `inode.i_mode`.
    pub mode: u32,
    /// Bits: [`FileFacts::UNLINKED`] and those below it.
    pub is: u32,
    /// `inode.i_uid`.
    pub uid: u32,
    /// `inode.i_gid`.
    pub gid: u32,
    /// Zero.
    pub reserved: u64,
}

const _: () = assert!(size_of::<FileFacts>() == 56);

impl FileFacts {
    /// Its name is gone.
    pub const UNLINKED: u32 = 1 << 0;
    /// It names itself (`d_dname`).
    pub const NAMES_ITSELF: u32 = 1 << 1;
    /// On an overlayfs, there is a file in the upper layer.
    pub const UPPER: u32 = 1 << 2;
    /// It is a socket without any protocol's part.
    pub const BARE_SOCKET: u32 = 1 << 3;

    /// What kind of file it is, as a number of [`crate::event::FdKind`], if it is no socket. `is_memfd` says that its name is one
    /// that memfd_create(2) gives.
    #[inline(always)]
    pub const fn kind_number(&self, is_memfd: bool) -> u8 {
        /// A mount that only the kernel has (SB_KERNMOUNT, `linux/fs.h`).
        const KERNEL_MOUNT: u64 = 1 << 22;
        if self.magic == magic::ANON_INODE || self.magic == magic::PIDFS {
            return 12;
        }
        // The types of files in their mode (`linux/stat.h`).
        match self.mode & 0o170_000 {
            0o100_000 if is_memfd && self.sb_flags & KERNEL_MOUNT != 0 => 13,
            0o100_000 => 1,
            0o040_000 => 2,
            0o020_000 => 3,
            0o060_000 => 4,
            0o010_000 => 5,
            0o120_000 => 14,
            0 => 12,
            _ => 0,
        }
    }
}

/// Magic numbers of file systems (`linux/magic.h`).
pub mod magic {
    /// overlayfs.
    pub const OVERLAY: u64 = 0x794c_7630;
    /// Anonymous inodes.
    pub const ANON_INODE: u64 = 0x0904_1934;
    /// pidfds, since 6.9.
    pub const PIDFS: u64 = 0x5049_4446;
    /// Pipes.
    pub const PIPE: u64 = 0x5049_5045;
    /// Sockets.
    pub const SOCKET: u64 = 0x534f_434b;
    /// Namespaces.
    pub const NAMESPACE: u64 = 0x6e73_6673;
}

/// A socket, as the kernel's structures have it. 128 bytes; behind it, for AF_UNIX, the names of both ends.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct SocketFacts {
    /// The file.
    pub file: FileFacts,
    /// Local address; IPv4 in the first 4 bytes.
    pub local: [u8; 16],
    /// Remote address.
    pub remote: [u8; 16],
    /// Local port, host order.
    pub local_port: u16,
    /// Remote port, network order.
    pub remote_port: u16,
    /// Address family.
    pub family: u16,
    /// Protocol.
    pub protocol: u16,
    /// `socket.type`.
    pub kind: u16,
    /// `sock.sk_state`.
    pub state: u16,
    /// Connections that wait, as TCP counts them.
    pub backlog: u32,
    /// Greatest number of connections that may wait.
    pub max_backlog: u32,
    /// Buffers in the receive queue: for AF_UNIX, connections that wait.
    pub queued: u32,
    /// Bytes of the local AF_UNIX name, as `sockaddr_un` holds it.
    pub local_name: u32,
    /// Bytes of the other end's name.
    pub remote_name: u32,
    /// Zero.
    pub reserved: [u32; 2],
}

const _: () = assert!(size_of::<SocketFacts>() == 128);

impl SocketFacts {
    /// What kind of socket it is, as a number of [`crate::event::FdKind`].
    #[inline(always)]
    pub const fn kind_number(&self) -> u8 {
        if self.file.is & FileFacts::BARE_SOCKET != 0 {
            return 11;
        }
        // Address families (`linux/socket.h`).
        match self.family {
            2 => 6,
            10 => 7,
            1 => 8,
            16 => 9,
            17 => 10,
            _ => 11,
        }
    }
}

/// Room of each AF_UNIX name behind a [`SocketFacts`]: `sun_path` (`linux/un.h`), rounded up.
pub const UNIX_NAME: usize = 112;

/// Supplementary groups that are looked at.
pub const MOST_GROUPS: usize = 32;

/// The process image and figures of a task. 328 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ImageFacts {
    /// RLIMIT_NOFILE's soft limit.
    pub fdlimit: u64,
    /// Major page faults.
    pub pgft_maj: u64,
    /// Minor page faults.
    pub pgft_min: u64,
    /// Capabilities.
    pub cap_inheritable: u64,
    /// Capabilities.
    pub cap_permitted: u64,
    /// Capabilities.
    pub cap_effective: u64,
    /// Seconds and nanoseconds of the executable's last status change.
    pub ctime: [i64; 2],
    /// Likewise of its last modification.
    pub mtime: [i64; 2],
    /// Pages mapped.
    pub total_vm: u64,
    /// Pages in memory: of files, anonymous, swapped, shared. May be below 0 for a moment.
    pub rss: [i64; 4],
    /// `start_boottime` of the init of the task's pid namespace.
    pub init_start: u64,
    /// The executable; all zero if there is none.
    pub exe: FileFacts,
    /// `cred.fsuid`.
    pub fsuid: u32,
    /// `cred.fsgid`.
    pub fsgid: u32,
    /// Bits of [`ImageFacts::HAS_MM`] and the like.
    pub is: u32,
    /// Supplementary groups in all.
    pub ngroups: u32,
    /// The first of them.
    pub groups: [u32; MOST_GROUPS],
}

const _: () = assert!(size_of::<ImageFacts>() == 328);

impl ImageFacts {
    /// It has an address space.
    pub const HAS_MM: u32 = 1 << 0;
    /// It has an executable.
    pub const HAS_EXE: u32 = 1 << 1;
    /// The executable's name begins with `memfd:`.
    pub const MEMFD: u32 = 1 << 2;
}

/// Number that calls of the kernel's function `bpf_rdonly_cast` have in the object. The loader knows what it is in the kernel that runs.
pub const CAST: u32 = 0x7a57_0000;

/// Arrays of a single entry, of which the programs hold the address: no lookup is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Table {
    /// What is to be done with each call: [`Plan`]s.
    Plans,
    /// What events are judged by: [`super::judge::JudgeNode`]s.
    Nodes,
}

impl Table {
    /// All of them, in their order.
    pub const ALL: [Table; 2] = [Table::Plans, Table::Nodes];

    /// What stands in the object for its address. The loader knows what that is in the kernel that runs.
    pub const fn number(self) -> u64 {
        0x7a57_0001 << 32 | self as u64
    }
}

/// The structures that the probe says of addresses to be there: their places among the numbers that the loader sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Structure {
    /// A task.
    Task,
    /// An open file.
    File,
    /// A name.
    Dentry,
    /// A mount.
    Mount,
    /// Registers of a task that entered the kernel.
    Registers,
}

/// What the kernel calls them, in their order.
pub const STRUCTURES: [&str; 5] = ["task_struct", "file", "dentry", "mount", "pt_regs"];

/// What an operation of a plan copies.
pub mod op {
    /// Nothing: the capture is whole.
    pub const END: u8 = 0;
    /// What a descriptor stands for.
    pub const FD: u8 = 1;
    /// Like [`FD`], but for AT_FDCWD the working directory.
    pub const DIR_FD: u8 = 2;
    /// A string.
    pub const STRING: u8 = 3;
    /// Bytes.
    pub const BYTES: u8 = 4;
    /// The working directory.
    pub const CWD: u8 = 5;
    /// The executable's path.
    pub const EXE: u8 = 6;
    /// The cgroup's path.
    pub const CGROUP: u8 = 7;
    /// Image and figures.
    pub const IMAGE: u8 = 8;
    /// The argument strings.
    pub const ARGUMENTS: u8 = 9;
    /// The environment strings.
    pub const ENVIRONMENT: u8 = 10;
    /// The first bytes of a vector of buffers.
    pub const VECTOR: u8 = 11;
    /// A message of a socket: its header, address and control data, and the first bytes of its buffers.
    pub const MESSAGE: u8 = 12;
    /// A list of descriptors.
    pub const FD_LIST: u8 = 13;
    /// Strings that a vector of pointers leads to.
    pub const STRINGS: u8 = 14;
    /// Names of a path, one directory after the other: what [`FD`], [`CWD`] and [`EXE`] go on with.
    pub const WALK: u8 = 15;
    /// Both ends of a socket: what [`FD`] goes on with.
    pub const SOCKET: u8 = 16;
    /// The event is judged by what was copied so far.
    pub const JUDGE: u8 = 17;
    /// A path's marks: what [`JUDGE`] goes on with.
    pub const PATH_TEXT: u8 = 18;
    /// The marks of the caller's string: likewise.
    pub const STRING_TEXT: u8 = 19;
    /// The marks of a relative path behind that of its directory: likewise.
    pub const JOINED_TEXT: u8 = 20;
    /// How many there are.
    pub const COUNT: usize = 21;
}

/// One operation of a plan. 8 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Op {
    /// One of [`op`].
    pub kind: u8,
    /// The argument that it is about; [`Op::RETURNED`] is what the call returned.
    pub arg: u8,
    /// The argument that holds its length; [`Op::NONE`] if the length is [`Op::max`].
    pub len_arg: u8,
    /// Bits of [`Op::IF_DONE`] and the like.
    pub flags: u8,
    /// Bytes to copy at most.
    pub max: u16,
    /// Bytes behind where the argument points.
    pub offset: u16,
}

impl Op {
    /// Stands for what the call returned, as an argument.
    pub const RETURNED: u8 = 6;
    /// No argument.
    pub const NONE: u8 = 7;
    /// Only if the call succeeded.
    pub const IF_DONE: u8 = 1 << 0;
    /// Only if it failed.
    pub const IF_FAILED: u8 = 1 << 1;
    /// Only if the string that was copied last is a relative path.
    pub const IF_RELATIVE: u8 = 1 << 2;
    /// As many bytes as the call returned, at most.
    pub const MOVED: u8 = 1 << 3;
    /// The argument that holds the length points to it: 32 bits.
    pub const LEN_BEHIND: u8 = 1 << 4;
    /// What the argument points to is a pointer; what that one points to is meant.
    pub const BEHIND: u8 = 1 << 5;
    /// Of an [`op::JUDGE`]: what the string before it is relative to was described, if it is.
    pub const AGAIN: u8 = 1 << 6;
}

/// Buffers of a vector whose first bytes are copied.
pub const MOST_BUFFERS: u32 = 8;

/// Buffers of a vector whose lengths are copied.
pub const MOST_LENGTHS: u32 = 128;

/// Bytes of what a vector of buffers leads to that are copied at most, of each.
pub const BUFFER_BYTES: u32 = 80;

/// Strings of a vector of pointers that are copied.
pub const MOST_STRINGS: u32 = 24;

/// Descriptors of a list that are described.
pub const MOST_DESCRIBED: u32 = 8;

/// Most operations of a plan.
pub const MOST_OPS: usize = 16;

/// What is to be done with a system call. 144 bytes.
#[cfg_attr(not(target_arch = "bpf"), derive(FromBytes, IntoBytes, KnownLayout, Immutable))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Plan {
    /// Bits of [`Plan::WANTED`] and the like; 0 if nobody wants it.
    pub flags: u32,
    /// For a call that is many in one: the first plan of those. For one that is judged: the first node, of which the one before
    /// is the head ([`super::judge`]).
    pub others: u16,
    /// Words of its arguments that lie in user memory, where [`Plan::BEHIND`] says so.
    pub words: u8,
    /// Zero.
    pub reserved: u8,
    /// Which event it is ([`crate::schema::EventId`]); of a call that is many in one, none.
    pub event: u16,
    /// Zero.
    pub padding: [u16; 3],
    /// What to copy, up to the first [`op::END`]; there is one.
    pub ops: [Op; MOST_OPS],
}

const _: () = assert!(size_of::<Plan>() == 144);

impl Plan {
    /// Somebody wants it.
    pub const WANTED: u32 = 1 << 0;
    /// It may use the whole ring.
    pub const LIFECYCLE: u32 = 1 << 1;
    /// Where it succeeds, another tracepoint tells it.
    pub const TOLD_ELSEWHERE: u32 = 1 << 2;
    /// It is many in one, chosen by the first argument (socketcall(2), ipc(2)).
    pub const MANY: u32 = 1 << 3;
    /// Its arguments lie in user memory, where the second argument points ([`Plan::words`] of 32 bits).
    pub const BEHIND: u32 = 1 << 4;
    /// It is the first argument that points there.
    pub const LIST_FIRST: u32 = 1 << 5;
    /// It is judged: by registers before anything is copied, and by an [`op::JUDGE`], if it has one.
    pub const JUDGED: u32 = 1 << 6;
    /// What it is judged by needs the context of the task.
    pub const JUDGED_BY_TASK: u32 = 1 << 7;
    /// It has an [`op::JUDGE`]. The context of the task is filled in there.
    pub const LATER: u32 = 1 << 8;
    /// Of a plan of the native table: somebody wants it, or the call of this number of the 32-bit table. Asked first, so that what
    /// nobody wants costs least.
    pub const EITHER: u32 = 1 << 9;
}

/// System calls of each table: the numbers below this.
pub const CALLS: u32 = 512;

/// Plans of the native table begin here.
pub const NATIVE_PLANS: u32 = 0;

/// Plans of the 32-bit table begin here.
pub const COMPAT_PLANS: u32 = CALLS;

/// Plans of the calls behind socketcall(2) begin here.
pub const SOCKETCALL_PLANS: u32 = 2 * CALLS;

/// Plans of the calls behind ipc(2) begin here.
pub const IPC_PLANS: u32 = SOCKETCALL_PLANS + SUBCALLS;

/// Calls behind socketcall(2) and ipc(2) are numbered below this.
pub const SUBCALLS: u32 = 32;

/// The plan of forks: what is wanted of them.
pub const FORK_PLAN: u32 = IPC_PLANS + SUBCALLS;

/// The plan of execs.
pub const EXEC_PLAN: u32 = FORK_PLAN + 1;

/// The plan of exits.
pub const EXIT_PLAN: u32 = FORK_PLAN + 2;

/// The plan of signals.
pub const SIGNAL_PLAN: u32 = FORK_PLAN + 3;

/// Events whose figures are counted each: more than there are. Two numbers each, for each CPU: how often it was seen, and how
/// often it was rejected.
pub const COUNTED_EVENTS: u32 = 512;

/// How many plans there are.
pub const PLANS: u32 = FORK_PLAN + 4;

/// What became of events on a CPU, as the probe counts: numbers behind those of [`COUNTED_EVENTS`]. How many were seen, and how many
/// rejected, is the sum of these.
pub mod count {
    /// Captures that were delivered.
    pub const DELIVERED: usize = 0;
    /// Captures that were not, for any of the reasons below. With those that were, their number in the CPU's sequence.
    pub const LOST: usize = 1;
    /// Dropped: the ring was full up to its reserve.
    pub const FULL: usize = 2;
    /// Dropped: the ring was full, for what may use the reserve.
    pub const FULL_LIFECYCLE: usize = 3;
    /// Dropped: something the capture could not do without.
    pub const FAULT: usize = 4;
    /// Dropped: longer than a capture may be.
    pub const TOO_LONG: usize = 5;
    /// How many counters there are.
    pub const COUNT: usize = 6;
}

/// Numbers that the probe counts for each CPU: those of each event, then [`count`].
pub const FIGURES: usize = COUNTED_EVENTS as usize * 2 + count::COUNT;
