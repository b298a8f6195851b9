//! The address of a network namespace, as the kernel lists it (proc_pid_net(5), `fib_trie`).

use super::files::read_proc;
use std::net::Ipv4Addr;
use std::path::Path;

/// Bytes of the list that are looked at.
const LIST_BYTES: u64 = 64 << 10;

/// The first IPv4 address in the network namespace of a process; `None` if it has none, or if that is the namespace that this
/// program is in: the machine's.
pub(super) fn address(proc: &Path, pid: u32) -> Option<Ipv4Addr> {
    let list = |process: &str| read_proc(&proc.join(process).join("net/fib_trie"), LIST_BYTES);
    let of_process = list(&pid.to_string())?;
    if list("self").as_ref() == Some(&of_process) {
        return None;
    }
    first_local(&of_process)
}

/// The first address of one's own in a list, but none of the loopback.
pub(super) fn first_local(list: &[u8]) -> Option<Ipv4Addr> {
    let mut address = None;
    for line in list.split(|&b| b == b'\n').map(<[u8]>::trim_ascii) {
        if let Some(text) = line.strip_prefix(b"|-- ".as_slice()) {
            address = std::str::from_utf8(text).ok().and_then(|text| text.parse::<Ipv4Addr>().ok());
        } else if line == b"/32 host LOCAL"
            && let Some(address) = address.filter(|address| !address.is_loopback())
        {
            return Some(address);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_that_is_ones_own_counts() {
        let list = b"Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n     +-- 10.244.0.0/24 2 0 2\n        \
            |-- 10.244.0.0\n           /24 link UNICAST\n        |-- 10.244.0.7\n           /32 host LOCAL\n        |-- 10.244.0.255\n           \
            /32 link BROADCAST\n        |-- 127.0.0.1\n           /32 host LOCAL\n";
        assert_eq!(first_local(list), Some(Ipv4Addr::new(10, 244, 0, 7)));
        assert_eq!(first_local(b"  |-- 127.0.0.1\n    /32 host LOCAL\n"), None);
        assert_eq!(first_local(b"/32 host LOCAL\n|-- x\n/32 host LOCAL"), None);
    }

    #[test]
    fn the_machines_own_address_is_no_containers() {
        assert_eq!(address(Path::new("/proc"), std::process::id()), None);
    }
}
