//! What is forbidden once the sandbox is entered: tried for real, in a process of its own.

use kestrel::config::Config;
use kestrel::sandbox::{self, FORBIDDEN, KEPT};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

/// Where the process of its own finds its folder.
const FOLDER: &str = "SANDBOX_TEST_FOLDER";

/// The process of its own: not a test for itself.
#[test]
#[ignore = "run by the other test, in a process of its own"]
fn inside() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let (allowed, outside) = (folder.join("log"), folder.join("outside"));
    let mut config = Config::default();
    config.outputs.file_output.enabled = true;
    config.outputs.file_output.filename = allowed.join("alerts");
    sandbox::enter(&config, None);

    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert_eq!((line("NoNewPrivs:"), line("Seccomp:")), ("1".to_owned(), "2".to_owned()));
    let kept = KEPT.iter().fold(0, |bits, capability| bits | 1u64 << capability.index());
    for set in ["CapPrm:", "CapEff:", "CapInh:"] {
        assert_eq!(u64::from_str_radix(&line(set), 16).unwrap() & !kept, 0, "{set}");
    }

    // What it has to do goes on.
    fs::write(allowed.join("alerts"), "x").unwrap();
    fs::rename(allowed.join("alerts"), allowed.join("alerts.1")).unwrap();
    fs::write(allowed.join("alerts"), "y").unwrap();
    fs::remove_file(allowed.join("alerts.1")).unwrap();
    assert!(fs::read_to_string("/etc/passwd").unwrap().contains("root"));
    assert!(fs::read_dir("/proc").unwrap().count() > 0);
    std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    fs::write("/dev/null", "x").unwrap();

    // What it never does is refused.
    let refused = |what: &str, outcome: nix::Result<()>| assert_eq!(outcome, Err(Errno::EPERM), "{what}");
    refused("unshare", unshare(CloneFlags::CLONE_NEWUSER));
    refused("mount", mount(Some("x"), "/", Some("tmpfs"), MsFlags::empty(), None::<&str>));
    refused("init_module", nix::kmod::init_module(&[], c""));
    refused("sethostname", nix::unistd::sethostname("x"));
    let started = Command::new("/bin/true").status().unwrap_err();
    assert!(matches!(started.kind(), ErrorKind::PermissionDenied), "{started}");
    if Path::new("/sys/kernel/security/landlock").exists() || std::env::var_os("SANDBOX_TEST_LANDLOCK").is_some() {
        assert_eq!(fs::write(&outside, "x").unwrap_err().kind(), ErrorKind::PermissionDenied);
        assert!(fs::remove_file(folder.join("victim")).is_err());
        println!("files were forbidden");
    }
    println!("all of it held");
}

#[test]
fn what_is_given_up_cannot_be_done_any_more() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("log")).unwrap();
    fs::write(folder.path().join("victim"), "x").unwrap();
    let landlock = fs::read_to_string("/sys/kernel/security/lsm").is_ok_and(|modules| modules.contains("landlock"));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "inside", "--ignored", "--nocapture", "--test-threads=1"]).env(FOLDER, folder.path());
    if landlock {
        command.env("SANDBOX_TEST_LANDLOCK", "1");
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("all of it held"), "{said}");
    assert_eq!(said.contains("files were forbidden"), landlock, "{said}");
}

#[test]
fn with_a_program_or_when_switched_off_nothing_is_given_up() {
    let mut config = Config::default();
    config.sandbox.enabled = false;
    sandbox::enter(&config, None);
    config.sandbox.enabled = true;
    config.outputs.program_output.enabled = true;
    sandbox::enter(&config, None);
    assert!(Command::new("/bin/true").status().unwrap().success());
}

#[test]
fn no_call_is_named_twice() {
    let names: Vec<&str> = FORBIDDEN.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted_by(|a, b| a < b));
}
