//! What is said of how rules are evaluated, and of what their tests say of an event.

use insta::assert_snapshot;
use kestrel_core::schema;
use kestrel_rules::explain::{Answer, Answers, Explanations, NotExplained, What};
use kestrel_rules::{Facts, FieldRef, LoadOptions, Priority, RuleSource, Value};

const RULES: &str = r#"- list: shells
  items: [sh, bash, dash]
- macro: opening
  condition: evt.type in (open, openat)
- macro: secret
  condition: fd.name = /etc/shadow or fd.name in (/etc/gshadow, /etc/sudoers) or fd.directory = /root
- rule: Secret
  desc: A secret is opened.
  condition: proc.cmdline icontains anyof (cat, head) and secret and opening and not proc.name in (shells)
  output: o
  priority: WARNING
  exceptions:
    - {name: backups, fields: [proc.pname, fd.name], comps: [=, startswith], values: [[backup, /etc]]}
- rule: Every kind of test
  desc: Each kind of test once.
  condition: >
    opening and (fd.name pmatch (/tmp, "/var/*/x") or fd.name glob "/a*" or fd.name regex "/b.*"
    or fd.name startswith anyof (/c, /d, /dd) or fd.name endswith .so or fd.name contains y or fd.name startswith /z
    or proc.pid in (3, 1, 2) or proc.pid = 7 or proc.pid > 100 or fd.cip in (10.0.0.0/8, "::1", 1.2.3.4)
    or evt.failed = true or proc.exe exists or proc.name = val(proc.pname) or proc.name in ()
    or tolower(proc.exe) = x or proc.name != sh)
  output: o
  priority: NOTICE
- rule: Off
  desc: Not used.
  condition: opening and fd.name = /etc/shadow
  output: o
  priority: DEBUG
  enabled: false
"#;

fn sources(text: &str) -> Vec<RuleSource> {
    vec![RuleSource { name: "rules.yaml".to_owned(), text: text.to_owned() }]
}

fn of_rule(rule: &str) -> Explanations {
    Explanations::of_rule(&sources(RULES), &LoadOptions::default(), rule).unwrap_or_else(|error| panic!("{error}"))
}

struct Given(&'static [(&'static str, &'static str)]);

impl Facts for Given {
    fn value(&self, field: &FieldRef) -> Value<'_> {
        let name = field.to_string();
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map_or(Value::Missing, |(_, text)| Value::Str(text.as_bytes()))
    }
}

fn answers(explained: &mut Explanations, event: &str, values: &'static [(&'static str, &'static str)]) -> Answers {
    explained.answers(0, schema::by_name(event), &Given(values))
}

fn shown(explained: &Explanations, answers: Option<&Answers>) -> String {
    explained.rules().iter().flat_map(|rule| rule.lines(answers)).collect::<Vec<_>>().join("\n")
}

const READ: &[(&str, &str)] =
    &[("fd.name", "/etc/sudoers"), ("proc.name", "cat"), ("proc.cmdline", "cat /etc/sudoers"), ("proc.pname", "sshd")];

#[test]
fn a_rule_is_shown_in_the_order_of_its_evaluation_with_what_its_tests_became() {
    assert_snapshot!("a rule", shown(&of_rule("Secret"), None));
    assert_snapshot!("every kind of test", shown(&of_rule("Every kind of test"), None));
}

#[test]
fn of_an_event_every_test_says_what_it_saw_and_the_last_line_what_decided() {
    let mut secret = of_rule("Secret");
    let matches = answers(&mut secret, "openat", READ);
    assert!(matches.holds());
    assert_snapshot!("an event that matches", shown(&secret, Some(&matches)));
    let shell = &[("fd.name", "/etc/shadow"), ("proc.name", "bash"), ("proc.cmdline", "cat")];
    let silent = answers(&mut secret, "open", shell);
    assert!(!silent.holds());
    assert_snapshot!("an event that does not match", shown(&secret, Some(&silent)));
}

#[test]
fn the_last_line_names_the_one_part_that_decided_or_all_of_them() {
    let mut secret = of_rule("Secret");
    let mut last = |event: &str, values| {
        let answers = answers(&mut secret, event, values);
        shown(&secret, Some(&answers)).lines().next_back().unwrap().to_owned()
    };
    let lines = [
        last("openat", READ),
        last("openat", &[("fd.name", "/tmp/x"), ("proc.name", "cat"), ("proc.cmdline", "cat")]),
        last("openat", &[("fd.name", "/etc/shadow"), ("proc.name", "vi"), ("proc.cmdline", "vi")]),
        last(
            "openat",
            &[("fd.name", "/etc/shadow"), ("proc.name", "cat"), ("proc.cmdline", "cat"), ("proc.pname", "backup")],
        ),
        last("unlink", READ),
    ];
    assert_snapshot!("what decided", lines.join("\n"));
}

#[test]
fn a_rule_that_is_not_used_is_explained_and_counts_for_nothing() {
    let off = of_rule("Off");
    assert_snapshot!("a rule that is off", shown(&off, None));
    let options = LoadOptions { least_priority: Priority::Warning, ..LoadOptions::default() };
    let all = Explanations::of_all(&sources(RULES), &options).unwrap();
    let names: Vec<&str> = all.rules().iter().map(|rule| &*rule.name).collect();
    assert_eq!(names, ["Secret"]);
}

#[test]
fn a_rule_that_is_not_there_or_is_left_out_is_told_from_wrong_files() {
    let reason = |text: &str, rule: &str| {
        Explanations::of_rule(&sources(text), &LoadOptions::default(), rule).unwrap_err().to_string()
    };
    assert_eq!(reason(RULES, "Secrets"), "there is no rule Secrets; did you mean Secret?");
    assert_eq!(reason(RULES, "Something else"), "there is no rule Something else");
    let skipped = "- rule: S\n  desc: d\n  condition: evt.type = open and no.field = 1\n  output: o\n  priority: INFO\n  skip-if-unknown-filter: true\n";
    assert_eq!(
        reason(skipped, "S"),
        "the rule S is skipped: it needs what is not known here, and says skip-if-unknown-filter"
    );
    let wrong = Explanations::of_rule(&sources("- rule: S\n"), &LoadOptions::default(), "S").unwrap_err();
    assert!(matches!(wrong, NotExplained::Wrong(_)), "{wrong}");
}

/// Macros of which each uses the last twice.
fn doubling(first: &str) -> String {
    let mut text = format!("- macro: m0\n  condition: {first}\n");
    for n in 1..60 {
        let last = n - 1;
        text += &format!("- macro: m{n}\n  condition: (m{last} and proc.name != x{n}) or (m{last} and fd.name = y)\n");
    }
    text
}

#[test]
fn many_rules_and_long_tests_take_no_more_than_a_few_do() {
    let names: Vec<String> = (0..1_000).map(|n| format!("name-{n}")).collect();
    let mut text = doubling(&format!("evt.type = open and not proc.name in ({})", names.join(", ")));
    for n in 0..200 {
        text +=
            &format!("- rule: R{n}\n  desc: d\n  condition: m59 and proc.pid = {n}\n  output: o\n  priority: INFO\n");
    }
    let all = Explanations::of_all(&sources(&text), &LoadOptions::default()).unwrap();
    assert_eq!(all.rules().len(), 200);
    let tests = all.rules().iter().flat_map(|rule| rule.condition.tests());
    let bytes = tests.map(|test| match &test.part.what {
        What::Test { text, .. } => text.len(),
        _ => 0,
    });
    let bytes = bytes.sum::<usize>();
    assert!(bytes < 64 << 20, "{bytes}");
}

#[test]
fn macros_that_double_with_each_other_are_left_closed_and_answer_all_the_same() {
    let mut text = doubling("evt.type = open");
    text += "- rule: R\n  desc: d\n  condition: m59\n  output: o\n  priority: INFO\n";
    let mut explained = Explanations::of_rule(&sources(&text), &LoadOptions::default(), "R").unwrap();
    let lines = explained.rules()[0].lines(None);
    assert!(lines.len() < 200_000, "{}", lines.len());
    assert!(lines.iter().any(|line| line.contains("left closed: the condition is too large")));
    assert!(answers(&mut explained, "open", &[("proc.name", "p")]).holds());
    assert!(!answers(&mut explained, "openat", &[("proc.name", "p")]).holds());
}

#[test]
fn what_is_not_reached_has_no_value() {
    let mut secret = of_rule("Secret");
    let all = answers(&mut secret, "unlink", READ).all;
    assert!(all.iter().any(|(answer, _)| *answer == Answer::NotReached));
    assert!(all.iter().all(|(answer, value)| *answer != Answer::NotReached || value.is_none()));
}
