// What the parts of calls32 share: how a call is made, the numbers of the calls (asm/unistd_32.h), and room for answers.

/* Something that is passed in a register: a pointer as its address. */
#define P(pointer) ((long)(pointer))

/* Makes a call. Arguments that are not given are 0. The result is the kernel's: an error is a small negative number. */
#define call(nr, ...) int80((nr), (long[6]){ __VA_ARGS__ })

long int80(long nr, const long *args);

enum {
	NR_exit = 1, NR_fork = 2, NR_read = 3, NR_write = 4, NR_open = 5, NR_close = 6, NR_waitpid = 7, NR_creat = 8,
	NR_link = 9, NR_unlink = 10, NR_execve = 11, NR_chdir = 12, NR_time = 13, NR_mknod = 14, NR_chmod = 15,
	NR_lchown = 16, NR_break = 17, NR_oldstat = 18, NR_lseek = 19, NR_getpid = 20, NR_mount = 21, NR_umount = 22,
	NR_setuid = 23, NR_getuid = 24, NR_stime = 25, NR_ptrace = 26, NR_oldfstat = 28, NR_utime = 30, NR_stty = 31,
	NR_gtty = 32, NR_access = 33, NR_nice = 34, NR_ftime = 35, NR_kill = 37, NR_rename = 38, NR_mkdir = 39,
	NR_pipe = 42, NR_prof = 44, NR_brk = 45, NR_setgid = 46, NR_getgid = 47, NR_signal = 48, NR_umount2 = 52,
	NR_lock = 53, NR_ioctl = 54, NR_fcntl = 55, NR_mpx = 56, NR_ulimit = 58, NR_oldolduname = 59, NR_dup2 = 63,
	NR_sigaction = 67, NR_sgetmask = 68, NR_ssetmask = 69, NR_setreuid = 70, NR_setregid = 71,
	NR_sigsuspend = 72, NR_sigpending = 73, NR_sethostname = 74, NR_setrlimit = 75, NR_getrlimit = 76,
	NR_settimeofday = 79, NR_select = 82, NR_symlink = 83, NR_oldlstat = 84, NR_readlink = 85, NR_readdir = 89,
	NR_mmap = 90, NR_munmap = 91, NR_truncate = 92, NR_ftruncate = 93, NR_fchown = 95, NR_profil = 98,
	NR_socketcall = 102, NR_stat = 106, NR_lstat = 107, NR_fstat = 108, NR_olduname = 109, NR_idle = 112,
	NR_vm86old = 113, NR_wait4 = 114, NR_ipc = 117, NR_sigreturn = 119, NR_clone = 120, NR_modify_ldt = 123,
	NR_mprotect = 125, NR_sigprocmask = 126, NR_quotactl = 131, NR_bdflush = 134, NR_setfsuid = 138,
	NR_setfsgid = 139, NR_llseek = 140, NR_getdents = 141, NR_newselect = 142, NR_readv = 145, NR_writev = 146,
	NR_nanosleep = 162, NR_mremap = 163, NR_setresuid = 164, NR_getresuid = 165, NR_vm86 = 166, NR_poll = 168,
	NR_setresgid = 170, NR_getresgid = 171, NR_prctl = 172, NR_rt_sigaction = 174, NR_rt_sigqueueinfo = 178,
	NR_pread64 = 180, NR_pwrite64 = 181, NR_chown = 182, NR_sendfile = 187, NR_vfork = 190, NR_ugetrlimit = 191,
	NR_mmap2 = 192, NR_truncate64 = 193, NR_ftruncate64 = 194, NR_stat64 = 195, NR_lstat64 = 196,
	NR_fstat64 = 197, NR_lchown32 = 198, NR_geteuid32 = 201, NR_getegid32 = 202, NR_fchown32 = 207,
	NR_setresuid32 = 208, NR_getresgid32 = 211, NR_chown32 = 212, NR_setuid32 = 213, NR_fcntl64 = 221,
	NR_readahead = 225, NR_setxattr = 226, NR_getxattr = 229, NR_sendfile64 = 239, NR_futex = 240,
	NR_set_thread_area = 243, NR_get_thread_area = 244, NR_fadvise64 = 250, NR_epoll_ctl = 255,
	NR_clock_settime = 264, NR_clock_nanosleep = 267, NR_statfs64 = 268, NR_fstatfs64 = 269, NR_utimes = 271,
	NR_fadvise64_64 = 272, NR_openat = 295, NR_fstatat64 = 300, NR_unlinkat = 301, NR_pselect6 = 308,
	NR_ppoll = 309, NR_unshare = 310, NR_sync_file_range = 314, NR_utimensat = 320, NR_timerfd_create = 322,
	NR_fallocate = 324, NR_epoll_create1 = 329, NR_preadv = 333, NR_pwritev = 334, NR_fanotify_init = 338,
	NR_fanotify_mark = 339, NR_prlimit64 = 340, NR_renameat2 = 353, NR_socket = 359, NR_bind = 361,
	NR_setsockopt = 366, NR_sendto = 369, NR_sendmsg = 370, NR_recvfrom = 371, NR_recvmsg = 372,
	NR_preadv2 = 378, NR_pwritev2 = 379, NR_statx = 383, NR_semget = 393, NR_semctl = 394, NR_shmat = 397,
	NR_shmdt = 398, NR_msgsnd = 400, NR_clock_settime64 = 404, NR_clock_nanosleep_time64 = 407,
	NR_timerfd_settime64 = 411, NR_utimensat_time64 = 412, NR_pselect6_time64 = 413, NR_ppoll_time64 = 414,
	NR_semtimedop_time64 = 420, NR_futex_time64 = 422, NR_clone3 = 435, NR_openat2 = 437,
};

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned long long u64;

#define AT_FDCWD (-100)
#define CLOSED 999		/* a descriptor that is not open */
#define NOBODY 0x3fffffff	/* an id that no process has */
#define NOWHERE 0x10		/* where no memory is */
#define NONE 0xffff		/* no user, no group, in 16 bits */
#define PLACE 0x20000000	/* where memory is mapped */
#define LOW(n) ((u32)(n))
#define HIGH(n) ((u32)((u64)(n) >> 32))
#define FAR 0x100000005ULL	/* needs two words */

/* Room for what calls write. */
extern char room[512];
extern u32 words[64];

/* Ends the process. */
static inline void end(int status)
{
	call(NR_exit, status);
}

/* A child, whose end the other branch waits for. */
#define in_child for (int child_ = call(NR_fork), once_ = 1; once_; once_ = 0, child_ ? (void)call(NR_wait4, -1) : end(0)) if (!child_)

/* Each makes calls about its subject. */
void files(void);
void owners(void);
void lengths(void);
void reading(void);
void waiting(void);
void sockets(void);
void messages(void);
void ipc(void);
void memory(void);
void times(void);
