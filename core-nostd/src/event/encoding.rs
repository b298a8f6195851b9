//! How the values of parameters are written: each a fixed head, some with a tail of bytes.
//!
//! | encoding | bytes |
//! |---|---|
//! | number | 8: `i64` or `u64`, sign- or zero-extended |
//! | string, bytes | as they are, without a terminating NUL |
//! | argument list | strings, each ended by NUL |
//! | path | [`PathHead`], the raw string, the absolute path |
//! | file descriptor | [`FdHead`], then a path, or for a socket a [`Tuple`] and for AF_UNIX two paths split by NUL |
//! | list of file descriptors | for each an [`FdListHead`] and a file descriptor parameter, padded to 8 bytes |
//! | socket address | [`AddressHead`], then for AF_UNIX the path |
//! | socket tuple | [`Tuple`], then for AF_UNIX `local NUL remote` |

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Address families (`linux/socket.h`) that have an encoding of their own.
pub mod family {
    /// AF_UNSPEC.
    pub const UNSPEC: u16 = 0;
    /// AF_UNIX.
    pub const UNIX: u16 = 1;
    /// AF_INET.
    pub const INET: u16 = 2;
    /// AF_INET6.
    pub const INET6: u16 = 10;
    /// AF_NETLINK.
    pub const NETLINK: u16 = 16;
    /// AF_PACKET.
    pub const PACKET: u16 = 17;
}

/// Head of a path parameter. The raw string follows, then the absolute path. 8 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct PathHead {
    /// Bytes of the string as the caller passed it.
    pub raw_len: u16,
    /// Bytes of the absolute path; 0 if it is not known.
    pub abs_len: u16,
    /// [`PathFlags`].
    pub flags: u32,
}

const _: () = assert!(size_of::<PathHead>() == 8);

/// How a path came to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathFlags(pub u32);

impl PathFlags {
    /// The absolute path is the kernel's own, of the file that was really opened: no symlink can hide behind it.
    pub const RESOLVED: PathFlags = PathFlags(1 << 0);
    /// The absolute path was made by joining the base directory and the raw string; symlinks are not followed.
    pub const JOINED: PathFlags = PathFlags(1 << 1);
    /// The raw string could not be read from user memory.
    pub const RAW_MISSING: PathFlags = PathFlags(1 << 2);
    /// The raw string or the absolute path was cut.
    pub const CUT: PathFlags = PathFlags(1 << 3);

    /// True if every bit of `other` is set.
    #[inline]
    pub const fn contains(self, other: PathFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// A path parameter, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathView<'a> {
    /// The string as the caller passed it; may be relative. Not necessarily UTF-8.
    pub raw: &'a [u8],
    /// The absolute path; empty if it is not known.
    pub absolute: &'a [u8],
    /// How the absolute path came to be.
    pub flags: PathFlags,
}

impl<'a> PathView<'a> {
    /// Reads a path parameter; `None` if the bytes are not one.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (head, tail) = PathHead::read_from_prefix(bytes).ok()?;
        let raw = tail.get(..usize::from(head.raw_len))?;
        let absolute = tail.get(usize::from(head.raw_len)..)?.get(..usize::from(head.abs_len))?;
        Some(PathView { raw, absolute, flags: PathFlags(head.flags) })
    }
}

/// What a file descriptor stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum FdKind {
    /// Not known, or not open.
    #[default]
    Unknown = 0,
    /// Regular file.
    File = 1,
    /// Directory.
    Directory = 2,
    /// Character device.
    CharDevice = 3,
    /// Block device.
    BlockDevice = 4,
    /// Pipe or FIFO.
    Pipe = 5,
    /// AF_INET socket; the tail begins with a [`Tuple`].
    Inet4 = 6,
    /// AF_INET6 socket; the tail begins with a [`Tuple`].
    Inet6 = 7,
    /// AF_UNIX socket; the tail begins with a [`Tuple`].
    Unix = 8,
    /// Netlink socket.
    Netlink = 9,
    /// AF_PACKET socket.
    Packet = 10,
    /// A socket of another family.
    OtherSocket = 11,
    /// Anonymous inode (eventfd, epoll, bpf, …); the path is the kernel's name of it, such as `anon_inode:[eventpoll]`.
    AnonInode = 12,
    /// A file made by memfd_create.
    Memfd = 13,
    /// Symbolic link (opened with O_PATH).
    Symlink = 14,
}

impl FdKind {
    /// The kind with this number; [`FdKind::Unknown`] for a number that is none.
    #[inline]
    pub const fn from_u8(n: u8) -> FdKind {
        const KINDS: [FdKind; 15] = [
            FdKind::Unknown,
            FdKind::File,
            FdKind::Directory,
            FdKind::CharDevice,
            FdKind::BlockDevice,
            FdKind::Pipe,
            FdKind::Inet4,
            FdKind::Inet6,
            FdKind::Unix,
            FdKind::Netlink,
            FdKind::Packet,
            FdKind::OtherSocket,
            FdKind::AnonInode,
            FdKind::Memfd,
            FdKind::Symlink,
        ];
        if (n as usize) < KINDS.len() { KINDS[n as usize] } else { FdKind::Unknown }
    }

    /// True for the kinds whose tail begins with a [`Tuple`].
    #[inline]
    pub const fn has_tuple(self) -> bool {
        matches!(self, FdKind::Inet4 | FdKind::Inet6 | FdKind::Unix)
    }

    /// True for sockets of any family.
    #[inline]
    pub const fn is_socket(self) -> bool {
        matches!(
            self,
            FdKind::Inet4 | FdKind::Inet6 | FdKind::Unix | FdKind::Netlink | FdKind::Packet | FdKind::OtherSocket
        )
    }
}

/// Head of a file descriptor parameter. 32 bytes; the C shim fills the same layout (`struct kestrel_fd`). The tail is a
/// path, or for the kinds with [`FdKind::has_tuple`] a [`Tuple`] and for AF_UNIX then `local path NUL remote path`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct FdHead {
    /// The number; negative for an error or AT_FDCWD (-100; then the rest describes the working directory).
    pub fd: i32,
    /// [`FdKind`].
    pub kind: u8,
    /// Socket type (SOCK_STREAM, …); 0 if it is none.
    pub socket_type: u8,
    /// Address family; 0 if it is no socket.
    pub family: u16,
    /// IP protocol (IPPROTO_TCP, …); 0 if it is no socket.
    pub protocol: u16,
    /// [`FdFlags`].
    pub flags: u16,
    /// Flags of the open file description (`file.f_flags`: O_RDWR, O_CLOEXEC is not among them).
    pub open_flags: u32,
    /// Device of the inode as user space knows it (`new_encode_dev`).
    pub dev: u32,
    /// `st_mode`: type and permissions.
    pub mode: u32,
    /// Inode number.
    pub ino: u64,
}

const _: () = assert!(size_of::<FdHead>() == 32);

/// What else is known of a file descriptor: the bits of [`FdHead::flags`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FdFlags(pub u16);

impl FdFlags {
    /// The file has no name any more.
    pub const DELETED: FdFlags = FdFlags(1 << 0);
    /// The file lies on overlayfs, in its upper layer.
    pub const UPPER_LAYER: FdFlags = FdFlags(1 << 1);
    /// The file lies on overlayfs, in a lower layer.
    pub const LOWER_LAYER: FdFlags = FdFlags(1 << 2);
    /// The socket accepts or was accepted: this end is the server's.
    pub const SERVER: FdFlags = FdFlags(1 << 3);
    /// The socket is connected.
    pub const CONNECTED: FdFlags = FdFlags(1 << 4);

    /// True if every bit of `other` is set.
    #[inline]
    pub const fn contains(self, other: FdFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Both ends of a socket. 40 bytes; the C shim fills the same layout (`struct kestrel_tuple`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct Tuple {
    /// Local address; IPv4 in the first 4 bytes, network order.
    pub local: [u8; 16],
    /// Remote address; all zero if there is none.
    pub remote: [u8; 16],
    /// Local port, host order.
    pub local_port: u16,
    /// Remote port, host order.
    pub remote_port: u16,
    /// Address family.
    pub family: u16,
    /// IP protocol (IPPROTO_TCP, …).
    pub protocol: u16,
}

const _: () = assert!(size_of::<Tuple>() == 40);

/// A socket tuple, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TupleView<'a> {
    /// The addresses and ports.
    pub tuple: Tuple,
    /// AF_UNIX: path this end is bound to; empty if none. An abstract name begins with `@`.
    pub local_path: &'a [u8],
    /// AF_UNIX: path the other end is bound to; empty if none.
    pub remote_path: &'a [u8],
}

impl<'a> TupleView<'a> {
    /// Reads a tuple parameter or the tail of a socket's descriptor; `None` if the bytes are not one.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (tuple, tail) = Tuple::read_from_prefix(bytes).ok()?;
        let split = tail.iter().position(|&b| b == 0).unwrap_or(tail.len());
        let local_path = tail.get(..split).unwrap_or(&[]);
        let remote_path = tail.get(split.saturating_add(1)..).unwrap_or(&[]);
        Some(TupleView { tuple, local_path, remote_path })
    }

    /// The local address, for AF_INET and AF_INET6.
    pub fn local_ip(&self) -> Option<IpAddr> {
        address_ip(self.tuple.family, &self.tuple.local)
    }

    /// The remote address, for AF_INET and AF_INET6.
    pub fn remote_ip(&self) -> Option<IpAddr> {
        address_ip(self.tuple.family, &self.tuple.remote)
    }
}

/// The address of a family; `None` for a family without IP addresses.
pub fn address_ip(af: u16, bytes: &[u8; 16]) -> Option<IpAddr> {
    match af {
        family::INET => Some(IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))),
        family::INET6 => Some(IpAddr::V6(Ipv6Addr::from(*bytes))),
        _ => None,
    }
}

/// A file descriptor parameter, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FdView<'a> {
    /// The fixed part.
    pub head: FdHead,
    /// The path for what has one; empty for inet sockets.
    pub path: &'a [u8],
    /// Both ends, for the kinds with [`FdKind::has_tuple`].
    pub tuple: Option<TupleView<'a>>,
}

impl<'a> FdView<'a> {
    /// Reads a file descriptor parameter; `None` if the bytes are not one.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (head, tail) = FdHead::read_from_prefix(bytes).ok()?;
        if FdKind::from_u8(head.kind).has_tuple() {
            let tuple = TupleView::parse(tail)?;
            Some(FdView { head, path: &[], tuple: Some(tuple) })
        } else {
            Some(FdView { head, path: tail, tuple: None })
        }
    }

    /// What the descriptor stands for.
    pub fn kind(&self) -> FdKind {
        FdKind::from_u8(self.head.kind)
    }

    /// What else is known of it.
    pub fn flags(&self) -> FdFlags {
        FdFlags(self.head.flags)
    }
}

/// Head of an entry in a list of file descriptors. A file descriptor parameter of `len` bytes follows, and padding up to the
/// next multiple of 8. 8 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct FdListHead {
    /// What is waited for (`linux/poll.h`).
    pub events: u16,
    /// What has happened; 0 if the call failed.
    pub returned: u16,
    /// Length of the file descriptor parameter in bytes.
    pub len: u32,
}

const _: () = assert!(size_of::<FdListHead>() == 8);

/// The entries of a list of file descriptors; ends where bytes are none.
#[derive(Clone, Debug)]
pub struct FdListView<'a> {
    bytes: &'a [u8],
}

impl<'a> FdListView<'a> {
    /// Reads a list from its start.
    pub fn parse(bytes: &'a [u8]) -> FdListView<'a> {
        FdListView { bytes }
    }
}

impl<'a> Iterator for FdListView<'a> {
    type Item = (FdListHead, FdView<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (head, tail) = FdListHead::read_from_prefix(self.bytes).ok()?;
        let len = usize::try_from(head.len).ok()?;
        let fd = FdView::parse(tail.get(..len)?)?;
        self.bytes = tail.get(super::align_up(len)..).unwrap_or(&[]);
        Some((head, fd))
    }
}

/// Head of a socket address parameter, as the caller passed it. 24 bytes; for AF_UNIX the path follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable)]
#[repr(C)]
pub struct AddressHead {
    /// The address; IPv4 in the first 4 bytes, network order.
    pub address: [u8; 16],
    /// Address family.
    pub family: u16,
    /// Port, host order.
    pub port: u16,
    /// Zero.
    pub reserved: u32,
}

const _: () = assert!(size_of::<AddressHead>() == 24);

/// A socket address parameter, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressView<'a> {
    /// The fixed part.
    pub head: AddressHead,
    /// AF_UNIX: the path; an abstract name begins with `@`.
    pub path: &'a [u8],
}

impl<'a> AddressView<'a> {
    /// Reads a socket address parameter; `None` if the bytes are not one.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (head, path) = AddressHead::read_from_prefix(bytes).ok()?;
        Some(AddressView { head, path })
    }

    /// The address, for AF_INET and AF_INET6.
    pub fn ip(&self) -> Option<IpAddr> {
        address_ip(self.head.family, &self.head.address)
    }
}
