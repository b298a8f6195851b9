//! Messages, semaphores, shared memory, futexes.

use super::words::*;

events! {
    from super::system::END;

    SEMGET "semget" Ipc {
        "res": Errno, Return; "key": Hex, ArgUint(0); "nsems": Int, ArgInt(1); "semflg": Flags(&IPC_FLAGS), ArgUint(2);
    }
    SEMOP "semop" Ipc {
        "res": Errno, Return; "nsops": Uint, ArgUint(2); "sem_num_0": Uint, Special; "sem_op_0": Int, Special;
        "sem_flg_0": Flags(&SEMAPHORE_FLAGS), Special; "sem_num_1": Uint, Special; "sem_op_1": Int, Special;
        "sem_flg_1": Flags(&SEMAPHORE_FLAGS), Special; "semid": Int, ArgInt(0);
    }
    SEMTIMEDOP "semtimedop" Ipc { "res": Errno, Return; "semid": Int, ArgInt(0); "nsops": Uint, ArgUint(2); }
    SEMCTL "semctl" Ipc {
        "res": Errno, Return; "semid": Int, ArgInt(0); "semnum": Int, ArgInt(1);
        "cmd": Enum(&SEMAPHORE_COMMANDS), Special; "val": Int, Special;
    }
    MSGGET "msgget" Ipc { "res": Errno, Return; "key": Hex, ArgUint(0); "msgflg": Flags(&IPC_FLAGS), ArgUint(1); }
    MSGSND "msgsnd" Ipc { "res": Errno, Return; "msqid": Int, ArgInt(0); "size": Uint, Long(2); }
    MSGRCV "msgrcv" Ipc { "res": Errno, Return; "msqid": Int, ArgInt(0); "size": Uint, Long(2); }
    MSGCTL "msgctl" Ipc {
        "res": Errno, Return; "msqid": Int, ArgInt(0); "cmd": Enum(&MESSAGE_QUEUE_COMMANDS), Special;
    }
    SHMGET "shmget" Ipc {
        "res": Errno, Return; "key": Hex, ArgUint(0); "size": Uint, Long(1); "shmflg": Flags(&IPC_FLAGS), ArgUint(2);
    }
    SHMAT "shmat" Ipc {
        "res": Errno, Return; "shmid": Int, ArgInt(0); "addr": Hex, Long(1);
        "shmflg": Flags(&SHARED_MEMORY_FLAGS), ArgUint(2);
    }
    SHMDT "shmdt" Ipc { "res": Errno, Return; "addr": Hex, Long(0); }
    SHMCTL "shmctl" Ipc {
        "res": Errno, Return; "shmid": Int, ArgInt(0); "cmd": Enum(&SHARED_MEMORY_COMMANDS), Special;
    }
    MQ_OPEN "mq_open" Ipc {
        "fd": Fd, ReturnFd; "name": String, ArgString(0); "flags": Flags(&OPEN_FLAGS), ArgUint(1);
        "mode": Octal, ArgUint(2);
    }
    MQ_UNLINK "mq_unlink" Ipc { "res": Errno, Return; "name": String, ArgString(0); }
    MQ_TIMEDSEND "mq_timedsend" Ipc {
        "res": Errno, Return; "data": Bytes, bytes(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2);
    }
    MQ_TIMEDRECEIVE "mq_timedreceive" Ipc {
        "res": Errno, Return; "data": Bytes, received(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2);
    }
    MQ_NOTIFY "mq_notify" Ipc { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    MQ_GETSETATTR "mq_getsetattr" Ipc { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    FUTEX "futex" Ipc {
        "res": Errno, Return; "addr": Hex, Long(0); "op": Flags(&FUTEX_OPERATIONS), ArgUint(1); "val": Uint, ArgUint(2);
    }
    FUTEX_WAITV "futex_waitv" Wait { "res": Errno, Return; "nr": Uint, ArgUint(1); }
    FUTEX_WAKE "futex_wake" Ipc { "res": Errno, Return; "addr": Hex, Long(0); }
    FUTEX_WAIT "futex_wait" Wait { "res": Errno, Return; "addr": Hex, Long(0); }
    FUTEX_REQUEUE "futex_requeue" Ipc { "res": Errno, Return; }
}
