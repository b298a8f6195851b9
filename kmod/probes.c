// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The tracepoints: found by name, attached and detached together, and what each probe gathers before it calls Rust.
 *
 * A probe never sleeps and never faults. None of these tracepoints fires in an interrupt or under a run-queue lock, so
 * the task is always the one that made the call, forked, executed, got the signal or ended.
 */
#include <linux/binfmts.h>
#include <linux/compat.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <asm/syscall.h>
#include <trace/events/sched.h>
#include <trace/events/signal.h>
#include <trace/events/syscalls.h>
#include <trace/events/task.h>
#if __has_include(<asm/trace/exceptions.h>)
#include <asm/trace/exceptions.h>
#elif __has_include(<trace/events/exceptions.h>)
#include <trace/events/exceptions.h>
#endif

#include "compat.h"
#include "kestrel.h"

struct kestrel_wanted kestrel_wanted __read_mostly;

/* Did the running task come in by the 32-bit table? */
static __always_inline bool from_compat(void)
{
#if defined(CONFIG_X86_64)
	return in_ia32_syscall();
#elif defined(CONFIG_COMPAT)
	return is_compat_task();
#else
	return false;
#endif
}

/* Is this an x32 call? They are the native ones with a bit set; only few of them differ in their structures. */
static __always_inline bool from_x32(unsigned int nr)
{
#ifdef CONFIG_X86_X32_ABI
	return nr & __X32_SYSCALL_BIT;
#else
	return false;
#endif
}

static __always_inline unsigned int without_x32(unsigned int nr)
{
#ifdef CONFIG_X86_X32_ABI
	return nr & ~__X32_SYSCALL_BIT;
#else
	return nr;
#endif
}

static __always_inline bool asked_for(const unsigned long *bitmap, unsigned int nr)
{
	return READ_ONCE(bitmap[nr / BITS_PER_LONG]) >> (nr % BITS_PER_LONG) & 1;
}

/* Fills in what every event has. Preemption is off, so that the CPU stays the one whose ring is written. */
static __always_inline void see(struct kestrel_seen *seen, struct pt_regs *regs, unsigned int nr, long ret, bool compat)
{
	static_assert(sizeof(unsigned long) == sizeof(seen->args[0]));

#ifdef CONFIG_X86_64
	/* The same as below without looking again at how the call came in. */
	if (!compat) {
		seen->args[0] = regs->di;
		seen->args[1] = regs->si;
		seen->args[2] = regs->dx;
		seen->args[3] = regs->r10;
		seen->args[4] = regs->r8;
		seen->args[5] = regs->r9;
	} else
#endif
		syscall_get_arguments(current, regs, (unsigned long *)seen->args);
	seen->compat = compat;
	seen->ret = compat ? (s64)(s32)ret : ret;
	seen->failed = (u64)seen->ret >> 63;
	seen->nr = nr;
	seen->cpu = smp_processor_id();
}

static __always_inline void record_sys_exit(struct pt_regs *regs, unsigned int nr, long ret, bool compat)
{
	u64 (*const sys_exit)(struct kestrel_wanted *, struct kestrel_recorder *, const void *, const struct kestrel_seen *) =
		compat ? kestrel_rs_compat_exit : kestrel_rs_native_exit;
	struct kestrel_ring *ring;
	/* see() writes all of it. */
	struct kestrel_seen seen KESTREL_UNINITIALIZED;

	preempt_disable_notrace();
	ring = this_cpu_ptr(kestrel_rings);
	see(&seen, regs, nr, ret, compat);
	kestrel_ring_wake(ring, sys_exit(&kestrel_wanted, &ring->recorder, kestrel_program_in_force(), &seen));
	preempt_enable_notrace();
}

/* Nothing is written to its frame but what is there by name: it needs no guard. */
static noinline KESTREL_NO_STACK_PROTECTOR void record_native_exit(struct pt_regs *regs, unsigned int nr, long ret)
{
	record_sys_exit(regs, nr, ret, false);
}

static noinline void record_compat_exit(struct pt_regs *regs, unsigned int nr, long ret)
{
	record_sys_exit(regs, nr, ret, true);
}

/*
 * The hot path: a call that nobody asked for gets no further than the bitmap. After rt_sigreturn the number is -1, which
 * is beyond the table.
 */
static void probe_sys_exit(void *data, struct pt_regs *regs, long ret)
{
	unsigned int nr = syscall_get_nr(current, regs);
	const bool compat = from_compat();

	if (unlikely(nr >= KESTREL_SYSCALLS)) {
		if (!from_x32(nr) || without_x32(nr) >= KESTREL_SYSCALLS)
			return;
		nr = without_x32(nr);
	}
	if (unlikely(compat)) {
		if (asked_for(kestrel_wanted.compat, nr))
			record_compat_exit(regs, nr, ret);
		return;
	}
	if (likely(!asked_for(kestrel_wanted.native, nr)))
		return;
	record_native_exit(regs, nr, ret);
}

/* Wall-clock time, ns. */
u64 kestrel_now(void)
{
	return ktime_get_real_fast_ns();
}

/* The number of the system call that the running task is in; beyond every table if it is in none. */
static unsigned int current_nr(void)
{
	if (current->flags & PF_KTHREAD)
		return ~0U;
	return without_x32(syscall_get_nr(current, current_pt_regs()));
}

/* A task made another. Kernel threads that are made by kernel threads are nobody's business. */
static void probe_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	struct kestrel_ring *ring;
	struct kestrel_seen seen;
	struct kestrel_task made;

	if (parent->flags & PF_KTHREAD)
		return;
	preempt_disable_notrace();
	ring = this_cpu_ptr(kestrel_rings);
	see(&seen, current_pt_regs(), current_nr(), 0, from_compat());
	kestrel_marks_fork(child);
	kestrel_names_fork(child);
	kestrel_fill_task(child, &made);
	kestrel_ring_wake(ring, kestrel_rs_fork(&kestrel_wanted, &ring->recorder, &seen, &made));
	preempt_enable_notrace();
}

/*
 * A task runs a new program. On x86 the number in the registers is execve's by now, whichever call it was; what tells
 * execveat then is that the name was made from a descriptor.
 */
static void probe_exec(void *data, struct task_struct *task, pid_t old_pid, struct linux_binprm *bprm)
{
	const size_t len = strnlen(bprm->filename, PATH_MAX);
	struct kestrel_ring *ring;
	struct kestrel_seen seen;

	preempt_disable_notrace();
	ring = this_cpu_ptr(kestrel_rings);
	see(&seen, current_pt_regs(), current_nr(), 0, from_compat());
	kestrel_ring_wake(ring, kestrel_rs_exec(&kestrel_wanted, &ring->recorder, &seen, bprm->filename, len, bprm->fdpath));
	/* The name is a new one for who judges when it is one for who reads the record. */
	kestrel_names_exec(bprm->filename, len);
	preempt_enable_notrace();
}

/* Begins an event that is no system call: there is nothing to see but the CPU. Preemption is off until the caller allows it again. */
static __always_inline struct kestrel_ring *see_no_call(struct kestrel_seen *seen)
{
	preempt_disable_notrace();
	memset(seen, 0, sizeof(*seen));
	seen->cpu = smp_processor_id();
	return this_cpu_ptr(kestrel_rings);
}

static void record_exit(struct task_struct *task, bool group_dead)
{
	struct kestrel_seen seen;
	struct kestrel_ring *ring = see_no_call(&seen);

	kestrel_ring_wake(ring, kestrel_rs_exit(&kestrel_wanted, &ring->recorder, &seen, task->exit_code, kestrel_reaper_of(task),
						group_dead));
	if (group_dead) {
		kestrel_marks_exit();
		kestrel_names_exit();
	}
	preempt_enable_notrace();
}

/* Two threads that end at the same time may both find that they are the last. */
static void __maybe_unused probe_exit(void *data, struct task_struct *task)
{
	record_exit(task, atomic_read(&task->signal->live) == 0);
}

static void __maybe_unused probe_exit_told(void *data, struct task_struct *task, bool group_dead)
{
	record_exit(task, group_dead);
}

/* A task gets another comm: it still has the one before. */
static void probe_rename(void *data, struct task_struct *task, const char *comm)
{
	preempt_disable_notrace();
	kestrel_names_rename(task);
	preempt_enable_notrace();
}

/* Who sent a signal, if a process did: that is what lies in the structure for these reasons (`man sigaction`). */
static u32 sender_of(int signal, const struct kernel_siginfo *info)
{
	/* Instead of a structure the kernel may pass a number: it is the sender itself, or a whole process is being killed. */
	if (info == SEND_SIG_NOINFO || info == SEND_SIG_PRIV)
		return 0;
	switch (info->si_code) {
	case SI_USER:
	case SI_QUEUE:
	case SI_TKILL:
	case SI_MESGQ:
		return info->si_pid;
	default:
		return signal == SIGCHLD && info->si_code > 0 ? info->si_pid : 0;
	}
}

/* The running task is about to act on a signal. The lock of its signals is held. */
static void probe_signal(void *data, int signal, struct kernel_siginfo *info, struct k_sigaction *action)
{
	struct kestrel_seen seen;
	struct kestrel_ring *ring = see_no_call(&seen);

	kestrel_ring_wake(ring, kestrel_rs_signal(&kestrel_wanted, &ring->recorder, kestrel_program_in_force(), &seen,
						  sender_of(signal, info), signal));
	preempt_enable_notrace();
}

/* The running task, in user mode, accessed memory that it was not given at once. Interrupts are off. */
static void probe_page_fault(void *data, unsigned long address, struct pt_regs *regs, unsigned long code)
{
	struct kestrel_seen seen;
	struct kestrel_ring *ring = see_no_call(&seen);

	kestrel_ring_wake(ring, kestrel_rs_page_fault(&kestrel_wanted, &ring->recorder, kestrel_program_in_force(), &seen,
						      address, instruction_pointer(regs), code));
	preempt_enable_notrace();
}

/* Newer kernels tell whether it is the last thread. Which this is, the tracepoint's own type says. */
#define PROBE_EXIT                                                                                                     \
	__builtin_choose_expr(                                                                                         \
		__builtin_types_compatible_p(typeof(&check_trace_callback_type_sched_process_exit),                   \
					     void (*)(void (*)(void *, struct task_struct *))),                       \
		probe_exit, probe_exit_told)

static struct {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
	bool attached;
} hooks[] = {
	{ "sched_process_fork", probe_fork },
	{ "sched_process_exec", probe_exec },
	{ "sched_process_exit", PROBE_EXIT },
	{ "signal_deliver", probe_signal },
	{ "task_rename", probe_rename },
	{ "sys_exit", probe_sys_exit },
};

/* Page faults are too many to be looked at in vain: attached to only while somebody asks for them. Not every machine has it. */
static struct {
	struct tracepoint *tracepoint;
	bool attached;
} page_faults;

static void find(struct tracepoint *tracepoint, void *unused)
{
	int i;

	if (!strcmp(tracepoint->name, "page_fault_user"))
		page_faults.tracepoint = tracepoint;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (!strcmp(tracepoint->name, hooks[i].name))
			hooks[i].tracepoint = tracepoint;
}

int kestrel_probes_setup(void)
{
	int i;

	/* The compiler compares the probes with what the kernel's headers say of their tracepoints. */
	check_trace_callback_type_sched_process_fork(probe_fork);
	check_trace_callback_type_sched_process_exec(probe_exec);
	check_trace_callback_type_sched_process_exit(PROBE_EXIT);
	check_trace_callback_type_signal_deliver(probe_signal);
	check_trace_callback_type_task_rename(probe_rename);
	check_trace_callback_type_sys_exit(probe_sys_exit);
#ifdef CONFIG_X86_64
	check_trace_callback_type_page_fault_user(probe_page_fault);
#endif

	kestrel_rs_tables(&kestrel_wanted);
	for_each_kernel_tracepoint(find, NULL);
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (!hooks[i].tracepoint) {
			pr_err("kestrel: this kernel has no tracepoint %s\n", hooks[i].name);
			return -ENOENT;
		}
	}
	return 0;
}

int kestrel_probes_attach(void)
{
	int i, error;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].attached)
			continue;
		error = tracepoint_probe_register(hooks[i].tracepoint, hooks[i].probe, NULL);
		if (error) {
			pr_err("kestrel: cannot attach to %s: error %d\n", hooks[i].name, error);
			kestrel_probes_detach();
			return error;
		}
		hooks[i].attached = true;
	}
	kestrel_uring_attach();
	kestrel_probes_adjust();
	return 0;
}

/* Attaches to what is attached to on request alone, or detaches from it, as is asked for now. */
void kestrel_probes_adjust(void)
{
	bool wanted = page_faults.tracepoint && kestrel_rs_wants_page_faults(&kestrel_wanted);

	if (wanted == page_faults.attached)
		return;
	if (!wanted) {
		tracepoint_probe_unregister(page_faults.tracepoint, probe_page_fault, NULL);
		page_faults.attached = false;
	} else if (tracepoint_probe_register(page_faults.tracepoint, probe_page_fault, NULL)) {
		pr_warn("kestrel: cannot attach to page_fault_user: page faults are not recorded\n");
	} else {
		page_faults.attached = true;
	}
}

/* Afterwards no probe runs any more, on any CPU, and none of their wake-ups is under way. */
void kestrel_probes_detach(void)
{
	int i;

	for (i = ARRAY_SIZE(hooks) - 1; i >= 0; i--) {
		if (!hooks[i].attached)
			continue;
		tracepoint_probe_unregister(hooks[i].tracepoint, hooks[i].probe, NULL);
		hooks[i].attached = false;
	}
	kestrel_uring_detach();
	if (page_faults.attached)
		tracepoint_probe_unregister(page_faults.tracepoint, probe_page_fault, NULL);
	page_faults.attached = false;
	tracepoint_synchronize_unregister();
	kestrel_rings_quiesce();
}
