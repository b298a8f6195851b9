use super::*;
use crate::sources::holder::Holder;
use kestrel_core::abi::Welcome;

fn open(prefix: &str) -> DeviceError {
    KmodSource::open(prefix, &Hello::OURS, Duration::from_millis(1)).unwrap_err()
}

#[test]
fn a_missing_device_says_how_to_load_the_module() {
    insta::assert_snapshot!(
        open("/no/such/kestrel"),
        @"/no/such/kestrel0: no such device: the kernel module is not loaded. Load it with `modprobe kestrel`; `make install` installs it"
    );
}

#[test]
fn a_file_that_is_no_device_of_ours_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let prefix = dir.path().join("kestrel");
    std::fs::write(dir.path().join("kestrel0"), "").unwrap();
    let error = open(prefix.to_str().unwrap()).to_string();
    insta::assert_snapshot!(
        error.replace(dir.path().to_str().unwrap(), "DIR"),
        @"DIR/kestrel0: this is no device of the kernel module. Remove it, and load the module with `modprobe kestrel`"
    );
}

#[test]
fn whoever_is_in_the_way_is_named() {
    let path = "/dev/kestrel0".to_owned();
    let holder = Some(Holder { pid: 4711, comm: "kestrel".to_owned() });
    insta::assert_snapshot!(
        DeviceError::Busy { path: path.clone(), holder },
        @"/dev/kestrel0: in use by process 4711 (kestrel): there can be one reader at a time. Stop that one first"
    );
    insta::assert_snapshot!(
        DeviceError::Busy { path, holder: None },
        @"/dev/kestrel0: in use by another process: there can be one reader at a time. Stop that one first"
    );
}

#[test]
fn a_mismatch_says_both_versions() {
    let theirs = Welcome { abi_major: 2, abi_minor: 7, schema: 0x1234, cpus: 1, ring_bytes: 4096, retained: false };
    let ours = format!("{:016x}", kestrel_core::schema::FINGERPRINT);
    let message = DeviceError::Mismatch { theirs }.to_string().replace(&ours, "OURS");
    insta::assert_snapshot!(
        message,
        @"module and daemon do not fit: the loaded module speaks ABI 2.7 with schema 0000000000001234, this daemon ABI 1.1 with schema OURS. Install both from one release and load the module again: `rmmod kestrel && modprobe kestrel`"
    );
}

#[test]
fn who_is_not_root_is_told() {
    insta::assert_snapshot!(
        DeviceError::Denied { path: "/dev/kestrel0".to_owned() },
        @"/dev/kestrel0: permission denied: only root may read what the kernel records. Start kestrel as root (with CAP_SYS_ADMIN)"
    );
}
