//! What is probably not meant.

use crate::{said, said_of_conditions};
use insta::assert_snapshot;

#[test]
fn macros_and_lists_that_nothing_uses_are_shown() {
    assert_snapshot!(said(
        "\
- list: used
  items: [a]
- list: within
  items: [b]
- list: outer
  items: [within, c]
- list: never
  items: [d]
- macro: kept
  condition: evt.type = open and proc.name in (used, outer)
- macro: idle
  condition: proc.name in (used)
- rule: A
  desc: d
  condition: kept
  output: o
  priority: NOTICE
"
    ));
}

#[test]
fn values_that_look_like_something_else_are_shown() {
    assert_snapshot!(said_of_conditions(&[
        "proc.name = proc.pname",
        "proc.name = \"val(proc.pname)\"",
        "proc.name regex abc",
        "proc.name regex \"^abc.*\"",
        "proc.name regex \"a[bc]\"",
        "evt.type in (open, opne)",
        "evt.dir = <",
    ]));
}

#[test]
fn rules_for_every_event_are_shown() {
    assert_snapshot!(said(
        "\
- rule: All
  desc: d
  condition: proc.name = a
  output: o
  priority: NOTICE
- rule: Most
  desc: d
  condition: not evt.type in (open, openat)
  output: o
  priority: NOTICE
- rule: Silent
  desc: d
  condition: proc.name = a
  output: o
  priority: NOTICE
  warn_evttypes: false
- rule: Never
  desc: d
  condition: evt.num = 0
  output: o
  priority: NOTICE
"
    ));
}

#[test]
fn a_rule_with_an_unknown_field_can_ask_to_be_skipped() {
    assert_snapshot!(said(
        "\
- macro: logged_in
  condition: ct.name = ConsoleLogin
- rule: A
  desc: d
  condition: evt.type = open and logged_in
  output: o
  priority: NOTICE
  skip-if-unknown-filter: true
- rule: B
  desc: d
  condition: evt.type = open
  output: o %ct.name
  priority: NOTICE
  skip-if-unknown-filter: true
"
    ));
}

#[test]
fn a_missing_value_is_not_the_text_that_stands_for_it() {
    assert_snapshot!(said(
        "\
- rule: A
  desc: d
  condition: ka.verb = <NA> or jevt.value[/a] in (<NA>, b)
  output: o
  priority: NOTICE
  source: k8s_audit
  warn_evttypes: false
"
    ));
}
