//! The machine itself.

use super::Scenario;
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{module, programs};
use std::path::Path;

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps("boot", "the machine comes up, busybox works, there are two CPUs", boot),
    Scenario::steps("module", "the module loads, makes a device a CPU for root alone, and unloads", load_and_unload)
        .of_module(),
    Scenario::steps("module-parameters", "a ring size that is no power of two is refused", parameters).of_module(),
];

fn boot(_: &mut Stage<'_>) -> Outcome {
    let release = programs::succeed(&["/bin/uname", "-r"])?;
    ensure(["5.10.", "6.1", "7."].iter().any(|start| release.starts_with(start)), || {
        format!("the release is {release}")
    })?;
    let cpus = std::fs::read_to_string("/sys/devices/system/cpu/online")?;
    ensure(cpus.trim() == "0-1", || format!("the CPUs are {cpus}"))?;
    ensure(Path::new("/dev/shm").is_dir(), || "there is no /dev/shm".to_owned())?;
    programs::succeed(&["/bin/grep", "-q", "^root:", "/etc/shadow"]).map(drop)
}

fn load_and_unload(_: &mut Stage<'_>) -> Outcome {
    for _ in 0..3 {
        module::load("")?;
        let listing = programs::succeed(&["/bin/ls", "-l", "/dev/kestrel0", "/dev/kestrel1"])?;
        for line in listing.lines() {
            ensure(line.starts_with("crw-------"), || format!("not for root alone: {line}"))?;
        }
        module::unload().doing("cannot unload the module")?;
        ensure(!Path::new("/dev/kestrel0").exists(), || "the device outlived the module".to_owned())?;
    }
    Ok(())
}

fn parameters(_: &mut Stage<'_>) -> Outcome {
    for wrong in ["ring_kib=100", "ring_kib=64", "ring_kib=131072", "ring_kib=0"] {
        ensure(module::load(wrong).is_err(), || format!("{wrong} was accepted"))?;
    }
    module::load("ring_kib=128 retention_ms=0")
}
