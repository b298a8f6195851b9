use super::*;
use figment::value::Value;

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn load_all(text: &str, environment: &[(&str, &str)], options: &[&str]) -> Result<Loaded, String> {
    let file = file(text);
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let environment = environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    load(&Origins { file: Some(file.path()), environment, options: &options })
        .map_err(|error| error.to_string().replace(&file.path().display().to_string(), "FILE"))
}

#[test]
fn later_layers_win() {
    let text = "json_output: true\nfile_output:\n  enabled: true\n  filename: /a\npriority: Critical\n";
    let environment = [("KESTREL_FILE_OUTPUT__FILENAME", "/b"), ("KESTREL_OUTPUTS_QUEUE__CAPACITY", "7")];
    let options = ["file_output.filename=/c", "priority=Warning", "syslog_output={enabled: true, facility: auth}"];
    let config = load_all(text, &environment, &options).unwrap().config;
    assert!(config.outputs.json_output);
    assert!(config.outputs.file_output.enabled);
    assert_eq!(config.outputs.file_output.filename, Path::new("/c"));
    assert_eq!(config.outputs.outputs_queue.capacity, 7);
    assert_eq!(config.priority, Priority::Warning);
    assert!(config.outputs.syslog_output.enabled);
    assert_eq!(config.outputs.syslog_output.facility, "auth");
    assert_eq!(config.outputs.syslog_output.path, Path::new("/dev/log"));
}

#[test]
fn an_option_replaces_a_list_or_adds_to_it() {
    let text = "rules_files: [/a, /b]\n";
    let files = |options: &[&str]| load_all(text, &[], options).unwrap().config.rules_files;
    assert_eq!(files(&[]), [Path::new("/a"), Path::new("/b")]);
    assert_eq!(files(&["rules_files[]=/c"]), [Path::new("/a"), Path::new("/b"), Path::new("/c")]);
    assert_eq!(files(&["rules_files=/c"]), [Path::new("/c")]);
    assert_eq!(files(&["rules_files=[/c, /d]"]), [Path::new("/c"), Path::new("/d")]);
}

#[test]
fn rules_are_switched_in_order_by_name_or_tag() {
    let rule = |name: &str| SwitchedRules::Rule(name.to_owned());
    let text = "rules:\n  - disable: {rule: '*'}\n  - enable: {tag: network}\n";
    let switches = |options: &[&str]| load_all(text, &[], options).unwrap().config.rules;
    let network = SwitchedRules::Tag("network".to_owned());
    assert_eq!(switches(&[]), [RuleSwitch::Disable(rule("*")), RuleSwitch::Enable(network.clone())]);
    assert_eq!(switches(&["rules={disable: {rule: A b}}"]), [RuleSwitch::Disable(rule("A b"))]);
    assert_eq!(switches(&["rules[]={enable: {rule: A*}}"])[2], RuleSwitch::Enable(rule("A*")));
    assert_eq!(switches(&["rules[].enable.rule=A, \"b\": *"])[2], RuleSwitch::Enable(rule("A, \"b\": *")));
    assert_eq!(switches(&["rules[].disable.tag=network"])[2..], [RuleSwitch::Disable(network)]);
    for wrong in ["rules[].disable=x", "rules[].off.rule=x", "rules[].disable.rule.x=y", "rules[].=x", "outputs[].a=x"]
    {
        assert!(load_all(text, &[], &[wrong]).is_err(), "{wrong}");
    }
}

#[test]
fn a_switch_that_is_none_is_refused() {
    let text = "rules:\n  - disable\n  - {disable: all}\n  - {off: {rule: a}}\n  - {enable: {rule: a, tag: b}}\n";
    insta::assert_snapshot!(load_all(text, &[], &["rules=all"]).unwrap_err(), @r#"
    FILE:2:5: rules: expected enable or disable with a rule or a tag, as in {disable: {tag: network}}, found "disable"
    FILE:3:5: rules: expected enable or disable with a rule or a tag, as in {disable: {tag: network}}, found keys and values
    FILE:4:5: rules: expected enable or disable with a rule or a tag, as in {disable: {tag: network}}, found keys and values
    FILE:5:5: rules: expected enable or disable with a rule or a tag, as in {disable: {tag: network}}, found keys and values
    -o rules=all: rules: expected enable or disable with a rule or a tag, as in {disable: {tag: network}}, found "all"
    "#);
}

#[test]
fn a_command_line_given_as_an_option_is_taken_as_it_is() {
    let program = "program_output.program=jq '{text: .output}' | curl -d @- # [x]";
    let config = load_all("", &[], &[program]).unwrap().config;
    assert_eq!(config.outputs.program_output.program, "jq '{text: .output}' | curl -d @- # [x]");
}

#[test]
fn a_key_cannot_forge_a_line_of_the_message() {
    let hostile = "jsn\nkestrel: all is well \u{1b}[31m";
    let text = "\"jsn\\nkestrel: all is well \\e[31m\": 1\n\"a.b\\nc\": 1\n";
    let message = load_all(text, &[], &[&format!("{hostile}=1"), &format!("{hostile}[]=1")]).unwrap_err();
    assert_eq!(message.lines().count(), 4, "{message}");
    assert!(!message.replace('\n', "").contains(char::is_control), "{message:?}");
    let ignored = load_all("", &[(&format!("KESTREL_{hostile}"), "1")], &[]).unwrap().warnings;
    assert!(ignored.len() == 1 && !ignored[0].contains(char::is_control), "{ignored:?}");
}

#[test]
fn everything_that_is_wrong_is_said_at_once_each_with_its_place() {
    let text = "\
jsn_output: true
json_output: maybe
file_output:
  enabld: true
  filename: 17
outputs_queue:
  capacity: -1
rules_files: /etc/rules
rule_matching: last
syscall_event_drops:
  actions: [log, shout]
  rate: [1]
stdout_output: true
engine.kind: kmod
";
    let environment = [("KESTREL_LOG_LEVEL", "loud"), ("KESTREL_SERVICE_HOST", "10.0.0.1")];
    let options = [
        "sylog_output.enabled=true",
        "json_output",
        "priority=loud",
        "json_output[]=true",
        "outputs_queue.capacity=[a",
    ];
    insta::assert_snapshot!(load_all(text, &environment, &options).unwrap_err());
}

#[test]
fn what_is_no_yaml_is_refused_with_its_place() {
    insta::assert_snapshot!(load_all("a: [1, 2\nb: }\n", &[], &[]).unwrap_err());
    insta::assert_snapshot!(load_all("- 1\n- 2\n", &[], &[]).unwrap_err(), @"FILE:1:1: expected keys and values, found a list");
    insta::assert_snapshot!(load_all("json_output: true\njson_output: false\n", &[], &[]).unwrap_err(),);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let missing = Origins { file: Some(Path::new("/no/such.yaml")), ..Origins::default() };
    insta::assert_snapshot!(
        load(&missing).unwrap_err(),
        @"/no/such.yaml: cannot read the configuration: No such file or directory (os error 2)"
    );
    let file = file(&format!("# {}\n", "x".repeat(1 << 20)));
    let long = Origins { file: Some(file.path()), ..Origins::default() };
    assert!(load(&long).unwrap_err().to_string().contains("more than 1048576 bytes"));
}

#[test]
fn keys_of_falco_that_mean_nothing_here_are_named_in_one_warning() {
    let text = "\
watch_config_files: true
plugins: [{name: container}]
engine: {kind: kmod, modern_ebpf: {cpus_for_each_buffer: 2}}
webserver: {enabled: true}
";
    let loaded = load_all(text, &[("KESTREL_SERVICE_HOST", "x"), ("KESTREL_JSON_OUTPT", "x")], &[]).unwrap();
    insta::assert_snapshot!(loaded.warnings.join("\n"), @r"
    environment: KESTREL_SERVICE_HOST sets no key, and is ignored
    environment: KESTREL_JSON_OUTPT sets no key, and is ignored; did you mean KESTREL_JSON_OUTPUT?
    these keys mean nothing to kestrel yet: engine.modern_ebpf, plugins, watch_config_files, webserver
    ");
}

#[test]
fn ignoring_drops_and_doing_something_about_them_is_a_contradiction() {
    let error = load_all("syscall_event_drops: {actions: [ignore, log]}\n", &[], &[]).unwrap_err();
    assert_eq!(error, "syscall_event_drops.actions: ignore makes no sense together with another action");
    let config = load_all("syscall_event_drops: {threshold: 0.1, rate: 1}\n", &[], &[]).unwrap().config;
    assert_eq!((config.syscall_event_drops.threshold, config.syscall_event_drops.rate), (0.1, 1.0));
}

/// The dotted paths of all keys of a configuration.
fn paths(dict: &Dict, prefix: &str, out: &mut Vec<String>) {
    for (key, value) in dict {
        match value {
            Value::Dict(_, inner) => paths(inner, &format!("{prefix}{key}."), out),
            _ => out.push(format!("{prefix}{key}")),
        }
    }
}

#[test]
fn the_table_has_every_key_of_the_configuration_and_no_other() {
    let defaults = Figment::from(Serialized::defaults(Config::default())).extract::<Dict>().unwrap();
    let mut keys = Vec::new();
    paths(&defaults, "", &mut keys);
    let table: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    assert_eq!(keys, table);
}

#[test]
fn the_installed_configuration_is_the_default_one_with_syslog_instead_of_stdout() {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../dist/kestrel.yaml");
    let loaded = load(&Origins { file: Some(Path::new(shipped)), ..Origins::default() }).unwrap();
    let mut expected = Config::default();
    expected.outputs.stdout_output.enabled = false;
    expected.outputs.syslog_output.enabled = true;
    expected.outputs.file_output = loaded.config.outputs.file_output.clone();
    expected.outputs.program_output.program = loaded.config.outputs.program_output.program.clone();
    assert_eq!(loaded.config, expected);
    assert!(!loaded.config.outputs.file_output.enabled && !loaded.config.outputs.program_output.enabled);
    assert!(loaded.warnings.is_empty());
    // It shows every key that there is.
    let text = std::fs::read_to_string(shipped).unwrap();
    for (key, _) in KEYS {
        let last = key.rsplit('.').next().unwrap();
        assert!(text.contains(&format!("{last}:")), "{key} is missing");
    }
}
