//! Rules that are changed: key by key, appended to, defined again, switched.

use crate::{load, load_with, matching, rule, text};
use kestrel_rules::{LoadOptions, Priority, Rule, RuleSet, Selected, Selection};

const BASE: &str = "\
- rule: A
  desc: first
  condition: proc.name = a or proc.name = b
  output: one
  priority: NOTICE
  tags: [x, y]
  capture: true
  capture_duration: 1000
- rule: B
  desc: second
  condition: proc.name = a
  output: two
  priority: NOTICE
";

fn changed(change: &str) -> Rule {
    load(&[BASE, change]).rules()[0].clone()
}

fn output(rule: &Rule) -> String {
    let mut out = String::new();
    rule.output.render(&crate::Given(&[]), &mut out);
    out
}

#[test]
fn every_key_can_be_replaced() {
    let rule = changed(
        "- rule: A\n  desc: new\n  output: three\n  priority: ERROR\n  tags: [z]\n  capture: false\n  capture_duration: 5\n  override: {desc: replace, output: replace, priority: replace, tags: replace, capture: replace, capture_duration: replace}\n",
    );
    assert_eq!((rule.description.as_str(), output(&rule).as_str(), rule.priority), ("new", "three", Priority::Error));
    assert_eq!((&*rule.tags, rule.capture, rule.capture_duration), (&["z".to_owned()][..], false, 5));
    let mut rules = load(&[BASE, "- rule: A\n  condition: proc.name = c\n  override: {condition: replace}\n"]);
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("c"))]), ["A"]);
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("a"))]), ["B"]);
}

#[test]
fn texts_tags_and_conditions_can_be_appended_to() {
    let rule = changed(
        "- rule: A\n  desc: more\n  output: and more\n  tags: [y, z]\n  override: {desc: append, output: append, tags: append}\n",
    );
    assert_eq!((rule.description.as_str(), output(&rule).as_str()), ("first more", "one and more"));
    assert_eq!(*rule.tags, ["x", "y", "z"]);
    // The condition is put behind the other as text: `and` binds more than `or`.
    for how in ["append: true", "override: {condition: append}"] {
        let mut rules = load(&[BASE, &format!("- rule: A\n  condition: and proc.pname = p\n  {how}\n")]);
        assert_eq!(matching(&mut rules, "open", &[("proc.name", text("a"))]), ["A", "B"]);
        assert!(matching(&mut rules, "open", &[("proc.name", text("b"))]).is_empty());
        assert_eq!(matching(&mut rules, "open", &[("proc.name", text("b")), ("proc.pname", text("p"))]), ["A"]);
    }
}

#[test]
fn one_key_can_be_appended_and_another_replaced() {
    let rule =
        changed("- rule: A\n  output: more\n  priority: DEBUG\n  override: {output: append, priority: replace}\n");
    assert_eq!((output(&rule).as_str(), rule.priority), ("one more", Priority::Debug));
}

#[test]
fn a_rule_that_is_defined_again_keeps_its_place() {
    let again = rule("A", "proc.name = c or proc.name = a");
    let mut rules = load(&[BASE, &again]);
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("a"))]), ["A", "B"]);
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("c"))]), ["A"]);
    assert!(rules.rules()[0].tags.is_empty());
}

#[test]
fn rules_are_switched_by_enabled_and_by_override() {
    let names =
        |files: &[&str]| -> Vec<String> { load(files).rules().iter().map(|rule| rule.name.to_string()).collect() };
    assert_eq!(names(&[BASE, "- rule: A\n  enabled: false\n"]), ["B"]);
    assert_eq!(names(&[BASE, "- rule: A\n  enabled: false\n  override: {enabled: replace}\n"]), ["B"]);
    assert_eq!(names(&[BASE, "- rule: A\n  enabled: false\n", "- rule: A\n  enabled: true\n"]), ["A", "B"]);
    assert_eq!(names(&[&BASE.replace("desc: second", "desc: second\n  enabled: no")]), ["A"]);
}

fn selected(selection: &[(bool, Selected)], least_priority: Priority) -> Vec<String> {
    let selection = selection.iter().map(|(enable, what)| Selection { enable: *enable, what: what.clone() }).collect();
    let options = LoadOptions { selection, least_priority, ..LoadOptions::default() };
    let rules: RuleSet = load_with(&[BASE], options).unwrap();
    rules.rules().iter().map(|rule| rule.name.to_string()).collect()
}

#[test]
fn rules_are_selected_by_name_tag_and_priority() {
    let name = |pattern: &str| Selected::Rule(pattern.to_owned());
    let tag = |tag: &str| Selected::Tag(tag.to_owned());
    assert_eq!(selected(&[(false, name("*")), (true, tag("x"))], Priority::Debug), ["A"]);
    assert_eq!(selected(&[(false, tag("y")), (true, name("A*"))], Priority::Debug), ["A", "B"]);
    assert_eq!(selected(&[(false, tag("y"))], Priority::Debug), ["B"]);
    assert!(selected(&[], Priority::Warning).is_empty());
}
