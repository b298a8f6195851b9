//! The default rules about programs that are started.

use super::{RuleCase, Scenario};
use crate::guest::failure::Outcome;
use crate::guest::programs::succeed;

fn well(words: &[&str]) -> Outcome {
    succeed(words).map(drop)
}

pub const SCENARIOS: &[Scenario] = &[
    Scenario::rule(
        "rule-shell-from-server",
        "a shell below a web server raises an alert, another program below it does not",
        RuleCase {
            rule: "Shell started by a server program",
            act: || well(&["/usr/sbin/nginx", "run", "/bin/sh", "-c", "true"]),
            shows: &[
                ("proc.name", "sh"),
                ("proc.cmdline", "sh -c true"),
                ("proc.pname", "nginx"),
                ("proc.pcmdline", "nginx run /bin/sh -c true"),
                ("proc.aname[2]", "init"),
            ],
            neighbour: || well(&["/usr/sbin/nginx", "run", "/bin/true"]),
        },
    ),
    Scenario::rule(
        "rule-shell-with-terminal",
        "a shell with a terminal raises an alert, one that runs a command does not",
        RuleCase {
            rule: "Shell with a terminal",
            act: || well(&["/usr/bin/agent", "terminal", "/bin/sh"]),
            shows: &[("proc.name", "sh"), ("proc.cmdline", "sh")],
            neighbour: || well(&["/usr/bin/agent", "terminal", "/bin/sh", "-c", "true"]),
        },
    ),
    Scenario::rule(
        "rule-shared-memory",
        "a program in shared memory raises an alert when it runs, one in /tmp does not",
        RuleCase {
            rule: "Program run from shared memory",
            act: || {
                well(&["/bin/cp", "/bin/busybox", "/dev/shm/true"])?;
                well(&["/dev/shm/true"])
            },
            shows: &[("proc.exepath", "/dev/shm/true"), ("proc.name", "true"), ("proc.pname", "init")],
            neighbour: || {
                well(&["/bin/cp", "/bin/busybox", "/tmp/true"])?;
                well(&["/tmp/true"])
            },
        },
    ),
    Scenario::rule(
        "rule-memfd",
        "a program that is in no file system raises an alert when it runs, an ordinary one does not",
        RuleCase {
            rule: "Program run from memory alone",
            act: || well(&["/usr/bin/agent", "memfd", "/bin/busybox", "true"]),
            shows: &[("proc.exepath", "/memfd:payload"), ("proc.pname", "init")],
            neighbour: || well(&["/bin/true"]),
        },
    ),
    Scenario::rule(
        "rule-package-manager",
        "a package manager raises an alert, a program with a similar name does not",
        RuleCase {
            rule: "Package manager started",
            act: || well(&["/bin/sh", "-c", "/usr/bin/apt-get nothing; true"]),
            shows: &[("proc.name", "apt-get"), ("proc.pname", "sh")],
            neighbour: || well(&["/bin/sh", "-c", "/usr/bin/apt-file nothing; true"]),
        },
    ),
    Scenario::rule(
        "rule-user-changed",
        "a user who becomes root by a program of his own raises an alert, one who stays himself does not",
        RuleCase {
            rule: "User changed by something other than sudo",
            act: || {
                well(&["/bin/cp", "/init", "/tmp/raise"])?;
                // The set-user-id bit is how it can: root left it there.
                well(&["/bin/chmod", "4755", "/tmp/raise"])?;
                well(&["/usr/bin/agent", "as-user", "/tmp/raise", "setuid-0"])
            },
            shows: &[
                ("evt.type", "setuid"),
                ("proc.name", "raise"),
                ("proc.exepath", "/tmp/raise"),
                ("user.loginuid", "1000"),
            ],
            neighbour: || {
                well(&["/bin/cp", "/init", "/tmp/stay"])?;
                well(&["/bin/chmod", "755", "/tmp/stay"])?;
                well(&["/usr/bin/agent", "as-user", "/tmp/stay", "nothing"])
            },
        },
    ),
    Scenario::rule(
        "rule-root-changed",
        "a program that changes its root directory raises an alert, sshd does not",
        RuleCase {
            rule: "Root directory changed",
            act: || well(&["/usr/bin/jail", "chroot", "/srv"]),
            shows: &[("fs.path.name", "/srv"), ("proc.name", "jail")],
            neighbour: || well(&["/usr/sbin/sshd", "chroot", "/srv"]),
        },
    ),
];
