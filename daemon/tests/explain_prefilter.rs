//! `kestrel explain --prefilter`: what people see.

use insta::assert_snapshot;
use std::path::Path;
use std::process::{Command, Stdio};

const RULES: &str = "\
- macro: opened_for_writing
  condition: evt.type in (open, openat) and evt.is_open_write = true and fd.num >= 0
- rule: Program changed
  desc: A program is written.
  condition: opened_for_writing and (fd.name pmatch (/usr/bin, /usr/lib, /opt/*/bin) or fd.filename = sudo) and not proc.name = dpkg
  output: Changed (file=%fd.name)
  priority: ERROR
- rule: Key read
  desc: The key is read.
  condition: evt.type = openat and evt.is_open_read = true and fd.name in (/etc/key, /etc/keys) and not user.uid = 0
  output: Read (file=%fd.name)
  priority: WARNING
- rule: Connected
  desc: A connection leaves the house.
  condition: evt.type = connect and evt.failed = false and not fd.snet in (10.0.0.0/8, fd00::/8) and fd.sport != 53
  output: Connected (to=%fd.name)
  priority: NOTICE
- rule: Traced
  desc: By whom.
  condition: evt.type = ptrace and proc.acmdline = sshd
  output: Traced
  priority: NOTICE
";

/// Runs `kestrel` in a folder with these rules.
fn run(rules: &str, arguments: &[&str]) -> String {
    let place = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(Path::new(place.path()).join(name), text).unwrap();
    write("rules.yaml", rules);
    write("c.yaml", "");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kestrel"));
    command.args(["-c", "c.yaml", "-r", "rules.yaml", "explain"]).args(arguments);
    let output = command.current_dir(place.path()).env_clear().stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    // What the log says of the rules, other tests look at.
    format!("exit {}\n{}", output.status.code().unwrap(), text(&output.stdout))
}

#[test]
fn a_prefilter_is_shown_with_its_tests_its_rules_and_what_it_does_not_decide() {
    assert_snapshot!("a prefilter", run(RULES, &["--prefilter"]));
}

#[test]
fn only_the_events_that_are_named_are_shown() {
    let shown = run(RULES, &["--prefilter", "ptrace"]);
    assert!(shown.contains("ptrace: always kept") && !shown.contains("openat"), "{shown}");
    assert!(run(RULES, &["--prefilter", "opennat"]).starts_with("exit 2"));
    assert!(run(RULES, &["Traced", "--prefilter"]).starts_with("exit 2"));
}

#[test]
fn while_a_rule_counts_events_all_are_kept_and_the_rule_is_named() {
    let counting =
        "- {rule: Counted, desc: d, condition: evt.type = openat and evt.num < 7, output: o, priority: INFO}\n";
    assert_snapshot!(run(&format!("{RULES}{counting}"), &["--prefilter", "ptrace"]), @r"
    exit 0
    every event is kept: Counted asks how many there were, or when

    ptrace: always kept
      for these rules:
        Traced, which needs every one
          not decided in the kernel, or in part: proc.acmdline
    ");
}
