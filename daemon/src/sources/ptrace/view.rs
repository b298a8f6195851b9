//! A stopped tracee, as fillers see it: [`Kernel`] over its memory and /proc.

use super::asked::Asked;
use super::context::cgroup_path;
use super::folder::{Folder, Sizes};
use super::limits;
use super::memory::Memory;
use super::socket::{self, Socket, process_handle};
use super::started::{Place, Started};
use super::status::Status;
use super::tracee::Tracee;
use crate::state::proc_text::{control_group, find, number};
use kestrel_core::event::{FdFlags, FdHead, FdKind, TaskContext, Tuple};
use kestrel_core::fill::{Kernel, ListenQueue, ProcessImage, Strings, TaskPath, Unavailable, UserString};
use nix::libc;
use std::cell::{OnceCell, RefCell};
use std::collections::HashSet;
use zerocopy::FromBytes;

/// Capabilities that override the permissions of files (`linux/capability.h`).
const CAP_DAC_OVERRIDE: u64 = 1 << 1;
const CAP_FOWNER: u64 = 1 << 3;

/// What is known already of what may be asked for: a call's arguments say more of a descriptor than the descriptor does.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    /// It was opened by this call: its number, and the flags that its file has now.
    pub opened: Option<(i32, u32)>,
    /// It is being connected by this call, and has no other end yet: its number, where the other end's address lies, and that
    /// address's length.
    pub connecting: Option<(i32, u64, usize)>,
    /// Of a program that began.
    pub started: Option<Started>,
    /// The event says nothing of what the process may do, and of the file that it executes.
    pub figures_alone: bool,
    /// The file that is being executed.
    pub exe: Option<Status>,
}

/// What was found out of a descriptor.
#[derive(Debug)]
struct Described {
    fd: i32,
    head: FdHead,
    tail: Vec<u8>,
}

/// What is known beside the tracees themselves.
#[derive(Debug)]
pub struct Surroundings {
    /// The memory of whoever is stopped.
    pub memory: Memory,
    /// Inode numbers of sockets that came from accept(2).
    pub accepted: HashSet<u64>,
    /// The init of our own pid namespace: its namespace's number, and when it started, ns since the epoch.
    pub namespace_start: (u32, u64),
    /// Our own folder in /proc.
    pub own: Option<Folder>,
    /// The device of files that memfd_create makes; 0 if there are none.
    pub memfd_dev: u32,
    /// What is looked up of processes.
    pub asked: Asked,
}

impl Surroundings {
    /// A task at a stop.
    pub fn view<'a>(&'a self, tracee: &'a Tracee, hints: Hints) -> View<'a> {
        let Tracee { task, folder, never_had_others, .. } = tracee;
        let never_had_others = *never_had_others;
        View {
            task,
            folder,
            never_had_others,
            around: self,
            hints,
            described: RefCell::new(None),
            exe_path: OnceCell::new(),
        }
    }
}

/// A stopped tracee.
#[derive(Debug)]
pub struct View<'a> {
    /// What is known of the task.
    pub task: &'a TaskContext,
    /// Its folder in /proc, kept from one stop to the next.
    pub folder: &'a OnceCell<Option<Folder>>,
    never_had_others: bool,
    around: &'a Surroundings,
    /// What the call says.
    pub hints: Hints,
    described: RefCell<Option<Described>>,
    exe_path: OnceCell<Option<Vec<u8>>>,
}

impl<'a> View<'a> {
    fn tid(&self) -> i32 {
        self.task.tid.cast_signed()
    }

    /// Its folder in /proc; `None` if it is gone.
    pub fn task_folder(&self) -> Option<&Folder> {
        self.folder().ok()
    }

    /// Our own.
    pub fn own_folder(&self) -> Option<&Folder> {
        self.around.own.as_ref()
    }

    fn folder(&self) -> Result<&Folder, Unavailable> {
        self.folder.get_or_init(|| Folder::open(self.tid())).as_ref().ok_or(Unavailable)
    }

    /// Says what a descriptor stands for.
    fn look_at(&self, fd: i32) -> Result<Described, Unavailable> {
        let folder = self.folder()?;
        let name = format!("fd/{fd}");
        let link = folder.link(&name).ok_or(Unavailable)?;
        let status = folder.status(&name).ok_or(Unavailable)?;
        let mut head = FdHead { fd, dev: status.dev, mode: status.mode, ino: status.ino, ..FdHead::default() };
        if status.kind() == libc::S_IFSOCK && link.starts_with(b"socket:[") {
            let mut tail = vec![0; 300];
            let described = process_handle(self.task.pid).ok_or(Unavailable).and_then(|process| {
                let accepted = self.around.accepted.contains(&status.ino);
                Socket::copy(&process, fd)?.describe(accepted, &mut head, &mut tail)
            });
            match described {
                Ok(len) => {
                    tail.truncate(len);
                    self.connect(fd, &mut tail);
                }
                Err(Unavailable) => {
                    head.kind = FdKind::OtherSocket as u8;
                    tail.clear();
                }
            }
            return Ok(Described { fd, head, tail });
        }
        let (kind, deleted, path) = self.kind(&status, link);
        head.kind = kind as u8;
        if deleted {
            head.flags |= FdFlags::DELETED.0;
        }
        head.open_flags = match self.hints.opened {
            Some((opened, flags)) if opened == fd => flags,
            _ => self.open_flags(folder, fd, kind),
        };
        Ok(Described { fd, head, tail: path })
    }

    /// Gives a socket whose connection is being made the other end that the call says.
    fn connect(&self, fd: i32, tail: &mut [u8]) {
        let Some((connecting, address, len)) = self.hints.connecting else { return };
        let Ok((tuple, _)) = Tuple::mut_from_prefix(tail) else { return };
        if connecting != fd || tuple.remote_port != 0 {
            return;
        }
        let mut bytes = [0; socket::ADDRESS];
        let Some(room) = bytes.get_mut(..len) else { return };
        if self.around.memory.read(self.tid(), address, room).is_ok()
            && let Some((ip, port)) = (socket::Address { bytes, len }).ip()
        {
            (tuple.remote, tuple.remote_port) = (ip, port);
        }
    }

    /// What a file is, whether its name is gone, and its name.
    fn kind(&self, status: &Status, mut link: Vec<u8>) -> (FdKind, bool, Vec<u8>) {
        const DELETED: &[u8] = b" (deleted)";
        // A file may be called so.
        let deleted = link.ends_with(DELETED) && link.first() == Some(&b'/') && {
            let named = std::str::from_utf8(&link)
                .ok()
                .and_then(|path| Status::read(nix::fcntl::AT_FDCWD, path, nix::fcntl::AtFlags::empty()));
            named.is_none_or(|named| (named.dev, named.ino) != (status.dev, status.ino))
        };
        if deleted {
            link.truncate(link.len() - DELETED.len());
        }
        let memfd = deleted && link.starts_with(b"/memfd:") && status.dev == self.around.memfd_dev;
        let kind = match status.kind() {
            _ if link.starts_with(b"anon_inode:") || link.starts_with(b"pidfd:[") => FdKind::AnonInode,
            libc::S_IFREG if memfd => FdKind::Memfd,
            libc::S_IFREG => FdKind::File,
            libc::S_IFDIR => FdKind::Directory,
            libc::S_IFCHR => FdKind::CharDevice,
            libc::S_IFBLK => FdKind::BlockDevice,
            libc::S_IFIFO => FdKind::Pipe,
            libc::S_IFLNK => FdKind::Symlink,
            0 => FdKind::AnonInode,
            _ => FdKind::Unknown,
        };
        (kind, deleted, link)
    }

    /// The flags of an open file: the line `flags:`, in octal (proc_pid_fdinfo(5)).
    fn open_flags(&self, folder: &Folder, fd: i32, kind: FdKind) -> u32 {
        let mut text = [0; 256];
        let Some(len) = folder.shown(&format!("fdinfo/{fd}"), &mut text) else { return 0 };
        let flags = find(&text[..len], b"flags:").and_then(|text| std::str::from_utf8(text).ok());
        let flags = flags.and_then(|text| u32::from_str_radix(text.trim(), 8).ok()).unwrap_or(0);
        // That of the descriptor is shown there, too; files that were not opened by a name do not have it.
        let named = matches!(kind, FdKind::File | FdKind::Directory | FdKind::CharDevice | FdKind::BlockDevice);
        if named { flags } else { flags & !(libc::O_CLOEXEC as u32) }
    }

    /// The path of the file that is being executed.
    fn exe_path(&self) -> Option<&[u8]> {
        self.exe_path.get_or_init(|| self.folder().ok()?.path("exe")).as_deref()
    }

    fn started(&self) -> Option<Started> {
        self.hints.started.or_else(|| Started::read(self.folder().ok()?, self.task.tid, self.never_had_others))
    }

    /// Copies what lies at a place, as far as there is room.
    fn copy(&self, (from, to): Place, buf: &mut [u8]) -> Option<UserString> {
        let whole = usize::try_from(to.checked_sub(from).filter(|len| *len > 0)?).ok()?;
        let len = whole.min(buf.len());
        self.around.memory.read(self.tid(), from, &mut buf[..len]).ok()?;
        Some(UserString { len, cut: whole > len })
    }

    /// What kind of image runs, and who may write it.
    fn executable(&self, out: &mut ProcessImage) -> Option<()> {
        let folder = self.folder().ok()?;
        let exe = self.hints.exe.or_else(|| folder.status("exe"))?;
        (out.exe_ino, out.exe_ctime, out.exe_mtime) = (exe.ino, exe.ctime, exe.mtime);
        let writable = out.cap_effective & (CAP_DAC_OVERRIDE | CAP_FOWNER) != 0
            || self.task.euid == exe.uid
            || exe.mode & libc::S_IWOTH != 0
            || (exe.mode & libc::S_IWGRP != 0 && (self.task.egid == exe.gid || self.is_in_group(exe.gid)));
        if writable {
            out.exe_flags |= ProcessImage::WRITABLE;
        }
        if exe.dev == self.around.memfd_dev && self.exe_path().is_some_and(|path| path.starts_with(b"/memfd:")) {
            out.exe_flags |= ProcessImage::FROM_MEMFD;
        }
        Some(())
    }

    /// Whether a group is among those that it has beside its own.
    fn is_in_group(&self, gid: u32) -> bool {
        let mut text = [0; super::context::FILE];
        let Some(len) = self.task_folder().and_then(|folder| folder.shown("status", &mut text)) else { return false };
        let groups = find(&text[..len], b"Groups:").unwrap_or(&[]);
        groups.split(u8::is_ascii_whitespace).filter_map(number).any(|group| group == u64::from(gid))
    }

    /// How much of its memory is on a disk, in KiB. Only its status says that, which is a long text: where there is no such disk,
    /// it is not asked.
    fn swapped(&self) -> Option<u64> {
        if !limits::has_swap() {
            return None;
        }
        let mut text = [0; super::context::FILE];
        let len = self.task_folder()?.shown("status", &mut text)?;
        find(&text[..len], b"VmSwap:").and_then(|line| line.strip_suffix(b"kB")).and_then(number)
    }
}

/// The path of a task's control group: the one that says most, where there are several.
fn group(folder: &Folder) -> Option<Vec<u8>> {
    let mut text = [0; super::context::FILE];
    let len = folder.shown("cgroup", &mut text)?;
    control_group(&text[..len]).map(<[u8]>::to_vec)
}

fn put(path: &[u8], buf: &mut [u8]) -> Result<usize, Unavailable> {
    buf.get_mut(..path.len()).ok_or(Unavailable)?.copy_from_slice(path);
    Ok(path.len())
}

impl Kernel for View<'_> {
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
        self.around.memory.read(self.tid(), address, buf)
    }

    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        self.around.memory.read_string(self.tid(), address, buf)
    }

    fn task_context(&self, out: &mut TaskContext) {
        *out = *self.task;
    }

    fn task_path(&self, which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
        let folder = self.folder()?;
        let path = match which {
            TaskPath::WorkingDirectory => folder.path("cwd"),
            TaskPath::Executable => return put(self.exe_path().ok_or(Unavailable)?, buf),
            TaskPath::Cgroup if self.around.asked.default_group => cgroup_path(folder),
            TaskPath::Cgroup => group(folder),
        };
        put(&path.ok_or(Unavailable)?, buf)
    }

    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        let mut known = self.described.borrow_mut();
        if known.as_ref().is_none_or(|known| known.fd != fd) {
            *known = None;
            *known = Some(self.look_at(fd)?);
        }
        let known = known.as_ref().ok_or(Unavailable)?;
        *head = known.head;
        match put(&known.tail, tail) {
            Ok(len) => Ok(len),
            Err(Unavailable) if FdKind::from_u8(head.kind).has_tuple() => Err(Unavailable),
            Err(Unavailable) => Ok(0),
        }
    }

    fn image(&self, out: &mut ProcessImage) {
        let Asked { sizes, faults, open_files, .. } = self.around.asked;
        if faults && let Some(started) = self.started() {
            (out.pgft_min, out.pgft_maj) = (started.minor_faults, started.major_faults);
        }
        if sizes && let Ok(folder) = self.folder() {
            let Sizes { whole, resident } = folder.sizes().unwrap_or_default();
            (out.vm_size, out.vm_rss) = (whole as u32, resident as u32);
            out.vm_swap = self.swapped().unwrap_or(0) as u32;
        }
        if open_files {
            out.fdlimit = limits::open_files(self.tid()).unwrap_or(0);
        }
        if self.around.namespace_start.0 == self.task.pid_ns {
            out.pidns_init_start = self.around.namespace_start.1;
        }
        if self.hints.figures_alone {
            return;
        }
        let capabilities = limits::capabilities(self.tid()).unwrap_or_default();
        out.cap_inheritable = capabilities.inheritable;
        out.cap_permitted = capabilities.permitted;
        out.cap_effective = capabilities.effective;
        let _ = self.executable(out);
    }

    fn process_strings(&self, which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        let place = self.hints.started.map(|started| match which {
            Strings::Arguments => started.arguments,
            Strings::Environment => started.environment,
        });
        if let Some(copied) = place.and_then(|place| self.copy(place, buf)) {
            return Ok(copied);
        }
        let name = match which {
            Strings::Arguments => "cmdline",
            Strings::Environment => "environ",
        };
        let (len, cut) = self.folder()?.read(name, buf).ok_or(Unavailable)?;
        Ok(UserString { len, cut })
    }

    fn listen_queue(&self, fd: i32) -> Result<ListenQueue, Unavailable> {
        let process = process_handle(self.task.pid).ok_or(Unavailable)?;
        Socket::copy(&process, fd)?.queue()
    }
}
