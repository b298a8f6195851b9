//! Memory.

use super::words::*;

events! {
    from super::signal::END;

    BRK "brk" Memory {
        "res": Hex, Return; "vm_size": Uint, Image(ImageField::VmSize); "vm_rss": Uint, Image(ImageField::VmRss);
        "vm_swap": Uint, Image(ImageField::VmSwap); "addr": Hex, Long(0);
    }
    MMAP "mmap" Memory {
        "res": Errno, Return; "vm_size": Uint, Image(ImageField::VmSize); "vm_rss": Uint, Image(ImageField::VmRss);
        "vm_swap": Uint, Image(ImageField::VmSwap); "addr": Hex, Long(0); "length": Uint, Long(1);
        "prot": Flags(&PROTECTION), ArgUint(2); "flags": Flags(&MAP_FLAGS), ArgUint(3); "fd": Fd, ArgFd(4);
        "offset": Uint, Long(5);
    }
    MMAP2 "mmap2" Memory {
        "res": Errno, Return; "vm_size": Uint, Image(ImageField::VmSize); "vm_rss": Uint, Image(ImageField::VmRss);
        "vm_swap": Uint, Image(ImageField::VmSwap); "addr": Hex, Long(0); "length": Uint, Long(1);
        "prot": Flags(&PROTECTION), ArgUint(2); "flags": Flags(&MAP_FLAGS), ArgUint(3); "fd": Fd, ArgFd(4);
        "pgoffset": Uint, Long(5);
    }
    MUNMAP "munmap" Memory {
        "res": Errno, Return; "vm_size": Uint, Image(ImageField::VmSize); "vm_rss": Uint, Image(ImageField::VmRss);
        "vm_swap": Uint, Image(ImageField::VmSwap); "addr": Hex, Long(0); "length": Uint, Long(1);
    }
    MPROTECT "mprotect" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "prot": Flags(&PROTECTION), ArgUint(2);
    }
    PKEY_MPROTECT "pkey_mprotect" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "prot": Flags(&PROTECTION), ArgUint(2);
        "pkey": Int, ArgInt(3);
    }
    PKEY_ALLOC "pkey_alloc" Memory {
        "res": Errno, Return; "flags": Uint, ArgUint(0); "rights": Flags(&PKEY_RIGHTS), ArgUint(1);
    }
    PKEY_FREE "pkey_free" Memory { "res": Errno, Return; "pkey": Int, ArgInt(0); }
    MREMAP "mremap" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "new_length": Uint, Long(2);
        "flags": Flags(&MREMAP_FLAGS), ArgUint(3); "new_addr": Hex, Long(4);
    }
    REMAP_FILE_PAGES "remap_file_pages" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "prot": Flags(&PROTECTION), ArgUint(2);
        "pgoffset": Uint, Long(3); "flags": Flags(&MAP_FLAGS), ArgUint(4);
    }
    MADVISE "madvise" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "advice": Enum(&MADVICE), ArgInt(2);
    }
    MSYNC "msync" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "flags": Flags(&MSYNC_FLAGS), ArgUint(2);
    }
    MINCORE "mincore" Memory { "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); }
    MSEAL "mseal" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "flags": Uint, Long(2);
    }
    MAP_SHADOW_STACK "map_shadow_stack" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "flags": Uint, ArgUint(2);
    }
    MLOCK "mlock" Memory { "res": Errno, Return; "addr": Hex, Long(0); "len": Uint, Long(1); }
    MLOCK2 "mlock2" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "len": Uint, Long(1); "flags": Flags(&MLOCK_FLAGS), ArgUint(2);
    }
    MUNLOCK "munlock" Memory { "res": Errno, Return; "addr": Hex, Long(0); "len": Uint, Long(1); }
    MLOCKALL "mlockall" Memory { "res": Errno, Return; "flags": Flags(&MLOCKALL_FLAGS), ArgUint(0); }
    MUNLOCKALL "munlockall" Memory { "res": Errno, Return; }
    MEMFD_CREATE "memfd_create" File {
        "fd": Fd, ReturnFd; "name": String, ArgString(0); "flags": Flags(&MEMFD_FLAGS), ArgUint(1);
    }
    MEMFD_SECRET "memfd_secret" Memory { "fd": Fd, ReturnFd; "flags": Flags(&PIPE_FLAGS), ArgUint(0); }
    MBIND "mbind" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "mode": Enum(&MEMORY_POLICIES), ArgUint(2);
    }
    SET_MEMPOLICY "set_mempolicy" Memory { "res": Errno, Return; "mode": Enum(&MEMORY_POLICIES), ArgUint(0); }
    GET_MEMPOLICY "get_mempolicy" Memory { "res": Errno, Return; }
    SET_MEMPOLICY_HOME_NODE "set_mempolicy_home_node" Memory {
        "res": Errno, Return; "addr": Hex, Long(0); "length": Uint, Long(1); "home_node": Uint, Long(2);
    }
    MIGRATE_PAGES "migrate_pages" Memory { "res": Errno, Return; "pid": Pid, ArgInt(0); }
    MOVE_PAGES "move_pages" Memory { "res": Errno, Return; "pid": Pid, ArgInt(0); "count": Uint, Long(1); }
    MEMBARRIER "membarrier" Memory { "res": Errno, Return; "cmd": Enum(&MEMBARRIER_COMMANDS), ArgInt(0); }
}
