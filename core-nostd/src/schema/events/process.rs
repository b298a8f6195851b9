//! Processes and threads: their making, their programs, their ends, their scheduling.

use super::words::*;

events! {
    from super::net::END;

    #[lifecycle]
    EXECVE "execve" Process {
        "res": Errno, Return; "exe": String, Special; "args": Strings, Special; "tid": Pid, Context(ContextField::Tid);
        "pid": Pid, Context(ContextField::Pid); "ptid": Pid, Context(ContextField::Ppid); "cwd": String, Special;
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
        "res": Errno, Return; "exe": String, Special; "args": Strings, Special; "tid": Pid, Context(ContextField::Tid);
        "pid": Pid, Context(ContextField::Pid); "ptid": Pid, Context(ContextField::Ppid); "cwd": String, Special;
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
        "pidns_init_start_ts": Time, Image(ImageField::PidnsInitStart); "child_tid": Pid, Special;
        "child_pid": Pid, Special; "child_ppid": Pid, Special; "child_start_time": Uint, Special;
        "child_vtid": Pid, Special; "child_vpid": Pid, Special;
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
        "pidns_init_start_ts": Time, Image(ImageField::PidnsInitStart); "child_tid": Pid, Special;
        "child_pid": Pid, Special; "child_ppid": Pid, Special; "child_start_time": Uint, Special;
        "child_vtid": Pid, Special; "child_vpid": Pid, Special;
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
        "pidns_init_start_ts": Time, Image(ImageField::PidnsInitStart); "child_tid": Pid, Special;
        "child_pid": Pid, Special; "child_ppid": Pid, Special; "child_start_time": Uint, Special;
        "child_vtid": Pid, Special; "child_vpid": Pid, Special;
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
        "pidns_init_start_ts": Time, Image(ImageField::PidnsInitStart); "child_tid": Pid, Special;
        "child_pid": Pid, Special; "child_ppid": Pid, Special; "child_start_time": Uint, Special;
        "child_vtid": Pid, Special; "child_vpid": Pid, Special;
    }
    #[lifecycle]
    PROCEXIT "procexit" Process {
        "status": Int, Special; "ret": Int, Special; "sig": Signal, Special; "core": Uint, Special;
        "reaper_tid": Pid, Special; "group_dead": Uint, Special;
    }
    EXIT "exit" Process { "status": Int, ArgInt(0); }
    EXIT_GROUP "exit_group" Process { "status": Int, ArgInt(0); }
    #[lifecycle]
    SETSID "setsid" Process { "res": Pid, Return; }
    #[lifecycle]
    SETPGID "setpgid" Process { "res": Errno, Return; "pid": Pid, ArgInt(0); "pgid": Pid, ArgInt(1); }
    GETPID "getpid" Process { "res": Pid, Return; }
    GETTID "gettid" Process { "res": Pid, Return; }
    GETPPID "getppid" Process { "res": Pid, Return; }
    GETPGRP "getpgrp" Process { "res": Pid, Return; }
    GETPGID "getpgid" Process { "res": Pid, Return; "pid": Pid, ArgInt(0); }
    GETSID "getsid" Process { "res": Pid, Return; "pid": Pid, ArgInt(0); }
    WAIT4 "wait4" Wait { "res": Pid, Return; "pid": Pid, ArgInt(0); "options": Flags(&WAIT_OPTIONS), ArgUint(2); }
    WAITID "waitid" Wait {
        "res": Errno, Return; "idtype": Uint, ArgUint(0); "id": Pid, ArgInt(1);
        "options": Flags(&WAIT_OPTIONS), ArgUint(3);
    }
    WAITPID "waitpid" Wait { "res": Pid, Return; "pid": Pid, ArgInt(0); "options": Flags(&WAIT_OPTIONS), ArgUint(2); }
    PTRACE "ptrace" Process {
        "res": Errno, Return; "addr": Hex, Long(2); "data": Hex, Long(3); "request": Enum(&PTRACE_REQUESTS), Long(0);
        "pid": Pid, ArgInt(1);
    }
    PRCTL "prctl" Process {
        "res": Errno, Return; "option": Enum(&PRCTL_OPTIONS), ArgInt(0); "arg2_str": String, Special;
        "arg2_int": Int, SignedLong(1);
    }
    ARCH_PRCTL "arch_prctl" Process {
        "res": Errno, Return; "code": Enum(&ARCH_PRCTL_CODES), ArgUint(0); "addr": Hex, Long(1);
    }
    PERSONALITY "personality" Process { "res": Errno, Return; "persona": Flags(&PERSONALITIES), ArgUint(0); }
    SECCOMP "seccomp" Process {
        "res": Errno, Return; "op": Enum(&SECCOMP_OPERATIONS), ArgUint(0); "flags": Flags(&SECCOMP_FLAGS), ArgUint(1);
    }
    UNSHARE "unshare" System { "res": Errno, Return; "flags": Flags(&CLONE_FLAGS), Long(0); }
    SETNS "setns" System { "res": Errno, Return; "fd": Fd, ArgFd(0); "nstype": Flags(&CLONE_FLAGS), ArgUint(1); }
    PIDFD_OPEN "pidfd_open" Process {
        "fd": Fd, ReturnFd; "pid": Pid, ArgInt(0); "flags": Flags(&PIDFD_FLAGS), ArgUint(1);
    }
    PIDFD_GETFD "pidfd_getfd" Process {
        "fd": Fd, ReturnFd; "pid_fd": Fd, ArgFd(0); "target_fd": Int, ArgInt(1); "flags": Uint, ArgUint(2);
    }
    PROCESS_VM_READV "process_vm_readv" Process {
        "res": Int, Return; "pid": Pid, ArgInt(0); "data": Bytes, pieces_received(1, 2);
    }
    PROCESS_VM_WRITEV "process_vm_writev" Process {
        "res": Int, Return; "pid": Pid, ArgInt(0); "data": Bytes, pieces(1, 2);
    }
    PROCESS_MADVISE "process_madvise" Process {
        "res": Errno, Return; "pidfd": Fd, ArgFd(0); "advice": Enum(&MADVICE), ArgInt(3);
        "size": Uint, pieces_size(1, 2); "flags": Uint, ArgUint(4);
    }
    PROCESS_MRELEASE "process_mrelease" Process {
        "res": Errno, Return; "pidfd": Fd, ArgFd(0); "flags": Uint, ArgUint(1);
    }
    KCMP "kcmp" Process {
        "res": Errno, Return; "pid1": Pid, ArgInt(0); "pid2": Pid, ArgInt(1); "type": Enum(&KCMP_TYPES), ArgInt(2);
    }
    GETRLIMIT "getrlimit" Process {
        "res": Errno, Return; "cur": Int, out_word(1, 0); "max": Int, out_word(1, 1);
        "resource": Enum(&RESOURCES), ArgUint(0);
    }
    SETRLIMIT "setrlimit" Process {
        "res": Errno, Return; "cur": Int, word(1, 0); "max": Int, word(1, 1); "resource": Enum(&RESOURCES), ArgUint(0);
    }
    PRLIMIT "prlimit" Process {
        "res": Errno, Return; "newcur": Int, pointed(2, 0); "newmax": Int, pointed(2, 8); "oldcur": Int, out(3, 0);
        "oldmax": Int, out(3, 8); "pid": Pid, ArgInt(0); "resource": Enum(&RESOURCES), ArgUint(1);
    }
    GETRUSAGE "getrusage" Process { "res": Errno, Return; "who": Int, ArgInt(0); }
    TIMES "times" Process { "res": Errno, Return; }
    GETPRIORITY "getpriority" Scheduler {
        "res": Errno, Return; "which": Enum(&PRIORITY_WHICH), ArgInt(0); "who": Int, ArgInt(1);
    }
    SETPRIORITY "setpriority" Scheduler {
        "res": Errno, Return; "which": Enum(&PRIORITY_WHICH), ArgInt(0); "who": Int, ArgInt(1); "nice": Int, ArgInt(2);
    }
    NICE "nice" Scheduler { "res": Errno, Return; "nice": Int, ArgInt(0); }
    IOPRIO_GET "ioprio_get" Scheduler {
        "res": Errno, Return; "which": Enum(&IOPRIO_WHICH), ArgInt(0); "who": Int, ArgInt(1);
    }
    IOPRIO_SET "ioprio_set" Scheduler {
        "res": Errno, Return; "which": Enum(&IOPRIO_WHICH), ArgInt(0); "who": Int, ArgInt(1);
        "ioprio": Uint, ArgUint(2);
    }
    SCHED_YIELD "sched_yield" Scheduler { "res": Errno, Return; }
    SCHED_SETSCHEDULER "sched_setscheduler" Scheduler {
        "res": Errno, Return; "pid": Pid, ArgInt(0); "policy": Enum(&SCHEDULERS), ArgInt(1);
        "priority": Uint, pointed32(2, 0);
    }
    SCHED_GETSCHEDULER "sched_getscheduler" Scheduler { "res": Errno, Return; "pid": Pid, ArgInt(0); }
    SCHED_SETPARAM "sched_setparam" Scheduler {
        "res": Errno, Return; "pid": Pid, ArgInt(0); "priority": Uint, pointed32(1, 0);
    }
    SCHED_GETPARAM "sched_getparam" Scheduler { "res": Errno, Return; "pid": Pid, ArgInt(0); }
    SCHED_SETATTR "sched_setattr" Scheduler {
        "res": Errno, Return; "pid": Pid, ArgInt(0); "policy": Enum(&SCHEDULERS), pointed32(1, 4);
        "flags": Uint, ArgUint(2);
    }
    SCHED_GETATTR "sched_getattr" Scheduler { "res": Errno, Return; "pid": Pid, ArgInt(0); }
    SCHED_SETAFFINITY "sched_setaffinity" Scheduler { "res": Errno, Return; "pid": Pid, ArgInt(0); }
    SCHED_GETAFFINITY "sched_getaffinity" Scheduler { "res": Errno, Return; "pid": Pid, ArgInt(0); }
    SCHED_GET_PRIORITY_MAX "sched_get_priority_max" Scheduler {
        "res": Errno, Return; "policy": Enum(&SCHEDULERS), ArgInt(0);
    }
    SCHED_GET_PRIORITY_MIN "sched_get_priority_min" Scheduler {
        "res": Errno, Return; "policy": Enum(&SCHEDULERS), ArgInt(0);
    }
    SCHED_RR_GET_INTERVAL "sched_rr_get_interval" Scheduler { "res": Errno, Return; "pid": Pid, ArgInt(0); }
    GETCPU "getcpu" Scheduler { "res": Errno, Return; }
    SET_TID_ADDRESS "set_tid_address" Process { "res": Pid, Return; }
    SET_ROBUST_LIST "set_robust_list" Process { "res": Errno, Return; }
    GET_ROBUST_LIST "get_robust_list" Process { "res": Errno, Return; "pid": Pid, ArgInt(0); }
    RSEQ "rseq" Process { "res": Errno, Return; }
    RSEQ_SLICE_YIELD "rseq_slice_yield" Scheduler { "res": Errno, Return; }
    SET_THREAD_AREA "set_thread_area" Process { "res": Errno, Return; }
    GET_THREAD_AREA "get_thread_area" Process { "res": Errno, Return; }
    MODIFY_LDT "modify_ldt" Process { "res": Errno, Return; "func": Int, ArgInt(0); }
    UPROBE "uprobe" Process { "res": Errno, Return; }
    URETPROBE "uretprobe" Process { "res": Errno, Return; }
}
