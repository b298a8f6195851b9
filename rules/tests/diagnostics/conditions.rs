//! Conditions that are none.

use crate::{said, said_of_conditions};
use insta::assert_snapshot;

#[test]
fn what_is_no_condition_is_shown_where_it_stops_being_one() {
    assert_snapshot!(said_of_conditions(&[
        "proc.name = a and",
        "proc.name = a proc.pname = b",
        "(proc.name = a or proc.name = b",
        "proc.name = a)",
        "proc.name",
        "proc.name and evt.failed = true",
        "proc.name ist a",
        "proc.name containss a",
        "name = cat",
        "proc.name =",
        "proc.name in (a b)",
        "proc.name in (a, b",
        "proc.args contains a=b",
        "proc.name contains (a, b)",
        "proc.aname[2 = a",
        "proc.aname[] = a",
        "evt.rawres > many",
        "lower(proc.name) = a",
        "tolower(proc.name = a",
        "'\"proc.name = a\"'",
        "42 = proc.pid",
        "not(not)",
        "proc.name = a and (or)",
    ]));
}

#[test]
fn quotes_and_escapes_that_are_wrong_are_shown() {
    assert_snapshot!(said_of_conditions(&[
        r#"proc.name = "a"#,
        r#"proc.name = "a\d""#,
        r#"proc.name = "a\'b""#,
        r#"proc.name = "\x4""#,
    ]));
}

#[test]
fn fields_that_are_wrong_are_shown_with_the_nearest_name() {
    assert_snapshot!(said_of_conditions(&[
        "proc.nme = a",
        "nothing.like.this = a",
        "proc.name[1] = a",
        "evt.arg = a",
        "proc.aname[x] = a",
        "evt.abspath[up] = a",
        "ka.verb = get",
        "evt.outputtime = a",
    ]));
}

#[test]
fn operators_and_types_that_do_not_fit_are_shown() {
    assert_snapshot!(said_of_conditions(&[
        "evt.rawres contains 1",
        "evt.failed > 1",
        "fd.sip startswith 10.",
        "proc.name bcontains 6162",
        "fd.types = file",
        "fd.types in oneof (file)",
        "evt.rawres = many",
        "proc.pid = 1.5",
        "evt.failed = maybe",
        "fd.sip = 10.0.0.256",
        "fd.snet in (10.0.0.0/40)",
        "evt.buffer bcontains 6g",
        "proc.name regex \"a(b\"",
        "proc.name regex \"a{1000}{1000}\"",
    ]));
}

#[test]
fn values_of_other_fields_and_transformers_must_fit() {
    assert_snapshot!(said_of_conditions(&[
        "proc.name = val(proc.pid)",
        "proc.name = val(proc.aname)",
        "proc.aname = val(proc.name)",
        "fd.types in val(proc.name)",
        "proc.name regex val(proc.pname)",
        "proc.name = val(proc.nme)",
        "tolower(evt.rawres) = a",
        "tolower(proc.aname) = a",
        "concat(proc.name) = a",
        "join(proc.name, proc.name) = a",
        "getopt(proc.args, \"a:\")[ab] = a",
        "tolower(proc.name)[a] = a",
        "len(proc.name) = a",
    ]));
}

#[test]
fn macros_that_are_not_there_are_shown() {
    assert_snapshot!(said(
        "\
- list: shells
  items: [sh]
- macro: spawned
  condition: evt.type = execve and later
- macro: later
  condition: evt.failed = false
- rule: A
  desc: d
  condition: spawnd and proc.name in (shells)
  output: o
  priority: NOTICE
- rule: B
  desc: d
  condition: spawned and shells
  output: o
  priority: NOTICE
"
    ));
}

#[test]
fn macros_that_use_themselves_are_shown() {
    assert_snapshot!(said(
        "\
- macro: a
  condition: evt.type = execve
- macro: b
  condition: a and evt.failed = false
- macro: a
  condition: b or evt.type = open
- macro: c
  condition: c
- rule: A
  desc: d
  condition: a or c
  output: o
  priority: NOTICE
"
    ));
}

#[test]
fn several_values_where_one_is_expected_are_shown() {
    assert_snapshot!(said(
        "\
- list: shells
  items: [sh, bash]
- list: nothing
  items: []
- rule: A
  desc: d
  condition: evt.type = execve and (proc.name = shells or proc.name startswith nothing)
  output: o
  priority: NOTICE
"
    ));
}

#[test]
fn names_in_macros_that_nothing_uses_are_checked_too() {
    assert_snapshot!(said(
        "\
- list: within
  items: [a]
- macro: alone
  condition: opend or itself
- macro: later
  condition: after and proc.no_field_of_any_source = 1
- macro: after
  condition: proc.name in (within)
"
    ));
}
