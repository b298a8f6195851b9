//! Bodies that bring events of the Kubernetes audit log: whatever they are, every field of every event has an answer.
#![no_main]

use bumpalo::Bump;
use kestrel::fields::Clock;
use kestrel::k8s_audit::{AuditFacts, Batch};
use kestrel_rules::{FIELDS, Facts, FieldArg, FieldRef};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(batch) = Batch::of(bytes) else { return };
    let clock = Clock::system("machine".to_owned());
    for event in batch.events().take(8).flatten() {
        let arena = Bump::new();
        let facts = AuditFacts::new(&event, &clock, &arena);
        for def in FIELDS.iter().filter(|def| def.name.starts_with("ka.") || def.name.starts_with("jevt.")) {
            for arg in [None, Some(FieldArg::Index(0)), Some(FieldArg::Name("/requestObject/spec".into()))] {
                let _ = facts.value(&FieldRef { field: def.field, arg });
            }
        }
    }
});
