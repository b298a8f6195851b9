//! Callers that take another way into the kernel.

use super::{RuleCase, Scenario};
use crate::guest::programs::succeed;

/// Why scenarios with 32-bit programs are not played on 64-bit ARM.
pub(super) const NO_32_BITS: &str = "calls of 32-bit programs are not recorded there";

pub const SCENARIOS: &[Scenario] = &[Scenario::rule(
    "caller-32-bit",
    "a 32-bit program's open is seen like any other",
    RuleCase {
        rule: "Sensitive file opened for reading",
        act: || succeed(&["/bin/open32", "/etc/shadow"]).map(drop),
        shows: &[("fd.name", "/etc/shadow"), ("proc.name", "open32"), ("proc.cmdline", "open32 /etc/shadow")],
        neighbour: || succeed(&["/bin/open32", "/etc/passwd"]).map(drop),
    },
)
.not_on_arm64(NO_32_BITS)];
