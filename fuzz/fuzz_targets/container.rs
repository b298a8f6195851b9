//! Any bytes as a path of a control group, and as each file that tells of a container: what is kept is bounded, whatever they say.
#![no_main]

use kestrel::container::{Details, IdMap, Identity, ImageName, Runtime, parse, parse_network, pod_uid};
use libfuzzer_sys::fuzz_target;

/// The id that the texts are asked about.
const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn check(details: &Details) {
    assert!(details.labels.len() <= 1024 && details.mounts.len() <= 256 && details.cni.len() <= 4096);
}

fuzz_target!(|bytes: &[u8]| {
    if let Some(identity) = Identity::of_cgroup(bytes) {
        assert!(!identity.id.is_empty());
    }
    assert!(pod_uid(bytes).is_none_or(|uid| uid.len() >= 32));
    for runtime in Runtime::ALL {
        if let Some(details) = parse(runtime, ID, bytes) {
            check(&details);
        }
    }
    if let Some(details) = parse_network(bytes) {
        check(&details);
    }
    IdMap::parse(bytes).inside(7);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let name = ImageName::parse(text);
        assert!(name.repository.len() + name.tag.len() + name.digest.len() <= text.len());
    }
});
