// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What io_uring does in a program's name: files that are opened, linked, renamed, removed and made, and sockets that are
 * connected, by requests instead of system calls. They run in the submitting call, later, or in worker threads of the
 * process, and no tracepoint tells what they were about; so the functions that carry them out are probed, which costs
 * nothing where nobody uses io_uring.
 *
 *   entry    the names are copied into a slot, since the function frees them
 *   return   the result is taken from the request, and the record is written
 *
 * The structures that requests are kept in are private to io_uring. They have been as below since 5.15, and lie in a part of
 * struct io_kiocb (public since 6.0) that is large enough for all of them; what they point to is read so that a wrong
 * pointer does no harm.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "kestrel.h"

#if IS_ENABLED(CONFIG_KRETPROBES) && IS_ENABLED(CONFIG_IO_URING) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)

#include <linux/io_uring_types.h>
#include <uapi/linux/io_uring.h>
#include <uapi/linux/openat2.h>

/* Requests whose names can be kept at the same time. What is beyond is recorded without them. */
#define SLOTS 16

/* Requests that can be under way at the same time. What is beyond is counted as dropped. */
#define MOST_REQUESTS 64

struct io_open {
	struct file *file;
	int dir;
	u32 slot;
	struct filename *name;
	struct open_how how;
};

struct io_two_names {
	struct file *file;
	int old_dir;
	int new_dir;
	struct filename *old_name;
	struct filename *new_name;
	int flags;
};

struct io_one_name {
	struct file *file;
	int dir;
	union {
		int flags;
		umode_t mode;
	};
	struct filename *name;
};

struct io_connect {
	struct file *file;
	void __user *address;
	int address_len;
};

struct slot {
	struct task_struct *owner;
	struct file *installed;		/* the file that an open put into the ring's own table; we hold it */
	char names[2][PATH_MAX];
};

/* What is kept of a request while it is carried out. */
struct under_way {
	struct io_kiocb *request;
	struct slot *slot;
	struct kestrel_request asked;
};

static struct slot *slots;
static unsigned long slots_taken;

static struct slot *take_slot(void)
{
	int n;

	for (n = 0; n < SLOTS; n++) {
		if (!test_and_set_bit(n, &slots_taken)) {
			slots[n].installed = NULL;
			WRITE_ONCE(slots[n].owner, current);
			return &slots[n];
		}
	}
	return NULL;
}

static void give_back(struct slot *slot)
{
	if (!slot)
		return;
	if (slot->installed)
		fput(slot->installed);
	slot->installed = NULL;
	WRITE_ONCE(slot->owner, NULL);
	clear_bit_unlock(slot - slots, &slots_taken);
}

/* Copies a name; its length, or 0 if it cannot be read. */
static u32 copy_name(const struct filename *name, char *to)
{
	const size_t piece = 64;
	const char *from;
	size_t at, length;

	if (copy_from_kernel_nofault(&from, &name->name, sizeof(from)))
		return 0;
	for (at = 0; at < PATH_MAX; at += length) {
		/* Up to the next boundary, so that no page is touched that the name does not reach into. */
		length = piece - ((unsigned long)(from + at) & (piece - 1));
		length = min(length, PATH_MAX - at);
		if (copy_from_kernel_nofault(to + at, from + at, length))
			return 0;
		if (strnlen(to + at, length) < length)
			return at + strnlen(to + at, length);
	}
	return 0;
}

static void keep_names(struct under_way *under_way, const struct filename *first, const struct filename *second)
{
	const struct filename *names[2] = { first, second };
	int n;

	under_way->slot = take_slot();
	for (n = 0; n < 2 && under_way->slot && names[n]; n++) {
		under_way->asked.names[n] = under_way->slot->names[n];
		under_way->asked.name_lens[n] = copy_name(names[n], under_way->slot->names[n]);
	}
}

static int entered(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct under_way *under_way = (struct under_way *)instance->data;
	struct io_kiocb *request = (struct io_kiocb *)regs_get_kernel_argument(regs, 0);
	struct kestrel_request *asked = &under_way->asked;
	const struct io_two_names *two = (const void *)&request->cmd;
	const struct io_one_name *one = (const void *)&request->cmd;
	const struct io_connect *connect = (const void *)&request->cmd;
	const struct io_open *open = (const void *)&request->cmd;

	static_assert(sizeof(struct io_open) <= sizeof(request->cmd));
	static_assert(sizeof(struct io_two_names) <= sizeof(request->cmd));

	memset(under_way, 0, sizeof(*under_way));
	under_way->request = request;
	asked->opcode = request->opcode;
	asked->fd = request->flags & REQ_F_FIXED_FILE ? -1 : request->cqe.fd;
	switch (request->opcode) {
	case IORING_OP_OPENAT:
	case IORING_OP_OPENAT2:
		asked->dirs[0] = open->dir;
		asked->how[0] = open->how.flags;
		asked->how[1] = open->how.mode;
		asked->how[2] = open->how.resolve;
		asked->own_table = open->slot != 0;
		keep_names(under_way, open->name, NULL);
		return 0;
	case IORING_OP_UNLINKAT:
		asked->dirs[0] = one->dir;
		asked->flags = one->flags;
		keep_names(under_way, one->name, NULL);
		return 0;
	case IORING_OP_MKDIRAT:
		asked->dirs[0] = one->dir;
		asked->flags = one->mode;
		keep_names(under_way, one->name, NULL);
		return 0;
	case IORING_OP_RENAMEAT:
	case IORING_OP_LINKAT:
	case IORING_OP_SYMLINKAT:
		asked->dirs[0] = two->old_dir;
		asked->dirs[1] = two->new_dir;
		asked->flags = two->flags;
		keep_names(under_way, two->old_name, two->new_name);
		return 0;
	case IORING_OP_CONNECT:
		asked->address = (u64)connect->address;
		asked->address_len = connect->address_len;
		return 0;
	default:
		/* Any answer but 0: the return is of no interest. */
		return 1;
	}
}

static const char *const functions[] = {
	"io_openat2", "io_unlinkat", "io_renameat", "io_mkdirat", "io_linkat", "io_symlinkat", "io_connect",
};

static struct kretprobe probes[ARRAY_SIZE(functions)];
static bool probed[ARRAY_SIZE(functions)];
static struct kprobe install_probe;
static bool install_probed;
static atomic_t missed_before;

/* Requests that could not be followed since this was asked last. */
static unsigned int missed(void)
{
	int n, now = 0, before = atomic_read(&missed_before);

	for (n = 0; n < ARRAY_SIZE(probes); n++)
		now += READ_ONCE(probes[n].nmissed);
	return now != before && atomic_cmpxchg(&missed_before, before, now) == before ? now - before : 0;
}

static int returned(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct under_way *under_way = (struct under_way *)instance->data;
	struct io_kiocb *request = under_way->request;
	struct kestrel_request *asked = &under_way->asked;
	struct kestrel_ring *ring;
	struct kestrel_seen seen;

	/* Anything else: it is tried again, or goes on elsewhere, and comes back here then. */
	if (regs_return_value(regs) == 0) {
		if (asked->opcode == IORING_OP_CONNECT)
			asked->file = request->file;
		else if (asked->own_table && under_way->slot)
			asked->file = under_way->slot->installed;
		memset(&seen, 0, sizeof(seen));
		preempt_disable_notrace();
		ring = this_cpu_ptr(kestrel_rings);
		seen.ret = request->cqe.res;
		seen.failed = (u64)seen.ret >> 63;
		seen.nr = ~0U;
		seen.cpu = smp_processor_id();
		kestrel_ring_wake(ring, kestrel_rs_request(&kestrel_wanted, &ring->recorder, kestrel_program_in_force(), &seen,
							   asked, missed()));
		preempt_enable_notrace();
	}
	give_back(under_way->slot);
	return 0;
}

/* An open puts its file into the ring's own table, where it has no descriptor. */
static int installing(struct kprobe *probe, struct pt_regs *regs)
{
	struct file *file = (struct file *)regs_get_kernel_argument(regs, 2);
	int n;

	for (n = 0; n < SLOTS; n++) {
		if (READ_ONCE(slots[n].owner) != current)
			continue;
		if (!slots[n].installed && !IS_ERR_OR_NULL(file)) {
			get_file(file);
			slots[n].installed = file;
		}
		break;
	}
	return 0;
}

void kestrel_uring_attach(void)
{
	int n, error;

	if (slots)
		return;
	slots = kvcalloc(SLOTS, sizeof(*slots), GFP_KERNEL);
	if (!slots) {
		pr_notice("kestrel: no memory to follow io_uring: what it does is not recorded\n");
		return;
	}
	slots_taken = 0;
	atomic_set(&missed_before, 0);
	memset(&install_probe, 0, sizeof(install_probe));
	install_probe.symbol_name = "io_fixed_fd_install";
	install_probe.pre_handler = installing;
	install_probed = register_kprobe(&install_probe) == 0;
	for (n = 0; n < ARRAY_SIZE(probes); n++) {
		memset(&probes[n], 0, sizeof(probes[n]));
		probes[n].kp.symbol_name = functions[n];
		probes[n].entry_handler = entered;
		probes[n].handler = returned;
		probes[n].data_size = sizeof(struct under_way);
		probes[n].maxactive = MOST_REQUESTS;
		error = register_kretprobe(&probes[n]);
		probed[n] = error == 0;
		if (error)
			pr_notice("kestrel: %s cannot be followed (error %d): such requests of io_uring are not recorded\n",
				  functions[n], error);
	}
}

/* Afterwards no handler runs any more. Those whose function has not returned yet are forgotten by the kernel. */
void kestrel_uring_detach(void)
{
	int n;

	if (!slots)
		return;
	for (n = 0; n < ARRAY_SIZE(probes); n++)
		if (probed[n])
			unregister_kretprobe(&probes[n]);
	if (install_probed)
		unregister_kprobe(&install_probe);
	for (n = 0; n < SLOTS; n++)
		if (slots[n].installed)
			fput(slots[n].installed);
	kvfree(slots);
	slots = NULL;
}

#else

void kestrel_uring_attach(void)
{
	pr_notice_once("kestrel: what io_uring does is not recorded on this kernel\n");
}

void kestrel_uring_detach(void)
{
}

#endif
