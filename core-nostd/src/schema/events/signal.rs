//! Signals.

use super::words::*;

events! {
    from super::user::END;

    KILL "kill" Signal { "res": Errno, Return; "pid": Pid, ArgInt(0); "sig": Signal, ArgInt(1); }
    TKILL "tkill" Signal { "res": Errno, Return; "tid": Pid, ArgInt(0); "sig": Signal, ArgInt(1); }
    TGKILL "tgkill" Signal {
        "res": Errno, Return; "pid": Pid, ArgInt(0); "tid": Pid, ArgInt(1); "sig": Signal, ArgInt(2);
    }
    PIDFD_SEND_SIGNAL "pidfd_send_signal" Signal {
        "res": Errno, Return; "pidfd": Fd, ArgFd(0); "sig": Signal, ArgInt(1); "flags": Uint, ArgUint(3);
    }
    RT_SIGQUEUEINFO "rt_sigqueueinfo" Signal {
        "res": Errno, Return; "pid": Pid, ArgInt(0); "sig": Signal, ArgInt(1); "code": Int, pointed_int(2, 8);
    }
    RT_TGSIGQUEUEINFO "rt_tgsigqueueinfo" Signal {
        "res": Errno, Return; "pid": Pid, ArgInt(0); "tid": Pid, ArgInt(1); "sig": Signal, ArgInt(2);
        "code": Int, pointed_int(3, 8);
    }
    SIGNALFD "signalfd" Signal {
        "res": Fd, ReturnFd; "fd": Fd, ArgFd(0); "mask": Hex, pointed32(1, 0); "flags": Flags(&SIGNALFD_FLAGS), Zero;
    }
    SIGNALFD4 "signalfd4" Signal {
        "res": Fd, ReturnFd; "flags": Flags(&SIGNALFD_FLAGS), ArgUint(3); "fd": Fd, ArgFd(0);
        "mask": Hex, pointed32(1, 0);
    }
    RT_SIGACTION "rt_sigaction" Signal { "res": Errno, Return; "sig": Signal, ArgInt(0); }
    RT_SIGPROCMASK "rt_sigprocmask" Signal { "res": Errno, Return; "how": Int, ArgInt(0); }
    RT_SIGPENDING "rt_sigpending" Signal { "res": Errno, Return; }
    RT_SIGSUSPEND "rt_sigsuspend" Signal { "res": Errno, Return; }
    RT_SIGTIMEDWAIT "rt_sigtimedwait" Signal { "res": Errno, Return; }
    RT_SIGRETURN "rt_sigreturn" Signal { "res": Errno, Return; }
    SIGALTSTACK "sigaltstack" Signal { "res": Errno, Return; }
    PAUSE "pause" Signal { "res": Errno, Return; }
    RESTART_SYSCALL "restart_syscall" Signal { "res": Errno, Return; }
    SIGACTION "sigaction" Signal { "res": Errno, Return; "sig": Signal, ArgInt(0); }
    SIGNAL "signal" Signal { "res": Errno, Return; "sig": Signal, ArgInt(0); }
    SIGPENDING "sigpending" Signal { "res": Errno, Return; }
    SIGPROCMASK "sigprocmask" Signal { "res": Errno, Return; "how": Int, ArgInt(0); }
    SIGRETURN "sigreturn" Signal { "res": Errno, Return; }
    SIGSUSPEND "sigsuspend" Signal { "res": Errno, Return; }
    SGETMASK "sgetmask" Signal { "res": Errno, Return; }
    SSETMASK "ssetmask" Signal { "res": Errno, Return; }
    SIGNALDELIVER "signaldeliver" Signal {
        "spid": Pid, Special; "dpid": Pid, Context(ContextField::Pid); "sig": Signal, Special;
    }
}
