//! The module's device files: opening them, and their requests.
#![allow(unsafe_code, reason = "ioctl(2)")]

use kestrel_core::abi::{ABI_MAJOR, ABI_MINOR, DEVICE_PREFIX, Frame, Hello, Interest, Request, Welcome};
use kestrel_core::schema::FINGERPRINT;
use nix::errno::Errno;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

/// Why the module cannot be used; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// There is no device.
    #[error(
        "{path}: no such device: the kernel module is not loaded. Load it with `modprobe kestrel`, or install it with `make install`"
    )]
    Missing {
        /// The device's path.
        path: String,
    },
    /// The caller may not open it.
    #[error("{path}: permission denied: kestrel reads the kernel's records as root")]
    Denied {
        /// The device's path.
        path: String,
    },
    /// Somebody else has it.
    #[error("{path}: in use: another kestrel reads the records already; there can be one. `fuser {path}` shows which")]
    Busy {
        /// The device's path.
        path: String,
    },
    /// Module and daemon do not fit.
    #[error(
        "module and daemon do not fit: the module speaks ABI {}.{} with schema {:016x}, this daemon ABI {ABI_MAJOR}.{ABI_MINOR} with schema {FINGERPRINT:016x}. \
         Install both from one release and load the module again (`rmmod kestrel; modprobe kestrel`)",
        theirs.abi_major, theirs.abi_minor, theirs.schema
    )]
    Mismatch {
        /// What the module says of itself.
        theirs: Welcome,
    },
    /// The module answers in a way that this daemon does not understand.
    #[error(
        "module and daemon do not fit: the module's answer to the handshake makes no sense to this daemon (ABI {ABI_MAJOR}.{ABI_MINOR})"
    )]
    Nonsense,
    /// The system refused.
    #[error("{path}: {what}: {error}")]
    System {
        /// The device's path.
        path: String,
        /// What was tried.
        what: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// A ring cannot be mapped.
    #[error("{path}: {error}")]
    Map {
        /// The device's path.
        path: String,
        /// Why not.
        error: kestrel_ringbuf::MapError,
    },
}

/// One device.
#[derive(Debug)]
pub struct Device {
    /// Its path.
    pub path: String,
    /// The open file.
    pub file: File,
}

impl Device {
    /// Opens the device of a CPU.
    pub fn open(cpu: u32) -> Result<Device, DeviceError> {
        let path = format!("{DEVICE_PREFIX}{cpu}");
        let opened = OpenOptions::new().read(true).write(true).custom_flags(nix::libc::O_CLOEXEC).open(&path);
        match opened {
            Ok(file) => Ok(Device { path, file }),
            Err(error) => Err(match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOENT | Errno::ENODEV | Errno::ENXIO) => DeviceError::Missing { path },
                Some(Errno::EACCES | Errno::EPERM) => DeviceError::Denied { path },
                Some(Errno::EBUSY) => DeviceError::Busy { path },
                _ => DeviceError::System { path, what: "cannot open it", error },
            }),
        }
    }

    /// Says who we are and hears who the module is.
    pub fn hello(&self, hello: &Hello) -> Result<Welcome, DeviceError> {
        let mut frame = Frame::encode(hello).ok_or(DeviceError::Nonsense)?;
        // SAFETY: HELLO reads and writes one frame, which `frame` is.
        let answer = unsafe { self.request(Request::Hello, std::ptr::from_mut(&mut frame) as usize) };
        match answer {
            Ok(()) => frame.decode().ok_or(DeviceError::Nonsense),
            Err(Errno::EPROTO) => Err(match frame.decode() {
                Some(theirs) => DeviceError::Mismatch { theirs },
                None => DeviceError::Nonsense,
            }),
            Err(errno) => Err(self.refused("handshake", errno)),
        }
    }

    /// Says which events to record.
    pub fn set_interest(&self, interest: &Interest) -> Result<(), DeviceError> {
        // SAFETY: SET_INTEREST reads one `Interest`.
        let answer = unsafe { self.request(Request::SetInterest, std::ptr::from_ref(interest) as usize) };
        answer.map_err(|errno| self.refused("cannot say which events to record", errno))
    }

    /// Begins the capture.
    pub fn start(&self) -> Result<(), DeviceError> {
        // SAFETY: START takes no argument.
        unsafe { self.request(Request::Start, 0) }.map_err(|errno| self.refused("cannot start the capture", errno))
    }

    /// Ends the capture.
    pub fn stop(&self) -> Result<(), DeviceError> {
        // SAFETY: STOP takes no argument.
        unsafe { self.request(Request::Stop, 0) }.map_err(|errno| self.refused("cannot stop the capture", errno))
    }

    /// # Safety
    /// `argument` is what the request expects: nothing, or the address of its structure.
    unsafe fn request(&self, request: Request, argument: usize) -> Result<(), Errno> {
        // SAFETY: the caller's promise; the descriptor is open for the whole call.
        let result = unsafe { nix::libc::ioctl(self.file.as_raw_fd(), request as nix::libc::Ioctl, argument) };
        Errno::result(result).map(drop)
    }

    fn refused(&self, what: &'static str, errno: Errno) -> DeviceError {
        DeviceError::System { path: self.path.clone(), what, error: errno.into() }
    }
}
