// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Marks of processes: who writes the table when. What the table is, kmod/src/marks.rs says.
 *
 * The table is right as long as every fork and every end is seen: from START on, which begins with none marked, to the end of
 * the capture.
 */
#include <linux/errno.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>

#include "kestrel.h"

struct kestrel_marks kestrel_marks;

/* Held by who writes: probes, which do so with preemption off and in no interrupt, and requests of the consumer. */
static DEFINE_RAW_SPINLOCK(lock);

void kestrel_current_process(struct kestrel_process *out)
{
	*out = kestrel_process_of(current);
}

/* The running task made another. Threads have the marks of their process anyway. */
void kestrel_marks_fork(struct task_struct *child)
{
	struct kestrel_process from, to;

	if (!kestrel_marks_used() || child->tgid == current->tgid)
		return;
	from = kestrel_process_of(current);
	to = kestrel_process_of(child);
	raw_spin_lock(&lock);
	kestrel_rs_marks_inherit(&kestrel_marks, &from, &to);
	raw_spin_unlock(&lock);
}

/* The running task's process ended. */
void kestrel_marks_exit(void)
{
	struct kestrel_process process;

	if (!kestrel_marks_used())
		return;
	process = kestrel_process_of(current);
	raw_spin_lock(&lock);
	kestrel_rs_marks_forget(&kestrel_marks, &process);
	raw_spin_unlock(&lock);
}

/*
 * Does the process run, as it was named? With the lock held and a thread alive: then its end, which takes the lock, is still to
 * come. A start that was left open is
 * filled in.
 */
static bool runs(struct kestrel_process *process)
{
	struct task_struct *task;
	bool well = false;

	rcu_read_lock();
	task = pid_task(find_pid_ns(process->pid, &init_pid_ns), PIDTYPE_TGID);
	if (task && atomic_read(&task->signal->live) > 0) {
		struct kestrel_process found = kestrel_process_of(task);

		well = !process->start_time || process->start_time == found.start_time;
		*process = found;
	}
	rcu_read_unlock();
	return well;
}

/* The consumer sets and clears marks; of every process, if it names none. */
int kestrel_marks_change(const struct kestrel_mark *mark)
{
	struct kestrel_process process = { .pid = mark->pid, .start_time = mark->start_time };
	int error = 0;

	if (!process.pid && mark->set)
		return -EINVAL;
	raw_spin_lock(&lock);
	if (!process.pid)
		kestrel_rs_marks_clear(&kestrel_marks, mark->clear);
	else if (!runs(&process))
		error = -ESRCH;
	else if (!kestrel_rs_marks_change(&kestrel_marks, &process, mark->set, mark->clear))
		error = -ENOSPC;
	raw_spin_unlock(&lock);
	return error;
}
