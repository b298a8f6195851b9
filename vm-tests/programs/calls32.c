// A 32-bit program that makes calls of every kind, in a fixed order with fixed arguments: what is recorded of them is kept as a
// snapshot. It looks after what is different for 32-bit callers: words and pointers of 4 bytes, numbers of 64 bits in two
// words, times of 32 and of 64 bits, users of 16 bits, and calls that are many calls in one.
//
// It lies at a fixed address and has no C library, so that nothing but these calls is made.

#include "calls32.h"

__asm__(".globl int80\n"
	"int80: push %ebp\n push %edi\n push %esi\n push %ebx\n"
	"mov 20(%esp), %eax\n mov 24(%esp), %ecx\n"
	"mov (%ecx), %ebx\n mov 8(%ecx), %edx\n mov 12(%ecx), %esi\n mov 16(%ecx), %edi\n mov 20(%ecx), %ebp\n"
	"mov 4(%ecx), %ecx\n"
	"int $0x80\n"
	"pop %ebx\n pop %esi\n pop %edi\n pop %ebp\n ret\n");

__asm__(".globl _start\n_start: mov %esp, %eax\n push %eax\n call start\n");

char room[512];
u32 words[64];

static void processes(void)
{
	static const char *arguments[] = { "calls32", "nothing", "", 0 };
	static const char *own[] = { "LANG=C", 0 };
	static u32 limit[2] = { 100, 200 };
	static u64 limit64[2] = { 300, ~0ULL };
	static const u64 clone_args[8] = { 0x4000000, 0, 0, 0, 17 };

	in_child {
		call(NR_execve, P("/no/such/program"), P(arguments), P(own));
		call(NR_execve, P("/bin/calls32"), P(arguments), P(own));
	}
	if (!call(NR_clone, 17))
		end(4);
	call(NR_waitpid, -1, 0, 0);
	call(NR_waitpid, NOBODY, 0, 1);
	call(NR_clone, 0x10000200);
	if (!call(NR_clone3, P(clone_args), sizeof(clone_args)))
		end(5);
	call(NR_wait4, -1, 0, 0, 0);
	/* The child of vfork(2) has our stack: it ends without touching it. */
	__asm__ volatile("int $0x80\n test %%eax, %%eax\n jnz 1f\n mov $6, %%ebx\n mov $1, %%eax\n int $0x80\n 1:"
			 : : "a"(NR_vfork), "b"(0) : "memory", "cc");
	call(NR_wait4, -1, 0, 0, 0);
	call(NR_setrlimit, 4, P(limit));
	call(NR_getrlimit, 4, P(words));
	call(NR_ugetrlimit, 0, P(words));
	call(NR_prlimit64, 0, 0, P(limit64), P(words));
	call(NR_nice, 3);
	in_child {
		call(NR_setuid32, 1000);
		call(NR_nice, -5);
	}
	call(NR_ptrace, 16, NOBODY, PLACE, 3);
	call(NR_prctl, 9999, -1);
	call(NR_modify_ldt, 0, P(room), 8);
	/* struct user_desc: which entry (any), where, how long, how */
	words[0] = -1;
	words[1] = 0;
	words[2] = 0xfffff;
	words[3] = 0x51;
	call(NR_set_thread_area, P(words));
	call(NR_get_thread_area, P(words));
	call(NR_set_thread_area, NOWHERE);
	call(NR_get_thread_area, NOWHERE);
}

static void signals(void)
{
	/* old sigaction: handler, mask, flags, restorer */
	static const u32 ignore[4] = { 1 };
	static u32 mask = 0x200;
	static u32 info[32] = { 23, 0, -1 };

	call(NR_sigaction, 10, P(ignore), 0);
	call(NR_sigaction, 9, P(ignore), 0);
	call(NR_signal, 12, 1);
	call(NR_signal, 9, 1);
	call(NR_sigpending, P(words));
	call(NR_sigpending, NOWHERE);
	call(NR_sigprocmask, 0, P(&mask), 0);
	call(NR_sigprocmask, 77, P(&mask), 0);
	call(NR_sgetmask);
	call(NR_ssetmask, 0);
	call(NR_rt_sigaction, 12, P(words), 0, 9);
	call(NR_rt_sigqueueinfo, call(NR_getpid), 23, P(info));
	call(NR_kill, NOBODY, 15);
	in_child {
		/* A signal that waits until the mask lets it through. */
		call(NR_ssetmask, 0x4000);
		call(NR_kill, call(NR_getpid), 15);
		call(NR_sigsuspend, 0, 0, 0);
	}
	in_child {
		/* There is nothing to return to: the kernel finds out before it forgets which call it was. */
		__asm__ volatile("mov $16, %%esp\n int $0x80" : : "a"(NR_sigreturn));
	}
}

static void mounts(void)
{
	in_child {
		call(NR_unshare, 0x20000);
		call(NR_mount, P("none"), P("folder"), P("tmpfs"), 2, 0);
		call(NR_umount, P("folder"));
		call(NR_umount, P("folder"));
		call(NR_umount2, P("folder"), 2);
	}
	call(NR_quotactl, 0x80000200, P("/dev/sdz"), 4, P("/aquota.user"));
	call(NR_sethostname, NOWHERE, 70);
}

/* Calls that are older than most programs. */
static void gone(void)
{
	call(NR_olduname, P(room));
	call(NR_olduname, NOWHERE);
	call(NR_oldolduname, P(room));
	call(NR_oldolduname, NOWHERE);
	call(NR_vm86old, 0);
	call(NR_vm86, 0, 0);
	call(NR_bdflush, 1, 0);
	call(NR_break);
	call(NR_ftime);
	call(NR_gtty);
	call(NR_stty);
	call(NR_idle);
	call(NR_lock);
	call(NR_mpx);
	call(NR_prof);
	call(NR_profil);
	call(NR_ulimit);
}

void start(long *stack)
{
	/* With an argument it does nothing. */
	if (stack[0] > 1)
		end(0);
	call(NR_mkdir, P("/tmp/calls32"), 0755);
	call(NR_chdir, P("/tmp/calls32"));
	files();
	owners();
	lengths();
	reading();
	waiting();
	sockets();
	messages();
	ipc();
	memory();
	times();
	processes();
	signals();
	mounts();
	gone();
	end(0);
}
