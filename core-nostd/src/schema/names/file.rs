//! Files and descriptors.

use crate::schema::flags::{FlagName, FlagNames, bit, bits, masked, values};

/// Bits that differ between architectures (`asm-generic/fcntl.h`, `arch/arm64/include/uapi/asm/fcntl.h`).
const ARM: bool = cfg!(target_arch = "aarch64");
const O_DIRECTORY: u64 = if ARM { 0o40000 } else { 0o200000 };
const O_NOFOLLOW: u64 = if ARM { 0o100000 } else { 0o400000 };
const O_DIRECT: u64 = if ARM { 0o200000 } else { 0o40000 };
const O_LARGEFILE: u64 = if ARM { 0o400000 } else { 0o100000 };

/// open(2): `asm-generic/fcntl.h`.
#[rustfmt::skip]
pub static OPEN_FLAGS: FlagNames = FlagNames { entries: &[
    masked("O_RDONLY", 0, 3), masked("O_WRONLY", 1, 3), masked("O_RDWR", 2, 3),
    bit("O_CREAT", 0o100), bit("O_EXCL", 0o200), bit("O_NOCTTY", 0o400), bit("O_TRUNC", 0o1000), bit("O_APPEND", 0o2000),
    bit("O_NONBLOCK", 0o4000), bit("O_DSYNC", 0o10000), bit("O_SYNC", 0o4010000), bit("O_DIRECT", O_DIRECT),
    bit("O_LARGEFILE", O_LARGEFILE), bit("O_DIRECTORY", O_DIRECTORY), bit("O_NOFOLLOW", O_NOFOLLOW),
    bit("O_NOATIME", 0o1000000), bit("O_CLOEXEC", 0o2000000), bit("O_PATH", 0o10000000),
    bit("O_TMPFILE", 0o20000000 | O_DIRECTORY),
] };

/// pipe2(2), dup3(2), memfd_secret(2): those of open(2) that say what the descriptor is like.
#[rustfmt::skip]
pub static PIPE_FLAGS: FlagNames = bits! { O_NONBLOCK = 0o4000, O_DIRECT = O_DIRECT, O_CLOEXEC = 0o2000000 };

/// openat2(2): `linux/openat2.h`.
#[rustfmt::skip]
pub static RESOLVE_FLAGS: FlagNames = bits! {
    RESOLVE_NO_XDEV = 1, RESOLVE_NO_MAGICLINKS = 2, RESOLVE_NO_SYMLINKS = 4, RESOLVE_BENEATH = 8, RESOLVE_IN_ROOT = 16,
    RESOLVE_CACHED = 32,
};

/// Bits of [`crate::event::FdFlags`], named as Falco names its own.
#[rustfmt::skip]
pub static FD_FLAGS: FlagNames = FlagNames { entries: &[bit("FD_UPPER_LAYER", 2), bit("FD_LOWER_LAYER", 4)] };

/// unlinkat(2): `linux/fcntl.h`.
#[rustfmt::skip]
pub static UNLINK_FLAGS: FlagNames = bits! { AT_REMOVEDIR = 0x200 };

/// Other calls relative to a directory: `linux/fcntl.h`.
#[rustfmt::skip]
pub static AT_FLAGS: FlagNames = bits! {
    AT_SYMLINK_NOFOLLOW = 0x100, AT_SYMLINK_FOLLOW = 0x400, AT_NO_AUTOMOUNT = 0x800, AT_EMPTY_PATH = 0x1000,
    AT_STATX_FORCE_SYNC = 0x2000, AT_STATX_DONT_SYNC = 0x4000,
};

/// renameat2(2): `linux/fs.h`.
#[rustfmt::skip]
pub static RENAME_FLAGS: FlagNames = bits! { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2, RENAME_WHITEOUT = 4 };

/// Permission bits: `linux/stat.h`.
#[rustfmt::skip]
pub static MODE_FLAGS: FlagNames = bits! {
    S_IXOTH = 0o1, S_IWOTH = 0o2, S_IROTH = 0o4, S_IXGRP = 0o10, S_IWGRP = 0o20, S_IRGRP = 0o40, S_IXUSR = 0o100,
    S_IWUSR = 0o200, S_IRUSR = 0o400, S_ISVTX = 0o1000, S_ISGID = 0o2000, S_ISUID = 0o4000,
};

/// access(2): `unistd.h`.
#[rustfmt::skip]
pub static ACCESS_MODES: FlagNames = bits! { X_OK = 1, W_OK = 2, R_OK = 4 };

/// fcntl(2): `asm-generic/fcntl.h`, `linux/fcntl.h`.
#[rustfmt::skip]
pub static FCNTL_COMMANDS: FlagNames = values! {
    F_DUPFD = 0, F_GETFD = 1, F_SETFD = 2, F_GETFL = 3, F_SETFL = 4, F_GETLK = 5, F_SETLK = 6, F_SETLKW = 7,
    F_SETOWN = 8, F_GETOWN = 9, F_SETSIG = 10, F_GETSIG = 11, F_SETOWN_EX = 15, F_GETOWN_EX = 16, F_GETOWNER_UIDS = 17,
    F_OFD_GETLK = 36, F_OFD_SETLK = 37, F_OFD_SETLKW = 38, F_SETLEASE = 1024, F_GETLEASE = 1025, F_NOTIFY = 1026,
    F_CREATED_QUERY = 1028, F_CANCELLK = 1029, F_DUPFD_CLOEXEC = 1030, F_SETPIPE_SZ = 1031, F_GETPIPE_SZ = 1032,
    F_ADD_SEALS = 1033, F_GET_SEALS = 1034, F_GET_RW_HINT = 1035, F_SET_RW_HINT = 1036, F_GET_FILE_RW_HINT = 1037,
    F_SET_FILE_RW_HINT = 1038,
};

/// flock(2): `asm-generic/fcntl.h`.
#[rustfmt::skip]
pub static LOCK_OPERATIONS: FlagNames = bits! { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4, LOCK_UN = 8 };

/// lseek(2): `linux/fs.h`.
#[rustfmt::skip]
pub static WHENCE: FlagNames = values! { SEEK_SET = 0, SEEK_CUR = 1, SEEK_END = 2, SEEK_DATA = 3, SEEK_HOLE = 4 };

/// fallocate(2): `linux/falloc.h`.
#[rustfmt::skip]
pub static FALLOCATE_MODES: FlagNames = bits! {
    FALLOC_FL_KEEP_SIZE = 1, FALLOC_FL_PUNCH_HOLE = 2, FALLOC_FL_NO_HIDE_STALE = 4, FALLOC_FL_COLLAPSE_RANGE = 8,
    FALLOC_FL_ZERO_RANGE = 0x10, FALLOC_FL_INSERT_RANGE = 0x20, FALLOC_FL_UNSHARE_RANGE = 0x40,
    FALLOC_FL_WRITE_ZEROES = 0x80,
};

/// setxattr(2): `linux/xattr.h`.
#[rustfmt::skip]
pub static XATTR_FLAGS: FlagNames = bits! { XATTR_CREATE = 1, XATTR_REPLACE = 2 };

/// splice(2), tee(2), vmsplice(2): `linux/splice.h`.
#[rustfmt::skip]
pub static SPLICE_FLAGS: FlagNames = bits! {
    SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4, SPLICE_F_GIFT = 8,
};

/// preadv2(2), pwritev2(2): `linux/fs.h`.
#[rustfmt::skip]
pub static RWF_FLAGS: FlagNames = bits! {
    RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4, RWF_NOWAIT = 8, RWF_APPEND = 0x10, RWF_NOAPPEND = 0x20,
    RWF_ATOMIC = 0x40, RWF_DONTCACHE = 0x80, RWF_NOSIGNAL = 0x100,
};

/// close_range(2): `linux/close_range.h`.
#[rustfmt::skip]
pub static CLOSE_RANGE_FLAGS: FlagNames = bits! { CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4 };

/// epoll_create1(2): `linux/eventpoll.h`.
#[rustfmt::skip]
pub static EPOLL_FLAGS: FlagNames = bits! { EPOLL_CLOEXEC = 0x80000 };

/// epoll_ctl(2): `linux/eventpoll.h`.
#[rustfmt::skip]
pub static EPOLL_OPERATIONS: FlagNames = values! { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2, EPOLL_CTL_MOD = 3 };

/// eventfd2(2): `linux/eventfd.h`.
#[rustfmt::skip]
pub static EVENTFD_FLAGS: FlagNames = bits! { EFD_SEMAPHORE = 1, EFD_NONBLOCK = 0x800, EFD_CLOEXEC = 0x80000 };

/// signalfd4(2): `linux/signalfd.h`.
#[rustfmt::skip]
pub static SIGNALFD_FLAGS: FlagNames = bits! { SFD_NONBLOCK = 0x800, SFD_CLOEXEC = 0x80000 };

/// inotify_init1(2): `linux/inotify.h`.
#[rustfmt::skip]
pub static INOTIFY_FLAGS: FlagNames = bits! { IN_NONBLOCK = 0x800, IN_CLOEXEC = 0x80000 };

/// inotify_add_watch(2): `linux/inotify.h`.
#[rustfmt::skip]
pub static INOTIFY_MASK: FlagNames = bits! {
    IN_ACCESS = 1, IN_MODIFY = 2, IN_ATTRIB = 4, IN_CLOSE_WRITE = 8, IN_CLOSE_NOWRITE = 0x10, IN_OPEN = 0x20,
    IN_MOVED_FROM = 0x40, IN_MOVED_TO = 0x80, IN_CREATE = 0x100, IN_DELETE = 0x200, IN_DELETE_SELF = 0x400,
    IN_MOVE_SELF = 0x800, IN_ONLYDIR = 0x1000000, IN_DONT_FOLLOW = 0x2000000, IN_EXCL_UNLINK = 0x4000000,
    IN_MASK_CREATE = 0x10000000, IN_MASK_ADD = 0x20000000, IN_ISDIR = 0x40000000, IN_ONESHOT = 0x80000000,
};

/// fanotify_init(2): `linux/fanotify.h`.
#[rustfmt::skip]
pub static FANOTIFY_INIT_FLAGS: FlagNames = bits! {
    FAN_CLOEXEC = 1, FAN_NONBLOCK = 2, FAN_CLASS_CONTENT = 4, FAN_CLASS_PRE_CONTENT = 8, FAN_UNLIMITED_QUEUE = 0x10,
    FAN_UNLIMITED_MARKS = 0x20, FAN_ENABLE_AUDIT = 0x40, FAN_REPORT_PIDFD = 0x80, FAN_REPORT_TID = 0x100,
    FAN_REPORT_FID = 0x200, FAN_REPORT_DIR_FID = 0x400, FAN_REPORT_NAME = 0x800, FAN_REPORT_TARGET_FID = 0x1000,
    FAN_REPORT_FD_ERROR = 0x2000, FAN_REPORT_MNT = 0x4000,
};

/// fanotify_mark(2): `linux/fanotify.h`.
#[rustfmt::skip]
pub static FANOTIFY_MARK_FLAGS: FlagNames = bits! {
    FAN_MARK_ADD = 1, FAN_MARK_REMOVE = 2, FAN_MARK_DONT_FOLLOW = 4, FAN_MARK_ONLYDIR = 8, FAN_MARK_MOUNT = 0x10,
    FAN_MARK_IGNORED_MASK = 0x20, FAN_MARK_IGNORED_SURV_MODIFY = 0x40, FAN_MARK_FLUSH = 0x80,
    FAN_MARK_FILESYSTEM = 0x100, FAN_MARK_MNTNS = 0x110, FAN_MARK_EVICTABLE = 0x200, FAN_MARK_IGNORE = 0x400,
};

/// timerfd_create(2): `linux/timerfd.h`.
#[rustfmt::skip]
pub static TIMERFD_FLAGS: FlagNames = bits! { TFD_NONBLOCK = 0x800, TFD_CLOEXEC = 0x80000 };

/// sync_file_range(2): `linux/fs.h`.
#[rustfmt::skip]
pub static SYNC_RANGE_FLAGS: FlagNames = bits! {
    SYNC_FILE_RANGE_WAIT_BEFORE = 1, SYNC_FILE_RANGE_WRITE = 2, SYNC_FILE_RANGE_WAIT_AFTER = 4,
};

/// fadvise64(2): `linux/fadvise.h`.
#[rustfmt::skip]
pub static FADVISE_ADVICE: FlagNames = values! {
    POSIX_FADV_NORMAL = 0, POSIX_FADV_RANDOM = 1, POSIX_FADV_SEQUENTIAL = 2, POSIX_FADV_WILLNEED = 3,
    POSIX_FADV_DONTNEED = 4, POSIX_FADV_NOREUSE = 5,
};

/// statx(2): `linux/stat.h`.
#[rustfmt::skip]
pub static STATX_MASK: FlagNames = bits! {
    STATX_TYPE = 1, STATX_MODE = 2, STATX_NLINK = 4, STATX_UID = 8, STATX_GID = 0x10, STATX_ATIME = 0x20,
    STATX_MTIME = 0x40, STATX_CTIME = 0x80, STATX_INO = 0x100, STATX_SIZE = 0x200, STATX_BLOCKS = 0x400,
    STATX_BTIME = 0x800, STATX_MNT_ID = 0x1000, STATX_DIOALIGN = 0x2000, STATX_MNT_ID_UNIQUE = 0x4000,
    STATX_SUBVOL = 0x8000, STATX_WRITE_ATOMIC = 0x10000, STATX_DIO_READ_ALIGN = 0x20000,
};

/// userfaultfd(2): `linux/userfaultfd.h`.
#[rustfmt::skip]
pub static USERFAULTFD_FLAGS: FlagNames = bits! { UFFD_USER_MODE_ONLY = 1, O_NONBLOCK = 0x800, O_CLOEXEC = 0x80000 };

/// io_uring_setup(2): `linux/io_uring.h`.
#[rustfmt::skip]
pub static IO_URING_SETUP_FLAGS: FlagNames = bits! {
    IORING_SETUP_IOPOLL = 1, IORING_SETUP_SQPOLL = 2, IORING_SETUP_SQ_AFF = 4, IORING_SETUP_CQSIZE = 8,
    IORING_SETUP_CLAMP = 0x10, IORING_SETUP_ATTACH_WQ = 0x20, IORING_SETUP_R_DISABLED = 0x40,
    IORING_SETUP_SUBMIT_ALL = 0x80, IORING_SETUP_COOP_TASKRUN = 0x100, IORING_SETUP_TASKRUN_FLAG = 0x200,
    IORING_SETUP_SQE128 = 0x400, IORING_SETUP_CQE32 = 0x800, IORING_SETUP_SINGLE_ISSUER = 0x1000,
    IORING_SETUP_DEFER_TASKRUN = 0x2000, IORING_SETUP_NO_MMAP = 0x4000, IORING_SETUP_REGISTERED_FD_ONLY = 0x8000,
    IORING_SETUP_NO_SQARRAY = 0x10000, IORING_SETUP_HYBRID_IOPOLL = 0x20000, IORING_SETUP_CQE_MIXED = 0x40000,
    IORING_SETUP_SQE_MIXED = 0x80000, IORING_SETUP_SQ_REWIND = 0x100000,
};

/// io_uring_setup(2): `linux/io_uring.h`.
#[rustfmt::skip]
pub static IO_URING_FEATURES: FlagNames = bits! {
    IORING_FEAT_SINGLE_MMAP = 1, IORING_FEAT_NODROP = 2, IORING_FEAT_SUBMIT_STABLE = 4, IORING_FEAT_RW_CUR_POS = 8,
    IORING_FEAT_CUR_PERSONALITY = 0x10, IORING_FEAT_FAST_POLL = 0x20, IORING_FEAT_POLL_32BITS = 0x40,
    IORING_FEAT_SQPOLL_NONFIXED = 0x80, IORING_FEAT_EXT_ARG = 0x100, IORING_FEAT_NATIVE_WORKERS = 0x200,
    IORING_FEAT_RSRC_TAGS = 0x400, IORING_FEAT_CQE_SKIP = 0x800, IORING_FEAT_LINKED_FILE = 0x1000,
    IORING_FEAT_REG_REG_RING = 0x2000, IORING_FEAT_RECVSEND_BUNDLE = 0x4000, IORING_FEAT_MIN_TIMEOUT = 0x8000,
    IORING_FEAT_RW_ATTR = 0x10000, IORING_FEAT_NO_IOWAIT = 0x20000,
};

/// io_uring_enter(2): `linux/io_uring.h`.
#[rustfmt::skip]
pub static IO_URING_ENTER_FLAGS: FlagNames = bits! {
    IORING_ENTER_GETEVENTS = 1, IORING_ENTER_SQ_WAKEUP = 2, IORING_ENTER_SQ_WAIT = 4, IORING_ENTER_EXT_ARG = 8,
    IORING_ENTER_REGISTERED_RING = 0x10, IORING_ENTER_ABS_TIMER = 0x20, IORING_ENTER_EXT_ARG_REG = 0x40,
    IORING_ENTER_NO_IOWAIT = 0x80,
};

/// io_uring_register(2): `linux/io_uring.h`.
#[rustfmt::skip]
pub static IO_URING_REGISTER_OPS: FlagNames = values! {
    IORING_REGISTER_BUFFERS = 0, IORING_UNREGISTER_BUFFERS = 1, IORING_REGISTER_FILES = 2, IORING_UNREGISTER_FILES = 3,
    IORING_REGISTER_EVENTFD = 4, IORING_UNREGISTER_EVENTFD = 5, IORING_REGISTER_FILES_UPDATE = 6,
    IORING_REGISTER_EVENTFD_ASYNC = 7, IORING_REGISTER_PROBE = 8, IORING_REGISTER_PERSONALITY = 9,
    IORING_UNREGISTER_PERSONALITY = 10, IORING_REGISTER_RESTRICTIONS = 11, IORING_REGISTER_ENABLE_RINGS = 12,
    IORING_REGISTER_FILES2 = 13, IORING_REGISTER_FILES_UPDATE2 = 14, IORING_REGISTER_BUFFERS2 = 15,
    IORING_REGISTER_BUFFERS_UPDATE = 16, IORING_REGISTER_IOWQ_AFF = 17, IORING_UNREGISTER_IOWQ_AFF = 18,
    IORING_REGISTER_IOWQ_MAX_WORKERS = 19, IORING_REGISTER_RING_FDS = 20, IORING_UNREGISTER_RING_FDS = 21,
    IORING_REGISTER_PBUF_RING = 22, IORING_UNREGISTER_PBUF_RING = 23, IORING_REGISTER_SYNC_CANCEL = 24,
    IORING_REGISTER_FILE_ALLOC_RANGE = 25, IORING_REGISTER_PBUF_STATUS = 26, IORING_REGISTER_NAPI = 27,
    IORING_UNREGISTER_NAPI = 28, IORING_REGISTER_CLOCK = 29, IORING_REGISTER_CLONE_BUFFERS = 30,
    IORING_REGISTER_SEND_MSG_RING = 31, IORING_REGISTER_ZCRX_IFQ = 32, IORING_REGISTER_RESIZE_RINGS = 33,
    IORING_REGISTER_MEM_REGION = 34, IORING_REGISTER_QUERY = 35, IORING_REGISTER_ZCRX_CTRL = 36,
    IORING_REGISTER_BPF_FILTER = 37,
};

/// getrlimit(2): `asm-generic/resource.h`.
#[rustfmt::skip]
pub static RESOURCES: FlagNames = values! {
    RLIMIT_CPU = 0, RLIMIT_FSIZE = 1, RLIMIT_DATA = 2, RLIMIT_STACK = 3, RLIMIT_CORE = 4, RLIMIT_RSS = 5,
    RLIMIT_NPROC = 6, RLIMIT_NOFILE = 7, RLIMIT_MEMLOCK = 8, RLIMIT_AS = 9, RLIMIT_LOCKS = 10, RLIMIT_SIGPENDING = 11,
    RLIMIT_MSGQUEUE = 12, RLIMIT_NICE = 13, RLIMIT_RTPRIO = 14, RLIMIT_RTTIME = 15,
};

/// Mode of a new node: its type and permissions (`linux/stat.h`).
#[rustfmt::skip]
pub static FILE_MODE_FLAGS: FlagNames = FlagNames { entries: &[
    bit("S_IXOTH", 0o1), bit("S_IWOTH", 0o2), bit("S_IROTH", 0o4), bit("S_IXGRP", 0o10), bit("S_IWGRP", 0o20),
    bit("S_IRGRP", 0o40), bit("S_IXUSR", 0o100), bit("S_IWUSR", 0o200), bit("S_IRUSR", 0o400), bit("S_ISVTX", 0o1000),
    bit("S_ISGID", 0o2000), bit("S_ISUID", 0o4000), masked("S_IFIFO", 0o10000, 0o170000),
    masked("S_IFCHR", 0o20000, 0o170000), masked("S_IFDIR", 0o40000, 0o170000), masked("S_IFBLK", 0o60000, 0o170000),
    masked("S_IFREG", 0o100000, 0o170000), masked("S_IFLNK", 0o120000, 0o170000), masked("S_IFSOCK", 0o140000, 0o170000),
] };

/// faccessat2(2): `linux/fcntl.h`.
#[rustfmt::skip]
pub static ACCESS_AT_FLAGS: FlagNames = bits! { AT_SYMLINK_NOFOLLOW = 0x100, AT_EACCESS = 0x200, AT_EMPTY_PATH = 0x1000 };

/// What is waited for at a descriptor: `linux/poll.h`, `linux/eventpoll.h`.
#[rustfmt::skip]
pub static POLL_EVENTS: FlagNames = bits! {
    POLLIN = 1, POLLPRI = 2, POLLOUT = 4, POLLERR = 8, POLLHUP = 0x10, POLLNVAL = 0x20, POLLRDNORM = 0x40,
    POLLRDBAND = 0x80, POLLWRNORM = 0x100, POLLWRBAND = 0x200, POLLMSG = 0x400, POLLREMOVE = 0x1000, POLLRDHUP = 0x2000,
    EPOLLEXCLUSIVE = 0x10000000, EPOLLWAKEUP = 0x20000000, EPOLLONESHOT = 0x40000000, EPOLLET = 0x80000000,
};
