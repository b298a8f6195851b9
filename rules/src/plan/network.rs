//! Networks in CIDR notation (RFC 4632), and sets of them.

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::str::FromStr;

/// A network: an address and how many of its first bits count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The text is no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoNetwork;

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Network, NoNetwork> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) if bits.bytes().all(|b| b.is_ascii_digit()) => {
                (address, Some(bits.parse().map_err(|_| NoNetwork)?))
            }
            Some(_) => return Err(NoNetwork),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NoNetwork)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits > width { Err(NoNetwork) } else { Ok(Network { address, bits }) }
    }
}

/// Networks: for each number of bits the set of first bits.
#[derive(Clone, Debug, Default)]
pub struct NetworkSet {
    v4: Prefixes,
    v6: Prefixes,
}

type Prefixes = Box<[(u8, HashSet<u128, FixedState>)]>;

impl FromIterator<Network> for NetworkSet {
    fn from_iter<T: IntoIterator<Item = Network>>(networks: T) -> NetworkSet {
        let mut v4 = BTreeMap::<u8, HashSet<u128, FixedState>>::new();
        let mut v6 = BTreeMap::<u8, HashSet<u128, FixedState>>::new();
        for Network { address, bits } in networks {
            match address {
                IpAddr::V4(ip) => v4.entry(bits).or_default().insert(first_bits(u32::from(ip).into(), bits, 32)),
                IpAddr::V6(ip) => v6.entry(bits).or_default().insert(first_bits(ip.into(), bits, 128)),
            };
        }
        NetworkSet { v4: v4.into_iter().collect(), v6: v6.into_iter().collect() }
    }
}

/// The first bits of addresses of a kind, all that lie in a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Prefix {
    /// Of IPv4 or else of IPv6.
    pub v4: bool,
    /// How many bits.
    pub bits: u8,
    /// The bits, as a number.
    pub first: u128,
}

/// The prefixes of an address, among those of these kinds and lengths.
pub fn prefixes_of(ip: IpAddr, kinds: &[(bool, u8)]) -> impl Iterator<Item = Prefix> {
    let v4 = match ip {
        IpAddr::V4(ip) => Some(ip),
        // An IPv4 address in an IPv6 socket is still that address (RFC 4291, 2.5.5.2).
        IpAddr::V6(ip) => ip.to_ipv4_mapped(),
    };
    let v6 = match ip {
        IpAddr::V4(_) => None,
        IpAddr::V6(ip) => Some(ip),
    };
    kinds.iter().filter_map(move |&(is_v4, bits)| {
        let first = if is_v4 { first_bits(u32::from(v4?).into(), bits, 32) } else { first_bits(v6?.into(), bits, 128) };
        Some(Prefix { v4: is_v4, bits, first })
    })
}

/// The first bits of an address of so many.
fn first_bits(address: u128, bits: u8, width: u8) -> u128 {
    if bits == 0 { 0 } else { address >> (width - bits) }
}

impl NetworkSet {
    /// The first bits of each.
    pub fn iter(&self) -> impl Iterator<Item = Prefix> {
        let all = |v4: bool| {
            let prefixes = if v4 { &self.v4 } else { &self.v6 };
            let of = move |&(bits, ref set): &(u8, HashSet<u128, FixedState>)| {
                set.iter().map(move |&first| Prefix { v4, bits, first }).collect::<Vec<_>>()
            };
            prefixes.iter().flat_map(of)
        };
        all(true).chain(all(false))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.v4.iter().chain(&self.v6).map(|(_, set)| set.len()).sum()
    }

    /// All of them: an address, and how many of its first bits count.
    pub fn addresses(&self) -> impl Iterator<Item = (IpAddr, u8)> {
        let address = |first: u128, bits: u8, width: u8| if bits == 0 { 0 } else { first << (width - bits) };
        let v4 = self.v4.iter().flat_map(move |(bits, set)| {
            set.iter().map(move |first| (IpAddr::V4((address(*first, *bits, 32) as u32).into()), *bits))
        });
        let v6 = self.v6.iter().flat_map(move |(bits, set)| {
            set.iter().map(move |first| (IpAddr::V6(address(*first, *bits, 128).into()), *bits))
        });
        v4.chain(v6)
    }

    /// Whether the address lies in one of them.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let lies_in = |prefixes: &Prefixes, address: u128, width: u8| {
            prefixes.iter().any(|(bits, set)| set.contains(&first_bits(address, *bits, width)))
        };
        match ip {
            IpAddr::V4(ip) => lies_in(&self.v4, u32::from(ip).into(), 32),
            // An IPv4 address in an IPv6 socket is still that address (RFC 4291, 2.5.5.2).
            IpAddr::V6(ip) => {
                lies_in(&self.v6, ip.into(), 128)
                    || ip.to_ipv4_mapped().is_some_and(|ip| lies_in(&self.v4, u32::from(ip).into(), 32))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(networks: &[&str]) -> NetworkSet {
        networks.iter().map(|network| network.parse::<Network>().unwrap()).collect()
    }

    #[test]
    fn an_address_lies_in_a_network_if_its_first_bits_are_the_same() {
        let set = set(&["10.0.0.0/8", "192.168.1.1", "fd00::/8", "172.16.1.2/12"]);
        for inside in ["10.255.0.1", "192.168.1.1", "fd12::1", "::ffff:10.1.2.3", "172.31.0.0"] {
            assert!(set.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "192.168.1.2", "fe80::1", "::ffff:11.1.2.3", "172.32.0.0", "::10.1.2.3"] {
            assert!(!set.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn no_bits_are_every_address_of_the_kind() {
        assert!(set(&["0.0.0.0/0"]).contains("1.2.3.4".parse().unwrap()));
        assert!(!set(&["0.0.0.0/0"]).contains("2001::".parse().unwrap()));
        assert!(set(&["::/0"]).contains("2001::".parse().unwrap()));
        assert!(!set(&["::/0"]).contains("1.2.3.4".parse().unwrap()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/+8", "10.0.0.0/", "host", "1.2.3.4/8/8"] {
            assert_eq!(text.parse::<Network>(), Err(NoNetwork), "{text}");
        }
    }
}
