// System V IPC: ipc(2) and the calls that it stands for; memory; times of 32 and of 64 bits.

#include "calls32.h"

enum { SEMOP = 1, SEMGET, SEMCTL, SEMTIMEDOP, MSGSND = 11, MSGRCV, MSGGET, MSGCTL, SHMAT = 21, SHMDT, SHMGET, SHMCTL };

void ipc(void)
{
	static const u16 operations[6] = { 0, 1, 0, 1, 2, 0 };
	static const u64 no_time[2];
	static struct { u32 kind; char text[8]; } message = { 3, "hello" };
	static struct { u32 message, kind; } answer;
	long set, queue, memory;

	call(NR_unshare, 0x8000000);
	set = call(NR_ipc, SEMGET, 0x1234, 2, 01600);
	call(NR_semget, 0x1235, 1, 01640);
	words[0] = 5;
	call(NR_ipc, SEMCTL, set, 1, 16 | 0x100, P(words));
	call(NR_semctl, set, 0, 16, 6);
	call(NR_ipc, SEMOP, set, 2, 0, P(operations));
	call(NR_ipc, SEMTIMEDOP, set, 1, 0, P(operations), P(no_time));
	call(NR_semtimedop_time64, set, P(operations), 2, P(no_time));
	queue = call(NR_ipc, MSGGET, 0x1234, 01600);
	call(NR_ipc, MSGSND, queue, 5, 0, P(&message));
	call(NR_msgsnd, queue, P(&message), 4, 0);
	answer.message = P(room);
	call(NR_ipc, MSGRCV, queue, 100, 0, P(&answer));
	call(NR_ipc, MSGRCV | 1 << 16, queue, 90, 0, P(room), 0);
	call(NR_ipc, MSGRCV, queue, 80, 04000, P(&answer));
	call(NR_ipc, MSGCTL, queue, 0x100, 0, 0);
	memory = call(NR_ipc, SHMGET, 0x1234, 8192, 01600);
	call(NR_ipc, SHMAT, memory, 010000, P(words), PLACE + 0x100000);
	call(NR_shmat, memory, PLACE + 0x200000, 0);
	call(NR_ipc, SHMDT, 0, 0, 0, PLACE + 0x100000);
	call(NR_shmdt, PLACE);
	call(NR_ipc, SHMCTL, memory, 0x100, 0, 0);
	call(NR_ipc, 99, 1, 2, 3, 4);
}

void memory(void)
{
	/* mmap(2) as it was first: its arguments in memory */
	static const u32 args[6] = { PLACE, 8192, 3, 0x32, -1, 0 };
	static const u32 wrong[6] = { 0, 4096, 5, 2, CLOSED, 0 };
	long file = call(NR_open, P("file"), 0);

	call(NR_brk, 0);
	call(NR_mmap, P(args));
	call(NR_mmap, P(wrong));
	call(NR_mmap, NOWHERE);
	/* an offset in pages */
	call(NR_mmap2, PLACE + 0x10000, 4096, 1, 0x12, file, 0x80001);
	call(NR_mmap2, 0, 0, 1, 2, file, 0);
	call(NR_mprotect, PLACE, 4096, 1);
	call(NR_mremap, PLACE + 4096, 4096, 8192, 3, PLACE + 0x20000);
	call(NR_munmap, PLACE + 0x20000, 8192);
	call(NR_futex, PLACE, 1, 1);
	call(NR_futex_time64, PLACE, 0, 7);
}

void times(void)
{
	/* seconds, and nanoseconds or microseconds: in 32 bits, and in 64 */
	static const u32 nano[4] = { 1000000000, 5, 1000000001, 6 };
	static const u64 nano64[4] = { 0x100000000ULL, 5, 0x100000001ULL, 0x3fffffff };
	static const u32 moment[2] = { 0, 1000 };
	static const u64 moment64[2] = { 0, 2000 };
	static u64 never[4];
	long timer;

	call(NR_utime, P("file"), P(nano));
	call(NR_utimes, P("file"), P(nano));
	call(NR_utimensat, AT_FDCWD, P("file"), P(nano), 0);
	call(NR_utimensat_time64, AT_FDCWD, P("file"), P(nano64), 0x100);
	call(NR_nanosleep, P(moment), 0);
	call(NR_clock_nanosleep, 1, 0, P(moment), 0);
	call(NR_clock_nanosleep_time64, 1, 0, P(moment64), 0);
	call(NR_time, 0);
	timer = call(NR_timerfd_create, 1, 0);
	call(NR_timerfd_settime64, timer, 1, P(never), 0);
	in_child {
		call(NR_setuid, 1000);
		call(NR_stime, P(nano));
		call(NR_settimeofday, P(nano), 0);
		call(NR_clock_settime, 0, P(nano));
		call(NR_clock_settime64, 0, P(nano64));
	}
}
