//! What a row of the table is made of.

use super::FlagNames;

/// Number of an event: its index in [`super::EVENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub u16);

/// One event.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// Name as in `evt.type`: the system call's, or the tracepoint's as Falco calls it.
    pub name: &'static str,
    /// What it is about.
    pub category: Category,
    /// True for the events that the process table is made from. They may use the ring's reserve.
    pub lifecycle: bool,
    /// Its parameters, in the order of `evt.arg[N]`.
    pub params: &'static [Param],
}

/// What a filler needs of an event: its row, without what only readers need. The kernel's side holds no more than this.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// As [`Event::lifecycle`].
    pub lifecycle: bool,
    /// Where each parameter comes from, in their order.
    pub sources: &'static [From],
}

/// What an event is about (`evt.category`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Files and directories.
    File,
    /// Sockets.
    Net,
    /// Processes and their execution.
    Process,
    /// Users, groups, capabilities.
    User,
    /// Signals.
    Signal,
    /// Between processes.
    Ipc,
    /// The system as a whole: mounts, modules, namespaces.
    System,
    /// Address spaces.
    Memory,
    /// Reading from a descriptor of any kind.
    IoRead,
    /// Writing to a descriptor of any kind.
    IoWrite,
    /// Other things done to a descriptor of any kind.
    IoOther,
    /// Waiting for something to happen.
    Wait,
    /// Sleeping for a time.
    Sleep,
    /// Clocks and timers.
    Time,
    /// Who runs when.
    Scheduler,
    /// Anything else.
    Other,
}

impl Category {
    /// Name as `evt.category` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Category::File => "file",
            Category::Net => "net",
            Category::Process => "process",
            Category::User => "user",
            Category::Signal => "signal",
            Category::Ipc => "ipc",
            Category::System => "system",
            Category::Memory => "memory",
            Category::IoRead => "io-read",
            Category::IoWrite => "io-write",
            Category::IoOther => "io-other",
            Category::Wait => "wait",
            Category::Sleep => "sleep",
            Category::Time => "time",
            Category::Scheduler => "scheduler",
            Category::Other => "other",
        }
    }
}

/// One parameter of an event.
#[derive(Debug)]
pub struct Param {
    /// Name as in `evt.arg.NAME`.
    pub name: &'static str,
    /// What its value means and how it is shown.
    pub ty: Type,
    /// Where a filler takes it from.
    pub from: From,
}

/// Type of a parameter: how its bytes are read (see [`crate::event`]) and shown.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// Signed number: 0 or more on success, a negative error number otherwise; shown as its name then.
    Errno,
    /// Signed number.
    Int,
    /// Unsigned number.
    Uint,
    /// Unsigned number, shown in base 16.
    Hex,
    /// Unsigned number, shown in base 8: permission bits.
    Octal,
    /// Process or thread id.
    Pid,
    /// User id; `u32::MAX` means unchanged or unset.
    Uid,
    /// Group id; `u32::MAX` means unchanged or unset.
    Gid,
    /// Signal number, shown as its name.
    Signal,
    /// Bits with names, joined by `|`.
    Flags(&'static FlagNames),
    /// A number with a name.
    Enum(&'static FlagNames),
    /// Nanoseconds since the epoch.
    Time,
    /// A span of time, nanoseconds.
    Span,
    /// File descriptor.
    Fd,
    /// File descriptors with what is waited for at each.
    FdList,
    /// Path with its absolute form.
    Path,
    /// Text.
    String,
    /// Strings, each ended by NUL.
    Strings,
    /// Bytes that need not be text.
    Bytes,
    /// Socket address as passed by the caller.
    Address,
    /// Both ends of a socket.
    Tuple,
}

/// Where a filler takes a parameter from. Arguments are counted from 0.
#[derive(Clone, Copy, Debug)]
pub enum From {
    /// The call's return value.
    Return,
    /// The file descriptor that the call returned; absent details if it failed.
    ReturnFd,
    /// Always zero: the call has no such argument, but Falco lists one.
    Zero,
    /// An argument, as a signed 32-bit number.
    Int(u8),
    /// An argument, as an unsigned 32-bit number.
    Uint(u8),
    /// An argument, as an unsigned number of the caller's word size.
    Long(u8),
    /// An argument, as a signed number of the caller's word size.
    SignedLong(u8),
    /// An argument that is a file descriptor.
    Fd(u8),
    /// An argument that was a file descriptor until the call closed it: its number alone.
    ClosedFd(u8),
    /// An argument that is a file descriptor or AT_FDCWD, which stands for the working directory.
    DirFd(u8),
    /// An argument that points to a path, relative to the working directory.
    Path(u8),
    /// An argument that points to a path, relative to the directory that the other argument stands for; absent where it
    /// is null, which means that descriptor itself (utimensat(2)).
    PathAt {
        /// Argument that holds the directory's descriptor.
        dir: u8,
        /// Argument that points to the path.
        path: u8,
    },
    /// An argument that points to the path of a file that the call opened and returned: the absolute form is the kernel's.
    Opened {
        /// Argument that holds the directory's descriptor, if there is one.
        dir: Option<u8>,
        /// Argument that points to the path.
        path: u8,
    },
    /// An argument that points to a string.
    String(u8),
    /// An argument that points to a string that the call wrote; absent if it failed.
    FilledString(u8),
    /// An argument that points to a path, or is null where the caller names none.
    OptionalPath(u8),
    /// A 64-bit number: one argument, and for 32-bit callers two words, the lower first.
    Offset {
        /// The argument.
        arg: u8,
        /// Its first word for 32-bit callers.
        compat: u8,
    },
    /// An unsigned number in user memory; absent where the pointer is null.
    Pointed {
        /// Argument that points to a structure.
        arg: u8,
        /// Offset of the number in it, in bytes; for [`Width::Word`] in words.
        offset: u8,
        /// Its width.
        width: Width,
        /// It is the call that writes it: absent if it failed.
        written: bool,
    },
    /// A file descriptor in an array of 32-bit numbers that the call wrote; absent if it failed.
    PointedFd {
        /// Argument that points to the array.
        arg: u8,
        /// Index in it.
        index: u8,
    },
    /// A `struct timespec` (`linux/time_types.h`) in an array, as nanoseconds; absent where the pointer is null or the
    /// structure holds no time.
    Timespec {
        /// Argument that points to the array.
        arg: u8,
        /// Index in it.
        index: u8,
    },
    /// A `struct timeval` (`linux/time.h`) that an argument points to, as nanoseconds.
    Timeval(u8),
    /// An argument that points to bytes, with the argument that holds their number; cut to
    /// [`crate::fill::SNAPSHOT_BYTES`].
    Bytes {
        /// Argument that points to the bytes.
        address: u8,
        /// Argument that holds their number.
        len: u8,
    },
    /// Like [`From::Bytes`], cut to what the call returned as well: how many of them it moved.
    Sent {
        /// Argument that points to the bytes.
        address: u8,
        /// Argument that holds their number.
        len: u8,
    },
    /// An argument that points to bytes that the call wrote, as many as it returned, and no more than there is room for;
    /// cut to [`crate::fill::SNAPSHOT_BYTES`].
    Received {
        /// Argument that points to the bytes.
        address: u8,
        /// Argument that says how many there is room for. Some calls return more than they wrote: getxattr(2) without
        /// room for a value, recv(2) with MSG_TRUNC.
        len: u8,
    },
    /// The first bytes of what a vector of buffers holds (`struct iovec`, `linux/uio.h`).
    Pieces {
        /// Argument that points to the vector.
        vector: u8,
        /// Argument that holds its length.
        count: u8,
        /// It is the call that wrote them: absent if it failed.
        received: bool,
    },
    /// The sizes of a vector's buffers, added up.
    PiecesSize {
        /// Argument that points to the vector.
        vector: u8,
        /// Argument that holds its length.
        count: u8,
    },
    /// Descriptors that are waited for (`struct pollfd`, `linux/poll.h`).
    FdList {
        /// Argument that points to the list.
        list: u8,
        /// Argument that holds its length.
        count: u8,
    },
    /// An argument that points to a socket address, with the argument that holds its length.
    Address {
        /// Argument that points to the address.
        address: u8,
        /// Argument that holds its length.
        len: u8,
    },
    /// Both ends of the socket that an argument stands for.
    Tuple(u8),
    /// Both ends of the socket that the call returned.
    ReturnTuple,
    /// Written nowhere: the value is this field of the task context.
    Context(ContextField),
    /// Written nowhere: the value is this field of the file descriptor parameter at an index.
    OfFd {
        /// Index of a parameter of type [`Type::Fd`].
        param: u8,
        /// Which field of it.
        field: FdField,
    },
    /// Written nowhere: the value is this property of the process, which the process table knows since its exec.
    Process(ProcessField),
    /// This figure of the current process image.
    Image(ImageField),
    /// Written by the event's own filler (`fill/special.rs`).
    Special,
}

/// Width of a number in user memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 32 bits.
    Four,
    /// 32 bits, signed.
    Int,
    /// 64 bits.
    Eight,
    /// The caller's word size. A word of ones, which stands for "no limit", is one in 64 bits too.
    Word,
}

/// A field of the task context or the record header that stands for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextField {
    /// Thread id.
    Tid,
    /// Process id.
    Pid,
    /// Parent's process id.
    Ppid,
    /// Command name.
    Comm,
    /// Terminal.
    Tty,
    /// Process group in the task's namespace.
    Vpgid,
    /// Process group.
    Pgid,
    /// Login uid.
    LoginUid,
    /// Effective user id, as Falco's `uid` parameter of an exec is.
    Euid,
    /// Effective group id.
    Egid,
    /// Thread id in the task's namespace.
    Vtid,
    /// Process id in the task's namespace.
    Vpid,
}

/// A field of a file descriptor that stands for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FdField {
    /// Device of the inode.
    Dev,
    /// Inode number.
    Ino,
    /// Layer of an overlayfs and the like ([`crate::event::FdFlags`]).
    Flags,
}

/// A property of the process that stands for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessField {
    /// First command-line argument.
    Exe,
    /// The other command-line arguments.
    Args,
    /// Working directory.
    Cwd,
    /// Path of the cgroup.
    Cgroups,
}

/// A field of [`crate::fill::ProcessImage`] that stands for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageField {
    /// Limit of open files.
    FdLimit,
    /// Major page faults.
    PgftMaj,
    /// Minor page faults.
    PgftMin,
    /// Virtual memory, KiB.
    VmSize,
    /// Resident memory, KiB.
    VmRss,
    /// Swapped memory, KiB.
    VmSwap,
    /// Inheritable capabilities.
    CapInheritable,
    /// Permitted capabilities.
    CapPermitted,
    /// Effective capabilities.
    CapEffective,
    /// Inode of the executable.
    ExeIno,
    /// Last status change of the executable.
    ExeCtime,
    /// Last modification of the executable.
    ExeMtime,
    /// Flags of the executable.
    ExeFlags,
    /// Start of the pid namespace's init.
    PidnsInitStart,
}
