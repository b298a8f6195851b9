//! Where something stands: through folded text, macros, lists, exceptions and appended conditions.

use crate::{said, said_of};
use insta::assert_snapshot;

#[test]
fn a_folded_condition_is_shown_at_its_line() {
    assert_snapshot!(said(
        "\
- rule: A
  desc: d
  condition: >
    evt.type = execve
    and proc.name = a

    and proc.nme = b
  output: >-
    first line
    second %proc.nme
  priority: NOTICE
- rule: B
  desc: d
  condition: |
    evt.type = execve and
      proc.nme = b
  output: 'it''s %proc.nme'
  priority: NOTICE
- rule: C
  desc: d
  condition: \"evt.type = execve and proc.name = \\\"é\\\" and \\
    proc.nme = b\"
  output: \"tab \\t %proc.nme\"
  priority: NOTICE
- rule: D
  desc: d
  condition: evt.type = execve and
     proc.name = a and
     proc.nme = b
  output: o
  priority: NOTICE
"
    ));
}

#[test]
fn what_is_wrong_in_a_macro_or_a_list_is_said_once_with_its_user() {
    assert_snapshot!(said(
        "\
- list: ports
  items: [22, http, \"80\"]
- macro: inner
  condition: proc.nme = a
- macro: outer
  condition: evt.type = connect and inner
- rule: A
  desc: d
  condition: outer
  output: o
  priority: NOTICE
- rule: B
  desc: d
  condition: outer and fd.sport in (443, ports)
  output: o
  priority: NOTICE
- rule: C
  desc: d
  condition: inner and evt.type = open
  output: o
  priority: NOTICE
"
    ));
}

#[test]
fn an_unused_macro_is_not_asked_for_its_fields() {
    assert_snapshot!(said(
        "\
- macro: other
  condition: ct.name = ConsoleLogin
"
    ));
}

#[test]
fn everything_wrong_in_every_file_is_said_in_order() {
    let first = "- macro: opened\n  condition: evt.type = open\n- rule: A\n  desc: d\n  condition: opened and x\n  output: o\n  priority: LOW\n";
    let second = "- rule: A\n  condition: and proc.nme = b\n  override: {condition: append}\n- list: l\n  items: x\n";
    let third = "- rule: [unclosed\n";
    assert_snapshot!(said_of(&[("a.yaml", first), ("b.yaml", second), ("c.yaml", third)]));
}

#[test]
fn exceptions_are_shown_where_their_parts_stand() {
    assert_snapshot!(said(
        "\
- rule: A
  desc: d
  condition: evt.type = open
  output: o
  priority: NOTICE
  exceptions:
    - name: one
      fields: [proc.name, fd.sport]
      comps: [=, in]
      values:
        - [cat, [80, http]]
        - [\"two words\", 443]
    - name: two
      fields: proc.pid
      values: [1, x]
"
    ));
}

#[test]
fn a_long_line_is_shown_in_part() {
    let values: Vec<String> = (0..500).map(|n| format!("value{n}")).collect();
    let list = values.join(", ");
    assert_snapshot!(said(&format!(
        "\
- rule: A
  desc: d
  condition: evt.type = open and proc.name in ({list}) and proc.nme = b and proc.pname in ({list})
  output: o
  priority: NOTICE
"
    )));
}
