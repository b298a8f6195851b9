//! `kestrel test` and `kestrel explain`: what people see, their exit codes, and that what a test says is what is judged.

use insta::assert_snapshot;
use kestrel::rule_test::{self, MAX_BYTES, MAX_EVENTS, MAX_PROCESSES, MAX_RECORDS, MAX_TESTS, Outcome, TestFile};
use kestrel_core::schema::{EVENTS, From, Type};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const RULES: &str = "\
- rule: Notes opened
  desc: Somebody opened the notes.
  condition: evt.type in (open, openat) and fd.name = /srv/notes
  output: notes opened (process=%proc.name parent=%proc.pname user=%user.name flags=%evt.arg.flags)
  priority: NOTICE

- rule: Anything opened
  desc: Somebody opened something.
  condition: evt.type in (open, openat) and fd.num >= 0
  output: opened (file=%fd.name)
  priority: NOTICE
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

    /// Runs it, and gives everything that it said.
    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kestrel"));
        let output = command.args(arguments).current_dir(&self.0).env_clear().stdin(Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        format!("exit {}\n{}\n{}", output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }
}

/// Reads a file of tests of [`RULES`].
fn read(text: &str) -> Result<TestFile, String> {
    let place = Place::new(&[("rules.yaml", RULES)]);
    rule_test::read("tests.yaml", &format!("rules: rules.yaml\n{text}"), place.0.path())
        .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))
}

#[test]
fn rules_that_name_texts_of_the_configuration_are_tested_with_those_of_the_file() {
    let rules = RULES
        .replace("fd.num >= 0", "fd.num >= 0 and static.tier = edge")
        .replace("opened (file", "opened at %static.site (file");
    let tests = |texts: &str| {
        format!(
            "rules: rules.yaml\nstatic_fields: {texts}\ntests:\n- name: t\n  process: cat x\n  \
             event: {{openat: {{name: /srv/x, flags: O_RDONLY}}}}\n  fires: {{rule: Anything opened, contains: north}}\n"
        )
    };
    let place = Place::new(&[
        ("rules.yaml", rules.as_str()),
        ("good.yaml", &tests("{site: north, tier: edge}")),
        ("silent.yaml", &tests("{site: north, tier: core}")),
        ("missing.yaml", &tests("{tier: edge}")),
        ("wrong.yaml", &tests("{my site: [north]}")),
    ]);
    for file in ["good.yaml", "silent.yaml", "missing.yaml", "wrong.yaml"] {
        assert_snapshot!(format!("static_fields_{file}"), place.run(&["test", "--coverage", file]));
    }
}

fn outcomes(file: TestFile) -> Vec<Outcome> {
    let mut rules = Some(file.rules);
    let mut played = Vec::new();
    for test in &file.tests {
        let (outcome, again) = rule_test::play(test, rules.take().unwrap(), &file.sources);
        rules = Some(again);
        played.push(outcome);
    }
    played
}

const PASSING: &str = "\
rules: rules.yaml
tests:
  - name: a file is opened
    process: cat notes
    event: {openat: {name: /srv/notes, flags: O_RDWR|O_CREAT}}
    fires:
      rule: Notes opened
      output: notes opened (process=cat parent=systemd user=root flags=O_RDWR|O_CREAT)
  - name: below a directory, by somebody, after a change of the working directory
    processes:
      - {run: -bash, user: user, tty: true, cwd: /home/user}
      - {run: [vi, my notes], name: vim}
    before:
      - {chdir: {path: /srv}, by: bash}
    event: {openat: {dirfd: dir /srv/x, name: ../notes}}
    fires: {rule: Notes opened, contains: [process=vim, parent=bash, user=user]}
  - name: a symbolic link
    process: cat
    event: {open: {name: /tmp/link, fd: 7=/srv/notes}}
    fires: Notes opened
  - name: another file
    process: cat
    event: {open: {name: /srv/other}}
    fires: Anything opened
  - name: a file that is not there
    process: cat
    event: {open: {name: /srv/other}, result: ENOENT}
    silent: [Anything opened, Notes opened]
";

#[test]
fn tests_that_pass_are_listed_and_counted() {
    let place = Place::new(&[("rules.yaml", RULES), ("tests.yaml", PASSING)]);
    assert_snapshot!(place.run(&["test", "tests.yaml"]));
}

#[test]
fn a_test_that_fails_says_what_was_expected_what_happened_and_why() {
    let text = "\
rules: rules.yaml
tests:
  - name: nothing happens
    process: cat
    event: {open: {name: /srv/other}}
    fires: none
  - name: another rule fires
    process: cat
    event: {open: {name: /srv/other}}
    fires: Notes opened
  - name: a rule that comes after another
    process: cat
    event: {open: {name: /srv/notes}}
    fires: [Notes opened, Anything opened]
  - name: a rule about other events
    process: {run: cat, container: true}
    event: {unlink: {path: /srv/notes}}
    fires: Notes opened
  - name: another output
    process: cat
    event: {open: {name: /srv/other}}
    fires: {rule: Anything opened, contains: /srv/others}
  - name: a whole output that is different
    process: cat
    event: {open: {name: /srv/other}}
    fires: {rule: Anything opened, output: \"opened (file=/srv/other\"}
  - name: this one passes
    process: cat
    event: openat
    fires: Anything opened
";
    let place = Place::new(&[("rules.yaml", RULES), ("tests.yaml", text)]);
    assert_snapshot!(place.run(&["test", "tests.yaml"]));
}

#[test]
fn everything_that_is_wrong_is_said_in_one_run_with_its_place() {
    let text = "\
rules: [rules.yaml, missing.yaml]
matching: some
tests:
  - name: same
    proces: cat
    event: openat
    fires: none
  - name: same
    process: {run: cat 'x, users: 3}
    event: {openatt: {name: /etc/passwd}}
    fires: Notes opend
  - name: a process that makes no sense
    processes:
      - {run: cat, user: joe, container: xyz, pid: 0, tty: yes please, capabilities: CAP_SYS_ADMN}
      - {exe: /bin/x}
    event: {openat: {nam: /x, flags: O_RDONLY|O_CRATE, mode: joe, ino: 3}, by: dog, result: ENOSUCH}
    fires: [none]
  - name: values of the wrong type
    process: cat
    before: unlink
    event: {connect: {fd: tcp 1.2.3.4, tuple: nowhere, addr: 5, res: [0]}}
    fires: {rul: Notes opened, output: [x]}
  - name: not near
    process: cat
    event: unlink
    silent: Notes opened
  - name: a number that YAML takes for another
    process: cat
    event: {chmod: {filename: /x, mode: 0755}}
    fires: none
  - name: too much
    process: cat
    event: {open: {name: /x}, unlink: {path: /x}, by: sh}
  - just text
";
    let broken = "tests:\n  - name: [a\n";
    let place = Place::new(&[("rules.yaml", RULES), ("tests.yaml", text), ("broken.yaml", broken)]);
    assert_snapshot!(place.run(&["test", "tests.yaml", "broken.yaml"]));
}

#[test]
fn rules_that_are_wrong_are_shown_as_such() {
    let text = "rules: rules.yaml\ntests:\n  - {name: a, process: cat, event: open, fires: Something}\n";
    let place = Place::new(&[("rules.yaml", &RULES.replace("fd.name =", "fd.nme =")), ("tests.yaml", text)]);
    let said = place.run(&["test", "tests.yaml"]);
    assert!(said.starts_with("exit 2\n") && said.ends_with("no test was played"), "{said}");
    assert!(said.contains("fd.nme") && said.contains("rules.yaml:3:"), "{said}");
    // Whether there is such a rule is not known then.
    assert!(!said.contains("tests.yaml"), "{said}");
}

#[test]
fn what_tests_mean_does_not_depend_on_the_machine() {
    let place = Place::new(&[("rules.yaml", RULES), ("tests.yaml", PASSING), ("kestrel.yaml", "priority: alert")]);
    for arguments in [&["-c", "kestrel.yaml"][..], &["-o", "priority=alert"], &["-r", "rules.yaml"]] {
        let said = place.run(&[arguments, &["test", "tests.yaml"]].concat());
        assert!(said.starts_with("exit 2\n") && said.contains("test takes no -c, -o or -r"), "{said}");
    }
    let said = place.run(&["test", "missing.yaml", "gone"]);
    assert_snapshot!(said, @r"
    exit 2

    kestrel: missing.yaml: cannot read the tests: No such file or directory (os error 2)
    gone: cannot read the tests: No such file or directory (os error 2)
    ");
}

#[test]
fn a_folder_stands_for_the_files_in_it() {
    let place = Place::new(&[("rules.yaml", RULES)]);
    std::fs::create_dir(place.0.path().join("tests")).unwrap();
    for name in ["b.yaml", "a.yml"] {
        std::fs::write(place.0.path().join("tests").join(name), PASSING.replace("rules.yaml", "../rules.yaml"))
            .unwrap();
    }
    let said = place.run(&["test", "tests"]);
    assert!(said.starts_with("exit 0\ntests/a.yml\n") && said.contains("tests/b.yaml\n"), "{said}");
    assert!(said.trim_end().ends_with("10 passed, 0 failed"), "{said}");
    std::fs::create_dir(place.0.path().join("empty")).unwrap();
    assert!(place.run(&["test", "empty"]).starts_with("exit 2\n"));
}

#[test]
fn all_rules_that_match_fire_in_their_order_if_the_file_says_so() {
    let text = |fires: &str| {
        format!(
            "matching: all\ntests: [{{name: a, process: cat, event: {{open: {{name: /srv/notes}}}}, fires: {fires}}}]"
        )
    };
    let passes = |fires| outcomes(read(&text(fires)).unwrap()) == [Outcome::Passed];
    assert!(passes("[Notes opened, Anything opened]"));
    assert!(!passes("[Anything opened, Notes opened]"));
    assert!(!passes("Notes opened"));
    assert!(!passes("none"));
}

#[test]
fn the_rules_that_kestrel_comes_with_are_tested_if_no_others_are_named() {
    let text = "tests: [{name: a, process: cat /etc/shadow, event: {open: {name: /etc/shadow}}, \
                fires: Sensitive file opened for reading}]";
    for rules in ["", "rules: default\n", "rules: [default]\n"] {
        let file = rule_test::read("t.yaml", &format!("{rules}{text}"), Path::new("/nowhere")).unwrap();
        assert_eq!(outcomes(file), [Outcome::Passed], "{rules}");
    }
}

#[test]
fn setup_events_are_taken_in_and_their_alerts_do_not_matter() {
    let text = "
tests:
  - name: the shell's directory is another one then
    processes: [bash, cat]
    before:
      - {open: {name: /srv/notes}}
      - {chdir: {path: /srv}}
    event: {openat: {name: notes, fd: ENOENT}}
    fires: none
";
    assert_eq!(outcomes(read(text).unwrap()), [Outcome::Passed]);
}

/// The YAML blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_examples_of_the_pages_pass() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(docs.join("docs/RULE-TESTS.md")).unwrap();
    let readme = std::fs::read_to_string(docs.join("README.md")).unwrap();
    let (rules, tests): (Vec<&str>, Vec<&str>) =
        blocks(&readme).into_iter().partition(|block| block.starts_with("- rule:"));
    let place = Place::new(&[("my_rules.yaml", rules[0])]);
    let examples = [blocks(&page), tests].concat();
    assert_eq!(examples.len(), 4);
    for example in examples {
        let file = rule_test::read("example.yaml", example, place.0.path()).unwrap_or_else(|wrong| {
            panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))
        });
        for outcome in outcomes(file) {
            assert_eq!(outcome, Outcome::Passed, "{example}");
        }
    }
    // What the page shows of a run is what a run shows, but for the number of conditions of the default rules.
    let place = Place::new(&[("shadow.yaml", blocks(&page)[0])]);
    let shown = uncounted(&place.run(&["test", "shadow.yaml"]));
    assert!(uncounted(&page).contains(shown.trim_end().strip_prefix("exit 0\n").unwrap()), "{shown}");
    let place = Place::new(&[("rules.yaml", COVERED), ("tests.yaml", FEW)]);
    let shown = place.run(&["test", "tests.yaml", "--coverage"]);
    assert!(page.contains(shown[shown.find("4 of 12").unwrap()..].trim_end()), "{shown}");
}

/// A text without the numbers of conditions in it.
fn uncounted(text: &str) -> String {
    let line = |line: &str| match line.find(" conditions were true") {
        Some(at) => format!("N of M{}\n", &line[at..]),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// A rule for each event whose alert shows all parameters, and a test for each text of a parameter.
fn shown(cases: &[(String, String, String)]) -> Vec<(String, Outcome)> {
    let mut rules = String::new();
    let mut tests = "rules: rules.yaml\ntests:\n".to_owned();
    for event in EVENTS {
        let name = event.name;
        writeln!(
            rules,
            "- {{rule: \"{name}\", desc: d, condition: evt.type = {name}, output: \"%evt.args\", priority: NOTICE}}"
        )
        .unwrap();
    }
    for (index, (event, params, shown)) in cases.iter().enumerate() {
        writeln!(
            tests,
            "  - {{name: t{index}, process: cat, event: {{{event}: {params}}}, fires: {{rule: \"{event}\", contains: '{shown}'}}}}"
        )
        .unwrap();
    }
    let place = Place::new(&[("rules.yaml", &rules)]);
    let file = rule_test::read("tests.yaml", &tests, place.0.path())
        .unwrap_or_else(|wrong| panic!("{}", wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")));
    let names: Vec<String> = cases.iter().map(|(event, params, _)| format!("{event} {params}")).collect();
    names.into_iter().zip(outcomes(file)).collect()
}

#[test]
fn every_event_can_be_made_with_no_parameter_said() {
    let cases: Vec<_> = EVENTS.iter().map(|event| (event.name.to_owned(), "{}".to_owned(), String::new())).collect();
    for (name, outcome) in shown(&cases) {
        assert_eq!(outcome, Outcome::Passed, "{name}");
    }
}

#[test]
fn every_name_of_a_flag_and_a_value_is_what_the_event_shows() {
    let mut cases = Vec::new();
    for event in EVENTS {
        for param in event.params {
            let names = match (param.ty, param.from) {
                (_, From::Context(_) | From::OfFd { .. } | From::Process(_)) => continue,
                (Type::Flags(names) | Type::Enum(names), _) => names,
                _ => continue,
            };
            for entry in names.entries {
                // Of several names for one number the first is shown.
                let first = names.of(entry.value).next().unwrap_or(entry.name);
                let shown = if matches!(param.ty, Type::Enum(_)) { first } else { entry.name };
                cases.push((event.name.to_owned(), format!("{{{}: {}}}", param.name, entry.name), shown.to_owned()));
            }
        }
    }
    assert!(cases.len() > 1000, "{}", cases.len());
    for chunk in cases.chunks(MAX_TESTS) {
        for (name, outcome) in shown(chunk) {
            assert_eq!(outcome, Outcome::Passed, "{name}");
        }
    }
}

#[test]
fn values_are_written_as_people_would_write_them() {
    let case = |event: &str, params: &str, shown: &str| (event.to_owned(), params.to_owned(), shown.to_owned());
    let cases = [
        case(
            "chmod",
            "{filename: x, mode: 0o4755}",
            "filename=/x mode=2541(S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID)",
        ),
        case("chmod", "{filename: x, mode: \"0755\"}", "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR"),
        case("mkdir", "{path: /x, mode: 0o700}", "mode=0700"),
        case("open", "{name: /x, flags: [O_WRONLY, O_TRUNC]}", "flags=513(O_WRONLY|O_TRUNC)"),
        case("kill", "{pid: 7, sig: SIGKILL}", "pid=7 sig=9(SIGKILL)"),
        case("setuid", "{uid: www-data}", "uid=33(www-data)"),
        case("setresuid", "{ruid: -1, euid: 0}", "euid=0(root)"),
        case("unlink", "{path: /x, res: EACCES}", "res=-13(EACCES) path=/x"),
        case(
            "connect",
            "{fd: 'tcp 10.0.0.1:4000->10.0.0.2:443'}",
            "tuple=10.0.0.1:4000->10.0.0.2:443 fd=3(<4>10.0.0.1:4000->10.0.0.2:443) addr=10.0.0.2:443",
        ),
        case("accept4", "{fd: 'tcp [::1]:22<-[::2]:9'}", "fd=3(<6>[::2]:9->[::1]:22)"),
        case("bind", "{fd: 'udp 0.0.0.0:53'}", "addr=0.0.0.0:53"),
        case("connect", "{fd: unix, addr: unix /run/x}", "addr=/run/x"),
        case("sendto", "{data: hello, fd: 'udp 10.0.0.1:5->10.0.0.2:53', size: 5, res: 5}", "data=hello"),
        case("symlink", "{target: /etc/shadow, linkpath: /tmp/x}", "target=/etc/shadow linkpath=/tmp/x"),
        case("socket", "{domain: AF_PACKET}", "fd=3(<o>) domain=17(AF_PACKET)"),
        case("dup2", "{res: '0=/dev/null', oldfd: pipe}", "res=0(<f>/dev/null) oldfd=3(<p>pipe:[4711])"),
        case("mmap", "{length: 0x1000, prot: PROT_READ|PROT_EXEC}", "length=4096 prot=5(PROT_READ|PROT_EXEC)"),
        case("execve", "{args: \"a 'b c'\", env: [A=1]}", "args=a b c"),
        case("poll", "{fds: [4=pipe, 5=/x]}", "fds=4:p1 5:f1"),
        case("rename", "{oldpath: {raw: a, absolute: /b}, newpath: ../c}", "oldpath=/b newpath=/c"),
    ];
    for (name, outcome) in shown(&cases) {
        assert_eq!(outcome, Outcome::Passed, "{name}");
    }
}

#[test]
fn what_is_beyond_all_bounds_is_refused() {
    let test = |processes: usize, before: usize, data: usize| {
        format!(
            "tests: [{{name: a, processes: [{}], before: [{}], event: {{write: {{data: '{}'}}}}, fires: none}}]",
            "cat, ".repeat(processes),
            "open, ".repeat(before),
            "x".repeat(data)
        )
    };
    assert!(read(&test(MAX_PROCESSES, MAX_EVENTS - 1, 30_000)).is_ok());
    let refused = |text: &str, why: &str| {
        let said = read(text).unwrap_err();
        assert!(said.contains(why), "{said}");
    };
    refused(&test(MAX_PROCESSES + 1, 1, 1), "a test has at most 64 processes");
    refused(&test(1, MAX_EVENTS, 1), "a test has at most 256 events");
    refused(&test(1, 1, 40_000), "a record has at most 32768 bytes");
    refused(&"#".repeat(MAX_BYTES + 1), "the file has more than 1048576 bytes");
    let one = |n: usize| format!("  - {{name: {n}, process: a, event: open, fires: Anything opened}}\n");
    let many: String = (0..=MAX_TESTS).map(one).collect();
    refused(&format!("tests:\n{many}"), "a file has at most 10000 tests");
    // Fewer than as many nodes as a reader of YAML takes.
    let family = "a, ".repeat(MAX_PROCESSES);
    let one = |n: usize| format!("  - {{name: {n}, processes: [{family}], event: open, fires: Anything opened}}\n");
    let many: String = (0..=MAX_RECORDS / (2 * MAX_PROCESSES)).map(one).collect();
    refused(&format!("tests:\n{many}"), "a file stands for at most 65536 records");
    refused(&format!("tests: {}", "[".repeat(5000)), "this cannot be read as YAML");
    let bomb: String = (1..30).map(|n| format!("x{n}: &x{n} [*x{}, *x{}]\n", n - 1, n - 1)).collect();
    refused(&format!("x0: &x0 [a]\n{bomb}"), "this cannot be read as YAML");
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(
        cut in 0usize..2000, at in 0usize..2000,
        word in "[\\[\\]{}:,|&*!'\"# \n-]{1,3}|-?[0-9]{1,25}|0x[0-9a-f]{1,20}|~|true|/[.a-z/]{0,9}|tcp [0-9.:>-]{0,20}|[A-Za-z_|]{1,9}|\\PC{1,3}"
    ) {
        let text = PASSING.trim_start_matches("rules: rules.yaml\n");
        let at = text.floor_char_boundary(at.min(text.len()));
        let end = text.floor_char_boundary((at + cut % 20).min(text.len()));
        let mutated = format!("{}{word}{}", &text[..at], &text[end..]);
        if let Ok(file) = read(&mutated) {
            outcomes(file);
        }
    }
}

/// Two tests of [`RULES`].
const TWO: &str = "\
rules: rules.yaml
tests:
  - name: the notes
    process: cat
    event: {openat: {name: /srv/notes}}
    fires: Notes opened
  - {name: others, process: cat, before: [{chdir: {path: /srv}}], event: {openat: {name: other}}, fires: Anything opened}
";

#[test]
fn a_rule_is_explained_alone_and_for_the_event_of_a_test() {
    let place = Place::new(&[("rules.yaml", RULES), ("tests.yaml", TWO), ("c.yaml", "")]);
    let alone = place.run(&["-c", "c.yaml", "-r", "rules.yaml", "explain", "Notes opened"]);
    assert_snapshot!("a rule explained", alone);
    assert_snapshot!(
        "a rule explained for an event",
        [
            place.run(&["explain", "Notes opened", "--event", "tests.yaml"]),
            place.run(&["explain", "Notes opened", "--event", "tests.yaml", "--test", "others"]),
        ]
        .join("\n")
    );
}

#[test]
fn what_cannot_be_explained_is_said_with_the_exit_code_for_wrong_usage() {
    let bad = TWO.replace("Notes opened", "Nots opened");
    let wrong = "- rule: R\n  desc: d\n  condition: x = 1\n  output: o\n  priority: INFO\n";
    let files = [("rules.yaml", RULES), ("tests.yaml", TWO), ("bad.yaml", &bad), ("wrong.yaml", wrong), ("c.yaml", "")];
    let place = Place::new(&files);
    let said = [
        place.run(&["-c", "c.yaml", "-r", "rules.yaml", "explain", "Note opened"]),
        place.run(&["-c", "c.yaml", "-r", "wrong.yaml", "explain", "R"]),
        place.run(&["explain", "Something else", "--event", "tests.yaml"]),
        place.run(&["explain", "Notes opened", "--event", "tests.yaml", "--test", "none"]),
        place.run(&["-r", "rules.yaml", "explain", "Notes opened", "--event", "tests.yaml"]),
        place.run(&["explain", "Notes opened", "--event", "bad.yaml"]),
        place.run(&["explain", "Notes opened", "--event", "nowhere.yaml"]),
    ];
    assert!(said.iter().all(|said| said.starts_with("exit 2\n")), "{said:#?}");
    assert_snapshot!("what cannot be explained", said.join("\n\n"));
}

/// Rules of which a test needs to know a lot to reach every condition.
const COVERED: &str = "\
- macro: opening
  condition: (evt.type = open or evt.type = openat)
- rule: Notes
  desc: The notes are opened.
  condition: opening and fd.name = /srv/notes and not proc.name in (backup, sync)
  output: notes
  priority: NOTICE
  exceptions:
    - {name: readers, fields: [proc.name, user.name], values: [[less, root], [more, user]]}
- rule: Link
  desc: A link to the notes is made.
  condition: evt.type = symlink and evt.arg.target = /srv/notes and evt.failed = false
  output: link
  priority: NOTICE
- rule: Others
  desc: Something else is opened.
  condition: opening and fd.directory = /srv
  output: others
  priority: NOTICE
";

/// A few tests of [`COVERED`].
const FEW: &str = "\
rules: rules.yaml
tests:
  - {name: cat, process: cat, event: {openat: {name: /srv/notes}}, fires: Notes}
  - {name: less, process: less, event: {openat: {name: /srv/notes}}, fires: Others}
  - {name: another, process: cat, event: {openat: {name: /etc/passwd}}, silent: Others}
";

#[test]
fn coverage_lists_the_conditions_that_were_never_true_or_never_false() {
    let place = Place::new(&[("rules.yaml", COVERED), ("tests.yaml", FEW)]);
    assert_snapshot!("coverage of few tests", place.run(&["test", "tests.yaml", "--coverage"]));
}

#[test]
fn coverage_is_of_all_files_together_and_of_events_that_come_before_too() {
    let first = "\
rules: rules.yaml
tests:
  - {name: cat, process: cat, event: {openat: {name: /srv/notes}}, fires: Notes}
  - {name: less, process: less, event: {open: {name: /srv/notes}}, fires: Others}
  - {name: less too, process: {run: less, user: user}, event: {open: {name: /srv/notes}}, fires: Notes}
  - {name: more, process: {run: more, user: user}, event: {open: {name: /srv/notes}}, fires: Others}
  - {name: another, process: more, event: {open: {name: /srv/notes}}, fires: Notes}
  - {name: a backup, process: backup, event: {open: {name: /srv/notes}}, fires: Others}
";
    let second = "\
rules: rules.yaml
tests:
  - name: links
    process: ln
    before:
      - {symlink: {target: /srv/notes, linkpath: /srv/a}, result: EPERM}
      - {symlink: {target: /etc/passwd, linkpath: /srv/b}}
      - {symlink: {target: /srv/notes, linkpath: /srv/c}}
    event: {openat: {name: /etc/passwd}}
    fires: none
";
    let place = Place::new(&[("rules.yaml", COVERED), ("a.yaml", first), ("b.yaml", second)]);
    let said = place.run(&["test", "a.yaml", "b.yaml", "--coverage"]);
    assert_snapshot!("coverage of many tests", said);
}

#[test]
fn the_cost_of_each_rule_that_was_asked_is_listed() {
    let place = Place::new(&[("rules.yaml", COVERED), ("tests.yaml", FEW)]);
    let said = place.run(&["test", "tests.yaml", "--cost"]);
    let rows: Vec<Vec<&str>> = said.lines().map(|line| line.split_whitespace().collect()).collect();
    let of = |rule: &str| rows.iter().find(|row| row.len() == 5 && row[4] == rule).map(|row| (row[0], row[1]));
    assert_eq!((of("rule"), of("Notes")), (Some(("asked", "matched")), Some(("3", "1"))), "{said}");
    assert!(said.contains("3 events; rules never asked: 1; "), "{said}");
    assert!(!place.run(&["test", "tests.yaml"]).contains("asked"));
}
