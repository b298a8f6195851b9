//! Sockets.

use super::words::*;

events! {
    from super::io::END;

    SOCKET "socket" Net {
        "fd": Fd, ReturnFd; "domain": Enum(&SOCKET_FAMILIES), ArgInt(0); "type": Uint, ArgUint(1);
        "proto": Uint, ArgUint(2); "flags": Flags(&SOCKET_FLAGS), ArgUint(1);
    }
    SOCKETPAIR "socketpair" Net {
        "res": Errno, Return; "fd1": Fd, fd_at(3, 0); "fd2": Fd, fd_at(3, 1); "source": Uint, of_fd(1, Ino);
        "peer": Uint, of_fd(2, Ino); "domain": Enum(&SOCKET_FAMILIES), ArgInt(0); "type": Uint, ArgUint(1);
        "proto": Uint, ArgUint(2);
    }
    CONNECT "connect" Net {
        "res": Errno, Return; "tuple": Tuple, Special; "fd": Fd, ArgFd(0); "addr": Address, address(1, 2);
    }
    ACCEPT "accept" Net {
        "fd": Fd, ReturnFd; "tuple": Tuple, ReturnTuple; "queuepct": Uint, Special; "queuelen": Uint, Special;
        "queuemax": Uint, Special;
    }
    ACCEPT4 "accept4" Net {
        "fd": Fd, ReturnFd; "tuple": Tuple, ReturnTuple; "queuepct": Uint, Special; "queuelen": Uint, Special;
        "queuemax": Uint, Special; "flags": Flags(&SOCKET_FLAGS), ArgUint(3);
    }
    BIND "bind" Net { "res": Errno, Return; "addr": Address, address(1, 2); "fd": Fd, ArgFd(0); }
    LISTEN "listen" Net { "res": Errno, Return; "fd": Fd, ArgFd(0); "backlog": Int, ArgInt(1); }
    SHUTDOWN "shutdown" Net { "res": Errno, Return; "fd": Fd, ArgFd(0); "how": Enum(&SHUTDOWN_HOW), ArgUint(1); }
    GETSOCKNAME "getsockname" Net { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    GETPEERNAME "getpeername" Net { "res": Errno, Return; "fd": Fd, ArgFd(0); }
    SETSOCKOPT "setsockopt" Net {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "level": Enum(&SOCKET_LEVELS), ArgUint(1);
        "optname": Enum(&SOCKET_OPTIONS), Special; "val": Int, Special; "optlen": Uint, ArgUint(4);
    }
    GETSOCKOPT "getsockopt" Net {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "level": Enum(&SOCKET_LEVELS), ArgUint(1);
        "optname": Enum(&SOCKET_OPTIONS), Special; "val": Int, Special; "optlen": Uint, out32(4, 0);
    }
    SEND "send" IoWrite {
        "res": Errno, Return; "data": Bytes, sent(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2);
        "tuple": Tuple, From::Tuple(0);
    }
    SENDTO "sendto" IoWrite {
        "res": Errno, Return; "data": Bytes, sent(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2);
        "tuple": Tuple, Special;
    }
    SENDMSG "sendmsg" IoWrite {
        "res": Errno, Return; "data": Bytes, Special; "fd": Fd, ArgFd(0); "size": Uint, Special;
        "tuple": Tuple, Special;
    }
    SENDMMSG "sendmmsg" IoWrite {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "size": Uint, Special; "data": Bytes, Special;
        "tuple": Tuple, Special;
    }
    RECV "recv" IoRead {
        "res": Errno, Return; "data": Bytes, received(1, 2); "fd": Fd, ArgFd(0); "size": Uint, Long(2);
        "tuple": Tuple, From::Tuple(0);
    }
    RECVFROM "recvfrom" IoRead {
        "res": Errno, Return; "data": Bytes, received(1, 2); "tuple": Tuple, Special; "fd": Fd, ArgFd(0);
        "size": Uint, Long(2);
    }
    RECVMSG "recvmsg" IoRead {
        "res": Errno, Return; "size": Uint, Special; "data": Bytes, Special; "tuple": Tuple, Special;
        "msgcontrol": Bytes, Special; "fd": Fd, ArgFd(0);
    }
    RECVMMSG "recvmmsg" IoRead {
        "res": Errno, Return; "fd": Fd, ArgFd(0); "size": Uint, Special; "data": Bytes, Special;
        "tuple": Tuple, Special; "msgcontrol": Bytes, Special;
    }
}
