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
fn rule_files_that_cannot_be_read_are_all_named() {
    let place = Place::new(&[("c.yaml", CONFIG)]);
    std::fs::create_dir(place.0.path().join("empty")).unwrap();
    assert_snapshot!(place.run(&["-c", "c.yaml", "-r", "a.yaml", "-r", "b.yaml"]), @r"
    exit 2
    kestrel: a.yaml: cannot read the rules: No such file or directory (os error 2)
    b.yaml: cannot read the rules: No such file or directory (os error 2)
    ");
    assert_snapshot!(place.run(&["-c", "c.yaml", "-V", "a.yaml"]), @r"
    exit 2
    kestrel: a.yaml: cannot read the rules: No such file or directory (os error 2)
    ");
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
    assert!(place.run(&["watch"]).starts_with("exit 2\n"));
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
fn fields_and_events_can_be_listed() {
    let place = Place::new(&[]);
    let fields = place.run(&["--list"]);
    assert!(fields.lines().any(|line| line.starts_with("proc.aname[<index>]")), "{fields}");
    let names = place.run(&["--list", "-N"]);
    assert!(names.lines().any(|line| line == "fd.name"));
    let events = place.run(&["--list-events"]);
    assert!(events.lines().any(|line| line.starts_with("openat ") && line.contains("flags")), "{events}");
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
    let [config, rules]: [PathBuf; 2] =
        [root.join("dist/kestrel.yaml"), root.join("rules/rulesets/kestrel_rules.yaml")];
    let place = Place::new(&[]);
    let shown = place.run(&["-c", config.to_str().unwrap(), "-V", rules.to_str().unwrap()]);
    assert!(shown.starts_with("exit 0\n") && shown.ends_with(": Ok"), "{shown}");
}
