//! Values of captures: numbers, sockets' ends, paths.

use kestrel_core::event::family;

/// Both ends of an inet socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Address family.
    pub family: u16,
    /// One address; IPv4 in the first 4 bytes.
    pub local: [u8; 16],
    /// The other.
    pub remote: [u8; 16],
    /// One port.
    pub local_port: u16,
    /// The other.
    pub remote_port: u16,
}

impl Ends {
    /// Seen from the other side.
    pub fn swapped(self) -> Ends {
        Ends {
            local: self.remote,
            remote: self.local,
            local_port: self.remote_port,
            remote_port: self.local_port,
            ..self
        }
    }
}

/// What a socket parameter holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Socket<'a> {
    /// Of AF_INET and AF_INET6.
    Inet(Ends),
    /// Of AF_UNIX: a path.
    Unix(&'a [u8]),
}

/// An unsigned number of 1, 2, 4 or 8 bytes.
pub fn unsigned(bytes: &[u8]) -> Option<u64> {
    match *bytes {
        [a] => Some(a.into()),
        [a, b] => Some(u16::from_ne_bytes([a, b]).into()),
        [a, b, c, d] => Some(u32::from_ne_bytes([a, b, c, d]).into()),
        _ => Some(u64::from_ne_bytes(bytes.try_into().ok()?)),
    }
}

/// A signed number of 1, 2, 4 or 8 bytes.
pub fn signed(bytes: &[u8]) -> Option<i64> {
    match *bytes {
        [a] => Some(i64::from(a.cast_signed())),
        [a, b] => Some(i16::from_ne_bytes([a, b]).into()),
        [a, b, c, d] => Some(i32::from_ne_bytes([a, b, c, d]).into()),
        _ => Some(i64::from_ne_bytes(bytes.try_into().ok()?)),
    }
}

/// What stands before the first NUL.
pub fn until_nul(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len())]
}

/// A name, padded and cut as the kernel does (TASK_COMM_LEN, `linux/sched.h`).
pub fn comm(name: &[u8]) -> [u8; 16] {
    let mut comm = [0; 16];
    for (to, from) in comm.iter_mut().take(15).zip(until_nul(name)) {
        *to = *from;
    }
    comm
}

/// An id, or another one where -1 says that it is not known.
pub fn known(id: u32, other: u32) -> u32 {
    if id == u32::MAX { other } else { id }
}

/// A path that is absolute, or nothing.
pub fn absolute(path: &[u8]) -> Vec<u8> {
    if path.starts_with(b"/") { until_nul(path).to_vec() } else { Vec::new() }
}

/// A directory without the slash that captures write behind it.
pub fn directory(path: Vec<u8>) -> Vec<u8> {
    let path = until_nul(&path);
    match path {
        [start @ .., b'/'] if !start.is_empty() => start.to_vec(),
        _ => path.to_vec(),
    }
}

/// Strings, each ended by NUL.
pub fn strings(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last().is_some_and(|&b| b != 0) {
        bytes.push(0);
    }
    bytes
}

/// The path of a control group in a list of them (`subsystem=path`, each ended by NUL): one that names a container if there
/// is one, for all hierarchies have it in the same place; otherwise the first.
pub fn cgroup(list: &[u8]) -> &[u8] {
    let mut paths = list.split(|&b| b == 0).filter_map(|entry| {
        let at = entry.iter().position(|&b| b == b'=')?;
        Some(&entry[at + 1..]).filter(|path| !path.is_empty())
    });
    let first = paths.clone().next();
    paths.find(|path| crate::container::Identity::of_cgroup(path).is_some()).or(first).unwrap_or(b"")
}

/// Joins a path to a directory, and takes `.`, `..` and what is empty out. Nothing if it cannot be known.
pub fn join(directory: &[u8], path: &[u8]) -> Vec<u8> {
    let mut joined: Vec<u8> = Vec::with_capacity(directory.len() + path.len() + 1);
    let base: &[u8] = if path.starts_with(b"/") { b"" } else { directory };
    if !path.starts_with(b"/") && !directory.starts_with(b"/") {
        return joined;
    }
    for part in base.split(|&b| b == b'/').chain(path.split(|&b| b == b'/')) {
        match part {
            b"" | b"." => {}
            b".." => {
                let at = joined.iter().rposition(|&b| b == b'/').unwrap_or(0);
                joined.truncate(at);
            }
            part => {
                joined.push(b'/');
                joined.extend_from_slice(part);
            }
        }
    }
    if joined.is_empty() {
        joined.push(b'/');
    }
    joined
}

/// A socket tuple: the family in one byte; then address and port of one end and the other, or two kernel addresses and a
/// path.
pub fn tuple(bytes: &[u8]) -> Option<Socket<'_>> {
    let (&af, rest) = bytes.split_first()?;
    match u16::from(af) {
        family::UNIX => Some(Socket::Unix(until_nul(rest.get(16..)?))),
        af => {
            let width = width(af)?;
            let (local, local_port) = end(rest, width)?;
            let (remote, remote_port) = end(rest.get(width + 2..)?, width)?;
            Some(Socket::Inet(Ends { family: af, local, remote, local_port, remote_port }))
        }
    }
}

/// A socket address: the family in one byte; then address and port, or a path. It stands for the local end.
pub fn address(bytes: &[u8]) -> Option<Socket<'_>> {
    let (&af, rest) = bytes.split_first()?;
    match u16::from(af) {
        family::UNIX => Some(Socket::Unix(until_nul(rest))),
        af => {
            let (local, local_port) = end(rest, width(af)?)?;
            Some(Socket::Inet(Ends { family: af, local, local_port, ..Ends::default() }))
        }
    }
}

/// Bytes of an address of this family.
fn width(af: u16) -> Option<usize> {
    match af {
        family::INET => Some(4),
        family::INET6 => Some(16),
        _ => None,
    }
}

fn end(bytes: &[u8], width: usize) -> Option<([u8; 16], u16)> {
    let mut address = [0; 16];
    address.get_mut(..width)?.copy_from_slice(bytes.get(..width)?);
    let port = bytes.get(width..width + 2)?;
    Some((address, u16::from_ne_bytes(port.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_as_the_kernel_walks_them_without_links() {
        let join = |a: &str, b: &str| String::from_utf8(join(a.as_bytes(), b.as_bytes())).unwrap();
        assert_eq!(join("/home/eve", "x"), "/home/eve/x");
        assert_eq!(join("/home/eve", "../../etc//./passwd"), "/etc/passwd");
        assert_eq!(join("/a", "../../.."), "/");
        assert_eq!(join("", "/x/../y"), "/y");
        assert_eq!(join("", "x"), "");
        assert_eq!(join("<NA>", "x"), "");
    }

    #[test]
    fn sockets_are_read_and_what_is_cut_is_not() {
        let bytes = [2, 10, 0, 0, 1, 0x39, 0x30, 10, 0, 0, 2, 0xbb, 1];
        let Some(Socket::Inet(ends)) = tuple(&bytes) else { panic!() };
        assert_eq!((ends.local_port, ends.remote_port, ends.remote[3]), (12345, 443, 2));
        assert_eq!(ends.swapped().swapped(), ends);
        for len in 0..bytes.len() {
            assert_eq!(tuple(&bytes[..len]), None);
        }
        let unix = [&[1][..], &[0; 16], b"/run/x\0"].concat();
        assert_eq!(tuple(&unix), Some(Socket::Unix(b"/run/x")));
        assert_eq!(address(b"\x01/run/y"), Some(Socket::Unix(b"/run/y")));
        assert_eq!(address(&[9, 1, 2]), None);
    }

    #[test]
    fn of_several_control_groups_the_one_that_names_a_container_counts() {
        let id = "0123456789abcdef".repeat(4);
        let list = format!("cpuset=/\0cpu=/docker/{id}\0memory=/docker/{id}\0");
        assert_eq!(cgroup(list.as_bytes()), format!("/docker/{id}").as_bytes());
        assert_eq!(cgroup(b"cpuset=/a\0cpu=/b\0"), b"/a");
        assert_eq!(cgroup(b""), b"");
    }
}
