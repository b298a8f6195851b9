//! Modules that are really loaded and unloaded: no snapshot has them, for each kernel has its own.

use super::Scenario;
use super::records::record;
use crate::guest::failure::{Outcome, ensure};
use crate::guest::stage::Stage;
use serde_json::Value;

const MODULE: &str = "/lib/modules/dummy.ko";

pub const SCENARIOS: &[Scenario] = &[Scenario::steps(
    "records-modules",
    "a module is loaded from memory and from a file, and unloaded: each call with its parameters, as a success",
    loaded_and_unloaded,
)];

fn loaded_and_unloaded(_: &mut Stage<'_>) -> Outcome {
    let text = record(
        &["--comm", "agent", "init_module", "finit_module", "delete_module"],
        &["/usr/bin/agent", "modules", MODULE, "dummy"],
    )?;
    let records: Vec<Value> =
        text.lines().filter(|line| line.starts_with('{')).filter_map(|line| serde_json::from_str(line).ok()).collect();
    let calls: Vec<&str> = records.iter().filter_map(|record| record["event"].as_str()).collect();
    ensure(calls == ["init_module", "delete_module", "finit_module", "delete_module"], || {
        format!("the calls are {calls:?}:\n{text}")
    })?;
    let length = std::fs::metadata(MODULE)?.len().to_string();
    let expected: [&[(&str, &str)]; 4] = [
        &[("length", &length), ("uargs", "numdummies=0")],
        &[("name", "dummy")],
        &[("fd", MODULE), ("uargs", "numdummies=1")],
        &[("name", "dummy")],
    ];
    for (record, expected) in records.iter().zip(expected) {
        ensure(record["flags"].as_array().is_some_and(Vec::is_empty), || format!("not a plain success: {record}"))?;
        let params = &record["params"];
        for (name, value) in expected {
            // How a value is written, its type says: as a number, as text, as what a descriptor stands for.
            let shown = params[*name].to_string();
            ensure(shown.contains(value), || format!("{name} is {shown} instead of {value}: {record}"))?;
        }
    }
    Ok(())
}
