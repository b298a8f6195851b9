//! The machine as a whole: modules, programs in the kernel, keys, restarts; and calls that no kernel answers any more.

use super::words::*;

events! {
    from super::mount::END;

    INIT_MODULE "init_module" System {
        "res": Errno, Return; "img": Bytes, bytes(0, 1); "length": Uint, Long(1); "uargs": String, ArgString(2);
    }
    FINIT_MODULE "finit_module" System {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "uargs": String, ArgString(1);
        "flags": Flags(&MODULE_INIT_FLAGS), ArgUint(2);
    }
    DELETE_MODULE "delete_module" System {
        "res": Errno, Return; "name": String, ArgString(0); "flags": Flags(&MODULE_DELETE_FLAGS), ArgUint(1);
    }
    BPF "bpf" System { "fd": Fd, ReturnFd; "cmd": Enum(&BPF_COMMANDS), ArgInt(0); }
    PERF_EVENT_OPEN "perf_event_open" System {
        "fd": Fd, ReturnFd; "type": Enum(&PERF_TYPES), pointed32(0, 0); "config": Hex, pointed(0, 8);
        "pid": Pid, ArgInt(1); "cpu": Int, ArgInt(2); "group_fd": Int, ArgInt(3);
        "flags": Flags(&PERF_FLAGS), ArgUint(4);
    }
    KEXEC_LOAD "kexec_load" System {
        "res": Errno, Return; "entry": Hex, Long(0); "nr_segments": Uint, Long(1);
        "flags": Flags(&KEXEC_FLAGS), Long(3);
    }
    KEXEC_FILE_LOAD "kexec_file_load" System {
        "res": Errno, Return; "kernel_fd": Fd, ArgFd(0); "initrd_fd": Fd, ArgFd(1); "cmdline": String, ArgString(3);
        "flags": Flags(&KEXEC_FILE_FLAGS), Long(4);
    }
    REBOOT "reboot" System {
        "res": Errno, Return; "magic": Hex, ArgUint(0); "magic2": Hex, ArgUint(1);
        "cmd": Enum(&REBOOT_COMMANDS), ArgUint(2); "arg": String, Special;
    }
    SETHOSTNAME "sethostname" System { "res": Errno, Return; "name": String, bytes(0, 1); }
    SETDOMAINNAME "setdomainname" System { "res": Errno, Return; "name": String, bytes(0, 1); }
    UNAME "uname" System { "res": Errno, Return; }
    SYSINFO "sysinfo" System { "res": Errno, Return; }
    SYSLOG "syslog" System { "res": Errno, Return; "type": Enum(&SYSLOG_ACTIONS), ArgInt(0); "len": Int, ArgInt(2); }
    ACCT "acct" System { "res": Errno, Return; "path": Path, From::OptionalPath(0); }
    VHANGUP "vhangup" System { "res": Errno, Return; }
    IOPL "iopl" System { "res": Errno, Return; "level": Uint, ArgUint(0); }
    IOPERM "ioperm" System {
        "res": Errno, Return; "from": Hex, Long(0); "num": Uint, Long(1); "turn_on": Int, ArgInt(2);
    }
    GETRANDOM "getrandom" System {
        "res": Errno, Return; "size": Uint, Long(1); "flags": Flags(&RANDOM_FLAGS), ArgUint(2);
    }
    ADD_KEY "add_key" System {
        "res": Errno, Return; "type": String, ArgString(0); "desc": String, ArgString(1); "size": Uint, Long(3);
        "keyring": Int, ArgInt(4);
    }
    REQUEST_KEY "request_key" System {
        "res": Errno, Return; "type": String, ArgString(0); "desc": String, ArgString(1);
        "callout_info": String, ArgString(2); "keyring": Int, ArgInt(3);
    }
    KEYCTL "keyctl" System {
        "res": Errno, Return; "operation": Enum(&KEYCTL_OPERATIONS), ArgInt(0); "arg2": Hex, Long(1);
        "arg3": Hex, Long(2); "arg4": Hex, Long(3); "arg5": Hex, Long(4);
    }
    LANDLOCK_CREATE_RULESET "landlock_create_ruleset" System {
        "res": Errno, Return; "handled_access_fs": Flags(&LANDLOCK_FS_RIGHTS), pointed(0, 0); "size": Uint, Long(1);
        "flags": Flags(&LANDLOCK_CREATE_FLAGS), ArgUint(2);
    }
    LANDLOCK_ADD_RULE "landlock_add_rule" System {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "rule_type": Enum(&LANDLOCK_RULE_TYPES), ArgUint(1);
        "allowed_access": Hex, pointed(2, 0); "parent_fd": Fd, Special; "flags": Uint, ArgUint(3);
    }
    LANDLOCK_RESTRICT_SELF "landlock_restrict_self" System {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "flags": Flags(&LANDLOCK_RESTRICT_FLAGS), ArgUint(1);
    }
    LSM_GET_SELF_ATTR "lsm_get_self_attr" System {
        "res": Errno, Return; "attr": Uint, ArgUint(0); "flags": Uint, ArgUint(3);
    }
    LSM_SET_SELF_ATTR "lsm_set_self_attr" System {
        "res": Errno, Return; "attr": Uint, ArgUint(0); "flags": Uint, ArgUint(3);
    }
    LSM_LIST_MODULES "lsm_list_modules" System { "res": Errno, Return; "flags": Uint, ArgUint(2); }
    SYSCTL "_sysctl" System { "res": Errno, Return; }
    CREATE_MODULE "create_module" System { "res": Errno, Return; }
    GET_KERNEL_SYMS "get_kernel_syms" System { "res": Errno, Return; }
    QUERY_MODULE "query_module" System { "res": Errno, Return; }
    AFS_SYSCALL "afs_syscall" Other { "res": Errno, Return; }
    TUXCALL "tuxcall" Other { "res": Errno, Return; }
    SECURITY "security" Other { "res": Errno, Return; }
    VSERVER "vserver" Other { "res": Errno, Return; }
    GETPMSG "getpmsg" Other { "res": Errno, Return; }
    PUTPMSG "putpmsg" Other { "res": Errno, Return; }
    VM86 "vm86" Other { "res": Errno, Return; }
    VM86OLD "vm86old" Other { "res": Errno, Return; }
    BDFLUSH "bdflush" Other { "res": Errno, Return; }
    READDIR "readdir" File { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    OLDUNAME "olduname" System { "res": Errno, Return; }
    OLDOLDUNAME "oldolduname" System { "res": Errno, Return; }
    BREAK "break" Other { "res": Errno, Return; }
    FTIME "ftime" Other { "res": Errno, Return; }
    GTTY "gtty" Other { "res": Errno, Return; }
    STTY "stty" Other { "res": Errno, Return; }
    IDLE "idle" Other { "res": Errno, Return; }
    LOCK "lock" Other { "res": Errno, Return; }
    MPX "mpx" Other { "res": Errno, Return; }
    PROF "prof" Other { "res": Errno, Return; }
    PROFIL "profil" Other { "res": Errno, Return; }
    ULIMIT "ulimit" Other { "res": Errno, Return; }
}
