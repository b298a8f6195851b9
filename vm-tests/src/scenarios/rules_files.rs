//! The default rules about files.

use super::{RuleCase, Scenario};
use crate::guest::failure::Outcome;
use crate::guest::programs::{run, succeed};

const SENSITIVE: &str = "Sensitive file opened for reading";

fn sh(script: &str) -> Outcome {
    succeed(&["/bin/sh", "-c", script]).map(drop)
}

/// The call that renames a file by its path alone: rename does not exist on newer architectures.
const RENAME: &str = if cfg!(target_arch = "aarch64") { "renameat" } else { "rename" };

pub const SCENARIOS: &[Scenario] = &[
    Scenario::rule(
        "rule-sensitive-file",
        "reading the password hashes raises an alert, reading the list of users does not",
        RuleCase {
            rule: SENSITIVE,
            act: || succeed(&["/bin/cat", "/etc/shadow"]).map(drop),
            shows: &[
                ("fd.name", "/etc/shadow"),
                ("proc.name", "cat"),
                ("proc.cmdline", "cat /etc/shadow"),
                ("proc.exepath", "/bin/busybox"),
                ("proc.pname", "init"),
                ("user.name", "root"),
            ],
            neighbour: || succeed(&["/bin/cat", "/etc/passwd"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-sensitive-file-by-symlink",
        "a symbolic link does not hide what is read",
        RuleCase {
            rule: SENSITIVE,
            act: || sh("ln -s /etc/shadow /tmp/notes && exec /bin/cat /tmp/notes"),
            shows: &[("fd.name", "/etc/shadow"), ("proc.cmdline", "cat /tmp/notes")],
            neighbour: || sh("ln -s /etc/passwd /tmp/notes-2 && exec /bin/cat /tmp/notes-2"),
        },
    ),
    Scenario::rule(
        "rule-sensitive-file-by-relative-path",
        "a relative path does not hide what is read",
        RuleCase {
            rule: SENSITIVE,
            act: || sh("cd /etc/ssl && exec /bin/cat ../ssl/../gshadow"),
            shows: &[("fd.name", "/etc/gshadow")],
            neighbour: || sh("cd /etc/ssl && exec /bin/cat ../ssl/../group"),
        },
    ),
    Scenario::rule(
        "rule-sensitive-folder",
        "reading below a sensitive folder raises an alert, failing to read does not",
        RuleCase {
            rule: SENSITIVE,
            act: || succeed(&["/bin/head", "-n", "1", "/etc/ssl/private/server.key"]).map(drop),
            shows: &[("fd.name", "/etc/ssl/private/server.key"), ("proc.name", "head")],
            neighbour: || run(&["/bin/cat", "/etc/ssl/private/no-such.key"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-etc-written",
        "writing below /etc raises an alert, writing elsewhere does not",
        RuleCase {
            rule: "File below etc opened for writing",
            act: || sh("echo welcome > /etc/motd"),
            shows: &[("fd.name", "/etc/motd"), ("proc.name", "sh")],
            neighbour: || sh("echo welcome > /tmp/motd; read line < /etc/motd"),
        },
    ),
    Scenario::rule(
        "rule-binary-folder-written",
        "copying a file to where programs are raises an alert, copying it elsewhere does not",
        RuleCase {
            rule: "File below a binary folder opened for writing",
            act: || succeed(&["/bin/cp", "/etc/hostname", "/usr/local/bin/tool"]).map(drop),
            shows: &[("fd.name", "/usr/local/bin/tool"), ("proc.name", "cp")],
            neighbour: || succeed(&["/bin/cp", "/etc/hostname", "/srv/lib/tool"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-binary-folder-renamed-into",
        "moving a file to where programs are raises an alert, moving it elsewhere does not",
        RuleCase {
            rule: "File renamed or created into a binary folder",
            act: || sh("echo x > /tmp/mover && exec /bin/mv /tmp/mover /usr/bin/mover"),
            shows: &[
                ("evt.type", RENAME),
                ("fs.path.source", "/tmp/mover"),
                ("fs.path.target", "/usr/bin/mover"),
                ("proc.name", "mv"),
            ],
            neighbour: || sh("echo x > /tmp/mover && exec /bin/mv /tmp/mover /tmp/moved"),
        },
    ),
    Scenario::rule(
        "rule-log-emptied",
        "emptying a log raises an alert, appending to it does not",
        RuleCase {
            rule: "Log emptied",
            act: || sh(": > /var/log/auth.log"),
            shows: &[("fd.name", "/var/log/auth.log"), ("proc.name", "sh")],
            neighbour: || sh("echo entry >> /var/log/auth.log"),
        },
    ),
    Scenario::rule(
        "rule-log-removed",
        "removing a log raises an alert, failing to remove one does not",
        RuleCase {
            rule: "Log emptied",
            act: || succeed(&["/bin/rm", "/var/log/daemon.log"]).map(drop),
            shows: &[("fs.path.name", "/var/log/daemon.log"), ("proc.name", "rm")],
            neighbour: || run(&["/bin/rm", "/var/log/no-such.log"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-symlink-over-sensitive-file",
        "a symbolic link to a sensitive file raises an alert, one to another file does not",
        RuleCase {
            rule: "Symbolic link over a sensitive file",
            act: || succeed(&["/bin/ln", "-s", "/etc/shadow", "/tmp/symlink"]).map(drop),
            shows: &[("evt.arg.target", "/etc/shadow"), ("fs.path.target", "/tmp/symlink"), ("proc.name", "ln")],
            neighbour: || succeed(&["/bin/ln", "-s", "/etc/hostname", "/tmp/symlink-2"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-hardlink-over-sensitive-file",
        "a hard link to a sensitive file raises an alert, one to another file does not",
        RuleCase {
            rule: "Hard link over a sensitive file",
            act: || succeed(&["/bin/ln", "/etc/shadow", "/tmp/hardlink"]).map(drop),
            shows: &[("fs.path.source", "/etc/shadow"), ("fs.path.target", "/tmp/hardlink"), ("proc.name", "ln")],
            neighbour: || succeed(&["/bin/ln", "/etc/hostname", "/tmp/hardlink-2"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-key-search",
        "looking for private keys raises an alert, looking for something else does not",
        RuleCase {
            rule: "Search for private keys",
            act: || succeed(&["/bin/find", "/home", "-name", "id_rsa"]).map(drop),
            shows: &[("proc.cmdline", "find /home -name id_rsa")],
            neighbour: || succeed(&["/bin/find", "/home", "-name", "notes"]).map(drop),
        },
    ),
];
