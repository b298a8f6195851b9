//! Users, groups, capabilities.

use super::words::*;

events! {
    from super::process::END;

    SETUID "setuid" User { "res": Errno, Return; "uid": Uid, ArgUint(0); }
    SETGID "setgid" User { "res": Errno, Return; "gid": Gid, ArgUint(0); }
    SETREUID "setreuid" User { "res": Errno, Return; "ruid": Uid, ArgUint(0); "euid": Uid, ArgUint(1); }
    SETREGID "setregid" User { "res": Errno, Return; "rgid": Gid, ArgUint(0); "egid": Gid, ArgUint(1); }
    SETRESUID "setresuid" User {
        "res": Errno, Return; "ruid": Uid, ArgUint(0); "euid": Uid, ArgUint(1); "suid": Uid, ArgUint(2);
    }
    SETRESGID "setresgid" User {
        "res": Errno, Return; "rgid": Gid, ArgUint(0); "egid": Gid, ArgUint(1); "sgid": Gid, ArgUint(2);
    }
    SETFSUID "setfsuid" User { "res": Uid, Return; "uid": Uid, ArgUint(0); }
    SETFSGID "setfsgid" User { "res": Gid, Return; "gid": Gid, ArgUint(0); }
    SETGROUPS "setgroups" User { "res": Errno, Return; "size": Int, ArgInt(0); }
    GETGROUPS "getgroups" User { "res": Errno, Return; "size": Int, ArgInt(0); }
    GETUID "getuid" User { "uid": Uid, Return; }
    GETEUID "geteuid" User { "euid": Uid, Return; }
    GETGID "getgid" User { "gid": Gid, Return; }
    GETEGID "getegid" User { "egid": Gid, Return; }
    GETRESUID "getresuid" User {
        "res": Errno, Return; "ruid": Uid, out32(0, 0); "euid": Uid, out32(1, 0); "suid": Uid, out32(2, 0);
    }
    GETRESGID "getresgid" User {
        "res": Errno, Return; "rgid": Gid, out32(0, 0); "egid": Gid, out32(1, 0); "sgid": Gid, out32(2, 0);
    }
    CAPSET "capset" User {
        "res": Errno, Return; "cap_inheritable": Flags(&CAPABILITIES), Image(ImageField::CapInheritable);
        "cap_permitted": Flags(&CAPABILITIES), Image(ImageField::CapPermitted);
        "cap_effective": Flags(&CAPABILITIES), Image(ImageField::CapEffective);
    }
    CAPGET "capget" User { "res": Errno, Return; "pid": Pid, pointed32(0, 4); }
}
