// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The devices /dev/kestrelN, one a possible CPU, and the session: who consumes, what was agreed on, and how long the
 * capture outlives its consumer. The contract is kestrel_core::abi.
 */
#include <linux/capability.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "kestrel.h"

/* kestrel_core::abi::Request */
#define KESTREL_HELLO _IOWR('K', 1, u8[KESTREL_FRAME_BYTES])
#define KESTREL_SET_INTEREST _IOW('K', 2, u8[KESTREL_INTEREST_BYTES])
#define KESTREL_START _IO('K', 3)
#define KESTREL_STOP _IO('K', 4)
#define KESTREL_SET_FILTER _IOWR('K', 5, struct kestrel_filter_load)
#define KESTREL_GET_COUNTS _IOR('K', 6, struct kestrel_counts)
#define KESTREL_MARK _IOW('K', 7, struct kestrel_mark)
#define KESTREL_KNOWN _IO('K', 8)

static dev_t first;
static struct cdev cdev;
static struct class *class;
static unsigned int retention_ms;
static bool retain_all;

static void retention_over(struct work_struct *work);
static DECLARE_DELAYED_WORK(retention, retention_over);

/*
 * Protected by the lock, but for the one word that mmap reads. Nothing here is looked at by a probe.
 *
 * NOTE: mmap is called with the process's memory map locked, and so takes no lock itself; and user memory is touched only
 * while this lock is not held.
 */
static DEFINE_MUTEX(session_lock);
static struct {
	struct pid *owner;	/* the process that holds devices open */
	unsigned int opens;
	bool greeted;		/* HELLO was accepted since the first of them was opened */
	bool retained;		/* and the capture was going on already then */
	bool capturing;
	unsigned long until;	/* nobody has it open: when the capture ends, in jiffies */
} session;

static void stop_capture(void)
{
	if (!session.capturing)
		return;
	kestrel_probes_detach();
	session.capturing = false;
}

static void await_next_consumer(void)
{
	unsigned long now = jiffies;

	schedule_delayed_work(&retention, time_after(session.until, now) ? session.until - now : 0);
}

static void retention_over(struct work_struct *work)
{
	mutex_lock(&session_lock);
	if (!session.opens && session.capturing) {
		if (time_after(session.until, jiffies))
			await_next_consumer();
		else
			stop_capture();
	}
	mutex_unlock(&session_lock);
}

static int device_open(struct inode *inode, struct file *file)
{
	unsigned int cpu = iminor(inode) - MINOR(first);
	int error = 0;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (cpu >= nr_cpu_ids || !cpu_possible(cpu))
		return -ENXIO;
	file->private_data = per_cpu_ptr(kestrel_rings, cpu);

	mutex_lock(&session_lock);
	if (!session.opens) {
		session.owner = get_pid(task_tgid(current));
		session.greeted = false;
		cancel_delayed_work(&retention);
	} else if (session.owner != task_tgid(current)) {
		error = -EBUSY;
	}
	if (!error)
		session.opens++;
	mutex_unlock(&session_lock);
	return error ? error : nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	mutex_lock(&session_lock);
	if (!--session.opens) {
		put_pid(session.owner);
		session.owner = NULL;
		/* The next consumer may have other rules. */
		kestrel_program_replace(NULL);
		kestrel_names_doubt();
		if (session.capturing && session.greeted && !retain_all) {
			kestrel_rs_lifecycle_only(&kestrel_wanted);
			kestrel_probes_adjust();
		}
		if (session.capturing) {
			/* Who opened and was turned away does not make it last longer. */
			if (session.greeted)
				session.until = jiffies + msecs_to_jiffies(retention_ms);
			if (retention_ms)
				await_next_consumer();
			else
				stop_capture();
		}
	}
	mutex_unlock(&session_lock);
	return 0;
}

/* HELLO: the first that was accepted begins the session. */
static int greet(struct kestrel_frame *frame)
{
	struct kestrel_facts facts = { .ring_bytes = kestrel_ring_bytes, .cpus = nr_cpu_ids };
	int error;

	facts.retained = session.greeted ? session.retained : session.capturing;
	error = kestrel_rs_hello(frame, &facts);
	if (error || session.greeted)
		return error;
	/*
	 * A capture that goes on keeps its rings and what was asked for: the consumer finds in them how far the last one
	 * came.
	 */
	if (!session.capturing) {
		static const struct kestrel_interest nothing;

		kestrel_rings_reset();
		kestrel_rs_interest(&kestrel_wanted, &nothing);
	}
	session.retained = session.capturing;
	smp_store_release(&session.greeted, true);
	return 0;
}

static int start_capture(void)
{
	static const struct kestrel_mark none = { .clear = ~0ULL };
	int error;

	if (session.capturing)
		return 0;
	/* Who forked or ended since the last capture, nobody saw. */
	kestrel_marks_change(&none);
	kestrel_names_begin();
	error = kestrel_probes_attach();
	session.capturing = !error;
	return error;
}

static long hello(void __user *argument)
{
	struct kestrel_frame frame;
	int error;

	if (copy_from_user(&frame, argument, sizeof(frame)))
		return -EFAULT;
	mutex_lock(&session_lock);
	error = greet(&frame);
	mutex_unlock(&session_lock);
	return copy_to_user(argument, &frame, sizeof(frame)) ? -EFAULT : error;
}

static long set_interest(const void __user *argument)
{
	struct kestrel_interest interest;

	if (copy_from_user(&interest, argument, sizeof(interest)))
		return -EFAULT;
	mutex_lock(&session_lock);
	kestrel_rs_interest(&kestrel_wanted, &interest);
	if (session.capturing)
		kestrel_probes_adjust();
	mutex_unlock(&session_lock);
	return 0;
}

static long set_filter(void __user *argument)
{
	struct kestrel_filter_load load;
	struct kestrel_program *program;
	int error;

	if (copy_from_user(&load, argument, sizeof(load)))
		return -EFAULT;
	load.why = 0;
	load.at = 0;
	error = kestrel_program_make(&load, &program);
	if (copy_to_user(argument, &load, sizeof(load)) && !error) {
		error = -EFAULT;
		kestrel_program_discard(program);
	}
	if (error)
		return error;
	mutex_lock(&session_lock);
	kestrel_program_replace(program);
	mutex_unlock(&session_lock);
	return 0;
}

/* Marks are kept while the capture goes on. */
static long mark(const void __user *argument)
{
	struct kestrel_mark mark;
	long error;

	if (copy_from_user(&mark, argument, sizeof(mark)))
		return -EFAULT;
	mutex_lock(&session_lock);
	error = session.capturing ? kestrel_marks_change(&mark) : -ENODATA;
	mutex_unlock(&session_lock);
	return error;
}

/* What processes are called is told while the capture goes on. */
static long known(void)
{
	long error = -ENODATA;

	mutex_lock(&session_lock);
	if (session.capturing) {
		kestrel_names_known();
		error = 0;
	}
	mutex_unlock(&session_lock);
	return error;
}

static long get_counts(void __user *argument)
{
	struct kestrel_counts *counts = kvmalloc(sizeof(*counts), GFP_KERNEL);
	long error;

	if (!counts)
		return -ENOMEM;
	kestrel_rings_counts(counts);
	error = copy_to_user(argument, counts, sizeof(*counts)) ? -EFAULT : 0;
	kvfree(counts);
	return error;
}

static long start_or_stop(bool start)
{
	int error = 0;

	mutex_lock(&session_lock);
	if (start)
		error = start_capture();
	else
		stop_capture();
	mutex_unlock(&session_lock);
	return error;
}

/* Once it was accepted, HELLO stays so for as long as the file is open. */
static bool greeted(void)
{
	return smp_load_acquire(&session.greeted);
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long argument)
{
	void __user *user = (void __user *)argument;

	if (command == KESTREL_HELLO)
		return hello(user);
	if (!greeted())
		return -ENOTCONN;
	switch (command) {
	case KESTREL_SET_INTEREST:
		return set_interest(user);
	case KESTREL_START:
		return start_or_stop(true);
	case KESTREL_STOP:
		return start_or_stop(false);
	case KESTREL_SET_FILTER:
		return set_filter(user);
	case KESTREL_GET_COUNTS:
		return get_counts(user);
	case KESTREL_MARK:
		return mark(user);
	case KESTREL_KNOWN:
		return known();
	default:
		return -ENOTTY;
	}
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	return greeted() ? kestrel_ring_mmap(file->private_data, vma) : -ENOTCONN;
}

static __poll_t device_poll(struct file *file, struct poll_table_struct *table)
{
	struct kestrel_ring *ring = file->private_data;

	poll_wait(file, &ring->readers, table);
	return kestrel_rs_readable(&ring->recorder) ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = device_mmap,
	.poll = device_poll,
};

static char *root_only(KESTREL_DEVNODE_CONST struct device *device, umode_t *mode)
{
	if (mode)
		*mode = 0600;
	return NULL;
}

int kestrel_devices_create(unsigned int retain_ms, bool all)
{
	struct device *device;
	int error, cpu;

	retention_ms = retain_ms;
	retain_all = all;
	error = alloc_chrdev_region(&first, 0, nr_cpu_ids, "kestrel");
	if (error)
		return error;
	class = kestrel_class_create("kestrel");
	if (IS_ERR(class)) {
		error = PTR_ERR(class);
		goto no_class;
	}
	class->devnode = root_only;
	cdev_init(&cdev, &operations);
	cdev.owner = THIS_MODULE;
	error = cdev_add(&cdev, first, nr_cpu_ids);
	if (error)
		goto no_cdev;
	for_each_possible_cpu(cpu) {
		device = device_create(class, NULL, first + cpu, NULL, "kestrel%d", cpu);
		if (IS_ERR(device)) {
			error = PTR_ERR(device);
			goto no_device;
		}
	}
	return 0;

no_device:
	for_each_possible_cpu(cpu)
		device_destroy(class, first + cpu);
	cdev_del(&cdev);
no_cdev:
	class_destroy(class);
no_class:
	unregister_chrdev_region(first, nr_cpu_ids);
	return error;
}

/* Nobody has a device open, since that keeps the module; a capture may still be waiting for its next consumer. */
void kestrel_devices_destroy(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		device_destroy(class, first + cpu);
	cdev_del(&cdev);
	class_destroy(class);
	unregister_chrdev_region(first, nr_cpu_ids);

	cancel_delayed_work_sync(&retention);
	mutex_lock(&session_lock);
	stop_capture();
	mutex_unlock(&session_lock);
}
