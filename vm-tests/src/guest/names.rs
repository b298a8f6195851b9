//! Processes that are called one thing and call themselves another. Each leaves a mark: a file whose name says what it is called,
//! and what its parent is.

use super::failure::{Doing, Failure, Outcome};
use super::processes::{child, start};
use nix::sys::prctl;
use nix::sys::wait::waitpid;
use nix::unistd::{fexecve, getpid, getppid};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Where they leave their marks: `NAME.PARENT'S.PID`.
pub const FOLDER: &str = "/run/names";

/// This program under another name.
pub const OTHER: &str = "/run/other";

const AGENT: &str = "/usr/bin/agent";

/// What a process is called that was executed by the descriptor of a file that is gone: the kernel does not tell.
pub const DOUBTED: &str = "doubted";

/// The file that appears when the process stands that is there before the capture, and the one that lets it go.
pub const READY: &str = "/run/names-ready";
/// See [`READY`].
pub const GO: &str = "/run/names-go";

/// How long something is waited for: the whole scenario, on a kernel that looks at itself.
const PATIENCE: Duration = Duration::from_secs(600);

/// Does what the words say.
///
/// # Errors
/// If it cannot be done.
pub fn act(words: &[&str]) -> Outcome {
    match words {
        ["mark", own, parents] => mark(own, parents),
        ["mark-and-child", own, parents] => {
            mark(own, parents)?;
            child(|| mark(own, own))
        }
        ["other"] => other(),
        ["let-go", path] => {
            File::create(path).doing(path)?;
            Ok(waitpid(None, None).map(drop)?)
        }
        ["again"] => exec("/proc/self/exe", &["mark-and-child", "other", "agent"]),
        ["early"] => early(),
        ["all"] => all(),
        _ => Err("no such names".into()),
    }
}

fn mark(own: &str, parents: &str) -> Outcome {
    let path = format!("{FOLDER}/{own}.{parents}.{}", getpid());
    File::create(&path).map(drop).doing(&path)
}

fn call_yourself(name: &CStr) -> Outcome {
    Ok(prctl::set_name(name)?)
}

fn exec(program: &str, words: &[&str]) -> Outcome {
    Err(Failure::from(Command::new(program).arg("names").args(words).exec()))
}

fn until(happens: impl Fn() -> bool) -> Outcome {
    let end = Instant::now() + PATIENCE;
    while !happens() {
        if Instant::now() > end {
            return Err("what was waited for does not happen".into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// In a thread of its own, with the first one waiting.
fn in_a_thread(work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    std::thread::spawn(work).join().map_err(|_| Failure("a thread panicked".to_owned()))?
}

/// A process that there is before anybody records, and calls itself something then.
fn early() -> Outcome {
    call_yourself(c"early")?;
    File::create(READY).doing(READY)?;
    until(|| Path::new(GO).exists())?;
    child(|| mark("early", "early"))?;
    call_yourself(c"late")?;
    child(|| mark("early", "early"))?;
    child(|| exec(OTHER, &["mark", "other", "early"]))
}

/// Under the other name.
fn other() -> Outcome {
    child(|| mark("other", "other"))?;
    call_yourself(c"fake")?;
    child(|| mark("other", "other"))?;
    child(|| exec(AGENT, &["mark", "agent", "other"]))?;
    exec(AGENT, &["mark", "agent", "agent"])
}

fn by_descriptor(path: &str, own: &str, and_then: impl FnOnce() -> Outcome) -> Outcome {
    let file = File::open(path).doing(path)?;
    and_then()?;
    let words = ["agent", "names", "mark-and-child", own, "agent"].map(CString::new);
    let words = words.into_iter().collect::<Result<Vec<_>, _>>().map_err(|_| "a word with a NUL")?;
    let none: [&CStr; 0] = [];
    match fexecve(file, &words, &none)? {}
}

fn all() -> Outcome {
    child(|| mark("agent", "agent"))?;
    child(|| {
        call_yourself(c"fake")?;
        mark("agent", "agent")?;
        child(|| mark("agent", "agent"))?;
        child(|| {
            call_yourself(c"fake-again")?;
            mark("agent", "agent")
        })?;
        child(|| exec(OTHER, &["mark", "other", "agent"]))?;
        exec(OTHER, &["mark", "other", "agent"])
    })?;
    child(|| exec(OTHER, &["other"]))?;
    child(|| {
        in_a_thread(|| {
            call_yourself(c"worker")?;
            mark("agent", "agent")?;
            child(|| mark("agent", "agent"))
        })?;
        mark("agent", "agent")?;
        child(|| mark("agent", "agent"))
    })?;
    // Not the first thread executes: it becomes the first.
    child(|| {
        in_a_thread(|| {
            call_yourself(c"worker")?;
            exec(OTHER, &["mark-and-child", "other", "agent"])
        })
    })?;
    child(|| by_descriptor(OTHER, "other", || Ok(())))?;
    child(|| exec(OTHER, &["again"]))?;
    let gone = format!("/run/names-gone-{}", getpid());
    std::fs::copy(AGENT, &gone).doing(&gone)?;
    child(|| by_descriptor(&gone, DOUBTED, || std::fs::remove_file(&gone).doing(&gone)))?;
    parents_that_change()
}

fn parents_that_change() -> Outcome {
    // The parent calls itself something else.
    child(|| {
        let me = getpid();
        let waiting = start(move || {
            until(|| std::fs::read(format!("/proc/{me}/comm")).is_ok_and(|comm| comm == b"fake\n"))?;
            mark("agent", "agent")
        })?;
        call_yourself(c"fake")?;
        Ok(waitpid(waiting, None).map(drop)?)
    })?;
    // It executes another program.
    let path = format!("/run/names-exec-{}", getpid());
    let seen = path.clone();
    child(move || {
        start(move || {
            until(|| Path::new(&seen).exists())?;
            mark("agent", "other")
        })?;
        exec(OTHER, &["let-go", &path])
    })?;
    // It ends.
    let path = format!("/run/names-orphan-{}", getpid());
    let left = path.clone();
    child(move || {
        let me = getpid();
        start(move || {
            until(|| getppid() != me)?;
            mark("agent", "init")?;
            File::create(&left).map(drop).doing(&left)
        })?;
        Ok(())
    })?;
    until(|| Path::new(&path).exists())
}
