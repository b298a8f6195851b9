/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What changed between the kernels that the module is built for: 5.10 and later. Nothing else asks for a version. */
#ifndef KESTREL_COMPAT_H
#define KESTREL_COMPAT_H

#include <linux/capability.h>
#include <linux/device.h>
#include <linux/fdtable.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/hrtimer.h>
#include <linux/kernfs.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/processor.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/version.h>
#include <net/af_unix.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define kestrel_class_create(name) class_create(name)
#else
#define kestrel_class_create(name) class_create(THIS_MODULE, name)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define KESTREL_DEVNODE_CONST const
#else
#define KESTREL_DEVNODE_CONST
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void kestrel_vm_flags(struct vm_area_struct *vma, unsigned long set, unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#else
static inline void kestrel_vm_flags(struct vm_area_struct *vma, unsigned long set, unsigned long clear)
{
	vm_flags_mod(vma, set, clear);
}
#endif

static inline void kestrel_timer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	timer->function = function;
#endif
}

static inline struct socket *kestrel_sock_from_file(struct file *file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	return sock_from_file(file);
#else
	int error;

	return sock_from_file(file, &error);
#endif
}

/*
 * The file of a descriptor that nobody but the running task has, without a reference, or NULL if it is not open. False if this
 * kernel does not tell.
 */
static inline bool kestrel_own_file(struct files_struct *files, unsigned int fd, struct file **file)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 11, 0)
	*file = files_lookup_fd_raw(files, fd);
	return true;
#else
	return false;
#endif
}

/* A reference to the file that an RCU-protected pointer holds, or NULL. The caller is in a read-side section. */
static inline struct file *kestrel_get_file_rcu(struct file __rcu **where)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return get_file_rcu(where);
#else
	struct file *file = rcu_dereference(*where);

	return file && get_file_rcu(file) ? file : NULL;
#endif
}

static inline struct timespec64 kestrel_ctime(const struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return inode_get_ctime(inode);
#else
	return inode->i_ctime;
#endif
}

static inline struct timespec64 kestrel_mtime(const struct inode *inode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return inode_get_mtime(inode);
#else
	return inode->i_mtime;
#endif
}

static inline u64 kestrel_cap_bits(kernel_cap_t cap)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	return cap.val;
#else
	return (u64)cap.cap[1] << 32 | cap.cap[0];
#endif
}

/* The name of a node of a pseudo file system. The caller is in a read-side section. */
static inline const char *kestrel_kernfs_name(const struct kernfs_node *node)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0)
	return rcu_dereference(node->name);
#else
	return node->name;
#endif
}

/*
 * A lock that is taken where nothing may sleep. With PREEMPT_RT a spinlock is one that sleeps, so it is only tried: often
 * enough that a holder on another CPU is done, not so often that a holder that was preempted on this one would stop us.
 */
#define KESTREL_LOCK_TRIES 64

#ifdef CONFIG_PREEMPT_RT
#define kestrel_try(try)                                                                                               \
	({                                                                                                             \
		int tries_ = KESTREL_LOCK_TRIES;                                                                       \
		bool taken_;                                                                                           \
		while (!(taken_ = (try)) && --tries_)                                                                  \
			cpu_relax();                                                                                   \
		taken_;                                                                                                \
	})
#endif

/* Keeps a process's terminal from changing; false if the lock cannot be had. */
static inline bool kestrel_siglock(struct sighand_struct *sighand, unsigned long *flags)
{
#ifdef CONFIG_PREEMPT_RT
	*flags = 0;
	return kestrel_try(spin_trylock(&sighand->siglock));
#else
	spin_lock_irqsave(&sighand->siglock, *flags);
	return true;
#endif
}

static inline void kestrel_sigunlock(struct sighand_struct *sighand, unsigned long flags)
{
#ifdef CONFIG_PREEMPT_RT
	spin_unlock(&sighand->siglock);
#else
	spin_unlock_irqrestore(&sighand->siglock, flags);
#endif
}

/* Keeps a process's working directory from changing; false if the lock cannot be had. Nothing sleeps in between. */
static inline bool kestrel_fs_lock(struct fs_struct *fs)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define KESTREL_FS_LOCK (&fs->seq.lock)
#else
#define KESTREL_FS_LOCK (&fs->lock)
#endif
#ifdef CONFIG_PREEMPT_RT
	return kestrel_try(spin_trylock(KESTREL_FS_LOCK));
#else
	spin_lock(KESTREL_FS_LOCK);
	return true;
#endif
}

static inline void kestrel_fs_unlock(struct fs_struct *fs)
{
	spin_unlock(KESTREL_FS_LOCK);
}

/* Keeps the peer of an AF_UNIX socket from being replaced; false if the lock cannot be had. unix_state_unlock() gives it back. */
static inline bool kestrel_unix_lock(struct sock *sk)
{
#ifdef CONFIG_PREEMPT_RT
	return kestrel_try(spin_trylock(&unix_sk(sk)->lock));
#else
	unix_state_lock(sk);
	return true;
#endif
}

/* The root of a process, as it is at one moment. The caller is in a read-side section, and takes no reference. */
static inline void kestrel_root_of(struct fs_struct *fs, struct path *root)
{
	unsigned int seq;

	do {
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
		seq = read_seqbegin(&fs->seq);
		*root = fs->root;
	} while (read_seqretry(&fs->seq, seq));
#else
		seq = read_seqcount_begin(&fs->seq);
		*root = fs->root;
	} while (read_seqcount_retry(&fs->seq, seq));
#endif
}

/* For functions that are called very often, and write to no memory by an address that they are given or that they count. */
#if __has_attribute(no_stack_protector)
#define KESTREL_NO_STACK_PROTECTOR __attribute__((no_stack_protector))
#else
#define KESTREL_NO_STACK_PROTECTOR
#endif

/* For what is written in full before it is read: kernels are built so that everything else on the stack is zeroed first. */
#if __has_attribute(uninitialized)
#define KESTREL_UNINITIALIZED __attribute__((uninitialized))
#else
#define KESTREL_UNINITIALIZED
#endif

#endif
