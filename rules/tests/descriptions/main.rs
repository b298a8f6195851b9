//! Descriptions of rule files, as text and JSON.

use insta::{assert_json_snapshot, assert_snapshot};
use kestrel_rules::describe::{Verdict, as_json, describe, validate};
use kestrel_rules::{RuleSource, StaticFields};

const RULES: &str = "\
- required_engine_version: 0.31.0
- required_plugin_versions:
    - name: k8saudit
      version: 0.5.0
      alternatives: [{name: k8saudit-eks, version: 0.2.0}]
- list: base
  items: [sh]
- list: shells
  items: [base, 'two words']
- macro: started
  condition: evt.type in (execve, execveat) and evt.failed = false
- macro: idle
  condition: proc.name in (shells)
- rule: A shell
  desc: A shell was started.
  condition: started and (proc.name in (shells) or tolower(proc.exe) startswith anyof (a, b))
  output: shell (%proc.name %tolower(proc.exe) %proc.aname[2])
  priority: WARNING
  tags: [shell]
  capture: true
  capture_duration: 500
  warn_evttypes: false
  exceptions:
    - {name: pairs, fields: [proc.pname, fd.name], comps: [=, startswith], values: [[cron, /tmp]]}
- rule: Off
  desc: Off.
  condition: evt.type = open
  output: o
  priority: DEBUG
  enabled: false
";

fn source(name: &str, text: &str) -> RuleSource {
    RuleSource { name: name.to_owned(), text: text.to_owned() }
}

fn three_files() -> Vec<Verdict> {
    let bad = "- macro: m\n  condition: proc.nme = a\n- rule: R\n  desc: d\n  condition: started and m\n  output: o\n  priority: LOUD\n";
    validate(
        &[
            source("rules.yaml", RULES),
            source(
                "fine.yaml",
                "- rule: R2\n  desc: d\n  condition: idle and evt.type = open\n  output: o\n  priority: INFO\n",
            ),
            source("bad.yaml", bad),
        ],
        &StaticFields::default(),
    )
}

#[test]
fn everything_in_rule_files_is_described() {
    assert_json_snapshot!(describe(&[source("rules.yaml", RULES)], &StaticFields::default(), None).unwrap());
}

#[test]
fn one_rule_is_described_alone_and_wrong_files_not_at_all() {
    let one = describe(&[source("rules.yaml", RULES)], &StaticFields::default(), Some("Off")).unwrap().unwrap();
    assert_eq!(one["rules"][0]["info"]["name"], "Off");
    assert_eq!(one["rules"][0]["details"]["events"], serde_json::json!(["open"]));
    assert_eq!(one["rules"].as_array().map(Vec::len), Some(1));
    assert!(describe(&[source("rules.yaml", RULES)], &StaticFields::default(), Some("off")).unwrap().is_none());
    assert!(describe(&[source("bad.yaml", "- rule: R\n")], &StaticFields::default(), None).is_err());
}

#[test]
fn each_file_has_a_verdict_as_text() {
    assert_snapshot!(three_files().iter().map(|verdict| format!("{verdict}\n")).collect::<String>());
}

#[test]
fn each_file_has_a_verdict_as_json() {
    assert_json_snapshot!(as_json(&three_files()));
}

/// The kinds and names of what each problem of a file is about, from outside to inside, behind the code of the problem.
fn about(text: &str) -> Vec<String> {
    let verdicts = as_json(&validate(&[source("r.yaml", text)], &StaticFields::default()));
    let problem = |problem: &serde_json::Value| {
        let locations = problem["context"]["locations"].as_array().unwrap();
        let location = |location: &serde_json::Value| {
            format!("{} {}", location["item_type"].as_str().unwrap(), location["item_name"].as_str().unwrap())
        };
        let all: Vec<String> = locations.iter().map(location).collect();
        format!("{}: {}", problem["code"].as_str().unwrap(), all.join(" > ").trim_end_matches(" >  "))
    };
    let of =
        |key: &str| verdicts["falco_load_results"][0][key].as_array().unwrap().iter().map(problem).collect::<Vec<_>>();
    [of("errors"), of("warnings")].concat()
}

#[test]
fn the_json_says_which_item_and_which_exception_of_a_rule_is_wrong() {
    let rule = |exception: &str| {
        format!(
            "- rule: R\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: INFO\n  exceptions:\n    - {exception}\n"
        )
    };
    let exceptions = [
        "{name: ex, values: [a]}",
        "{fields: [proc.name], values: [[a]]}",
        "{name: ex, fields: [proc.nme], values: [[a]]}",
        "{name: ex, fields: [proc.name], comps: [is], values: [[a]]}",
        "{name: ex, fields: [proc.name, fd.name], comps: [=], values: [[a, b]]}",
        "{name: ex, fields: [proc.name], values: [[a, b]]}",
        "{name: ex, fields: [proc.name], value: [[a]]}",
    ];
    let appended = [
        "{name: ex, fields: [proc.name], values: [[b]]}",
        "{name: other, values: [[b]]}",
        "{name: ex, values: [[b, c]]}",
    ]
    .map(|exception| {
        rule("{name: ex, fields: [proc.name], values: [[a]]}")
            + &format!("- rule: R\n  exceptions:\n    - {exception}\n  override: {{exceptions: append}}\n")
    });
    let contents = ["some text", "a: b", "- text", "- {}", "a: b: c", "- macro: m\n  condition: nowhere\n"];
    let all = exceptions.iter().map(|exception| rule(exception)).chain(appended);
    let all = all.chain(contents.iter().map(|&text| text.to_owned()));
    assert_snapshot!(all.flat_map(|text| about(&text)).collect::<Vec<_>>().join("\n"));
}
