//! The snapshots of records were made on x86. On another architecture the same records are expected, without those of calls
//! that it does not have, which the schema knows, and but for what is listed here.

use kestrel_core::schema::{self, Abi};
use serde_json::Value;
use std::collections::BTreeSet;

/// Parameters that differ: snapshot, event, parameter, and why.
const DIFFERENT: [(&str, &str, &str, &str); 0] = [];

/// What takes the place of a parameter that differs.
const MARK: &str = "(its own)";

/// How the lines of a snapshot and those observed on 64-bit ARM differ: `-` for what is missing, `+` for what is too much.
///
/// # Errors
/// If a line is no record.
pub(super) fn differences(name: &str, kept: &[String], observed: &[String]) -> Result<Vec<String>, String> {
    let absent = absent();
    let prepared = |lines: &[String]| -> Result<Vec<String>, String> {
        let records = lines.iter().map(|line| prepare(name, line));
        records
            .filter(|record| !record.as_ref().is_ok_and(|(event, _)| absent.contains(event.as_str())))
            .map(|record| record.map(|(_, line)| line))
            .collect()
    };
    let (kept, observed) = (prepared(kept)?, prepared(observed)?);
    Ok(compare(&kept, &observed))
}

/// The calls that x86 has and 64-bit ARM has not.
fn absent() -> BTreeSet<&'static str> {
    let numbers = 0..1000;
    let calls = |abi| numbers.clone().filter_map(move |number| schema::event_of(abi, number));
    let there: BTreeSet<_> = calls(Abi::Aarch64).collect();
    let only_x86 = calls(Abi::X86_64).chain(calls(Abi::I386)).filter(|event| !there.contains(event));
    only_x86.filter_map(|event| schema::get(event)).map(|event| event.name).collect()
}

/// The event of a line, and the line with its own parameters marked.
fn prepare(name: &str, line: &str) -> Result<(String, String), String> {
    let mut record: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
    let event = record.get("event").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (snapshot, whose, param, _) in DIFFERENT {
        if snapshot == name
            && whose == event
            && let Some(value) = record.pointer_mut(&format!("/params/{param}"))
        {
            *value = Value::from(MARK);
        }
    }
    Ok((event, record.to_string()))
}

/// Both in their order; where they part, as little is skipped as makes them meet again.
fn compare(kept: &[String], observed: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    let (mut kept, mut observed) = (kept, observed);
    while let (Some(left), Some(right)) = (kept.first(), observed.first()) {
        if left == right {
            (kept, observed) = (&kept[1..], &observed[1..]);
            continue;
        }
        let total = kept.len() + observed.len();
        let meet = (1..total).find_map(|steps| {
            (0..=steps)
                .map(|skipped| (skipped, steps - skipped))
                .find(|(skipped, added)| kept.get(*skipped).is_some_and(|line| Some(line) == observed.get(*added)))
        });
        let (skipped, added) = meet.unwrap_or((kept.len(), observed.len()));
        out.extend(kept[..skipped].iter().map(|line| format!("- {line}")));
        out.extend(observed[..added].iter().map(|line| format!("+ {line}")));
        (kept, observed) = (&kept[skipped..], &observed[added..]);
    }
    out.extend(kept.iter().map(|line| format!("- {line}")));
    out.extend(observed.iter().map(|line| format!("+ {line}")));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn calls_that_only_x86_has_are_not_expected_and_all_others_are() {
        let kept = lines(&[
            r#"{"event":"open","params":{"res":3}}"#,
            r#"{"event":"openat","params":{"res":4}}"#,
            r#"{"event":"procexit","params":{"status":4}}"#,
        ]);
        assert_eq!(differences("records-file", &kept, &kept[1..]).unwrap(), Vec::<String>::new());
        assert_eq!(differences("records-file", &kept, &kept[2..]).unwrap(), [format!("- {}", kept[1])]);
        assert!(absent().contains("fork") && !absent().contains("signaldeliver"));
    }

    #[test]
    fn a_difference_is_shown_where_it_is() {
        let (kept, observed) = (lines(&["a", "b", "c", "d"]), lines(&["a", "x", "c", "y", "d", "e"]));
        assert_eq!(compare(&kept, &observed), ["- b", "+ x", "+ y", "+ e"]);
        assert_eq!(compare(&kept, &kept), Vec::<String>::new());
        assert_eq!(compare(&kept, &[]), ["- a", "- b", "- c", "- d"]);
    }

    #[test]
    fn every_difference_that_is_listed_is_of_an_event_and_a_parameter_that_there_are() {
        for (snapshot, event, param, why) in DIFFERENT {
            let found = schema::by_name(event)
                .and_then(schema::get)
                .is_some_and(|event| event.params.iter().any(|known| known.name == param));
            assert!(found && snapshot.starts_with("records-") && !why.is_empty(), "{event}.{param}");
        }
    }

    #[test]
    fn a_line_that_is_no_record_is_an_error() {
        assert!(differences("records-file", &lines(&["x"]), &[]).unwrap_err().contains("x"));
    }
}
