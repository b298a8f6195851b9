//! Values of several types, and several values.

use crate::{holds, text};
use kestrel_rules::Value;

#[test]
fn numbers_are_compared_whatever_their_sign_and_notation() {
    let values =
        [("evt.rawres", Value::Int(-2)), ("proc.tty", Value::Uint(34816)), ("proc.fdusage", Value::Double(0.5))];
    for condition in [
        "evt.rawres = -2",
        "evt.rawres < 0",
        "evt.rawres >= -2",
        "evt.rawres in (-1, -2)",
        "proc.tty = 0x8800",
        "proc.tty > 34815",
        "proc.tty != 0",
        "proc.fdusage > 0.25",
        "proc.fdusage <= 5e-1",
        "proc.fdusage in (0.5, 1)",
    ] {
        assert!(holds(condition, &values), "{condition}");
    }
    assert!(!holds("evt.rawres > 0", &values) && !holds("proc.tty in (1, 2)", &values));
}

#[test]
fn a_parameter_is_compared_as_what_it_is() {
    let number = [("evt.rawarg.uid", Value::Uint(0))];
    assert!(holds("evt.rawarg.uid = 0", &number) && holds("evt.rawarg.uid in (0, x)", &number));
    assert!(holds("evt.rawarg.uid < 1", &number) && !holds("evt.rawarg.uid = x", &number));
    assert!(holds("evt.rawarg.uid != x", &number));
    let written = [("evt.rawarg.path", text("/etc"))];
    assert!(holds("evt.rawarg.path startswith /e", &written) && holds("evt.rawarg.path in (/etc, 0)", &written));
}

#[test]
fn addresses_lie_in_networks() {
    let values = [
        ("fd.sip", Value::Ip("10.1.2.3".parse().unwrap())),
        ("fd.snet", Value::Ip("10.1.2.3".parse().unwrap())),
        ("fd.cip", Value::Ip("::ffff:192.168.0.1".parse().unwrap())),
        ("fd.cnet", Value::Ip("fd00::1".parse().unwrap())),
    ];
    for condition in [
        "fd.sip = 10.1.2.3",
        "fd.snet in (192.168.0.0/16, 10.0.0.0/8)",
        "fd.snet = 10.0.0.0/8",
        "fd.sip != 10.1.2.4",
        "fd.cip = 192.168.0.1",
        "fd.cnet in (\"fd00::/8\")",
    ] {
        assert!(holds(condition, &values), "{condition}");
    }
    assert!(!holds("fd.snet in (10.2.0.0/16)", &values) && !holds("fd.snet != 10.0.0.0/8", &values));
}

#[test]
fn of_values_of_which_any_may_be_meant_one_is_enough() {
    let both = [Value::Ip("10.0.0.1".parse().unwrap()), Value::Ip("8.8.8.8".parse().unwrap())];
    let values = [("fd.ip", Value::Any(&both)), ("proc.aname", Value::Any(&[Value::Str(b"sh"), Value::Missing]))];
    assert!(holds("fd.ip = 8.8.8.8", &values) && holds("fd.ip in (10.0.0.0/8, 1.1.1.1)", &values));
    assert!(!holds("fd.ip != 8.8.8.8", &values) && holds("fd.ip != 1.1.1.1", &values));
    assert!(holds("proc.aname in (sh, bash)", &values) && holds("proc.aname != bash", &values));
    assert!(holds("proc.aname exists", &values));
    let nobody = [("proc.aname", Value::Any(&[]))];
    assert!(
        !holds("proc.aname = sh", &nobody)
            && !holds("proc.aname != sh", &nobody)
            && !holds("proc.aname exists", &nobody)
    );
}

#[test]
fn of_a_list_each_must_be_in_the_set_or_one_must_intersect_it() {
    let types = |types: &'static [Value<'static>]| [("fd.types", Value::List(types))];
    let two = types(&[Value::Str(b"file"), Value::Str(b"pipe")]);
    assert!(holds("fd.types in (file, pipe, event)", &two) && !holds("fd.types in (file, event)", &two));
    assert!(holds("fd.types intersects (file, event)", &two) && !holds("fd.types intersects (event)", &two));
    assert!(holds("fd.types exists", &two));
    let none = types(&[]);
    assert!(
        holds("fd.types in (file)", &none)
            && !holds("fd.types intersects (file)", &none)
            && holds("fd.types exists", &none)
    );
    assert!(!holds("fd.types in (file)", &[]) && !holds("fd.types exists", &[]));
}

#[test]
fn arguments_choose_what_a_field_is_about() {
    let values = [
        ("proc.aname[2]", text("sshd")),
        ("evt.arg.flags", text("O_RDONLY|O_CLOEXEC")),
        ("evt.arg[0]", text("3")),
        ("proc.env[HOME]", text("/root")),
        ("container.mount.dest[/etc]", text("/host")),
        ("json.value[/a/b c]", text("x")),
    ];
    for condition in [
        "proc.aname[2] = sshd",
        "evt.arg.flags contains O_CLOEXEC",
        "evt.arg[flags] contains O_CLOEXEC",
        "evt.arg[0] = 3",
        "proc.env[HOME] = /root",
        "proc.env[\"HOME\"] = /root",
        "container.mount.dest[/etc] = /host",
    ] {
        assert!(holds(condition, &values), "{condition}");
    }
    assert!(!holds("proc.aname[1] = sshd", &values));
}
