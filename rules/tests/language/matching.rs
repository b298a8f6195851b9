//! Which rules match, in which order, and which events they are asked for.

use crate::{Given, event, load, load_with, matching, rule, text};
use kestrel_core::schema::EventSet;
use kestrel_rules::{LoadOptions, Matching, Value};

fn events(condition: &str) -> Vec<&'static str> {
    let rules = load(&[&rule("R", condition)]);
    rules.events().iter().filter_map(kestrel_core::schema::get).map(|event| event.name).collect()
}

#[test]
fn the_first_rule_in_the_files_order_matches_or_all_do() {
    let text_of =
        [rule("A", "proc.name = x"), rule("B", "proc.name startswith x"), rule("C", "proc.pname = y")].concat();
    let values = [("proc.name", text("x")), ("proc.pname", text("y"))];
    let names = |matching| {
        let mut rules = load_with(&[&text_of], LoadOptions { matching, ..LoadOptions::default() }).unwrap();
        let mut names = Vec::new();
        rules.evaluate(event("open"), &Given(&values), |rule| names.push(rule.name.to_string()));
        names
    };
    assert_eq!(names(Matching::First), ["A"]);
    assert_eq!(names(Matching::All), ["A", "B", "C"]);
}

#[test]
fn many_rules_for_one_field_are_visited_in_their_order() {
    let rules: String = (0..50)
        .map(|n| match n % 3 {
            0 => rule(&format!("R{n}"), &format!("proc.name in (p{n}, all)")),
            1 => rule(&format!("R{n}"), "fd.name = all and proc.pname != x"),
            _ => rule(&format!("R{n}"), "proc.args contains all"),
        })
        .collect();
    let mut rules = load(&[&rules]);
    let all =
        [("proc.name", text("all")), ("fd.name", text("all")), ("proc.pname", text("y")), ("proc.args", text("all"))];
    let names: Vec<String> = (0..50).map(|n| format!("R{n}")).collect();
    assert_eq!(matching(&mut rules, "open", &all), names);
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("p33"))]), ["R33"]);
    assert!(matching(&mut rules, "open", &[("proc.name", text("p34"))]).is_empty());
}

#[test]
fn a_rule_is_asked_for_the_events_that_it_can_match() {
    assert_eq!(events("evt.type = open"), ["open"]);
    assert_eq!(events("evt.type in (open, openat) and not evt.type = openat and proc.name = x"), ["open"]);
    assert_eq!(events("not (not evt.type = open or evt.type = openat)"), ["open"]);
    assert_eq!(events("(evt.type = open and proc.name = x) or (evt.type = kill and proc.name = y)").len(), 2);
    assert_eq!(events("evt.type startswith openat"), ["openat", "openat2"]);
    assert_eq!(events("evt.type = anyof (open, kill) and evt.type != allof (kill, unlink)"), ["open"]);
    assert!(events("evt.num = 0").is_empty() && events("evt.type = open and evt.num < 1").is_empty());
    assert!(events("not evt.num > 0").is_empty() && events("evt.type = open and evt.num in (0)").is_empty());
    assert_eq!(load(&[&rule("R", "proc.name = x")]).events(), EventSet::all());
    assert_eq!(load(&[&rule("R", "not syscall.type = open")]).events(), EventSet::all());
    assert_eq!(load(&[&rule("R", "evt.num != 0")]).events(), EventSet::all());
}

#[test]
fn rules_of_another_source_judge_its_events_alone() {
    let audit = "- rule: A\n  desc: d\n  condition: ka.verb = delete and ka.user.groups intersects (admins)\n  output: '%ka.verb by %ka.user.groups'\n  priority: NOTICE\n  source: k8s_audit\n  warn_evttypes: false\n";
    let mut rules = load(&[audit, &rule("R", "evt.type = open")]);
    let groups = [Value::Str(b"users"), Value::Str(b"admins")];
    let values = [("ka.verb", text("delete")), ("ka.user.groups", Value::List(&groups))];
    let mut found = Vec::new();
    rules.evaluate_from("k8s_audit", &Given(&values), |rule| {
        let mut out = String::new();
        rule.output.render(&Given(&values), &mut out);
        found.push(out);
    });
    assert_eq!(found, ["delete by (users,admins)"]);
    assert_eq!(matching(&mut rules, "open", &values), ["R"]);
    assert_eq!(rules.events().len(), 1);
    rules.evaluate_from("elsewhere", &Given(&values), |_| panic!());
}

#[test]
fn what_is_known_of_one_event_is_forgotten_with_it() {
    let conditions = ["m and proc.pname = a", "m and proc.pname = b", "not m and tolower(proc.name) = y"];
    let rules: String = conditions.iter().enumerate().map(|(n, condition)| rule(&format!("R{n}"), condition)).collect();
    let mut rules = load(&["- macro: m\n  condition: tolower(proc.name) = x\n", &rules]);
    for _ in 0..3 {
        assert_eq!(matching(&mut rules, "open", &[("proc.name", text("X")), ("proc.pname", text("a"))]), ["R0"]);
        assert_eq!(matching(&mut rules, "open", &[("proc.name", text("x")), ("proc.pname", text("b"))]), ["R1"]);
        assert_eq!(matching(&mut rules, "kill", &[("proc.name", text("Y"))]), ["R2"]);
        assert!(matching(&mut rules, "kill", &[]).is_empty());
    }
}
