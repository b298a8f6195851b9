//! Outputs with the values of an event.

use crate::{Given, text};
use kestrel_rules::{FieldSource, OutputFormat, Value};

fn shown(format: &str) -> String {
    let values = [
        ("proc.name", text("Cat")),
        ("fd.name", text("/etc/shadow")),
        ("proc.aname[2]", text("sshd")),
        ("evt.rawres", Value::Int(-2)),
        ("evt.failed", Value::Bool(true)),
        ("fd.sip", Value::Ip("10.0.0.1".parse().unwrap())),
        ("fd.types", Value::List(&[Value::Str(b"file"), Value::Str(b"ipv4")])),
        ("proc.args", Value::Str(b"a\xffb")),
    ];
    let format =
        OutputFormat::parse("output", format, FieldSource::Syscall).unwrap_or_else(|errors| panic!("{errors}"));
    let mut out = String::new();
    format.render(&Given(&values), &mut out);
    out
}

#[test]
fn fields_are_shown_as_what_they_are() {
    assert_eq!(shown("a %proc.name, %fd.name. %proc.aname[2]!"), "a Cat, /etc/shadow. sshd!");
    assert_eq!(shown("%evt.rawres %evt.failed %fd.sip %fd.types"), "-2 true 10.0.0.1 (file,ipv4)");
    assert_eq!(shown("%proc.pname %proc.args"), "<NA> a\u{fffd}b");
    assert_eq!(shown("*%proc.pname"), "<NA>");
}

#[test]
fn transformers_widths_and_percent_signs_are_understood() {
    assert_eq!(shown("%tolower(proc.name)/%toupper(basename(fd.name))"), "cat/SHADOW");
    assert_eq!(shown("[%6proc.name][%2proc.name][%0proc.name]"), "[Cat   ][Ca][]");
    assert_eq!(shown("100%% of 5% is %%proc.name"), "100% of 5% is %proc.name");
    assert_eq!(shown("(user=%proc.name container=%container.info)"), "(user=Cat container=)");
}

#[test]
fn values_have_the_names_that_they_are_written_with() {
    let format =
        OutputFormat::parse("output", "%proc.name %tolower(fd.name) %evt.arg.flags", FieldSource::Syscall).unwrap();
    let mut names = Vec::new();
    format.each_value(&Given(&[]), |name, field, _| names.push((name.to_owned(), field.is_some())));
    let expected = [("proc.name", true), ("tolower(fd.name)", false), ("evt.arg.flags", true)];
    assert_eq!(names, expected.map(|(name, alone)| (name.to_owned(), alone)));
}
