//! Starting the command: it waits until it is traced, takes its filter, and executes its program.
#![allow(unsafe_code, reason = "fork(2), seccomp(2), and execve(2) in the child")]

use super::error::{TraceError, system};
use super::listener::{self, Listener};
use super::request;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc::{self, c_char, sock_filter, sock_fprog};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::unistd::{ForkResult, Pid, fork, pipe2, read, write};
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Signals that Kestrel ignores while the command has the terminal, and the command does not.
pub const OF_THE_TERMINAL: [Signal; 4] = [Signal::SIGQUIT, Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

/// What the child says first, in its pipe.
const PRIVILEGED: u8 = b'p';
const UNPRIVILEGED: u8 = b'n';
const NO_FILTER: u8 = b'f';
const NO_PROGRAM: u8 = b'x';

/// A command to be started.
#[derive(Debug)]
pub struct Command {
    /// Its program, and its arguments.
    pub words: Vec<OsString>,
    /// Where its standard output goes, if not where ours does.
    pub stdout: Option<OwnedFd>,
    /// The signals that are blocked for it.
    pub mask: SigSet,
}

/// A command that was started.
#[derive(Debug)]
pub struct Launched {
    /// Its process.
    pub pid: i32,
    /// Its program.
    pub path: String,
    report: OwnedFd,
    handed_over: OwnedFd,
}

/// The filters that a command may begin with.
#[derive(Debug)]
pub struct Filters {
    /// Some calls wait for an answer, where the system takes that.
    pub waiting: Option<Vec<sock_filter>>,
    /// All calls stop.
    pub stopping: Vec<sock_filter>,
}

/// What the child said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It goes on; `false` if only without ever gaining a privilege (no_new_privs).
    Filtered { may_gain: bool },
    /// The filter was refused.
    NoFilter(Errno),
    /// The program was.
    NoProgram(Errno),
}

impl Launched {
    /// Where notices come from, once the child's filter is installed; `None` if it has no calls that wait.
    pub fn listener(&self) -> Option<Listener> {
        Listener::take(&self.handed_over)
    }

    /// What the child said so far, the last thing last.
    pub fn reports(&self) -> Vec<Report> {
        let mut bytes = [0; 64];
        let len = read(&self.report, &mut bytes).unwrap_or(0);
        let report = |words: &[u8]| {
            let error = Errno::from_raw(i32::from(words[1]));
            match words[0] {
                NO_FILTER => Report::NoFilter(error),
                NO_PROGRAM => Report::NoProgram(error),
                what => Report::Filtered { may_gain: what == PRIVILEGED },
            }
        };
        bytes[..len].chunks_exact(2).map(report).collect()
    }
}

/// The file that a shell would execute.
///
/// # Errors
/// [`TraceError::NotFound`].
pub fn find(name: &OsStr) -> Result<PathBuf, TraceError> {
    if name.as_bytes().contains(&b'/') {
        return Ok(PathBuf::from(name));
    }
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    let executable = |path: &PathBuf| {
        std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path)
        .map(|dir| if dir.as_os_str().is_empty() { Path::new(".").join(name) } else { dir.join(name) })
        .find(executable)
        .ok_or_else(|| TraceError::NotFound { name: name.to_string_lossy().into_owned() })
}

fn text(word: &OsStr) -> Result<CString, TraceError> {
    CString::new(word.as_bytes())
        .map_err(|error| TraceError::System { what: "pass a word with NUL", error: error.into() })
}

/// All that the child needs, made before the fork: afterwards nothing is allocated.
struct Prepared {
    path: CString,
    _words: Vec<CString>,
    arguments: Vec<*const c_char>,
    _environment: Vec<CString>,
    variables: Vec<*const c_char>,
    filters: Option<Filters>,
}

impl Prepared {
    fn new(command: &Command, path: &Path, filters: Option<Filters>) -> Result<Prepared, TraceError> {
        let words = command.words.iter().map(|word| text(word)).collect::<Result<Vec<_>, _>>()?;
        let variable = |(name, value): (OsString, OsString)| {
            CString::new([name.into_vec(), b"=".to_vec(), value.into_vec()].concat()).ok()
        };
        let environment: Vec<CString> = std::env::vars_os().filter_map(variable).collect();
        let pointers =
            |strings: &[CString]| strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect::<Vec<_>>();
        Ok(Prepared {
            path: text(path.as_os_str())?,
            arguments: pointers(&words),
            variables: pointers(&environment),
            _words: words,
            _environment: environment,
            filters,
        })
    }

    /// Installs a filter, and gives its listener away. `false` if privileges had to be given up for good.
    fn install(filters: &Filters, hand_over: &OwnedFd) -> Result<bool, Errno> {
        let mut may_gain = true;
        // Where that is refused, by an older kernel or because somebody else has the notices, all calls stop.
        if let Some(waiting) = &filters.waiting
            && let Ok(listener) = Prepared::with_privileges_or_without(&mut may_gain, || listener::install(waiting))
        {
            return listener::give(hand_over, &listener).map(|()| may_gain);
        }
        let filter = &filters.stopping;
        let program = sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
        let set = || {
            // SAFETY: the program lies where it says, as long as it says.
            Errno::result(unsafe {
                libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
            })
        };
        Prepared::with_privileges_or_without(&mut may_gain, set)?;
        Ok(may_gain)
    }

    /// Who may not install a filter with privileges in reach gives them up for good.
    fn with_privileges_or_without<T>(may_gain: &mut bool, set: impl Fn() -> Result<T, Errno>) -> Result<T, Errno> {
        match set() {
            Err(Errno::EACCES) => {}
            result => return result,
        }
        // SAFETY: numbers go in.
        Errno::result(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
        *may_gain = false;
        set()
    }

    /// What the child does. It ends with 127 if the program cannot be executed.
    fn execute(&self, report: &OwnedFd, hand_over: &OwnedFd) -> ! {
        let say = |what: u8, error: Errno| {
            let _ = write(report, &[what, error as i32 as u8]);
        };
        if let Some(filters) = &self.filters {
            match Prepared::install(filters, hand_over) {
                Ok(true) => say(PRIVILEGED, Errno::UnknownErrno),
                Ok(false) => say(UNPRIVILEGED, Errno::UnknownErrno),
                Err(error) => {
                    say(NO_FILTER, error);
                    // SAFETY: nothing of the parent's is to be cleaned up here.
                    unsafe { libc::_exit(127) }
                }
            }
        }
        // SAFETY: the vectors end with a null pointer, their strings with NUL.
        unsafe { libc::execve(self.path.as_ptr(), self.arguments.as_ptr(), self.variables.as_ptr()) };
        let mut error = Errno::last();
        if error == Errno::ENOEXEC {
            // A script without a first line that says what it is for: the shell's, as for execvp(3).
            let mut words = [std::ptr::null(); 256];
            words[0] = c"sh".as_ptr();
            words[1] = self.path.as_ptr();
            for (to, from) in words[2..255].iter_mut().zip(self.arguments.iter().skip(1)) {
                *to = *from;
            }
            // SAFETY: as before.
            unsafe { libc::execve(c"/bin/sh".as_ptr(), words.as_ptr(), self.variables.as_ptr()) };
            error = Errno::last();
        }
        say(NO_PROGRAM, error);
        // SAFETY: nothing of the parent's is to be cleaned up here.
        unsafe { libc::_exit(127) }
    }
}

/// Starts a command as a tracee. With a filter it ends with us.
///
/// # Errors
/// [`TraceError`] says what is wrong.
pub fn launch(command: &Command, filters: Option<Filters>) -> Result<Launched, TraceError> {
    let name = command.words.first().map_or(OsStr::new(""), OsString::as_os_str);
    let path = find(name)?;
    let prepared = Prepared::new(command, &path, filters)?;
    let (report, say) = pipe2(OFlag::O_CLOEXEC).map_err(system("make a pipe"))?;
    let (handed_over, hand_over) = listener::pair().map_err(system("make a pair of sockets"))?;
    let (wait, go) = pipe2(OFlag::O_CLOEXEC).map_err(system("make a pipe"))?;
    // SAFETY: there is one thread; the child does nothing that could wait for another.
    let child = match unsafe { fork() }.map_err(system("start a process"))? {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            drop(go);
            // Nobody answers if the parent could not trace us.
            if read(&wait, &mut [0]) != Ok(1) {
                // SAFETY: nothing of the parent's is to be cleaned up here.
                unsafe { libc::_exit(127) }
            }
            for number in OF_THE_TERMINAL.into_iter().chain([Signal::SIGALRM, Signal::SIGPIPE]) {
                // SAFETY: it is the default, no function.
                let _ = unsafe { signal(number, SigHandler::SigDfl) };
            }
            let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&command.mask), None);
            if let Some(stdout) = &command.stdout {
                // SAFETY: numbers go in.
                unsafe { libc::dup2(stdout.as_raw_fd(), libc::STDOUT_FILENO) };
            }
            prepared.execute(&say, &hand_over)
        }
    };
    let options = if prepared.filters.is_some() { request::FILTERED } else { request::OPTIONS };
    if let Err(error) = request::seize(child.as_raw(), options) {
        drop(go);
        let _ = nix::sys::wait::waitpid(child, None);
        return Err(TraceError::Denied { pid: child.as_raw(), error });
    }
    if prepared.filters.is_none() {
        // From a stop on it can be told to stop at calls.
        request::interrupt(child.as_raw()).map_err(system("stop the command"))?;
    }
    write(&go, &[1]).map_err(system("let the command begin"))?;
    nix::fcntl::fcntl(&report, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(system("set up a pipe"))?;
    Ok(Launched { pid: child.as_raw(), path: path.display().to_string(), report, handed_over })
}

/// Stops this process as the terminal would have, and goes on when somebody says so.
pub fn stop_ourselves() {
    let _ = nix::sys::signal::kill(Pid::this(), Signal::SIGSTOP);
}

/// Has a descriptor that was just made be closed when it is not needed any more.
///
/// # Errors
/// EBADF if it is none.
pub fn own(fd: i32) -> Result<OwnedFd, Errno> {
    if fd < 0 {
        return Err(Errno::EBADF);
    }
    // SAFETY: whoever made it has given it to us.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Ignores a signal.
///
/// # Errors
/// What the system said.
pub fn ignore(number: Signal) -> Result<(), Errno> {
    // SAFETY: nothing is called.
    unsafe { signal(number, SigHandler::SigIgn) }.map(drop)
}
