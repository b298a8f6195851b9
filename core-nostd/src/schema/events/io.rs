//! What is done to open descriptors: reading, writing, waiting, copying.

use super::words::*;

events! {
    from super::file::END;

    CLOSE "close" IoOther { "res": Errno, Return; "fd": Fd, ClosedFd(0); }
    CLOSE_RANGE "close_range" IoOther {
        "res": Errno, Return; "first": Uint, ArgUint(0); "last": Uint, ArgUint(1);
        "flags": Flags(&CLOSE_RANGE_FLAGS), ArgUint(2);
    }
    READ "read" IoRead { "res": Errno, Return; "data": Bytes, received(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2); }
    WRITE "write" IoWrite {
        "res": Errno, Return; "data": Bytes, sent(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2);
    }
    PREAD "pread" IoRead {
        "res": Errno, Return; "data": Bytes, received(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2);
        "pos": Uint, offset(3, 3);
    }
    PWRITE "pwrite" IoWrite {
        "res": Errno, Return; "data": Bytes, sent(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2);
        "pos": Uint, offset(3, 3);
    }
    READV "readv" IoRead {
        "res": Errno, Return; "size": Uint, pieces_size(1, 2); "data": Bytes, pieces_received(1, 2); "fd": Fd, ArgFd(0);
    }
    WRITEV "writev" IoWrite {
        "res": Errno, Return; "data": Bytes, pieces(1, 2); "fd": Fd, ArgFd(0); "size": Uint, pieces_size(1, 2);
    }
    PREADV "preadv" IoRead {
        "res": Errno, Return; "size": Uint, pieces_size(1, 2); "data": Bytes, pieces_received(1, 2); "fd": Fd, ArgFd(0);
        "pos": Uint, offset(3, 3);
    }
    PWRITEV "pwritev" IoWrite {
        "res": Errno, Return; "data": Bytes, pieces(1, 2); "fd": Fd, ArgFd(0); "size": Uint, pieces_size(1, 2);
        "pos": Uint, offset(3, 3);
    }
    PREADV2 "preadv2" IoRead {
        "res": Errno, Return; "size": Uint, pieces_size(1, 2); "data": Bytes, pieces_received(1, 2); "fd": Fd, ArgFd(0);
        "pos": Int, offset(3, 3); "flags": Flags(&RWF_FLAGS), ArgUint(5);
    }
    PWRITEV2 "pwritev2" IoWrite {
        "res": Errno, Return; "data": Bytes, pieces(1, 2); "fd": Fd, ArgFd(0); "size": Uint, pieces_size(1, 2);
        "pos": Int, offset(3, 3); "flags": Flags(&RWF_FLAGS), ArgUint(5);
    }
    LSEEK "lseek" IoOther {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "offset": Uint, offset(1, 1); "whence": Enum(&WHENCE), ArgUint(2);
    }
    LLSEEK "llseek" IoOther {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "offset": Uint, Special; "whence": Enum(&WHENCE), ArgUint(4);
    }
    SENDFILE "sendfile" IoOther {
        "res": Errno, Return; "offset": Uint, Special; "out_fd": Fd, ArgFd(0); "in_fd": Fd, ArgFd(1);
        "size": Uint, Long(3);
    }
    SPLICE "splice" IoOther {
        "res": Errno, Return; "fd_in": Fd, ArgFd(0); "fd_out": Fd, ArgFd(2); "size": Uint, Long(4);
        "flags": Flags(&SPLICE_FLAGS), ArgUint(5);
    }
    TEE "tee" IoOther {
        "res": Errno, Return; "fd_in": Fd, ArgFd(0); "fd_out": Fd, ArgFd(1); "size": Uint, Long(2);
        "flags": Flags(&SPLICE_FLAGS), ArgUint(3);
    }
    VMSPLICE "vmsplice" IoOther {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "size": Uint, pieces_size(1, 2);
        "flags": Flags(&SPLICE_FLAGS), ArgUint(3);
    }
    COPY_FILE_RANGE "copy_file_range" File {
        "res": Errno, Return; "fdout": Fd, ArgFd(2); "offout": Uint, Special; "fdin": Fd, ArgFd(0);
        "offin": Uint, Special; "len": Uint, Long(4);
    }
    DUP "dup" File { "res": Fd, ReturnFd; "oldfd": Fd, ArgFd(0); }
    DUP2 "dup2" File { "res": Fd, ReturnFd; "oldfd": Fd, ArgFd(0); "newfd": Fd, ArgFd(1); }
    DUP3 "dup3" File {
        "res": Fd, ReturnFd; "oldfd": Fd, ArgFd(0); "newfd": Fd, ArgFd(1); "flags": Flags(&PIPE_FLAGS), ArgUint(2);
    }
    FCNTL "fcntl" IoOther {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "cmd": Enum(&FCNTL_COMMANDS), ArgUint(1); "arg": Uint, Long(2);
    }
    FLOCK "flock" IoOther {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "operation": Flags(&LOCK_OPERATIONS), ArgUint(1);
    }
    IOCTL "ioctl" IoOther {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "request": Hex, ArgUint(1); "argument": Hex, Long(2);
    }
    GETDENTS "getdents" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    GETDENTS64 "getdents64" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    FSYNC "fsync" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    FDATASYNC "fdatasync" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    SYNC "sync" File { "res": Errno, Return; }
    SYNCFS "syncfs" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    SYNC_FILE_RANGE "sync_file_range" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "offset": Uint, offset(1, 1); "length": Uint, offset(2, 3);
        "flags": Flags(&SYNC_RANGE_FLAGS), Special;
    }
    READAHEAD "readahead" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "offset": Uint, offset(1, 1); "size": Uint, Special;
    }
    FADVISE64 "fadvise64" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "offset": Uint, offset(1, 1); "length": Uint, Special;
        "advice": Enum(&FADVISE_ADVICE), Special;
    }
    CACHESTAT "cachestat" File {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "offset": Uint, pointed(1, 0); "length": Uint, pointed(1, 8);
    }
    PIPE "pipe" Ipc {
        "res": Errno, Return; "fd1": Fd, fd_at(0, 0); "fd2": Fd, fd_at(0, 1); "ino": Uint, of_fd(1, Ino);
    }
    PIPE2 "pipe2" Ipc {
        "res": Errno, Return; "fd1": Fd, fd_at(0, 0); "fd2": Fd, fd_at(0, 1); "ino": Uint, of_fd(1, Ino);
        "flags": Flags(&PIPE_FLAGS), ArgUint(1);
    }
    EVENTFD "eventfd" Ipc { "res": Fd, ReturnFd; "initval": Uint, ArgUint(0); "flags": Flags(&EVENTFD_FLAGS), Zero; }
    EVENTFD2 "eventfd2" Ipc {
        "res": Fd, ReturnFd; "flags": Flags(&EVENTFD_FLAGS), ArgUint(1); "initval": Uint, ArgUint(0);
    }
    EPOLL_CREATE "epoll_create" Wait { "res": Fd, ReturnFd; "size": Int, ArgInt(0); }
    EPOLL_CREATE1 "epoll_create1" Wait { "res": Fd, ReturnFd; "flags": Flags(&EPOLL_FLAGS), ArgUint(0); }
    EPOLL_CTL "epoll_ctl" Wait {
        "res": Errno, Return; "epfd": Fd, ArgFd(0); "op": Enum(&EPOLL_OPERATIONS), ArgInt(1); "fd": Fd, ArgFd(2);
        "events": Flags(&POLL_EVENTS), pointed32(3, 0);
    }
    EPOLL_WAIT "epoll_wait" Wait { "res": Errno, Return; "maxevents": Int, ArgInt(2); "fd": Fd, ArgFd(0); }
    EPOLL_PWAIT "epoll_pwait" Wait { "res": Errno, Return; "maxevents": Int, ArgInt(2); "fd": Fd, ArgFd(0); }
    EPOLL_PWAIT2 "epoll_pwait2" Wait { "res": Errno, Return; "maxevents": Int, ArgInt(2); "fd": Fd, ArgFd(0); }
    EPOLL_CTL_OLD "epoll_ctl_old" Wait { "res": Errno, Return; }
    EPOLL_WAIT_OLD "epoll_wait_old" Wait { "res": Errno, Return; }
    POLL "poll" Wait { "res": Errno, Return; "fds": FdList, fd_list(0, 1); "timeout": Int, ArgInt(2); }
    PPOLL "ppoll" Wait {
        "res": Errno, Return; "fds": FdList, fd_list(0, 1); "timeout": Span, timespec(2, 0);
        "sigmask": Hex, pointed32(3, 0);
    }
    SELECT "select" Wait { "res": Errno, Return; }
    PSELECT6 "pselect6" Wait { "res": Errno, Return; "nfds": Int, ArgInt(0); }
    INOTIFY_INIT "inotify_init" Ipc { "res": Fd, ReturnFd; "flags": Flags(&INOTIFY_FLAGS), Zero; }
    INOTIFY_INIT1 "inotify_init1" Ipc { "res": Fd, ReturnFd; "flags": Flags(&INOTIFY_FLAGS), ArgUint(0); }
    USERFAULTFD "userfaultfd" Memory { "res": Fd, ReturnFd; "flags": Flags(&USERFAULTFD_FLAGS), ArgUint(0); }
    IO_SETUP "io_setup" IoOther { "res": Errno, Return; "nr_events": Uint, ArgUint(0); }
    IO_DESTROY "io_destroy" IoOther { "res": Errno, Return; }
    IO_SUBMIT "io_submit" IoOther { "res": Errno, Return; "nr": Int, SignedLong(1); }
    IO_CANCEL "io_cancel" IoOther { "res": Errno, Return; }
    IO_GETEVENTS "io_getevents" Wait { "res": Errno, Return; }
    IO_PGETEVENTS "io_pgetevents" Wait { "res": Errno, Return; }
    IO_URING_SETUP "io_uring_setup" IoOther {
        "res": Errno, Return; "entries": Uint, ArgUint(0); "sq_entries": Uint, out32(1, 0);
        "cq_entries": Uint, pointed32(1, 4); "flags": Flags(&IO_URING_SETUP_FLAGS), pointed32(1, 8);
        "sq_thread_cpu": Uint, pointed32(1, 12); "sq_thread_idle": Uint, pointed32(1, 16);
        "features": Flags(&IO_URING_FEATURES), out32(1, 20); "fd": Fd, ReturnFd;
    }
    IO_URING_ENTER "io_uring_enter" IoOther {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "to_submit": Uint, ArgUint(1); "min_complete": Uint, ArgUint(2);
        "flags": Flags(&IO_URING_ENTER_FLAGS), ArgUint(3); "sig": Hex, Special;
    }
    IO_URING_REGISTER "io_uring_register" IoOther {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "opcode": Enum(&IO_URING_REGISTER_OPS), ArgUint(1);
        "arg": Hex, Long(2); "nr_args": Uint, ArgUint(3);
    }
}
