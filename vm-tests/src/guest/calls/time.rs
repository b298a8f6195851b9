//! Clocks and timers. The clock itself stays as it is: records are put in order by it.

use super::raw::{CLOSED, NOWHERE, as_nobody, call};
use crate::guest::failure::Outcome;
use nix::libc;
use std::ptr::null;

const NO_CLOCK: i32 = 77;
const NO_TIMER: i32 = 99;

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    begin();
    sleeping();
    clocks();
    as_nobody(setting);
    old_timers();
    timers();
    descriptors();
    Ok(())
}

fn sleeping() {
    // struct timespec: seconds, nanoseconds
    let short = [0_u64, 1_000_001];
    let wrong = [1_u64, 1_000_000_000];
    let negative = [-1_i64, 0];
    call!(SYS_nanosleep, short.as_ptr(), null::<u8>());
    call!(SYS_nanosleep, wrong.as_ptr(), null::<u8>());
    call!(SYS_nanosleep, negative.as_ptr(), null::<u8>());
    call!(SYS_nanosleep, NOWHERE, null::<u8>());
    call!(SYS_clock_nanosleep, libc::CLOCK_MONOTONIC, libc::TIMER_ABSTIME, short.as_ptr(), null::<u8>());
    call!(SYS_clock_nanosleep, NO_CLOCK, 0, short.as_ptr(), null::<u8>());
}

fn clocks() {
    let mut room = [0_u64; 32];
    call!(SYS_time, room.as_mut_ptr());
    call!(SYS_time, NOWHERE);
    call!(SYS_gettimeofday, room.as_mut_ptr(), null::<u8>());
    call!(SYS_gettimeofday, NOWHERE, null::<u8>());
    call!(SYS_clock_gettime, libc::CLOCK_BOOTTIME, room.as_mut_ptr());
    call!(SYS_clock_gettime, NO_CLOCK, room.as_mut_ptr());
    call!(SYS_clock_getres, libc::CLOCK_TAI, room.as_mut_ptr());
    call!(SYS_clock_getres, NO_CLOCK, room.as_mut_ptr());
    // struct timex with nothing to be changed; then what may not be.
    let mut question = [0_u64; 32];
    let mut wish = [0_u64; 32];
    wish[0] = 0x4000 | 2;
    call!(SYS_adjtimex, question.as_mut_ptr());
    call!(SYS_adjtimex, NOWHERE);
    call!(SYS_clock_adjtime, libc::CLOCK_REALTIME, question.as_mut_ptr());
    call!(SYS_clock_adjtime, libc::CLOCK_MONOTONIC, wish.as_mut_ptr());
}

/// By somebody who may not.
fn setting() {
    let nanoseconds = [1_000_000_000_u64, 5];
    let microseconds = [1_000_000_000_u64, 6];
    let mut wish = [0_u64; 32];
    wish[0] = 0x4000;
    call!(SYS_settimeofday, microseconds.as_ptr(), null::<u8>());
    call!(SYS_clock_settime, libc::CLOCK_REALTIME, nanoseconds.as_ptr());
    call!(SYS_adjtimex, wish.as_mut_ptr());
    call!(SYS_settimeofday, null::<u8>(), null::<u8>());
}

fn old_timers() {
    call!(SYS_alarm, 100);
    call!(SYS_alarm, 0);
    let mut room = [0_u64; 4];
    call!(SYS_setitimer, libc::ITIMER_VIRTUAL, room.as_ptr(), null::<u8>());
    call!(SYS_setitimer, 7, room.as_ptr(), null::<u8>());
    call!(SYS_getitimer, libc::ITIMER_PROF, room.as_mut_ptr());
    call!(SYS_getitimer, 7, room.as_mut_ptr());
}

fn timers() {
    let mut timer = 0_i32;
    let never = [0_u64; 4];
    let mut room = [0_u64; 4];
    call!(SYS_timer_create, libc::CLOCK_MONOTONIC, null::<u8>(), &raw mut timer);
    call!(SYS_timer_create, NO_CLOCK, null::<u8>(), &raw mut timer);
    call!(SYS_timer_settime, timer, libc::TIMER_ABSTIME, never.as_ptr(), null::<u8>());
    call!(SYS_timer_settime, NO_TIMER, 0, never.as_ptr(), null::<u8>());
    call!(SYS_timer_gettime, timer, room.as_mut_ptr());
    call!(SYS_timer_gettime, NO_TIMER, room.as_mut_ptr());
    call!(SYS_timer_getoverrun, timer);
    call!(SYS_timer_getoverrun, NO_TIMER);
    call!(SYS_timer_delete, timer);
    call!(SYS_timer_delete, timer);
}

fn descriptors() {
    let never = [0_u64; 4];
    let mut room = [0_u64; 4];
    let timer = call!(SYS_timerfd_create, libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC | libc::TFD_NONBLOCK);
    call!(SYS_timerfd_create, libc::CLOCK_TAI, 0);
    call!(SYS_timerfd_settime, timer, libc::TFD_TIMER_ABSTIME, never.as_ptr(), null::<u8>());
    call!(SYS_timerfd_settime, CLOSED, 0, never.as_ptr(), null::<u8>());
    call!(SYS_timerfd_gettime, timer, room.as_mut_ptr());
    call!(SYS_timerfd_gettime, CLOSED, room.as_mut_ptr());
}
