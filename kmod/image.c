// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* The process image as exec left it, and figures of the running task. */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/file.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "compat.h"
#include "kestrel.h"

static u64 nanoseconds(struct timespec64 time)
{
	return time.tv_sec < 0 ? 0 : timespec64_to_ns(&time);
}

/*
 * May who runs the file write it, or make it so? Owner, group and mode bits are looked at, and the capabilities that
 * override them; access control lists and identity-mapped mounts are not.
 */
static bool writable(const struct inode *inode, const struct cred *cred)
{
	umode_t mode = READ_ONCE(inode->i_mode);

	if (cap_raised(cred->cap_effective, CAP_DAC_OVERRIDE) || cap_raised(cred->cap_effective, CAP_FOWNER))
		return true;
	if (uid_eq(cred->fsuid, inode->i_uid))
		return true;
	if (mode & S_IWOTH)
		return true;
	return (mode & S_IWGRP) && in_group_p(inode->i_gid);
}

static void fill_executable(struct kestrel_image *out, const struct cred *cred)
{
	struct file *file = kestrel_get_exe_file();
	const struct inode *inode;
	bool upper;

	if (!file)
		return;
	inode = file_inode(file);
	out->exe_ino = inode->i_ino;
	out->exe_ctime = nanoseconds(kestrel_ctime(inode));
	out->exe_mtime = nanoseconds(kestrel_mtime(inode));
	if (writable(inode, cred))
		out->exe_flags |= KESTREL_EXE_WRITABLE;
	if (kestrel_is_memfd(file))
		out->exe_flags |= KESTREL_EXE_FROM_MEMFD;
	if (kestrel_on_overlay(file, &upper))
		out->exe_flags |= upper ? KESTREL_EXE_UPPER_LAYER : KESTREL_EXE_LOWER_LAYER;
	fput(file);
}

/* When the init of the task's pid namespace started, on the wall clock. */
static u64 namespace_start(void)
{
	struct pid_namespace *ns = ns_of_pid(task_pid(current));
	struct task_struct *init = ns ? READ_ONCE(ns->child_reaper) : NULL;
	u64 boot = ktime_get_boot_fast_ns(), now = ktime_get_real_fast_ns();

	if (!init || now < boot)
		return 0;
	return now - boot + init->start_boottime;
}

void kestrel_current_image(struct kestrel_image *out)
{
	const struct cred *cred = current_cred();
	struct mm_struct *mm = current->mm;

	memset(out, 0, sizeof(*out));
	out->fdlimit = rlimit(RLIMIT_NOFILE);
	out->pgft_maj = current->maj_flt;
	out->pgft_min = current->min_flt;
	out->cap_inheritable = kestrel_cap_bits(cred->cap_inheritable);
	out->cap_permitted = kestrel_cap_bits(cred->cap_permitted);
	out->cap_effective = kestrel_cap_bits(cred->cap_effective);
	rcu_read_lock();
	out->pidns_init_start = namespace_start();
	rcu_read_unlock();
	if (!mm)
		return;
	out->vm_size = mm->total_vm << (PAGE_SHIFT - 10);
	out->vm_rss = get_mm_rss(mm) << (PAGE_SHIFT - 10);
	out->vm_swap = get_mm_counter(mm, MM_SWAPENTS) << (PAGE_SHIFT - 10);
	fill_executable(out, cred);
}
