//! What this program does under names other than init: single acts, told by the first argument. Each does what its scenario
//! needs a program of that name to do, with the real system calls, and nothing else.

use super::failure::{Doing, Failure, Outcome};
use super::{calls, containers, engines, evasion, load, names, powers, processes, uring, work};
use nix::fcntl::OFlag;
use nix::kmod::{DeleteModuleFlags, ModuleInitFlags, delete_module, finit_module, init_module};
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::ptrace;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::sys::wait::waitpid;
use nix::unistd::{Gid, Pid, Uid, chroot, dup2_stdin, fexecve, setgid, setsid, setuid};
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

/// The program.
pub fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match act(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{}: {failure}", words.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn act(words: &[&str]) -> Outcome {
    match words {
        ["nothing"] => Ok(()),
        ["calls", subject] => calls::make(subject),
        ["load", rest @ ..] => load::act(rest),
        ["evade", rest @ ..] => evasion::act(rest),
        ["uring", rest @ ..] => uring::act(rest),
        ["work", rest @ ..] => work::act(rest),
        ["processes", rest @ ..] => processes::act(rest),
        ["names", rest @ ..] => names::act(rest),
        ["powers", rest @ ..] => powers::act(rest),
        ["run", program, args @ ..] => Command::new(program).args(args).status().map(drop).doing(program),
        ["container", words @ ..] => containers::run_one(containers::PLAIN, words).map(drop),
        ["rootless", words @ ..] => engines::rootless::act(words),
        ["chroot", folder] => Ok(chroot(*folder)?),
        ["traceme"] => Ok(ptrace::traceme()?),
        ["traced", program, args @ ..] => {
            ptrace::traceme()?;
            Err(Failure::from(Command::new(program).args(args).exec()))
        }
        ["attach", pid] => attach(pid),
        ["setuid-0"] => Ok(setuid(Uid::from_raw(0))?),
        ["as-user", program, args @ ..] => as_user(program, args),
        ["socket", "packet"] => open_socket(AddressFamily::Packet, SockType::Raw),
        ["socket", "udp"] => open_socket(AddressFamily::Inet, SockType::Datagram),
        ["stdin-from", "connection", port] => Ok(dup2_stdin(TcpStream::connect(format!("127.0.0.1:{port}"))?)?),
        ["stdin-from", "file", path] => Ok(dup2_stdin(File::open(path)?)?),
        ["modules", path, name] => load_and_unload(path, name),
        ["memfd", program, name] => run_from_memory(program, name),
        ["terminal", program, args @ ..] => on_a_terminal(program, args),
        ["session", terminal, program, args @ ..] => in_a_session(terminal, program, args),
        _ => Err("no such act".into()),
    }
}

fn open_socket(family: AddressFamily, kind: SockType) -> Outcome {
    Ok(socket(family, kind, SockFlag::SOCK_CLOEXEC, None).map(drop)?)
}

fn attach(pid: &str) -> Outcome {
    let pid = Pid::from_raw(pid.parse().map_err(|_| "no pid")?);
    ptrace::attach(pid)?;
    waitpid(pid, None)?;
    Ok(ptrace::detach(pid, None)?)
}

/// Runs a program as user 1000 who logged in.
fn as_user(program: &str, args: &[&str]) -> Outcome {
    std::fs::write("/proc/self/loginuid", "1000").doing("loginuid")?;
    setgid(Gid::from_raw(1000))?;
    setuid(Uid::from_raw(1000))?;
    Err(Failure::from(Command::new(program).args(args).exec()))
}

/// Loads a module of the kernel's by either call that can, and unloads it again.
fn load_and_unload(path: &str, name: &str) -> Outcome {
    let name = CString::new(name).map_err(|_| "a zero byte")?;
    init_module(&std::fs::read(path).doing(path)?, c"numdummies=0").doing("init_module")?;
    delete_module(&name, DeleteModuleFlags::O_NONBLOCK).doing("delete_module")?;
    finit_module(File::open(path).doing(path)?, c"numdummies=1", ModuleInitFlags::empty()).doing("finit_module")?;
    delete_module(&name, DeleteModuleFlags::O_NONBLOCK).doing("delete_module")
}

/// Runs a program from a file that is in no file system.
fn run_from_memory(program: &str, name: &str) -> Outcome {
    let fd = memfd_create(c"payload", MFdFlags::MFD_CLOEXEC)?;
    let mut file = File::from(fd);
    file.write_all(&std::fs::read(program)?)?;
    let name = CString::new(name).map_err(|_| "a zero byte")?;
    match fexecve(file.as_fd(), &[&name], &[c"PATH=/bin"]) {
        Ok(never) => match never {},
        Err(errno) => Err(errno.into()),
    }
}

/// Runs a program with a terminal of its own, at whose other end somebody types `exit` until it ends.
fn on_a_terminal(program: &str, args: &[&str]) -> Outcome {
    let mut master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_NONBLOCK)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname_r(&master)?;
    let me = std::env::current_exe()?;
    let mut child = Command::new(me).arg("session").arg(name).arg(program).args(args).spawn()?;
    let end = Instant::now() + Duration::from_secs(120);
    while child.try_wait()?.is_none() {
        if Instant::now() > end {
            child.kill()?;
            child.wait()?;
            return Err("it does not leave its terminal".into());
        }
        // Whether it reads lines already, or not any more, cannot be known.
        let _ = master.write_all(b"exit\r");
        let _ = master.read(&mut [0; 1024]);
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// The first terminal that the leader of a new session opens becomes its controlling terminal.
fn in_a_session(terminal: &str, program: &str, args: &[&str]) -> Outcome {
    setsid()?;
    let terminal = OpenOptions::new().read(true).write(true).open(terminal)?;
    let mut command = Command::new(program);
    command.args(args).stdin(terminal.try_clone()?).stdout(terminal.try_clone()?).stderr(terminal);
    Err(Failure::from(command.exec()))
}
