// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The memory of the rings, and waking who reads them.
 *
 *   page 0          consumer page: the reader's, writable by it
 *   page 1          producer page
 *   page 2 ..       data, and then the same pages again, so that every record is one piece
 *
 * The same order in the kernel's mapping and in the reader's. What a record means is Rust's business.
 */
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "compat.h"
#include "kestrel.h"

struct kestrel_ring __percpu *kestrel_rings;
size_t kestrel_ring_bytes;

static size_t data_pages(void)
{
	return kestrel_ring_bytes / PAGE_SIZE;
}

/* An interrupt of its own, because a probe must not take the locks that waking takes. */
static void wake_now_or_later(struct irq_work *work)
{
	struct kestrel_ring *ring = container_of(work, struct kestrel_ring, wake_work);
	u64 after_ns = READ_ONCE(ring->wake_after_ns);

	if (after_ns == KESTREL_WAKE_NOW)
		wake_up_interruptible(&ring->readers);
	else
		hrtimer_start(&ring->wake_timer, ns_to_ktime(after_ns), HRTIMER_MODE_REL);
}

static enum hrtimer_restart wake_time(struct hrtimer *timer)
{
	wake_up_interruptible(&container_of(timer, struct kestrel_ring, wake_timer)->readers);
	return HRTIMER_NORESTART;
}

void kestrel_ring_wake_now(struct kestrel_ring *ring, u64 answer)
{
	WRITE_ONCE(ring->wake_after_ns, answer);
	irq_work_queue(&ring->wake_work);
}

static int create(struct kestrel_ring *ring, int node)
{
	size_t i, own = 2 + data_pages(), mapped = own + data_pages();
	struct page **pages;

	pages = kvcalloc(mapped, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < own; i++) {
		pages[i] = alloc_pages_node(node, GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, 0);
		if (!pages[i])
			goto no_memory;
	}
	for (; i < mapped; i++)
		pages[i] = pages[i - data_pages()];
	ring->area = vmap(pages, mapped, VM_MAP | VM_USERMAP, PAGE_KERNEL);
	if (!ring->area)
		goto no_memory;
	ring->pages = pages;
	init_irq_work(&ring->wake_work, wake_now_or_later);
	kestrel_timer_setup(&ring->wake_timer, wake_time);
	init_waitqueue_head(&ring->readers);
	return 0;

no_memory:
	for (i = 0; i < own && pages[i]; i++)
		__free_page(pages[i]);
	kvfree(pages);
	return -ENOMEM;
}

static void destroy(struct kestrel_ring *ring)
{
	size_t i;

	if (!ring->area)
		return;
	vunmap(ring->area);
	for (i = 0; i < 2 + data_pages(); i++)
		__free_page(ring->pages[i]);
	kvfree(ring->pages);
	ring->area = NULL;
}

int kestrel_rings_create(unsigned int kib)
{
	int cpu, error;

	kestrel_ring_bytes = (size_t)kib * 1024;
	kestrel_rings = __alloc_percpu(sizeof(struct kestrel_ring), __alignof__(struct kestrel_ring));
	if (!kestrel_rings)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		error = create(per_cpu_ptr(kestrel_rings, cpu), cpu_to_node(cpu));
		if (error) {
			pr_err("kestrel: no memory for %u rings of %u KiB; see the parameter ring_kib\n",
			       num_possible_cpus(), kib);
			kestrel_rings_destroy();
			return error;
		}
	}
	kestrel_rings_reset();
	return 0;
}

void kestrel_rings_destroy(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		destroy(per_cpu_ptr(kestrel_rings, cpu));
	free_percpu(kestrel_rings);
}

/* Empties every ring. Nothing is recorded meanwhile, and nobody has a ring mapped. */
void kestrel_rings_reset(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct kestrel_ring *ring = per_cpu_ptr(kestrel_rings, cpu);
		struct kestrel_map map = {
			.consumer = ring->area,
			.producer = ring->area + PAGE_SIZE,
			.data = ring->area + 2 * PAGE_SIZE,
			.data_bytes = kestrel_ring_bytes,
		};

		memset(ring->area, 0, 2 * PAGE_SIZE);
		kestrel_rs_ring(&ring->recorder, &map);
	}
}

/* What became of each event, on all CPUs together. They count on meanwhile. */
void kestrel_rings_counts(struct kestrel_counts *out)
{
	int cpu, i;

	memset(out, 0, sizeof(*out));
	for_each_possible_cpu(cpu) {
		const struct kestrel_cpu_counts *counts = &per_cpu_ptr(kestrel_rings, cpu)->recorder.counts;

		for (i = 0; i < KESTREL_COUNTED; i++) {
			u64 at_once = READ_ONCE(counts->at_once[i]);

			out->seen[i] += READ_ONCE(counts->seen[i]) + at_once;
			out->rejected[i] += READ_ONCE(counts->rejected[i]) + at_once;
		}
	}
}

/* Waits for wake-ups that are under way. Nothing is recorded any more. */
void kestrel_rings_quiesce(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct kestrel_ring *ring = per_cpu_ptr(kestrel_rings, cpu);

		irq_work_sync(&ring->wake_work);
		hrtimer_cancel(&ring->wake_timer);
	}
}

/*
 * The consumer page may be mapped for writing, alone; everything else for reading. That a page of the kernel's comes in
 * twice does no harm: mappings of the reader hold references of their own.
 */
int kestrel_ring_mmap(struct kestrel_ring *ring, struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE) {
		if (vma->vm_pgoff != 0 || vma->vm_end - vma->vm_start != PAGE_SIZE)
			return -EPERM;
		kestrel_vm_flags(vma, VM_DONTCOPY, VM_MAYEXEC);
	} else {
		kestrel_vm_flags(vma, VM_DONTCOPY, VM_MAYWRITE | VM_MAYEXEC);
	}
	return remap_vmalloc_range(vma, ring->area, vma->vm_pgoff);
}
