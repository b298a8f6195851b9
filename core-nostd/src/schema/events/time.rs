//! Clocks and timers.

use super::words::*;

events! {
    from super::ipc::END;

    NANOSLEEP "nanosleep" Sleep { "res": Errno, Return; "interval": Span, timespec(0, 0); }
    CLOCK_NANOSLEEP "clock_nanosleep" Sleep {
        "res": Errno, Return; "clockid": Enum(&CLOCKS), ArgInt(0); "flags": Flags(&TIMER_FLAGS), ArgUint(1);
        "interval": Span, timespec(2, 0);
    }
    TIME "time" Time { "res": Errno, Return; }
    STIME "stime" Time { "res": Errno, Return; }
    GETTIMEOFDAY "gettimeofday" Time { "res": Errno, Return; }
    SETTIMEOFDAY "settimeofday" Time { "res": Errno, Return; "time": Time, From::Timeval(0); }
    CLOCK_GETTIME "clock_gettime" Time { "res": Errno, Return; "clockid": Enum(&CLOCKS), ArgInt(0); }
    CLOCK_SETTIME "clock_settime" Time {
        "res": Errno, Return; "clockid": Enum(&CLOCKS), ArgInt(0); "time": Time, timespec(1, 0);
    }
    CLOCK_GETRES "clock_getres" Time { "res": Errno, Return; "clockid": Enum(&CLOCKS), ArgInt(0); }
    CLOCK_ADJTIME "clock_adjtime" Time {
        "res": Errno, Return; "clockid": Enum(&CLOCKS), ArgInt(0); "modes": Flags(&CLOCK_MODES), pointed32(1, 0);
    }
    ADJTIMEX "adjtimex" Time { "res": Errno, Return; "modes": Flags(&CLOCK_MODES), pointed32(0, 0); }
    ALARM "alarm" Time { "res": Errno, Return; "seconds": Uint, ArgUint(0); }
    GETITIMER "getitimer" Time { "res": Errno, Return; "which": Enum(&ITIMERS), ArgInt(0); }
    SETITIMER "setitimer" Time { "res": Errno, Return; "which": Enum(&ITIMERS), ArgInt(0); }
    TIMER_CREATE "timer_create" Time { "res": Errno, Return; "clockid": Enum(&CLOCKS), ArgInt(0); }
    TIMER_SETTIME "timer_settime" Time {
        "res": Errno, Return; "timerid": Int, ArgInt(0); "flags": Flags(&TIMER_FLAGS), ArgUint(1);
    }
    TIMER_GETTIME "timer_gettime" Time { "res": Errno, Return; "timerid": Int, ArgInt(0); }
    TIMER_GETOVERRUN "timer_getoverrun" Time { "res": Errno, Return; "timerid": Int, ArgInt(0); }
    TIMER_DELETE "timer_delete" Time { "res": Errno, Return; "timerid": Int, ArgInt(0); }
    TIMERFD_CREATE "timerfd_create" Time {
        "res": Fd, ReturnFd; "clockid": Enum(&CLOCKS), ArgUint(0); "flags": Flags(&TIMERFD_FLAGS), ArgUint(1);
    }
    TIMERFD_SETTIME "timerfd_settime" Time {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "flags": Flags(&TIMER_FLAGS), ArgUint(1);
    }
    TIMERFD_GETTIME "timerfd_gettime" Time { "res": Errno, Return; "fd": Fd, ArgFd(0); }
}
