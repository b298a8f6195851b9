//! Programs that are many processes: crowds, chains, orphans, and such as live for a moment.

use super::failure::{Doing, Outcome};
use nix::sys::prctl;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getpid, getppid, pipe, read};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Where they leave their marks: files whose names say what is true of those who opened them.
pub const FOLDER: &str = "/run/marks";

/// The file that appears when a crowd stands, or an orphan has left its mark; and the one that lets a crowd go.
pub const READY: &str = "/run/ready";
/// See [`READY`].
pub const GO: &str = "/run/go";

/// Does what the words say.
///
/// # Errors
/// If it cannot be done.
pub fn act(words: &[&str]) -> Outcome {
    match words {
        ["touch", path] => File::create(path).map(drop).doing(path),
        ["crowd", groups, each] => crowd(number(groups)?, number(each)?),
        ["chain", depth] => chain(number(depth)?, &mut vec![getpid()]),
        ["orphan"] => orphan(),
        ["orphan-of-a-subreaper"] => {
            prctl::set_child_subreaper(true)?;
            orphan()
        }
        ["fleeting", count] => {
            for _ in 0..number(count)? {
                child(|| Ok(()))?;
            }
            Ok(())
        }
        ["reuse", count] => {
            for index in 0..number(count)? {
                let path = format!("{FOLDER}/{index}");
                let status = Command::new("/usr/bin/agent").args(["processes", "touch", &path]).status()?;
                if !status.success() {
                    return Err(format!("{path}: {status}").into());
                }
                std::fs::remove_file(&path).doing(&path)?;
            }
            Ok(())
        }
        _ => Err("no such processes".into()),
    }
}

fn number(text: &str) -> Outcome<usize> {
    text.parse().map_err(|_| format!("{text}: not a number").into())
}

/// Makes a child; gives its pid.
#[allow(unsafe_code, reason = "fork")]
pub(super) fn start(work: impl FnOnce() -> Outcome) -> Outcome<Pid> {
    // SAFETY: this program has one thread, so the child may do what any program may.
    match unsafe { fork()? } {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let code = work().map_or_else(
                |failure| {
                    eprintln!("{failure}");
                    1
                },
                |()| 0,
            );
            // SAFETY: ends the child without what its parent wanted to do at its own end.
            unsafe { nix::libc::_exit(code) }
        }
    }
}

/// Makes a child and waits for its end.
pub(super) fn child(work: impl FnOnce() -> Outcome) -> Outcome {
    Ok(waitpid(start(work)?, None).map(drop)?)
}

fn mark(name: &str) -> Outcome {
    let path = format!("{FOLDER}/{name}");
    File::create(&path).map(drop).doing(&path)
}

/// Groups of processes that wait until they may leave their marks: own pid, parent's, parent's parent's.
fn crowd(groups: usize, each: usize) -> Outcome {
    let (gate, keeper) = pipe()?;
    let me = getpid();
    let mut children = Vec::new();
    for _ in 0..groups {
        // Whoever holds the keeper keeps the gate shut.
        let gate = gate.as_fd();
        let keeper = keeper.try_clone()?;
        children.push(start(move || {
            let mut members = Vec::new();
            let group = getpid();
            for _ in 0..each {
                let keeper = keeper.try_clone()?;
                members.push(start(move || {
                    drop(keeper);
                    close_above(gate)?;
                    read(gate, &mut [0])?;
                    mark(&format!("{}-{group}-{me}", getpid()))
                })?);
            }
            drop(keeper);
            close_above(gate)?;
            for member in members {
                waitpid(member, None)?;
            }
            Ok(())
        })?);
    }
    File::create(READY)?;
    let end = Instant::now() + Duration::from_secs(1800);
    while !Path::new(GO).exists() {
        if Instant::now() > end {
            return Err("nobody let the crowd go".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(keeper);
    for child in children {
        waitpid(child, None)?;
    }
    Ok(())
}

/// Closes every descriptor above this one: copies of the other end of the pipe among them.
#[allow(unsafe_code, reason = "close_range takes numbers")]
fn close_above(fd: impl AsFd) -> Outcome {
    use std::os::fd::AsRawFd;
    let first = fd.as_fd().as_raw_fd().cast_unsigned() + 1;
    // SAFETY: the caller is about to read from this one and to open files, and uses no other.
    let result = unsafe { nix::libc::syscall(nix::libc::SYS_close_range, first, u32::MAX, 0) };
    if result < 0 { Err(std::io::Error::last_os_error().into()) } else { Ok(()) }
}

/// Children of children; the last one's mark is the pids of its ancestors, its parent's first.
fn chain(depth: usize, above: &mut Vec<Pid>) -> Outcome {
    if depth == 0 {
        let pids: Vec<String> = above.iter().rev().skip(1).map(Pid::to_string).collect();
        return mark(&pids.join("-"));
    }
    child(|| {
        above.push(getpid());
        chain(depth - 1, above)
    })
}

/// A process whose parent ends; its mark is its new parent.
fn orphan() -> Outcome {
    let before = Instant::now();
    child(|| {
        let parent = getpid();
        start(move || {
            while getppid() == parent {
                std::thread::sleep(Duration::from_millis(1));
            }
            mark(&getppid().to_string())?;
            File::create(READY).map(drop).doing(READY)
        })?;
        Ok(())
    })?;
    // The mark itself is there before its call returns: whoever ended then would orphan it again.
    while !Path::new(READY).exists() {
        if before.elapsed() > Duration::from_secs(30) {
            return Err("the orphan left no mark".into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
