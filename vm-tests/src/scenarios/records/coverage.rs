//! Which events the snapshots show.
#![cfg(test)]

use kestrel_core::schema::EVENTS;
use std::collections::BTreeSet;

/// Events that no program can bring about here, and why.
const EXCEPTIONS: [(&str, &str); 1] = [
    // It is answered by a signal from 6.11 on, whatever it is asked, and no filter can answer for it.
    ("uretprobe", "each kernel answers it in its own way"),
];

/// The events in the snapshots.
fn recorded() -> BTreeSet<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|end| end == "snap"));
    let lines =
        texts.flat_map(|path| std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>());
    let records = lines.filter(|line| line.starts_with('{'));
    records
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(&line).unwrap();
            record["event"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn every_event_is_in_a_snapshot_but_for_those_that_cannot_be() {
    let recorded = recorded();
    let missing: Vec<&str> = EVENTS.iter().map(|event| event.name).filter(|name| !recorded.contains(*name)).collect();
    assert_eq!(missing, EXCEPTIONS.map(|(name, _)| name));
}
