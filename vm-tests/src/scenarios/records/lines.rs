//! Which records are kept, and what of them differs from run to run, or from kernel to kernel, in a way that only these
//! programs know.

use crate::guest::failure::Outcome;
use serde_json::Value;

/// Whose records are kept.
pub(super) struct Kept<'a> {
    /// What the program is called while it makes the calls that are looked at.
    pub comm: &'a str,
    /// What the programs are called that it executes: of them only execution and end are looked at.
    pub executed: &'a [&'a str],
}

/// Results, and other answers of the kernel, that are its own affair: event, parameter.
const ITS_OWN: [(&str, &str); 7] = [
    // Clocks.
    ("time", "res"),
    ("times", "res"),
    // Serial numbers of keys, at random.
    ("add_key", "res"),
    ("request_key", "res"),
    ("keyctl", "res"),
    // What it can do.
    ("io_uring_setup", "features"),
    // Where its heap ends, which is at random for 32-bit programs too.
    ("brk", "res"),
];

/// Calls that fail on every kernel, for one reason or another: some do not know them, others not from here.
const FAILS_SOMEHOW: [&str; 1] = ["uprobe"];

/// Calls whose list has no order that the kernel promises.
const LISTS_SOMEHOW: [&str; 3] = ["listxattr", "llistxattr", "flistxattr"];

/// The lines of a snapshot, from the lines of a dump.
///
/// # Errors
/// If a line is no record.
pub(super) fn lines(dump: &str, kept: &Kept<'_>) -> Outcome<Vec<String>> {
    let mut lines = Vec::new();
    for line in dump.lines() {
        let mut record: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        let text = |name| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (comm, event) = (text("comm"), text("event"));
        let lives = matches!(event.as_str(), "execve" | "execveat" | "procexit");
        // The program itself was executed before it took its name.
        let executed = lives && !lines.is_empty() && kept.executed.contains(&comm.as_str());
        if comm != kept.comm && !executed || names_itself(&record, kept.comm) {
            continue;
        }
        if let Some(params) = record.get_mut("params").and_then(Value::as_object_mut) {
            for value in params.values_mut() {
                without_mode(value);
            }
            if FAILS_SOMEHOW.contains(&event.as_str())
                && let Some(value) = params.get_mut("res").filter(|value| value.as_i64().is_some_and(|n| n < 0))
            {
                *value = Value::from("(some error)");
            }
            if let Some(list) = params.get_mut("list").and_then(Value::as_array_mut)
                && LISTS_SOMEHOW.contains(&event.as_str())
            {
                list.sort_by_key(Value::to_string);
            }
            for (_, name) in ITS_OWN.iter().filter(|(whose, _)| *whose == event) {
                let there = |value: &&mut Value| !value.is_null() && value.as_i64().is_none_or(|n| n > 0);
                if let Some(value) = params.get_mut(*name).filter(there) {
                    *value = Value::from("(some)");
                }
            }
        }
        lines.push(without_numbers(&without_numbers(&record.to_string(), "/proc/"), ":["));
    }
    Ok(lines)
}

/// True if the program asks for its name or takes it: it does so before it begins, and wherever another call stands in for one
/// that this architecture does not have.
fn names_itself(record: &Value, comm: &str) -> bool {
    let param = |name: &str| record.get("params").and_then(|params| params.get(name)).and_then(Value::as_str);
    record.get("event").and_then(Value::as_str) == Some("prctl")
        && match param("option") {
            Some("PR_GET_NAME") => true,
            Some("PR_SET_NAME") => param("arg2_str") == Some(comm),
            _ => false,
        }
}

/// Takes out the permissions of what has no name in any file system: nobody can open it by one, and kernels do not agree.
fn without_mode(value: &mut Value) {
    let anonymous = value.get("kind").and_then(Value::as_str) == Some("AnonInode");
    if let Some(descriptor) = value.as_object_mut().filter(|_| anonymous) {
        descriptor.remove("mode");
    }
}

/// Replaces numbers right after a text, such as the process in `/proc/17/maps`.
fn without_numbers(text: &str, after: &str) -> String {
    let mut parts = text.split(after);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        let closed = rest.starts_with('/') || rest.starts_with(']');
        out.push_str(after);
        out.push_str(if rest.len() < part.len() && closed { "N" } else { "" });
        out.push_str(if closed { rest } else { part });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_processes_and_name_spaces_are_left_out_and_no_others() {
        assert_eq!(
            without_numbers(r#"{"a":"/proc/17/maps","b":"/proc/self/17"}"#, "/proc/"),
            r#"{"a":"/proc/N/maps","b":"/proc/self/17"}"#
        );
        assert_eq!(
            without_numbers(r#"{"a":"uts:[4026531838]","b":[],"c":["x"]}"#, ":["),
            r#"{"a":"uts:[N]","b":[],"c":["x"]}"#
        );
        assert_eq!(without_numbers("nothing", "/proc/"), "nothing");
    }

    #[test]
    fn records_of_the_program_are_kept_and_the_lives_of_those_that_it_executes() {
        let dump = r#"{"comm":"calls","event":"execve","params":{"n":1}}
{"comm":"true","event":"execve","params":{"n":2}}
{"comm":"calls-x","event":"prctl","params":{"n":3}}
{"comm":"true","event":"execve","params":{"n":4}}
{"comm":"true","event":"prctl","params":{"n":5}}
{"comm":"init","event":"procexit","params":{"n":6}}
{"comm":"true","event":"procexit","params":{"n":7}}"#;
        let lines = lines(dump, &Kept { comm: "calls-x", executed: &["true"] }).unwrap();
        let numbers: Vec<&str> =
            lines.iter().filter_map(|line| line.split("\"n\":").nth(1)?.split('}').next()).collect();
        assert_eq!(numbers, ["3", "4", "7"]);
    }

    #[test]
    fn a_program_that_takes_its_name_or_asks_for_it_is_left_out_and_any_other_name_is_not() {
        let dump = r#"{"comm":"c","event":"prctl","params":{"option":"PR_SET_NAME","arg2_str":"c"}}
{"comm":"c","event":"prctl","params":{"option":"PR_GET_NAME"}}
{"comm":"c","event":"prctl","params":{"option":"PR_SET_NAME","arg2_str":null}}
{"comm":"c","event":"prctl","params":{"option":"PR_SET_DUMPABLE"}}"#;
        let lines = lines(dump, &Kept { comm: "c", executed: &[] }).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("null") && lines[1].contains("DUMPABLE"));
    }

    #[test]
    fn a_reason_or_an_order_that_kernels_differ_in_is_left_out() {
        let dump = r#"{"comm":"c","event":"uprobe","params":{"res":-38}}
{"comm":"c","event":"uprobe","params":{"res":0}}
{"comm":"c","event":"listxattr","params":{"list":["b","a"],"res":2}}"#;
        let lines = lines(dump, &Kept { comm: "c", executed: &[] }).unwrap();
        assert!(lines[0].contains("(some error)") && lines[1].contains(r#""res":0"#));
        assert!(lines[2].contains(r#"["a","b"]"#));
    }

    #[test]
    fn what_the_kernel_says_of_itself_is_left_out_where_it_says_so_and_failures_stay() {
        let dump = r#"{"comm":"c","event":"time","params":{"res":1700000000}}
{"comm":"c","event":"time","params":{"res":-14}}
{"comm":"c","event":"read","params":{"res":1700000000}}
{"comm":"c","event":"io_uring_setup","params":{"features":null}}
{"comm":"c","event":"io_uring_setup","params":{"features":["IORING_FEAT_NODROP"]}}"#;
        let lines = lines(dump, &Kept { comm: "c", executed: &[] }).unwrap();
        let told: Vec<bool> = lines.iter().map(|line| line.contains("(some)")).collect();
        assert_eq!(told, [true, false, false, false, true]);
        assert!(lines[1].contains("-14") && lines[2].contains("1700000000"));
    }
}
