// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The program that events are judged by: its memory, and how a new one takes the place of the old.
 *
 *   the caller's bytes ─copy─▶ pages, mapped writable ─map again, read-only─▶ verify (Rust) ─▶ published by RCU
 *
 * What is verified is what is evaluated: from before the verification on, there is no writable mapping of it. Probes find the
 * program by one pointer, with preemption off; the old one is freed when none of them can hold it any more.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "kestrel.h"

struct kestrel_program __rcu *kestrel_program;

/* Frees a program that is not in force, or not any more; NULL is fine. */
void kestrel_program_discard(struct kestrel_program *program)
{
	size_t i;

	if (!program)
		return;
	if (program->area)
		vunmap(program->area);
	for (i = 0; i < program->count && program->pages[i]; i++)
		__free_page(program->pages[i]);
	kvfree(program->pages);
	kfree(program);
}

static struct kestrel_program *allocate(size_t len)
{
	struct kestrel_program *program = kzalloc(sizeof(*program), GFP_KERNEL);
	size_t i;

	if (!program)
		return NULL;
	program->count = PAGE_ALIGN(len) / PAGE_SIZE;
	program->pages = kvcalloc(program->count, sizeof(*program->pages), GFP_KERNEL);
	if (!program->pages) {
		program->count = 0;
		goto no_memory;
	}
	for (i = 0; i < program->count; i++) {
		program->pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
		if (!program->pages[i])
			goto no_memory;
	}
	return program;

no_memory:
	kestrel_program_discard(program);
	return NULL;
}

static int copy_in(struct kestrel_program *program, const void __user *from, size_t len)
{
	void *writable = vmap(program->pages, program->count, VM_MAP, PAGE_KERNEL);
	int error;

	if (!writable)
		return -ENOMEM;
	error = copy_from_user(writable, from, len) ? -EFAULT : 0;
	vunmap(writable);
	return error;
}

/*
 * Makes a program of the caller's bytes: 0, and `made` is it; or why not, and then `load` says more. Nothing is in force yet.
 * User memory is read: no lock is held.
 */
int kestrel_program_make(struct kestrel_filter_load *load, struct kestrel_program **made)
{
	struct kestrel_program *program;
	int error;

	*made = NULL;
	if (!load->len)
		return 0;
	if (load->len > KESTREL_PROGRAM_MAX) {
		load->why = KESTREL_TOO_LONG;
		return -EINVAL;
	}
	program = allocate(load->len);
	if (!program)
		return -ENOMEM;
	error = copy_in(program, u64_to_user_ptr(load->address), load->len);
	if (error)
		goto failed;
	program->area = vmap(program->pages, program->count, VM_MAP, PAGE_KERNEL_RO);
	if (!program->area) {
		error = -ENOMEM;
		goto failed;
	}
	error = kestrel_rs_filter(program->view, program->area, load->len, load);
	if (error)
		goto failed;
	*made = program;
	return 0;

failed:
	kestrel_program_discard(program);
	return error;
}

/* Puts a program in force, or none, and frees the one before. Callers keep each other out. */
void kestrel_program_replace(struct kestrel_program *program)
{
	struct kestrel_program *old = rcu_dereference_protected(kestrel_program, true);

	if (program == old)
		return;
	rcu_assign_pointer(kestrel_program, program);
	synchronize_rcu();
	kestrel_program_discard(old);
}
