//! Questions about IP addresses.

use super::ask::composed;
use super::known::between;
use crate::plan::Predicate;
use kestrel_core::filter::build::{Condition, Is, Operand};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address that is missing if it is all zero.
pub fn address(what: Operand, predicate: &Predicate) -> Condition {
    let none = [(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 32), (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 128)];
    // More than are missing: `::ffff:0.0.0.0` too, which is an address.
    let maybe_none = Condition::test(what, Is::InNetworks(none.to_vec()));
    let there = |condition: Condition| {
        between(Condition::all([condition.clone(), Condition::not(maybe_none.clone())]), condition)
    };
    there(of_any(what, predicate))
}

/// An address that is there even if it is all zero.
pub fn of_any(what: Operand, predicate: &Predicate) -> Condition {
    if let Some(condition) = composed(what, predicate, |part| of_any(what, part)) {
        return condition;
    }
    match predicate {
        Predicate::NetworkIn(networks) if networks.len() == 0 => Condition::Never,
        Predicate::NetworkIn(networks) => Condition::test(what, Is::InNetworks(networks.addresses().collect())),
        Predicate::ByType(of_number, _) => of_any(what, of_number),
        _ => Condition::Never,
    }
}
