use super::*;
use figment::Figment;
use figment::providers::Serialized;
use figment::value::{Dict, Value};
use std::path::Path;

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
    for wrong in
        ["rules[].disable=x", "rules[].off.rule=x", "rules[].disable.rule.x=y", "rules[].=x", "stdout_output[].a=x"]
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
fn an_older_name_of_a_key_is_the_key() {
    let files = |text: &str, options: &[&str]| load_all(text, &[], options).map(|loaded| loaded.config.rules_files);
    assert_eq!(files("rules_file: [/a]\n", &["rules_file[]=/b"]).unwrap(), [Path::new("/a"), Path::new("/b")]);
    let environment = load_all("", &[("KESTREL_RULES_FILE", "[/c]")], &[]).unwrap();
    assert_eq!(environment.config.rules_files, [Path::new("/c")]);
    insta::assert_snapshot!(
        files("rules_file: [/a]\nrules_files: [/b]\n", &[]).unwrap_err(),
        @"FILE:1:1: rules_file is an older name of rules_files, which is given too: keep rules_files"
    );
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
webserver: {enabled: true, threadiness: 2}
";
    let loaded = load_all(text, &[("KESTREL_SERVICE_HOST", "x"), ("KESTREL_JSON_OUTPT", "x")], &[]).unwrap();
    insta::assert_snapshot!(loaded.warnings.join("\n"), @r"
    environment: KESTREL_SERVICE_HOST sets no key, and is ignored
    environment: KESTREL_JSON_OUTPT sets no key, and is ignored; did you mean KESTREL_JSON_OUTPUT?
    these keys mean nothing to kestrel yet: engine.modern_ebpf, plugins, webserver.threadiness
    ");
}

/// Every key that the configuration has that Falco 0.44 comes with, as it is there.
const FALCOS: &str = include_str!("../../tests/data/falcos_keys.yaml");

#[test]
fn the_configuration_that_falco_comes_with_is_accepted_with_one_warning() {
    let loaded = load_all(FALCOS, &[], &[]).unwrap();
    insta::assert_snapshot!(loaded.warnings.join("\n"));
    let config = loaded.config;
    assert!(config.outputs.stdout_output.enabled && config.outputs.syslog_output.enabled && config.webserver.enabled);
    assert_eq!(config.engine.kind, EngineKind::Kmod);
    assert_eq!((config.metrics.interval, config.syscall_event_drops.threshold), (3_600_000, 0.1));
    assert_eq!(config.append_output, [AppendOutput { suggested_output: true, ..AppendOutput::default() }]);
    assert_eq!(config.webserver.listen_address, "0.0.0.0");
}

#[test]
fn mistakes_in_the_configuration_of_falco_are_found_among_its_keys() {
    let text = FALCOS
        .replace("watch_config_files:", "watch_config_file:")
        .replace("interval: 1h", "interval: soon")
        .replace("suggested_output: true", "sugested_output: true")
        .replace("listen_port: 8765", "listen_port: http")
        .replace("kind: modern_ebpf", "kind: modern_bpf");
    insta::assert_snapshot!(load_all(&text, &[], &[]).unwrap_err());
}

#[test]
fn what_is_added_to_alerts_is_read_in_falcos_form() {
    let text = "\
append_output:
  - match: {source: syscall, rule: A rule, tags: [a, b]}
    extra_output: on %evt.cpu
    extra_fields: [proc.sid, {shell: '%proc.name'}]
  - suggested_output: true
";
    let config = load_all(text, &[], &["append_output[]={extra_output: x}", "append_output[1].match.rule=B"]).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&config.config.append_output).unwrap());
    let text = "append_output: [{extra_fields: [a, {a: b}]}]\n";
    insta::assert_snapshot!(
        load_all(text, &[], &[]).unwrap_err(),
        @r#"append_output: extra_fields: "a" is there twice"#
    );
    let text =
        "append_output: [{extra_fields: [{a: b, c: d}, 1]}, 7, {match: {tag: x}}]\nconfig_files: [{strategy: best}]\n";
    insta::assert_snapshot!(load_all(text, &[], &[]).unwrap_err());
}

#[test]
fn texts_for_rules_are_read_from_files_and_options() {
    let text = "static_fields:\n  site: north\n  rack.row: '7'\n";
    let config = load_all(text, &[], &["static_fields.site=south", "static_fields.tier=edge"]).unwrap().config;
    let texts: Vec<(&str, &str)> = config.static_fields.iter().map(|(name, text)| (&**name, &**text)).collect();
    assert_eq!(texts, [("rack.row", "7"), ("site", "south"), ("tier", "edge")]);
    let config = load_all("", &[], &["static_fields={site: east}"]).unwrap().config;
    assert_eq!(config.static_fields["site"], "east");
    insta::assert_snapshot!(load_all("static_fields: {site: 7}\n", &[], &[]).unwrap_err());
    insta::assert_snapshot!(load_all("static_fields: [site]\n", &[], &[]).unwrap_err());
    insta::assert_snapshot!(load_all("static_fields: {my site: north}\n", &[], &[]).unwrap_err());
}

#[test]
fn parts_of_lists_can_be_set_by_their_numbers() {
    let text = "rules_files: [/a, /b]\n";
    let files = |options: &[&str]| load_all(text, &[], options).map(|loaded| loaded.config.rules_files);
    assert_eq!(files(&["rules_files[1]=/c"]).unwrap(), [Path::new("/a"), Path::new("/c")]);
    assert_eq!(files(&["rules_files[]=/c", "rules_files[2]=/d"]).unwrap()[2], Path::new("/d"));
    let wrong = [
        "rules_files[2]=/c",
        "rules_files.x=/c",
        "json_output[0]=true",
        "webserver[0]=1",
        "append_output[0].match.rul=x",
        "rules_files[0=x",
        r"file_output\.enabled=true",
    ];
    insta::assert_snapshot!(files(&wrong).unwrap_err());
}

/// A folder with a first file and more files, by their names.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("DIR", &folder.path().display().to_string())).unwrap();
    }
    folder
}

fn load_folder(folder: &tempfile::TempDir, options: &[&str]) -> Result<Loaded, String> {
    let options: Vec<String> =
        options.iter().map(|option| option.replace("DIR", &folder.path().display().to_string())).collect();
    let path = folder.path().join("main.yaml");
    load(&Origins { file: Some(&path), environment: Vec::new(), options: &options })
        .map_err(|error| error.to_string().replace(&folder.path().display().to_string(), "DIR"))
}

#[test]
fn more_files_are_merged_in_their_order_each_by_its_strategy() {
    let folder = folder(&[
        (
            "main.yaml",
            "config_files: [DIR/a.d, {path: DIR/b.yaml, strategy: override}, {path: DIR/c.yaml, strategy: add-only}, DIR/no]\n\
             rules_files: [/main]\nfile_output: {enabled: true, filename: /main}\nrule_matching: all\n",
        ),
        ("a.d/2.yaml", "rules_files: [/a2]\npriority: error\n"),
        ("a.d/1.yml", "rules_files: [/a1]\npriority: notice\nfile_output: {filename: /a1}\n"),
        ("a.d/3.txt", "not: read\n"),
        ("b.yaml", "append_output: [{extra_output: b}]\nrule_matching: first\n"),
        ("c.yaml", "priority: debug\nhostname: c\nrules_files: [/c]\n"),
    ]);
    let Loaded { config, files, .. } = load_folder(&folder, &[]).unwrap();
    assert_eq!(config.rules_files, [Path::new("/main"), Path::new("/a1"), Path::new("/a2")]);
    assert_eq!((config.priority, config.rule_matching), (Priority::Error, RuleMatching::First));
    // A key of the first level counts as a whole.
    assert!(!config.outputs.file_output.enabled && config.outputs.file_output.filename == Path::new("/a1"));
    assert_eq!((config.hostname.as_str(), config.append_output.len()), ("c", 1));
    let names: Vec<_> = files.iter().map(ReadFile::name).collect();
    assert_eq!(names, ["main.yaml", "1.yml", "2.yaml", "b.yaml", "c.yaml"]);

    let config = load_folder(&folder, &["config_files={path: DIR/b.yaml, strategy: override}"]).unwrap().config;
    assert_eq!((config.rules_files, config.append_output.len()), (vec!["/main".into()], 1));
    let config = load_folder(&folder, &["config_files[]=DIR/b.yaml", "hostname=o"]).unwrap().config;
    assert_eq!((config.hostname.as_str(), config.append_output.len()), ("o", 2));
}

#[test]
fn what_is_wrong_in_any_of_the_files_is_said_with_its_file() {
    let folder = folder(&[
        ("main.yaml", "config_files: [DIR/a.yaml, DIR/main.yaml]\njson_outptu: true\n"),
        ("a.yaml", "config_files: [DIR/b.yaml]\nlog_level: loud\n"),
    ]);
    insta::assert_snapshot!(load_folder(&folder, &["prioritty=debug"]).unwrap_err());
}

#[test]
fn variables_of_the_environment_stand_in_values() {
    let text =
        "hostname: host-${N}\njson_output: ${ON}\noutputs_queue: {capacity: '${N}'}\nfile_output:\n  filename: $${N}\n";
    let environment = [("N", "7"), ("ON", "true")];
    let config = load_all(text, &environment, &[]).unwrap().config;
    assert_eq!((config.hostname.as_str(), config.outputs.outputs_queue.capacity), ("host-7", 7));
    assert!(config.outputs.json_output && config.outputs.file_output.filename == Path::new("${N}"));
    let loaded = load_all("hostname: a${MISSING}b\n", &[], &["hostname=${N}"]).unwrap();
    assert_eq!((loaded.config.hostname.as_str(), loaded.warnings.len()), ("${N}", 1));
    insta::assert_snapshot!(loaded.warnings[0], @"environment: MISSING is not set: ${MISSING} is read as nothing");
    insta::assert_snapshot!(
        load_all("json_output: ${N}\n", &environment, &[]).unwrap_err(),
        @r#"FILE:1:14: json_output: expected true or false, found "${N}""#
    );
}

#[test]
fn the_name_of_the_machine_can_come_from_falcos_variable() {
    let name = |environment: &[(&str, &str)]| load_all("", environment, &[]).unwrap().config.hostname;
    assert_eq!(name(&[("FALCO_HOSTNAME", "f")]), "f");
    assert_eq!(name(&[("FALCO_HOSTNAME", "f"), ("KESTREL_HOSTNAME", "k")]), "k");
}

#[test]
fn an_address_that_is_none_is_refused_where_it_is_used() {
    let text = "webserver: {enabled: true, listen_address: localhost, k8s_healthz_endpoint: health}\n";
    insta::assert_snapshot!(load_all(text, &[], &[]).unwrap_err());
    assert!(load_all(&text.replace("true", "false"), &[], &[]).is_ok());
    let v6 = "webserver: {enabled: true, listen_address: '[::1]'}\n";
    assert!(load_all(v6, &[], &[]).unwrap().config.webserver.address().unwrap().is_ipv6());
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
            // One that holds any names is a key by itself.
            Value::Dict(_, inner) if !inner.is_empty() => paths(inner, &format!("{prefix}{key}."), out),
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
    expected.config_files = vec![Fragment { path: "/etc/kestrel/config.d".into(), strategy: Strategy::Append }];
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
