//! Ways to do a thing so that it looks like another.

use super::failure::{Doing, Failure, Outcome};
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap};
use nix::sys::prctl;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::ffi::{CString, OsStr, c_void};
use std::fs::File;
use std::num::NonZeroUsize;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;

/// Does it.
///
/// # Errors
/// If it cannot be done.
pub fn act(words: &[&str]) -> Outcome {
    match words {
        ["by-descriptor", folder, name] => {
            let folder = File::open(folder)?;
            drop(File::open(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd())).doing(name)?);
            Ok(())
        }
        ["again", path] => {
            // Not by the standard library, which with some C libraries takes O_PATH for a way of reading, and leaves it out.
            let there = open(*path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
            // Where udev does not run, nobody has made it.
            let _ = symlink("/proc/self/fd", "/dev/fd");
            drop(File::open(format!("/dev/fd/{}", there.as_raw_fd())).doing(path)?);
            Ok(())
        }
        ["long-path", path] => {
            // PATH_MAX counts the NUL (`linux/limits.h`).
            let fill = 4095 - path.len();
            let padding = "/".repeat(fill % 2) + &"/.".repeat(fill / 2);
            drop(File::open(format!("{padding}{path}")).doing(path)?);
            Ok(())
        }
        ["not-resident", path] => not_resident(path),
        ["discarded", path] => discarded(path),
        ["taken-away", fifo] => taken_away(fifo),
        ["bytes", folder] => {
            let name = OsStr::from_bytes(b"\xff\n\x1b[2J'\"\\");
            let path = Path::new(folder).join(name);
            File::create(&path).doing(path.display())?;
            drop(File::open(&path).doing(path.display())?);
            std::fs::remove_file(&path).doing(path.display())
        }
        ["rewritten", seen, opened, flag] => rewritten(seen, opened, *flag == "nofollow"),
        ["renamed", name, path] => {
            let name = CString::new(*name).map_err(|error| Failure::from(error.to_string()))?;
            prctl::set_name(&name)?;
            drop(File::open(path).doing(path)?);
            Ok(())
        }
        ["in-a-thread", name, path] => {
            let (name, path) = ((*name).to_owned(), (*path).to_owned());
            let thread = std::thread::Builder::new().name(name).spawn(move || File::open(path).map(drop))?;
            thread.join().map_err(|_| "the thread failed")?.map_err(Failure::from)
        }
        ["as", name, program, args @ ..] => Err(Failure::from(Command::new(program).arg0(name).args(args).exec())),
        ["many-arguments", program, args @ ..] => {
            // Each may be 128 KiB long (MAX_ARG_STRLEN, `linux/binfmts.h`).
            let long = "x".repeat(127 << 10);
            Err(Failure::from(Command::new(program).args(args).args(std::iter::repeat_n(long, 8)).exec()))
        }
        _ => Err("no such evasion".into()),
    }
}

const PAGE: usize = 4096;

/// A page of a file that holds a path.
#[allow(unsafe_code, reason = "mmap(2)")]
fn mapped(path: &str) -> Outcome<NonNull<c_void>> {
    const FILE: &str = "/srv/name";
    std::fs::write(FILE, format!("{path}\0")).doing(FILE)?;
    let file = File::open(FILE)?;
    let page = NonZeroUsize::MIN.saturating_add(PAGE - 1);
    // SAFETY: a new mapping, which nobody else knows of.
    Ok(unsafe { mmap(None, page, ProtFlags::PROT_READ, MapFlags::MAP_PRIVATE, &file, 0)? })
}

/// Opens a path whose characters lie in a page that is given back after it was read.
#[allow(unsafe_code, reason = "a string that is not in memory cannot be a slice")]
fn discarded(path: &str) -> Outcome {
    let at = mapped(path)?;
    // SAFETY: the page is mapped and can be read; nothing refers to it when it is given back, and the file brings it again.
    let fd = unsafe {
        at.cast::<u8>().read_volatile();
        madvise(at, PAGE, MmapAdvise::MADV_DONTNEED)?;
        libc::open(at.as_ptr().cast_const().cast(), libc::O_RDONLY)
    };
    if fd < 0 { Err(std::io::Error::last_os_error().into()) } else { Ok(()) }
}

/// Opens a FIFO, which sleeps until somebody writes to it. Meanwhile another thread unmaps the page that the path lies in, and
/// then writes.
#[allow(unsafe_code, reason = "a string that is taken away cannot be a slice")]
fn taken_away(fifo: &str) -> Outcome {
    let _ = std::fs::remove_file(fifo);
    mkfifo(fifo, Mode::S_IRUSR | Mode::S_IWUSR).doing(fifo)?;
    let at = mapped(fifo)?;
    let (page, path) = (at.as_ptr() as usize, fifo.to_owned());
    let writer = while_the_caller_sleeps(move || {
        // SAFETY: the kernel has read it, and nobody else refers to it.
        let unmapped = unsafe { libc::munmap(page as *mut c_void, PAGE) };
        if unmapped != 0 {
            return Err(std::io::Error::last_os_error());
        }
        File::options().write(true).open(&path).map(drop)
    });
    // SAFETY: the mapping holds a NUL-terminated string when the call begins.
    let fd = unsafe { libc::open(at.as_ptr().cast_const().cast(), libc::O_RDONLY) };
    let error = std::io::Error::last_os_error();
    writer.join().map_err(|_| "the other thread failed")??;
    std::fs::remove_file(fifo).doing(fifo)?;
    if fd < 0 { Err(error.into()) } else { Ok(()) }
}

/// Does something in another thread as soon as this one, the process's first, sleeps.
fn while_the_caller_sleeps(
    act: impl FnOnce() -> std::io::Result<()> + Send + 'static,
) -> JoinHandle<std::io::Result<()>> {
    let caller = format!("/proc/self/task/{}/stat", std::process::id());
    std::thread::spawn(move || {
        // The state stands behind the name in brackets (proc(5)).
        while !std::fs::read_to_string(&caller)?.contains(") S ") {
            std::thread::yield_now();
        }
        act()
    })
}

/// Opens a path whose characters lie in a page that is not in memory when the call begins.
#[allow(unsafe_code, reason = "a string that is not in memory cannot be a slice")]
fn not_resident(path: &str) -> Outcome {
    let at = mapped(path)?;
    // SAFETY: the mapping holds a NUL-terminated string.
    let fd = unsafe { libc::open(at.as_ptr().cast_const().cast(), libc::O_RDONLY) };
    if fd < 0 { Err(std::io::Error::last_os_error().into()) } else { Ok(()) }
}

/// Opens a FIFO, which sleeps until somebody writes to it. Meanwhile another thread puts another path where the caller's was, and
/// then writes.
#[allow(unsafe_code, reason = "memory that another thread writes to during a call cannot be a slice")]
fn rewritten(seen: &str, opened: &str, nofollow: bool) -> Outcome {
    let _ = std::fs::remove_file(opened);
    mkfifo(opened, Mode::S_IRUSR | Mode::S_IWUSR).doing(opened)?;
    let memory: Arc<Vec<AtomicU8>> = Arc::new((0..256).map(|_| AtomicU8::new(0)).collect());
    write(&memory, opened);
    let (theirs, seen, fifo) = (memory.clone(), seen.to_owned(), opened.to_owned());
    let writer = while_the_caller_sleeps(move || {
        write(&theirs, &seen);
        File::options().write(true).open(&fifo).map(drop)
    });
    let flags = if nofollow { libc::O_RDONLY | libc::O_NOFOLLOW } else { libc::O_RDONLY };
    // SAFETY: the memory lives on, and ends with NUL whatever is written before that.
    let fd = unsafe { libc::open(memory.as_ptr().cast(), flags) };
    let error = std::io::Error::last_os_error();
    writer.join().map_err(|_| "the writing thread failed")??;
    if fd < 0 { Err(error.into()) } else { Ok(()) }
}

/// Writes a string and its NUL over what is there; the last byte stays NUL.
fn write(memory: &[AtomicU8], text: &str) {
    for (to, byte) in memory.iter().zip(text.bytes().chain([0]).take(memory.len() - 1)) {
        to.store(byte, Ordering::Relaxed);
    }
}
