//! Operators, transformers, quotes.

use crate::{holds, text};
use kestrel_rules::Value;

#[test]
fn and_binds_more_than_or_and_not_more_than_both() {
    let a = [("proc.name", text("a"))];
    assert!(holds("proc.name = a or proc.name = b and proc.name = c", &a));
    assert!(!holds("(proc.name = a or proc.name = b) and proc.name = c", &a));
    assert!(holds("not proc.name = b and proc.name = a", &a));
    assert!(!holds("not (proc.name = b or proc.name = a)", &a));
    assert!(holds("not not proc.name = a", &a) && holds("not(proc.name = b)", &a));
    assert!(holds("proc.name = a and(proc.name != b)", &a));
}

#[test]
fn a_missing_value_satisfies_no_comparison_but_its_negation() {
    for comparison in ["=", "!=", "contains", "startswith", "glob", "in", "pmatch", "regex"] {
        let check =
            format!("proc.name {comparison} {}", if matches!(comparison, "in" | "pmatch") { "(a)" } else { "a" });
        assert!(!holds(&check, &[]), "{check}");
        assert!(holds(&format!("not {check}"), &[]), "{check}");
    }
    assert!(!holds("proc.name exists", &[]) && holds("not proc.name exists", &[]));
    assert!(!holds("proc.name = val(proc.pname)", &[("proc.name", text("a"))]));
    assert!(!holds("proc.name != val(proc.pname)", &[("proc.name", text("a"))]));
    assert!(!holds("tolower(proc.name) != a", &[]));
}

#[test]
fn texts_are_compared_by_bytes() {
    let name = [("proc.name", text("/usr/bin/Bash"))];
    let yes = [
        "proc.name = /usr/bin/Bash",
        "proc.name == /usr/bin/Bash",
        "proc.name != bash",
        "proc.name contains bin",
        "proc.name icontains BASH",
        "proc.name startswith /usr",
        "proc.name endswith Bash",
        "proc.name glob /usr/*/B?sh",
        "proc.name glob *[A-C]ash",
        "proc.name iglob */bash",
        "proc.name regex \".*/[A-Z][a-z]+\"",
        "proc.name in (a, /usr/bin/Bash)",
        "proc.name pmatch (/usr, /opt)",
        "proc.name contains \"\"",
    ];
    let no = [
        "proc.name = /usr/bin/bash",
        "proc.name contains bash",
        "proc.name startswith usr",
        "proc.name endswith bash",
        "proc.name glob usr*",
        "proc.name glob */bash",
        "proc.name regex bin",
        "proc.name in ()",
        "proc.name pmatch (/us, /usr/bin/Bash/x)",
    ];
    for condition in yes {
        assert!(holds(condition, &name), "{condition}");
    }
    for condition in no {
        assert!(!holds(condition, &name), "{condition}");
    }
}

#[test]
fn bytes_are_looked_for_in_hexadecimal() {
    let buffer = [("evt.buffer", Value::Str(b"\x7fELF\x02\xff"))];
    assert!(holds("evt.buffer bstartswith 7f454c46", &buffer) && holds("evt.buffer bcontains 02FF", &buffer));
    assert!(!holds("evt.buffer bstartswith 454c46", &buffer) && holds("evt.buffer contains ELF", &buffer));
    assert!(holds(r#"evt.buffer endswith "\x02\xff""#, &buffer));
}

#[test]
fn quotes_and_escapes_say_what_they_stand_for() {
    for (written, value) in [
        (r#""a b""#, "a b"),
        ("'a b'", "a b"),
        (r#""a\"b""#, "a\"b"),
        (r"'a\'b'", "a'b"),
        (r#""a'b""#, "a'b"),
        (r#""\t\n\r\\\/\x41""#, "\t\n\r\\/A"),
        (r#""a\ b""#, r"a\b"),
        (r"a\b*?[]", r"a\b*?[]"),
        ("<NA>", "<NA>"),
        ("oneof", "oneof"),
        (r#""anyof""#, "anyof"),
    ] {
        assert!(holds(&format!("proc.name = {written}"), &[("proc.name", text(value))]), "{written}");
    }
}

#[test]
fn a_modifier_says_with_how_many_values_it_must_hold() {
    let name = [("proc.name", text("abc"))];
    assert!(holds("proc.name contains anyof (x, b)", &name) && !holds("proc.name contains anyof (x, y)", &name));
    assert!(holds("proc.name contains allof (a, b)", &name) && !holds("proc.name contains allof (a, x)", &name));
    assert!(holds("proc.name contains oneof (a, x)", &name) && !holds("proc.name contains oneof (a, b)", &name));
    assert!(holds("proc.name = anyof (abc, x)", &name) && holds("proc.name != allof (a, b)", &name));
    assert!(holds("proc.name != anyof (abc, x)", &name) && !holds("proc.name != allof (abc, b)", &name));
    assert!(holds("proc.name regex anyof (x, a.c)", &name) && holds("proc.name glob oneof (a*, x)", &name));
    for modifier in ["anyof", "allof", "oneof"] {
        assert!(!holds(&format!("proc.name contains {modifier} ()"), &name), "{modifier}");
        assert!(!holds(&format!("proc.name != {modifier} ()"), &name), "{modifier}");
    }
}

#[test]
fn transformers_make_values_of_others() {
    let values = [
        ("proc.name", text("Cat")),
        ("fd.name", text("/etc/Shadow")),
        ("proc.args", text("-n -t 5 /etc")),
        ("proc.pname", text("Y2F0")),
        ("fd.types", Value::List(&[Value::Str(b"file"), Value::Str(b"ipv4")])),
        ("proc.pid", Value::Int(7)),
        ("proc.ppid", Value::Int(7)),
    ];
    for condition in [
        "tolower(proc.name) = cat",
        "toupper(proc.name) = CAT",
        "basename(fd.name) = Shadow",
        "tolower(basename(fd.name)) = shadow",
        "b64(proc.pname) = cat",
        "tolower(proc.name) = b64(proc.pname)",
        "len(fd.name) = 11",
        "len(fd.types) = 2",
        "join(\",\", fd.types) = \"file,ipv4\"",
        "join(\"-\", (proc.name, \"x\")) = Cat-x",
        "concat(proc.name, \":\", fd.name) endswith Shadow",
        "toupper(fd.types) intersects (IPV4)",
        "getopt(proc.args, \"nt:\")[t] = 5",
        "getopt(proc.args, \"nt:\") in (n, t, 5)",
        "proc.pid = val(proc.ppid)",
        "proc.name startswith val(proc.name)",
        "fd.types in val(fd.types)",
    ] {
        assert!(holds(condition, &values), "{condition}");
    }
    assert!(!holds("proc.pid < val(proc.ppid)", &values) && !holds("getopt(proc.args, \"nt:\")[x] exists", &values));
}
