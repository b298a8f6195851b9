//! The guest as a machine: file systems, the module, background load, switching off.

use super::Checked;
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Mounts what a machine has, and brings the loopback interface up.
pub fn set_up() -> Checked {
    for (kind, place) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        mount(Some(kind), place, Some(kind), MsFlags::empty(), None::<&str>).map_err(|e| format!("{place}: {e}"))?;
    }
    for place in ["/dev/shm", "/dev/pts", "/mnt"] {
        std::fs::create_dir_all(place).map_err(|e| format!("{place}: {e}"))?;
    }
    mount(Some("tmpfs"), "/dev/shm", Some("tmpfs"), MsFlags::empty(), None::<&str>)
        .map_err(|e| format!("/dev/shm: {e}"))?;
    mount(Some("devpts"), "/dev/pts", Some("devpts"), MsFlags::empty(), None::<&str>)
        .map_err(|e| format!("/dev/pts: {e}"))?;
    nix::unistd::sethostname("guest").map_err(|e| format!("hostname: {e}"))?;
    busybox(&["ifconfig", "lo", "127.0.0.1", "up"])
}

/// Switches the machine off.
pub fn power_off() {
    nix::unistd::sync();
    let _ = reboot(RebootMode::RB_POWER_OFF);
}

/// Runs a busybox applet to its end.
pub fn busybox(words: &[&str]) -> Checked {
    run(Command::new("/bin/busybox").args(words))
}

/// Runs a command to its end, which must be a success.
pub fn run(command: &mut Command) -> Checked {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

/// Runs a program by its path as it would be typed, whatever its status.
pub fn act(words: &[&str]) -> Checked {
    let (program, arguments) = words.split_first().ok_or("no program")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("PATH", "/bin:/sbin").status().map(drop).map_err(|error| format!("{words:?}: {error}"))
}

/// Runs this program under another name, so that the process has that name.
pub fn act_as(name: &str, words: &[&str]) -> Checked {
    let path = format!("/tmp/{name}");
    let _ = std::fs::remove_file(&path);
    std::os::unix::fs::symlink("/init", &path).map_err(|error| format!("{path}: {error}"))?;
    act(&[&[path.as_str(), "act"], words].concat())
}

/// True if the module is loaded.
pub fn is_loaded() -> bool {
    Path::new("/sys/module/kestrel").exists()
}

/// Loads the module, if it is not loaded, and waits for its devices.
pub fn load(parameters: &[&str]) -> Checked {
    if !is_loaded() {
        busybox(&[&["insmod", "/lib/kestrel.ko"], parameters].concat())?;
    }
    until("the devices", || Path::new("/dev/kestrel0").exists())
}

/// Unloads the module, if it is loaded.
pub fn unload() -> Checked {
    if is_loaded() { busybox(&["rmmod", "kestrel"]) } else { Ok(()) }
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) -> Checked {
    let end = Instant::now() + Duration::from_secs(40);
    while Instant::now() < end {
        if holds() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(format!("waited in vain for {what}"))
}

/// Between two scenarios: no daemon, an empty /tmp.
pub fn clean_up() {
    super::daemon::kill_all();
    let _ = busybox(&["sh", "-c", "rm -rf /tmp/*"]);
}
