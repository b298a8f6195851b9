//! Messages, semaphores, shared memory, futexes: in a name space of our own, so that ids begin at 0.

use super::raw::{CLOSED, NOWHERE, as_nobody, call, call_number};
use crate::guest::failure::{Outcome, ensure};
use nix::libc;
use std::ptr::null;

/// Numbers that libc does not have (`asm/unistd_64.h`).
const FUTEX_WAKE: i64 = 454;
const FUTEX_WAIT: i64 = 455;
const FUTEX_REQUEUE: i64 = 456;

const KEY: i32 = 0x4b45_5354;
const PAGE: usize = 4096;

/// Where shared memory is attached, and where the futexes are.
const SHARED: usize = 0x2000_0000_0000;
const FUTEXES: usize = 0x2000_1000_0000;

/// An id that nothing has.
const NO_ID: i32 = 0x7fff;

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    call!(SYS_unshare, libc::CLONE_NEWIPC);
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE | libc::MAP_POPULATE;
    let mapped = call!(SYS_mmap, FUTEXES, PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
    ensure(mapped > 0, || "there is no memory".to_owned())?;
    begin();
    semaphores();
    messages();
    shared_memory();
    queues();
    futexes();
    Ok(())
}

fn semaphores() {
    let set = call!(SYS_semget, KEY, 2, libc::IPC_CREAT | libc::IPC_EXCL | 0o600);
    call!(SYS_semget, KEY, 3, libc::IPC_CREAT | libc::IPC_EXCL | 0o640);
    call!(SYS_semctl, set, 1, libc::SETVAL, 5);
    call!(SYS_semctl, set, 1, libc::GETVAL, 0);
    call!(SYS_semctl, set, 7, libc::SETVAL, -1);
    // struct sembuf: number, operation, flags, 16 bits each
    let operations = [0_i16, 1, 0, 1, -2, 0x1000 | 0x800, 0, 0, 0];
    call!(SYS_semop, set, operations.as_ptr(), 1);
    call!(SYS_semop, set, operations.as_ptr(), 2);
    call!(SYS_semop, NO_ID, operations.as_ptr(), 3);
    let no_time = [0_u64; 2];
    call!(SYS_semtimedop, set, operations.as_ptr(), 1, no_time.as_ptr());
    call!(SYS_semtimedop, NO_ID, operations.as_ptr(), 2, no_time.as_ptr());
    call!(SYS_semctl, set, 0, libc::IPC_RMID, 0);
    call!(SYS_semctl, NO_ID, 0, 77, 0);
}

fn messages() {
    let queue = call!(SYS_msgget, KEY, libc::IPC_CREAT | 0o600);
    call!(SYS_msgget, KEY + 1, 0);
    // struct msgbuf: type, text
    let mut message = [9, u64::from_ne_bytes(*b"hello\0\0\0")];
    call!(SYS_msgsnd, queue, message.as_ptr(), 5, 0);
    call!(SYS_msgsnd, NO_ID, message.as_ptr(), 5, libc::IPC_NOWAIT);
    call!(SYS_msgrcv, queue, message.as_mut_ptr(), 8, 0, 0);
    call!(SYS_msgrcv, queue, message.as_mut_ptr(), 8, 0, libc::IPC_NOWAIT);
    call!(SYS_msgctl, queue, libc::IPC_RMID, null::<u8>());
    call!(SYS_msgctl, NO_ID, libc::IPC_STAT, NOWHERE);
}

fn shared_memory() {
    let memory = call!(SYS_shmget, KEY, 8192, libc::IPC_CREAT | 0o600);
    call!(SYS_shmget, KEY + 1, 4096, 0);
    call!(SYS_shmat, memory, SHARED, libc::SHM_RDONLY);
    call!(SYS_shmat, NO_ID, SHARED + 1, libc::SHM_RND);
    call!(SYS_shmdt, SHARED);
    call!(SYS_shmdt, SHARED);
    call!(SYS_shmctl, memory, libc::IPC_RMID, null::<u8>());
    call!(SYS_shmctl, NO_ID, libc::SHM_LOCK, null::<u8>());
}

fn queues() {
    // struct mq_attr: flags, most messages, their greatest size, how many there are, and more
    let attr = [0_u64, 4, 64, 0, 0, 0, 0, 0];
    let mut room = [0_u8; 64];
    let flags = libc::O_CREAT | libc::O_RDWR | libc::O_NONBLOCK;
    let queue = call!(SYS_mq_open, c"letters".as_ptr(), flags, 0o620, attr.as_ptr());
    call!(SYS_mq_open, c"gone".as_ptr(), libc::O_RDONLY, 0, null::<u8>());
    call!(SYS_mq_timedsend, queue, c"letter".as_ptr(), 6, 3, null::<u8>());
    call!(SYS_mq_timedsend, CLOSED, c"letter".as_ptr(), 6, 3, null::<u8>());
    call!(SYS_mq_notify, queue, null::<u8>());
    call!(SYS_mq_notify, CLOSED, null::<u8>());
    call!(SYS_mq_timedreceive, queue, room.as_mut_ptr(), 64, null::<u8>(), null::<u8>());
    call!(SYS_mq_timedreceive, queue, room.as_mut_ptr(), 64, null::<u8>(), null::<u8>());
    let mut answer = [0_u64; 8];
    call!(SYS_mq_getsetattr, queue, null::<u8>(), answer.as_mut_ptr());
    call!(SYS_mq_getsetattr, CLOSED, null::<u8>(), answer.as_mut_ptr());
    call!(SYS_mq_unlink, c"letters".as_ptr());
    call!(SYS_mq_unlink, c"letters".as_ptr());
    as_nobody(|| {
        call!(SYS_mq_unlink, c"nobody's".as_ptr());
    });
}

fn futexes() {
    const PRIVATE: i32 = libc::FUTEX_PRIVATE_FLAG;
    call!(SYS_futex, FUTEXES, libc::FUTEX_WAKE | PRIVATE, 1, null::<u8>(), null::<u8>(), 0);
    call!(SYS_futex, FUTEXES, libc::FUTEX_WAIT, 77, null::<u8>(), null::<u8>(), 0);
    call!(SYS_futex, FUTEXES + 4, 0x70, 3, null::<u8>(), null::<u8>(), 0);
    // struct futex_waitv: value, where, flags (32 bits), reserved
    let wait = [77_u64, FUTEXES as u64, 2];
    call!(SYS_futex_waitv, wait.as_ptr(), 1, 0, null::<u8>(), 0);
    call_number!(FUTEX_WAKE, FUTEXES, -1, 1, 2);
    call_number!(FUTEX_WAIT, FUTEXES + 4, 77, -1, 2, null::<u8>(), 0);
    call_number!(FUTEX_REQUEUE, wait.as_ptr(), 0, 1, 1);
}
