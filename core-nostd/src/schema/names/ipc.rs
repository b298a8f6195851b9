//! Messages, semaphores, shared memory, random numbers.

use crate::schema::flags::{FlagName, FlagNames, bit, bits, masked, values};

/// semget(2), msgget(2), shmget(2): `linux/ipc.h`. The lower nine bits are permissions.
#[rustfmt::skip]
pub static IPC_FLAGS: FlagNames = bits! { IPC_CREAT = 0x200, IPC_EXCL = 0x400, IPC_NOWAIT = 0x800 };

/// semctl(2): `linux/sem.h`, `linux/ipc.h`.
#[rustfmt::skip]
pub static SEMAPHORE_COMMANDS: FlagNames = values! {
    IPC_RMID = 0, IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3, GETPID = 11, GETVAL = 12, GETALL = 13, GETNCNT = 14,
    GETZCNT = 15, SETVAL = 16, SETALL = 17, SEM_STAT = 18, SEM_INFO = 19, SEM_STAT_ANY = 20,
};

/// semop(2): `linux/sem.h`, `linux/ipc.h`.
#[rustfmt::skip]
pub static SEMAPHORE_FLAGS: FlagNames = bits! { IPC_NOWAIT = 0x800, SEM_UNDO = 0x1000 };

/// msgctl(2): `linux/msg.h`, `linux/ipc.h`.
#[rustfmt::skip]
pub static MESSAGE_QUEUE_COMMANDS: FlagNames = values! {
    IPC_RMID = 0, IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3, MSG_STAT = 11, MSG_INFO = 12, MSG_STAT_ANY = 13,
};

/// shmctl(2): `linux/shm.h`, `linux/ipc.h`.
#[rustfmt::skip]
pub static SHARED_MEMORY_COMMANDS: FlagNames = values! {
    IPC_RMID = 0, IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3, SHM_LOCK = 11, SHM_UNLOCK = 12, SHM_STAT = 13,
    SHM_INFO = 14, SHM_STAT_ANY = 15,
};

/// shmat(2): `linux/shm.h`.
#[rustfmt::skip]
pub static SHARED_MEMORY_FLAGS: FlagNames = bits! {
    SHM_RDONLY = 0x1000, SHM_RND = 0x2000, SHM_REMAP = 0x4000, SHM_EXEC = 0x8000,
};

/// getrandom(2): `linux/random.h`.
#[rustfmt::skip]
pub static RANDOM_FLAGS: FlagNames = bits! { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4 };

/// futex(2): `linux/futex.h`; the two bits above may stand with any operation.
#[rustfmt::skip]
pub static FUTEX_OPERATIONS: FlagNames = FlagNames { entries: &[
    masked("FUTEX_WAIT", 0, 0x7f), masked("FUTEX_WAKE", 1, 0x7f), masked("FUTEX_FD", 2, 0x7f),
    masked("FUTEX_REQUEUE", 3, 0x7f), masked("FUTEX_CMP_REQUEUE", 4, 0x7f), masked("FUTEX_WAKE_OP", 5, 0x7f),
    masked("FUTEX_LOCK_PI", 6, 0x7f), masked("FUTEX_UNLOCK_PI", 7, 0x7f), masked("FUTEX_TRYLOCK_PI", 8, 0x7f),
    masked("FUTEX_WAIT_BITSET", 9, 0x7f), masked("FUTEX_WAKE_BITSET", 10, 0x7f),
    masked("FUTEX_WAIT_REQUEUE_PI", 11, 0x7f), masked("FUTEX_CMP_REQUEUE_PI", 12, 0x7f),
    masked("FUTEX_LOCK_PI2", 13, 0x7f), bit("FUTEX_PRIVATE_FLAG", 128), bit("FUTEX_CLOCK_REALTIME", 256),
] };
