//! The bytes of parameters (see [`kestrel_core::event`]).

use kestrel_core::event::{ALIGN, AddressHead, FdHead, FdListHead, PathFlags, PathHead, Tuple, align_up, family};
use std::net::{IpAddr, SocketAddr};
use zerocopy::IntoBytes;

/// A number; an unsigned one by its bits.
pub fn number(n: i64) -> Vec<u8> {
    n.to_ne_bytes().to_vec()
}

/// Strings, each ended by NUL.
pub fn strings<T: AsRef<[u8]>>(strings: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in strings {
        bytes.extend_from_slice(text.as_ref());
        bytes.push(0);
    }
    bytes
}

/// A path: the string as it was passed, and the absolute path. Each is cut to the 65535 bytes that its length can say.
pub fn path(raw: &[u8], absolute: &[u8], flags: PathFlags) -> Vec<u8> {
    let cut = |bytes: &'_ [u8]| u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    let head = PathHead { raw_len: cut(raw), abs_len: cut(absolute), flags: flags.0 };
    let (raw, absolute) = (&raw[..head.raw_len.into()], &absolute[..head.abs_len.into()]);
    [head.as_bytes(), raw, absolute].concat()
}

/// A descriptor that stands for something with a path, or for nothing that is known.
pub fn fd(head: FdHead, path: &[u8]) -> Vec<u8> {
    [head.as_bytes(), path].concat()
}

/// A descriptor that stands for a socket of AF_INET or AF_INET6; for [`FdHead`]s of these kinds.
pub fn inet_fd(head: FdHead, tuple: &Tuple) -> Vec<u8> {
    [head.as_bytes(), tuple.as_bytes()].concat()
}

/// A descriptor that stands for a socket of AF_UNIX; for [`FdHead`]s of this kind.
pub fn unix_fd(head: FdHead, local: &[u8], remote: &[u8]) -> Vec<u8> {
    [head.as_bytes(), &unix_tuple(local, remote)].concat()
}

/// Both ends of an inet socket.
pub fn tuple(local: SocketAddr, remote: SocketAddr, protocol: u16) -> Tuple {
    Tuple {
        local: address_bytes(local.ip()),
        remote: address_bytes(remote.ip()),
        local_port: local.port(),
        remote_port: remote.port(),
        family: family_of(local.ip()),
        protocol,
    }
}

/// Both ends of a socket of AF_UNIX.
pub fn unix_tuple(local: &[u8], remote: &[u8]) -> Vec<u8> {
    let tuple = Tuple { family: family::UNIX, ..Tuple::default() };
    [tuple.as_bytes(), local, b"\0", remote].concat()
}

/// An inet address, as a caller passes it.
pub fn address(address: SocketAddr) -> Vec<u8> {
    let head = AddressHead {
        address: address_bytes(address.ip()),
        family: family_of(address.ip()),
        port: address.port(),
        reserved: 0,
    };
    head.as_bytes().to_vec()
}

/// An address of AF_UNIX, as a caller passes it.
pub fn unix_address(path: &[u8]) -> Vec<u8> {
    [AddressHead { family: family::UNIX, ..AddressHead::default() }.as_bytes(), path].concat()
}

/// One entry of a list of descriptors: the descriptor as the other functions encode it, with what is waited for and what
/// happened (`linux/poll.h`).
pub fn fd_list_entry(fd: &[u8], events: u16, returned: u16) -> Vec<u8> {
    let head = FdListHead { events, returned, len: u32::try_from(fd.len()).unwrap_or(u32::MAX) };
    let mut bytes = [head.as_bytes(), fd].concat();
    const { assert!(size_of::<FdListHead>().is_multiple_of(ALIGN)) }
    bytes.resize(align_up(bytes.len()), 0);
    bytes
}

/// Family of an address.
pub fn family_of(ip: IpAddr) -> u16 {
    if ip.is_ipv4() { family::INET } else { family::INET6 }
}

fn address_bytes(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&ip.octets());
            bytes
        }
        IpAddr::V6(ip) => ip.octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::event::{FdKind, FdListView, FdView, PathView};

    #[test]
    fn what_is_encoded_is_read_back() {
        let view = path(b"../x", b"/etc/x", PathFlags::RESOLVED);
        let view = PathView::parse(&view).unwrap();
        assert_eq!((view.raw, view.absolute, view.flags), (&b"../x"[..], &b"/etc/x"[..], PathFlags::RESOLVED));

        let ends: [SocketAddr; 2] = ["[::1]:7".parse().unwrap(), "[2001:db8::1]:443".parse().unwrap()];
        let head = FdHead { fd: 5, kind: FdKind::Inet6 as u8, family: family::INET6, ..FdHead::default() };
        let one = inet_fd(head, &tuple(ends[0], ends[1], 6));
        let two = unix_fd(FdHead { fd: 6, kind: FdKind::Unix as u8, ..FdHead::default() }, b"/run/a", b"@b");
        let list = [fd_list_entry(&one, 1, 0), fd_list_entry(&two, 4, 4)].concat();
        let read: Vec<_> = FdListView::parse(&list).collect();
        assert_eq!(read.len(), 2);
        let inet = read[0].1.tuple.unwrap();
        assert_eq!((inet.local_ip(), inet.remote_ip()), (Some(ends[0].ip()), Some(ends[1].ip())));
        assert_eq!((inet.tuple.local_port, inet.tuple.remote_port), (7, 443));
        let unix = read[1].1.tuple.unwrap();
        assert_eq!((unix.local_path, unix.remote_path), (&b"/run/a"[..], &b"@b"[..]));
        assert_eq!((read[1].0.events, read[1].0.returned), (4, 4));
        assert_eq!(FdView::parse(&fd(FdHead::default(), b"/x")).unwrap().path, b"/x");
    }

    #[test]
    fn a_path_that_is_too_long_for_its_head_is_cut_and_still_a_path() {
        let long = vec![b'a'; 70_000];
        let bytes = path(&long, &long, PathFlags::default());
        let view = PathView::parse(&bytes).unwrap();
        assert_eq!((view.raw.len(), view.absolute.len()), (65_535, 65_535));
    }
}
