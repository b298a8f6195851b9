//! Rules that ask for what the kernel can know, and some that it cannot.

use crate::draws::Draws;
use crate::records::{ENDS, NUMBERS, PATHS, TEXTS};

const TEXT_FIELDS: &[&str] = &[
    "fd.name",
    "fd.name",
    "fd.name",
    "fd.directory",
    "fd.filename",
    "fd.nameraw",
    "fs.path.name",
    "fs.path.nameraw",
    "fs.path.source",
    "fs.path.target",
    "fs.path.sourceraw",
    "fs.path.targetraw",
    "evt.abspath",
    "evt.abspath.src",
    "evt.abspath.dst",
    "evt.arg.name",
    "evt.arg.path",
    "evt.arg.oldpath",
    "evt.arg.target",
    "evt.arg[1]",
    "evt.arg[2]",
    "evt.rawarg.name",
    "evt.rawarg.path",
    "evt.rawarg.comm",
    "evt.arg.comm",
    "proc.name",
    "proc.name",
    "proc.pname",
    "proc.pname",
    "proc.aname",
    "proc.aname",
    "proc.aname[2]",
    "evt.arg.data",
    "evt.rawarg.target",
];
const WORD_FIELDS: &[&str] = &[
    "fd.type",
    "fd.typechar",
    "fd.l4proto",
    "fd.sockfamily",
    "evt.res",
    "evt.type",
    "syscall.type",
    "evt.category",
    "evt.arg.flags",
    "evt.arg.flags",
    "evt.arg.mode",
    "evt.arg.domain",
    "evt.arg.request",
    "evt.arg.option",
    "evt.io_dir",
    "fd.sproto",
    "fd.lproto",
    "evt.dir",
    "evt.arg.res",
    "evt.arg.fd",
    "evt.arg.how",
    "evt.arg.whence",
    "evt.arg[0]",
];
const WORDS: &[&str] = &[
    "file",
    "f",
    "ipv4",
    "4",
    "ipv6",
    "unix",
    "u",
    "directory",
    "pipe",
    "eventpoll",
    "inotify",
    "o",
    "other",
    "tcp",
    "udp",
    "raw",
    "icmp",
    "ip",
    "SUCCESS",
    "ENOENT",
    "EAGAIN",
    "openat",
    "read",
    "net",
    "file",
    "O_CREAT",
    "O_WRONLY|O_CREAT",
    "O_RDONLY",
    "O_RDWR",
    "S_ISUID",
    "AF_INET",
    "AF_UNIX",
    "<",
    "r",
    "w",
    "0",
    "1",
    "7",
    "12",
    "80",
    "443",
    "PTRACE_ATTACH",
    "process",
    "O_",
    "6",
    "-1",
];
const NUMBER_FIELDS: &[&str] = &[
    "fd.num",
    "fd.num",
    "evt.rawres",
    "evt.rawres",
    "proc.pid",
    "proc.ppid",
    "proc.vpid",
    "proc.sid",
    "proc.tty",
    "proc.pgid",
    "proc.vpgid",
    "thread.tid",
    "thread.vtid",
    "user.uid",
    "user.loginuid",
    "group.gid",
    "fd.port",
    "fd.cport",
    "fd.sport",
    "fd.lport",
    "fd.rport",
    "fd.dev",
    "fd.ino",
    "evt.count",
    "evt.type.is.openat",
];
/// Fields whose type is the parameter's.
const DYNAMIC_FIELDS: &[&str] = &[
    "evt.rawarg.flags",
    "evt.rawarg.mode",
    "evt.rawarg.res",
    "evt.rawarg.fd",
    "evt.rawarg.uid",
    "evt.rawarg.pid",
    "evt.rawarg[0]",
    "evt.rawarg[1]",
    "evt.rawarg[2]",
    "evt.rawarg.size",
    "evt.rawarg.dev",
    "evt.rawarg.tty",
];
const BOOL_FIELDS: &[&str] = &[
    "evt.failed",
    "evt.failed",
    "evt.is_open_read",
    "evt.is_open_write",
    "evt.is_open_create",
    "evt.is_open_exec",
    "fd.is_server",
    "fd.name_changed",
    "evt.is_io",
    "evt.is_io_read",
    "evt.is_wait",
    "fd.connected",
    "evt.is_syslog",
];
const IP_FIELDS: &[&str] = &["fd.ip", "fd.cip", "fd.sip", "fd.lip", "fd.rip"];
const NET_FIELDS: &[&str] = &["fd.net", "fd.cnet", "fd.snet", "fd.lnet", "fd.rnet"];
const NETWORKS: &[&str] =
    &["10.0.0.0/8", "0.0.0.0/0", "::/0", "fd00::/8", "10.1.0.0/16", "192.168.0.0/24", "::ffff:0:0/96"];
const EVENTS: &[&str] = &[
    "openat",
    "open",
    "openat2",
    "creat",
    "read",
    "write",
    "close",
    "connect",
    "accept4",
    "sendto",
    "renameat2",
    "unlinkat",
];

/// A rule file with a few rules.
pub fn file(draws: &mut Draws<'_>) -> String {
    let mut text = String::new();
    for number in 0..1 + draws.below(3) {
        let condition = condition(draws, 3).replace('\\', "\\\\").replace('"', "\\\"");
        text.push_str(&format!(
            "- rule: r{number}\n  desc: d\n  condition: \"{condition}\"\n  output: o\n  priority: NOTICE\n  warn_evttypes: false\n"
        ));
    }
    text
}

fn condition(draws: &mut Draws<'_>, depth: usize) -> String {
    if depth == 0 {
        return check(draws);
    }
    let term = |draws: &mut Draws<'_>| format!("({})", condition(draws, depth - 1));
    match draws.below(8) {
        0 | 1 => check(draws),
        2 | 3 => format!("{} and {}", term(draws), term(draws)),
        4 => format!("{} or {}", term(draws), term(draws)),
        5 => format!("not {}", term(draws)),
        6 => format!("evt.type in ({}, {}) and {}", draws.of(EVENTS), draws.of(EVENTS), term(draws)),
        _ => format!("{} and not {} and {}", term(draws), term(draws), term(draws)),
    }
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

fn several(draws: &mut Draws<'_>, values: &[&str]) -> String {
    let all: Vec<String> = (0..1 + draws.below(4)).map(|_| quoted(draws.of(values))).collect();
    all.join(", ")
}

fn check(draws: &mut Draws<'_>) -> String {
    match draws.below(10) {
        0..3 => of_text(draws, TEXT_FIELDS, &[PATHS, TEXTS, &["/", "etc", "//", "shadow", "/etc/", ".conf"]].concat()),
        3 | 4 => of_text(draws, WORD_FIELDS, WORDS),
        5 => {
            let values: Vec<String> = NUMBERS.iter().map(ToString::to_string).collect();
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            of_number(draws, NUMBER_FIELDS, &values)
        }
        6 => of_text(draws, DYNAMIC_FIELDS, &["0", "1", "7", "12", "-1", "420", "1000", "4294967295", "a", "007"]),
        7 => {
            let field = draws.of(BOOL_FIELDS);
            let op = draws.of(&["= true", "= false", "!= true", "exists", "in (true, false)"]);
            format!("{field} {op}")
        }
        8 => {
            let ends: Vec<&str> =
                ENDS.iter().map(|end| end.rsplit_once(':').unwrap().0.trim_matches(['[', ']'])).collect();
            of_address(draws, IP_FIELDS, &ends)
        }
        _ => of_address(draws, NET_FIELDS, NETWORKS),
    }
}

fn of_text(draws: &mut Draws<'_>, fields: &[&str], values: &[&str]) -> String {
    let field = draws.of(fields);
    let value = draws.of(values);
    match draws.below(14) {
        0 | 1 => format!("{field} = {}", quoted(value)),
        2 => format!("{field} != {}", quoted(value)),
        3 => format!("{field} startswith {}", quoted(value)),
        4 => format!("{field} endswith {}", quoted(value)),
        5 => format!("{field} contains {}", quoted(value)),
        6 => format!("{field} icontains {}", quoted(value)),
        7 => format!("{field} exists"),
        8 => format!("{field} in ({})", several(draws, values)),
        9 => format!(
            "{field} pmatch ({})",
            several(
                draws,
                &[values, &["/home/*/.ssh", "/etc/sh[a-c]dow", "/*/b", "", "lib", "/memfd:a/b (deleted)", "/run/a"]]
                    .concat()
            )
        ),
        10 => format!(
            "{field} glob {}",
            quoted(draws.of(&["/etc/*", "*", "?", "/e[a-z]c/*", "*.conf", "/a/?", "10.*", "O_*"]))
        ),
        11 => {
            let op = draws.of(&[
                "= anyof",
                "!= allof",
                "startswith anyof",
                "endswith anyof",
                "contains anyof",
                "= oneof",
                "startswith allof",
            ]);
            format!("{field} {op} ({})", several(draws, values))
        }
        12 => format!("{field} regex {}", quoted(draws.of(&["/etc/.*", ".*", "a?", "1.*"]))),
        _ => format!("{field} intersects ({})", several(draws, values)),
    }
}

fn of_number(draws: &mut Draws<'_>, fields: &[&str], values: &[&str]) -> String {
    let field = draws.of(fields);
    let op = draws.of(&["=", "!=", "<", "<=", ">", ">=", "in", "exists"]);
    match op {
        "exists" => format!("{field} exists"),
        "in" => {
            let all: Vec<&str> = (0..1 + draws.below(3)).map(|_| draws.of(values)).collect();
            format!("{field} in ({})", all.join(", "))
        }
        op => format!("{field} {op} {}", draws.of(values)),
    }
}

fn of_address(draws: &mut Draws<'_>, fields: &[&str], values: &[&str]) -> String {
    let field = draws.of(fields);
    match draws.below(4) {
        0 => format!("{field} = {}", quoted(draws.of(values))),
        1 => format!("{field} != {}", quoted(draws.of(values))),
        2 => format!("{field} in ({})", several(draws, values)),
        _ => format!("{field} exists"),
    }
}
