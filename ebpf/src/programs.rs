//! The programs: entries, and for each entry that has operations one program an operation.
//!
//! Of most there are two: those that are `traced` are for kernels that preempt the programs of raw tracepoints, and not those of
//! perf.

use crate::helpers::Context;
use crate::slot::{OfCall, OfExec, OfFork, OfRequest};
use crate::{call, file, finish, image, judge, memory, process, request, walk};

macro_rules! programs {
    ($($section:literal { $($name:ident: $body:expr;)* })*) => {$($(
        // SAFETY: no other symbol has this name, and the section holds programs alone.
        #[unsafe(no_mangle)]
        #[unsafe(link_section = $section)]
        extern "C" fn $name(context: *const Context) -> i32 {
            $body(context);
            0
        }
    )*)*};
}

programs! {
    "raw_tp/entry" {
        sys_exit: call::returned;
        sched_process_fork: process::forked;
        sched_process_exec: process::executed;
        sched_process_exit: process::ended;
        signal_deliver: process::signalled;
    }
    "raw_tp/call" {
        call_end: finish::end::<OfCall>;
        call_fd: file::fd::<OfCall>;
        call_dir_fd: file::dir_fd::<OfCall>;
        call_string: memory::string::<OfCall>;
        call_bytes: memory::bytes::<OfCall>;
        call_cwd: file::cwd::<OfCall>;
        call_exe: file::exe::<OfCall>;
        call_cgroup: file::cgroup::<OfCall>;
        call_image: image::image::<OfCall>;
        call_vector: memory::vector::<OfCall>;
        call_message: memory::message::<OfCall>;
        call_fd_list: memory::fd_list::<OfCall>;
        call_strings: memory::string_list::<OfCall>;
        call_walk: walk::turn::<OfCall>;
        call_socket: file::socket::<OfCall>;
        call_judge: judge::judge::<OfCall>;
        call_path_text: judge::path_text::<OfCall>;
        call_string_text: judge::string_text::<OfCall>;
        call_joined_text: judge::joined_text::<OfCall>;
    }
    "kprobe/request" {
        request_entered: request::entered;
        request_installed: request::installed;
        request_end: finish::end::<OfRequest>;
        request_fd: file::fd::<OfRequest>;
        request_dir_fd: file::dir_fd::<OfRequest>;
        request_string: memory::string::<OfRequest>;
        request_bytes: memory::bytes::<OfRequest>;
        request_cwd: file::cwd::<OfRequest>;
        request_walk: walk::turn::<OfRequest>;
        request_socket: file::socket::<OfRequest>;
        request_judge: judge::skip::<OfRequest>;
    }
    "kretprobe/request" {
        request_returned: request::returned;
    }
    "raw_tp/exec" {
        exec_end: finish::end::<OfExec>;
        exec_cwd: file::cwd::<OfExec>;
        exec_exe: file::exe::<OfExec>;
        exec_cgroup: file::cgroup::<OfExec>;
        exec_image: image::image::<OfExec>;
        exec_arguments: memory::arguments::<OfExec>;
        exec_environment: memory::environment::<OfExec>;
        exec_walk: walk::turn::<OfExec>;
    }
    "raw_tp/fork" {
        fork_end: finish::end::<OfFork>;
        fork_bytes: memory::bytes::<OfFork>;
        fork_image: image::image::<OfFork>;
    }
    "tp/entry" {
        traced_sys_exit: call::traced;
        traced_sched_process_fork: process::fork_traced;
        traced_sched_process_exec: process::exec_traced;
        traced_sched_process_exit: process::ended;
    }
    "tp/call" {
        traced_call_end: finish::end::<OfCall>;
        traced_call_fd: file::fd::<OfCall>;
        traced_call_dir_fd: file::dir_fd::<OfCall>;
        traced_call_string: memory::string::<OfCall>;
        traced_call_bytes: memory::bytes::<OfCall>;
        traced_call_cwd: file::cwd::<OfCall>;
        traced_call_exe: file::exe::<OfCall>;
        traced_call_cgroup: file::cgroup::<OfCall>;
        traced_call_image: image::image::<OfCall>;
        traced_call_vector: memory::vector::<OfCall>;
        traced_call_message: memory::message::<OfCall>;
        traced_call_fd_list: memory::fd_list::<OfCall>;
        traced_call_strings: memory::string_list::<OfCall>;
        traced_call_walk: walk::turn::<OfCall>;
        traced_call_socket: file::socket::<OfCall>;
        traced_call_judge: judge::judge::<OfCall>;
        traced_call_path_text: judge::path_text::<OfCall>;
        traced_call_string_text: judge::string_text::<OfCall>;
        traced_call_joined_text: judge::joined_text::<OfCall>;
    }
    "tp/exec" {
        traced_exec_end: finish::end::<OfExec>;
        traced_exec_cwd: file::cwd::<OfExec>;
        traced_exec_exe: file::exe::<OfExec>;
        traced_exec_cgroup: file::cgroup::<OfExec>;
        traced_exec_image: image::image::<OfExec>;
        traced_exec_arguments: memory::arguments::<OfExec>;
        traced_exec_environment: memory::environment::<OfExec>;
        traced_exec_walk: walk::turn::<OfExec>;
    }
    "tp/fork" {
        traced_fork_end: finish::end::<OfFork>;
        traced_fork_bytes: memory::bytes::<OfFork>;
        traced_fork_image: image::image::<OfFork>;
    }
}

/// The licence that the kernel asks for.
// SAFETY: no other symbol has this name.
#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
