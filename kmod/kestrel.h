/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the parts of the shim, and the shim and the Rust object, say to each other.
 *
 * Every structure that both languages know is laid out by hand and its size asserted on both sides: here, and in
 * kmod/src/ffi.rs. tests/layout.rs compares the numbers.
 */
#ifndef KESTREL_H
#define KESTREL_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/rcupdate.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/wait.h>

struct file;
struct task_struct;
struct vm_area_struct;

/* Sizes of what Rust defines (kestrel_core, kestrel_ringbuf). */
#define KESTREL_FRAME_BYTES 256
#define KESTREL_INTEREST_BYTES 128
#define KESTREL_PRODUCER_BYTES 128
#define KESTREL_PROGRAM_BYTES 96

/* Greatest length of a program (kestrel_core::filter::MAX_PROGRAM), and the reason for refusing a longer one. */
#define KESTREL_PROGRAM_MAX 1048576
#define KESTREL_TOO_LONG 1

/* Event ids that are counted: all below this (kestrel_core::abi::COUNTED_EVENTS). */
#define KESTREL_COUNTED 512

/* Sizes of the tables of processes (kmod/src/marks.rs, names.rs). */
#define KESTREL_MARKS_BYTES 98312
#define KESTREL_NAMES_BYTES 81928

/* System call numbers that the tables know: all below this. */
#define KESTREL_SYSCALLS 512

/* Smallest and greatest data area of a ring, in KiB. */
#define KESTREL_RING_KIB_MIN 128
#define KESTREL_RING_KIB_MAX 65536

/* kestrel_core::event::TaskContext */
struct kestrel_task {
	u64 start_time;
	u64 cgroup;
	u32 tid;
	u32 pid;
	u32 ppid;
	u32 uid;
	u32 euid;
	u32 gid;
	u32 egid;
	u32 loginuid;
	u32 sid;
	u32 pgid;
	u32 tty;
	u32 mnt_ns;
	u32 pid_ns;
	u32 vtid;
	u32 vpid;
	u32 vpgid;
	char comm[16];
};
static_assert(sizeof(struct kestrel_task) == 96);
static_assert(offsetof(struct kestrel_task, tid) == 16);
static_assert(offsetof(struct kestrel_task, loginuid) == 44);
static_assert(offsetof(struct kestrel_task, vtid) == 68);
static_assert(offsetof(struct kestrel_task, comm) == 80);

/* kestrel_core::fill::Identity */
struct kestrel_identity {
	u32 tid;
	u32 pid;
	u32 uid;
	u32 euid;
	u32 gid;
	u32 egid;
	u32 loginuid;
	u32 reserved;
	char comm[16];
};
static_assert(sizeof(struct kestrel_identity) == 48);
static_assert(offsetof(struct kestrel_identity, loginuid) == 24);
static_assert(offsetof(struct kestrel_identity, comm) == 32);

/* kestrel_core::event::FdHead */
struct kestrel_fd {
	s32 fd;
	u8 kind;
	u8 socket_type;
	u16 family;
	u16 protocol;
	u16 flags;
	u32 open_flags;
	u32 dev;
	u32 mode;
	u64 ino;
};
static_assert(sizeof(struct kestrel_fd) == 32);
static_assert(offsetof(struct kestrel_fd, family) == 6);
static_assert(offsetof(struct kestrel_fd, open_flags) == 12);
static_assert(offsetof(struct kestrel_fd, ino) == 24);

/* kestrel_core::event::FdKind */
enum kestrel_fd_kind {
	KESTREL_FD_UNKNOWN = 0,
	KESTREL_FD_FILE = 1,
	KESTREL_FD_DIRECTORY = 2,
	KESTREL_FD_CHAR_DEVICE = 3,
	KESTREL_FD_BLOCK_DEVICE = 4,
	KESTREL_FD_PIPE = 5,
	KESTREL_FD_INET4 = 6,
	KESTREL_FD_INET6 = 7,
	KESTREL_FD_UNIX = 8,
	KESTREL_FD_NETLINK = 9,
	KESTREL_FD_PACKET = 10,
	KESTREL_FD_OTHER_SOCKET = 11,
	KESTREL_FD_ANON_INODE = 12,
	KESTREL_FD_MEMFD = 13,
	KESTREL_FD_SYMLINK = 14,
};

/* kestrel_core::event::FdFlags */
#define KESTREL_FD_DELETED (1 << 0)
#define KESTREL_FD_UPPER_LAYER (1 << 1)
#define KESTREL_FD_LOWER_LAYER (1 << 2)
#define KESTREL_FD_SERVER (1 << 3)
#define KESTREL_FD_CONNECTED (1 << 4)

/* kestrel_core::event::Tuple */
struct kestrel_tuple {
	u8 local[16];
	u8 remote[16];
	u16 local_port;
	u16 remote_port;
	u16 family;
	u16 protocol;
};
static_assert(sizeof(struct kestrel_tuple) == 40);
static_assert(offsetof(struct kestrel_tuple, local_port) == 32);

/* kestrel_core::fill::ProcessImage */
struct kestrel_image {
	u64 fdlimit;
	u64 pgft_maj;
	u64 pgft_min;
	u64 cap_inheritable;
	u64 cap_permitted;
	u64 cap_effective;
	u64 exe_ino;
	u64 exe_ctime;
	u64 exe_mtime;
	u32 vm_size;
	u32 vm_rss;
	u32 vm_swap;
	u32 exe_flags;
	u64 pidns_init_start;
};
static_assert(sizeof(struct kestrel_image) == 96);
static_assert(offsetof(struct kestrel_image, vm_size) == 72);
static_assert(offsetof(struct kestrel_image, pidns_init_start) == 88);

/* Bits of kestrel_image.exe_flags. */
#define KESTREL_EXE_WRITABLE (1 << 0)
#define KESTREL_EXE_UPPER_LAYER (1 << 1)
#define KESTREL_EXE_FROM_MEMFD (1 << 2)
#define KESTREL_EXE_LOWER_LAYER (1 << 3)

/* kestrel_core::fill::ListenQueue */
struct kestrel_queue {
	u32 len;
	u32 max;
};
static_assert(sizeof(struct kestrel_queue) == 8);

/* kestrel_core::abi::Frame, an allegation until Rust has decoded it. */
struct kestrel_frame {
	u8 bytes[KESTREL_FRAME_BYTES] __aligned(8);
};

/* kestrel_core::abi::Interest */
struct kestrel_interest {
	u64 words[KESTREL_INTEREST_BYTES / 8];
};
static_assert(sizeof(struct kestrel_interest) == KESTREL_INTEREST_BYTES);

/* kestrel_core::abi::FilterLoad */
struct kestrel_filter_load {
	u64 address;
	u32 len;
	u32 why;
	u32 at;
	u32 reserved;
};
static_assert(sizeof(struct kestrel_filter_load) == 24);
static_assert(offsetof(struct kestrel_filter_load, why) == 12);

/* kestrel_core::abi::Mark */
struct kestrel_mark {
	u64 start_time;
	u64 set;
	u64 clear;
	u32 pid;
	u32 reserved;
};
static_assert(sizeof(struct kestrel_mark) == 32);
static_assert(offsetof(struct kestrel_mark, pid) == 24);

/* A process, in the initial pid namespace: kmod's Process. */
struct kestrel_process {
	u32 pid;
	u64 start_time;
};
static_assert(sizeof(struct kestrel_process) == 16);
static_assert(offsetof(struct kestrel_process, start_time) == 8);

/* The table of marked processes: kmod's Marks. The first two words are zero if every process has no marks. */
struct kestrel_marks {
	u32 used;
	u32 full;
	u8 places[KESTREL_MARKS_BYTES - 8] __aligned(8);
};
static_assert(sizeof(struct kestrel_marks) == KESTREL_MARKS_BYTES);

extern struct kestrel_marks kestrel_marks;

static inline bool kestrel_marks_used(void)
{
	return READ_ONCE(kestrel_marks.used) || READ_ONCE(kestrel_marks.full);
}

/* A process and the comm of its first thread: kmod's Named. */
struct kestrel_named {
	struct kestrel_process process;
	char comm[16];
};
static_assert(sizeof(struct kestrel_named) == 32);

/* What processes are called whose threads are called something else: kmod's Names. The first two words as above. */
struct kestrel_names {
	u32 used;
	u32 full;
	u8 places[KESTREL_NAMES_BYTES - 8] __aligned(8);
};
static_assert(sizeof(struct kestrel_names) == KESTREL_NAMES_BYTES);

extern struct kestrel_names kestrel_names;

static inline bool kestrel_names_used(void)
{
	return READ_ONCE(kestrel_names.used) || READ_ONCE(kestrel_names.full);
}

/* What became of each event: kestrel_core::abi::EventCounts for user space. */
struct kestrel_counts {
	u64 seen[KESTREL_COUNTED];
	u64 rejected[KESTREL_COUNTED];
};
static_assert(sizeof(struct kestrel_counts) == 8192);

/* The same of one CPU, kmod's Counts: what is rejected at once stands apart, so that one counter is written for it. */
struct kestrel_cpu_counts {
	u64 at_once[KESTREL_COUNTED];
	u64 seen[KESTREL_COUNTED];
	u64 rejected[KESTREL_COUNTED];
};
static_assert(sizeof(struct kestrel_cpu_counts) == 12288);

/*
 * What the consumer asked for. The two bitmaps by system call number are what the probe of sys_exit looks at before
 * anything else; the rest is Rust's (kmod/src/wanted.rs), which writes all of it.
 */
struct kestrel_wanted {
	unsigned long native[KESTREL_SYSCALLS / BITS_PER_LONG];
	unsigned long compat[KESTREL_SYSCALLS / BITS_PER_LONG];
	u64 events[KESTREL_INTEREST_BYTES / 8];
	u16 native_event[KESTREL_SYSCALLS];
	u16 compat_event[KESTREL_SYSCALLS];
} __aligned(64);
static_assert(sizeof(struct kestrel_wanted) == 2304);
static_assert(offsetof(struct kestrel_wanted, events) == 128);
static_assert(offsetof(struct kestrel_wanted, native_event) == 256);

extern struct kestrel_wanted kestrel_wanted;

/* What a probe saw. */
struct kestrel_seen {
	u64 args[6];
	s64 ret;
	u64 failed;			/* 1 if `ret` is negative: the three are kestrel_core::filter::Registers */
	u32 nr;
	u16 cpu;
	u16 compat;			/* 1 if the call came in by the 32-bit table */
};
static_assert(sizeof(struct kestrel_seen) == 72);
static_assert(offsetof(struct kestrel_seen, nr) == 64);

/* What a request of io_uring asked for (uring.c). */
struct kestrel_request {
	const char *names[2];		/* NULL if there is none, or it could not be kept */
	struct file *file;		/* what the request worked on, or opened, where no descriptor tells; or NULL */
	u64 how[3];			/* openat2: flags, mode, resolve */
	u64 address;			/* connect: the caller's socket address */
	u32 name_lens[2];
	s32 dirs[2];
	u32 address_len;
	u32 flags;
	s32 fd;				/* connect: the caller's descriptor, or -1 */
	u8 opcode;			/* IORING_OP_* */
	u8 own_table;			/* the file was opened into the ring's own table */
	u16 reserved;
};
static_assert(sizeof(struct kestrel_request) == 88);
static_assert(offsetof(struct kestrel_request, how) == 24);
static_assert(offsetof(struct kestrel_request, dirs) == 64);
static_assert(offsetof(struct kestrel_request, opcode) == 84);

/* What Rust answers to HELLO with, besides its own versions. */
struct kestrel_facts {
	u64 ring_bytes;
	u32 cpus;
	u32 retained;
};
static_assert(sizeof(struct kestrel_facts) == 16);

/* Where a ring lies: kestrel_ringbuf::RawRing. */
struct kestrel_map {
	u8 *consumer;
	u8 *producer;
	u8 *data;
	u64 data_bytes;
};
static_assert(sizeof(struct kestrel_map) == 32);

/* What writes one CPU's records: a kestrel_ringbuf::Producer, which is private to Rust, and counters. */
struct kestrel_recorder {
	u8 producer[KESTREL_PRODUCER_BYTES];
	struct kestrel_cpu_counts counts;
} __aligned(64);
static_assert(sizeof(struct kestrel_recorder) == 12416);

/* A program that was verified. */
struct kestrel_program {
	u8 view[KESTREL_PROGRAM_BYTES] __aligned(8);	/* kestrel_core::filter::Program: first, so that this is one */
	void *area;					/* read-only */
	struct page **pages;
	size_t count;
};

/* The program in force; NULL if there is none. */
extern struct kestrel_program __rcu *kestrel_program;

/* It stays for as long as preemption is off. */
static inline const void *kestrel_program_in_force(void)
{
	return rcu_dereference_sched(kestrel_program);
}

/* One CPU's ring. */
struct kestrel_ring {
	struct kestrel_recorder recorder;
	struct irq_work wake_work;
	struct hrtimer wake_timer;
	u64 wake_after_ns;
	wait_queue_head_t readers;
	struct page **pages;
	void *area;
};

/* ---- the Rust object (kmod/src/entry.rs) ---- */

/* Answers of the recording entry points: no wake-up, one now, or (any other value) one after so many nanoseconds. */
#define KESTREL_WAKE_NO 0
#define KESTREL_WAKE_NOW 1

void kestrel_rs_tables(struct kestrel_wanted *wanted);
void kestrel_rs_ring(struct kestrel_recorder *recorder, const struct kestrel_map *map);
bool kestrel_rs_readable(const struct kestrel_recorder *recorder);
int kestrel_rs_hello(struct kestrel_frame *frame, const struct kestrel_facts *facts);
void kestrel_rs_interest(struct kestrel_wanted *wanted, const struct kestrel_interest *interest);
void kestrel_rs_lifecycle_only(struct kestrel_wanted *wanted);
void kestrel_rs_marks_inherit(struct kestrel_marks *marks, const struct kestrel_process *parent,
			      const struct kestrel_process *child);
void kestrel_rs_marks_forget(struct kestrel_marks *marks, const struct kestrel_process *process);
void kestrel_rs_marks_clear(struct kestrel_marks *marks, u64 clear);
bool kestrel_rs_marks_change(struct kestrel_marks *marks, const struct kestrel_process *process, u64 set, u64 clear);
void kestrel_rs_names_rename(struct kestrel_names *names, const struct kestrel_named *before, bool sure);
void kestrel_rs_names_fork(struct kestrel_names *names, const struct kestrel_named *parent, const struct kestrel_named *child);
void kestrel_rs_names_exec(struct kestrel_names *names, const struct kestrel_process *process, const char *filename, size_t len,
			   const char *executable);
bool kestrel_rs_names_nothing(const char *filename, size_t len);
void kestrel_rs_names_forget(struct kestrel_names *names, const struct kestrel_process *process);
void kestrel_rs_names_doubt(struct kestrel_names *names);
void kestrel_rs_names_forget_all(struct kestrel_names *names);
int kestrel_rs_filter(u8 *view, const u8 *bytes, size_t len, struct kestrel_filter_load *load);
u64 kestrel_rs_native_exit(struct kestrel_wanted *wanted, struct kestrel_recorder *recorder, const void *program,
			   const struct kestrel_seen *seen);
u64 kestrel_rs_compat_exit(struct kestrel_wanted *wanted, struct kestrel_recorder *recorder, const void *program,
			   const struct kestrel_seen *seen);
u64 kestrel_rs_fork(struct kestrel_wanted *wanted, struct kestrel_recorder *recorder, const struct kestrel_seen *seen,
		    const struct kestrel_task *child);
u64 kestrel_rs_exec(struct kestrel_wanted *wanted, struct kestrel_recorder *recorder, const struct kestrel_seen *seen,
		    const char *filename, size_t filename_len, bool by_descriptor);
u64 kestrel_rs_exit(struct kestrel_wanted *wanted, struct kestrel_recorder *recorder, const struct kestrel_seen *seen,
		    s32 code, u32 reaper_tid, bool group_dead);
u64 kestrel_rs_signal(struct kestrel_wanted *wanted, struct kestrel_recorder *recorder, const void *program,
		      const struct kestrel_seen *seen, u32 sender, u32 signal);
u64 kestrel_rs_page_fault(struct kestrel_wanted *wanted, struct kestrel_recorder *recorder, const void *program,
			  const struct kestrel_seen *seen, u64 address, u64 instruction, u64 code);
bool kestrel_rs_wants_page_faults(const struct kestrel_wanted *wanted);
u64 kestrel_rs_request(struct kestrel_wanted *wanted, struct kestrel_recorder *recorder, const void *program,
		       const struct kestrel_seen *seen, const struct kestrel_request *request, u32 missed);

/* ---- what Rust asks the shim for; declared there in kmod/src/ffi.rs ---- */

u64 kestrel_now(void);
int kestrel_read_user(u64 address, u8 *to, size_t len);
long kestrel_read_user_string(u64 address, u8 *to, size_t len, bool *cut);
long kestrel_process_strings(bool environment, u8 *to, size_t len, bool *cut);
void kestrel_current_task(struct kestrel_task *out);
void kestrel_receiving_task(struct kestrel_task *out);
void kestrel_current_identity(struct kestrel_identity *out);
void kestrel_current_process(struct kestrel_process *out);
int kestrel_named(u32 generation, struct kestrel_named *out);
void kestrel_current_image(struct kestrel_image *out);
long kestrel_working_directory(u8 *to, size_t len);
long kestrel_executable(u8 *to, size_t len);
long kestrel_cgroup_path(u8 *to, size_t len);
long kestrel_describe_fd(int fd, struct kestrel_fd *head, u8 *tail, size_t len);
long kestrel_describe_file(struct file *file, int fd, struct kestrel_fd *head, u8 *tail, size_t len);
int kestrel_listen_queue(int fd, struct kestrel_queue *out);

/* ---- between the files of the shim ---- */

/* task.c */
void kestrel_task_setup(void);
void kestrel_fill_task(struct task_struct *task, struct kestrel_task *out);
u32 kestrel_reaper_of(struct task_struct *task);
struct kestrel_process kestrel_process_of(struct task_struct *task);

/* path.c */
struct path;
long kestrel_path_of(const struct path *path, u8 *to, size_t len);
bool kestrel_is_memfd(struct file *file);
bool kestrel_executable_name(char *out, size_t len);
bool kestrel_on_overlay(struct file *file, bool *upper);
struct file *kestrel_get_exe_file(void);

/* socket.c */
struct socket;
long kestrel_describe_socket(struct socket *sock, struct kestrel_fd *head, u8 *tail, size_t len);

/* ring.c */
extern struct kestrel_ring __percpu *kestrel_rings;
extern size_t kestrel_ring_bytes;
int kestrel_rings_create(unsigned int kib);
void kestrel_rings_destroy(void);
void kestrel_rings_reset(void);
void kestrel_rings_quiesce(void);
void kestrel_rings_counts(struct kestrel_counts *out);
int kestrel_ring_mmap(struct kestrel_ring *ring, struct vm_area_struct *vma);
void kestrel_ring_wake_now(struct kestrel_ring *ring, u64 answer);

/* Does what Rust answered about waking the reader: mostly nothing. */
static __always_inline void kestrel_ring_wake(struct kestrel_ring *ring, u64 answer)
{
	if (unlikely(answer != KESTREL_WAKE_NO))
		kestrel_ring_wake_now(ring, answer);
}

/* probes.c */
int kestrel_probes_setup(void);
int kestrel_probes_attach(void);
void kestrel_probes_detach(void);
void kestrel_probes_adjust(void);

/* filter.c */
int kestrel_program_make(struct kestrel_filter_load *load, struct kestrel_program **made);
void kestrel_program_discard(struct kestrel_program *program);
void kestrel_program_replace(struct kestrel_program *program);

/* marks.c */
void kestrel_marks_fork(struct task_struct *child);
void kestrel_marks_exit(void);
int kestrel_marks_change(const struct kestrel_mark *mark);

/* names.c */
void kestrel_names_rename(struct task_struct *task);
void kestrel_names_fork(struct task_struct *child);
void kestrel_names_exec(const char *filename, size_t len);
void kestrel_names_exit(void);
void kestrel_names_begin(void);
void kestrel_names_known(void);
void kestrel_names_doubt(void);

/* uring.c */
void kestrel_uring_attach(void);
void kestrel_uring_detach(void);

/* device.c */
int kestrel_devices_create(unsigned int retention_ms, bool retain_all);
void kestrel_devices_destroy(void);

#endif
