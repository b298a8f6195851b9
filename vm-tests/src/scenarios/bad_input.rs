//! What is wrong gets a clear message and the right exit code: 2 for input and usage, 1 for a failure while running.

use super::Scenario;
use crate::guest::daemon::{DEFAULT_RULES, Daemon, Ended, PROGRAM, run};
use crate::guest::failure::{Doing, Outcome, ensure};
use crate::guest::stage::Stage;
use crate::guest::{module, programs};
use kestrel_core::abi::{ABI_MAJOR, Frame, Hello, Request};
use nix::libc::{SYS_ioctl, user_regs_struct};
use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_writev};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::fs::File;
use std::io::IoSlice;
use std::process::{Command, Stdio};

pub const SCENARIOS: &[Scenario] = &[
    Scenario::steps("bad-module-not-loaded", "without the module: exit 1, and how to load it", not_loaded).of_module(),
    Scenario::steps("bad-device-missing", "without one of the devices: exit 1, and which", device_missing).of_module(),
    Scenario::steps("bad-second-consumer", "with another consumer: exit 1, and the first goes on", second_consumer)
        .of_module(),
    Scenario::steps("bad-version", "a module of another version: exit 1, and both versions", version).of_module(),
    Scenario::steps("bad-no-privilege", "without privileges: exit 1, and what is missing", no_privilege).of_module(),
    Scenario::steps("bad-rules", "wrong, missing and unreadable rule files: exit 2, and where", rules),
    Scenario::steps("bad-configuration", "wrong configuration: exit 2, and which key", configuration),
];

/// Checks how a daemon ended.
fn refused(what: &str, ended: &Ended, code: i32, texts: &[&str]) -> Outcome {
    ensure(ended.status.code() == Some(code), || {
        format!("{what}: {} instead of {code}:\n{}", ended.status, ended.log)
    })?;
    for text in texts {
        ensure(ended.log.contains(text), || format!("{what}: the message does not say {text:?}:\n{}", ended.log))?;
    }
    Ok(())
}

fn not_loaded(_: &mut Stage<'_>) -> Outcome {
    refused("no module", &run(&["-r", DEFAULT_RULES])?, 1, &["/dev/kestrel0", "not loaded", "modprobe kestrel"])
}

fn device_missing(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    std::fs::remove_file("/dev/kestrel1")?;
    refused("no device", &run(&["-r", DEFAULT_RULES])?, 1, &["/dev/kestrel1"])
}

fn second_consumer(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    let first = Daemon::start(&[DEFAULT_RULES], &[])?;
    refused("a second consumer", &run(&["-r", DEFAULT_RULES])?, 1, &["/dev/kestrel0", "in use"])?;
    let ended = first.stop()?;
    ensure(ended.status.success(), || format!("the first ended with {}:\n{}", ended.status, ended.log))
}

fn no_privilege(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    let log = "/run/denied.log";
    let status = Command::new("/usr/bin/agent")
        .args(["as-user", PROGRAM, "-r", DEFAULT_RULES])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log)?)
        .status()?;
    let ended = Ended { status, log: std::fs::read_to_string(log)? };
    refused("no privileges", &ended, 1, &["/dev/kestrel0", "permission denied", "root"])
}

fn rules(_: &mut Stage<'_>) -> Outcome {
    let file = "/run/wrong.yaml";
    let rule = |condition: &str| {
        format!("- rule: Wrong\n  desc: d\n  condition: {condition}\n  output: o\n  priority: WARNING\n")
    };
    for (what, text, texts) in [
        ("an unknown field", rule("proc.nmae = cat"), ["/run/wrong.yaml:3:14", "proc.nmae", "proc.name"]),
        ("an unfinished condition", rule("evt.type = open and"), ["/run/wrong.yaml:3:", "expected", "condition"]),
        ("no YAML", "- rule: [\n".to_owned(), ["/run/wrong.yaml:", "", ""]),
    ] {
        std::fs::write(file, text).doing(file)?;
        refused(what, &run(&["-r", file])?, 2, &texts)?;
    }
    refused("a missing file", &run(&["-r", "/run/no-such.yaml"])?, 2, &["/run/no-such.yaml", "No such file"])?;
    programs::succeed(&["/bin/chmod", "600", file])?;
    let log = "/run/denied.log";
    let status = Command::new("/usr/bin/agent")
        .args(["as-user", PROGRAM, "-r", file])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log)?)
        .status()?;
    let ended = Ended { status, log: std::fs::read_to_string(log)? };
    refused("an unreadable file", &ended, 2, &[file, "Permission denied"])
}

fn configuration(_: &mut Stage<'_>) -> Outcome {
    let file = "/run/wrong-configuration.yaml";
    std::fs::write(file, "jsn_output: true\n").doing(file)?;
    refused("an unknown key", &run(&["-c", file])?, 2, &[file, "jsn_output", "json_output"])?;
    refused("a missing file", &run(&["-c", "/run/none.yaml"])?, 2, &["/run/none.yaml"])?;
    refused("a wrong option", &run(&["-o", "json_output=perhaps"])?, 2, &["json_output"])?;
    refused("an unknown option", &run(&["--frobnicate"])?, 2, &["--frobnicate"])?;
    let nowhere = ["-o", "file_output.enabled=true", "-o", "file_output.filename=/no/such/folder/alerts"];
    refused("an alert file that cannot be", &run(&nowhere)?, 2, &["/no/such/folder/alerts"])
}

/// The real daemon meets the real module, and a debugger makes the daemon say another version than it has.
fn version(_: &mut Stage<'_>) -> Outcome {
    module::load("")?;
    let log = "/run/version.log";
    let child = Command::new("/usr/bin/tracee")
        .args(["traced", PROGRAM, "-r", DEFAULT_RULES])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(log)?)
        .spawn()?;
    let pid = Pid::from_raw(child.id().cast_signed());
    let code = follow(pid)?;
    let log = std::fs::read_to_string(log)?;
    ensure(code == 1, || format!("the daemon ended with {code} instead of 1:\n{log}"))?;
    let ours = format!("ABI {ABI_MAJOR}.");
    for text in ["do not fit", ours.as_str(), "rmmod kestrel"] {
        ensure(log.contains(text), || format!("the message does not say {text:?}:\n{log}"))?;
    }
    Ok(())
}

/// Lets a process run to its end; gives its exit code.
fn follow(pid: Pid) -> Outcome<i32> {
    let mut rewritten = false;
    let mut signal = None;
    match waitpid(pid, None)? {
        // It stops when it executes the daemon.
        WaitStatus::Stopped(..) => ptrace::setoptions(pid, ptrace::Options::PTRACE_O_TRACESYSGOOD)?,
        other => return Err(format!("the daemon is not traced: {other:?}").into()),
    }
    loop {
        ptrace::syscall(pid, signal.take())?;
        match waitpid(pid, None)? {
            WaitStatus::Exited(_, code) => {
                ensure(rewritten, || "the daemon did not shake hands".to_owned())?;
                return Ok(code);
            }
            WaitStatus::PtraceSyscall(_) => {
                let [number, _, request, argument] = call_of(&ptrace::getregs(pid)?);
                // The kernel takes 32 bits of the request; what is in the others depends on the C library.
                let is_hello = number == SYS_ioctl as u64 && request as u32 == Request::Hello as u32;
                if is_hello && !rewritten {
                    rewrite(pid, argument)?;
                    rewritten = true;
                }
            }
            WaitStatus::Stopped(_, stopped) => signal = Some(stopped),
            other => return Err(format!("the daemon ended otherwise: {other:?}").into()),
        }
    }
}

/// The number of the call that a process is about to make, and the first three of its arguments.
#[cfg(target_arch = "x86_64")]
fn call_of(registers: &user_regs_struct) -> [u64; 4] {
    [registers.orig_rax, registers.rdi, registers.rsi, registers.rdx]
}

#[cfg(target_arch = "aarch64")]
fn call_of(registers: &user_regs_struct) -> [u64; 4] {
    [8, 0, 1, 2].map(|n: usize| registers.regs[n])
}

/// Puts another version into the message that a process is about to send.
fn rewrite(pid: Pid, address: u64) -> Outcome {
    let hello = Hello { abi_major: ABI_MAJOR + 1, ..Hello::OURS };
    let frame = Frame::encode(&hello).ok_or("the handshake does not fit its frame")?;
    let mut bytes = frame.len.to_ne_bytes().to_vec();
    bytes.extend_from_slice(&frame.data);
    let remote = RemoteIoVec { base: address as usize, len: bytes.len() };
    let written = process_vm_writev(pid, &[IoSlice::new(&bytes)], &[remote])?;
    ensure(written == bytes.len(), || format!("{written} bytes of the handshake were written"))
}
