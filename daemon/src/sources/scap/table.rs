//! What is known of the events of captures: `events.txt` and `flags.txt`, made into a plan for each event of ours.

use hashbrown::HashMap;
use kestrel_core::schema::{self, EventId, FlagNames, Type};

/// How a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Unsigned number of 1, 2, 4 or 8 bytes.
    Unsigned,
    /// Signed number of 1, 2, 4 or 8 bytes.
    Signed,
    /// Descriptor: a signed number.
    Fd,
    /// String, ended by NUL.
    String,
    /// Bytes.
    Bytes,
    /// Both ends of a socket.
    Tuple,
    /// Socket address.
    Address,
    /// Descriptors that are waited for.
    FdList,
    /// A byte that says what follows, and a number.
    Dynamic,
}

/// Bits or values of one set, theirs and ours; of several bits the most come first.
pub type Pairs = Vec<(u64, u64)>;

/// Where a parameter of ours comes from.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Parameter of the return.
    pub exit: Option<(usize, Kind)>,
    /// Parameter of the entry, for what the return does not say.
    pub enter: Option<(usize, Kind)>,
    /// How its bits or its value are translated.
    pub pairs: Option<Pairs>,
    /// Its value is one of an enumeration, not bits.
    pub is_value: bool,
}

/// One event of theirs.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Lengths of its parameters take 4 bytes instead of 2.
    pub large: bool,
    /// Name and kind of each parameter.
    pub params: Vec<(&'static str, Kind)>,
    /// Ours, for an event that ends something; `None` for entries, and for what is not recorded here.
    pub ours: Option<EventId>,
    /// For each parameter of ours, where it comes from.
    pub plans: Vec<Plan>,
    /// A plan looks at the entry.
    pub needs_enter: bool,
}

/// Events that are whole without a return.
const ENTRIES: [&str; 2] = ["procexit", "signaldeliver"];

const EVENTS: &str = include_str!("events.txt");
const FLAGS: &str = include_str!("flags.txt");

/// Every event of theirs, by its number.
pub fn rows() -> Vec<Row> {
    let sets = flag_sets();
    let mut rows: Vec<Row> = Vec::new();
    let mut sets_of: Vec<Vec<Option<&str>>> = Vec::new();
    for line in lines(EVENTS) {
        let mut words = line.split(' ').skip(1);
        let (name, large) = (words.next().unwrap_or(""), words.next() == Some("L"));
        let (mut params, mut flags) = (Vec::new(), Vec::new());
        for word in words {
            let (name, kind) = word.split_once(':').unwrap_or((word, "b"));
            let (kind, set) = kind.split_once('=').map_or((kind, None), |(kind, set)| (kind, Some(set)));
            params.push((name, self::kind(kind)));
            flags.push(set);
        }
        rows.push(Row { name, large, params, ours: None, plans: Vec::new(), needs_enter: false });
        sets_of.push(flags);
    }
    for number in 0..rows.len() {
        let name = rows[number].name;
        let ends = number % 2 == 1 || ENTRIES.contains(&name);
        let Some(id) = schema::by_name(name).filter(|_| ends) else { continue };
        let Some(event) = schema::get(id) else { continue };
        let enter = number.checked_sub(1).filter(|n| number % 2 == 1 && rows[*n].name == name);
        let plan = |param: &schema::Param| {
            let find = |number: usize| {
                let place = rows[number].params.iter().position(|(name, _)| *name == param.name)?;
                Some((place, rows[number].params[place].1))
            };
            let (exit, enter) = (find(number), enter.and_then(|number| Some((find(number)?, number))));
            let set = match (exit, enter) {
                (Some((place, _)), _) => sets_of[number][place],
                (None, Some(((place, _), number))) => sets_of[number][place],
                (None, None) => None,
            };
            let (names, is_value) = match param.ty {
                Type::Flags(names) => (Some(names), false),
                Type::Enum(names) => (Some(names), true),
                _ => (None, false),
            };
            let pairs = set.and_then(|set| sets.get(set)).zip(names).map(|(set, names)| pairs(set, names));
            Plan { exit, enter: enter.map(|(found, _)| found), pairs, is_value }
        };
        let plans: Vec<Plan> = event.params.iter().map(plan).collect();
        let needs_enter = plans.iter().any(|plan| plan.enter.is_some());
        (rows[number].ours, rows[number].plans, rows[number].needs_enter) = (Some(id), plans, needs_enter);
    }
    rows
}

/// Lines that say something.
fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn kind(letter: &str) -> Kind {
    match letter {
        "n" => Kind::Unsigned,
        "i" => Kind::Signed,
        "f" => Kind::Fd,
        "s" => Kind::String,
        "t" => Kind::Tuple,
        "a" => Kind::Address,
        "l" => Kind::FdList,
        "d" => Kind::Dynamic,
        _ => Kind::Bytes,
    }
}

fn flag_sets() -> HashMap<&'static str, Vec<(&'static str, u64)>> {
    let entry = |word: &'static str| {
        let (name, value) = word.split_once("=0x")?;
        Some((name, u64::from_str_radix(value, 16).ok()?))
    };
    let set = |line: &'static str| {
        let mut words = line.split(' ');
        (words.next().unwrap_or(""), words.filter_map(entry).collect())
    };
    lines(FLAGS).map(set).collect()
}

fn pairs(set: &[(&'static str, u64)], names: &FlagNames) -> Pairs {
    let mut pairs: Pairs = set.iter().filter_map(|(name, theirs)| Some((*theirs, names.value(name)?))).collect();
    pairs.sort_by_key(|(theirs, _)| std::cmp::Reverse(theirs.count_ones()));
    pairs
}

impl Plan {
    /// A number of theirs as ours; `None` for a value of an enumeration that has no name.
    pub fn translate(&self, theirs: u64) -> Option<u64> {
        let Some(pairs) = &self.pairs else { return Some(theirs) };
        if self.is_value {
            return pairs.iter().find(|(value, _)| *value == theirs).map(|(_, ours)| *ours);
        }
        let (mut left, mut ours) = (theirs, 0);
        for (bits, value) in pairs {
            if *bits != 0 && left & bits == *bits {
                left &= !bits;
                ours |= value;
            }
        }
        Some(ours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kestrel_core::schema::id;

    fn row(number: usize) -> Row {
        rows()[number].clone()
    }

    #[test]
    fn the_table_has_every_event_in_its_place() {
        let rows = rows();
        assert_eq!(rows.len(), 454);
        for (number, line) in lines(EVENTS).enumerate() {
            assert!(line.starts_with(&format!("{number} ")), "{line}");
        }
        let unread: Vec<&str> = rows
            .iter()
            .enumerate()
            .filter(|(n, row)| n % 2 == 1 && row.ours.is_none())
            .map(|(_, row)| row.name)
            .collect();
        let mut unread: Vec<&str> = unread.into_iter().filter(|name| *name != "NA").collect();
        unread.dedup();
        insta::assert_snapshot!(unread.join(" "));
    }

    #[test]
    fn every_set_that_the_table_names_is_there() {
        let sets = flag_sets();
        for line in lines(EVENTS) {
            for set in line.split(' ').filter_map(|word| word.split_once('=')).map(|(_, set)| set) {
                assert!(sets.get(set).is_some_and(|set| !set.is_empty()), "{set}");
            }
        }
    }

    #[test]
    fn flags_are_translated_by_their_names() {
        let openat = row(307);
        assert_eq!(openat.ours, Some(id::OPENAT));
        let flags = &openat.plans[3];
        // O_RDWR, O_CREAT and O_APPEND.
        assert_eq!(flags.translate(0x3 | 0x4 | 0x8), Some(2 | 0o100 | 0o2000));
        assert_eq!(flags.translate(0x1), Some(0));
        assert_eq!(flags.translate(0x2), Some(1));
    }

    #[test]
    fn what_an_old_return_does_not_say_comes_from_the_entry() {
        let rows = rows();
        let close = &rows[5];
        assert_eq!(close.plans[1].exit, Some((1, Kind::Fd)));
        assert_eq!(close.plans[1].enter, Some((0, Kind::Fd)));
        let old = rows.iter().enumerate().find(|(n, row)| n % 2 == 1 && row.name == "unlinkat").unwrap().1;
        assert!(old.needs_enter);
    }
}
