//! What a section is built from: a condition over an event.

use crate::filter::{Class, Load, Part, Test};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::IpAddr;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operand {
    /// The load.
    pub load: Load,
    /// Index of the parameter in the schema; for [`Load::AncestorName`] the generation; 0 for any other load that is of no
    /// parameter.
    pub param: u8,
    /// Which part of a text.
    pub part: Part,
}

impl Operand {
    /// A value of the event or its task.
    pub const fn event(load: Load) -> Operand {
        Operand { load, param: 0, part: Part::Whole }
    }

    /// A value of the parameter at this index.
    pub const fn param(load: Load, index: u8) -> Operand {
        Operand { load, param: index, part: Part::Whole }
    }

    /// Of a text, this part.
    pub const fn part(self, part: Part) -> Operand {
        Operand { part, ..self }
    }

    /// How dear it is to look at: registers, the task, what the kernel must look up, what lies in user memory.
    pub(super) fn cost(self) -> u32 {
        match self.load {
            Load::Flags | Load::Number | Load::FdNumber => 0,
            Load::Marks => 2,
            Load::Comm => 3,
            load if matches!(load.scope(), crate::filter::Scope::Event) => 1,
            Load::Path | Load::RawPath | Load::String => 30,
            load if matches!(load.class(), Class::Text) => 20,
            _ => 10,
        }
    }
}

/// What is asked of a value: see [`Test`] for what each means. Sets need not be sorted, and may hold a value twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Is {
    /// [`Test::Exists`].
    There,
    /// [`Test::Equal`].
    Equal(u64),
    /// [`Test::Below`].
    Below(u64),
    /// [`Test::AtMost`].
    AtMost(u64),
    /// [`Test::BelowSigned`].
    BelowSigned(i64),
    /// [`Test::AtMostSigned`].
    AtMostSigned(i64),
    /// [`Test::AllBits`].
    AllBits(u64),
    /// [`Test::AnyBits`].
    AnyBits(u64),
    /// [`Test::Masked`]: the bits under the mask are those of the value.
    Masked {
        /// The bits that are looked at.
        mask: u32,
        /// What they must be.
        value: u32,
    },
    /// [`Test::Among`].
    Among(Vec<u64>),
    /// [`Test::TextEqual`].
    Text(Vec<u8>),
    /// [`Test::Prefix`].
    Prefix(Vec<u8>),
    /// [`Test::Suffix`].
    Suffix(Vec<u8>),
    /// [`Test::Contains`].
    Contains(Vec<u8>),
    /// [`Test::Glob`].
    Glob(Vec<u8>),
    /// [`Test::TextAmong`].
    TextAmong(Vec<Vec<u8>>),
    /// [`Test::PrefixAmong`].
    PrefixAmong(Vec<Vec<u8>>),
    /// [`Test::PathPrefixAmong`]. Slashes at the end of an entry mean nothing.
    PathPrefixAmong(Vec<Vec<u8>>),
    /// [`Test::InNetworks`]: addresses, each with the number of its bits that count.
    InNetworks(Vec<(IpAddr, u8)>),
}

impl Is {
    /// The test that it becomes.
    pub const fn test(&self) -> Test {
        match self {
            Is::There => Test::Exists,
            Is::Equal(_) => Test::Equal,
            Is::Below(_) => Test::Below,
            Is::AtMost(_) => Test::AtMost,
            Is::BelowSigned(_) => Test::BelowSigned,
            Is::AtMostSigned(_) => Test::AtMostSigned,
            Is::AllBits(_) => Test::AllBits,
            Is::AnyBits(_) => Test::AnyBits,
            Is::Masked { .. } => Test::Masked,
            Is::Among(_) => Test::Among,
            Is::Text(_) => Test::TextEqual,
            Is::Prefix(_) => Test::Prefix,
            Is::Suffix(_) => Test::Suffix,
            Is::Contains(_) => Test::Contains,
            Is::Glob(_) => Test::Glob,
            Is::TextAmong(_) => Test::TextAmong,
            Is::PrefixAmong(_) => Test::PrefixAmong,
            Is::PathPrefixAmong(_) => Test::PathPrefixAmong,
            Is::InNetworks(_) => Test::InNetworks,
        }
    }
}

/// Whether a condition asks what processes are called. That comes last: of some processes it is unknown, and then the event is
/// kept, which something else might have rejected; and most events are rejected by their path, on a way of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Names {
    /// Not at all.
    None,
    /// Beside other things.
    Besides,
    /// And for nothing else.
    Alone,
}

/// When an event is wanted. A test of an absent value does not hold, so that [`Condition::Not`] of it does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Always.
    Always,
    /// Never.
    Never,
    /// What the kernel cannot tell: it counts as true where it stands, and as false under an odd number of [`Condition::Not`],
    /// so that it never keeps an event from being wanted.
    Unknown,
    /// If the test holds.
    Test(Operand, Is),
    /// If the other does not hold.
    Not(Box<Condition>),
    /// If all hold; always if there are none.
    All(Vec<Condition>),
    /// If any holds; never if there are none.
    Any(Vec<Condition>),
}

impl Condition {
    /// A test.
    pub const fn test(what: Operand, is: Is) -> Condition {
        Condition::Test(what, is)
    }

    /// The opposite.
    #[allow(clippy::should_implement_trait, reason = "it stands beside all and any")]
    pub fn not(condition: Condition) -> Condition {
        Condition::Not(Box::new(condition))
    }

    /// All of them.
    pub fn all(conditions: impl IntoIterator<Item = Condition>) -> Condition {
        Condition::All(conditions.into_iter().collect())
    }

    /// Any of them.
    pub fn any(conditions: impl IntoIterator<Item = Condition>) -> Condition {
        Condition::Any(conditions.into_iter().collect())
    }

    /// The same without constants and without `Not` but around tests; what is unknown has become true. Cheap tests come first:
    /// their order changes no verdict but for events of which something is unknown, which may then be rejected sooner.
    pub fn simplified(&self) -> Condition {
        self.simplify(true)
    }

    /// `wanted` says whether the condition stands as it is, or its opposite does.
    fn simplify(&self, wanted: bool) -> Condition {
        match (self, wanted) {
            (Condition::Unknown, _) | (Condition::Always, true) | (Condition::Never, false) => Condition::Always,
            (Condition::Never, true) | (Condition::Always, false) => Condition::Never,
            (Condition::Test(..), true) => self.clone(),
            (Condition::Test(..), false) => Condition::not(self.clone()),
            (Condition::Not(inner), wanted) => inner.simplify(!wanted),
            (Condition::All(parts), true) | (Condition::Any(parts), false) => joined(parts, wanted, true),
            (Condition::Any(parts), true) | (Condition::All(parts), false) => joined(parts, wanted, false),
        }
    }

    /// What it costs where any of several is enough: most of them do not hold, and that is told by what is asked first.
    fn cost_of_one(&self) -> (Names, u32, u32) {
        let (names, dearest) = self.cost();
        let first = match self {
            Condition::All(parts) => parts.first().map_or(0, |part| part.cost_of_one().1),
            _ => dearest,
        };
        (names, first, dearest)
    }

    /// Whether it asks for names, and how dear the dearest other value in it is.
    fn cost(&self) -> (Names, u32) {
        match self {
            Condition::Always | Condition::Never | Condition::Unknown => (Names::None, 0),
            Condition::Test(what, is) => {
                let names = match what.load {
                    Load::ProcessName | Load::AncestorName => Names::Alone,
                    _ => Names::None,
                };
                let test = match is.test() {
                    Test::Contains | Test::Glob => 3,
                    test if matches!(test.class(), Some(Class::Text)) => 1,
                    _ => 0,
                };
                (names, what.cost() * 4 + test)
            }
            Condition::Not(inner) => inner.cost(),
            Condition::All(parts) | Condition::Any(parts) => {
                let costs = || parts.iter().map(Condition::cost);
                let dearest = costs().filter(|(names, _)| *names != Names::Alone).map(|(_, cost)| cost).max();
                match dearest {
                    Some(cost) if costs().any(|(names, _)| names != Names::None) => (Names::Besides, cost),
                    Some(cost) => (Names::None, cost),
                    None => costs().max().unwrap_or((Names::None, 0)),
                }
            }
        }
    }
}

/// All of the parts if `all`, else any of them; each as it is or its opposite.
fn joined(parts: &[Condition], wanted: bool, all: bool) -> Condition {
    let (neutral, final_) =
        if all { (Condition::Always, Condition::Never) } else { (Condition::Never, Condition::Always) };
    let mut joined = Vec::new();
    for part in parts {
        let part = part.simplify(wanted);
        if part == final_ {
            return final_;
        }
        match part {
            part if part == neutral => {}
            Condition::All(more) if all => joined.extend(more),
            Condition::Any(more) if !all => joined.extend(more),
            part => joined.push(part),
        }
    }
    match all {
        true => joined.sort_by_key(Condition::cost),
        false => joined.sort_by_key(Condition::cost_of_one),
    }
    let mut seen = Vec::new();
    for part in joined {
        if !seen.contains(&part) {
            seen.push(part);
        }
    }
    match seen.len() {
        0 => neutral,
        1 => seen.remove(0),
        _ if all => Condition::All(seen),
        _ => Condition::Any(seen),
    }
}
