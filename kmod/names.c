// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * What processes are called: who writes the table when, and the comm that is looked at before it. What the table is,
 * kmod/src/names.rs says.
 *
 * The table is right as long as every renaming, fork, exec and end is seen: from START on, which begins with none, to the end of
 * the capture. What is in it is the name that the process had before a thread was renamed; what is not, is called as its first
 * thread. The consumer reads in /proc what processes are called that were there before; until it has, nothing is told.
 */
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "kestrel.h"

struct kestrel_names kestrel_names;

/* Held by who writes: probes, which do so with preemption off and in no interrupt, and requests of the consumer. */
static DEFINE_RAW_SPINLOCK(lock);

/* The consumer knows the processes that there were before it. */
static bool known;

/* Nobody keeps the comm from being changed meanwhile: then the table holds the name. */
static struct kestrel_named named(struct task_struct *task)
{
	struct kestrel_named out = { .process = kestrel_process_of(task) };

	memcpy(out.comm, task->group_leader->comm, sizeof(out.comm));
	out.comm[sizeof(out.comm) - 1] = 0;
	return out;
}

/*
 * The running task's process, or its ancestor of this generation, by the comm of its first thread. -ESRCH if there is none, -EAGAIN
 * if it is not known what it is called.
 */
int kestrel_named(u32 generation, struct kestrel_named *out)
{
	struct task_struct *task = current;
	int error = 0;

	if (!smp_load_acquire(&known))
		return -EAGAIN;
	rcu_read_lock();
	for (; generation && !error; generation--) {
		task = rcu_dereference(task->real_parent);
		/* One that ends is about to be replaced; what kernel threads are called, /proc embellishes. */
		if (!task->tgid)
			error = -ESRCH;
		else if (READ_ONCE(task->flags) & (PF_EXITING | PF_KTHREAD))
			error = -EAGAIN;
	}
	if (!error)
		*out = named(task);
	rcu_read_unlock();
	/* Before the table is looked at. */
	smp_rmb();
	return error;
}

/* A task is about to have another comm. */
void kestrel_names_rename(struct task_struct *task)
{
	struct kestrel_named before;

	if (task->flags & PF_KTHREAD)
		return;
	raw_spin_lock(&lock);
	/* With the lock held: whoever renames the first thread meanwhile waits for it before the comm changes. */
	before = named(task);
	kestrel_rs_names_rename(&kestrel_names, &before, known);
	raw_spin_unlock(&lock);
	/* The table is written before the comm is. */
	smp_wmb();
}

/* The running task made another. */
void kestrel_names_fork(struct task_struct *child)
{
	struct kestrel_named from, to;

	if (child->tgid == current->tgid)
		return;
	from = named(current);
	to = named(child);
	/* The table is looked at after the comm. */
	smp_rmb();
	if (!kestrel_names_used() && !strncmp(from.comm, to.comm, sizeof(to.comm)))
		return;
	raw_spin_lock(&lock);
	from = named(current);
	kestrel_rs_names_fork(&kestrel_names, &from, &to);
	raw_spin_unlock(&lock);
}

/* The running task runs a new program, of which there is a record already. */
void kestrel_names_exec(const char *filename, size_t len)
{
	struct kestrel_process process = kestrel_process_of(current);
	char executable[16] = "";
	const bool told = kestrel_rs_names_nothing(filename, len) && kestrel_executable_name(executable, sizeof(executable));

	raw_spin_lock(&lock);
	kestrel_rs_names_exec(&kestrel_names, &process, filename, len, told ? executable : NULL);
	raw_spin_unlock(&lock);
}

/* The running task's process ended. */
void kestrel_names_exit(void)
{
	struct kestrel_process process;

	if (!kestrel_names_used())
		return;
	process = kestrel_process_of(current);
	raw_spin_lock(&lock);
	kestrel_rs_names_forget(&kestrel_names, &process);
	raw_spin_unlock(&lock);
}

/* A capture begins. */
void kestrel_names_begin(void)
{
	raw_spin_lock(&lock);
	known = false;
	kestrel_rs_names_forget_all(&kestrel_names);
	raw_spin_unlock(&lock);
}

/* The consumer knows who there was before. */
void kestrel_names_known(void)
{
	raw_spin_lock(&lock);
	smp_store_release(&known, true);
	raw_spin_unlock(&lock);
}

/* The consumer goes: the next one reads in /proc again. */
void kestrel_names_doubt(void)
{
	raw_spin_lock(&lock);
	known = false;
	kestrel_rs_names_doubt(&kestrel_names);
	raw_spin_unlock(&lock);
}
