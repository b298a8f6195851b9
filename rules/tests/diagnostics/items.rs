//! Items that have the wrong form.

use crate::{said, said_of};
use insta::assert_snapshot;

const RULE: &str = "\
- rule: Known
  desc: d
  condition: evt.type = open
  output: o
  priority: NOTICE
  exceptions:
    - name: names
      fields: [proc.name]
      values: [[a]]
";

fn said_after_a_rule(text: &str) -> String {
    said_of(&[("known.yaml", RULE), ("r.yaml", text)])
}

#[test]
fn what_is_no_yaml_or_no_list_of_items_is_refused() {
    assert_snapshot!(
        ["- rule: [a", "a: b", "just text", "- - a", "- text", "a: &x [*y]", "# nothing\n---\n...\n", "- \n- ~\n"]
            .map(said)
            .join("\n")
    );
}

#[test]
fn items_that_are_not_known_are_ignored_with_a_warning() {
    assert_snapshot!(said("- rul: A\n  desc: d\n- something: else\n- macro: m\n  conditon: evt.type = open\n"));
}

#[test]
fn keys_that_are_missing_empty_wrong_or_doubled_are_shown() {
    assert_snapshot!(said(
        "\
- rule: A
  desc:
  condition: [a]
  output: {a: b}
  priority: LOUD
  enabled: perhaps
  tags: network
  capture_duration: long
  colour: red
- rule: B
  desc: d
  output: o
  output: p
  priority: WARN
- list:
  items: [a]
- list: l
- list: m
  items: [[a], {b: c}, d]
- macro: n
- macro: o
  condition: ''
- rule: C
"
    ));
}

#[test]
fn names_that_no_condition_can_name_are_shown() {
    assert_snapshot!(said(
        "- list: a b\n  items: []\n- macro: a-b\n  condition: evt.type = open\n- macro: 1a\n  condition: evt.type = open\n"
    ));
}

#[test]
fn overrides_that_are_wrong_are_shown() {
    let cases = [
        "- rule: Known\n  priority: ERROR\n  override: {priority: append}\n",
        "- rule: Known\n  condition: and evt.failed = true\n  override: {condition: prepend}\n",
        "- rule: Known\n  output: p\n  override: {outputs: replace}\n",
        "- rule: Known\n  override: {output: replace}\n",
        "- rule: Known\n  output: p\n  desc: e\n  override: {output: replace}\n",
        "- rule: Known\n  output: p\n  override: [output]\n",
        "- rule: Known\n  condition: and evt.failed = true\n  append: true\n  override: {condition: append}\n",
        "- rule: Knwon\n  output: p\n  override: {output: replace}\n",
        "- rule: Known\n  append: true\n  priority: ERROR\n",
        "- list: l\n  items: [a]\n  override: {items: append}\n",
        "- macro: m\n  condition: and evt.failed = true\n  append: true\n",
        "- rule: Known\n  condition: or\n  override: {condition: append}\n",
    ];
    assert_snapshot!(cases.map(said_after_a_rule).join("\n"));
}

#[test]
fn rules_that_are_defined_again_or_switched_are_checked() {
    let cases = [
        "- rule: Known\n  desc: d\n  condition: evt.failed = true\n  output: o\n  priority: NOTICE\n  source: k8s_audit\n  warn_evttypes: false\n",
        "- rule: Unknwon\n  enabled: false\n",
        "- rule: Known\n  enabled: false\n",
        "- rule: Known\n  condition: and evt.failed = true\n  append: true\n",
        "- rule: S\n  desc: d\n  condition: x.y = z\n  output: o\n  priority: NOTICE\n  source: sycall\n",
    ];
    assert_snapshot!(cases.map(said_after_a_rule).join("\n"));
}

#[test]
fn exceptions_that_are_wrong_are_shown() {
    let with = |exceptions: &str| {
        said(&format!(
            "- rule: A\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: NOTICE\n  exceptions:{exceptions}\n"
        ))
    };
    let cases = [
        " text",
        " [text]",
        "\n    - fields: [proc.name]",
        "\n    - name: a",
        "\n    - {name: a, fields: [proc.name, fd.name], values: [[a]]}",
        "\n    - {name: a, fields: [proc.name, fd.name], comps: [=], values: [[a, b]]}",
        "\n    - {name: a, fields: [proc.name], comps: is, values: [[a]]}",
        "\n    - {name: a, fields: [proc.name], comps: [equals], values: [[a]]}",
        "\n    - {name: a, fields: proc.name, comps: =, values: [a]}",
        "\n    - {name: a, fields: proc.name, values: [[a]]}",
        "\n    - {name: a, fields: proc.name, values: a}",
        "\n    - {name: a, fields: [proc.nme], values: [[a]]}",
        "\n    - {name: a, fields: [proc.name], values: [['']]}",
        "\n    - {name: a, fields: [proc.name], values: [[a]]}\n    - {name: a, fields: [proc.name], values: [[b]]}",
    ];
    assert_snapshot!(cases.map(with).join("\n"));
}

#[test]
fn exceptions_that_are_appended_wrongly_are_shown() {
    let with = |exception: &str| {
        said_after_a_rule(&format!("- rule: Known\n  exceptions: [{exception}]\n  override: {{exceptions: append}}\n"))
    };
    let cases = [
        "{name: names}",
        "{name: names, fields: [proc.name], values: [[b]]}",
        "{name: names, comps: [=], values: [[b]]}",
        "{name: names, values: [[b, c]]}",
        "{name: new, values: [[b]]}",
        "{name: new, fields: [proc.name]}",
    ];
    assert_snapshot!(cases.map(with).join("\n"));
}
