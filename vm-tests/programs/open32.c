// A 32-bit program: opens the file it is told to through int 0x80, and says by its exit status whether it could.
// i386 system call numbers: asm/unistd_32.h.

static int call(int nr, int a, int b, int c)
{
	int result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	return result;
}

void start(int *stack)
{
	int argc = stack[0];
	int fd = argc > 1 ? call(5, stack[2], 0, 0) : -1;	/* open(argv[1], O_RDONLY) */

	call(1, fd < 0, 0, 0);					/* exit */
}

__asm__(".globl _start\n_start: mov %esp, %eax\n push %eax\n call start\n");
