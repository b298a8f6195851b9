//! Process 1: makes a machine of a kernel and an archive, does what the command line asks for, turns the machine off.

use super::port::Port;
use super::stage::Stage;
use super::{count, demo, soak, source};
use crate::engine::ENGINE_FILE;
use crate::protocol::{ARGUMENT, Task, Word};
use crate::scenarios;
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::unistd::{chdir, chroot};
use std::path::Path;
use std::process::{Command, ExitCode};

/// File systems: kind, where, options.
const MOUNTS: [(&str, &str, &str); 9] = [
    ("proc", "/proc", ""),
    ("sysfs", "/sys", ""),
    ("devtmpfs", "/dev", ""),
    ("devpts", "/dev/pts", "mode=620"),
    ("tmpfs", "/dev/shm", "mode=1777"),
    ("tmpfs", "/run", "mode=755"),
    ("cgroup2", "/sys/fs/cgroup", ""),
    ("bpf", "/sys/fs/bpf", "mode=700"),
    ("tracefs", "/sys/kernel/tracing", ""),
];

/// The program, as process 1.
pub fn main() -> ExitCode {
    if Path::new(ENGINE_FILE).exists()
        && let Err(errno) = leave_first_root()
    {
        println!("the root of the initramfs cannot be mounted over itself: {errno}");
    }
    for (kind, place, options) in MOUNTS {
        let _ = std::fs::create_dir_all(place);
        if let Err(errno) = mount(Some(kind), place, Some(kind), MsFlags::empty(), Some(options)) {
            println!("{place}: cannot mount {kind}: {errno}");
        }
    }
    if let Err(error) = Command::new("/bin/ifconfig").args(["lo", "127.0.0.1", "up"]).status() {
        println!("lo: {error}");
    }
    // The kernel puts arguments that it does not know into the environment: programs must not depend on what is tested.
    // SAFETY: there is no other thread yet.
    #[allow(unsafe_code, reason = "the environment belongs to every thread")]
    unsafe {
        std::env::remove_var(ARGUMENT.trim_end_matches('='));
    }
    let mut port = Port::open();
    let line = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let well = match Task::from_command_line(&line) {
        Some(Task::Scenarios(source, names)) => match source::choose(source) {
            Ok(()) => run(&mut port, &names),
            Err(failure) => {
                println!("{}", failure.0);
                false
            }
        },
        Some(Task::Demo) => demo::run(&mut port),
        Some(Task::Shell) => demo::shell(),
        Some(Task::Count) => count::run(&mut port),
        Some(Task::Soak { seconds, seed }) => soak::run(&mut port, seconds, seed),
        Some(Task::Trial) => true,
        None => {
            println!("the kernel's command line does not say what to do: {line}");
            false
        }
    };
    port.say(&Word::Done(well));
    nix::unistd::sync();
    // QEMU is told to end where a machine would start again: that works with every kernel, power management or not.
    let _ = reboot(RebootMode::RB_AUTOBOOT);
    ExitCode::FAILURE
}

/// Puts the root over itself. The kernel's first root cannot be exchanged for another one (pivot_root(2)), which is what container
/// runtimes do; what is mounted over it can.
fn leave_first_root() -> nix::Result<()> {
    let place = "/tmp";
    mount(Some("/"), place, None::<&str>, MsFlags::MS_BIND, None::<&str>)?;
    chdir(place)?;
    mount(Some("."), "/", None::<&str>, MsFlags::MS_MOVE, None::<&str>)?;
    chroot(".")?;
    chdir("/")
}

fn run(port: &mut Port, names: &[String]) -> bool {
    let all = scenarios::all();
    let mut stage = Stage::new(port);
    let mut well = true;
    for name in names {
        stage.say(&Word::Begin(name.clone()));
        let outcome = match all.iter().find(|scenario| scenario.name == name) {
            Some(scenario) => stage.play(scenario),
            None => Err("the guest does not know this scenario: is its image older than the harness?".into()),
        };
        match outcome {
            Ok(()) => stage.say(&Word::Pass),
            Err(failure) => {
                well = false;
                stage.tell_console();
                stage.say(&Word::Fail(failure.0));
            }
        }
    }
    stage.clear();
    well
}
