//! Files of rule tests, as `kestrel test` reads and plays them. The input is a file's text without its key `rules`.
//!
//! The law: it is refused, and each message names the file; or every record that it stands for is one that a reader takes, and
//! playing it comes to an end.
#![no_main]

use kestrel::rule_test;
use kestrel_core::event::Record;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use zerocopy::IntoBytes;

const RULES: &str = "
- rule: Opened
  desc: Something was opened.
  condition: evt.type in (open, openat, execve, connect) and fd.name startswith /srv and not proc.aname = init
  output: opened (%fd.name %proc.cmdline %evt.args %container.id %user.name)
  priority: NOTICE
- rule: Anything
  desc: Anything happened.
  condition: evt.type exists
  output: happened (%evt.args %fs.path.name %fs.path.target %fd.name %proc.acmdline %proc.env)
  priority: DEBUG
  warn_evttypes: false
";

/// The folder of the rules.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("rules.yaml"), RULES).expect("written");
    folder
});

fuzz_target!(|text: &str| {
    let text = format!("rules: rules.yaml\n{text}");
    match rule_test::read("FILE", &text, FOLDER.path()) {
        Err(wrong) => {
            assert!(!wrong.is_empty());
            for problem in wrong {
                let message = problem.to_string();
                assert!(message.starts_with("error: ") && message.contains("FILE:"), "{message:?}");
            }
        }
        Ok(file) => {
            let mut rules = file.rules;
            for test in &file.tests {
                for record in test.before.iter().chain([&test.judged]) {
                    let record = Record::parse(record.as_bytes()).expect("a record");
                    assert_eq!(record.bytes().len() % 8, 0);
                }
                rules = rule_test::play(test, rules, &file.sources).1;
            }
        }
    }
});
