//! Files that are too much: a result or a clear error, in bounded time and memory.

use kestrel_core::schema::id;
use kestrel_rules::{Facts, Field, FieldRef, LoadErrors, LoadOptions, Loaded, RuleSet, RuleSource, Value};
use std::fmt::Write;
use std::time::{Duration, Instant};

fn load(text: String) -> Result<Loaded, LoadErrors> {
    RuleSet::load(&[RuleSource { name: "big.yaml".to_owned(), text }], LoadOptions::default())
}

/// The first thing that is wrong.
fn wrong(text: String) -> String {
    let errors = load(text).expect_err("it should be refused");
    errors.errors[0].message().to_owned()
}

fn rule(condition: &str) -> String {
    format!("- rule: R\n  desc: d\n  condition: {condition}\n  output: o\n  priority: NOTICE\n  warn_evttypes: false\n")
}

/// An event with a name.
struct Named(String);

impl Facts for Named {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        match field.field {
            Field::ProcName => Value::Str(self.0.as_bytes()),
            _ => Value::Missing,
        }
    }
}

#[test]
fn conditions_that_nest_too_deeply_are_refused() {
    for (open, close) in [("(", ")"), ("not ", ""), ("not(", ")")] {
        let nested = |depth: usize| rule(&format!("{}proc.name = a{}", open.repeat(depth), close.repeat(depth)));
        assert!(load(nested(90)).is_ok());
        assert_eq!(wrong(nested(100_000)), "the condition is nested too deeply");
    }
    let calls = format!("{}proc.name{} = a", "tolower(".repeat(100_000), ")".repeat(100_000));
    assert_eq!(wrong(rule(&calls)), "the condition is nested too deeply");
}

#[test]
fn macros_and_lists_that_nest_too_deeply_are_refused() {
    let chain = |n: usize| {
        let mut text = "- macro: m0\n  condition: proc.name = a\n".to_owned();
        for n in 1..n {
            let _ = write!(text, "- macro: m{n}\n  condition: m{} and proc.pname = b{n}\n", n - 1);
        }
        text + &rule(&format!("m{}", n - 1))
    };
    assert!(load(chain(90)).is_ok());
    assert_eq!(wrong(chain(10_000)), "macros use macros too deeply");
    let lists = |n: usize| {
        let mut text = "- list: l0\n  items: [a]\n".to_owned();
        for n in 1..n {
            let _ = write!(text, "- list: l{n}\n  items: [l{}, b{n}]\n", n - 1);
        }
        text + &rule(&format!("proc.name in (l{})", n - 1))
    };
    assert!(load(lists(60)).is_ok());
    assert_eq!(wrong(lists(10_000)), "lists stand in lists more than 64 times");
}

#[test]
fn macros_and_lists_that_grow_without_end_are_bounded() {
    // Each is the one before twice: evaluated once all the same.
    let mut text = "- macro: m0\n  condition: proc.name = a\n".to_owned();
    for n in 1..60 {
        let _ = write!(
            text,
            "- macro: m{n}\n  condition: (m{0} and proc.pname = b) or (m{0} and proc.pname = c{n})\n",
            n - 1
        );
    }
    let mut rules = load(text + &rule("m59")).unwrap().rules;
    rules.evaluate(id::OPEN, &Named("a".to_owned()), |_| panic!("it has no parent"));
    let mut text = "- list: l0\n  items: [a, b]\n".to_owned();
    for n in 1..60 {
        let _ = write!(text, "- list: l{n}\n  items: [l{0}, l{0}]\n", n - 1);
    }
    assert_eq!(wrong(text + &rule("proc.name in (l59)")), "the lists have more than 2000000 items together");
    // And each is wrong in as many ways as it has uses.
    let mut text = "- macro: m0\n  condition: proc.nme = a or proc.nme = b\n".to_owned();
    for n in 1..60 {
        let _ = write!(text, "- macro: m{n}\n  condition: m{0} or m{0}\n", n - 1);
    }
    assert_eq!(load(text + &rule("m59")).unwrap_err().errors.len(), 2);
}

#[test]
fn alias_bombs_and_deep_yaml_are_refused() {
    let mut text = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let _ = writeln!(text, "- &a{n} [{}]", format!("*a{},", n - 1).repeat(10));
    }
    assert_eq!(wrong(text), "the file has more than 2000000 values");
    assert_eq!(wrong("[".repeat(100) + &"]".repeat(100)), "the file is nested too deeply");
    assert!(load("[".repeat(100_000)).is_err() && load("- ".repeat(100_000)).is_err());
    let mut text = String::new();
    for n in 0..100 {
        let inner = if n == 0 { "x".to_owned() } else { format!("*a{}", n - 1) };
        let _ = writeln!(text, "- &a{n} [[[[{inner}]]]]");
    }
    assert_eq!(wrong(text), "the file is nested too deeply");
}

#[test]
fn a_list_of_a_million_items_is_loaded_and_shared() {
    let items: Vec<String> = (0..1_000_000).map(|n| format!("p{n}")).collect();
    let lists = format!("- list: l\n  items: [{}]\n", items.join(", "));
    let mut rules = load(lists + &rule("evt.type = open and (proc.name in (l) or proc.pname in (l))")).unwrap().rules;
    let mut matched = 0;
    for name in ["p0", "p999999", "p1000000"] {
        rules.evaluate(id::OPEN, &Named(name.to_owned()), |_| matched += 1);
    }
    assert_eq!(matched, 2);
}

#[test]
fn ten_thousand_rules_are_loaded_in_two_seconds() {
    let mut text = "- macro: opened\n  condition: evt.type in (open, openat) and evt.rawres >= 0\n".to_owned();
    for n in 0..10_000 {
        let _ = write!(
            text,
            "- rule: R{n}\n  desc: d\n  condition: >\n    opened and proc.name = p{n} and (fd.name startswith /etc/{n} or \
             fd.name contains s{n})\n    and not proc.pname in (a{n}, b, c)\n  output: o %fd.name %proc.name\n  priority: NOTICE\n"
        );
    }
    let begin = Instant::now();
    let loaded = load(text).unwrap();
    // Without optimisation it takes longer; how long says nothing then.
    if !cfg!(debug_assertions) {
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }
    assert_eq!(loaded.rules.rules().len(), 10_000);
}

#[test]
fn of_very_many_errors_the_first_are_shown_and_the_others_counted() {
    let text: String =
        (0..5_000).map(|n| rule(&format!("proc.nme = a{n}")).replace("rule: R", &format!("rule: R{n}"))).collect();
    let errors = load(text).unwrap_err();
    assert_eq!((errors.errors.len(), errors.more), (1_000, 4_000));
    assert!(errors.to_string().ends_with("and 4000 more errors"));
}
