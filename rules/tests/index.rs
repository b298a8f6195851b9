//! Rules that no value of an event leads to are not asked of it.

use kestrel_core::schema::id;
use kestrel_rules::{Facts, Field, FieldRef, LoadOptions, Matching, RuleSet, RuleSource, Value};
use std::fmt::Write;
use std::net::IpAddr;

/// Rules of each shape.
const COUNT: usize = 20;

/// An event with the same text in every field that has one.
struct Everywhere<'a> {
    text: &'a str,
    number: i64,
    ip: IpAddr,
}

impl Facts for Everywhere<'_> {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        match field.field {
            Field::ProcName | Field::FdName | Field::ProcCmdline => Value::Str(self.text.as_bytes()),
            Field::EvtRawres => Value::Int(self.number),
            Field::FdSip => Value::Ip(self.ip),
            Field::FdTypechar => Value::Str(b"f"),
            Field::ProcAname if self.number == 7 => Value::Str(b"abc"),
            Field::EvtIsOpenRead => Value::Bool(true),
            Field::EvtIsOpenWrite => Value::Bool(self.number == 7),
            _ => Value::Missing,
        }
    }
}

/// How many rules of a shape are asked of an event, and how many match it.
fn asked(shape: &str, event: &Everywhere<'_>) -> (u64, u64) {
    asked_in_turns(&[shape], event)
}

/// The same of rules of some shapes, in turns.
fn asked_in_turns(shapes: &[&str], event: &Everywhere<'_>) -> (u64, u64) {
    let mut text = String::new();
    for (n, shape) in (100..100 + COUNT).zip(shapes.iter().cycle()) {
        let condition = shape.replace('#', &n.to_string());
        let condition = condition.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = write!(
            text,
            "- rule: R{n}\n  desc: d\n  condition: \"evt.type in (open, openat) and {condition}\"\n  output: o\n  priority: NOTICE\n"
        );
    }
    let options = LoadOptions { matching: Matching::All, ..LoadOptions::default() };
    let source = RuleSource { name: "shape.yaml".to_owned(), text };
    let mut rules = RuleSet::load(&[source], options).unwrap_or_else(|errors| panic!("{errors}")).rules;
    rules.measure(true);
    rules.evaluate(id::OPENAT, event, |_| {});
    let statistics = rules.statistics();
    assert_eq!((statistics.events, statistics.measured, statistics.rules.len()), (1, 1, COUNT));
    let sum = |of: &dyn Fn(&kestrel_rules::RuleStatistics<'_>) -> u64| statistics.rules.iter().map(of).sum();
    (sum(&|rule| rule.evaluations), sum(&|rule| rule.matches))
}

#[test]
fn a_rule_of_most_shapes_is_asked_only_of_an_event_whose_value_leads_to_it() {
    let shapes = [
        "proc.name = t#",
        "proc.name in (t#, u#)",
        "proc.name in (t#, u#) and fd.name != x",
        "fd.name startswith t#",
        "fd.name startswith anyof (t#, u#)",
        "fd.name endswith t#",
        "fd.name contains t#",
        "fd.name icontains T#",
        "fd.name contains anyof (t#, u#)",
        "fd.name pmatch (t#, /u#)",
        "fd.name glob t#*",
        "fd.name glob *t#",
        "fd.name glob *t#*",
        "fd.name regex \"t#.*\"",
        "fd.name regex \"(t|u)#\"",
        "fd.name regex \".*t#.?\"",
        "evt.rawres = #",
        "evt.rawres in (#, 1)",
        "fd.sip = 10.0.0.#",
        "fd.sip in (10.#.0.0/16, 10.0.0.#)",
        "(proc.name = t# or fd.name startswith u# or evt.rawres = -#)",
        "((evt.type = openat and proc.name = t#) or (evt.type = open and evt.is_open_read = true))",
        "(proc.name = t# and fd.name = t# or proc.name = t# and evt.rawres = #)",
        "tolower(proc.name) = t#",
        "evt.is_open_read = true and evt.is_open_write = true and not proc.name = t#",
    ];
    let dull = Everywhere { text: "nothing", number: 8, ip: "192.168.0.1".parse().unwrap() };
    let told = Everywhere { text: "t107", number: 107, ip: "10.0.0.107".parse().unwrap() };
    for shape in shapes {
        assert_eq!(asked(shape, &dull), (0, 0), "{shape}");
    }
    for shape in &shapes[..shapes.len() - 1] {
        assert_eq!(asked(shape, &told), (1, 1), "{shape}");
    }
}

#[test]
fn rules_that_share_what_does_not_hold_are_not_asked() {
    let dull = Everywhere { text: "nothing", number: 8, ip: "192.168.0.1".parse().unwrap() };
    for shape in [
        // What an open leaves of it.
        "((evt.type = openat and evt.is_open_write = true and proc.name != t#) or (evt.type = open and fd.name != t#))",
        "(evt.type = open or evt.is_open_write = true) and proc.name != t#",
        // That it is a file tells nothing, however much the other term costs.
        "fd.typechar = f and proc.aname regex \"[a-z]{3}\" and proc.name != t#",
        // A term that holds, and inside of it one that does not.
        "evt.is_open_read = true and (evt.rawres > 100 or evt.rawres = 9) and proc.name != t#",
    ] {
        assert_eq!(asked(shape, &dull), (0, 0), "{shape}");
        let told = Everywhere { number: 7, ..dull };
        let told = if shape.contains("rawres") { Everywhere { number: 9, ..dull } } else { told };
        assert_eq!(asked(shape, &told), (COUNT as u64, COUNT as u64), "{shape}");
    }
}

#[test]
fn rules_that_share_what_holds_are_told_apart_by_what_some_of_them_share_beyond_it() {
    let event = |number| Everywhere { text: "nothing", number, ip: "192.168.0.1".parse().unwrap() };
    let shapes = [
        "evt.is_open_read = true and evt.is_open_write = true and proc.name != t#",
        "evt.is_open_read = true and fd.name regex \"[a-z]{3}\" and proc.name != t#",
    ];
    assert_eq!(asked_in_turns(&shapes, &event(8)), (0, 0));
    assert_eq!(asked_in_turns(&shapes, &event(7)), (COUNT as u64 / 2, COUNT as u64 / 2));
}

#[test]
fn a_rule_that_says_only_what_must_not_be_is_asked_of_every_event() {
    let dull = Everywhere { text: "nothing", number: 8, ip: "192.168.0.1".parse().unwrap() };
    for shape in [
        "proc.name != t#",
        "fd.name regex \"[a-z]{#}\"",
        "evt.rawres > 10#",
        "proc.name = val(fd.name) and evt.rawres != #",
    ] {
        assert_eq!(asked(shape, &dull).0, COUNT as u64, "{shape}");
    }
}

#[test]
fn what_is_not_measured_is_counted_by_matches_alone() {
    let source = RuleSource {
        name: "r.yaml".to_owned(),
        text: "- rule: R\n  desc: d\n  condition: evt.type = open and proc.name = a\n  output: o\n  priority: NOTICE\n"
            .to_owned(),
    };
    let mut rules = RuleSet::load(&[source], LoadOptions::default()).unwrap().rules;
    let event = |text| Everywhere { text, number: 0, ip: "::1".parse().unwrap() };
    for text in ["a", "b", "a"] {
        rules.evaluate(id::OPEN, &event(text), |_| {});
    }
    let counted = |rules: &RuleSet| {
        let statistics = rules.statistics();
        let rule = statistics.rules[0];
        (statistics.events, statistics.measured, rule.matches, rule.evaluations, rule.time.is_zero())
    };
    assert_eq!(counted(&rules), (3, 0, 2, 0, true));
    rules.measure(true);
    rules.evaluate(id::OPEN, &event("b"), |_| {});
    assert_eq!(counted(&rules), (4, 1, 2, 1, false));
    rules.measure(false);
    rules.evaluate(id::OPEN, &event("a"), |_| {});
    assert_eq!(counted(&rules), (5, 1, 3, 1, false));
}
