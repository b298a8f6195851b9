//! Random conditions that are right, random trees that need not be, and random events.

use crate::oracle::{Event, Owned, field};
use kestrel_core::schema::{self, EventId};
use kestrel_rules::syntax::{
    Call, Check, Expr, FieldName, Literal, Modifier, Op, Operand, Right, Span, Transformer, Word,
};
use proptest::prelude::*;

/// Few texts, so that conditions hold now and then.
const TEXTS: &[&str] = &[
    "", "a", "b", "ab", "aB", "abc", "/a", "/a/b", "/b/a/", "/a//b", "//a", "x y", "12", "-1", "and", "anyof", "a'\"b",
];
const EVENTS: &[&str] = &["open", "openat", "execve", "unlink", "kill", "connect"];

fn literal(text: &str) -> Literal {
    let bare = !text.is_empty() && text.chars().all(kestrel_rules::syntax::is_bare);
    Literal { bytes: text.as_bytes().to_vec(), span: Span::default(), quoted: !bare }
}

fn any_literal(texts: &'static [&'static str]) -> BoxedStrategy<Literal> {
    prop::sample::select(texts).prop_map(literal).boxed()
}

fn name(name: &str) -> FieldName {
    FieldName { name: Word { text: name.to_owned(), span: Span::default() }, arg: None }
}

fn call(transformer: Transformer, args: Vec<Operand>) -> Operand {
    Operand::Call(Call { transformer, span: Span::default(), args, option: None })
}

/// A kind of value: where it comes from, and what it can be compared with.
#[derive(Clone, Copy, Debug)]
struct Kind {
    fields: &'static [&'static str],
    literals: &'static [&'static str],
    /// Operators with one value, with a list, and with modifiers.
    one: &'static [Op],
    list: &'static [Op],
    modified: &'static [Op],
    /// Operators with another value of the event.
    other: &'static [Op],
}

const TEXT: Kind = Kind {
    fields: &["proc.name", "proc.pname", "fd.name", "evt.arg.flags"],
    literals: TEXTS,
    one: &[Op::Eq, Op::Ne, Op::Contains, Op::IContains, Op::StartsWith, Op::EndsWith, Op::Glob, Op::IGlob],
    list: &[Op::In, Op::Intersects, Op::PMatch],
    modified: &[Op::Eq, Op::Ne, Op::Contains, Op::IContains, Op::StartsWith, Op::EndsWith, Op::Glob],
    other: &[
        Op::Eq,
        Op::Ne,
        Op::Contains,
        Op::IContains,
        Op::StartsWith,
        Op::EndsWith,
        Op::In,
        Op::Lt,
        Op::Ge,
        Op::PMatch,
    ],
};
const KINDS: &[Kind] = &[
    TEXT,
    Kind {
        fields: &["proc.name", "fd.name"],
        literals: &["a?", "*b", "/a*", "*", "a*b*", "*/b*", "?b", "ab"],
        one: &[Op::Glob, Op::IGlob],
        list: &[],
        modified: &[Op::Glob],
        other: &[],
    },
    Kind {
        fields: &["proc.name", "fd.name"],
        literals: &[
            "a+b?c?",
            "[ab]+",
            "/a(/.)*",
            ".*",
            "ab|a",
            "a|ab",
            "(?i)ab.?",
            "/[ab].*",
            ".*b",
            ".?(ab)+.*",
            "[^b]+/b.?",
        ],
        one: &[Op::Regex],
        list: &[],
        modified: &[Op::Regex],
        other: &[],
    },
    Kind {
        fields: &["proc.aname"],
        literals: TEXTS,
        one: &[Op::Eq, Op::Ne, Op::Contains],
        list: &[Op::In, Op::PMatch],
        modified: &[Op::Eq, Op::StartsWith],
        other: &[],
    },
    Kind {
        fields: &["evt.rawres", "proc.tty"],
        literals: &["0", "1", "-1", "0x2", "7"],
        one: &[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge],
        list: &[Op::In, Op::Intersects],
        modified: &[Op::Eq, Op::Ne],
        other: &[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge],
    },
    Kind {
        fields: &["proc.fdusage"],
        literals: &["0", "0.5", "1e+1"],
        one: &[Op::Eq, Op::Ne, Op::Lt, Op::Ge],
        list: &[Op::In],
        modified: &[Op::Eq],
        other: &[],
    },
    Kind {
        fields: &["evt.num"],
        literals: &["0", "1", "2"],
        one: &[Op::Eq, Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge],
        list: &[Op::In],
        modified: &[Op::Eq, Op::Ne],
        other: &[],
    },
    Kind {
        fields: &["evt.failed", "evt.is_io"],
        literals: &["true", "false"],
        one: &[Op::Eq, Op::Ne],
        list: &[Op::In],
        modified: &[Op::Eq],
        other: &[Op::Eq, Op::Ne],
    },
    Kind {
        fields: &["fd.sip", "fd.ip", "fd.snet"],
        literals: &["10.0.0.1", "10.0.0.0/8", "::1", "0.0.0.0/0", "fd00::/8"],
        one: &[Op::Eq, Op::Ne],
        list: &[Op::In, Op::Intersects],
        modified: &[Op::Eq, Op::Ne],
        other: &[],
    },
    Kind {
        fields: &["evt.buffer"],
        literals: &["61", "6162", "ff"],
        one: &[Op::BContains, Op::BStartsWith],
        list: &[],
        modified: &[Op::BContains],
        other: &[],
    },
    Kind {
        fields: &["evt.buffer"],
        literals: TEXTS,
        one: &[Op::Eq, Op::Ne, Op::Contains, Op::StartsWith, Op::EndsWith],
        list: &[Op::In],
        modified: &[Op::Contains],
        other: &[],
    },
    Kind {
        fields: &["evt.type", "syscall.type"],
        literals: EVENTS,
        one: &[Op::Eq, Op::Ne, Op::StartsWith, Op::Contains],
        list: &[Op::In],
        modified: &[Op::Eq, Op::Ne, Op::EndsWith],
        other: &[],
    },
    Kind {
        fields: &["fd.types"],
        literals: TEXTS,
        one: &[],
        list: &[Op::In, Op::Intersects],
        modified: &[],
        other: &[],
    },
];

fn check(left: Operand, op: Op, modifier: Option<Modifier>, right: Right) -> Expr {
    Expr::Check(Box::new(Check { left, op, modifier, op_span: Span::default(), right }))
}

fn plain(kind: Kind) -> BoxedStrategy<Operand> {
    prop::sample::select(kind.fields).prop_map(|field| Operand::Field(name(field))).boxed()
}

/// A text that is composed.
fn composed() -> BoxedStrategy<Operand> {
    let text = || prop_oneof![3 => plain(TEXT), 1 => any_literal(TEXTS).prop_map(|literal| Operand::Literal(Literal { quoted: true, ..literal }))];
    let one =
        (prop::sample::select(&[Transformer::ToLower, Transformer::ToUpper, Transformer::Basename][..]), plain(TEXT))
            .prop_map(|(transformer, arg)| call(transformer, vec![arg]));
    let concat = prop::collection::vec(text(), 2..4).prop_map(|args| call(Transformer::Concat, args));
    let join = prop::collection::vec(text(), 0..4).prop_map(|items| {
        let between = Operand::Literal(Literal { quoted: true, ..literal("/") });
        call(Transformer::Join, vec![between, Operand::List(items)])
    });
    prop_oneof![3 => one, 1 => concat, 1 => join].boxed()
}

fn any_check() -> BoxedStrategy<Expr> {
    let of_kind = |kind: Kind| {
        let mut choices = vec![plain(kind).prop_map(|left| check(left, Op::Exists, None, Right::Nothing)).boxed()];
        let many = move || prop::collection::vec(any_literal(kind.literals), 0..4);
        if !kind.one.is_empty() {
            let one = (plain(kind), prop::sample::select(kind.one), any_literal(kind.literals));
            choices.push(one.prop_map(|(left, op, literal)| check(left, op, None, Right::One(literal))).boxed());
        }
        if !kind.list.is_empty() {
            let list = (plain(kind), prop::sample::select(kind.list), many());
            choices.push(list.prop_map(|(left, op, literals)| check(left, op, None, Right::List(literals))).boxed());
        }
        if !kind.modified.is_empty() {
            let modified =
                (plain(kind), prop::sample::select(kind.modified), prop::sample::select(Modifier::ALL), many());
            choices.push(
                modified
                    .prop_map(|(left, op, modifier, literals)| check(left, op, Some(modifier), Right::List(literals)))
                    .boxed(),
            );
        }
        if !kind.other.is_empty() {
            let other = (plain(kind), prop::sample::select(kind.other), prop::sample::select(kind.fields));
            choices.push(other.prop_map(|(left, op, field)| check(left, op, None, Right::Val(name(field)))).boxed());
        }
        prop::strategy::Union::new(choices)
    };
    let kinds = prop::sample::select(KINDS).prop_flat_map(of_kind);
    let transformed = (composed(), prop::sample::select(TEXT.one), any_literal(TEXTS))
        .prop_map(|(left, op, literal)| check(left, op, None, Right::One(literal)));
    let computed =
        (plain(TEXT), prop::sample::select(TEXT.other), composed()).prop_map(|(left, op, right)| match right {
            Operand::Call(call) => check(left, op, None, Right::Call(call)),
            other => panic!("{other:?}"),
        });
    let lengths = (plain(TEXT), prop::sample::select(&[Op::Eq, Op::Lt, Op::Gt][..]), any_literal(&["0", "1", "3"]))
        .prop_map(|(left, op, literal)| check(call(Transformer::Len, vec![left]), op, None, Right::One(literal)));
    prop_oneof![12 => kinds, 1 => transformed, 1 => computed, 1 => lengths].boxed()
}

fn combined(leaf: BoxedStrategy<Expr>) -> BoxedStrategy<Expr> {
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|term| Expr::Not(Box::new(term))),
        ]
    })
    .boxed()
}

/// A condition that every check accepts.
pub fn any_condition() -> BoxedStrategy<Expr> {
    combined(any_check())
}

/// What an index can find a rule by.
fn any_guard() -> BoxedStrategy<Expr> {
    let field = prop::sample::select(&["proc.name", "proc.name", "proc.aname", "fd.types", "fd.name"][..]);
    let values = prop::collection::vec(any_literal(TEXTS), 1..3);
    let set = (field, values)
        .prop_map(|(field, values)| check(Operand::Field(name(field)), Op::In, None, Right::List(values)));
    let says_what_is = |op: &Op| !matches!(op, Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge);
    let kinds: Vec<Kind> = KINDS.iter().copied().filter(|kind| !matches!(kind.literals, ["true", ..])).collect();
    let found = prop::sample::select(kinds).prop_flat_map(move |kind| {
        let ops: Vec<Op> = kind.one.iter().copied().filter(says_what_is).collect();
        let one = prop::sample::select(if ops.is_empty() { vec![Op::Eq] } else { ops });
        (plain(kind), one, any_literal(kind.literals), prop::collection::vec(any_literal(kind.literals), 1..3))
            .prop_map(move |(left, op, literal, literals)| match op {
                _ if kind.one.is_empty() => check(left, Op::Intersects, None, Right::List(literals)),
                op if kind.modified.contains(&op) => check(left, op, Some(Modifier::Any), Right::List(literals)),
                op => check(left, op, None, Right::One(literal)),
            })
    });
    let one_of = prop_oneof![2 => set, 5 => found];
    let events = prop::collection::vec(any_literal(EVENTS), 1..3)
        .prop_map(|events| check(Operand::Field(name("evt.type")), Op::In, None, Right::List(events)));
    let of_event = (events, one_of.clone()).prop_map(|(events, guard)| Expr::And(vec![events, guard]));
    prop_oneof![
        4 => one_of.clone(),
        1 => prop::collection::vec(one_of, 2..4).prop_map(Expr::Or),
        1 => prop::collection::vec(of_event, 2..3).prop_map(Expr::Or),
    ]
    .boxed()
}

/// A condition that mostly needs a field to have one of a few values, to begin or end with something, and the like.
pub fn any_guarded() -> BoxedStrategy<Expr> {
    let guard = any_guard();
    let shared = check(Operand::Field(name("evt.is_io")), Op::Eq, None, Right::One(literal("true")));
    prop_oneof![
        1 => any_condition(),
        2 => guard.clone(),
        1 => any_condition().prop_map(move |other| Expr::And(vec![shared.clone(), other])),
        4 => (guard, any_condition()).prop_map(|(guard, other)| Expr::And(vec![guard, other])),
    ]
    .boxed()
}

/// A tree of any names and values.
pub fn any_tree() -> BoxedStrategy<Expr> {
    let bytes = prop::collection::vec(any::<u8>(), 0..8);
    let value = prop_oneof![
        any_literal(TEXTS),
        bytes.prop_map(|bytes| Literal { bytes, span: Span::default(), quoted: true }),
        "[a-z0-9/*?.<>!~:;&|%@#^-]{1,6}".prop_map(|text| literal(&text)),
    ]
    .boxed();
    let number = any_literal(&["0", "-12", "0x1f", "1.5", "1e+9"]);
    let arg = prop_oneof![2 => Just(None), 1 => "[a-z0-9/.=()]{1,5}".prop_map(|text| Some(Literal { quoted: false, ..literal(&text) }))];
    let field = ("[a-z][a-z0-9_]{0,4}(\\.[a-z][a-z0-9_]{0,4}){1,2}", arg)
        .prop_map(|(text, arg)| FieldName { arg, ..name(&text) })
        .boxed();
    let operand = {
        let quoted = value.clone().prop_map(|literal| Operand::Literal(Literal { quoted: true, ..literal }));
        let leaf =
            prop_oneof![field.clone().prop_map(Operand::Field), quoted, number.clone().prop_map(Operand::Literal)];
        leaf.prop_recursive(2, 6, 3, |inner| {
            (prop::sample::select(Transformer::ALL), prop::collection::vec(inner, 1..4))
                .prop_map(|(transformer, args)| call(transformer, args))
        })
    };
    let left =
        operand.clone().prop_filter("a literal stands on the right", |operand| !matches!(operand, Operand::Literal(_)));
    let right = (prop::sample::select(Op::ALL), prop::option::of(prop::sample::select(Modifier::ALL))).prop_flat_map(
        move |(op, modifier)| {
            let modifier = modifier.filter(|_| op.takes_modifier());
            let one = if op.takes_number() { number.clone() } else { value.clone() };
            let right = if op == Op::Exists {
                Just(Right::Nothing).boxed()
            } else if op.takes_list() || modifier.is_some() {
                prop::collection::vec(value.clone(), 0..3).prop_map(Right::List).boxed()
            } else {
                let call = operand.clone().prop_filter_map("a call", |operand| match operand {
                    Operand::Call(call) => Some(Right::Call(call)),
                    _ => None,
                });
                prop_oneof![4 => one.prop_map(Right::One), 1 => field.clone().prop_map(Right::Val), 1 => call].boxed()
            };
            right.prop_map(move |right| (op, modifier, right))
        },
    );
    let check = (left, right).prop_map(|(left, (op, modifier, right))| check(left, op, modifier, right));
    let word = "m[a-z0-9_]{0,5}".prop_map(|text| Expr::Macro(Word { text, span: Span::default() }));
    combined(prop_oneof![3 => check, 1 => word].boxed())
}

fn text() -> BoxedStrategy<Owned> {
    prop_oneof![
        1 => Just(Owned::Missing),
        6 => prop::sample::select(TEXTS).prop_map(|text| Owned::Text(text.as_bytes().to_vec())),
    ]
    .boxed()
}

fn ip() -> BoxedStrategy<Owned> {
    let ips = prop::sample::select(&["10.0.0.1", "10.1.2.3", "::ffff:10.1.2.3", "192.168.0.1", "::1", "fd00::7"][..]);
    prop_oneof![1 => Just(Owned::Missing), 4 => ips.prop_map(|ip| Owned::Ip(ip.parse().unwrap()))].boxed()
}

/// An event with values for the fields that conditions ask for.
pub fn any_event() -> BoxedStrategy<Event> {
    let id = prop::sample::select(EVENTS).prop_map(|name| schema::by_name(name).unwrap());
    let numbers = || prop_oneof![1 => Just(Owned::Missing), 4 => (-1i64..8).prop_map(Owned::Number)];
    let booleans = || prop_oneof![1 => Just(Owned::Missing), 4 => any::<bool>().prop_map(Owned::Bool)];
    let texts = prop::collection::vec(text(), 6);
    let ancestors = prop::collection::vec(text(), 0..3).prop_map(Owned::Any);
    let known = prop::collection::vec(prop::sample::select(TEXTS), 0..3)
        .prop_map(|all| Owned::List(all.into_iter().map(|text| Owned::Text(text.as_bytes().to_vec())).collect()));
    let types = prop_oneof![1 => Just(Owned::Missing), 4 => known];
    let ends = prop::collection::vec(ip(), 0..3).prop_map(Owned::Any);
    let real = prop_oneof![Just(Owned::Missing), prop::sample::select(&[0.0, 0.5, 10.0][..]).prop_map(Owned::Real)];
    let more = (real, 1i64..4, any::<bool>());
    (id, texts, ancestors, types, (numbers(), numbers()), (booleans(), booleans()), (ip(), ends, ip()), more)
        .prop_map(|(id, texts, ancestors, types, numbers, booleans, ips, (real, number, is_syscall))| {
            let name: &'static str = schema::get(id).map_or("", |event| event.name);
            let syscall = if is_syscall { Owned::Text(name.into()) } else { Owned::Missing };
            let names = ["proc.name", "proc.pname", "fd.name", "evt.arg.flags", "evt.buffer"];
            let mut values: Vec<_> = names.iter().map(|name| field(name)).zip(texts).collect();
            let others = [
                ("proc.aname", ancestors),
                ("fd.types", types),
                ("evt.rawres", numbers.0),
                (
                    "proc.tty",
                    match numbers.1 {
                        Owned::Number(n) => Owned::Number(n.max(0)),
                        other => other,
                    },
                ),
                ("evt.failed", booleans.0),
                ("evt.is_io", booleans.1),
                ("fd.sip", ips.0),
                ("fd.ip", ips.1),
                ("fd.snet", ips.2),
                ("proc.fdusage", real),
                ("evt.num", Owned::Number(number)),
                ("syscall.type", syscall),
            ];
            values.extend(others.into_iter().map(|(name, value)| (field(name), value)));
            Event::new(EventId(id.0), values)
        })
        .boxed()
}
