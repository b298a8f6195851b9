// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* Reading the current process's memory without ever waiting for it: what is not resident cannot be had. */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <asm/word-at-a-time.h>

#include "kestrel.h"

int kestrel_read_user(u64 address, u8 *to, size_t len)
{
	return copy_from_user_nofault(to, (const void __user *)(unsigned long)address, len) ? -EFAULT : 0;
}

/*
 * Copies a string, at most `len` bytes of it, and gives its length without its NUL; -EFAULT if it is not resident. A word at a
 * time, and the last bytes, or those before what is not resident, one by one: strncpy_from_user does the same, after it has looked
 * up what memory it writes to, which costs more than a path takes to copy.
 */
static __always_inline long copy_string(u8 *to, const char __user *from, size_t len)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	size_t done = 0;

	for (; done + sizeof(unsigned long) <= len; done += sizeof(unsigned long)) {
		unsigned long word, zeros;

		unsafe_get_user(word, (const unsigned long __user *)(from + done), one_by_one);
		/* Every machine that the module is built for stores a word anywhere. */
		*(unsigned long *)(to + done) = word;
		if (has_zero(word, &zeros, &constants)) {
			zeros = prep_zero_mask(word, zeros, &constants);
			return done + find_zero(create_zero_mask(zeros));
		}
	}
one_by_one:
	for (; done < len; done++) {
		char byte;

		unsafe_get_user(byte, from + done, not_there);
		to[done] = byte;
		if (!byte)
			return done;
	}
	return len;
not_there:
	return -EFAULT;
}

/* Length of the string without its NUL, at most `len`; `cut` says whether it went on. */
long kestrel_read_user_string(u64 address, u8 *to, size_t len, bool *cut)
{
	const char __user *from = (const char __user *)(unsigned long)address;
	unsigned long at = untagged_addr((unsigned long)address);
	size_t most = len;
	long got = -EFAULT;
	u8 next;

	*cut = false;
	if (!len || at >= TASK_SIZE)
		return -EFAULT;
	if (most > TASK_SIZE - at)
		most = TASK_SIZE - at;
	pagefault_disable();
	if (user_read_access_begin(from, most)) {
		got = copy_string(to, from, most);
		user_read_access_end();
	}
	pagefault_enable();
	if (unlikely(got == most))
		*cut = copy_from_user_nofault(&next, from + most, 1) || next;
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
