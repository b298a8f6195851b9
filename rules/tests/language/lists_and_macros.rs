//! Lists and macros: put in, nested, defined again.

use crate::{load, matching, rule, text};

#[test]
fn a_list_stands_for_its_items_wherever_a_value_stands() {
    let lists = "\
- list: shells
  items: [sh, bash]
- list: more
  items: [shells, zsh, \"'two words'\", three more words, \"a,b\"]
- list: one
  items: [single]
- list: none
  items: []
";
    let condition =
        "proc.name in (more, none, last) or proc.pname = one or proc.name in shells or proc.args contains anyof (one)";
    let mut rules = load(&[lists, &rule("R", condition)]);
    for name in ["sh", "bash", "zsh", "two words", "three more words", "a", "b", "last"] {
        assert_eq!(matching(&mut rules, "open", &[("proc.name", text(name))]), ["R"], "{name}");
    }
    for name in ["shells", "more", "none", "single", "a,b"] {
        assert!(matching(&mut rules, "open", &[("proc.name", text(name))]).is_empty(), "{name}");
    }
    assert_eq!(matching(&mut rules, "open", &[("proc.pname", text("single"))]), ["R"]);
    assert_eq!(matching(&mut rules, "open", &[("proc.args", text("a single b"))]), ["R"]);
}

#[test]
fn a_name_in_quotes_is_no_list() {
    let mut rules = load(&["- list: shells\n  items: [sh]\n", &rule("R", "proc.name in (\"shells\")")]);
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("shells"))]), ["R"]);
    assert!(matching(&mut rules, "open", &[("proc.name", text("sh"))]).is_empty());
}

#[test]
fn a_list_within_a_list_must_stand_before_it() {
    let lists = "- list: outer\n  items: [inner]\n- list: inner\n  items: [a]\n";
    let mut rules = load(&[lists, &rule("R", "proc.name in (outer)")]);
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("inner"))]), ["R"]);
    assert!(matching(&mut rules, "open", &[("proc.name", text("a"))]).is_empty());
}

#[test]
fn what_a_later_file_says_of_lists_and_macros_counts_for_earlier_rules() {
    let first = format!(
        "- list: l\n  items: [a]\n- macro: m\n  condition: proc.name = x\n- macro: user\n  condition: m\n{}",
        rule("R", "proc.name in (l) or user")
    );
    let second = "\
- list: l
  items: [b]
  override: {items: append}
- macro: m
  condition: or proc.name = y
  override: {condition: append}
";
    let third = "- list: l\n  items: [c]\n- macro: m\n  condition: proc.name = z\n";
    let names = |files: &[&str]| -> String {
        let mut rules = load(files);
        "abcxyz"
            .chars()
            .filter(|c| !matching(&mut rules, "open", &[("proc.name", text(&c.to_string()))]).is_empty())
            .collect()
    };
    assert_eq!(names(&[&first]), "ax");
    assert_eq!(names(&[&first, second]), "abxy");
    assert_eq!(names(&[&first, second, third]), "cz");
    let old = second
        .replace("override: {items: append}", "append: true")
        .replace("override: {condition: append}", "append: true");
    assert_eq!(names(&[&first, &old]), "abxy");
}

#[test]
fn a_macro_is_a_condition_in_parentheses() {
    let mut rules =
        load(&["- macro: m\n  condition: proc.name = a or proc.name = b\n", &rule("R", "m and proc.pname = c")]);
    assert!(matching(&mut rules, "open", &[("proc.name", text("a"))]).is_empty());
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("b")), ("proc.pname", text("c"))]), ["R"]);
}

#[test]
fn a_rule_may_use_a_macro_that_stands_behind_it() {
    let mut rules = load(&[&rule("R", "m"), "- macro: m\n  condition: proc.name = a\n"]);
    assert_eq!(matching(&mut rules, "open", &[("proc.name", text("a"))]), ["R"]);
}
