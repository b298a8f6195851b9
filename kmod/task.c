// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Who a task is: ids, namespaces, terminal, cgroup; and who inherits its children. */
#include <linux/audit.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/kdev_t.h>
#include <linux/mnt_namespace.h>
#include <linux/ns_common.h>
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_ns.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/tty.h>
#include <linux/uidgid.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "compat.h"
#include "kestrel.h"

/*
 * struct mnt_namespace is private to the kernel's fs/. Its ns_common has been its first member since 5.11 (before, a
 * counter stood in front); whether it is so here is checked once, on the namespace of whoever loads the module.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
#define MNT_NS_COMMON 0
#else
#define MNT_NS_COMMON sizeof(long)
#endif

static bool mnt_ns_known __read_mostly;

static const struct ns_common *mnt_ns_common(const struct mnt_namespace *ns)
{
	return (const void *)ns + MNT_NS_COMMON;
}

void kestrel_task_setup(void)
{
	const struct proc_ns_operations *ops;
	const struct ns_common *ns;
	char name[4] = {};
	const char *at;

	if (!current->nsproxy || !current->nsproxy->mnt_ns)
		return;
	ns = mnt_ns_common(current->nsproxy->mnt_ns);
	if (!copy_from_kernel_nofault(&ops, &ns->ops, sizeof(ops)) &&
	    !copy_from_kernel_nofault(&at, &ops->name, sizeof(at)) &&
	    !copy_from_kernel_nofault(name, at, sizeof(name)))
		mnt_ns_known = !memcmp(name, "mnt", sizeof(name));
	if (!mnt_ns_known)
		pr_notice("kestrel: mount namespaces are laid out otherwise in this kernel; they are recorded as 0\n");
}

static u32 mnt_ns_of(struct task_struct *task)
{
	struct nsproxy *proxy = READ_ONCE(task->nsproxy);

	return mnt_ns_known && proxy ? mnt_ns_common(proxy->mnt_ns)->inum : 0;
}

/* What `pid` is called in the namespace `ns`; 0 if it has no number there. */
static u32 number_in(const struct pid *pid, const struct pid_namespace *ns)
{
	if (!pid || ns->level > pid->level || pid->numbers[ns->level].ns != ns)
		return 0;
	return pid->numbers[ns->level].nr;
}

static u32 tty_number(const struct task_struct *task)
{
	struct tty_struct *tty = task->signal->tty;

	return tty ? new_encode_dev(tty_devnum(tty)) : 0;
}

/*
 * Number of the controlling terminal. The lock keeps it from going away; of our tracepoints, only that of signals is where it
 * is held. Most tasks of a server have none, and are found out without it.
 */
static noinline u32 tty_of(struct task_struct *task, bool locked)
{
	struct sighand_struct *sighand;
	unsigned long flags;
	u32 number;

	if (locked)
		return tty_number(task);
	sighand = rcu_dereference_sched(task->sighand);
	if (!sighand)
		return 0;
	if (!kestrel_siglock(sighand, &flags))
		return 0;
	number = tty_number(task);
	kestrel_sigunlock(sighand, flags);
	return number;
}

/* The numbers of the task in a pid namespace that is not the first one. */
static noinline void fill_virtual(struct task_struct *task, const struct pid_namespace *ns, struct kestrel_task *out)
{
	out->vtid = ns ? number_in(task_pid(task), ns) : 0;
	out->vpid = ns ? number_in(task_tgid(task), ns) : 0;
	out->vpgid = ns ? number_in(task_pgrp(task), ns) : 0;
}

/*
 * `task` is the running task, or a child of it that does not run yet. `locked` says that the lock of its signals is held.
 * Preemption is off, as it is wherever records are written: what RCU protects stays meanwhile. What is seldom needed has
 * functions of its own, so that no register is saved here.
 */
static __always_inline void fill_task(struct task_struct *task, struct kestrel_task *out, bool locked)
{
	const struct signal_struct *signal = task->signal;
	const struct pid *pid = task_pid(task), *pgrp = task_pgrp(task), *sid = task_session(task);
	const struct pid_namespace *ns = ns_of_pid((struct pid *)pid);
	const struct cred *cred = rcu_dereference_sched(task->real_cred);

	out->start_time = task->group_leader->start_boottime;
#ifdef CONFIG_CGROUPS
	out->cgroup = cgroup_id(task_dfl_cgroup(task));
#else
	out->cgroup = 0;
#endif
	out->tid = task->pid;
	out->pid = task->tgid;
	out->ppid = rcu_dereference_sched(task->real_parent)->tgid;
	/* The kernel's own ids are those of the initial user namespace. */
	out->uid = __kuid_val(cred->uid);
	out->euid = __kuid_val(cred->euid);
	out->gid = __kgid_val(cred->gid);
	out->egid = __kgid_val(cred->egid);
	out->loginuid = __kuid_val(audit_get_loginuid(task));
	out->sid = sid ? sid->numbers[0].nr : 0;
	out->pgid = pgrp ? pgrp->numbers[0].nr : 0;
	out->mnt_ns = mnt_ns_of(task);
	out->pid_ns = ns ? ns->ns.inum : 0;
	if (likely(ns == &init_pid_ns)) {
		/* The numbers there are those everywhere else. */
		out->vtid = out->tid;
		out->vpid = out->pid;
		out->vpgid = out->pgid;
	} else {
		fill_virtual(task, ns, out);
	}
	/* Changed under a lock of its own, but always NUL-terminated. */
	memcpy(out->comm, task->comm, sizeof(out->comm));
	out->comm[sizeof(out->comm) - 1] = 0;
	out->tty = likely(!READ_ONCE(signal->tty)) ? 0 : tty_of(task, locked);
}

void kestrel_fill_task(struct task_struct *task, struct kestrel_task *out)
{
	fill_task(task, out, false);
}

void kestrel_current_task(struct kestrel_task *out)
{
	fill_task(current, out, false);
}

/* The running task, where the lock of its signals is held. */
void kestrel_receiving_task(struct kestrel_task *out)
{
	fill_task(current, out, true);
}

/* What is to be had of the running task without looking far. */
void kestrel_current_identity(struct kestrel_identity *out)
{
	/* A task's own credentials do not change under it. */
	const struct cred *cred = current_cred();

	out->tid = current->pid;
	out->pid = current->tgid;
	out->uid = __kuid_val(cred->uid);
	out->euid = __kuid_val(cred->euid);
	out->gid = __kgid_val(cred->gid);
	out->egid = __kgid_val(cred->egid);
	out->loginuid = __kuid_val(audit_get_loginuid(current));
	out->reserved = 0;
	memcpy(out->comm, current->comm, sizeof(out->comm));
	out->comm[sizeof(out->comm) - 1] = 0;
}

/* The process of a task: every thread has the same. */
struct kestrel_process kestrel_process_of(struct task_struct *task)
{
	return (struct kestrel_process){ .pid = task->tgid, .start_time = task->group_leader->start_boottime };
}

/* Most threads, and most ancestors, that are looked at in search of a reaper. */
#define MOST_THREADS 256
#define MOST_ANCESTORS 64

static struct task_struct *living_thread(struct task_struct *process)
{
	struct task_struct *thread;
	int n = 0;

	for_each_thread(process, thread) {
		if (!(READ_ONCE(thread->flags) & PF_EXITING))
			return thread;
		if (++n == MOST_THREADS)
			break;
	}
	return NULL;
}

/*
 * The task that inherits the children of `task`, which is about to end: another thread, else the nearest ancestor that
 * asked to be a subreaper, else the init of its pid namespace. 0 if it has no children. The rules are those of
 * find_new_reaper() in the kernel's exit.c, looked at a moment earlier.
 */
u32 kestrel_reaper_of(struct task_struct *task)
{
	struct task_struct *reaper, *ancestor, *init;
	struct pid_namespace *ns;
	int n;

	if (list_empty(&task->children))
		return 0;
	rcu_read_lock();
	reaper = living_thread(task);
	ns = ns_of_pid(task_pid(task));
	init = ns ? READ_ONCE(ns->child_reaper) : NULL;
	if (!reaper && task->signal->has_child_subreaper) {
		ancestor = rcu_dereference(task->real_parent);
		for (n = 0; n < MOST_ANCESTORS && !reaper && ancestor != init && ancestor != &init_task; n++) {
			if (ancestor->signal->is_child_subreaper)
				reaper = living_thread(ancestor);
			ancestor = rcu_dereference(ancestor->real_parent);
		}
	}
	if (!reaper)
		reaper = init;
	n = reaper ? reaper->pid : 0;
	rcu_read_unlock();
	return n;
}
