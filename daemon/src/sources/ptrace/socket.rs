//! Both ends of a tracee's socket: a copy of its descriptor is asked (pidfd_getfd(2)), so that no table of sockets need be
//! searched, and network namespaces do not matter.
#![allow(unsafe_code, reason = "pidfd_getfd(2), getsockopt(2) and its like")]

use kestrel_core::event::{FdFlags, FdHead, FdKind, Tuple, family};
use kestrel_core::fill::{ListenQueue, Unavailable};
use nix::libc::{self, c_int, c_void, socklen_t};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use zerocopy::IntoBytes;

/// Greatest socket address that is looked at: `sockaddr_un` (`linux/un.h`).
pub const ADDRESS: usize = 110;

/// `TCP_ESTABLISHED` and `TCP_LISTEN` (`net/tcp_states.h`).
const ESTABLISHED: u8 = 1;
const LISTEN: u8 = 10;

/// Places in `struct tcp_info` (`linux/tcp.h`): the state; while listening, how many wait, and how many may.
const TCP_STATE: usize = 0;
const TCP_UNACKED: usize = 24;
const TCP_SACKED: usize = 28;

/// A handle of a process; `None` if it is gone.
pub fn process_handle(pid: u32) -> Option<OwnedFd> {
    // SAFETY: numbers go in.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    // SAFETY: the kernel has just made the descriptor for us.
    c_int::try_from(fd).ok().filter(|fd| *fd >= 0).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A copy of a socket of another process.
#[derive(Debug)]
pub struct Socket(OwnedFd);

impl Socket {
    /// Of what the process calls `fd`.
    ///
    /// # Errors
    /// [`Unavailable`] if it may not be had: containers often forbid it.
    pub fn copy(process: &OwnedFd, fd: i32) -> Result<Socket, Unavailable> {
        // SAFETY: numbers go in.
        let copy = unsafe { libc::syscall(libc::SYS_pidfd_getfd, process.as_raw_fd(), fd, 0) };
        match c_int::try_from(copy) {
            // SAFETY: the kernel has just made the descriptor for us.
            Ok(copy @ 0..) => Ok(Socket(unsafe { OwnedFd::from_raw_fd(copy) })),
            _ => Err(Unavailable),
        }
    }

    fn option<const N: usize>(&self, level: c_int, name: c_int) -> Option<[u8; N]> {
        let mut value = [0; N];
        let mut len = N as socklen_t;
        // SAFETY: there is room for as many bytes as are said.
        let error = unsafe {
            libc::getsockopt(self.0.as_raw_fd(), level, name, value.as_mut_ptr().cast::<c_void>(), &raw mut len)
        };
        (error == 0).then_some(value)
    }

    fn number(&self, name: c_int) -> Option<i32> {
        self.option(libc::SOL_SOCKET, name).map(i32::from_ne_bytes)
    }

    fn address(&self, remote: bool) -> Option<Address> {
        let mut bytes = [0; ADDRESS];
        let mut len = ADDRESS as socklen_t;
        let (at, fd) = (bytes.as_mut_ptr().cast::<libc::sockaddr>(), self.0.as_raw_fd());
        // SAFETY: there is room for as many bytes as are said.
        let error = unsafe {
            if remote { libc::getpeername(fd, at, &raw mut len) } else { libc::getsockname(fd, at, &raw mut len) }
        };
        (error == 0).then(|| Address { bytes, len: (len as usize).min(ADDRESS) })
    }

    fn tcp_info(&self) -> Option<[u8; 104]> {
        self.option(libc::IPPROTO_TCP, libc::TCP_INFO)
    }

    /// Says what the socket is: fills what `head` says of sockets, and writes its ends to the front of `tail`; gives the
    /// tail's length. `accepted` says that it is known to come from accept(2).
    ///
    /// # Errors
    /// [`Unavailable`] if there is no room.
    pub fn describe(&self, accepted: bool, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        // SAFETY: numbers go in.
        let flags = unsafe { libc::fcntl(self.0.as_raw_fd(), libc::F_GETFL) };
        head.open_flags = u32::try_from(flags).unwrap_or(0);
        head.family = self.number(libc::SO_DOMAIN).unwrap_or(0) as u16;
        head.socket_type = self.number(libc::SO_TYPE).unwrap_or(0) as u8;
        head.protocol = self.number(libc::SO_PROTOCOL).unwrap_or(0) as u16;
        let listens = self.number(libc::SO_ACCEPTCONN).unwrap_or(0) != 0;
        head.kind = match head.family {
            family::INET => FdKind::Inet4,
            family::INET6 => FdKind::Inet6,
            family::UNIX => FdKind::Unix,
            family::NETLINK => FdKind::Netlink,
            family::PACKET => FdKind::Packet,
            _ => FdKind::OtherSocket,
        } as u8;
        let is_inet = matches!(head.family, family::INET | family::INET6);
        if !is_inet && head.family != family::UNIX {
            return Ok(0);
        }
        let (local, remote) = (self.address(false), self.address(true));
        let tcp = is_inet && i32::from(head.protocol) == libc::IPPROTO_TCP;
        let established = match self.tcp_info().filter(|_| tcp) {
            Some(info) => info[TCP_STATE] == ESTABLISHED,
            None => remote.is_some(),
        };
        let mut flags = FdFlags::default();
        if established {
            flags.0 |= FdFlags::CONNECTED.0;
        }
        let mut tuple = Tuple { family: head.family, protocol: head.protocol, ..Tuple::default() };
        let mut names = Vec::new();
        let server = if is_inet {
            if let Some((ip, port)) = local.as_ref().and_then(Address::ip) {
                (tuple.local, tuple.local_port) = (ip, port);
            }
            if let Some((ip, port)) = remote.as_ref().and_then(Address::ip) {
                (tuple.remote, tuple.remote_port) = (ip, port);
            }
            listens || accepted
        } else {
            names = local.as_ref().map_or_else(Vec::new, Address::name);
            let named = !names.is_empty();
            names.push(0);
            let peer = remote.as_ref().map_or_else(Vec::new, Address::name);
            let datagrams = i32::from(head.socket_type) == libc::SOCK_DGRAM;
            let server = listens || (!datagrams && established && named && peer.is_empty());
            names.extend(peer);
            server
        };
        if server {
            flags.0 |= FdFlags::SERVER.0;
        }
        head.flags = flags.0;
        let len = size_of::<Tuple>() + names.len();
        let room = tail.get_mut(..len).ok_or(Unavailable)?;
        room[..size_of::<Tuple>()].copy_from_slice(tuple.as_bytes());
        room[size_of::<Tuple>()..].copy_from_slice(&names);
        Ok(len)
    }

    /// The queue of a TCP socket that listens.
    pub fn queue(&self) -> Result<ListenQueue, Unavailable> {
        let info = self.tcp_info().filter(|info| info[TCP_STATE] == LISTEN).ok_or(Unavailable)?;
        let word = |at: usize| u32::from_ne_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]);
        Ok(ListenQueue { len: word(TCP_UNACKED), max: word(TCP_SACKED) })
    }
}

/// A `struct sockaddr`.
pub struct Address {
    /// Its bytes.
    pub bytes: [u8; ADDRESS],
    /// How many there are.
    pub len: usize,
}

impl Address {
    /// Address and port of `sockaddr_in` and `sockaddr_in6`.
    pub fn ip(&self) -> Option<([u8; 16], u16)> {
        let mut ip = [0; 16];
        match u16::from_ne_bytes([self.bytes[0], self.bytes[1]]) {
            family::INET if self.len >= 8 => ip[..4].copy_from_slice(&self.bytes[4..8]),
            family::INET6 if self.len >= 24 => ip.copy_from_slice(&self.bytes[8..24]),
            _ => return None,
        }
        Some((ip, u16::from_be_bytes([self.bytes[2], self.bytes[3]])))
    }

    /// The name in `sockaddr_un`; an abstract one is shown with `@` for each NUL, as /proc/net/unix does.
    fn name(&self) -> Vec<u8> {
        let name = self.bytes.get(2..self.len).unwrap_or(&[]);
        match name.first() {
            None => Vec::new(),
            Some(0) => name.iter().map(|&b| if b == 0 { b'@' } else { b }).collect(),
            Some(_) => name.split(|&b| b == 0).next().unwrap_or(name).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::event::TupleView;
    use std::net::{TcpListener, TcpStream};

    fn described(fd: i32, accepted: bool) -> (FdHead, Vec<u8>) {
        let me = process_handle(std::process::id()).unwrap();
        let (mut head, mut tail) = (FdHead::default(), vec![0; 300]);
        let len = Socket::copy(&me, fd).unwrap().describe(accepted, &mut head, &mut tail).unwrap();
        tail.truncate(len);
        (head, tail)
    }

    #[test]
    fn a_connection_has_two_ends_and_a_listening_socket_a_queue() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (head, tail) = described(client.as_raw_fd(), false);
        let tuple = TupleView::parse(&tail).unwrap();
        assert_eq!((FdKind::from_u8(head.kind), head.flags), (FdKind::Inet4, FdFlags::CONNECTED.0));
        assert_eq!(tuple.local_ip(), Some([127, 0, 0, 1].into()));
        assert_eq!(tuple.tuple.remote_port, listener.local_addr().unwrap().port());
        assert_eq!(described(listener.as_raw_fd(), false).0.flags, FdFlags::SERVER.0);
        let me = process_handle(std::process::id()).unwrap();
        let queue = Socket::copy(&me, listener.as_raw_fd()).unwrap().queue().unwrap();
        assert!(queue.len == 1 && queue.max >= 1);
        assert!(Socket::copy(&me, client.as_raw_fd()).unwrap().queue().is_err());
    }

    #[test]
    fn the_end_of_a_local_socket_that_has_a_name_is_the_server_s() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        let (server, _) = listener.accept().unwrap();
        let (head, tail) = described(client.as_raw_fd(), false);
        let tuple = TupleView::parse(&tail).unwrap();
        assert_eq!((tuple.local_path, tuple.remote_path), (&b""[..], path.as_os_str().as_encoded_bytes()));
        assert_eq!(head.flags, FdFlags::CONNECTED.0);
        let (head, tail) = described(server.as_raw_fd(), false);
        assert_eq!(TupleView::parse(&tail).unwrap().local_path, path.as_os_str().as_encoded_bytes());
        assert_eq!(head.flags, FdFlags::CONNECTED.0 | FdFlags::SERVER.0);
    }
}
