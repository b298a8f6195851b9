//! One program, two sources: the programs that make every call of the schema run here under `kestrel run`, without privileges, and
//! what is recorded of them is compared, call by call, with what the module recorded in the guest (`vm-tests/snapshots`).
//!
//! What cannot be the same is a table in docs/RUN.md, and nothing else: what differs and is not in it fails, and so does what is
//! in it and does not differ any more. This machine is not the guest, so that it answers some calls otherwise (it has less
//! rights, and another kernel): of those only that they were recorded is looked at. In how many that is so is bounded.

use kestrel_vm_tests::guest::calls::{SUBJECTS, Subject};
use kestrel_vm_tests::scenarios::records;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const DOCS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/RUN.md"));

/// The table's place in the docs.
const HEADING: &str = "## Records that are not the same";

/// What depends on the machine, and not on the source: where programs lie and what they are called, whose they are and how many
/// files they may open, and what the kernel has. The same patterns as in the docs.
const OF_THE_MACHINE: [&str; 11] = [
    "*.pgid",
    "*.vpgid",
    "*.trusted_exepath",
    "*.filename.absolute",
    "*.comm",
    "fork.uid",
    "vfork.uid",
    "getegid.egid",
    "getresgid.*",
    "pkey_mprotect.pkey",
    "*.fdlimit",
];

/// Where the guest's program is, and Kestrel beside it.
fn programs() -> (PathBuf, PathBuf) {
    let guest = PathBuf::from(env!("CARGO_BIN_EXE_vm-guest"));
    let kestrel = guest.with_file_name("kestrel");
    assert!(kestrel.exists(), "{} is not there: cargo build --workspace makes it", kestrel.display());
    (guest, kestrel)
}

/// A folder that anybody may read, with the programs.
fn place() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let (guest, kestrel) = programs();
    // What the programs see as /tmp is another one.
    let place = tempfile::tempdir_in("/var/tmp").unwrap();
    std::fs::copy(guest, place.path().join("calls")).unwrap();
    std::fs::copy(kestrel, place.path().join("kestrel")).unwrap();
    std::fs::set_permissions(place.path(), PermissionsExt::from_mode(0o755)).unwrap();
    place
}

/// What `kestrel run` records of the program that makes the calls of a subject. It runs in name spaces of its own, as a user
/// who is root nowhere else.
fn recorded(place: &Path, subject: &Subject, options: &str) -> Vec<Value> {
    let script = format!(
        "mount -t tmpfs -o mode=755 tmpfs /tmp && ulimit -Sn 1024 && ulimit -Hn 4096 && \
         exec ./kestrel run --dump --normalize {options} -- ./calls calls {}",
        subject.name
    );
    let (program, first): (&str, &[&str]) = match nix::unistd::geteuid().is_root() {
        true => ("setpriv", &["--reuid", "65534", "--regid", "65534", "--clear-groups", "unshare"]),
        false => ("unshare", &[]),
    };
    let spaces = ["--user", "--map-root-user", "--mount", "--pid", "--ipc", "--uts", "--fork", "--mount-proc"];
    let mut command = Command::new("timeout");
    command.args(["60", program]).args(first).args(spaces).args(["sh", "-c", &script]);
    command.current_dir(place).env_clear().envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("HOME", "/")]);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {options}: {}: {errors}", subject.name, output.status);
    assert!(errors.contains(" 0 skipped, 0 missing, 0 dropped"), "{}: {errors}", subject.name);
    let lines = records::of_dump(subject, std::str::from_utf8(&output.stdout).unwrap()).unwrap();
    lines.iter().map(|line| parsed(line)).collect()
}

/// What the module recorded.
fn snapshot(subject: &Subject) -> Vec<Value> {
    let path = format!("{}/snapshots/records-{}.snap", env!("CARGO_MANIFEST_DIR"), subject.name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|line| line.starts_with('{')).map(parsed).collect()
}

/// A record, without the numbers of descriptors: they hang on how many calls before succeeded.
fn parsed(line: &str) -> Value {
    fn without_numbers(value: &mut Value) {
        match value {
            Value::Object(of) => {
                let is_open = of.get("kind").is_some_and(|kind| kind != "Unknown");
                if let Some(fd) = of.get_mut("fd").filter(|fd| is_open && fd.as_i64().is_some_and(|fd| fd > 2)) {
                    *fd = Value::from("(some)");
                }
                of.values_mut().for_each(without_numbers);
            }
            Value::Array(of) => of.iter_mut().for_each(without_numbers),
            _ => {}
        }
    }
    let mut record = serde_json::from_str(line).unwrap();
    without_numbers(&mut record);
    record
}

fn event(record: &Value) -> &str {
    record["event"].as_str().unwrap()
}

/// What came of a call: whether it failed, and what it returned.
fn outcome(record: &Value) -> (&Value, &Value) {
    let params = &record["params"];
    let returned = params.get("res").or_else(|| params.get("fd")).unwrap_or(&Value::Null);
    (&record["flags"], returned.get("fd").unwrap_or(returned))
}

/// Where two records differ: the event, and the way to what differs. Of the flags of open files, `open_flags` says that they
/// differ by O_CLOEXEC alone, and `open_flags.others` that they differ by more.
fn differences(way: &str, module: &Value, run: &Value, into: &mut BTreeSet<String>) {
    match (module, run) {
        _ if module == run => {}
        (Value::Object(of_module), Value::Object(of_run)) => {
            for name in of_module.keys().chain(of_run.keys()) {
                let (module, run) = (of_module.get(name), of_run.get(name));
                differences(
                    &format!("{way}.{name}"),
                    module.unwrap_or(&Value::Null),
                    run.unwrap_or(&Value::Null),
                    into,
                );
            }
        }
        (Value::Array(of_module), Value::Array(of_run)) if of_module.len() == of_run.len() => {
            of_module.iter().zip(of_run).for_each(|(module, run)| differences(way, module, run, into));
        }
        _ if way.ends_with(".open_flags") && !only_cloexec(module, run) => drop(into.insert(format!("{way}.others"))),
        _ => drop(into.insert(way.to_owned())),
    }
}

fn only_cloexec(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| i64::from_str_radix(value.as_str()?.strip_prefix("0o")?, 8).ok();
    matches!((number(a), number(b)), (Some(a), Some(b)) if a ^ b == i64::from(nix::libc::O_CLOEXEC))
}

/// Whether the pattern stands for this way: a star is one or more of its names.
fn stands_for(pattern: &str, way: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == way,
        Some((before, after)) => {
            way.len() > before.len() + after.len() && way.starts_with(before) && way.ends_with(after)
        }
    }
}

/// The patterns of the table in the docs.
fn documented() -> Vec<&'static str> {
    let (_, rest) = DOCS.split_once(HEADING).expect("docs/RUN.md lists what is not the same");
    let table = rest.split("\n## ").next().unwrap_or(rest);
    let cells = table.lines().filter(|line| line.starts_with("| `")).filter_map(|line| line.split('|').nth(1));
    let patterns: Vec<&str> =
        cells.flat_map(|cell| cell.split(',')).map(|name| name.trim().trim_matches('`')).collect();
    assert!(!patterns.is_empty());
    patterns
}

/// What the comparison of all subjects came to.
#[derive(Default)]
struct Tally {
    all: usize,
    same: usize,
    answered_otherwise: usize,
    ways: BTreeSet<String>,
}

impl Tally {
    /// Compares the records of a subject. Those of one event are compared in their order, once those are set aside that both have.
    fn add(&mut self, module: &[Value], run: &[Value]) {
        let events: BTreeSet<&str> = module.iter().chain(run).map(event).collect();
        for name in events {
            let of = |records: &[Value]| records.iter().filter(|record| event(record) == name).cloned().collect();
            let (mut module, mut run): (Vec<Value>, Vec<Value>) = (of(module), of(run));
            // A program that could not become another user does what it did as root.
            if module.is_empty() {
                continue;
            }
            self.all += module.len();
            module.retain(|record| match run.iter().position(|other| other == record) {
                Some(at) => {
                    run.remove(at);
                    self.same += 1;
                    false
                }
                None => true,
            });
            if module.len() != run.len() {
                self.ways.insert(name.to_owned());
                continue;
            }
            for (module, run) in module.iter().zip(&run) {
                if outcome(module) != outcome(run) {
                    self.answered_otherwise += 1;
                    continue;
                }
                differences(name, &module["params"], &run["params"], &mut self.ways);
                differences(&format!("{name}.comm"), &module["comm"], &run["comm"], &mut self.ways);
            }
        }
    }
}

#[test]
fn what_run_records_is_what_the_module_records_but_for_what_is_documented() {
    let place = place();
    let mut tally = Tally::default();
    for subject in &SUBJECTS {
        tally.add(&snapshot(subject), &recorded(place.path(), subject, "--all-calls"));
    }
    let documented = documented();
    let known = |way: &&String| OF_THE_MACHINE.iter().chain(&documented).any(|pattern| stands_for(pattern, way));
    let unknown: Vec<&String> = tally.ways.iter().filter(|way| !known(way)).collect();
    let Tally { all, same, answered_otherwise, .. } = tally;
    println!("{same} of {all} records are the same, {answered_otherwise} calls were answered otherwise here");
    assert!(unknown.is_empty(), "these differ, and docs/RUN.md does not say so: {unknown:#?}");
    let gone: Vec<&&str> =
        documented.iter().filter(|pattern| !tally.ways.iter().any(|way| stands_for(pattern, way))).collect();
    assert!(gone.is_empty(), "these do not differ any more, but docs/RUN.md says so: {gone:?}");
    assert!(same * 10 >= all * 7, "only {same} of {all} records are the same");
    assert!(answered_otherwise * 5 < all, "{answered_otherwise} of {all} calls were answered otherwise");
}

#[test]
fn a_filter_leaves_out_what_the_program_refuses_itself_and_nothing_else() {
    let place = place();
    for subject in SUBJECTS.iter().filter(|subject| matches!(subject.name, "file" | "process" | "ipc")) {
        let mut left = recorded(place.path(), subject, "");
        let mut refused = 0;
        for record in recorded(place.path(), subject, "--all-calls") {
            if let Some(at) = left.iter().position(|other| *other == record) {
                left.remove(at);
                continue;
            }
            let failed = record["flags"].as_array().is_some_and(|flags| flags.iter().any(|flag| flag == "failed"));
            assert!(failed, "{}: only without a filter: {record}", subject.name);
            refused += 1;
        }
        assert!(left.is_empty(), "{}: only with a filter: {left:#?}", subject.name);
        assert!(refused > 0, "{}: the program refuses calls", subject.name);
    }
}

#[test]
fn a_star_is_one_or_more_names_and_flags_of_files_differ_by_o_cloexec_or_by_more() {
    assert!(stands_for("*.open_flags", "dup3.newfd.open_flags") && stands_for("a.b", "a.b"));
    assert!(!stands_for("*.open_flags", "dup3.newfd.open_flags.others") && !stands_for("a.*", "a."));
    let mut ways = BTreeSet::new();
    let record = |flags: &str| serde_json::json!({ "fd": { "open_flags": flags, "kind": "File" } });
    differences("x", &record("0o100000"), &record("0o2100000"), &mut ways);
    differences("y", &record("0o100000"), &record("0o2100001"), &mut ways);
    assert_eq!(ways.iter().collect::<Vec<_>>(), ["x.fd.open_flags", "y.fd.open_flags.others"]);
}
