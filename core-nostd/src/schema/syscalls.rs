//! System call numbers: `asm/unistd_64.h`, `asm/unistd_32.h` (x86) and `asm-generic/unistd.h` (aarch64).

use super::{EventId, id};

/// A system call table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abi {
    /// 64-bit calls on x86.
    X86_64,
    /// 32-bit calls on x86 (`int 0x80`, and sysenter in compatibility mode).
    I386,
    /// 64-bit calls on Arm.
    Aarch64,
}

impl Abi {
    /// The table of this machine's 64-bit programs.
    pub const NATIVE: Abi = if cfg!(target_arch = "aarch64") { Abi::Aarch64 } else { Abi::X86_64 };
}

/// i386 number of socketcall(2), which is many calls in one: see [`event_of_socketcall`].
pub const I386_SOCKETCALL: u32 = 102;

/// The event of a system call; `None` if there is none.
pub fn event_of(abi: Abi, nr: u32) -> Option<EventId> {
    let nr = u16::try_from(nr).ok()?;
    let row = SYSCALLS.iter().find(|row| match abi {
        Abi::X86_64 => row.x86_64 == nr,
        Abi::I386 => row.i386 == nr || row.i386_other == nr,
        Abi::Aarch64 => row.aarch64 == nr,
    });
    if nr == NONE { None } else { row.map(|row| row.event) }
}

/// The event of a socketcall(2) sub-call (`linux/net.h`, SYS_SOCKET and so on); `None` if there is none.
pub fn event_of_socketcall(call: u32) -> Option<EventId> {
    match call {
        1 => Some(id::SOCKET),
        2 => Some(id::BIND),
        3 => Some(id::CONNECT),
        4 => Some(id::LISTEN),
        5 => Some(id::ACCEPT),
        11 => Some(id::SENDTO),
        16 => Some(id::SENDMSG),
        18 => Some(id::ACCEPT4),
        _ => None,
    }
}

/// Stands for "this table has no such call".
const NONE: u16 = u16::MAX;

struct Row {
    event: EventId,
    x86_64: u16,
    i386: u16,
    i386_other: u16,
    aarch64: u16,
}

const fn row(event: EventId, x86_64: u16, i386: u16, i386_other: u16, aarch64: u16) -> Row {
    Row { event, x86_64, i386, i386_other, aarch64 }
}

#[rustfmt::skip]
const SYSCALLS: &[Row] = &[
    //                          x86_64 i386  or    aarch64
    row(id::OPEN,                 2,    5, NONE, NONE),
    row(id::OPENAT,             257,  295, NONE,   56),
    row(id::OPENAT2,            437,  437, NONE,  437),
    row(id::CREAT,               85,    8, NONE, NONE),
    row(id::OPEN_BY_HANDLE_AT,  304,  342, NONE,  265),
    row(id::EXECVE,              59,   11, NONE,  221),
    row(id::EXECVEAT,           322,  358, NONE,  281),
    row(id::CLONE,               56,  120, NONE,  220),
    row(id::CLONE3,             435,  435, NONE,  435),
    row(id::FORK,                57,    2, NONE, NONE),
    row(id::VFORK,               58,  190, NONE, NONE),
    row(id::CONNECT,             42,  362, NONE,  203),
    row(id::ACCEPT,              43, NONE, NONE,  202),
    row(id::ACCEPT4,            288,  364, NONE,  242),
    row(id::BIND,                49,  361, NONE,  200),
    row(id::LISTEN,              50,  363, NONE,  201),
    row(id::SOCKET,              41,  359, NONE,  198),
    row(id::SENDTO,              44,  369, NONE,  206),
    row(id::SENDMSG,             46,  370, NONE,  211),
    row(id::UNLINK,              87,   10, NONE, NONE),
    row(id::UNLINKAT,           263,  301, NONE,   35),
    row(id::RENAME,              82,   38, NONE, NONE),
    row(id::RENAMEAT,           264,  302, NONE,   38),
    row(id::RENAMEAT2,          316,  353, NONE,  276),
    row(id::LINK,                86,    9, NONE, NONE),
    row(id::LINKAT,             265,  303, NONE,   37),
    row(id::SYMLINK,             88,   83, NONE, NONE),
    row(id::SYMLINKAT,          266,  304, NONE,   36),
    row(id::MKDIR,               83,   39, NONE, NONE),
    row(id::MKDIRAT,            258,  296, NONE,   34),
    row(id::RMDIR,               84,   40, NONE, NONE),
    row(id::CHMOD,               90,   15, NONE, NONE),
    row(id::FCHMOD,              91,   94, NONE,   52),
    row(id::FCHMODAT,           268,  306, NONE,   53),
    row(id::FCHMODAT2,          452,  452, NONE,  452),
    row(id::CHOWN,               92,  182,  212, NONE),
    row(id::LCHOWN,              94,   16,  198, NONE),
    row(id::FCHOWN,              93,   95,  207,   55),
    row(id::FCHOWNAT,           260,  298, NONE,   54),
    row(id::DUP,                 32,   41, NONE,   23),
    row(id::DUP2,                33,   63, NONE, NONE),
    row(id::DUP3,               292,  330, NONE,   24),
    row(id::PTRACE,             101,   26, NONE,  117),
    row(id::SETUID,             105,   23,  213,  146),
    row(id::SETGID,             106,   46,  214,  144),
    row(id::SETREUID,           113,   70,  203,  145),
    row(id::SETREGID,           114,   71,  204,  143),
    row(id::SETRESUID,          117,  164,  208,  147),
    row(id::SETRESGID,          119,  170,  210,  149),
    row(id::SETSID,             112,   66, NONE,  157),
    row(id::SETPGID,            109,   57, NONE,  154),
    row(id::CHDIR,               80,   12, NONE,   49),
    row(id::FCHDIR,              81,  133, NONE,   50),
    row(id::CHROOT,             161,   61, NONE,   51),
    row(id::PRCTL,              157,  172, NONE,  167),
    row(id::MEMFD_CREATE,       319,  356, NONE,  279),
    row(id::MOUNT,              165,   21, NONE,   40),
    row(id::UMOUNT,            NONE,   22, NONE, NONE),
    row(id::UMOUNT2,            166,   52, NONE,   39),
    row(id::INIT_MODULE,        175,  128, NONE,  105),
    row(id::FINIT_MODULE,       313,  350, NONE,  273),
    row(id::DELETE_MODULE,      176,  129, NONE,  106),
    row(id::BPF,                321,  357, NONE,  280),
    row(id::UNSHARE,            272,  310, NONE,   97),
    row(id::SETNS,              308,  346, NONE,  268),
    row(id::CAPSET,             126,  185, NONE,   91),
    row(id::KILL,                62,   37, NONE,  129),
    row(id::TKILL,              200,  238, NONE,  130),
    row(id::TGKILL,             234,  270, NONE,  131),
    row(id::GETPPID,            110,   64, NONE,  173),
];
