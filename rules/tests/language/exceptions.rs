//! Exceptions: what they leave out.

use crate::{load, matching, text};
use kestrel_rules::Value;

const RULE: &str = "\
- list: editors
  items: [vi, emacs]
- rule: R
  desc: d
  condition: evt.type = open or evt.type = openat
  output: o
  priority: NOTICE
  exceptions:
";

fn caught(exceptions: &str, values: &[(&str, Value<'_>)]) -> bool {
    !matching(&mut load(&[RULE, exceptions].concat().split('\0').collect::<Vec<_>>()), "open", values).is_empty()
}

fn process<'a>(name: &'a str, file: &'a str) -> [(&'static str, Value<'a>); 2] {
    [("proc.name", text(name)), ("fd.name", text(file))]
}

#[test]
fn a_tuple_leaves_out_what_all_of_it_says() {
    let exceptions = "    - name: pairs
      fields: [proc.name, fd.name]
      comps: [=, startswith]
      values:
        - [cat, /tmp/]
        - [\"two words\", \"/with blank/\"]
        - [editors_not_a_list, /x]
";
    assert!(
        !caught(exceptions, &process("cat", "/tmp/a")) && !caught(exceptions, &process("two words", "/with blank/x"))
    );
    assert!(caught(exceptions, &process("cat", "/etc/a")) && caught(exceptions, &process("dog", "/tmp/a")));
}

#[test]
fn without_comparisons_values_must_be_equal() {
    let exceptions = "    - {name: a, fields: [proc.name, fd.name], values: [[cat, /a], [dog, /b]]}\n";
    assert!(!caught(exceptions, &process("cat", "/a")) && !caught(exceptions, &process("dog", "/b")));
    assert!(caught(exceptions, &process("cat", "/b")) && caught(exceptions, &process("cat", "/a/b")));
}

#[test]
fn a_single_field_is_left_out_by_any_value() {
    let exceptions = "    - {name: a, fields: proc.name, values: [cat, two words, editors]}\n";
    for name in ["cat", "two words", "vi", "emacs"] {
        assert!(!caught(exceptions, &process(name, "/a")), "{name}");
    }
    assert!(caught(exceptions, &process("editors", "/a")));
    let paths = "    - {name: a, fields: fd.name, comps: pmatch, values: [/tmp, /var]}\n";
    assert!(!caught(paths, &process("x", "/tmp/a")) && caught(paths, &process("x", "/tmpa")));
    let starts = "    - {name: a, fields: fd.name, comps: startswith anyof, values: [/tmp, /var]}\n";
    assert!(!caught(starts, &process("x", "/tmpa")) && caught(starts, &process("x", "/etc")));
}

#[test]
fn a_value_of_a_tuple_may_be_a_list() {
    let exceptions = "    - name: a
      fields: [proc.name, fd.name]
      comps: [in, pmatch]
      values:
        - [[cat, dog], [/tmp, /var]]
        - [editors, /home]
        - [\"(a, b)\", (/x)]
";
    for (name, file) in [("cat", "/tmp/x"), ("dog", "/var"), ("vi", "/home/me"), ("b", "/x/y")] {
        assert!(!caught(exceptions, &process(name, file)), "{name} {file}");
    }
    assert!(caught(exceptions, &process("cat", "/home")) && caught(exceptions, &process("vi", "/tmp")));
}

#[test]
fn fields_may_have_transformers_and_arguments() {
    let exceptions = "    - {name: a, fields: [tolower(proc.name), \"basename(fd.name)\"], values: [[cat, x]]}\n";
    assert!(!caught(exceptions, &process("CAT", "/a/x")) && caught(exceptions, &process("CAT", "/a/y")));
}

#[test]
fn exceptions_hold_for_the_whole_condition_and_leave_out_each_on_its_own() {
    // Without parentheses around the condition the exception would count only for its second half.
    let exceptions = "    - {name: a, fields: [proc.name], values: [[cat]]}
    - {name: b, fields: [fd.name], values: [[/b]]}
    - {name: c, fields: [fd.name]}
";
    assert!(!caught(exceptions, &process("cat", "/x")) && !caught(exceptions, &process("x", "/b")));
    assert!(caught(exceptions, &process("x", "/x")));
}

#[test]
fn values_and_new_exceptions_can_be_appended() {
    let base = "    - {name: a, fields: proc.name, values: [cat]}\n";
    for how in ["override: {exceptions: append}", "append: true"] {
        let appended = format!(
            "{base}\0- rule: R\n  exceptions:\n    - {{name: a, values: [dog]}}\n    - {{name: b, fields: [fd.name], values: [[/b]]}}\n  {how}\n"
        );
        for (name, file) in [("cat", "/x"), ("dog", "/x"), ("x", "/b")] {
            assert!(!caught(&appended, &process(name, file)), "{name} {file}");
        }
        assert!(caught(&appended, &process("x", "/x")));
    }
    let replaced = format!(
        "{base}\0- rule: R\n  exceptions:\n    - {{name: b, fields: proc.name, values: [dog]}}\n  override: {{exceptions: replace}}\n"
    );
    assert!(caught(&replaced, &process("cat", "/x")) && !caught(&replaced, &process("dog", "/x")));
}
