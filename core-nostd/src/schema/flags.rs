//! Names of flag bits and of enumeration values, as the kernel's headers and Falco name them.

/// Names of the bits or values of a parameter.
#[derive(Debug)]
pub struct FlagNames {
    /// Each name with the bits it looks at and the value these must have.
    pub entries: &'static [FlagName],
}

/// One name.
#[derive(Clone, Copy, Debug)]
pub struct FlagName {
    /// The name.
    pub name: &'static str,
    /// Value of the bits under the mask.
    pub value: u64,
    /// Bits that are looked at; all bits for a value of an enumeration.
    pub mask: u64,
}

impl FlagNames {
    /// The names that hold for `value`, in the table's order.
    pub fn of(&self, value: u64) -> impl Iterator<Item = &'static str> + use<> {
        self.entries.iter().filter(move |entry| value & entry.mask == entry.value).map(|entry| entry.name)
    }

    /// The value of a name.
    pub fn value(&self, name: &str) -> Option<u64> {
        self.entries.iter().find(|entry| entry.name == name).map(|entry| entry.value)
    }
}

/// The tables.
#[rustfmt::skip]
pub mod names {
    use super::{FlagName, FlagNames};

    macro_rules! bits {
        ($($name:ident = $value:expr),* $(,)?) => {
            FlagNames { entries: &[$(FlagName { name: stringify!($name), value: $value, mask: $value }),*] }
        };
    }
    macro_rules! values {
        ($($name:ident = $value:expr),* $(,)?) => {
            FlagNames { entries: &[$(FlagName { name: stringify!($name), value: $value, mask: u64::MAX }),*] }
        };
    }
    const fn masked(name: &'static str, value: u64, mask: u64) -> FlagName {
        FlagName { name, value, mask }
    }
    const fn bit(name: &'static str, value: u64) -> FlagName {
        FlagName { name, value, mask: value }
    }

    /// Bits that differ between architectures (`asm-generic/fcntl.h`, `arch/arm64/include/uapi/asm/fcntl.h`).
    const ARM: bool = cfg!(target_arch = "aarch64");
    const O_DIRECTORY: u64 = if ARM { 0o40000 } else { 0o200000 };
    const O_NOFOLLOW: u64 = if ARM { 0o100000 } else { 0o400000 };
    const O_DIRECT: u64 = if ARM { 0o200000 } else { 0o40000 };
    const O_LARGEFILE: u64 = if ARM { 0o400000 } else { 0o100000 };

    /// open(2): `asm-generic/fcntl.h`.
    pub static OPEN_FLAGS: FlagNames = FlagNames { entries: &[
        masked("O_RDONLY", 0, 3), masked("O_WRONLY", 1, 3), masked("O_RDWR", 2, 3),
        bit("O_CREAT", 0o100), bit("O_EXCL", 0o200), bit("O_NOCTTY", 0o400), bit("O_TRUNC", 0o1000), bit("O_APPEND", 0o2000),
        bit("O_NONBLOCK", 0o4000), bit("O_DSYNC", 0o10000), bit("O_SYNC", 0o4010000), bit("O_DIRECT", O_DIRECT),
        bit("O_LARGEFILE", O_LARGEFILE), bit("O_DIRECTORY", O_DIRECTORY), bit("O_NOFOLLOW", O_NOFOLLOW),
        bit("O_NOATIME", 0o1000000), bit("O_CLOEXEC", 0o2000000), bit("O_PATH", 0o10000000),
        bit("O_TMPFILE", 0o20000000 | O_DIRECTORY),
    ] };

    /// openat2(2): `linux/openat2.h`.
    pub static RESOLVE_FLAGS: FlagNames = bits! {
        RESOLVE_NO_XDEV = 1, RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_BENEATH = 8, RESOLVE_IN_ROOT = 16,
        RESOLVE_CACHED = 32,
    };

    /// Bits of [`crate::event::FdFlags`], named as Falco names its own.
    pub static FD_FLAGS: FlagNames = FlagNames { entries: &[bit("FD_UPPER_LAYER", 2), bit("FD_LOWER_LAYER", 4)] };

    /// Bits of [`crate::fill::ProcessImage::exe_flags`], named as Falco names its own.
    pub static EXE_FLAGS: FlagNames = bits! {
        EXE_WRITABLE = 1, EXE_UPPER_LAYER = 2, EXE_FROM_MEMFD = 4, EXE_LOWER_LAYER = 8,
    };

    /// clone(2), unshare(2), setns(2): `linux/sched.h`.
    pub static CLONE_FLAGS: FlagNames = bits! {
        CLONE_NEWTIME = 0x80, CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_SIGHAND = 0x800,
        CLONE_PIDFD = 0x1000, CLONE_PTRACE = 0x2000, CLONE_VFORK = 0x4000, CLONE_PARENT = 0x8000, CLONE_THREAD = 0x10000,
        CLONE_NEWNS = 0x20000, CLONE_SYSVSEM = 0x40000, CLONE_SETTLS = 0x80000, CLONE_PARENT_SETTID = 0x100000,
        CLONE_CHILD_CLEARTID = 0x200000, CLONE_DETACHED = 0x400000, CLONE_UNTRACED = 0x800000,
        CLONE_CHILD_SETTID = 0x1000000, CLONE_NEWCGROUP = 0x2000000, CLONE_NEWUTS = 0x4000000, CLONE_NEWIPC = 0x8000000,
        CLONE_NEWUSER = 0x10000000, CLONE_NEWPID = 0x20000000, CLONE_NEWNET = 0x40000000, CLONE_IO = 0x80000000,
        CLONE_CLEAR_SIGHAND = 0x1_0000_0000, CLONE_INTO_CGROUP = 0x2_0000_0000,
    };

    /// Capability sets: `linux/capability.h`.
    pub static CAPABILITIES: FlagNames = bits! {
        CAP_CHOWN = 1 << 0, CAP_DAC_OVERRIDE = 1 << 1, CAP_DAC_READ_SEARCH = 1 << 2, CAP_FOWNER = 1 << 3,
        CAP_FSETID = 1 << 4, CAP_KILL = 1 << 5, CAP_SETGID = 1 << 6, CAP_SETUID = 1 << 7, CAP_SETPCAP = 1 << 8,
        CAP_LINUX_IMMUTABLE = 1 << 9, CAP_NET_BIND_SERVICE = 1 << 10, CAP_NET_BROADCAST = 1 << 11, CAP_NET_ADMIN = 1 << 12,
        CAP_NET_RAW = 1 << 13, CAP_IPC_LOCK = 1 << 14, CAP_IPC_OWNER = 1 << 15, CAP_SYS_MODULE = 1 << 16,
        CAP_SYS_RAWIO = 1 << 17, CAP_SYS_CHROOT = 1 << 18, CAP_SYS_PTRACE = 1 << 19, CAP_SYS_PACCT = 1 << 20,
        CAP_SYS_ADMIN = 1 << 21, CAP_SYS_BOOT = 1 << 22, CAP_SYS_NICE = 1 << 23, CAP_SYS_RESOURCE = 1 << 24,
        CAP_SYS_TIME = 1 << 25, CAP_SYS_TTY_CONFIG = 1 << 26, CAP_MKNOD = 1 << 27, CAP_LEASE = 1 << 28,
        CAP_AUDIT_WRITE = 1 << 29, CAP_AUDIT_CONTROL = 1 << 30, CAP_SETFCAP = 1 << 31, CAP_MAC_OVERRIDE = 1 << 32,
        CAP_MAC_ADMIN = 1 << 33, CAP_SYSLOG = 1 << 34, CAP_WAKE_ALARM = 1 << 35, CAP_BLOCK_SUSPEND = 1 << 36,
        CAP_AUDIT_READ = 1 << 37, CAP_PERFMON = 1 << 38, CAP_BPF = 1 << 39, CAP_CHECKPOINT_RESTORE = 1 << 40,
    };

    /// Socket families: `linux/socket.h`.
    pub static SOCKET_FAMILIES: FlagNames = values! {
        AF_UNSPEC = 0, AF_UNIX = 1, AF_INET = 2, AF_AX25 = 3, AF_IPX = 4, AF_APPLETALK = 5, AF_NETROM = 6, AF_BRIDGE = 7,
        AF_ATMPVC = 8, AF_X25 = 9, AF_INET6 = 10, AF_ROSE = 11, AF_DECnet = 12, AF_NETBEUI = 13, AF_SECURITY = 14,
        AF_KEY = 15, AF_NETLINK = 16, AF_PACKET = 17, AF_ASH = 18, AF_ECONET = 19, AF_ATMSVC = 20, AF_RDS = 21, AF_SNA = 22,
        AF_IRDA = 23, AF_PPPOX = 24, AF_WANPIPE = 25, AF_LLC = 26, AF_IB = 27, AF_MPLS = 28, AF_CAN = 29, AF_TIPC = 30,
        AF_BLUETOOTH = 31, AF_IUCV = 32, AF_RXRPC = 33, AF_ISDN = 34, AF_PHONET = 35, AF_IEEE802154 = 36, AF_CAIF = 37,
        AF_ALG = 38, AF_NFC = 39, AF_VSOCK = 40, AF_KCM = 41, AF_QIPCRTR = 42, AF_SMC = 43, AF_XDP = 44, AF_MCTP = 45,
    };

    /// socket(2), accept4(2): `linux/net.h`.
    pub static SOCKET_FLAGS: FlagNames = bits! { SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000 };

    /// unlinkat(2): `linux/fcntl.h`.
    pub static UNLINK_FLAGS: FlagNames = bits! { AT_REMOVEDIR = 0x200 };

    /// Other calls relative to a directory: `linux/fcntl.h`.
    pub static AT_FLAGS: FlagNames = bits! {
        AT_SYMLINK_NOFOLLOW = 0x100, AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000,
    };

    /// renameat2(2): `linux/fs.h`.
    pub static RENAME_FLAGS: FlagNames = bits! { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2, RENAME_WHITEOUT = 4 };

    /// Permission bits: `linux/stat.h`.
    pub static MODE_FLAGS: FlagNames = bits! {
        S_IXOTH = 0o1, S_IWOTH = 0o2, S_IROTH = 0o4, S_IXGRP = 0o10, S_IWGRP = 0o20, S_IRGRP = 0o40, S_IXUSR = 0o100,
        S_IWUSR = 0o200, S_IRUSR = 0o400, S_ISVTX = 0o1000, S_ISGID = 0o2000, S_ISUID = 0o4000,
    };

    /// ptrace(2): `linux/ptrace.h`, `asm/ptrace-abi.h` (x86).
    pub static PTRACE_REQUESTS: FlagNames = values! {
        PTRACE_TRACEME = 0, PTRACE_PEEKTEXT = 1, PTRACE_PEEKDATA = 2, PTRACE_PEEKUSR = 3, PTRACE_POKETEXT = 4,
        PTRACE_POKEDATA = 5, PTRACE_POKEUSR = 6, PTRACE_CONT = 7, PTRACE_KILL = 8, PTRACE_SINGLESTEP = 9,
        PTRACE_GETREGS = 12, PTRACE_SETREGS = 13, PTRACE_GETFPREGS = 14, PTRACE_SETFPREGS = 15, PTRACE_ATTACH = 16,
        PTRACE_DETACH = 17, PTRACE_GETFPXREGS = 18, PTRACE_SETFPXREGS = 19, PTRACE_OLDSETOPTIONS = 21, PTRACE_SYSCALL = 24,
        PTRACE_GET_THREAD_AREA = 25, PTRACE_SET_THREAD_AREA = 26, PTRACE_ARCH_PRCTL = 30, PTRACE_SYSEMU = 31,
        PTRACE_SYSEMU_SINGLESTEP = 32, PTRACE_SINGLEBLOCK = 33, PTRACE_SETOPTIONS = 0x4200, PTRACE_GETEVENTMSG = 0x4201,
        PTRACE_GETSIGINFO = 0x4202, PTRACE_SETSIGINFO = 0x4203, PTRACE_GETREGSET = 0x4204, PTRACE_SETREGSET = 0x4205,
        PTRACE_SEIZE = 0x4206, PTRACE_INTERRUPT = 0x4207, PTRACE_LISTEN = 0x4208, PTRACE_PEEKSIGINFO = 0x4209,
        PTRACE_GETSIGMASK = 0x420a, PTRACE_SETSIGMASK = 0x420b, PTRACE_SECCOMP_GET_FILTER = 0x420c,
        PTRACE_SECCOMP_GET_METADATA = 0x420d, PTRACE_GET_SYSCALL_INFO = 0x420e, PTRACE_GET_RSEQ_CONFIGURATION = 0x420f,
    };

    /// prctl(2): `linux/prctl.h`.
    pub static PRCTL_OPTIONS: FlagNames = values! {
        PR_SET_PDEATHSIG = 1, PR_GET_PDEATHSIG = 2, PR_GET_DUMPABLE = 3, PR_SET_DUMPABLE = 4, PR_GET_UNALIGN = 5,
        PR_SET_UNALIGN = 6, PR_GET_KEEPCAPS = 7, PR_SET_KEEPCAPS = 8, PR_GET_FPEMU = 9, PR_SET_FPEMU = 10, PR_GET_FPEXC = 11,
        PR_SET_FPEXC = 12, PR_GET_TIMING = 13, PR_SET_TIMING = 14, PR_SET_NAME = 15, PR_GET_NAME = 16, PR_GET_ENDIAN = 19,
        PR_SET_ENDIAN = 20, PR_GET_SECCOMP = 21, PR_SET_SECCOMP = 22, PR_CAPBSET_READ = 23, PR_CAPBSET_DROP = 24,
        PR_GET_TSC = 25, PR_SET_TSC = 26, PR_GET_SECUREBITS = 27, PR_SET_SECUREBITS = 28, PR_SET_TIMERSLACK = 29,
        PR_GET_TIMERSLACK = 30, PR_TASK_PERF_EVENTS_DISABLE = 31, PR_TASK_PERF_EVENTS_ENABLE = 32, PR_MCE_KILL = 33,
        PR_MCE_KILL_GET = 34, PR_SET_MM = 35, PR_SET_CHILD_SUBREAPER = 36, PR_GET_CHILD_SUBREAPER = 37,
        PR_SET_NO_NEW_PRIVS = 38, PR_GET_NO_NEW_PRIVS = 39, PR_GET_TID_ADDRESS = 40, PR_SET_THP_DISABLE = 41,
        PR_GET_THP_DISABLE = 42, PR_MPX_ENABLE_MANAGEMENT = 43, PR_MPX_DISABLE_MANAGEMENT = 44, PR_SET_FP_MODE = 45,
        PR_GET_FP_MODE = 46, PR_CAP_AMBIENT = 47, PR_SVE_SET_VL = 50, PR_SVE_GET_VL = 51, PR_GET_SPECULATION_CTRL = 52,
        PR_SET_SPECULATION_CTRL = 53, PR_PAC_RESET_KEYS = 54, PR_SET_TAGGED_ADDR_CTRL = 55, PR_GET_TAGGED_ADDR_CTRL = 56,
        PR_SET_IO_FLUSHER = 57, PR_GET_IO_FLUSHER = 58, PR_SET_SYSCALL_USER_DISPATCH = 59, PR_PAC_SET_ENABLED_KEYS = 60,
        PR_PAC_GET_ENABLED_KEYS = 61, PR_SCHED_CORE = 62, PR_SME_SET_VL = 63, PR_SME_GET_VL = 64, PR_SET_MDWE = 65,
        PR_GET_MDWE = 66, PR_SET_MEMORY_MERGE = 67, PR_GET_MEMORY_MERGE = 68, PR_SET_VMA = 0x53564d41,
        PR_SET_PTRACER = 0x59616d61,
    };

    /// memfd_create(2): `linux/memfd.h`.
    pub static MEMFD_FLAGS: FlagNames = bits! {
        MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_HUGETLB = 4, MFD_NOEXEC_SEAL = 8, MFD_EXEC = 16,
    };

    /// mount(2): `linux/mount.h`.
    pub static MOUNT_FLAGS: FlagNames = bits! {
        MS_RDONLY = 1, MS_NOSUID = 2, MS_NODEV = 4, MS_NOEXEC = 8, MS_SYNCHRONOUS = 16, MS_REMOUNT = 32, MS_MANDLOCK = 64,
        MS_DIRSYNC = 128, MS_NOSYMFOLLOW = 256, MS_NOATIME = 1024, MS_NODIRATIME = 2048, MS_BIND = 4096, MS_MOVE = 8192,
        MS_REC = 16384, MS_SILENT = 32768, MS_POSIXACL = 1 << 16, MS_UNBINDABLE = 1 << 17, MS_PRIVATE = 1 << 18,
        MS_SLAVE = 1 << 19, MS_SHARED = 1 << 20, MS_RELATIME = 1 << 21, MS_KERNMOUNT = 1 << 22, MS_I_VERSION = 1 << 23,
        MS_STRICTATIME = 1 << 24, MS_LAZYTIME = 1 << 25,
    };

    /// umount2(2): `linux/fs.h`.
    pub static UMOUNT_FLAGS: FlagNames = bits! { FORCE = 1, DETACH = 2, EXPIRE = 4, NOFOLLOW = 8 };

    /// finit_module(2): `linux/module.h`.
    pub static MODULE_INIT_FLAGS: FlagNames = bits! {
        MODULE_INIT_IGNORE_MODVERSIONS = 1, MODULE_INIT_IGNORE_VERMAGIC = 2, MODULE_INIT_COMPRESSED_FILE = 4,
    };

    /// bpf(2): `linux/bpf.h`.
    pub static BPF_COMMANDS: FlagNames = values! {
        BPF_MAP_CREATE = 0, BPF_MAP_LOOKUP_ELEM = 1, BPF_MAP_UPDATE_ELEM = 2, BPF_MAP_DELETE_ELEM = 3,
        BPF_MAP_GET_NEXT_KEY = 4, BPF_PROG_LOAD = 5, BPF_OBJ_PIN = 6, BPF_OBJ_GET = 7, BPF_PROG_ATTACH = 8,
        BPF_PROG_DETACH = 9, BPF_PROG_TEST_RUN = 10, BPF_PROG_GET_NEXT_ID = 11, BPF_MAP_GET_NEXT_ID = 12,
        BPF_PROG_GET_FD_BY_ID = 13, BPF_MAP_GET_FD_BY_ID = 14, BPF_OBJ_GET_INFO_BY_FD = 15, BPF_PROG_QUERY = 16,
        BPF_RAW_TRACEPOINT_OPEN = 17, BPF_BTF_LOAD = 18, BPF_BTF_GET_FD_BY_ID = 19, BPF_TASK_FD_QUERY = 20,
        BPF_MAP_LOOKUP_AND_DELETE_ELEM = 21, BPF_MAP_FREEZE = 22, BPF_BTF_GET_NEXT_ID = 23, BPF_MAP_LOOKUP_BATCH = 24,
        BPF_MAP_LOOKUP_AND_DELETE_BATCH = 25, BPF_MAP_UPDATE_BATCH = 26, BPF_MAP_DELETE_BATCH = 27, BPF_LINK_CREATE = 28,
        BPF_LINK_UPDATE = 29, BPF_LINK_GET_FD_BY_ID = 30, BPF_LINK_GET_NEXT_ID = 31, BPF_ENABLE_STATS = 32,
        BPF_ITER_CREATE = 33, BPF_LINK_DETACH = 34, BPF_PROG_BIND_MAP = 35, BPF_TOKEN_CREATE = 36,
    };
}
