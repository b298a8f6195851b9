//! Sockets: both ends, state, queue.

use crate::capture::{ChunkHead, FileFacts, Offset as O, SocketFacts, UNIX_NAME, chunk};
use crate::helpers;
use crate::read::{field, has, member, number};
use crate::slot::{Kind, Slot};

/// Address families (`linux/socket.h`).
const UNIX: u16 = 1;
const INET6: u16 = 10;

/// Where `sun_path` begins in `sockaddr_un` (`linux/un.h`).
const SUN_PATH: u64 = 2;

/// Addresses of IPv4, each in the first 4 of 16 bytes.
#[inline(always)]
fn four(address: u32) -> [u8; 16] {
    let [a, b, c, d] = address.to_ne_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

/// Copies the name that an AF_UNIX socket is bound to; gives its length.
#[inline(always)]
fn name(to: *mut u8, sk: u64) -> u32 {
    let address: u64 = field(sk, O::UNIX_ADDR);
    if address == 0 {
        return 0;
    }
    let len = field::<u32>(address, O::UNIX_ADDRESS_LEN);
    if len as u64 <= SUN_PATH {
        return 0;
    }
    let len = len.wrapping_sub(SUN_PATH as u32);
    let len = if len > 108 { 108 } else { len };
    // SAFETY: the caller's room is UNIX_NAME bytes.
    unsafe { helpers::read_kernel(to, len, member(address, O::UNIX_ADDRESS_NAME).wrapping_add(SUN_PATH)) };
    len
}

/// Turns the chunk of a file, whose facts are at a position, into one of a socket.
#[inline(always)]
pub fn describe<K: Kind>(slot: &Slot<K>, file: u64, at: u32) {
    let socket: u64 = field(file, O::FILE_PRIVATE);
    let sk: u64 = field(socket, O::SOCKET_SK);
    // SAFETY: a chunk's head lies there, and facts behind it: there is room for any single copy.
    unsafe { (*slot.room(at.wrapping_sub(size_of::<ChunkHead>() as u32)).cast::<ChunkHead>()).kind = chunk::SOCKET };
    // SAFETY: as above; any bytes are one.
    let out = unsafe { &mut *slot.room(at).cast::<SocketFacts>() };
    out.local = [0; 16];
    out.remote = [0; 16];
    out.local_port = 0;
    out.remote_port = 0;
    out.family = 0;
    out.protocol = 0;
    out.kind = field(socket, O::SOCKET_TYPE);
    out.state = 0;
    out.backlog = 0;
    out.max_backlog = 0;
    out.queued = 0;
    out.local_name = 0;
    out.remote_name = 0;
    out.reserved = [0; 2];
    if sk == 0 {
        out.file.is |= FileFacts::BARE_SOCKET;
        return slot.close(size_of::<SocketFacts>() as u32, 0);
    }
    let family: u16 = field(sk, O::SK_FAMILY);
    out.family = family;
    out.protocol = field(sk, O::SK_PROTOCOL);
    out.state = field::<u8>(sk, O::SK_STATE).into();
    out.backlog = field(sk, O::SK_BACKLOG);
    out.max_backlog = field(sk, O::SK_MAX_BACKLOG);
    out.queued = field(sk, O::SK_QUEUED);
    let mut len = size_of::<SocketFacts>() as u32;
    if family == UNIX {
        if has(O::UNIX_ADDR) && has(O::UNIX_PEER) {
            out.local_name = name(slot.room(at.wrapping_add(len)), sk);
            let peer: u64 = field(sk, O::UNIX_PEER);
            if peer != 0 {
                out.remote_name = name(slot.room(at.wrapping_add(len + UNIX_NAME as u32)), peer);
            }
            len += 2 * UNIX_NAME as u32;
        }
    } else {
        out.local_port = field(sk, O::SK_NUM);
        out.remote_port = field(sk, O::SK_DPORT);
        if family == INET6 && has(O::SK_V6_DADDR) && has(O::SK_V6_RCV_SADDR) {
            let [first, second]: [u64; 2] = field(sk, O::SK_V6_RCV_SADDR);
            out.local = bytes(first, second);
            let [remote, rest]: [u64; 2] = field(sk, O::SK_V6_DADDR);
            out.remote = bytes(remote, rest);
            let more: u64 = if has(O::INET_PINET6) { field(sk, O::INET_PINET6) } else { 0 };
            if first | second == 0 && more != 0 && has(O::PINET6_SADDR) {
                let [first, second]: [u64; 2] = number(member(more, O::PINET6_SADDR));
                out.local = bytes(first, second);
            }
        } else {
            let bound: u32 = field(sk, O::SK_RCV_SADDR);
            let bound = if bound == 0 { field(sk, O::INET_SADDR) } else { bound };
            out.local = four(bound);
            out.remote = four(field(sk, O::SK_DADDR));
        }
    }
    slot.close(len, 0);
}

#[inline(always)]
fn bytes(first: u64, second: u64) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h] = first.to_ne_bytes();
    let [i, j, k, l, m, n, o, p] = second.to_ne_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}
