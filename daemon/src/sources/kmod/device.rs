//! The module's device files: opening them, and their requests.
#![allow(unsafe_code, reason = "ioctl(2)")]

use super::error::DeviceError;
use crate::sources::holder::holder;
use kestrel_core::abi::{EventCounts, FilterLoad, Frame, Hello, Interest, Request, Welcome};
use kestrel_core::filter::{Refused, Why};
use nix::errno::Errno;
use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;

/// One device.
#[derive(Debug)]
pub struct Device {
    /// Its path.
    pub path: String,
    /// The open file.
    pub file: File,
}

impl Device {
    /// Opens a device.
    pub fn open(path: String) -> Result<Device, DeviceError> {
        match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => Ok(Device { path, file }),
            Err(error) => Err(match error.raw_os_error().map(Errno::from_raw) {
                Some(Errno::ENOENT | Errno::ENODEV | Errno::ENXIO) => DeviceError::Missing { path },
                Some(Errno::EACCES | Errno::EPERM) => DeviceError::Denied { path },
                Some(Errno::EBUSY) => DeviceError::Busy { holder: holder(&path), path },
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
            Err(Errno::ENOTTY | Errno::EINVAL) => Err(DeviceError::Foreign { path: self.path.clone() }),
            Err(errno) => Err(self.refused("the handshake failed", errno)),
        }
    }

    /// Says which events to record.
    pub fn set_interest(&self, interest: &Interest) -> Result<(), DeviceError> {
        // SAFETY: SET_INTEREST reads one `Interest`.
        let answer = unsafe { self.request(Request::SetInterest, std::ptr::from_ref(interest) as usize) };
        answer.map_err(|errno| self.refused("cannot say which events to record", errno))
    }

    /// Says by which program events are judged; an empty one keeps everything that is asked for.
    pub fn set_program(&self, program: &[u8]) -> Result<(), DeviceError> {
        let too_long =
            || DeviceError::Program { path: self.path.clone(), refused: Refused { why: Why::TooLong, at: 0 } };
        let len = u32::try_from(program.len()).map_err(|_| too_long())?;
        let mut load = FilterLoad { address: program.as_ptr() as u64, len, ..FilterLoad::default() };
        // SAFETY: SET_FILTER reads and writes one `FilterLoad`, and reads the bytes that it points to, which `program` is.
        let answer = unsafe { self.request(Request::SetFilter, std::ptr::from_mut(&mut load) as usize) };
        answer.map_err(|errno| match Why::from_u32(load.why) {
            Some(why) if errno == Errno::EINVAL => {
                DeviceError::Program { path: self.path.clone(), refused: Refused { why, at: load.at } }
            }
            _ => self.refused("cannot say by which program events are judged", errno),
        })
    }

    /// How often each event was seen and rejected since the rings were emptied.
    pub fn counts(&self) -> Result<EventCounts, DeviceError> {
        let mut counts = EventCounts::default();
        // SAFETY: GET_COUNTS writes one `EventCounts`.
        let answer = unsafe { self.request(Request::GetCounts, std::ptr::from_mut(&mut counts) as usize) };
        answer.map_err(|errno| self.refused("cannot ask what became of each event", errno))?;
        Ok(counts)
    }

    /// Begins the capture.
    pub fn start(&self) -> Result<(), DeviceError> {
        // SAFETY: START takes no argument.
        unsafe { self.request(Request::Start, 0) }.map_err(|errno| self.refused("cannot start the capture", errno))
    }

    /// What processes are called may be told from now on: those that there were before the capture are known.
    pub fn know_processes(&self) -> Result<(), DeviceError> {
        // SAFETY: KNOWN takes no argument.
        let answer = unsafe { self.request(Request::Known, 0) };
        answer.map_err(|errno| self.refused("cannot say that the processes are known", errno))
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
