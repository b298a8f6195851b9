// Files, and what is done to open ones: numbers of 64 bits in two words, users of 16 bits, old structures.

#include "calls32.h"

void files(void)
{
	static const u64 how[3] = { 0, 0, 4 };
	static const u32 mark = 0x8;
	long folder, file, fanotify;

	file = call(NR_open, P("file"), 0101, 0640);
	call(NR_open, P("/tmp/calls32/gone"), 1);
	call(NR_creat, P("made"), 0600);
	folder = call(NR_openat, AT_FDCWD, P("/tmp/calls32"), 0200000);
	call(NR_openat2, folder, P("file"), P(how), sizeof(how));
	call(NR_link, P("file"), P("link"));
	call(NR_rename, P("link"), P("renamed"));
	call(NR_rename, P("gone"), P("renamed"));
	call(NR_renameat2, folder, P("renamed"), AT_FDCWD, P("again"), 1);
	call(NR_unlink, P("again"));
	call(NR_unlinkat, CLOSED, P("again"), 0x200);
	call(NR_symlink, P("file"), P("symlink"));
	call(NR_readlink, P("symlink"), P(room), sizeof(room));
	call(NR_mkdir, P("folder"), 0755);
	call(NR_mknod, P("pipe"), 0010600, 0);
	call(NR_chmod, P("file"), 0644);
	call(NR_access, P("file"), 4);
	call(NR_oldstat, P("file"), P(room));
	call(NR_oldlstat, P("gone"), P(room));
	call(NR_oldfstat, file, P(room));
	call(NR_stat, P("file"), P(room));
	call(NR_lstat, P("symlink"), P(room));
	call(NR_fstat, file, P(room));
	call(NR_stat64, P("file"), P(room));
	call(NR_stat64, P("gone"), P(room));
	call(NR_lstat64, P("symlink"), P(room));
	call(NR_lstat64, P("gone"), P(room));
	call(NR_fstat64, file, P(room));
	call(NR_fstat64, CLOSED, P(room));
	call(NR_fstatat64, folder, P("file"), P(room), 0x100);
	call(NR_statx, folder, P("file"), 0x2000, 0x7ff, P(room));
	call(NR_statfs64, P("file"), 84, P(room));
	call(NR_fstatfs64, file, 84, P(room));
	call(NR_setxattr, P("file"), P("trusted.colour"), P("blue"), 4, 1);
	call(NR_getxattr, P("file"), P("trusted.colour"), P(room), 100);
	fanotify = call(NR_fanotify_init, 1, 0);
	/* the mask in two words */
	call(NR_fanotify_mark, fanotify, 1, mark, 0, AT_FDCWD, P("file"));
	call(NR_fanotify_mark, fanotify, 1, 0x20, 1, AT_FDCWD, P("file"));
	call(NR_readdir, folder, P(room), 1);
	call(NR_readdir, file, P(room), 1);
	call(NR_getdents, CLOSED, P(room), sizeof(room));
	call(NR_close, folder);
	call(NR_chdir, P("folder"));
	call(NR_chdir, P(".."));
}

void owners(void)
{
	long file = call(NR_open, P("file"), 2);

	/* 16 bits: 0xffff leaves one as it is, and what is above means nothing */
	call(NR_chown, P("file"), 1000, NONE);
	call(NR_lchown, P("symlink"), NONE, 0x71234);
	call(NR_fchown, file, -1, 5);
	call(NR_chown32, P("file"), 100000, -1);
	call(NR_lchown32, P("symlink"), NONE, 7);
	call(NR_fchown32, file, -1, 0);
	in_child {
		u16 *narrow = (u16 *)words;

		call(NR_setgid, 1000);
		call(NR_setregid, NONE, 1001);
		call(NR_setresgid, NONE, 1002, NONE);
		call(NR_setfsgid, 1003);
		words[0] = words[1] = words[2] = 0xabcdabcd;
		call(NR_getresgid, P(narrow), P(narrow + 1), P(narrow + 2));
		call(NR_getresgid32, P(words), P(words + 1), P(words + 2));
		call(NR_getgid);
		call(NR_getegid32);
		call(NR_setreuid, NONE, 1000);
		call(NR_setresuid, NONE, 1000, 0x10005);
		call(NR_setresuid32, -1, 1000, 100000);
		call(NR_setfsuid, NONE);
		call(NR_getresuid, P(narrow), P(narrow + 1), P(narrow + 2));
		call(NR_getuid);
		call(NR_geteuid32);
		call(NR_setuid, 0);
		call(NR_setuid32, 5);
	}
}

void lengths(void)
{
	long file = call(NR_open, P("file"), 2);

	call(NR_truncate, P("file"), 100);
	call(NR_truncate, P("file"), -1);
	call(NR_ftruncate, file, 200);
	call(NR_truncate64, P("file"), LOW(FAR), HIGH(FAR));
	call(NR_ftruncate64, file, 300, 0);
	call(NR_fallocate, file, 1, LOW(FAR), HIGH(FAR), 4096, 0);
	call(NR_fallocate, CLOSED, 3, 7, 0, LOW(FAR), HIGH(FAR));
	call(NR_readahead, file, LOW(FAR), HIGH(FAR), 9);
	call(NR_fadvise64, file, LOW(FAR), HIGH(FAR), 9, 4);
	call(NR_fadvise64_64, file, 5, 0, LOW(FAR), HIGH(FAR), 2);
	call(NR_sync_file_range, file, LOW(FAR), HIGH(FAR), 4096, 0, 2);
	call(NR_lseek, file, 7, 0);
	call(NR_lseek, file, -8, 0);
	call(NR_llseek, file, HIGH(FAR), LOW(FAR), P(words), 0);
	call(NR_llseek, CLOSED, 0, 8, P(words), 1);
}

void reading(void)
{
	static char first[3], second[20];
	static u32 out[4], into[4];
	static u64 far;
	long file = call(NR_open, P("file"), 01002), target = call(NR_creat, P("target"), 0600);

	out[0] = P("left ");
	out[1] = 5;
	out[2] = P("right");
	out[3] = 5;
	into[0] = P(first);
	into[1] = sizeof(first);
	into[2] = P(second);
	into[3] = sizeof(second);
	call(NR_write, file, P("0123456789"), 10);
	call(NR_write, CLOSED, P("0123456789"), 10);
	call(NR_pwrite64, file, P("abc"), 3, 2, 0);
	call(NR_pread64, file, P(room), 4, 1, 0);
	call(NR_pread64, file, P(room), 4, LOW(FAR), HIGH(FAR));
	call(NR_writev, file, P(out), 2);
	call(NR_pwritev, file, P(out), 2, 12, 0);
	call(NR_pwritev2, file, P(out), 2, -1, -1, 2);
	call(NR_lseek, file, 0, 0);
	call(NR_read, file, P(room), 6);
	call(NR_readv, file, P(into), 2);
	call(NR_preadv, file, P(into), 2, 3, 0);
	call(NR_preadv2, file, P(into), 1, 4, 0, 0);
	words[0] = 2;
	call(NR_sendfile, target, file, P(words), 5);
	far = 3;
	call(NR_sendfile64, target, file, P(&far), 4);
	call(NR_fcntl, file, 1, 0);
	call(NR_fcntl64, file, 0, 60);
	call(NR_ioctl, file, 0x5401, 0x1234);
	call(NR_dup2, file, 50);
	call(NR_close, target);
}

void waiting(void)
{
	static u32 short_time[2], epoll_event[3];
	static u64 long_time[2];
	static u32 list[4];
	static int ends[2];

	call(NR_pipe, P(ends));
	list[0] = ends[0];
	list[1] = 1;			/* POLLIN */
	list[2] = ends[1];
	list[3] = 4;			/* POLLOUT */
	call(NR_poll, P(list), 2, 10);
	words[0] = 6;
	call(NR_ppoll, P(list), 1, P(short_time), P(words), 8);
	call(NR_ppoll_time64, P(list), 2, P(long_time), P(words), 8);
	call(NR_newselect, 0, 0, 0, 0, P(short_time));
	call(NR_select, NOWHERE);
	call(NR_pselect6, 3, 0, 0, 0, P(short_time), 0);
	call(NR_pselect6_time64, 4, 0, 0, 0, P(long_time), 0);
	epoll_event[0] = 1;
	call(NR_epoll_ctl, call(NR_epoll_create1, 0), 1, ends[0], P(epoll_event));
}
