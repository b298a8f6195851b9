//! Sockets. The ports are chosen here, except where the kernel must choose one.
#![allow(unsafe_code, reason = "a structure with hidden fields")]

use super::raw::{CLOSED, NOWHERE, call};
use crate::guest::failure::Outcome;
use nix::libc::{self, iovec, mmsghdr, msghdr, sockaddr_in, sockaddr_in6, sockaddr_un};
use std::ptr::null;

const INET: usize = size_of::<sockaddr_in>();
const INET6: usize = size_of::<sockaddr_in6>();

pub(super) fn make(begin: &dyn Fn()) -> Outcome {
    begin();
    making();
    streams();
    datagrams();
    messages();
    newer_addresses();
    names();
    options();
    Ok(())
}

/// An IPv4 address of this machine.
fn loopback(port: u16) -> sockaddr_in {
    sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    }
}

/// An IPv6 address of this machine.
fn loopback6(port: u16) -> sockaddr_in6 {
    let mut address = [0; 16];
    address[15] = 1;
    sockaddr_in6 {
        sin6_family: libc::AF_INET6 as u16,
        sin6_port: port.to_be(),
        sin6_flowinfo: 0,
        sin6_addr: libc::in6_addr { s6_addr: address },
        sin6_scope_id: 0,
    }
}

/// The address of a local socket, and its length.
fn local(name: &[u8]) -> (sockaddr_un, usize) {
    let mut address = sockaddr_un { sun_family: libc::AF_UNIX as u16, sun_path: [0; 108] };
    for (to, from) in address.sun_path.iter_mut().zip(name) {
        *to = *from as libc::c_char;
    }
    (address, 2 + name.len())
}

fn making() {
    call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK, 0);
    call!(SYS_socket, libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE);
    call!(SYS_socket, libc::AF_PACKET, libc::SOCK_DGRAM, 0x300);
    call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_UDP);
    let mut pair = [0_i32; 2];
    call!(SYS_socketpair, libc::AF_UNIX, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0, pair.as_mut_ptr());
    call!(SYS_socketpair, libc::AF_INET, libc::SOCK_STREAM, 0, pair.as_mut_ptr());
}

fn streams() {
    let address = loopback(5555);
    let listener = call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0);
    call!(SYS_bind, listener, &raw const address, INET);
    call!(SYS_bind, listener, &raw const address, INET);
    call!(SYS_listen, listener, 5);
    call!(SYS_listen, CLOSED, 6);
    let mut room = [0_u8; 64];
    for accept4 in [false, true] {
        let client = call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_TCP);
        call!(SYS_connect, client, &raw const address, INET);
        let server = if accept4 {
            call!(SYS_accept4, listener, null::<u8>(), null::<u8>(), libc::SOCK_NONBLOCK)
        } else {
            call!(SYS_accept, listener, null::<u8>(), null::<u8>())
        };
        call!(SYS_sendto, client, c"hello".as_ptr(), 5, 0, null::<u8>(), 0);
        call!(SYS_recvfrom, server, room.as_mut_ptr(), 64, 0, null::<u8>(), null::<u8>());
        call!(SYS_shutdown, client, libc::SHUT_WR);
        call!(SYS_recvfrom, server, room.as_mut_ptr(), 64, 0, null::<u8>(), null::<u8>());
        call!(SYS_close, server);
        call!(SYS_close, client);
    }
    call!(SYS_accept, CLOSED, null::<u8>(), null::<u8>());
    call!(SYS_accept4, listener, null::<u8>(), null::<u8>(), 1);
    call!(SYS_shutdown, CLOSED, libc::SHUT_RDWR);
    // Nobody listens there.
    let refused = loopback(5556);
    let client = call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0);
    call!(SYS_connect, client, &raw const refused, INET);
    call!(SYS_sendto, client, c"nobody".as_ptr(), 6, libc::MSG_NOSIGNAL, null::<u8>(), 0);

    let (place, len) = local(b"/tmp/calls/socket\0");
    let listener = call!(SYS_socket, libc::AF_UNIX, libc::SOCK_STREAM, 0);
    call!(SYS_bind, listener, &raw const place, len);
    call!(SYS_listen, listener, 2);
    let client = call!(SYS_socket, libc::AF_UNIX, libc::SOCK_STREAM, 0);
    call!(SYS_connect, client, &raw const place, len);
    let server = call!(SYS_accept4, listener, null::<u8>(), null::<u8>(), libc::SOCK_CLOEXEC);
    call!(SYS_sendto, server, c"answer".as_ptr(), 6, 0, null::<u8>(), 0);
    call!(SYS_recvfrom, client, room.as_mut_ptr(), 3, 0, null::<u8>(), null::<u8>());
    let (missing, len) = local(b"missing");
    call!(SYS_connect, client, &raw const missing, len);
    let (hidden, len) = local(b"\0hidden");
    let abstract_socket = call!(SYS_socket, libc::AF_UNIX, libc::SOCK_SEQPACKET, 0);
    call!(SYS_bind, abstract_socket, &raw const hidden, len);
}

fn datagrams() {
    let here = loopback(5557);
    let there = loopback(5558);
    let receiver = call!(SYS_socket, libc::AF_INET, libc::SOCK_DGRAM, 0);
    call!(SYS_bind, receiver, &raw const here, INET);
    let sender = call!(SYS_socket, libc::AF_INET, libc::SOCK_DGRAM, 0);
    call!(SYS_bind, sender, &raw const there, INET);
    call!(SYS_sendto, sender, c"datagram".as_ptr(), 8, 0, &raw const here, INET);
    let mut room = [0_u8; 64];
    let mut from = loopback(0);
    let mut len = INET as u32;
    call!(SYS_recvfrom, receiver, room.as_mut_ptr(), 64, 0, &raw mut from, &raw mut len);
    call!(SYS_recvfrom, receiver, room.as_mut_ptr(), 64, libc::MSG_DONTWAIT, &raw mut from, &raw mut len);
    call!(SYS_sendto, CLOSED, c"datagram".as_ptr(), 8, 0, &raw const here, INET);
    // A port that the kernel chooses.
    let unbound = call!(SYS_socket, libc::AF_INET, libc::SOCK_DGRAM, 0);
    call!(SYS_sendto, unbound, c"stranger".as_ptr(), 8, 0, &raw const here, INET);
    call!(SYS_connect, unbound, &raw const there, INET);
    call!(SYS_sendto, unbound, c"friend".as_ptr(), 6, 0, null::<u8>(), 0);
    let (name, len) = local(b"local\0");
    let place = call!(SYS_socket, libc::AF_UNIX, libc::SOCK_DGRAM, 0);
    call!(SYS_bind, place, &raw const name, len);
    let client = call!(SYS_socket, libc::AF_UNIX, libc::SOCK_DGRAM, 0);
    call!(SYS_sendto, client, c"to a name".as_ptr(), 9, 0, &raw const name, len);
}

fn part(bytes: &mut [u8]) -> iovec {
    iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() }
}

fn message(name: *const sockaddr_in, parts: &mut [iovec], control: &mut [u64]) -> msghdr {
    // Some C libraries have hidden fields in it, and lengths of other types than the kernel's.
    // SAFETY: it is made of pointers and numbers, for which zero is a value.
    let mut message: msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = name.cast_mut().cast();
    message.msg_namelen = if name.is_null() { 0 } else { INET as u32 };
    message.msg_iov = parts.as_mut_ptr();
    message.msg_iovlen = parts.len() as _;
    message.msg_control = if control.is_empty() { std::ptr::null_mut() } else { control.as_mut_ptr().cast() };
    message.msg_controllen = size_of_val(control) as _;
    message
}

fn messages() {
    let here = loopback(5560);
    let there = loopback(5561);
    let receiver = call!(SYS_socket, libc::AF_INET, libc::SOCK_DGRAM, 0);
    call!(SYS_bind, receiver, &raw const here, INET);
    let sender = call!(SYS_socket, libc::AF_INET, libc::SOCK_DGRAM, 0);
    call!(SYS_bind, sender, &raw const there, INET);
    // What came to which address: 28 bytes of control data.
    let yes = 1_i32;
    call!(SYS_setsockopt, receiver, libc::IPPROTO_IP, libc::IP_PKTINFO, &raw const yes, 4);

    let (mut first, mut second) = (*b"two ", *b"parts");
    let mut parts = [part(&mut first), part(&mut second)];
    let header = message(&raw const here, &mut parts, &mut []);
    call!(SYS_sendmsg, sender, &raw const header, 0);
    call!(SYS_sendmsg, CLOSED, &raw const header, 0);
    let (mut left, mut right) = ([0_u8; 6], [0_u8; 20]);
    let mut rooms = [part(&mut left), part(&mut right)];
    let mut from = loopback(0);
    let mut control = [0_u64; 8];
    let mut answer = message(&raw mut from, &mut rooms, &mut control);
    call!(SYS_recvmsg, receiver, &raw mut answer, 0);
    call!(SYS_recvmsg, receiver, &raw mut answer, libc::MSG_DONTWAIT);

    let (mut one, mut other) = (*b"first", *b"second one");
    let mut one_part = [part(&mut one)];
    let mut other_part = [part(&mut other)];
    let headers = [
        mmsghdr { msg_hdr: message(&raw const here, &mut one_part, &mut []), msg_len: 0 },
        mmsghdr { msg_hdr: message(&raw const here, &mut other_part, &mut []), msg_len: 0 },
    ];
    call!(SYS_sendmmsg, sender, headers.as_ptr(), 2, 0);
    call!(SYS_sendmmsg, CLOSED, headers.as_ptr(), 2, 0);
    let (mut room, mut more) = ([0_u8; 32], [0_u8; 32]);
    let mut room_part = [part(&mut room)];
    let mut more_part = [part(&mut more)];
    let mut control = [0_u64; 8];
    let mut answers = [
        mmsghdr { msg_hdr: message(&raw mut from, &mut room_part, &mut control), msg_len: 0 },
        mmsghdr { msg_hdr: message(null(), &mut more_part, &mut []), msg_len: 0 },
    ];
    call!(SYS_recvmmsg, receiver, answers.as_mut_ptr(), 2, 0, null::<u8>());
    call!(SYS_recvmmsg, receiver, answers.as_mut_ptr(), 2, libc::MSG_DONTWAIT, null::<u8>());
}

fn newer_addresses() {
    let here = loopback6(5570);
    let there = loopback6(5571);
    let receiver = call!(SYS_socket, libc::AF_INET6, libc::SOCK_DGRAM, 0);
    call!(SYS_bind, receiver, &raw const here, INET6);
    let sender = call!(SYS_socket, libc::AF_INET6, libc::SOCK_DGRAM, 0);
    call!(SYS_bind, sender, &raw const there, INET6);
    call!(SYS_sendto, sender, c"six".as_ptr(), 3, 0, &raw const here, INET6);
    call!(SYS_connect, sender, &raw const here, INET6);
}

fn names() {
    let address = loopback(5580);
    let socket = call!(SYS_socket, libc::AF_INET, libc::SOCK_DGRAM, 0);
    call!(SYS_bind, socket, &raw const address, INET);
    let mut name = [0_u8; 128];
    let mut len = 128_u32;
    call!(SYS_getsockname, socket, name.as_mut_ptr(), &raw mut len);
    call!(SYS_getsockname, CLOSED, name.as_mut_ptr(), &raw mut len);
    call!(SYS_getpeername, socket, name.as_mut_ptr(), &raw mut len);
    call!(SYS_connect, socket, &raw const address, INET);
    call!(SYS_getpeername, socket, name.as_mut_ptr(), &raw mut len);
    // What no address is.
    call!(SYS_connect, socket, NOWHERE, INET);
    call!(SYS_bind, socket, &raw const address, 1);
}

fn options() {
    let socket = call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0);
    let yes = 1_i32;
    let time = [3_u64, 500_000];
    call!(SYS_setsockopt, socket, libc::SOL_SOCKET, libc::SO_REUSEADDR, &raw const yes, 4);
    call!(SYS_setsockopt, socket, libc::SOL_SOCKET, libc::SO_RCVTIMEO, time.as_ptr(), 16);
    call!(SYS_setsockopt, socket, libc::SOL_TCP, libc::TCP_NODELAY, &raw const yes, 4);
    let no = -7_i32;
    call!(SYS_setsockopt, CLOSED, libc::SOL_SOCKET, libc::SO_KEEPALIVE, &raw const no, 4);
    let mut value = 0_i32;
    let mut len = 4_u32;
    call!(SYS_getsockopt, socket, libc::SOL_SOCKET, libc::SO_TYPE, &raw mut value, &raw mut len);
    call!(SYS_getsockopt, socket, libc::SOL_TCP, libc::TCP_NODELAY, &raw mut value, &raw mut len);
    call!(SYS_getsockopt, CLOSED, libc::SOL_SOCKET, libc::SO_ERROR, &raw mut value, &raw mut len);
}
