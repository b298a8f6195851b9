//! `static.NAME`: texts of the configuration.

use insta::assert_snapshot;
use kestrel_core::schema;
use kestrel_rules::explain::Explanations;
use kestrel_rules::{
    Facts, FieldRef, FieldSource, LoadOptions, Matching, OutputFormat, RuleSet, RuleSource, StaticFields, Value,
};

/// Nothing is known of the event.
struct Nothing;

impl Facts for Nothing {
    fn value(&self, _: &FieldRef) -> Value<'_> {
        Value::Missing
    }
}

fn fields() -> StaticFields {
    StaticFields::new([("site", "Ostermoor 7"), ("tier.of_2", "edge")].map(|(name, text)| (name.into(), text.into())))
}

fn options() -> LoadOptions {
    LoadOptions { matching: Matching::All, static_fields: fields(), ..LoadOptions::default() }
}

fn source(text: &str) -> RuleSource {
    RuleSource { name: "r.yaml".to_owned(), text: text.to_owned() }
}

fn rule(condition: &str) -> String {
    format!("- rule: R\n  desc: d\n  condition: {condition}\n  output: at %static.site\n  priority: NOTICE\n")
}

fn holds(text: &str) -> bool {
    let mut rules = RuleSet::load(&[source(text)], options()).unwrap_or_else(|errors| panic!("{errors}")).rules;
    let mut matched = false;
    rules.evaluate(schema::by_name("open").unwrap(), &Nothing, |_| matched = true);
    matched
}

#[test]
fn conditions_compare_them_like_any_text() {
    for condition in [
        "evt.type = open and static.tier.of_2 = edge",
        "evt.type = open and static.site = 'Ostermoor 7'",
        "evt.type = open and static.site startswith Ost",
        "evt.type = open and static.site in (here, 'Ostermoor 7')",
        "evt.type = open and static.site exists",
        "evt.type = open and toupper(static.tier.of_2) = EDGE",
        "evt.type = open and not static.tier.of_2 = core",
        "evt.type = open and static.tier.of_2 = val(static.tier.of_2)",
    ] {
        assert!(holds(&rule(condition)), "{condition}");
    }
    for condition in [
        "evt.type = open and static.tier.of_2 = core",
        "evt.type = open and static.tier.of_2 = val(static.site)",
        "evt.type = open and proc.name = val(static.site)",
    ] {
        assert!(!holds(&rule(condition)), "{condition}");
    }
}

#[test]
fn macros_and_exceptions_can_name_them() {
    let with_macro =
        format!("- macro: at_edge\n  condition: static.tier.of_2 = edge\n{}", rule("evt.type = open and at_edge"));
    assert!(holds(&with_macro));
    let excepted = "  exceptions:\n  - {name: e, fields: static.tier.of_2, values: [core]}\n";
    assert!(holds(&format!("{}{excepted}", rule("evt.type = open"))));
    assert!(!holds(&format!("{}{}", rule("evt.type = open"), excepted.replace("core", "edge"))));
}

#[test]
fn outputs_show_them() {
    let format = "%static.site/%12static.tier.of_2/%toupper(static.site)/%proc.name";
    let format = OutputFormat::parse_with("output", format, FieldSource::Syscall, &fields()).unwrap();
    let (mut text, mut values) = (String::new(), Vec::new());
    format.render(&Nothing, &mut text);
    format.each_value(&Nothing, |name, _, value| values.push(format!("{name}: {value:?}")));
    assert_eq!(text, "Ostermoor 7/edge        /OSTERMOOR 7/<NA>");
    assert_eq!(values[0], format!("static.site: {:?}", Value::Str(b"Ostermoor 7")));
}

#[test]
fn every_source_has_them() {
    let audit = rule("ka.verb = get and static.site exists").replace("  priority", "  source: k8s_audit\n  priority");
    RuleSet::load(&[source(&audit)], options()).unwrap();
}

#[test]
fn those_that_are_not_there_are_said_where_they_are_named() {
    let said = |text: &str| RuleSet::load(&[source(text)], options()).unwrap_err().to_string();
    assert_snapshot!(
        [
            said(&rule("evt.type = open and static.sit = x")),
            said(&rule("evt.type = open and static.something = x")),
            said(&rule("evt.type = open and static.site[1] = x")),
            said(&rule("evt.type = open").replace("%static.site", "%static.sight")),
        ]
        .join("\n")
    );
    let skipped = format!("{}  skip-if-unknown-filter: true\n", rule("evt.type = open and static.something = x"));
    assert!(RuleSet::load(&[source(&skipped)], options()).unwrap().rules.rules().is_empty());
}

#[test]
fn names_that_no_rule_could_write_are_known() {
    for (name, good) in
        [("site", true), ("a.b_2", true), ("", false), ("a.", false), (".a", false), ("a b", false), ("ä", false)]
    {
        assert_eq!(StaticFields::can_be_named(name), good, "{name}");
    }
}

#[test]
fn an_explanation_knows_them() {
    let text = rule("evt.type = open and static.tier.of_2 = edge");
    let explained = Explanations::of_rule(&[source(&text)], &options(), "R").unwrap();
    let shown = format!("{:?}", explained.rules()[0].condition);
    assert!(shown.contains("static.tier.of_2"), "{shown}");
}
