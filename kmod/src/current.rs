//! The running task, as fillers see it.
#![forbid(unsafe_code)]

use crate::ffi;
use kestrel_core::event::{FdHead, TaskContext};
use kestrel_core::fill::{
    Identity, Kernel, ListenQueue, ProcessImage, ProcessName, Strings, TaskPath, Unavailable, UserString,
};

/// The running task. It has no state: the kernel knows which it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Current;

impl Kernel for Current {
    fn read_user(&self, address: u64, buf: &mut [u8]) -> Result<(), Unavailable> {
        ffi::read_user(address, buf)
    }

    fn read_user_string(&self, address: u64, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        ffi::read_user_string(address, buf)
    }

    fn task_context(&self, out: &mut TaskContext) {
        ffi::current_task(out)
    }

    fn identity(&self, out: &mut Identity) {
        ffi::current_identity(out)
    }

    fn marks(&self) -> Option<u64> {
        ffi::current_marks()
    }

    fn process_name(&self, generation: u8) -> ProcessName {
        ffi::process_name(generation)
    }

    fn task_path(&self, which: TaskPath, buf: &mut [u8]) -> Result<usize, Unavailable> {
        ffi::task_path(which, buf)
    }

    fn describe_fd(&self, fd: i32, head: &mut FdHead, tail: &mut [u8]) -> Result<usize, Unavailable> {
        ffi::describe_fd(fd, head, tail)
    }

    fn image(&self, out: &mut ProcessImage) {
        ffi::current_image(out)
    }

    fn process_strings(&self, which: Strings, buf: &mut [u8]) -> Result<UserString, Unavailable> {
        ffi::process_strings(matches!(which, Strings::Environment), buf)
    }

    fn listen_queue(&self, fd: i32) -> Result<ListenQueue, Unavailable> {
        ffi::listen_queue(fd)
    }
}
