//! The socket's file: made with its permissions, taken over from one who is gone, removed at the end.

use mio::net::UnixListener;
use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket};
use nix::sys::stat::{Mode, fchmod};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// Readers that may wait to be let in.
const BACKLOG: i32 = 16;

/// A socket that is listened on.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: UnixListener,
    path: PathBuf,
    /// Device and inode of its file.
    file: (u64, u64),
}

impl Listener {
    /// Makes the socket, with these permissions.
    ///
    /// # Errors
    /// What the system said, or that there is something else under this path, or somebody who listens there.
    pub fn bind(path: PathBuf, mode: u32) -> io::Result<Listener> {
        let address = UnixAddr::new(&path)?;
        remove_stale(&path)?;
        let fd = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)?;
        // The file gets the socket's permissions: so it is at no time open to more than it should be.
        fchmod(&fd, Mode::from_bits_truncate(mode))?;
        bind(fd.as_raw_fd(), &address)?;
        // What the umask took away.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode))?;
        listen(&fd, Backlog::new(BACKLOG)?)?;
        let file = identity(&path)?;
        Ok(Listener { socket: UnixListener::from_std(fd.into()), path, file })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Only if it is still ours.
        if identity(&self.path).is_ok_and(|file| file == self.file) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Removes the socket of somebody who does not listen any more.
fn remove_stale(path: &Path) -> io::Result<()> {
    let file = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if !file.file_type().is_socket() {
        return Err(io::Error::new(ErrorKind::AlreadyExists, "there is something under this path that is no socket"));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        _ => Err(io::Error::new(ErrorKind::AddrInUse, "somebody listens there already; is another kestrel running?")),
    }
}
