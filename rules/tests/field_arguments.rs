//! Which arguments rules can give to fields: what the table says, for every row of it.

use kestrel_rules::{ArgRule, FIELDS, FieldDef, FieldFlags, FieldSource, LoadOptions, RuleSet, RuleSource};

fn loads(field: &str) -> Result<(), String> {
    let text = format!(
        "- rule: R\n  desc: d\n  condition: evt.type = open and {field} exists\n  output: o\n  priority: NOTICE\n"
    );
    let source = RuleSource { name: "r.yaml".to_owned(), text };
    RuleSet::load(&[source], LoadOptions::default()).map(drop).map_err(|errors| errors.to_string())
}

/// The fields that a condition of a rule for system calls can name.
fn usable() -> impl Iterator<Item = &'static FieldDef> {
    FIELDS.iter().filter(|def| def.source().covers(FieldSource::Syscall) && !def.flags.contains(FieldFlags::PRINT_ONLY))
}

#[test]
fn a_field_takes_the_arguments_of_its_row_and_no_others() {
    for def in usable() {
        let with = |arg: &str| loads(&format!("{}[{arg}]", def.name));
        let expected: [bool; 4] = match def.arg {
            ArgRule::None => [true, false, false, false],
            ArgRule::OptionalIndex => [true, true, false, false],
            ArgRule::OptionalName | ArgRule::OptionalNameOrIndex => [true, true, true, true],
            ArgRule::OptionalEnd => [true, false, false, true],
            ArgRule::Name | ArgRule::NameOrIndex => [false, true, true, true],
        };
        let found = [loads(def.name), with("2"), with("/etc/x-y_z"), with("src")].map(|loaded| loaded.is_ok());
        assert_eq!(found, expected, "{} without, [2], [/etc/x-y_z], [src]", def.name);
    }
}

#[test]
fn an_index_beyond_all_bounds_and_an_empty_argument_are_refused() {
    for def in usable().filter(|def| def.arg == ArgRule::OptionalIndex) {
        for arg in ["99999999999999999999", "-1", "1.5", ""] {
            assert!(loads(&format!("{}[{arg}]", def.name)).is_err(), "{}[{arg}]", def.name);
        }
    }
}

#[test]
fn a_parameter_can_stand_behind_a_dot() {
    for field in
        ["evt.arg.flags", "evt.arg[flags]", "evt.arg[0]", "evt.rawarg.res", "evt.type.is.open", "evt.abspath.dst"]
    {
        assert_eq!(loads(field), Ok(()), "{field}");
    }
    for field in ["evt.arg", "evt.arg.", "evt.rawarg", "evt.abspath.up", "proc.aname.2", "fd.name.x"] {
        assert!(loads(field).is_err(), "{field}");
    }
}
