// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Reading the current process's memory without ever waiting for it: what is not resident cannot be had. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "kestrel.h"

int kestrel_read_user(u64 address, u8 *to, size_t len)
{
	return copy_from_user_nofault(to, (const void __user *)(unsigned long)address, len) ? -EFAULT : 0;
}

/* Length of the string without its NUL, at most `len`; `cut` says whether it went on. */
long kestrel_read_user_string(u64 address, u8 *to, size_t len, bool *cut)
{
	const char __user *from = (const char __user *)(unsigned long)address;
	long got;
	u8 next;

	*cut = false;
	if (!len)
		return -EFAULT;
	/* With page faults disabled this is strncpy_from_user_nofault, which is not exported. */
	pagefault_disable();
	got = strncpy_from_user(to, from, len);
	pagefault_enable();
	if (got == len)
		*cut = copy_from_user_nofault(&next, from + len, 1) || next;
	return got;
}

/* The argument or environment strings of the current process, as far as `len` goes and memory is resident. */
long kestrel_process_strings(bool environment, u8 *to, size_t len, bool *cut)
{
	struct mm_struct *mm = current->mm;
	unsigned long from, end;
	size_t want, got = 0;

	*cut = false;
	if (!mm)
		return -ENOENT;
	from = environment ? READ_ONCE(mm->env_start) : READ_ONCE(mm->arg_start);
	end = environment ? READ_ONCE(mm->env_end) : READ_ONCE(mm->arg_end);
	if (end < from)
		return -ENOENT;
	want = end - from;
	if (want > len) {
		want = len;
		*cut = true;
	}
	while (got < want) {
		size_t piece = min_t(size_t, want - got, PAGE_SIZE - offset_in_page(from + got));

		if (copy_from_user_nofault(to + got, (const void __user *)(from + got), piece)) {
			*cut = true;
			return got ? got : -EFAULT;
		}
		got += piece;
	}
	return got;
}
