//! The table itself. An event's id is its place here: append, never reorder within a major version of the ABI.

use super::names::*;
use super::{Category, ContextField, Event, EventId, FdField, From, ImageField, Param, ProcessField, Type};
use From::{Context, Fd as ArgFd, Image, Int as ArgInt, Long, Return, ReturnFd, ReturnTuple, Special, Uint as ArgUint};
use From::{DirFd, String as ArgString};
use Type::{
    Address, Bytes, Enum, Errno, Fd, Flags, Gid, Hex, Int, Octal, Path, Pid, Signal, String, Strings, Time, Tuple, Uid,
    Uint,
};

macro_rules! events {
    ($( $(#[$life:ident])? $id:ident $name:literal $category:ident { $( $param:literal: $ty:expr, $from:expr; )* } )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(u16)]
        enum Place { $( $id, )* }

        /// Ids of the events, by their names in capitals.
        pub mod id {
            use super::{EventId, Place};
            $(
                #[doc = concat!("`", $name, "`.")]
                pub const $id: EventId = EventId(Place::$id as u16);
            )*
        }

        /// Every event, in the order of the ids.
        pub const EVENTS: &[Event] = &[
            $( Event {
                name: $name,
                category: Category::$category,
                lifecycle: events!(@life $($life)?),
                params: &[ $( Param { name: $param, ty: $ty, from: $from } ),* ],
            } ),*
        ];
    };
    (@life lifecycle) => { true };
    (@life) => { false };
}

const fn path(arg: u8) -> From {
    From::Path(arg)
}

const fn path_at(dir: u8, path: u8) -> From {
    From::PathAt { dir, path }
}

const fn opened(path: u8) -> From {
    From::Opened { dir: None, path }
}

const fn opened_at(dir: u8, path: u8) -> From {
    From::Opened { dir: Some(dir), path }
}

const fn pointed(arg: u8, offset: u8) -> From {
    From::Pointed { arg, offset }
}

const fn of_fd(param: u8, field: FdField) -> From {
    From::OfFd { param, field }
}

const fn bytes(address: u8, len: u8) -> From {
    From::Bytes { address, len }
}

const fn address(address: u8, len: u8) -> From {
    From::Address { address, len }
}

use FdField::{Dev, Ino};

events! {
    OPEN "open" File {
        "fd": Fd, ReturnFd; "name": Path, opened(0); "flags": Flags(&OPEN_FLAGS), ArgUint(1); "mode": Octal, ArgUint(2);
        "dev": Hex, of_fd(0, Dev); "ino": Uint, of_fd(0, Ino);
    }
    OPENAT "openat" File {
        "fd": Fd, ReturnFd; "dirfd": Fd, DirFd(0); "name": Path, opened_at(0, 1);
        "flags": Flags(&OPEN_FLAGS), ArgUint(2); "mode": Octal, ArgUint(3);
        "dev": Hex, of_fd(0, Dev); "ino": Uint, of_fd(0, Ino);
    }
    OPENAT2 "openat2" File {
        "fd": Fd, ReturnFd; "dirfd": Fd, DirFd(0); "name": Path, opened_at(0, 1);
        "flags": Flags(&OPEN_FLAGS), pointed(2, 0); "mode": Octal, pointed(2, 8);
        "resolve": Flags(&RESOLVE_FLAGS), pointed(2, 16);
        "dev": Hex, of_fd(0, Dev); "ino": Uint, of_fd(0, Ino);
    }
    CREAT "creat" File {
        "fd": Fd, ReturnFd; "name": Path, opened(0); "mode": Octal, ArgUint(1);
        "dev": Hex, of_fd(0, Dev); "ino": Uint, of_fd(0, Ino); "creat_flags": Flags(&FD_FLAGS), of_fd(0, FdField::Flags);
    }
    OPEN_BY_HANDLE_AT "open_by_handle_at" File {
        "fd": Fd, ReturnFd; "mountfd": Fd, DirFd(0); "flags": Flags(&OPEN_FLAGS), ArgUint(2); "path": Path, Special;
        "dev": Hex, of_fd(0, Dev); "ino": Uint, of_fd(0, Ino);
    }
    #[lifecycle]
    EXECVE "execve" Process {
        "res": Errno, Return; "exe": String, Special; "args": Strings, Special;
        "tid": Pid, Context(ContextField::Tid); "pid": Pid, Context(ContextField::Pid);
        "ptid": Pid, Context(ContextField::Ppid); "cwd": String, Special;
        "fdlimit": Uint, Image(ImageField::FdLimit); "pgft_maj": Uint, Image(ImageField::PgftMaj);
        "pgft_min": Uint, Image(ImageField::PgftMin); "vm_size": Uint, Image(ImageField::VmSize);
        "vm_rss": Uint, Image(ImageField::VmRss); "vm_swap": Uint, Image(ImageField::VmSwap);
        "comm": String, Context(ContextField::Comm); "cgroups": String, Special; "env": Strings, Special;
        "tty": Uint, Context(ContextField::Tty); "vpgid": Pid, Context(ContextField::Vpgid);
        "loginuid": Uid, Context(ContextField::LoginUid); "flags": Flags(&EXE_FLAGS), Image(ImageField::ExeFlags);
        "cap_inheritable": Flags(&CAPABILITIES), Image(ImageField::CapInheritable);
        "cap_permitted": Flags(&CAPABILITIES), Image(ImageField::CapPermitted);
        "cap_effective": Flags(&CAPABILITIES), Image(ImageField::CapEffective);
        "exe_ino": Uint, Image(ImageField::ExeIno); "exe_ino_ctime": Time, Image(ImageField::ExeCtime);
        "exe_ino_mtime": Time, Image(ImageField::ExeMtime); "uid": Uid, Context(ContextField::Euid);
        "trusted_exepath": String, Special; "pgid": Pid, Context(ContextField::Pgid);
        "gid": Gid, Context(ContextField::Egid); "filename": Path, Special;
    }
    #[lifecycle]
    EXECVEAT "execveat" Process {
        "res": Errno, Return; "exe": String, Special; "args": Strings, Special;
        "tid": Pid, Context(ContextField::Tid); "pid": Pid, Context(ContextField::Pid);
        "ptid": Pid, Context(ContextField::Ppid); "cwd": String, Special;
        "fdlimit": Uint, Image(ImageField::FdLimit); "pgft_maj": Uint, Image(ImageField::PgftMaj);
        "pgft_min": Uint, Image(ImageField::PgftMin); "vm_size": Uint, Image(ImageField::VmSize);
        "vm_rss": Uint, Image(ImageField::VmRss); "vm_swap": Uint, Image(ImageField::VmSwap);
        "comm": String, Context(ContextField::Comm); "cgroups": String, Special; "env": Strings, Special;
        "tty": Uint, Context(ContextField::Tty); "vpgid": Pid, Context(ContextField::Vpgid);
        "loginuid": Uid, Context(ContextField::LoginUid); "flags": Flags(&EXE_FLAGS), Image(ImageField::ExeFlags);
        "cap_inheritable": Flags(&CAPABILITIES), Image(ImageField::CapInheritable);
        "cap_permitted": Flags(&CAPABILITIES), Image(ImageField::CapPermitted);
        "cap_effective": Flags(&CAPABILITIES), Image(ImageField::CapEffective);
        "exe_ino": Uint, Image(ImageField::ExeIno); "exe_ino_ctime": Time, Image(ImageField::ExeCtime);
        "exe_ino_mtime": Time, Image(ImageField::ExeMtime); "uid": Uid, Context(ContextField::Euid);
        "trusted_exepath": String, Special; "pgid": Pid, Context(ContextField::Pgid);
        "gid": Gid, Context(ContextField::Egid); "filename": Path, Special;
    }
    #[lifecycle]
    CLONE "clone" Process {
        "res": Pid, Return; "exe": String, From::Process(ProcessField::Exe);
        "args": Strings, From::Process(ProcessField::Args); "tid": Pid, Context(ContextField::Tid);
        "pid": Pid, Context(ContextField::Pid); "ptid": Pid, Context(ContextField::Ppid);
        "cwd": String, From::Process(ProcessField::Cwd); "fdlimit": Uint, Image(ImageField::FdLimit);
        "pgft_maj": Uint, Image(ImageField::PgftMaj); "pgft_min": Uint, Image(ImageField::PgftMin);
        "vm_size": Uint, Image(ImageField::VmSize); "vm_rss": Uint, Image(ImageField::VmRss);
        "vm_swap": Uint, Image(ImageField::VmSwap); "comm": String, Context(ContextField::Comm);
        "cgroups": String, From::Process(ProcessField::Cgroups); "flags": Flags(&CLONE_FLAGS), Long(0);
        "uid": Uid, Context(ContextField::Euid); "gid": Gid, Context(ContextField::Egid);
        "vtid": Pid, Context(ContextField::Vtid); "vpid": Pid, Context(ContextField::Vpid);
        "pidns_init_start_ts": Time, Image(ImageField::PidnsInitStart);
        "child_tid": Pid, Special; "child_pid": Pid, Special; "child_ppid": Pid, Special;
        "child_start_time": Uint, Special; "child_vtid": Pid, Special; "child_vpid": Pid, Special;
    }
    #[lifecycle]
    CLONE3 "clone3" Process {
        "res": Pid, Return; "exe": String, From::Process(ProcessField::Exe);
        "args": Strings, From::Process(ProcessField::Args); "tid": Pid, Context(ContextField::Tid);
        "pid": Pid, Context(ContextField::Pid); "ptid": Pid, Context(ContextField::Ppid);
        "cwd": String, From::Process(ProcessField::Cwd); "fdlimit": Uint, Image(ImageField::FdLimit);
        "pgft_maj": Uint, Image(ImageField::PgftMaj); "pgft_min": Uint, Image(ImageField::PgftMin);
        "vm_size": Uint, Image(ImageField::VmSize); "vm_rss": Uint, Image(ImageField::VmRss);
        "vm_swap": Uint, Image(ImageField::VmSwap); "comm": String, Context(ContextField::Comm);
        "cgroups": String, From::Process(ProcessField::Cgroups); "flags": Flags(&CLONE_FLAGS), pointed(0, 0);
        "uid": Uid, Context(ContextField::Euid); "gid": Gid, Context(ContextField::Egid);
        "vtid": Pid, Context(ContextField::Vtid); "vpid": Pid, Context(ContextField::Vpid);
        "pidns_init_start_ts": Time, Image(ImageField::PidnsInitStart);
        "child_tid": Pid, Special; "child_pid": Pid, Special; "child_ppid": Pid, Special;
        "child_start_time": Uint, Special; "child_vtid": Pid, Special; "child_vpid": Pid, Special;
    }
    #[lifecycle]
    FORK "fork" Process {
        "res": Pid, Return; "exe": String, From::Process(ProcessField::Exe);
        "args": Strings, From::Process(ProcessField::Args); "tid": Pid, Context(ContextField::Tid);
        "pid": Pid, Context(ContextField::Pid); "ptid": Pid, Context(ContextField::Ppid);
        "cwd": String, From::Process(ProcessField::Cwd); "fdlimit": Uint, Image(ImageField::FdLimit);
        "pgft_maj": Uint, Image(ImageField::PgftMaj); "pgft_min": Uint, Image(ImageField::PgftMin);
        "vm_size": Uint, Image(ImageField::VmSize); "vm_rss": Uint, Image(ImageField::VmRss);
        "vm_swap": Uint, Image(ImageField::VmSwap); "comm": String, Context(ContextField::Comm);
        "cgroups": String, From::Process(ProcessField::Cgroups); "flags": Flags(&CLONE_FLAGS), Special;
        "uid": Uid, Context(ContextField::Euid); "gid": Gid, Context(ContextField::Egid);
        "vtid": Pid, Context(ContextField::Vtid); "vpid": Pid, Context(ContextField::Vpid);
        "pidns_init_start_ts": Time, Image(ImageField::PidnsInitStart);
        "child_tid": Pid, Special; "child_pid": Pid, Special; "child_ppid": Pid, Special;
        "child_start_time": Uint, Special; "child_vtid": Pid, Special; "child_vpid": Pid, Special;
    }
    #[lifecycle]
    VFORK "vfork" Process {
        "res": Pid, Return; "exe": String, From::Process(ProcessField::Exe);
        "args": Strings, From::Process(ProcessField::Args); "tid": Pid, Context(ContextField::Tid);
        "pid": Pid, Context(ContextField::Pid); "ptid": Pid, Context(ContextField::Ppid);
        "cwd": String, From::Process(ProcessField::Cwd); "fdlimit": Uint, Image(ImageField::FdLimit);
        "pgft_maj": Uint, Image(ImageField::PgftMaj); "pgft_min": Uint, Image(ImageField::PgftMin);
        "vm_size": Uint, Image(ImageField::VmSize); "vm_rss": Uint, Image(ImageField::VmRss);
        "vm_swap": Uint, Image(ImageField::VmSwap); "comm": String, Context(ContextField::Comm);
        "cgroups": String, From::Process(ProcessField::Cgroups); "flags": Flags(&CLONE_FLAGS), Special;
        "uid": Uid, Context(ContextField::Euid); "gid": Gid, Context(ContextField::Egid);
        "vtid": Pid, Context(ContextField::Vtid); "vpid": Pid, Context(ContextField::Vpid);
        "pidns_init_start_ts": Time, Image(ImageField::PidnsInitStart);
        "child_tid": Pid, Special; "child_pid": Pid, Special; "child_ppid": Pid, Special;
        "child_start_time": Uint, Special; "child_vtid": Pid, Special; "child_vpid": Pid, Special;
    }
    #[lifecycle]
    PROCEXIT "procexit" Process {
        "status": Int, Special; "ret": Int, Special; "sig": Signal, Special; "core": Uint, Special;
        "reaper_tid": Pid, Special; "group_dead": Uint, Special;
    }
    CONNECT "connect" Net { "res": Errno, Return; "tuple": Tuple, Special; "fd": Fd, ArgFd(0); "addr": Address, address(1, 2); }
    ACCEPT "accept" Net {
        "fd": Fd, ReturnFd; "tuple": Tuple, ReturnTuple; "queuepct": Uint, Special; "queuelen": Uint, Special;
        "queuemax": Uint, Special;
    }
    ACCEPT4 "accept4" Net {
        "fd": Fd, ReturnFd; "tuple": Tuple, ReturnTuple; "queuepct": Uint, Special; "queuelen": Uint, Special;
        "queuemax": Uint, Special; "flags": Flags(&SOCKET_FLAGS), ArgUint(3);
    }
    BIND "bind" Net { "res": Errno, Return; "addr": Address, address(1, 2); "fd": Fd, ArgFd(0); }
    LISTEN "listen" Net { "res": Errno, Return; "fd": Fd, ArgFd(0); "backlog": Int, ArgInt(1); }
    SOCKET "socket" Net {
        "fd": Fd, ReturnFd; "domain": Enum(&SOCKET_FAMILIES), ArgInt(0); "type": Uint, ArgUint(1); "proto": Uint, ArgUint(2);
        "flags": Flags(&SOCKET_FLAGS), ArgUint(1);
    }
    SENDTO "sendto" Net {
        "res": Errno, Return; "data": Bytes, bytes(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2); "tuple": Tuple, Special;
    }
    SENDMSG "sendmsg" Net {
        "res": Errno, Return; "data": Bytes, Special; "fd": Fd, ArgFd(0); "size": Uint, Special; "tuple": Tuple, Special;
    }
    UNLINK "unlink" File { "res": Errno, Return; "path": Path, path(0); }
    UNLINKAT "unlinkat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "name": Path, path_at(0, 1); "flags": Flags(&UNLINK_FLAGS), ArgUint(2);
    }
    RENAME "rename" File { "res": Errno, Return; "oldpath": Path, path(0); "newpath": Path, path(1); }
    RENAMEAT "renameat" File {
        "res": Errno, Return; "olddirfd": Fd, DirFd(0); "oldpath": Path, path_at(0, 1); "newdirfd": Fd, DirFd(2);
        "newpath": Path, path_at(2, 3);
    }
    RENAMEAT2 "renameat2" File {
        "res": Errno, Return; "olddirfd": Fd, DirFd(0); "oldpath": Path, path_at(0, 1); "newdirfd": Fd, DirFd(2);
        "newpath": Path, path_at(2, 3); "flags": Flags(&RENAME_FLAGS), ArgUint(4);
    }
    LINK "link" File { "res": Errno, Return; "oldpath": Path, path(0); "newpath": Path, path(1); }
    LINKAT "linkat" File {
        "res": Errno, Return; "olddir": Fd, DirFd(0); "oldpath": Path, path_at(0, 1); "newdir": Fd, DirFd(2);
        "newpath": Path, path_at(2, 3); "flags": Flags(&AT_FLAGS), ArgUint(4);
    }
    SYMLINK "symlink" File { "res": Errno, Return; "target": String, ArgString(0); "linkpath": Path, path(1); }
    SYMLINKAT "symlinkat" File {
        "res": Errno, Return; "target": String, ArgString(0); "linkdirfd": Fd, DirFd(1); "linkpath": Path, path_at(1, 2);
    }
    MKDIR "mkdir" File { "res": Errno, Return; "path": Path, path(0); "mode": Octal, ArgUint(1); }
    MKDIRAT "mkdirat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "path": Path, path_at(0, 1); "mode": Octal, ArgUint(2);
    }
    RMDIR "rmdir" File { "res": Errno, Return; "path": Path, path(0); }
    CHMOD "chmod" File { "res": Errno, Return; "filename": Path, path(0); "mode": Flags(&MODE_FLAGS), ArgUint(1); }
    FCHMOD "fchmod" File { "res": Errno, Return; "fd": Fd, ArgFd(0); "mode": Flags(&MODE_FLAGS), ArgUint(1); }
    FCHMODAT "fchmodat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "filename": Path, path_at(0, 1); "mode": Flags(&MODE_FLAGS), ArgUint(2);
    }
    FCHMODAT2 "fchmodat2" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "filename": Path, path_at(0, 1); "mode": Flags(&MODE_FLAGS), ArgUint(2);
        "flags": Flags(&AT_FLAGS), ArgUint(3);
    }
    CHOWN "chown" File { "res": Errno, Return; "path": Path, path(0); "uid": Uid, ArgUint(1); "gid": Gid, ArgUint(2); }
    LCHOWN "lchown" File { "res": Errno, Return; "path": Path, path(0); "uid": Uid, ArgUint(1); "gid": Gid, ArgUint(2); }
    FCHOWN "fchown" File { "res": Errno, Return; "fd": Fd, ArgFd(0); "uid": Uid, ArgUint(1); "gid": Gid, ArgUint(2); }
    FCHOWNAT "fchownat" File {
        "res": Errno, Return; "dirfd": Fd, DirFd(0); "pathname": Path, path_at(0, 1); "uid": Uid, ArgUint(2);
        "gid": Gid, ArgUint(3); "flags": Flags(&AT_FLAGS), ArgUint(4);
    }
    DUP "dup" File { "res": Fd, ReturnFd; "oldfd": Fd, ArgFd(0); }
    DUP2 "dup2" File { "res": Fd, ReturnFd; "oldfd": Fd, ArgFd(0); "newfd": Fd, ArgFd(1); }
    DUP3 "dup3" File {
        "res": Fd, ReturnFd; "oldfd": Fd, ArgFd(0); "newfd": Fd, ArgFd(1); "flags": Flags(&OPEN_FLAGS), ArgUint(2);
    }
    PTRACE "ptrace" Process {
        "res": Errno, Return; "addr": Hex, Long(2); "data": Hex, Long(3); "request": Enum(&PTRACE_REQUESTS), Long(0);
        "pid": Pid, ArgInt(1);
    }
    SETUID "setuid" User { "res": Errno, Return; "uid": Uid, ArgUint(0); }
    SETGID "setgid" User { "res": Errno, Return; "gid": Gid, ArgUint(0); }
    SETREUID "setreuid" User { "res": Errno, Return; "ruid": Uid, ArgUint(0); "euid": Uid, ArgUint(1); }
    SETREGID "setregid" User { "res": Errno, Return; "rgid": Gid, ArgUint(0); "egid": Gid, ArgUint(1); }
    SETRESUID "setresuid" User { "res": Errno, Return; "ruid": Uid, ArgUint(0); "euid": Uid, ArgUint(1); "suid": Uid, ArgUint(2); }
    SETRESGID "setresgid" User { "res": Errno, Return; "rgid": Gid, ArgUint(0); "egid": Gid, ArgUint(1); "sgid": Gid, ArgUint(2); }
    #[lifecycle]
    SETSID "setsid" Process { "res": Pid, Return; }
    #[lifecycle]
    SETPGID "setpgid" Process { "res": Errno, Return; "pid": Pid, ArgInt(0); "pgid": Pid, ArgInt(1); }
    #[lifecycle]
    CHDIR "chdir" File { "res": Errno, Return; "path": Path, Special; }
    #[lifecycle]
    FCHDIR "fchdir" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    #[lifecycle]
    CHROOT "chroot" File { "res": Errno, Return; "path": Path, path(0); }
    PRCTL "prctl" Process {
        "res": Errno, Return; "option": Enum(&PRCTL_OPTIONS), ArgInt(0); "arg2_str": String, Special; "arg2_int": Int, Long(1);
    }
    MEMFD_CREATE "memfd_create" File { "fd": Fd, ReturnFd; "name": String, ArgString(0); "flags": Flags(&MEMFD_FLAGS), ArgUint(1); }
    MOUNT "mount" System {
        "res": Errno, Return; "dev": String, ArgString(0); "dir": Path, path(1); "type": String, ArgString(2);
        "flags": Flags(&MOUNT_FLAGS), Long(3);
    }
    UMOUNT "umount" System { "res": Errno, Return; "name": Path, path(0); }
    UMOUNT2 "umount2" System { "res": Errno, Return; "name": Path, path(0); "flags": Flags(&UMOUNT_FLAGS), ArgUint(1); }
    INIT_MODULE "init_module" System {
        "res": Errno, Return; "img": Bytes, bytes(0, 1); "length": Uint, Long(1); "uargs": String, ArgString(2);
    }
    FINIT_MODULE "finit_module" System {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "uargs": String, ArgString(1); "flags": Flags(&MODULE_INIT_FLAGS), ArgUint(2);
    }
    DELETE_MODULE "delete_module" System {
        "res": Errno, Return; "name": String, ArgString(0); "flags": Flags(&OPEN_FLAGS), ArgUint(1);
    }
    BPF "bpf" System { "fd": Fd, ReturnFd; "cmd": Enum(&BPF_COMMANDS), ArgInt(0); }
    UNSHARE "unshare" System { "res": Errno, Return; "flags": Flags(&CLONE_FLAGS), Long(0); }
    SETNS "setns" System { "res": Errno, Return; "fd": Fd, ArgFd(0); "nstype": Flags(&CLONE_FLAGS), ArgUint(1); }
    CAPSET "capset" User {
        "res": Errno, Return; "cap_inheritable": Flags(&CAPABILITIES), Image(ImageField::CapInheritable);
        "cap_permitted": Flags(&CAPABILITIES), Image(ImageField::CapPermitted);
        "cap_effective": Flags(&CAPABILITIES), Image(ImageField::CapEffective);
    }
    KILL "kill" Signal { "res": Errno, Return; "pid": Pid, ArgInt(0); "sig": Signal, ArgInt(1); }
    TKILL "tkill" Signal { "res": Errno, Return; "tid": Pid, ArgInt(0); "sig": Signal, ArgInt(1); }
    TGKILL "tgkill" Signal { "res": Errno, Return; "pid": Pid, ArgInt(0); "tid": Pid, ArgInt(1); "sig": Signal, ArgInt(2); }
    GETPPID "getppid" Process { "res": Pid, Return; }
}
