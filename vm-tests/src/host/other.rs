//! The snapshots of records were made on x86. On another architecture the same records are expected, without those of calls
//! that it does not have, which the schema knows, and but for what is listed here.

use kestrel_core::schema::{self, Abi};
use serde_json::Value;
use std::collections::BTreeSet;

/// Calls that it has and that are never recorded there, and why.
const NEVER_RECORDED: [(&str, &str); 1] =
    [("rt_sigreturn", "the kernel forgets its number before it returns, also where the process is killed for it")];

/// Parameters that differ: event, parameter, and why. Where it is the result, whether the call failed may differ too.
const DIFFERENT: [(&str, &str, &str); 5] = [
    ("pkey_alloc", "res", NO_KEYS),
    ("pkey_mprotect", "pkey", NO_KEYS),
    ("pkey_free", "pkey", NO_KEYS),
    ("pkey_free", "res", NO_KEYS),
    ("kexec_file_load", "res", "Debian's cloud kernel is built without it there"),
];

const NO_KEYS: &str = "the emulated processor has no protection keys, so there are none to be had";

/// Bits that files are opened with and that differ: here, and on x86 (`arch/arm64/include/uapi/asm/fcntl.h`,
/// `asm-generic/fcntl.h`). Where they are shown as names they are the same.
const OPEN_FLAGS: [(u64, u64); 4] =
    [(0o40_000, 0o200_000), (0o100_000, 0o400_000), (0o200_000, 0o40_000), (0o400_000, 0o100_000)];

/// What takes the place of a parameter that differs.
const MARK: &str = "(its own)";

/// How the lines of a snapshot and those observed on 64-bit ARM differ: `-` for what is missing, `+` for what is too much.
///
/// # Errors
/// If a line is no record.
pub(super) fn differences(kept: &[String], observed: &[String]) -> Result<Vec<String>, String> {
    let absent = absent();
    let prepared = |lines: &[String], translate: bool| -> Result<Vec<String>, String> {
        let records = lines.iter().map(|line| prepare(line, translate));
        records
            .filter(|record| !record.as_ref().is_ok_and(|(event, _)| absent.contains(event.as_str())))
            .map(|record| record.map(|(_, line)| line))
            .collect()
    };
    let (kept, observed) = (prepared(kept, false)?, prepared(observed, true)?);
    Ok(compare(&kept, &observed))
}

/// The calls that x86 has and 64-bit ARM has not, and those that are never recorded there.
fn absent() -> BTreeSet<&'static str> {
    let numbers = 0..1000;
    let calls = |abi| numbers.clone().filter_map(move |number| schema::event_of(abi, number));
    let there: BTreeSet<_> = calls(Abi::Aarch64).collect();
    let only_x86 = calls(Abi::X86_64).chain(calls(Abi::I386)).filter(|event| !there.contains(event));
    let names = only_x86.filter_map(schema::get).map(|event| event.name);
    names.chain(NEVER_RECORDED.map(|(event, _)| event)).collect()
}

/// The event of a line, and the line with the architecture's own parameters marked, and if asked for with its own bits as x86 has
/// them.
fn prepare(line: &str, translate: bool) -> Result<(String, String), String> {
    let mut record: Value = serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
    let event = record.get("event").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (_, param, _) in DIFFERENT.iter().filter(|(whose, _, _)| *whose == event) {
        if let Some(value) = record.pointer_mut(&format!("/params/{param}")) {
            *value = Value::from(MARK);
        }
        if *param == "res"
            && let Some(flags) = record.get_mut("flags").and_then(Value::as_array_mut)
        {
            flags.retain(|flag| flag != "failed");
        }
    }
    if translate && let Some(params) = record.get_mut("params") {
        translate_open_flags(params);
    }
    Ok((event, record.to_string()))
}

/// Wherever a descriptor is told of.
fn translate_open_flags(value: &mut Value) {
    let parts: Vec<&mut Value> = match value {
        Value::Object(map) => {
            if let Some(flags) = map.get_mut("open_flags")
                && let Some(bits) = flags.as_str().and_then(|text| text.strip_prefix("0o"))
                && let Ok(bits) = u64::from_str_radix(bits, 8)
            {
                *flags = Value::from(format!("{:#o}", as_on_x86(bits)));
            }
            map.values_mut().collect()
        }
        Value::Array(list) => list.iter_mut().collect(),
        _ => Vec::new(),
    };
    parts.into_iter().for_each(translate_open_flags);
}

fn as_on_x86(bits: u64) -> u64 {
    let same = OPEN_FLAGS.iter().fold(bits, |bits, (here, _)| bits & !here);
    OPEN_FLAGS.iter().filter(|(here, _)| bits & here != 0).fold(same, |bits, (_, there)| bits | there)
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
        assert_eq!(differences(&kept, &kept[1..]).unwrap(), Vec::<String>::new());
        assert_eq!(differences(&kept, &kept[2..]).unwrap(), [format!("- {}", kept[1])]);
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
        for (event, param, why) in DIFFERENT {
            let found = schema::by_name(event)
                .and_then(schema::get)
                .is_some_and(|event| event.params.iter().any(|known| known.name == param));
            assert!(found && !why.is_empty(), "{event}.{param}");
        }
        for (event, why) in NEVER_RECORDED {
            assert!(schema::by_name(event).is_some() && !why.is_empty(), "{event}");
        }
    }

    #[test]
    fn what_differs_for_a_reason_is_not_shown_and_everything_else_of_the_same_call_is() {
        let keys = lines(&[r#"{"event":"pkey_alloc","flags":[],"params":{"flags":0,"res":1}}"#]);
        let no_keys = lines(&[r#"{"event":"pkey_alloc","flags":["failed"],"params":{"flags":0,"res":-28}}"#]);
        let others = lines(&[r#"{"event":"pkey_alloc","flags":["failed"],"params":{"flags":1,"res":-28}}"#]);
        assert_eq!(differences(&keys, &no_keys).unwrap().len(), 0);
        assert_eq!(differences(&keys, &others).unwrap().len(), 2);
    }

    #[test]
    fn the_bits_of_an_open_file_are_compared_as_what_they_mean() {
        let file =
            |flags: &str| lines(&[&format!(r#"{{"event":"read","params":{{"fd":{{"open_flags":"{flags}"}}}}}}"#)]);
        // A folder, opened with O_DIRECTORY | O_LARGEFILE; a file with O_RDWR | O_LARGEFILE; one with O_NOFOLLOW.
        for (x86, arm) in [("0o300000", "0o440000"), ("0o100002", "0o400002"), ("0o400000", "0o100000")] {
            assert_eq!(differences(&file(x86), &file(arm)).unwrap(), Vec::<String>::new());
            assert_eq!(differences(&file(x86), &file(x86)).unwrap().len(), 2);
        }
    }

    #[test]
    fn a_line_that_is_no_record_is_an_error() {
        assert!(differences(&lines(&["x"]), &[]).unwrap_err().contains("x"));
    }
}
