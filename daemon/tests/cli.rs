//! What people see when they use the command wrongly, and its exit codes: 0 fine, 1 failed while running, 2 wrong usage or
//! invalid input. The binary itself is run.

use insta::assert_snapshot;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const GOOD: &str = "\
- rule: Something
  desc: Something happened.
  condition: evt.type = unlink
  output: something happened (command=%proc.cmdline)
  priority: NOTICE
";

const BAD: &str = "\
- rule: Something
  desc: Something happened.
  condition: evt.type = unlink and proc.nme = x
  output: something happened (%fd.nam)
  priority: LOUD
";

/// A folder with files, and the command run in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new(files: &[(&str, &str)]) -> Place {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Place(dir)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kestrel"));
        // Whatever is installed on the machine that runs the tests must not count.
        command.args(arguments).current_dir(&self.0).env_clear().stdin(Stdio::null());
        command
    }

    /// Runs it and gives everything that it said, with what differs from run to run replaced.
    fn run(&self, arguments: &[&str]) -> String {
        self.show(&mut self.command(arguments))
    }

    fn show(&self, command: &mut Command) -> String {
        let output = command.output().unwrap();
        let code = output.status.code().map_or_else(|| output.status.to_string(), |code| format!("exit {code}"));
        let dir = self.0.path().to_str().unwrap().to_owned();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&dir, "DIR").trim_end().to_owned();
        [code, text(&output.stdout), text(&output.stderr)]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// With a configuration of the test's own, and no device anywhere.
const CONFIG: &str = "stdout_output: {enabled: true}\nengine: {kmod: {device: /no/such/kestrel}}\n";

#[test]
fn without_the_module_it_says_how_to_load_it() {
    let place = Place::new(&[("c.yaml", CONFIG), ("r.yaml", GOOD)]);
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "r.yaml"]), @r"
    exit 1
    kestrel: /no/such/kestrel0: no such device: the kernel module is not loaded. Load it with `modprobe kestrel`; `make install` installs it
    ");
    assert_snapshot!(place.run(&["-c", "c.yaml", "dump", "unlink"]), @r"
    exit 1
    kestrel: /no/such/kestrel0: no such device: the kernel module is not loaded. Load it with `modprobe kestrel`; `make install` installs it
    ");
}

#[test]
fn a_file_in_the_place_of_the_device_is_refused() {
    let place = Place::new(&[("c.yaml", CONFIG), ("r.yaml", GOOD), ("kestrel0", "")]);
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "r.yaml", "-o", "engine.kmod.device=./kestrel"]), @r"
    exit 1
    kestrel: ./kestrel0: this is no device of the kernel module. Remove it, and load the module with `modprobe kestrel`
    ");
}

#[test]
fn who_is_not_root_is_told() {
    let place = Place::new(&[("c.yaml", CONFIG), ("r.yaml", GOOD), ("kestrel0", "")]);
    // A copy, because the folder of the build may be closed to others.
    let binary = place.0.path().join("kestrel");
    std::fs::copy(env!("CARGO_BIN_EXE_kestrel"), &binary).unwrap();
    for (path, mode) in [(place.0.path().to_owned(), 0o755), (place.0.path().join("kestrel0"), 0o000)] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let mut command = Command::new(binary);
    command
        .args(["-c", "c.yaml", "-r", "r.yaml", "-o", "engine.kmod.device=./kestrel"])
        .current_dir(&place.0)
        .env_clear();
    if nix::unistd::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    assert_snapshot!(place.show(&mut command), @r"
    exit 1
    kestrel: ./kestrel0: permission denied: only root may read what the kernel records. Start kestrel as root (with CAP_SYS_ADMIN)
    ");
}

#[test]
fn everything_wrong_with_the_configuration_is_said_at_once() {
    let config = "jsn_output: true\nfile_output:\n  enabled: maybe\n";
    let place = Place::new(&[("c.yaml", config), ("r.yaml", GOOD)]);
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "r.yaml", "-o", "priorty=debug"]), @r#"
    exit 2
    kestrel: c.yaml:1:1: unknown key jsn_output; did you mean json_output?
    c.yaml:3:12: file_output.enabled: expected true or false, found "maybe"
    -o priorty=debug: unknown key priorty; did you mean priority?
    "#);
    assert_snapshot!(place.run(&["-c", "missing.yaml"]), @r"
    exit 2
    kestrel: missing.yaml: cannot read the configuration: No such file or directory (os error 2)
    ");
}

#[test]
fn the_environment_counts_and_what_it_names_wrongly_is_said() {
    let place = Place::new(&[("c.yaml", CONFIG), ("r.yaml", GOOD)]);
    let mut command = place.command(&["-c", "c.yaml", "-V", "r.yaml"]);
    command.env("KESTREL_PRIORITY", "error").env("KESTREL_SERVICE_HOST", "10.0.0.1").env("KESTREL_LOG_LVL", "x");
    assert_snapshot!(place.show(&mut command), @r"
    exit 0
    r.yaml: Ok
    kestrel: warning: environment: KESTREL_LOG_LVL sets no key, and is ignored; did you mean KESTREL_LOG_LEVEL?
    kestrel: warning: environment: KESTREL_SERVICE_HOST sets no key, and is ignored
    ");
}

#[test]
fn rules_that_are_wrong_are_shown_where_they_are() {
    let place = Place::new(&[("c.yaml", CONFIG), ("good.yaml", GOOD), ("bad.yaml", BAD)]);
    assert_snapshot!("starting with wrong rules", place.run(&["-c", "c.yaml", "-r", "bad.yaml"]));
    assert_snapshot!("validating rules", place.run(&["-c", "c.yaml", "-V", "good.yaml", "bad.yaml"]));
    assert_snapshot!(place.run(&["-c", "c.yaml", "-V", "good.yaml"]), @r"
    exit 0
    good.yaml: Ok
    ");
}

#[test]
fn rules_that_use_fields_nobody_fills_in_are_named_with_them() {
    let rules = GOOD.replace("command=%proc.cmdline", "pod=%k8smeta.pod.name files=%proc.fdopencount");
    let place = Place::new(&[("c.yaml", CONFIG), ("r.yaml", &rules)]);
    assert_snapshot!(place.run(&["-c", "c.yaml", "-V", "r.yaml"]), @r"
    exit 0
    r.yaml: Ok
    warning: nothing fills in these fields yet: a comparison with them is never true, and outputs show <NA> for them. proc.fdopencount (in Something); k8smeta.pod.name (in Something)
    ");
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "r.yaml"]), @r"
    exit 1
    kestrel: warning: nothing fills in these fields yet: a comparison with them is never true, and outputs show <NA> for them. proc.fdopencount (in Something); k8smeta.pod.name (in Something)
    kestrel: /no/such/kestrel0: no such device: the kernel module is not loaded. Load it with `modprobe kestrel`; `make install` installs it
    ");
}

#[test]
fn verdicts_are_told_to_programs_in_the_form_they_know() {
    let place = Place::new(&[("good.yaml", GOOD), ("bad.yaml", BAD), ("c.yaml", "")]);
    let answer = |arguments: &[&str]| {
        let output = place.command(arguments).output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), answer)
    };
    let (code, good) = answer(&["-c", "c.yaml", "-o", "json_output=true", "-V", "good.yaml", "-L"]);
    assert_eq!((code, &good["falco_load_results"][0]["successful"]), (Some(0), &true.into()));
    assert_eq!(good["falco_describe_results"]["rules"][0]["info"]["name"], "Something");
    let (code, bad) = answer(&["-c", "c.yaml", "-o", "json_output=true", "-V", "good.yaml", "bad.yaml"]);
    let results = bad["falco_load_results"].as_array().unwrap();
    assert_eq!((code, results.len()), (Some(2), 2));
    assert_eq!((&results[0]["successful"], &results[1]["successful"]), (&true.into(), &false.into()));
    let codes: Vec<_> = results[1]["errors"].as_array().unwrap().iter().map(|error| &error["code"]).collect();
    assert!(codes.iter().all(|code| code.as_str().unwrap().starts_with("LOAD_ERR_")), "{codes:?}");
}

#[test]
fn rules_are_described_one_or_all() {
    let place = Place::new(&[("r.yaml", GOOD), ("c.yaml", "")]);
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "r.yaml", "-L"]), @r"
    exit 0
    Something
      Something happened.
    ");
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "r.yaml", "-l", "Something"]));
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "r.yaml", "-l", "Nothing"]), @r"
    exit 2
    kestrel: there is no rule Nothing; -L lists them all
    ");
    assert!(place.run(&["-c", "c.yaml", "-r", "r.yaml", "-l", "Something", "-L"]).contains("cannot be used with"));
}

#[test]
fn rule_files_that_cannot_be_read_are_all_named() {
    let place = Place::new(&[("c.yaml", CONFIG)]);
    std::fs::create_dir(place.0.path().join("empty")).unwrap();
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "a.yaml", "-r", "b.yaml"]), @r"
    exit 2
    kestrel: a.yaml: cannot read the rules: No such file or directory (os error 2)
    b.yaml: cannot read the rules: No such file or directory (os error 2)
    ");
    let verdict = place.run(&["-c", "c.yaml", "-V", "a.yaml"]);
    assert!(
        verdict.contains("a.yaml: Invalid\nerror[LOAD_ERR_FILE_READ]: the file cannot be read: No such"),
        "{verdict}"
    );
    assert!(verdict.starts_with("exit 2") && verdict.contains("one thing is wrong in the rules"), "{verdict}");
    let json = place.run(&["-c", "c.yaml", "-o", "json_output=true", "-V", "a.yaml"]);
    assert!(json.contains("\"code\":\"LOAD_ERR_FILE_READ\""), "{json}");
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "empty"]), @r"
    exit 2
    kestrel: no rule is enabled: nothing would ever be found. Name rule files with -r or in rules_files
    ");
}

#[test]
fn outputs_that_cannot_be_are_refused_before_anything_is_recorded() {
    let place = Place::new(&[("c.yaml", CONFIG), ("r.yaml", GOOD)]);
    let run = |option: &str| place.run(&["-c", "c.yaml", "-r", "r.yaml", "-o", option]);
    assert_snapshot!(run("file_output={enabled: true, filename: /no/such/folder/alerts}"), @r"
    exit 2
    kestrel: file_output: cannot open /no/such/folder/alerts: No such file or directory (os error 2)
    ");
    assert_snapshot!(run("file_output.enabled=true"), @r"
    exit 2
    kestrel: file_output: filename is missing
    ");
    assert_snapshot!(run("program_output.enabled=true"), @r"
    exit 2
    kestrel: program_output: program is missing
    ");
    assert_snapshot!(run("syslog_output={enabled: true, facility: nowhere}"));
}

#[test]
fn words_that_mean_nothing_are_wrong_usage() {
    let place = Place::new(&[("c.yaml", CONFIG)]);
    assert_snapshot!(place.run(&["-c", "c.yaml", "dump", "openat", "unlnk", "--events", "frobnicate"]), @r"
    exit 2
    kestrel: there is no event unlnk: did you mean unlink?
    there is no event frobnicate: `kestrel --list-events` lists them
    ");
    assert!(place.run(&["--no-such-flag"]).starts_with("exit 2\n"));
    assert!(place.run(&["look"]).starts_with("exit 2\n"));
    assert!(place.run(&["-M", "soon"]).starts_with("exit 2\n"));
}

#[test]
fn the_help_and_the_version_are_there() {
    let place = Place::new(&[]);
    assert_snapshot!("help", place.run(&["--help"]));
    let version = place.run(&["--version"]);
    assert!(
        version.starts_with(&format!("exit 0\nkestrel {}\nkernel module: ABI ", env!("CARGO_PKG_VERSION"))),
        "{version}"
    );
}

#[test]
fn programs_are_told_the_versions() {
    let place = Place::new(&[("c.yaml", "json_output: true\n")]);
    let told = place.run(&["--version-json"]);
    let versions: serde_json::Value = serde_json::from_str(told.strip_prefix("exit 0\n").unwrap()).unwrap();
    assert_eq!(versions["kestrel_version"], env!("CARGO_PKG_VERSION"));
    assert!(versions["engine_version_semver"].as_str().unwrap().starts_with("0."));
    assert_eq!(place.run(&["--version", "-c", "c.yaml"]), told);
    // Whatever the configuration is like.
    assert!(place.run(&["--version", "-o", "nonsense"]).starts_with("exit 0\nkestrel "));
}

#[test]
fn a_dry_run_says_whether_it_would_run_and_records_nothing() {
    let config = format!("{CONFIG}rules_files: [r.yaml]\n");
    let place = Place::new(&[("c.yaml", &config), ("r.yaml", GOOD)]);
    let dry = |more: &[&str]| place.run(&[&["-c", "c.yaml", "--dry-run"], more].concat());
    let fine = dry(&[]);
    assert!(fine.starts_with("exit 0\nkestrel would run with this: 1 rules"), "{fine}");
    let format = "append_output[]={extra_output: '%proc.nme'}";
    assert!(dry(&["-o", format]).starts_with("exit 2\n"), "{}", dry(&["-o", format]));
    let web =
        ["-o", "webserver.enabled=true", "-o", "webserver.ssl_enabled=true", "-o", "webserver.ssl_certificate=no.pem"];
    let refused = dry(&web);
    assert!(refused.starts_with("exit 2\n") && refused.contains("ssl_certificate: no.pem: "), "{refused}");
}

#[test]
fn the_configuration_of_falco_can_be_used_as_it_is() {
    let falcos = include_str!("data/falcos_keys.yaml").replace("/etc/falco/falco_rules.yaml", "r.yaml");
    // What this machine does not have need not be there: neither are the other rule files.
    let falcos =
        falcos.replace("- /etc/falco/falco_rules.local.yaml\n", "").replace("listen_port: 8765", "listen_port: 0");
    let place = Place::new(&[("falco.yaml", &falcos), ("r.yaml", GOOD)]);
    let said =
        place.run(&["-c", "falco.yaml", "--dry-run", "-o", "syslog_output.enabled=false", "-o", "log_syslog=false"]);
    assert!(said.starts_with("exit 0\nkestrel would run"), "{said}");
    assert_eq!(said.matches("mean nothing to kestrel yet").count(), 1, "{said}");
}

#[test]
fn support_has_what_a_report_needs() {
    let config = format!("{CONFIG}rules_files: [r.yaml]\n");
    let place = Place::new(&[("c.yaml", &config), ("r.yaml", BAD)]);
    let said = place.run(&["-c", "c.yaml", "--support"]);
    let support: serde_json::Value =
        serde_json::from_str(said.strip_prefix("exit 0\n").unwrap().lines().next().unwrap()).unwrap();
    assert_eq!(
        (&support["system_info"]["sysname"], &support["version"]),
        (&"Linux".into(), &env!("CARGO_PKG_VERSION").into())
    );
    assert_eq!(
        (&support["rules_files"][0]["name"], &support["rules_files"][0]["variants"][0]["content"]),
        (&"r.yaml".into(), &BAD.into())
    );
    assert!(support["config"].as_str().unwrap().contains("/no/such/kestrel"));
    assert!(support["cmdline"].as_str().unwrap().ends_with("-c c.yaml --support"));
    assert!(support["rules_problems"].as_str().unwrap().contains("proc.nme"));
}

/// The lines from the first one that begins so, at most this many.
fn excerpt(text: &str, start: &str, lines: usize) -> String {
    let found = text.lines().skip_while(|line| !line.starts_with(start)).take(lines);
    found.map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn fields_are_listed_by_group_for_people() {
    let place = Place::new(&[]);
    let list = place.run(&["--list"]);
    assert_snapshot!(excerpt(&list, "exit", 4), @r"
    exit 0
    Written as name[argument]: [argument] must be given, ([argument]) can be left out.
    {not filled in yet}: known to rules, but missing in every event.
    ");
    assert_snapshot!(excerpt(&list, "process:", 6), @r"
    process: The process and the thread that did it, their ancestors, and what they run. (source syscall)

      proc.exe                                 string   First argument of the command line; usually the program's name, but the program that starts another can choose it.
      proc.pexe                                string   proc.exe of the parent.
      proc.aexe([index])                       string   proc.exe of an ancestor: 1 is the parent, 2 its parent; without an argument any of them. {no value}
      proc.exepath                             string   Path of the executable, links followed.
    ");
    assert_snapshot!(excerpt(&list, "  container.mount[", 3), @r"
    container.mount[name or index]              string   One mount, by its number or its source.
    container.mount.source[name or index]       string   Source of a mount, by the mount's number or destination.
    container.mount.dest[name or index]         string   Destination of a mount, by the mount's number or source.
    ");
    assert_snapshot!(excerpt(&list, "  ka.sourceips", 1), @r"  ka.sourceips([index])                                               string   Addresses that the request came from, those of proxies included. {list}");
}

#[test]
fn fields_are_listed_by_source() {
    let place = Place::new(&[]);
    let names = |list: &str| -> Vec<String> {
        let shown = place.run(&[list, "-N"]);
        shown.lines().skip(1).map(str::to_owned).collect()
    };
    let (all, syscall, audit) = (names("--list"), names("--list=syscall"), names("--list=k8s_audit"));
    assert_eq!((all.len(), syscall.len(), audit.len()), (425, 325, 125));
    let has = |names: &[String], name: &str| names.iter().any(|known| known == name);
    assert!(has(&syscall, "fd.name") && !has(&syscall, "ka.verb"));
    assert!(has(&audit, "ka.verb") && has(&audit, "evt.time") && !has(&audit, "fd.name"));
    assert_snapshot!(place.run(&["--list=nowhere"]), @r"
    exit 2
    kestrel: there is no source nowhere of fields: expected syscall or k8s_audit
    ");
}

#[test]
fn fields_are_listed_for_programs() {
    let place = Place::new(&[]);
    let json = |arguments: &[&str]| -> serde_json::Value {
        let shown = place.run(arguments);
        serde_json::from_str(shown.strip_prefix("exit 0\n").unwrap()).unwrap()
    };
    let classes = json(&["--list", "--format", "json"]);
    let field = |name: &str| {
        let fields = classes.as_array().unwrap().iter().flat_map(|class| class["fields"].as_array().unwrap());
        fields.into_iter().find(|field| field["name"] == name).unwrap().clone()
    };
    assert_snapshot!(field("proc.aname"), @r#"{"argument":{"index":true,"name":false,"required":false},"description":"`proc.name` of an ancestor: 1 is the parent, 2 its parent; without an argument any of them.","filled":true,"flags":["no_value"],"from":["relatives","process table"],"name":"proc.aname","type":"string"}"#);
    assert_snapshot!(field("container.image.tag"), @r#"{"description":"Tag of the image.","filled":true,"flags":["suggested"],"from":["runtime's files"],"name":"container.image.tag","type":"string"}"#);
    assert_eq!(classes[0]["source"], serde_json::Value::Null);
    assert_eq!(classes[1]["source"], "syscall");
    assert_eq!(json(&["--list", "-N", "--format", "json"])[0], "evt.num");
    let events = json(&["--list-events", "--format", "json"]);
    let socket = events.as_array().unwrap().iter().find(|event| event["name"] == "bpf").unwrap();
    assert_eq!(socket["category"], "system");
    assert_eq!(socket["params"][0], serde_json::json!({"name": "fd", "type": "fd"}));
    assert!(socket["params"][1]["names"].as_array().unwrap().contains(&"BPF_PROG_LOAD".into()), "{socket}");
}

#[test]
fn events_are_listed_by_category() {
    let place = Place::new(&[]);
    let list = place.run(&["--list-events"]);
    assert_snapshot!(excerpt(&list, "signal", 5), @r"
    signal

      kill               res: result, pid: pid, sig: signal
      tkill              res: result, tid: pid, sig: signal
      tgkill             res: result, pid: pid, tid: pid, sig: signal
    ");
    let page = place.run(&["--list-events", "--format", "markdown"]);
    assert_snapshot!(excerpt(&page, "## signal", 6), @r"
    ## signal

    | event | parameters |
    |---|---|
    | `kill` | `res` result, `pid` pid, `sig` signal |
    | `tkill` | `res` result, `tid` pid, `sig` signal |
    ");
}

#[test]
fn the_page_of_fields_is_what_the_command_lists() {
    let place = Place::new(&[]);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/FIELDS.md");
    let page = std::fs::read_to_string(path).unwrap();
    let listed = place.run(&["--list", "--format", "markdown"]);
    assert!(
        listed == format!("exit 0\n{}", page.trim_end()),
        "docs/FIELDS.md is stale: kestrel --list --format markdown > docs/FIELDS.md"
    );
    assert_eq!(place.run(&["--list", "--markdown"]), listed);
}

#[test]
fn whoever_reads_only_the_beginning_hurts_nobody() {
    let place = Place::new(&[]);
    let mut child = place.command(&["--list"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn the_configuration_and_the_rules_that_are_installed_are_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let config: PathBuf = root.join("dist/kestrel.yaml");
    let optional = std::fs::read_to_string(root.join("rules/rulesets/optional.yaml")).unwrap();
    let place = Place::new(&[("rules.yaml", kestrel_rules::DEFAULT_RULES), ("optional.yaml", &optional)]);
    let shown = place.run(&["-c", config.to_str().unwrap(), "-V", "rules.yaml", "optional.yaml"]);
    assert_eq!(shown, "exit 0\nrules.yaml: Ok\noptional.yaml: Ok");
}
