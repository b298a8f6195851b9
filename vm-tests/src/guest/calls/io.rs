//! What is done to open descriptors.

use super::raw::{CLOSED, NOWHERE, call, call_number, in_child};
use crate::guest::failure::Outcome;
use nix::libc::{self, iovec};
use std::ffi::CStr;
use std::ptr::null;

/// Numbers that libc does not have (`asm/unistd_64.h`).
const CACHESTAT: i64 = 451;

/// Of `linux/io_uring.h`.
mod uring {
    pub const SETUP_CQSIZE: u32 = 8;
    pub const SETUP_CLAMP: u32 = 0x10;
    pub const ENTER_GETEVENTS: u32 = 1;
    pub const REGISTER_FILES: u32 = 2;
    pub const UNREGISTER_FILES: u32 = 3;
}

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    std::fs::create_dir("folder")?;
    std::fs::write("folder/inner", "")?;
    begin();
    closing();
    reading_and_writing();
    moving();
    duplicates();
    controls();
    folders_and_disks();
    pipes_and_events();
    waiting();
    watches();
    asynchronous();
    ring();
    Ok(())
}

fn open(path: &CStr, flags: libc::c_int) -> i64 {
    call!(SYS_open, path.as_ptr(), flags, 0)
}

fn closing() {
    let file = open(c"file", libc::O_RDONLY);
    call!(SYS_close, file);
    call!(SYS_close, CLOSED);
    call!(SYS_close_range, 100, 200, libc::CLOSE_RANGE_CLOEXEC);
    call!(SYS_close_range, 200, 100, 0);
}

fn buffer(bytes: &mut [u8]) -> iovec {
    iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }
}

fn reading_and_writing() {
    let file = open(c"file", libc::O_RDWR);
    let mut text = *b"0123456789";
    let mut more = *b"abcdef";
    let mut long = [b'x'; 200];
    call!(SYS_write, file, text.as_ptr(), 10);
    call!(SYS_write, file, long.as_ptr(), 200);
    call!(SYS_write, CLOSED, text.as_ptr(), 10);
    call!(SYS_write, file, NOWHERE, 3);
    call!(SYS_pwrite64, file, more.as_ptr(), 6, 4);
    call!(SYS_pwrite64, file, more.as_ptr(), 6, -1);
    call!(SYS_lseek, file, -4, libc::SEEK_END);
    call!(SYS_lseek, file, -4, libc::SEEK_SET);
    call!(SYS_read, file, text.as_mut_ptr(), 10);
    call!(SYS_read, CLOSED, text.as_mut_ptr(), 10);
    call!(SYS_pread64, file, text.as_mut_ptr(), 10, 2);
    call!(SYS_pread64, file, text.as_mut_ptr(), 10, -1);
    let out = [buffer(&mut text), buffer(&mut more), buffer(&mut long)];
    call!(SYS_writev, file, out.as_ptr(), 2);
    call!(SYS_writev, CLOSED, out.as_ptr(), 2);
    call!(SYS_pwritev, file, out.as_ptr(), 2, 0, 0);
    call!(SYS_pwritev, CLOSED, out.as_ptr(), 3, 7, 0);
    call!(SYS_pwritev2, file, out.as_ptr(), 2, -1, -1, libc::RWF_DSYNC);
    call!(SYS_pwritev2, file, out.as_ptr(), 1, 5, 0, 0x4000_0000);
    let (mut first, mut second) = ([0_u8; 3], [0_u8; 5]);
    let into = [buffer(&mut first), buffer(&mut second)];
    call!(SYS_preadv, file, into.as_ptr(), 2, 1, 0);
    call!(SYS_preadv, file, into.as_ptr(), 2, -7, 0);
    call!(SYS_preadv2, file, into.as_ptr(), 2, 2, 0, libc::RWF_HIPRI);
    call!(SYS_preadv2, file, into.as_ptr(), 2, 2, 0, 0x4000_0000);
    call!(SYS_lseek, file, 200, libc::SEEK_SET);
    call!(SYS_readv, file, into.as_ptr(), 2);
    call!(SYS_readv, CLOSED, into.as_ptr(), 2);
    call!(SYS_close, file);
}

fn moving() {
    let file = open(c"file", libc::O_RDONLY);
    let target = call!(SYS_open, c"target".as_ptr(), libc::O_RDWR | libc::O_CREAT, 0o600);
    let mut pipe = [0_i32; 2];
    let mut other = [0_i32; 2];
    call!(SYS_pipe, pipe.as_mut_ptr());
    call!(SYS_pipe, NOWHERE);
    call!(SYS_pipe2, other.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK);
    call!(SYS_pipe2, other.as_mut_ptr(), 0x7);
    let mut offset = 3_i64;
    call!(SYS_sendfile, target, file, &raw mut offset, 5);
    call!(SYS_sendfile, target, CLOSED, null::<u8>(), 5);
    call!(SYS_splice, file, null::<u8>(), pipe[1], null::<u8>(), 8, libc::SPLICE_F_MOVE);
    call!(SYS_splice, file, null::<u8>(), target, null::<u8>(), 8, 0);
    call!(SYS_tee, pipe[0], other[1], 6, libc::SPLICE_F_NONBLOCK);
    call!(SYS_tee, file, other[1], 6, 0);
    let mut text = *b"pieces";
    let vector = [buffer(&mut text)];
    call!(SYS_vmsplice, pipe[1], vector.as_ptr(), 1, libc::SPLICE_F_GIFT);
    call!(SYS_vmsplice, CLOSED, vector.as_ptr(), 1, 0);
    let (mut from, mut to) = (1_i64, 2_i64);
    call!(SYS_copy_file_range, file, &raw mut from, target, &raw mut to, 4, 0);
    call!(SYS_copy_file_range, file, null::<u8>(), CLOSED, &raw mut to, 4, 0);
    call!(SYS_close, target);
}

fn duplicates() {
    let file = open(c"file", libc::O_RDONLY);
    call!(SYS_dup, file);
    call!(SYS_dup, -1);
    call!(SYS_dup2, file, 40);
    call!(SYS_dup2, CLOSED, 40);
    call!(SYS_dup3, file, 41, libc::O_CLOEXEC);
    call!(SYS_dup3, file, file, 0);
}

fn controls() {
    let file = open(c"file", libc::O_RDWR);
    call!(SYS_fcntl, file, libc::F_SETFD, libc::FD_CLOEXEC);
    call!(SYS_fcntl, file, libc::F_DUPFD, 50);
    call!(SYS_fcntl, CLOSED, libc::F_GETFL, 0);
    call!(SYS_flock, file, libc::LOCK_EX | libc::LOCK_NB);
    call!(SYS_flock, CLOSED, libc::LOCK_UN);
    let mut waiting = 0_i32;
    call!(SYS_ioctl, file, libc::FIONREAD, &raw mut waiting);
    call!(SYS_ioctl, file, libc::TCGETS, 0x1234);
    call!(SYS_ioctl, CLOSED, libc::FIONBIO, 0);
}

fn folders_and_disks() {
    let folder = open(c"folder", libc::O_RDONLY | libc::O_DIRECTORY);
    let file = open(c"file", libc::O_RDWR);
    let mut room = [0_u64; 64];
    call!(SYS_getdents, folder, room.as_mut_ptr(), size_of_val(&room));
    call!(SYS_getdents, file, room.as_mut_ptr(), size_of_val(&room));
    call!(SYS_lseek, folder, 0, libc::SEEK_SET);
    call!(SYS_getdents64, folder, room.as_mut_ptr(), size_of_val(&room));
    call!(SYS_getdents64, file, room.as_mut_ptr(), size_of_val(&room));
    call!(SYS_fsync, file);
    call!(SYS_fsync, CLOSED);
    call!(SYS_fdatasync, file);
    call!(SYS_fdatasync, CLOSED);
    call!(SYS_sync);
    call!(SYS_syncfs, file);
    call!(SYS_syncfs, CLOSED);
    call!(SYS_sync_file_range, file, 4096, 8192, libc::SYNC_FILE_RANGE_WRITE);
    call!(SYS_sync_file_range, CLOSED, 4096, 8192, libc::SYNC_FILE_RANGE_WAIT_AFTER);
    call!(SYS_readahead, file, 1, 2);
    call!(SYS_readahead, CLOSED, 0x1_0000_0000_i64, 2);
    call!(SYS_fadvise64, file, 4096, 12_288, libc::POSIX_FADV_SEQUENTIAL);
    call!(SYS_fadvise64, CLOSED, 0, 1, libc::POSIX_FADV_DONTNEED);
    // struct cachestat_range: where, how much
    let range = [4096_u64, 8192];
    call_number!(CACHESTAT, file, range.as_ptr(), room.as_mut_ptr(), 0);
}

fn pipes_and_events() {
    call!(SYS_eventfd, 5);
    call!(SYS_eventfd2, 6, libc::EFD_SEMAPHORE | libc::EFD_CLOEXEC);
    call!(SYS_eventfd2, 7, 0x4000_0000);
    in_child(|| {
        // Nothing more may be opened.
        let none = [0_u64; 2];
        call!(SYS_setrlimit, libc::RLIMIT_NOFILE, none.as_ptr());
        call!(SYS_eventfd, 8);
        call!(SYS_inotify_init);
    });
}

fn waiting() {
    let epoll = call!(SYS_epoll_create, 10);
    call!(SYS_epoll_create, 0);
    call!(SYS_epoll_create1, libc::EPOLL_CLOEXEC);
    call!(SYS_epoll_create1, 1);
    let mut pipe = [0_i32; 2];
    call!(SYS_pipe, pipe.as_mut_ptr());
    call!(SYS_write, pipe[1], c"!".as_ptr(), 1);
    let wish = libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLET) as u32, u64: 7 };
    call!(SYS_epoll_ctl, epoll, libc::EPOLL_CTL_ADD, pipe[0], &raw const wish);
    call!(SYS_epoll_ctl, epoll, libc::EPOLL_CTL_MOD, pipe[1], &raw const wish);
    call!(SYS_epoll_ctl, epoll, libc::EPOLL_CTL_DEL, pipe[1], null::<u8>());
    let mut events = [libc::epoll_event { events: 0, u64: 0 }; 4];
    call!(SYS_epoll_wait, epoll, events.as_mut_ptr(), 4, 0);
    call!(SYS_epoll_wait, epoll, events.as_mut_ptr(), -4, 0);
    call!(SYS_epoll_pwait, epoll, events.as_mut_ptr(), 3, 0, null::<u8>(), 8);
    call!(SYS_epoll_pwait, CLOSED, events.as_mut_ptr(), 3, 0, null::<u8>(), 8);
    let no_time = [0_u64; 2];
    call!(SYS_epoll_pwait2, epoll, events.as_mut_ptr(), 2, no_time.as_ptr(), null::<u8>(), 8);
    call!(SYS_epoll_pwait2, CLOSED, events.as_mut_ptr(), 2, no_time.as_ptr(), null::<u8>(), 8);
    call!(SYS_epoll_ctl_old, epoll, 1, pipe[0], &raw const wish);
    call!(SYS_epoll_wait_old, epoll, events.as_mut_ptr(), 4, 0);
    let list = [
        libc::pollfd { fd: pipe[0], events: libc::POLLIN | libc::POLLPRI, revents: 0 },
        libc::pollfd { fd: CLOSED, events: libc::POLLOUT, revents: 0 },
        libc::pollfd { fd: -1, events: libc::POLLOUT, revents: 0 },
    ];
    call!(SYS_poll, list.as_ptr(), 3, 10);
    call!(SYS_poll, NOWHERE, 2, 20);
    let mask = [0x2_u64];
    call!(SYS_ppoll, list.as_ptr(), 1, no_time.as_ptr(), mask.as_ptr(), 8);
    call!(SYS_ppoll, list.as_ptr(), 2, no_time.as_ptr(), mask.as_ptr(), 9);
    let set = [0_u64; 16];
    call!(SYS_select, 3, set.as_ptr(), null::<u8>(), null::<u8>(), no_time.as_ptr());
    call!(SYS_select, -1, null::<u8>(), null::<u8>(), null::<u8>(), no_time.as_ptr());
    call!(SYS_pselect6, 4, set.as_ptr(), null::<u8>(), null::<u8>(), no_time.as_ptr(), null::<u8>());
    call!(SYS_pselect6, -2, null::<u8>(), null::<u8>(), null::<u8>(), no_time.as_ptr(), null::<u8>());
}

fn watches() {
    call!(SYS_inotify_init);
    call!(SYS_inotify_init1, libc::IN_NONBLOCK);
    call!(SYS_inotify_init1, 1);
    call!(SYS_userfaultfd, libc::O_CLOEXEC | 1);
    call!(SYS_userfaultfd, 0x4000_0000);
}

fn asynchronous() {
    let mut context = 0_usize;
    call!(SYS_io_setup, 4, &raw mut context);
    call!(SYS_io_setup, 0, &raw mut context);
    let file = open(c"file", libc::O_RDONLY);
    let mut text = [0_u8; 8];
    // struct iocb: data, key and flags, operation (0: read) and priority, descriptor, where to, how much,
    // from where, reserved, flags and descriptor for the answer.
    let wish = [9_u64, 0, (file as u64) << 32, text.as_mut_ptr().addr() as u64, 8, 0, 0, 0];
    let wishes = [&raw const wish];
    call!(SYS_io_submit, context, 1, wishes.as_ptr());
    call!(SYS_io_submit, NOWHERE, -1, wishes.as_ptr());
    let mut events = [0_u64; 8];
    let no_time = [0_u64; 2];
    call!(SYS_io_getevents, context, 1, 2, events.as_mut_ptr(), no_time.as_ptr());
    call!(SYS_io_getevents, NOWHERE, 1, 2, events.as_mut_ptr(), no_time.as_ptr());
    call!(IO_PGETEVENTS, context, 0, 2, events.as_mut_ptr(), no_time.as_ptr(), null::<u8>());
    call!(IO_PGETEVENTS, NOWHERE, 0, 2, events.as_mut_ptr(), no_time.as_ptr(), null::<u8>());
    call!(SYS_io_cancel, context, &raw const wish, events.as_mut_ptr());
    call!(SYS_io_destroy, context);
    call!(SYS_io_destroy, context);
}

fn ring() {
    // struct io_uring_params: sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, and more
    let mut params = [0_u32; 30];
    params[1] = 16;
    params[2] = uring::SETUP_CQSIZE | uring::SETUP_CLAMP;
    params[4] = 20;
    let ring = call!(SYS_io_uring_setup, 8, params.as_mut_ptr());
    let mut wrong = [0_u32; 30];
    wrong[0] = 1;
    wrong[1] = 2;
    wrong[2] = 0x8000_0000;
    wrong[3] = 3;
    wrong[4] = 4;
    wrong[5] = 5;
    call!(SYS_io_uring_setup, 4, wrong.as_mut_ptr());
    let mask = [0x6_u64];
    call!(SYS_io_uring_enter, ring, 0, 0, uring::ENTER_GETEVENTS, mask.as_ptr(), 8);
    call!(SYS_io_uring_enter, CLOSED, 1, 2, 0, null::<u8>(), 0);
    let mut files = [-1_i32; 2];
    call!(SYS_io_uring_register, ring, uring::REGISTER_FILES, files.as_mut_ptr(), 2);
    call!(SYS_io_uring_register, CLOSED, uring::UNREGISTER_FILES, null::<u8>(), 0);
}
