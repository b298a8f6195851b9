//! The default rules about the kernel and about debugging.

use super::{RuleCase, Scenario};
use crate::guest::failure::Outcome;
use crate::guest::programs::{run, start, succeed};

/// The kernel's own module.
const OWN_MODULE: &str = "/lib/modules/dummy.ko";

fn attach() -> Outcome {
    let mut target = start(&["/bin/sleep", "100"])?;
    let result = succeed(&["/usr/bin/attacher", "attach", &target.id().to_string()]);
    target.kill()?;
    target.wait()?;
    result.map(drop)
}

pub const SCENARIOS: &[Scenario] = &[
    Scenario::rule(
        "rule-module-loaded",
        "loading a kernel module raises an alert, failing to load one does not",
        RuleCase {
            rule: "Kernel module loaded",
            act: || {
                succeed(&["/bin/insmod", OWN_MODULE])?;
                succeed(&["/bin/rmmod", "dummy"]).map(drop)
            },
            shows: &[("proc.name", "insmod")],
            neighbour: || run(&["/bin/insmod", "/etc/hostname"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-ptrace-attach",
        "attaching to a process raises an alert, failing to does not",
        RuleCase {
            rule: "Process attached to by ptrace",
            act: attach,
            shows: &[("evt.arg.request", "PTRACE_ATTACH"), ("proc.name", "attacher")],
            neighbour: || run(&["/usr/bin/attacher", "attach", "1073741823"]).map(drop),
        },
    ),
    Scenario::rule(
        "rule-asks-to-be-traced",
        "a process that asks to be traced raises an alert, one below a debugger does not",
        RuleCase {
            rule: "Process asks to be traced",
            act: || succeed(&["/usr/bin/tracee", "traceme"]).map(drop),
            shows: &[("proc.name", "tracee"), ("proc.pname", "init")],
            neighbour: || succeed(&["/usr/bin/strace", "run", "/usr/bin/tracee", "traceme"]).map(drop),
        },
    ),
];
