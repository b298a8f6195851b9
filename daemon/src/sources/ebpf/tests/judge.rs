//! The law of the prefilter: what the probe rejects, the program rejects. The probe's evaluator is imitated; the probe itself is
//! tested in machines.

use super::{Imitation, names};
use crate::sources::ebpf::captured::Captured;
use crate::sources::ebpf::judge::{Judgement, holds};
use crate::sources::ebpf::record::{self, Numbers, Written};
use kestrel_core::capture::judge::{
    KEEP, MOST_STEPS, NODES, PAIRS, REJECT, TextKey, TextMarks, name_bit, pair_bit, part, value, width,
};
use kestrel_core::capture::{self, FileFacts, chunk, kind, op};
use kestrel_core::event::{MAX_RECORD, Record, TaskContext};
use kestrel_core::filter::build::{Builder, Condition, Is, Operand};
use kestrel_core::filter::{Load, OfProcess, Part, Program, Verdict, judge};
use kestrel_core::schema::{Abi, EventId, EventSet, event_of, id};
use kestrel_rules::prefilter::ProcessNames;
use proptest::prelude::*;
use proptest::sample::select;
use zerocopy::{FromZeros, IntoBytes};

/// A call on a file.
#[derive(Clone, Debug)]
struct Act {
    event: EventId,
    /// Names of the path, leaf first.
    path: Vec<&'static str>,
    raw: &'static str,
    /// Names of the working directory, leaf first.
    here: Vec<&'static str>,
    ret: i64,
    flags: u64,
    uid: u32,
    mode: u32,
}

const STRING_AT: u64 = 500;

const RAWS: [&str; 14] = [
    "",
    "etc/shadow",
    "/etc/../etc/shadow",
    "../../etc",
    "/proc/self/fd/4",
    "/",
    "/etc",
    "/etc/",
    "/etc/shadow",
    "/etc//shadow",
    "/etc/ssl/a",
    "/etc/.ssl",
    "shadow",
    "a-folder-with-a-long-name-that-goes-on-and-on-and-on-and-on-and-on/a-folder-with-a-long-name-that-goes-on-and-on-and-on-and-on-and-on/\
     a-folder-with-a-long-name-that-goes-on-and-on-and-on-and-on-and-on/a-folder-with-a-long-name-that-goes-on-and-on-and-on-and-on-and-on",
];

const TEXTS: [&str; 16] = [
    "",
    "/",
    "/etc",
    "/etc/",
    "/etc/sh",
    "/etc/shadow",
    "/etc/shadow/",
    "/et",
    "shadow",
    "etc",
    "/usr/lib",
    "..",
    "/etc/ssl/a",
    "../..",
    "/etc/ssl",
    "ssl",
];

fn act() -> impl Strategy<Value = Act> {
    let path = prop_oneof![
        Just(vec![]),
        Just(vec!["shadow", "etc"]),
        Just(vec!["shadows", "etc"]),
        Just(vec!["etc"]),
        Just(vec!["a", "ssl", "etc"]),
        Just(vec!["a-name-of-more-than-eight-bytes", "lib", "usr"]),
        Just(vec!["memfd:x"]),
        Just(vec!["n"; 30]),
        Just(vec!["a-folder-with-a-long-name-that-goes-on-and-on-and-on-and-on"; 5]),
    ];
    let ret = prop_oneof![Just(3i64), Just(-2), Just(-13), Just(0)];
    let mode = prop_oneof![Just(0o100_644u32), Just(0o020_666), Just(0o140_777)];
    let event = select(vec![id::OPENAT, id::OPEN, id::FCHMOD, id::CHMOD, id::UNLINKAT, id::DUP2]);
    let here = prop_oneof![
        Just(vec![]),
        Just(vec!["etc"]),
        Just(vec!["ssl", "etc"]),
        Just(vec!["n"; 20]),
        Just(vec!["n"; 21])
    ];
    let raw = (select(RAWS.to_vec()), here);
    (event, path, raw, ret, select(vec![0u64, 0x40, 0x241, 2]), select(vec![0u32, 1000]), mode).prop_map(
        |(event, path, (raw, here), ret, flags, uid, mode)| Act { event, path, raw, here, ret, flags, uid, mode },
    )
}

fn args(act: &Act) -> [u64; 6] {
    let here = u64::from(kestrel_core::fill::AT_FDCWD.cast_unsigned());
    match act.event {
        id::OPENAT | id::UNLINKAT => [here, STRING_AT, act.flags, 0, 0, 0],
        id::FCHMOD | id::DUP2 => [3, act.flags, 0, 0, 0, 0],
        _ => [STRING_AT, act.flags, 0, 0, 0, 0],
    }
}

/// The descriptor whose path is known.
fn fd(act: &Act) -> Option<i32> {
    match act.event {
        id::CHMOD | id::UNLINKAT => None,
        id::FCHMOD => Some(3),
        _ => i32::try_from(act.ret).ok().filter(|fd| *fd >= 0),
    }
}

fn imitation(act: &Act) -> Imitation {
    let mut imitation = Imitation::of(kind::CALL);
    let nr = (0..capture::CALLS).find(|&nr| event_of(Abi::NATIVE, nr) == Some(act.event)).unwrap();
    (imitation.head.nr, imitation.head.ret, imitation.head.args) = (nr, act.ret, args(act));
    (imitation.head.task.uid, imitation.head.task.pid) = (act.uid, 42);
    if let Some(fd) = fd(act) {
        let facts = FileFacts { sb_flags: 1 << 22, mode: act.mode, ..FileFacts::new_zeroed() };
        let bytes = [facts.as_bytes(), &names(&act.path)].concat();
        imitation.chunk(chunk::FILE, chunk::WHOLE, u64::from(fd.cast_unsigned()), &bytes);
    }
    imitation.chunk(chunk::STRING, 0, STRING_AT, act.raw.as_bytes());
    imitation.chunk(chunk::PATH, chunk::WHOLE, op::CWD.into(), &names(&act.here));
    imitation
}

fn number() -> impl Strategy<Value = Is> {
    let number = select(vec![0u64, 1, 2, 3, 0x40, 0x241, 1000, u64::MAX, -2i64 as u64]);
    prop_oneof![
        Just(Is::There),
        number.clone().prop_map(Is::Equal),
        number.clone().prop_map(Is::Below),
        number.clone().prop_map(Is::AtMost),
        number.clone().prop_map(|n| Is::BelowSigned(n.cast_signed())),
        number.clone().prop_map(Is::AnyBits),
        number.clone().prop_map(Is::AllBits),
        prop::collection::vec(number, 0..4).prop_map(Is::Among),
    ]
}

fn text() -> impl Strategy<Value = Is> {
    let text = select(TEXTS.to_vec()).prop_map(|text| text.as_bytes().to_vec());
    let texts = prop::collection::vec(text.clone(), 0..5);
    prop_oneof![
        text.clone().prop_map(Is::Text),
        text.clone().prop_map(Is::Prefix),
        text.clone().prop_map(Is::Suffix),
        text.prop_map(Is::Contains),
        select(vec![&b"/etc/*"[..], b"/*/shadow", b"*", b"/etc/ssl/?"]).prop_map(|glob| Is::Glob(glob.to_vec())),
        texts.clone().prop_map(Is::TextAmong),
        texts.clone().prop_map(Is::PrefixAmong),
        texts.prop_map(Is::PathPrefixAmong),
    ]
}

fn condition(event: EventId) -> impl Strategy<Value = Condition> {
    let params = kestrel_core::schema::recipe(event).unwrap().sources.len() as u8;
    let all: Vec<(Load, u8)> = (0..params)
        .flat_map(|param| Load::ALL.iter().map(move |load| (*load, param)))
        .filter(|(load, param)| {
            load.fits(event, *param) && !matches!(load, Load::Marks | Load::ProcessName | Load::AncestorName)
        })
        .collect();
    let likely: Vec<(Load, u8)> = all
        .iter()
        .copied()
        .filter(|(load, _)| {
            matches!(
                load,
                Load::FdPath | Load::Path | Load::RawPath | Load::Number | Load::FdNumber | Load::FdKind | Load::Uid
            )
        })
        .collect();
    let what = prop_oneof![4 => select(likely), 1 => select(all)];
    let part = select(vec![Part::Whole, Part::Whole, Part::Name, Part::Directory]);
    let leaf = (what, number(), text(), part).prop_map(|((load, param), number, text, part)| {
        let operand = if load == Load::Flags || (16..64).contains(&(load as u8)) {
            Operand::event(load)
        } else {
            Operand::param(load, param)
        };
        match load.class() {
            kestrel_core::filter::Class::Number => Condition::test(operand, number),
            kestrel_core::filter::Class::Text => Condition::test(operand.part(part), text),
            kestrel_core::filter::Class::Address => Condition::test(operand, Is::There),
        }
    });
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Condition::not),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Condition::All),
            prop::collection::vec(inner, 1..4).prop_map(Condition::Any),
        ]
    })
}

/// What the table of texts says, as the kernel's does.
fn marks_of(texts: &[(TextKey, TextMarks)], table: u32, text: &[u8], follows: &[u8]) -> [u64; 2] {
    let fits = |key: &TextKey| {
        let len = ((key.bits - 32) / 8) as usize;
        key.table == table && text.get(..len) == Some(&key.text[..len])
    };
    let Some((_, found)) = texts.iter().filter(|(key, _)| fits(key)).max_by_key(|(key, _)| key.bits) else {
        return [0; 2];
    };
    let len = found.len as usize;
    std::array::from_fn(|n| {
        let mut marks = found.always[n];
        if len == text.len() {
            marks |= found.equal[n] | found.boundary[n];
        } else if follows.get(len) == Some(&b'/') {
            marks |= found.boundary[n];
        }
        marks
    })
}

/// A path by its names, leaf first; the root is empty.
fn path_of(names: &[&str]) -> String {
    names.iter().rev().map(|name| format!("/{name}")).collect()
}

/// The probe's evaluation (`ebpf/src/judge/`).
fn probe(judgement: &Judgement, act: &Act, task: &TaskContext) -> Option<bool> {
    let entry = judgement.of(act.event.0)?;
    let head = judgement.nodes[usize::from(entry.first - 1)];
    let mut values = [None; value::COUNT];
    for (value, arg) in values.iter_mut().zip(args(act)) {
        *value = Some(arg);
    }
    values[usize::from(value::RETURNED)] = Some(act.ret.cast_unsigned());
    values[usize::from(value::FLAGS)] = Some(u64::from(act.ret < 0));
    let table = head.operand as u32;
    let of = |values: &mut [Option<u64>; value::COUNT], at: u8, marks: [u64; 2]| {
        values[usize::from(at)] = Some(marks[0]);
        values[usize::from(at) + 1] = Some(marks[1]);
    };
    let facts = FileFacts { sb_flags: 1 << 22, mode: act.mode, ..FileFacts::new_zeroed() };
    let number = facts.kind_number(act.path.first().is_some_and(|name| name.starts_with("memfd:")));
    if fd(act).is_some() && number != 0 {
        values[usize::from(value::KIND)] = Some(number.into());
        let path = if act.path.is_empty() { "/".to_owned() } else { path_of(&act.path) };
        if act.path.len() <= 20 && path.len() <= 252 {
            let leaf = act.path.first().copied().unwrap_or_default();
            let folder = path.get(..(path.len() - leaf.len() - 1).max(1)).unwrap();
            let part = |part: u32, text: &str, all: &str| {
                marks_of(&judgement.texts, table + part, text.as_bytes(), all.as_bytes())
            };
            of(&mut values, value::PATH, part(part::WHOLE, &path, &path));
            of(&mut values, value::PATH + 2, part(part::NAME, leaf, leaf));
            of(&mut values, value::PATH + 4, part(part::DIRECTORY, folder, &path));
            let bits = act.path.iter().map(|name| {
                let mut first = [0; 8];
                first.iter_mut().zip(name.bytes()).for_each(|(to, from)| *to = from);
                name_bit(u64::from_le_bytes(first))
            });
            values[usize::from(value::PATH_NAMES)] = Some(bits.fold(0, |all, bit| all | bit));
        }
    }
    if !act.raw.is_empty() && act.raw.len() <= 252 {
        let raw = act.raw.as_bytes();
        let mut pairs = [0u64; 2];
        // Where nobody asks for them, there are none.
        let asked = judgement.nodes[usize::from(entry.first) - 1].yes & PAIRS != 0;
        for pair in raw.windows(2).filter(|_| asked) {
            let bit = pair_bit(pair[0], pair[1]);
            pairs[(bit / 64) as usize] |= 1 << (bit % 64);
        }
        of(&mut values, value::STRING, marks_of(&judgement.texts, table + part::COUNT, raw, raw));
        of(&mut values, value::STRING_PAIRS, pairs);
        let no_name = |name: &str| matches!(name, "" | "." | "..");
        let absolute = act.raw.starts_with('/');
        let whole = if absolute { act.raw.to_owned() } else { format!("{}/{}", path_of(&act.here), act.raw) };
        let fits = absolute || act.here.len() <= 20 && whole.len() <= 252;
        if fits && (act.raw == "/" || !act.raw.split('/').skip(usize::from(absolute)).any(no_name)) {
            let (folder, name) = whole.rsplit_once('/').unwrap();
            let folder = if folder.is_empty() { "/" } else { folder };
            let part = |part: u32, text: &str, all: &str| {
                marks_of(&judgement.texts, table + part::COUNT + part, text.as_bytes(), all.as_bytes())
            };
            of(&mut values, value::MEANT, part(part::WHOLE, &whole, &whole));
            of(&mut values, value::MEANT + 2, part(part::NAME, name, name));
            of(&mut values, value::MEANT + 4, part(part::DIRECTORY, folder, &whole));
            if absolute {
                of(&mut values, value::MEANT_PAIRS, pairs);
            }
        }
    }
    let mut at = usize::from(entry.first);
    for _ in 0..MOST_STEPS {
        let node = judgement.nodes[at];
        let number = if node.value & value::TASK != 0 {
            let word = usize::from(node.value & 0x1f) * 4;
            u32::from_ne_bytes(task.as_bytes()[word..word + 4].try_into().unwrap()).into()
        } else {
            match values[usize::from(node.value)] {
                Some(number) => number,
                None => return Some(true),
            }
        };
        let number = match node.width {
            width::SIGNED => i64::from(number as i32).cast_unsigned(),
            width::UNSIGNED => number & 0xffff_ffff,
            _ => number,
        };
        match if holds(node.compare, number, node.operand) { node.yes } else { node.no } {
            KEEP => return Some(true),
            REJECT => return Some(false),
            skip => at += 1 + usize::from(skip),
        }
    }
    Some(true)
}

/// What the program says of the record, and whether the probe keeps it.
fn both(act: &Act, wanted: &Condition) -> (bool, bool) {
    let mut builder = Builder::new();
    builder.section(act.event, wanted).unwrap();
    let bytes = builder.finish().unwrap();
    let program = Program::verify(bytes.as_bytes()).unwrap();
    let imitated = imitation(act).bytes();
    let captured = Captured::parse(&imitated, 0).unwrap();
    let mut room = vec![0u64; MAX_RECORD / 8];
    let events: EventSet = [act.event].into_iter().collect();
    let Written::Record(len) = record::write(&captured, &Numbers::default(), &events, room.as_mut_bytes()) else {
        panic!("it is a record");
    };
    let record = Record::parse(&room.as_bytes()[..len]).unwrap();
    let judgement = Judgement::new(&program, 0, 7 << 12);
    let kept = judge(&program, &record, OfProcess::UNKNOWN) == Verdict::Keep;
    (kept, probe(&judgement, act, record.task()).unwrap_or(true))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn what_the_probe_rejects_the_program_rejects(
        (act, wanted) in act().prop_flat_map(|act| { let event = act.event; (Just(act), condition(event)) })
    ) {
        let (program, probe) = both(&act, &wanted);
        prop_assert!(probe || !program, "{act:?} {wanted:?}");
    }
}

#[test]
fn the_probe_rejects_what_rules_name_no_file_of() {
    let act = Act {
        event: id::OPENAT,
        path: vec!["hostname", "etc"],
        raw: "/etc/hostname",
        here: vec!["etc"],
        ret: 3,
        flags: 0,
        uid: 0,
        mode: 0o100_644,
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let path = |is| Condition::test(Operand::param(Load::FdPath, 0), is);
    let wanted = Condition::all([
        Condition::not(Condition::test(Operand::param(Load::FdNumber, 0), Is::BelowSigned(0))),
        Condition::any([
            path(Is::TextAmong(texts(&["/etc/shadow", "/etc/hostname-", "/etc/host"]))),
            path(Is::PathPrefixAmong(texts(&["/etc/ssl", "/etc/host"]))),
            path(Is::Glob(b"/home/*/.ssh".to_vec())),
            path(Is::Contains(b"/security/".to_vec())),
            Condition::test(Operand::param(Load::FdPath, 0).part(Part::Name), Is::Text(b"shadow".to_vec())),
            Condition::test(Operand::param(Load::RawPath, 2), Is::Contains(b"../..".to_vec())),
        ]),
    ]);
    assert_eq!(both(&act, &wanted), (false, false));
    assert_eq!(both(&Act { path: vec!["shadow", "etc"], ..act.clone() }, &wanted), (true, true));
    assert_eq!(both(&Act { ret: -2, ..act.clone() }, &wanted), (false, false));
    assert!(both(&Act { raw: "../../etc/hostname", ..act }, &wanted).1);
}

#[test]
fn the_probe_decides_what_the_caller_means_by_an_absolute_path() {
    let act = Act {
        event: id::OPENAT,
        path: vec!["hostname", "etc"],
        raw: "/usr/lib/no-such-file",
        here: vec!["sentinel", "run"],
        ret: -2,
        flags: 0,
        uid: 0,
        mode: 0o100_644,
    };
    let name = |is| Condition::test(Operand::param(Load::Path, 2), is);
    let below = name(Is::PathPrefixAmong(vec![b"/run/sentinel".to_vec()]));
    // Of a call that succeeds it is another path than of one that fails.
    let done = Act { ret: 3, ..act.clone() };
    assert_eq!(both(&act, &below), (false, false));
    assert_eq!(both(&done, &below), (false, false));
    assert_eq!(both(&Act { raw: "/run/sentinel/0", ..act.clone() }, &below), (true, true));
    assert_eq!(both(&Act { raw: "/run/sentinel/0", ..done.clone() }, &below), (false, false));
    assert_eq!(both(&Act { path: vec!["0", "sentinel", "run"], ..done }, &below), (true, true));
    assert_eq!(both(&Act { path: vec!["0", "sentinel", "run"], ..act.clone() }, &below), (false, false));
    // What has to be put together first is kept.
    for raw in
        ["lib/no-such-file", "/usr/lib/../x", "/usr/./lib", "/usr//lib", "/usr/lib/", "/usr/lib/.", "/usr/lib/.."]
    {
        assert!(both(&Act { raw, ..act.clone() }, &below).1, "{raw}");
    }
    let part = |part, is| Condition::test(Operand::param(Load::Path, 1).part(part), is);
    let changed = Act { event: id::CHMOD, ret: 0, raw: "/home/a/.bash_history", ..act };
    for (wanted, kept) in [
        (part(Part::Name, Is::Text(b"bash_history".to_vec())), false),
        (part(Part::Name, Is::Text(b".bash_history".to_vec())), true),
        (part(Part::Directory, Is::Text(b"/home".to_vec())), false),
        (part(Part::Directory, Is::Text(b"/home/a".to_vec())), true),
        (part(Part::Whole, Is::Suffix(b"/.zsh_history".to_vec())), false),
        (part(Part::Whole, Is::Suffix(b"/.bash_history".to_vec())), true),
        (part(Part::Whole, Is::Contains(b"/.ssh/".to_vec())), false),
        (part(Part::Whole, Is::Glob(b"/home/*/.profile".to_vec())), false),
    ] {
        assert_eq!(both(&changed, &wanted), (kept, kept), "{wanted:?}");
    }
}

/// What the default rules leave of harmless acts.
#[test]
fn the_probe_rejects_what_the_default_rules_make_nothing_of() {
    let source =
        kestrel_rules::RuleSource { name: "default".to_owned(), text: kestrel_rules::DEFAULT_RULES.to_owned() };
    let set = kestrel_rules::RuleSet::load(&[source], kestrel_rules::LoadOptions::default()).unwrap().rules;
    let prefilter = crate::prefilter::prefilter(&set, ProcessNames::Unknown);
    let program = Program::verify(prefilter.program()).unwrap();
    let judgement = Judgement::new(&program, 0, 0);
    let act = Act {
        event: id::OPENAT,
        path: vec!["libc.so.6", "x86_64-linux-gnu", "lib", "usr"],
        raw: "/lib/x86_64-linux-gnu/libc.so.6",
        here: vec![],
        ret: 3,
        flags: 0x8_0000,
        uid: 0,
        mode: 0o100_755,
    };
    let task = TaskContext::default();
    let ld = Act { path: vec!["ld.so.cache", "etc"], raw: "/etc/ld.so.cache", ..act.clone() };
    let null = Act { path: vec!["null", "dev"], raw: "/dev/null", flags: 0x241, mode: 0o020_666, ..act.clone() };
    let tmp = Act { path: vec!["some.o", "tmp"], raw: "/tmp/some.o", flags: 0x241, mode: 0o100_600, ..act.clone() };
    let name = Act { path: vec!["hostname", "etc"], raw: "/etc/hostname", ..act.clone() };
    let init = Act { path: vec!["init"], raw: "/usr/bin/load", ..act.clone() };
    let stat = Act { path: vec!["stat", "42", "proc"], raw: "/proc/42/stat", ..act.clone() };
    for act in [&act, &ld, &null, &tmp, &name, &init, &stat, &Act { ret: -2, ..act.clone() }] {
        assert_eq!(probe(&judgement, act, &task), Some(false), "{act:?}");
    }
    let shadow = Act { path: vec!["shadow", "etc"], raw: "/etc/shadow", ..act };
    assert_eq!(probe(&judgement, &shadow, &task), Some(true));
}

#[test]
fn what_there_is_no_room_for_is_kept() {
    let texts: Vec<Vec<u8>> = (0..20_000).map(|n| format!("/srv/{n}").into_bytes()).collect();
    let mut builder = Builder::new();
    for event in [id::OPENAT, id::OPEN] {
        builder
            .section(event, &Condition::test(Operand::param(Load::FdPath, 0), Is::TextAmong(texts.clone())))
            .unwrap();
    }
    let number = Condition::test(Operand::event(Load::Flags), Is::AnyBits(1));
    builder.section(id::CHMOD, &number).unwrap();
    let bytes = builder.finish().unwrap();
    let judgement = Judgement::new(&Program::verify(bytes.as_bytes()).unwrap(), NODES as u16, 0);
    assert_eq!((judgement.of(id::OPENAT.0), judgement.of(id::OPEN.0)), (None, None));
    assert_eq!(judgement.of(id::CHMOD.0).unwrap().first, NODES as u16 + 1);
}
