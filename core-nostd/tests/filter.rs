//! The prefilter: what programs say, against the conditions that they were built from.

use kestrel_core::filter::build::{Builder, Bytes, Condition, Is, Operand};
use kestrel_core::filter::{
    Evaluation, Header, Ip, KEEP, Known, Load, MAX_GENERATION, Node, Part, Program, REJECT, Refused, Step, Table,
    Verdict, View, Why,
};
use kestrel_core::schema::{EVENTS, EventId, id};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use zerocopy::IntoBytes;

/// Values that a test makes up.
#[derive(Clone, Debug, Default)]
struct Values {
    numbers: BTreeMap<Load, Known<u64>>,
    texts: BTreeMap<Load, Known<Vec<u8>>>,
    address: Option<Known<Ip>>,
}

impl View for Values {
    fn number(&mut self, load: Load, _: u8) -> Known<u64> {
        // The flags are never unknown.
        let other = if load == Load::Flags { Known::Is(0) } else { Known::Unknown };
        self.numbers.get(&load).copied().unwrap_or(other)
    }

    fn text(&mut self, load: Load, _: u8) -> Known<&[u8]> {
        match self.texts.get(&load) {
            Some(Known::Is(text)) => Known::Is(text),
            Some(Known::Absent) => Known::Absent,
            Some(Known::Later) => Known::Later,
            _ => Known::Unknown,
        }
    }

    fn address(&mut self, _: Load, _: u8) -> Known<Ip> {
        self.address.unwrap_or(Known::Unknown)
    }
}

const EVENT: EventId = id::CONNECT;
const TUPLE: u8 = 1;

fn program(wanted: &Condition) -> Bytes {
    let mut builder = Builder::new();
    builder.section(EVENT, wanted).expect("it can be told");
    builder.finish().expect("it is short enough")
}

fn verdict(wanted: &Condition, values: &Values) -> Verdict {
    let bytes = program(wanted);
    let program = Program::verify(bytes.as_bytes()).expect("what was built is verified");
    let Some(mut evaluation) = Evaluation::of(&program, EVENT) else { return Verdict::Keep };
    match evaluation.go(&mut values.clone()) {
        Step::Done(verdict) => verdict,
        Step::Later => panic!("nothing comes later here"),
    }
}

/// What a condition says, tried the slow way; `None` if it hangs on what is unknown.
fn oracle(wanted: &Condition, values: &Values) -> Option<bool> {
    match wanted {
        Condition::Always => Some(true),
        Condition::Never => Some(false),
        Condition::Unknown => None,
        Condition::Not(inner) => oracle(inner, values).map(|holds| !holds),
        Condition::All(parts) => {
            let said: Vec<_> = parts.iter().map(|part| oracle(part, values)).collect();
            if said.contains(&Some(false)) { Some(false) } else { (!said.contains(&None)).then_some(true) }
        }
        Condition::Any(parts) => {
            let said: Vec<_> = parts.iter().map(|part| oracle(part, values)).collect();
            if said.contains(&Some(true)) { Some(true) } else { (!said.contains(&None)).then_some(false) }
        }
        Condition::Test(what, is) => one(*what, is, values),
    }
}

fn one(what: Operand, is: &Is, values: &Values) -> Option<bool> {
    let mut values = values.clone();
    match what.load {
        Load::Comm | Load::RemotePath => match values.text(what.load, 0) {
            Known::Is(text) => Some(on_text(what.part.of(text), is)),
            Known::Absent => Some(false),
            _ => None,
        },
        Load::RemoteAddress => match (values.address(what.load, 0), is) {
            (Known::Is(ip), Is::InNetworks(networks)) => Some(networks.iter().any(|network| lies_in(ip, *network))),
            (Known::Is(_), _) => Some(true),
            (Known::Absent, _) => Some(false),
            _ => None,
        },
        _ => match values.number(what.load, 0) {
            Known::Is(number) => Some(on_number(number, is)),
            Known::Absent => Some(false),
            _ => None,
        },
    }
}

fn on_number(n: u64, is: &Is) -> bool {
    match is {
        Is::There => true,
        Is::Equal(m) => n == *m,
        Is::Below(m) => n < *m,
        Is::AtMost(m) => n <= *m,
        Is::BelowSigned(m) => (n as i64) < *m,
        Is::AtMostSigned(m) => n as i64 <= *m,
        Is::AllBits(m) => (0..64).all(|bit| m >> bit & 1 == 0 || n >> bit & 1 == 1),
        Is::AnyBits(m) => (0..64).any(|bit| m >> bit & 1 == 1 && n >> bit & 1 == 1),
        Is::Masked { mask, value } => n & u64::from(*mask) == u64::from(*value),
        Is::Among(set) => set.contains(&n),
        _ => unreachable!("not of a number"),
    }
}

fn on_text(text: &[u8], is: &Is) -> bool {
    match is {
        Is::There => true,
        Is::Text(t) => text == t,
        Is::Prefix(t) => text.len() >= t.len() && text[..t.len()] == t[..],
        Is::Suffix(t) => text.len() >= t.len() && text[text.len() - t.len()..] == t[..],
        Is::Contains(t) => t.is_empty() || text.windows(t.len()).any(|window| window == t),
        Is::Glob(pattern) => matches(pattern, text),
        Is::TextAmong(set) => set.iter().any(|t| t == text),
        Is::PrefixAmong(set) => set.iter().any(|t| text.starts_with(t)),
        Is::PathPrefixAmong(set) => set.iter().any(|t| {
            let mut folder = t.clone();
            while folder.last() == Some(&b'/') {
                folder.pop();
            }
            let mut inside = folder.clone();
            inside.push(b'/');
            text == folder || text.starts_with(&inside)
        }),
        _ => unreachable!("not of a text"),
    }
}

/// A pattern, tried every way there is.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], text) => text.is_empty(),
        ([b'*', rest @ ..], text) => (0..=text.len()).any(|taken| matches(rest, &text[taken..])),
        ([b'?', rest @ ..], [_, text @ ..]) => matches(rest, text),
        ([b'\\', literal, rest @ ..], [byte, text @ ..]) => literal == byte && matches(rest, text),
        ([literal, rest @ ..], [byte, text @ ..]) => *literal != b'\\' && literal == byte && matches(rest, text),
        (_, []) => false,
    }
}

fn lies_in(ip: Ip, (network, bits): (IpAddr, u8)) -> bool {
    let same = |a: u128, b: u128, width: u8| bits == 0 || a >> (width - bits) == b >> (width - bits);
    match (ip, network) {
        (Ip::V4(ip), IpAddr::V4(net)) => same(ip.into(), u32::from(net).into(), 32),
        (Ip::V6(ip), IpAddr::V6(net)) => same(u128::from_be_bytes(ip), net.into(), 128),
        (Ip::V6(ip), IpAddr::V4(net)) => {
            Ipv6Addr::from(ip).to_ipv4_mapped().is_some_and(|ip| same(u32::from(ip).into(), u32::from(net).into(), 32))
        }
        (Ip::V4(_), IpAddr::V6(_)) => false,
    }
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..6, Just(u64::MAX), Just(i64::MAX as u64), Just(1 << 63), any::<u64>()]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![Just(b'a'), Just(b'b'), Just(b'/'), Just(b'.')], 0..7)
}

fn pattern() -> impl Strategy<Value = Vec<u8>> {
    let item = prop_oneof![
        Just(&b"*"[..]),
        Just(&b"?"[..]),
        Just(&b"a"[..]),
        Just(&b"/"[..]),
        Just(&b"["[..]),
        Just(&b"\\*"[..]),
        Just(&b"\\a"[..])
    ];
    proptest::collection::vec(item, 0..7).prop_map(|items| items.concat())
}

fn address() -> impl Strategy<Value = IpAddr> {
    let low = prop_oneof![0_u32..8, Just(u32::MAX), any::<u32>()];
    let shape = prop_oneof![Just(0_u128), Just(0xffff_0000_0000), Just(u128::MAX << 64)];
    (low, shape, any::<bool>()).prop_map(|(low, high, v4)| {
        if v4 { Ipv4Addr::from(low).into() } else { Ipv6Addr::from(high | u128::from(low)).into() }
    })
}

fn network() -> impl Strategy<Value = (IpAddr, u8)> {
    address().prop_flat_map(|ip| {
        let width = if ip.is_ipv4() { 32 } else { 128 };
        (Just(ip), prop_oneof![Just(0), Just(width), 0..=width])
    })
}

fn known<T: Clone + std::fmt::Debug + 'static>(value: impl Strategy<Value = T> + 'static) -> BoxedStrategy<Known<T>> {
    prop_oneof![6 => value.prop_map(Known::Is), 1 => Just(Known::Absent), 1 => Just(Known::Unknown)].boxed()
}

fn values() -> impl Strategy<Value = Values> {
    let ip = address().prop_map(|ip| match ip {
        IpAddr::V4(ip) => Ip::V4(ip.into()),
        IpAddr::V6(ip) => Ip::V6(ip.octets()),
    });
    let numbers = proptest::array::uniform3(known(number()));
    let texts = proptest::array::uniform2(known(text()));
    (numbers, texts, known(ip)).prop_map(|(numbers, texts, ip)| Values {
        numbers: [Load::Number, Load::Uid, Load::RemotePort].into_iter().zip(numbers).collect(),
        texts: [Load::Comm, Load::RemotePath].into_iter().zip(texts).collect(),
        address: Some(ip),
    })
}

fn test() -> impl Strategy<Value = Condition> {
    let numbers = prop_oneof![
        Just(Operand::param(Load::Number, 0)),
        Just(Operand::event(Load::Uid)),
        Just(Operand::param(Load::RemotePort, TUPLE))
    ];
    let on_numbers = prop_oneof![
        Just(Is::There),
        number().prop_map(Is::Equal),
        number().prop_map(Is::Below),
        number().prop_map(Is::AtMost),
        number().prop_map(|n| Is::BelowSigned(n as i64)),
        number().prop_map(|n| Is::AtMostSigned(n as i64)),
        number().prop_map(Is::AllBits),
        number().prop_map(Is::AnyBits),
        (0_u32..8, 0_u32..8).prop_map(|(mask, value)| Is::Masked { mask, value }),
        proptest::collection::vec(number(), 0..9).prop_map(Is::Among),
    ];
    let texts = prop_oneof![Just(Operand::event(Load::Comm)), Just(Operand::param(Load::RemotePath, TUPLE))];
    let parts = prop_oneof![Just(Part::Whole), Just(Part::Directory), Just(Part::Name)];
    let set = || proptest::collection::vec(text(), 0..9);
    let on_texts = prop_oneof![
        Just(Is::There),
        text().prop_map(Is::Text),
        text().prop_map(Is::Prefix),
        text().prop_map(Is::Suffix),
        text().prop_map(Is::Contains),
        pattern().prop_map(Is::Glob),
        set().prop_map(Is::TextAmong),
        set().prop_map(Is::PrefixAmong),
        set().prop_map(Is::PathPrefixAmong),
    ];
    let on_address = prop_oneof![Just(Is::There), proptest::collection::vec(network(), 0..6).prop_map(Is::InNetworks)];
    prop_oneof![
        (numbers, on_numbers).prop_map(|(what, is)| Condition::test(what, is)),
        (texts, parts, on_texts).prop_map(|(what, part, is)| Condition::test(what.part(part), is)),
        on_address.prop_map(|is| Condition::test(Operand::param(Load::RemoteAddress, TUPLE), is)),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        12 => test(),
        1 => Just(Condition::Always),
        1 => Just(Condition::Never),
        1 => Just(Condition::Unknown)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Condition::not),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
            proptest::collection::vec(inner, 0..4).prop_map(Condition::Any),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_single_test_says_what_the_slow_way_says(wanted in test(), values in values()) {
        let expected = match oracle(&wanted, &values) {
            Some(false) => Verdict::Reject,
            Some(true) | None => Verdict::Keep,
        };
        prop_assert_eq!(verdict(&wanted, &values), expected);
    }

    #[test]
    fn an_event_is_rejected_only_if_its_condition_cannot_hold_whatever_is_unknown(
        wanted in condition(),
        values in values(),
    ) {
        match (verdict(&wanted, &values), oracle(&wanted, &values)) {
            (Verdict::Reject, said) => prop_assert_eq!(said, Some(false)),
            // Where nothing is unknown, nothing is kept that is not wanted.
            (Verdict::Keep, Some(false)) => prop_assert!(hangs_on_unknown(&wanted, &values)),
            (Verdict::Keep, _) => {}
        }
    }

    #[test]
    fn bytes_that_are_no_program_are_refused_and_bytes_that_are_one_end(
        wanted in condition(),
        values in values(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = program(&wanted).as_bytes().to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let bytes = Bytes::copied(&bytes);
        if let Ok(program) = Program::verify(bytes.as_bytes()) {
            for event in 0..EVENTS.len() {
                if let Some(mut evaluation) = Evaluation::of(&program, EventId(event as u16)) {
                    prop_assert_ne!(evaluation.go(&mut values.clone()), Step::Later);
                }
            }
        }
    }
}

/// True if any part of the condition is unknown.
fn hangs_on_unknown(wanted: &Condition, values: &Values) -> bool {
    match wanted {
        Condition::Not(inner) => hangs_on_unknown(inner, values),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| hangs_on_unknown(part, values)),
        leaf => oracle(leaf, values).is_none(),
    }
}

/// What is said of a program after one change to its bytes.
fn refusal(wanted: &Condition, change: impl FnOnce(&mut Vec<u8>)) -> Refused {
    let mut bytes = program(wanted).as_bytes().to_vec();
    change(&mut bytes);
    Program::verify(Bytes::copied(&bytes).as_bytes()).expect_err("it is refused")
}

fn sample() -> Condition {
    Condition::all([
        Condition::test(Operand::event(Load::Uid), Is::Equal(0)),
        Condition::test(Operand::event(Load::Comm), Is::TextAmong(vec![b"a".to_vec(), b"b".to_vec()])),
        Condition::test(Operand::event(Load::Comm), Is::Glob(b"a*".to_vec())),
    ])
}

/// Where the nodes of a program with one section lie.
fn nodes_at() -> usize {
    size_of::<Header>() + (EVENTS.len() * 2).next_multiple_of(8) + 8
}

#[test]
fn a_program_that_is_wrong_is_refused_with_its_place() {
    let node = |number: usize, at: usize| nodes_at() + number * size_of::<Node>() + at;
    let table = |at: usize| node(3, at);
    let first_event = size_of::<Header>() + usize::from(EVENT.0) * 2;
    let put = |at: usize, value: u8| move |bytes: &mut Vec<u8>| bytes[at] = value;
    let mut said = Vec::new();
    let mut note = |what: &str, refused: Refused| said.push(format!("{what}: {refused}"));
    note("longer than it says", refusal(&sample(), |bytes| bytes.extend([0; 8])));
    note("cut", refusal(&sample(), |bytes| bytes.truncate(bytes.len() - 8)));
    note("another magic", refusal(&sample(), put(0, 9)));
    note("another schema", refusal(&sample(), put(8, 0)));
    note("too long", refusal(&sample(), |bytes| bytes.resize((1 << 20) + 8, 0)));
    note("too many nodes", refusal(&sample(), put(27, 9)));
    note("no such section", refusal(&sample(), put(first_event, 7)));
    note("a section without nodes", refusal(&sample(), put(nodes_at() - 4, 0)));
    note("no such test", refusal(&sample(), put(node(1, 0), 200)));
    note("no such load", refusal(&sample(), put(node(1, 1), 200)));
    note("a test of another class", refusal(&sample(), put(node(0, 0), 16)));
    note("no such part", refusal(&sample(), put(node(1, 3), 3)));
    note("a register that it is not in", refusal(&sample(), put(node(0, 3), 9)));
    note("a parameter of what has none", refusal(&sample(), put(node(0, 2), 1)));
    note("a jump out of the section", refusal(&sample(), put(node(2, 5), 0)));
    note("a table of another kind", refusal(&sample(), put(node(1, 0), 22)));
    note("no such table", refusal(&sample(), put(node(1, 8), 3)));
    note("a text beyond the data", refusal(&sample(), put(node(2, 14), 1)));
    note("no such kind of table", refusal(&sample(), put(table(0), 99)));
    note("a table elsewhere", refusal(&sample(), put(table(4), 8)));
    note("a table with more entries", refusal(&sample(), put(table(12), 3)));
    note(
        "a table out of order",
        refusal(&sample(), |bytes| {
            let at = bytes.windows(2).rposition(|window| window == b"ab").unwrap();
            bytes[at..at + 2].copy_from_slice(b"ba");
        }),
    );
    let data = table(size_of::<Table>());
    note("a set that says too little of its entries", refusal(&sample(), |bytes| bytes[data..data + 8].fill(0)));
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_program_must_be_aligned() {
    let bytes = program(&sample());
    let mut shifted = vec![0_u64; bytes.as_bytes().len() / 8 + 1];
    let shifted = &mut shifted.as_mut_slice().as_mut_bytes()[4..];
    shifted[..bytes.as_bytes().len()].copy_from_slice(bytes.as_bytes());
    let refused = Program::verify(&shifted[..bytes.as_bytes().len()]).unwrap_err();
    assert_eq!(refused.why, Why::Misaligned);
}

#[test]
fn every_reason_has_its_number() {
    let reasons: Vec<Why> = (1..).map_while(Why::from_u32).collect();
    assert_eq!(reasons.len(), Why::TableSummary as usize);
    assert!(reasons.iter().enumerate().all(|(n, why)| *why as usize == n + 1));
    assert_eq!(Why::from_u32(0), None);
}

#[test]
fn every_load_is_what_its_number_says() {
    for load in Load::ALL {
        assert_eq!(Load::from_u8(*load as u8), Some(*load));
    }
}

#[test]
fn an_absent_value_satisfies_no_test_and_an_unknown_one_keeps_the_event_either_way() {
    let is = Condition::test(Operand::event(Load::Uid), Is::Equal(0));
    let is_not = Condition::not(is.clone());
    let with = |value| Values { numbers: [(Load::Uid, value)].into(), ..Values::default() };
    assert_eq!(verdict(&is, &with(Known::Absent)), Verdict::Reject);
    assert_eq!(verdict(&is_not, &with(Known::Absent)), Verdict::Keep);
    assert_eq!(verdict(&is, &with(Known::Unknown)), Verdict::Keep);
    assert_eq!(verdict(&is_not, &with(Known::Unknown)), Verdict::Keep);
}

#[test]
fn what_the_kernel_cannot_tell_never_keeps_an_event_from_being_wanted() {
    let uid = Condition::test(Operand::event(Load::Uid), Is::Equal(0));
    let other = Values { numbers: [(Load::Uid, Known::Is(1))].into(), ..Values::default() };
    let root = Values { numbers: [(Load::Uid, Known::Is(0))].into(), ..Values::default() };
    let both = Condition::all([uid.clone(), Condition::not(Condition::Unknown)]);
    assert_eq!((verdict(&both, &other), verdict(&both, &root)), (Verdict::Reject, Verdict::Keep));
    let either = Condition::any([uid, Condition::Unknown]);
    assert_eq!(verdict(&either, &other), Verdict::Keep);
}

#[test]
fn a_value_that_comes_later_is_asked_for_again() {
    let bytes = program(&sample());
    let program = Program::verify(bytes.as_bytes()).unwrap();
    let mut evaluation = Evaluation::of(&program, EVENT).unwrap();
    let mut values = Values {
        numbers: [(Load::Uid, Known::Is(0))].into(),
        texts: [(Load::Comm, Known::Later)].into(),
        ..Values::default()
    };
    assert_eq!(evaluation.go(&mut values), Step::Later);
    // What was looked at before is not looked at again.
    values.numbers.clear();
    values.texts.insert(Load::Comm, Known::Is(b"c".to_vec()));
    assert_eq!(evaluation.go(&mut values), Step::Done(Verdict::Reject));
}

/// A process whose ancestors have these names, from the parent on; `None` for one that is not known.
struct Descendant(Vec<Option<&'static [u8]>>);

impl View for Descendant {
    fn number(&mut self, _: Load, _: u8) -> Known<u64> {
        Known::Unknown
    }

    fn text(&mut self, load: Load, param: u8) -> Known<&[u8]> {
        assert!(load == Load::AncestorName && (1..=MAX_GENERATION).contains(&param), "{load:?} {param}");
        match self.0.get(usize::from(param) - 1) {
            None => Known::Absent,
            Some(None) => Known::Unknown,
            Some(Some(name)) => Known::Is(name),
        }
    }

    fn address(&mut self, _: Load, _: u8) -> Known<Ip> {
        Known::Unknown
    }
}

#[test]
fn any_ancestor_satisfies_a_test_and_one_that_is_not_known_keeps_the_event() {
    let any = Condition::test(Operand::event(Load::AncestorName), Is::Text(b"httpd".to_vec()));
    let third = Condition::test(Operand::param(Load::AncestorName, 3), Is::Text(b"httpd".to_vec()));
    let verdict = |wanted: &Condition, names: &[Option<&'static [u8]>]| {
        let bytes = program(wanted);
        let program = Program::verify(bytes.as_bytes()).unwrap();
        match Evaluation::of(&program, EVENT).unwrap().go(&mut Descendant(names.to_vec())) {
            Step::Done(verdict) => verdict,
            Step::Later => panic!("nothing comes later"),
        }
    };
    let (sh, httpd, init) = (Some(&b"sh"[..]), Some(&b"httpd"[..]), Some(&b"init"[..]));
    let not = Condition::not(any.clone());
    assert_eq!(verdict(&any, &[sh, httpd, init]), Verdict::Keep);
    assert_eq!(verdict(&any, &[sh, sh, init]), Verdict::Reject);
    assert_eq!(verdict(&any, &[]), Verdict::Reject);
    assert_eq!(verdict(&any, &[sh, None, init]), Verdict::Keep);
    assert_eq!((verdict(&not, &[sh, httpd, init]), verdict(&not, &[sh, init])), (Verdict::Reject, Verdict::Keep));
    assert_eq!(
        (verdict(&third, &[sh, httpd]), verdict(&third, &[httpd, httpd, sh])),
        (Verdict::Reject, Verdict::Reject)
    );
    assert_eq!(verdict(&third, &[sh, sh, httpd]), Verdict::Keep);
    // More of them than are looked at.
    assert_eq!(verdict(&any, &[sh; 32]), Verdict::Keep);
    assert_eq!(verdict(&any, &[sh; 31]), Verdict::Reject);
}

#[test]
fn a_search_that_takes_too_many_steps_keeps_the_event() {
    let wanted = Condition::test(Operand::event(Load::Comm), Is::Contains([b"a".repeat(200), b"b".to_vec()].concat()));
    let hostile = Values { texts: [(Load::Comm, Known::Is(b"a".repeat(4000)))].into(), ..Values::default() };
    assert_eq!(verdict(&wanted, &hostile), Verdict::Keep);
    let harmless = Values { texts: [(Load::Comm, Known::Is(b"c".repeat(4000)))].into(), ..Values::default() };
    assert_eq!(verdict(&wanted, &harmless), Verdict::Reject);
}

#[test]
fn a_section_that_wants_nothing_rejects_and_one_that_wants_all_is_none() {
    assert_eq!(verdict(&Condition::Never, &Values::default()), Verdict::Reject);
    let bytes = program(&Condition::Always);
    let program = Program::verify(bytes.as_bytes()).unwrap();
    assert!(program.is_empty() && program.section(EVENT).is_none());
}

#[test]
fn events_with_the_same_condition_share_a_section_and_the_same_sets() {
    let mut builder = Builder::new();
    for event in [id::OPENAT, id::OPEN, id::CREAT] {
        builder
            .section(event, &Condition::test(Operand::param(Load::FdPath, 0), Is::TextAmong(vec![b"/x".to_vec()])))
            .unwrap();
    }
    let bytes = builder.finish().unwrap();
    assert_eq!(Program::verify(bytes.as_bytes()).unwrap().len(), 1);
}

#[test]
fn a_value_that_an_event_does_not_have_cannot_be_tested() {
    let mut said = Vec::new();
    let mut try_to = |event, what, is| {
        said.push(Builder::new().section(event, &Condition::test(what, is)).unwrap_err().to_string());
    };
    try_to(id::GETPPID, Operand::param(Load::Path, 0), Is::There);
    try_to(id::OPENAT, Operand::param(Load::Number, 9), Is::Equal(0));
    try_to(id::OPENAT, Operand::param(Load::FdPath, 0), Is::Equal(0));
    try_to(id::EXECVE, Operand::param(Load::String, 1), Is::There);
    try_to(id::OPENAT, Operand::event(Load::Comm), Is::Glob(b"a\\".to_vec()));
    try_to(id::OPENAT, Operand::event(Load::Comm), Is::Text(vec![b'a'; 5000]));
    try_to(EventId(9999), Operand::event(Load::Comm), Is::There);
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn thousands_of_paths_are_searched_in_one_node() {
    let paths: Vec<Vec<u8>> = (0..5000).map(|n| format!("/etc/dir{}/file{n}", n % 7).into_bytes()).collect();
    let wanted = Condition::test(Operand::event(Load::Comm), Is::TextAmong(paths.clone()));
    let bytes = program(&wanted);
    let program = Program::verify(bytes.as_bytes()).unwrap();
    assert_eq!(program.len(), 1);
    for (path, expected) in [(&paths[17][..], Verdict::Keep), (b"/etc/dir9/file1", Verdict::Reject)] {
        let mut values = Values { texts: [(Load::Comm, Known::Is(path.to_vec()))].into(), ..Values::default() };
        assert_eq!(Evaluation::of(&program, EVENT).unwrap().go(&mut values), Step::Done(expected));
    }
}

#[test]
fn jumps_are_only_the_two_ends_or_forward() {
    let bytes = program(&sample());
    let program = Program::verify(bytes.as_bytes()).unwrap();
    let nodes = program.section(EVENT).unwrap();
    for (at, node) in nodes.iter().enumerate() {
        for jump in [node.yes, node.no] {
            assert!(jump == KEEP || jump == REJECT || at + 1 + usize::from(jump) < nodes.len());
        }
    }
}
