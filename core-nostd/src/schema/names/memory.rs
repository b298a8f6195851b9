//! Memory.

use crate::schema::flags::{FlagName, FlagNames, bits, values};

/// memfd_create(2): `linux/memfd.h`.
#[rustfmt::skip]
pub static MEMFD_FLAGS: FlagNames = bits! {
    MFD_CLOEXEC = 1, MFD_ALLOW_SEALING = 2, MFD_HUGETLB = 4, MFD_NOEXEC_SEAL = 8, MFD_EXEC = 16,
};

/// mmap(2), mprotect(2): `asm-generic/mman-common.h`.
#[rustfmt::skip]
pub static PROTECTION: FlagNames = bits! {
    PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4, PROT_SEM = 8, PROT_GROWSDOWN = 0x1000000, PROT_GROWSUP = 0x2000000,
};

/// mmap(2): `linux/mman.h`, `asm-generic/mman.h`, `asm-generic/mman-common.h`.
#[rustfmt::skip]
pub static MAP_FLAGS: FlagNames = bits! {
    MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_DROPPABLE = 8, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20, MAP_GROWSDOWN = 0x100,
    MAP_DENYWRITE = 0x800, MAP_EXECUTABLE = 0x1000, MAP_LOCKED = 0x2000, MAP_NORESERVE = 0x4000, MAP_POPULATE = 0x8000,
    MAP_NONBLOCK = 0x10000, MAP_STACK = 0x20000, MAP_HUGETLB = 0x40000, MAP_SYNC = 0x80000,
    MAP_FIXED_NOREPLACE = 0x100000, MAP_UNINITIALIZED = 0x4000000,
};

/// mremap(2): `linux/mman.h`.
#[rustfmt::skip]
pub static MREMAP_FLAGS: FlagNames = bits! { MREMAP_MAYMOVE = 1, MREMAP_FIXED = 2, MREMAP_DONTUNMAP = 4 };

/// mlock2(2): `asm-generic/mman-common.h`.
#[rustfmt::skip]
pub static MLOCK_FLAGS: FlagNames = bits! { MLOCK_ONFAULT = 1 };

/// mlockall(2): `asm-generic/mman.h`.
#[rustfmt::skip]
pub static MLOCKALL_FLAGS: FlagNames = bits! { MCL_CURRENT = 1, MCL_FUTURE = 2, MCL_ONFAULT = 4 };

/// msync(2): `asm-generic/mman-common.h`.
#[rustfmt::skip]
pub static MSYNC_FLAGS: FlagNames = bits! { MS_ASYNC = 1, MS_INVALIDATE = 2, MS_SYNC = 4 };

/// madvise(2): `asm-generic/mman-common.h`.
#[rustfmt::skip]
pub static MADVICE: FlagNames = values! {
    MADV_NORMAL = 0, MADV_RANDOM = 1, MADV_SEQUENTIAL = 2, MADV_WILLNEED = 3, MADV_DONTNEED = 4, MADV_FREE = 8,
    MADV_REMOVE = 9, MADV_DONTFORK = 10, MADV_DOFORK = 11, MADV_MERGEABLE = 12, MADV_UNMERGEABLE = 13,
    MADV_HUGEPAGE = 14, MADV_NOHUGEPAGE = 15, MADV_DONTDUMP = 16, MADV_DODUMP = 17, MADV_WIPEONFORK = 18,
    MADV_KEEPONFORK = 19, MADV_COLD = 20, MADV_PAGEOUT = 21, MADV_POPULATE_READ = 22, MADV_POPULATE_WRITE = 23,
    MADV_DONTNEED_LOCKED = 24, MADV_COLLAPSE = 25, MADV_HWPOISON = 100, MADV_SOFT_OFFLINE = 101,
    MADV_GUARD_INSTALL = 102, MADV_GUARD_REMOVE = 103,
};

/// pkey_alloc(2): `asm-generic/mman-common.h`.
#[rustfmt::skip]
pub static PKEY_RIGHTS: FlagNames = bits! { PKEY_DISABLE_ACCESS = 1, PKEY_DISABLE_WRITE = 2 };

/// set_mempolicy(2): `linux/mempolicy.h`.
#[rustfmt::skip]
pub static MEMORY_POLICIES: FlagNames = values! {
    MPOL_DEFAULT = 0, MPOL_PREFERRED = 1, MPOL_BIND = 2, MPOL_INTERLEAVE = 3, MPOL_LOCAL = 4, MPOL_PREFERRED_MANY = 5,
    MPOL_WEIGHTED_INTERLEAVE = 6,
};

/// membarrier(2): `linux/membarrier.h`.
#[rustfmt::skip]
pub static MEMBARRIER_COMMANDS: FlagNames = values! {
    MEMBARRIER_CMD_QUERY = 0, MEMBARRIER_CMD_GLOBAL = 1, MEMBARRIER_CMD_GLOBAL_EXPEDITED = 2,
    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 4, MEMBARRIER_CMD_PRIVATE_EXPEDITED = 8,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 16, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE = 32,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 64, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ = 128,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ = 256, MEMBARRIER_CMD_GET_REGISTRATIONS = 512,
};

/// Why a page fault happened: what the processor says of it (`asm/trap_pf.h`), as Falco numbers and names it.
#[rustfmt::skip]
pub static FAULT_FLAGS: FlagNames = bits! {
    PROTECTION_VIOLATION = 1, PAGE_NOT_PRESENT = 2, WRITE_ACCESS = 4, READ_ACCESS = 8, USER_FAULT = 0x10,
    SUPERVISOR_FAULT = 0x20, RESERVED_PAGE = 0x40, INSTRUCTION_FETCH = 0x80,
};
