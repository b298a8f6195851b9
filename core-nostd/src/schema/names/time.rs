//! Clocks and timers.

use crate::schema::flags::{FlagName, FlagNames, bits, values};

/// clock_settime(2): `linux/time.h`.
#[rustfmt::skip]
pub static CLOCKS: FlagNames = values! {
    CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_PROCESS_CPUTIME_ID = 2, CLOCK_THREAD_CPUTIME_ID = 3,
    CLOCK_MONOTONIC_RAW = 4, CLOCK_REALTIME_COARSE = 5, CLOCK_MONOTONIC_COARSE = 6, CLOCK_BOOTTIME = 7,
    CLOCK_REALTIME_ALARM = 8, CLOCK_BOOTTIME_ALARM = 9, CLOCK_SGI_CYCLE = 10, CLOCK_TAI = 11,
};

/// timer_settime(2), clock_nanosleep(2): `linux/time.h`.
#[rustfmt::skip]
pub static TIMER_FLAGS: FlagNames = bits! { TIMER_ABSTIME = 1 };

/// adjtimex(2): `linux/timex.h`.
#[rustfmt::skip]
pub static CLOCK_MODES: FlagNames = bits! {
    ADJ_OFFSET = 1, ADJ_FREQUENCY = 2, ADJ_MAXERROR = 4, ADJ_ESTERROR = 8, ADJ_STATUS = 0x10, ADJ_TIMECONST = 0x20,
    ADJ_TAI = 0x80, ADJ_SETOFFSET = 0x100, ADJ_MICRO = 0x1000, ADJ_NANO = 0x2000, ADJ_TICK = 0x4000,
};

/// setitimer(2): `linux/time.h`.
#[rustfmt::skip]
pub static ITIMERS: FlagNames = values! { ITIMER_REAL = 0, ITIMER_VIRTUAL = 1, ITIMER_PROF = 2 };
