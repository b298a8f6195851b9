//! Outputs that are none.

use crate::said;
use insta::assert_snapshot;

#[test]
fn fields_of_an_output_that_are_wrong_are_shown() {
    let with = |output: &str| {
        said(&format!("- rule: A\n  desc: d\n  condition: evt.type = open\n  output: '{output}'\n  priority: NOTICE\n"))
    };
    let cases = [
        "a %proc.nme b %fd.nam.",
        "a %proc b",
        "a %evt.arg b",
        "a %proc.name[1] b",
        "a %fd.ip b",
        "a %tolower(proc.pid) b",
        "a %tolower(proc.name b",
        "a %lower(proc.name) b",
        "a %9999proc.name b",
        "a %ka.verb b",
        "container=%container.info",
        "100% of %% (%12proc.name)",
    ];
    assert_snapshot!(cases.map(with).join("\n"));
}
