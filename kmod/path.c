// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* What files are called, and what descriptors stand for. */
#include <linux/cgroup.h>
#include <linux/dcache.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/kdev_t.h>
#include <linux/kernfs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/word-at-a-time.h>

#include "compat.h"
#include "kestrel.h"

#ifndef OVERLAYFS_SUPER_MAGIC
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#endif

/* The file system of pidfds since 6.9: before, they were anonymous inodes like others. */
#ifndef PID_FS_MAGIC
#define PID_FS_MAGIC 0x50494446
#endif

static const char deleted[] = " (deleted)";

/*
 * Does the kernel put its remark behind the name? For files that are gone, and for those that name themselves on mounts
 * that only the kernel has (shared memory).
 */
static bool has_remark(const struct dentry *dentry)
{
	return d_unlinked(dentry) || (dentry->d_op && dentry->d_op->d_dname);
}

/* Most folders that are named without d_path. */
#define MOST_FOLDERS 32

/*
 * Puts a name before what lies at `start`, and gives where it begins; 0 if it does not fit, or changes. A word at a time, as the
 * kernel reads names itself: they are aligned, and so is the end of what they are allocated in. Of the last word only the name's
 * bytes are written, together with those that lie behind it, of which there are as many as a word has.
 */
static __always_inline size_t put_name(u8 *to, size_t start, const struct dentry *dentry)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	/* The two are changed one after the other, so that the name may end before: it is not read beyond its NUL. */
	size_t length = READ_ONCE(dentry->d_name.len), i;
	const unsigned char *name = smp_load_acquire(&dentry->d_name.name);

	if (length + 1 >= start)
		return 0;
	start -= length;
	for (i = 0; i < length; i += sizeof(unsigned long)) {
		unsigned long word = read_word_at_a_time(name + i), *at = (unsigned long *)(to + start + i), zeros;

		if (length - i < sizeof(unsigned long)) {
			const unsigned long ours = bytemask_from_count(length - i);

			word = (word & ours) | (*at & ~ours);
			if (unlikely(has_zero(word | ~ours, &zeros, &constants)))
				return 0;
		} else if (unlikely(has_zero(word, &zeros, &constants))) {
			return 0;
		}
		/* Every machine that the module is built for stores a word anywhere. */
		*at = word;
	}
	to[--start] = '/';
	return start;
}

/*
 * The path of what lies on the mount of the process's root, below that: what d_path would say, for a part of what d_path takes,
 * because no other mount needs to be looked at. 0 if it is not such a path, or something is being renamed: then d_path is asked.
 * It is written to the end of `to`, but for a word, the remark that a file is gone left out. Preemption is off, as it is
 * wherever records are written: what RCU protects stays meanwhile.
 */
static __always_inline size_t path_on_root(const struct path *path, u8 *to, size_t len)
{
	const struct dentry *dentry = path->dentry, *top = path->mnt->mnt_root;
	struct fs_struct *fs = current->fs;
	size_t start = len;
	struct path root;
	unsigned int seq;
	int depth;

	/* Some name themselves. */
	if (!fs || (dentry->d_op && dentry->d_op->d_dname))
		return 0;
	kestrel_root_of(fs, &root);
	if (root.mnt != path->mnt)
		return 0;
	seq = read_seqbegin(&rename_lock);
	for (depth = 0; dentry != root.dentry; depth++) {
		if (dentry == top || depth == MOST_FOLDERS)
			return 0;
		start = put_name(to, start, dentry);
		if (!start)
			return 0;
		dentry = READ_ONCE(dentry->d_parent);
	}
	if (read_seqretry(&rename_lock, seq))
		return 0;
	if (start == len && start)
		to[--start] = '/';
	return len - start;
}

/*
 * Writes a path as the current process sees it, from its own root, to the front of `to`. The kernel's remark that the
 * file is gone is taken off: no file name can imitate it then.
 */
long kestrel_path_of(const struct path *path, u8 *to, size_t len)
{
	const size_t remark = sizeof(deleted) - 1, slack = sizeof(unsigned long);
	size_t length;
	char *at;

	if (len > INT_MAX)
		len = INT_MAX;
	length = len > slack ? path_on_root(path, to, len - slack) : 0;
	if (likely(length)) {
		memmove(to, to + len - slack - length, length);
		return length;
	}
	at = d_path(path, to, len);
	if (IS_ERR(at))
		return PTR_ERR(at);
	length = to + len - (u8 *)at - 1;
	if (length >= remark && has_remark(path->dentry) && !memcmp(at + length - remark, deleted, remark))
		length -= remark;
	memmove(to, at, length);
	return length;
}

/* memfd_create makes files named "memfd:..." on mounts that only the kernel has. */
bool kestrel_is_memfd(struct file *file)
{
	const struct dentry *dentry = file->f_path.dentry;

	return S_ISREG(file_inode(file)->i_mode) && (dentry->d_sb->s_flags & SB_KERNMOUNT) &&
	       !strncmp(dentry->d_name.name, "memfd:", 6);
}

/*
 * Is the file on an overlayfs, and in which layer? The upper layer's dentry follows the inode in struct ovl_inode, which
 * is private to overlayfs; it has lain there since 4.13. Only whether it is there matters.
 */
bool kestrel_on_overlay(struct file *file, bool *upper)
{
	const struct dentry *dentry = file->f_path.dentry;
	const struct inode *inode = d_inode(dentry);

	if (dentry->d_sb->s_magic != OVERLAYFS_SUPER_MAGIC || !inode)
		return false;
	*upper = READ_ONCE(*(void *const *)(inode + 1)) != NULL;
	return true;
}

/* The file that the current process executes, or NULL. The caller puts it. */
struct file *kestrel_get_exe_file(void)
{
	struct file *file = NULL;

	rcu_read_lock();
	if (current->mm)
		file = kestrel_get_file_rcu(&current->mm->exe_file);
	rcu_read_unlock();
	return file;
}

/* The last part of that file's path, cut as a comm is. False if the path may end otherwise. */
bool kestrel_executable_name(char *out, size_t len)
{
	struct file *file = kestrel_get_exe_file();
	const struct dentry *dentry;
	unsigned int seq;
	bool well;

	if (!file)
		return false;
	dentry = file->f_path.dentry;
	rcu_read_lock();
	seq = read_seqbegin(&rename_lock);
	/* A file that is mounted upon another is called as that one. */
	well = !has_remark(dentry) && dentry != file->f_path.mnt->mnt_root;
	if (well)
		strscpy(out, smp_load_acquire(&dentry->d_name.name), len);
	well = well && !read_seqretry(&rename_lock, seq);
	rcu_read_unlock();
	fput(file);
	return well;
}

long kestrel_executable(u8 *to, size_t len)
{
	struct file *file = kestrel_get_exe_file();
	long length;

	if (!file)
		return -ENOENT;
	length = kestrel_path_of(&file->f_path, to, len);
	fput(file);
	return length;
}

/*
 * The lock is held instead of a reference, because putting the last reference to a directory may sleep. d_path takes no
 * lock that comes before it.
 */
long kestrel_working_directory(u8 *to, size_t len)
{
	struct fs_struct *fs = current->fs;
	long length;

	if (!fs)
		return -ENOENT;
	if (!kestrel_fs_lock(fs))
		return -EAGAIN;
	length = kestrel_path_of(&fs->pwd, to, len);
	kestrel_fs_unlock(fs);
	return length;
}

/* Deepest cgroup that is named; deeper ones are recorded without a name. */
#define MOST_CGROUPS 64

/*
 * The path in the default hierarchy, from its root. On machines that mount only version 1 hierarchies it is "/". Cgroups of
 * the default hierarchy are never renamed or moved, so nothing is locked: the kernel's own cgroup_path takes a lock that
 * every other reader of such a path waits for, and that sleeps with PREEMPT_RT.
 */
long kestrel_cgroup_path(u8 *to, size_t len)
{
#ifdef CONFIG_CGROUPS
	const struct cgroup *cgroup, *parent;
	size_t start = len, length;
	const char *name;
	long result = 0;
	int depth;

	if (!len)
		return -ENAMETOOLONG;
	rcu_read_lock();
	cgroup = task_dfl_cgroup(current);
	for (depth = 0; (parent = cgroup_parent((struct cgroup *)cgroup)); depth++, cgroup = parent) {
		name = kestrel_kernfs_name(cgroup->kn);
		length = strnlen(name, NAME_MAX);
		if (depth == MOST_CGROUPS || length + 1 > start) {
			result = -ENAMETOOLONG;
			break;
		}
		start -= length;
		memcpy(to + start, name, length);
		to[--start] = '/';
	}
	rcu_read_unlock();
	if (result)
		return result;
	if (start == len)
		to[--start] = '/';
	memmove(to, to + start, len - start);
	return len - start;
#else
	return -ENOENT;
#endif
}

static __always_inline u8 kind_of_mode(umode_t mode)
{
	static const u8 kinds[] = {
		[0] = KESTREL_FD_ANON_INODE,
		[S_IFIFO >> 12] = KESTREL_FD_PIPE,
		[S_IFCHR >> 12] = KESTREL_FD_CHAR_DEVICE,
		[S_IFDIR >> 12] = KESTREL_FD_DIRECTORY,
		[S_IFBLK >> 12] = KESTREL_FD_BLOCK_DEVICE,
		[S_IFREG >> 12] = KESTREL_FD_FILE,
		[S_IFLNK >> 12] = KESTREL_FD_SYMLINK,
		[S_IFMT >> 12] = KESTREL_FD_UNKNOWN,
	};

	static_assert(KESTREL_FD_UNKNOWN == 0 && ARRAY_SIZE(kinds) == 16);
	return kinds[(mode & S_IFMT) >> 12];
}

/* What lies on a mount that only the kernel has. */
static noinline u8 kind_of_own(struct file *file, const struct inode *inode)
{
	if (inode->i_sb->s_magic == ANON_INODE_FS_MAGIC || inode->i_sb->s_magic == PID_FS_MAGIC)
		return KESTREL_FD_ANON_INODE;
	return kestrel_is_memfd(file) ? KESTREL_FD_MEMFD : kind_of_mode(inode->i_mode);
}

/* What an open file is, under this number; the caller holds it. */
long kestrel_describe_file(struct file *file, int fd, struct kestrel_fd *head, u8 *tail, size_t len)
{
	const struct inode *inode = file_inode(file);
	const struct super_block *sb = inode->i_sb;
	struct socket *sock;
	bool upper;
	long length;

	memset(head, 0, sizeof(*head));
	head->fd = fd;
	head->open_flags = file->f_flags;
	head->dev = new_encode_dev(sb->s_dev);
	head->mode = inode->i_mode;
	head->ino = inode->i_ino;
	if (S_ISSOCK(inode->i_mode)) {
		/* One that has a name may be open by that, for O_PATH. */
		sock = kestrel_sock_from_file(file);
		if (sock)
			return kestrel_describe_socket(sock, head, tail, len);
	}
	head->kind = likely(!(sb->s_flags & SB_KERNMOUNT)) ? kind_of_mode(inode->i_mode) : kind_of_own(file, inode);
	if (d_unlinked(file->f_path.dentry) || head->kind == KESTREL_FD_MEMFD)
		head->flags |= KESTREL_FD_DELETED;
	if (kestrel_on_overlay(file, &upper))
		head->flags |= upper ? KESTREL_FD_UPPER_LAYER : KESTREL_FD_LOWER_LAYER;
	length = kestrel_path_of(&file->f_path, tail, len);
	return length < 0 ? 0 : length;
}

/*
 * Nobody closes a descriptor that only this task has, so that its file stays without a reference, as it does for the kernel's
 * own calls. Any other is held; fput leaves the work of a last reference to the task's way back to user space, so that nothing
 * sleeps here.
 */
long kestrel_describe_fd(int fd, struct kestrel_fd *head, u8 *tail, size_t len)
{
	struct files_struct *files = current->files;
	struct file *file;
	long length;

	if (fd < 0 || !files)
		return -EBADF;
	if (likely(atomic_read(&files->count) == 1) && kestrel_own_file(files, fd, &file))
		return file ? kestrel_describe_file(file, fd, head, tail, len) : -EBADF;
	file = fget_raw(fd);
	if (!file)
		return -EBADF;
	length = kestrel_describe_file(file, fd, head, tail, len);
	fput(file);
	return length;
}
