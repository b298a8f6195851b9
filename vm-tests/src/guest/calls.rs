//! Makes each system call of the first set of events, in a fixed order with fixed arguments: what is recorded of it is kept
//! as a snapshot. Most succeed; those that cannot, or must not, are made to fail.
#![allow(unsafe_code, reason = "system calls, as they are")]

use super::failure::{Doing, Outcome};
use nix::libc;
use std::ffi::CStr;
use std::fs;
use std::os::unix::net::UnixListener;
use std::ptr::null;

/// Where it works.
const FOLDER: &str = "/tmp/calls";

/// The program that is executed: itself, doing nothing.
const PROGRAM: &CStr = c"/usr/bin/calls";

/// Makes a call; the result does not matter, the record shows it.
macro_rules! call {
    ($number:ident $(, $arg:expr)* $(,)?) => {
        // SAFETY: every pointer given here is null, or points to a live value or string of the kind that this call takes
        // (section 2 of the manual); the kernel checks everything else.
        unsafe { libc::syscall(libc::$number $(, $arg)*) }
    };
}

/// Makes the calls.
///
/// # Errors
/// If the folder to work in cannot be prepared.
pub fn make() -> Outcome {
    let _ = fs::remove_dir_all(FOLDER);
    fs::create_dir(FOLDER).doing(FOLDER)?;
    std::env::set_current_dir(FOLDER).doing(FOLDER)?;
    fs::write("file", "content").doing("file")?;
    opens();
    names();
    modes_and_owners();
    descriptors();
    sockets()?;
    processes();
    users();
    places();
    kernel();
    Ok(())
}

/// open, with a mode: the kernel records one even where it means nothing.
fn open(path: &CStr, flags: libc::c_int) -> libc::c_long {
    call!(SYS_open, path.as_ptr(), flags, 0)
}

fn opens() {
    open(c"file", libc::O_RDONLY);
    open(c"/tmp/calls/missing", libc::O_WRONLY);
    call!(SYS_openat, libc::AT_FDCWD, c"made".as_ptr(), libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC, 0o640);
    let folder = call!(SYS_openat, libc::AT_FDCWD, c"/tmp/calls".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY, 0);
    call!(SYS_openat, folder, c"file".as_ptr(), libc::O_RDONLY, 0);
    // struct open_how: flags, mode, resolve
    let how: [u64; 3] = [libc::O_RDONLY as u64 | libc::O_CLOEXEC as u64, 0, libc::RESOLVE_NO_SYMLINKS];
    call!(SYS_openat2, folder, c"file".as_ptr(), how.as_ptr(), size_of_val(&how));
    call!(SYS_creat, c"/tmp/calls/created".as_ptr(), 0o600);
    // struct file_handle: room for the handle, its type, the handle
    let mut handle = [0_u32; 34];
    handle[0] = 128;
    let mut mount = 0_i32;
    call!(SYS_name_to_handle_at, libc::AT_FDCWD, c"file".as_ptr(), handle.as_mut_ptr(), &raw mut mount, 0);
    call!(SYS_open_by_handle_at, folder, handle.as_ptr(), libc::O_RDONLY);
    call!(SYS_close, folder);
}

fn names() {
    call!(SYS_link, c"file".as_ptr(), c"link".as_ptr());
    call!(SYS_linkat, libc::AT_FDCWD, c"file".as_ptr(), libc::AT_FDCWD, c"link-at".as_ptr(), 0);
    call!(SYS_symlink, c"/etc/hostname".as_ptr(), c"symlink".as_ptr());
    call!(SYS_symlinkat, c"file".as_ptr(), libc::AT_FDCWD, c"symlink-at".as_ptr());
    call!(SYS_rename, c"link".as_ptr(), c"renamed".as_ptr());
    call!(SYS_renameat, libc::AT_FDCWD, c"renamed".as_ptr(), libc::AT_FDCWD, c"renamed-at".as_ptr());
    call!(
        SYS_renameat2,
        libc::AT_FDCWD,
        c"renamed-at".as_ptr(),
        libc::AT_FDCWD,
        c"/tmp/calls/renamed-at-2".as_ptr(),
        libc::RENAME_NOREPLACE
    );
    call!(SYS_mkdir, c"folder".as_ptr(), 0o755);
    call!(SYS_mkdirat, libc::AT_FDCWD, c"folder/inner".as_ptr(), 0o700);
    call!(SYS_rmdir, c"folder/inner".as_ptr());
    call!(SYS_unlink, c"renamed-at-2".as_ptr());
    call!(SYS_unlinkat, libc::AT_FDCWD, c"folder".as_ptr(), libc::AT_REMOVEDIR);
    call!(SYS_unlink, c"no\nsuch".as_ptr());
}

fn modes_and_owners() {
    let file = open(c"file", libc::O_RDWR);
    call!(SYS_chmod, c"file".as_ptr(), 0o4755);
    call!(SYS_fchmod, file, 0o640);
    call!(SYS_fchmodat, libc::AT_FDCWD, c"symlink-at".as_ptr(), 0o600);
    call!(SYS_chown, c"file".as_ptr(), 1000, 1000);
    call!(SYS_lchown, c"symlink".as_ptr(), 1000, -1);
    call!(SYS_fchown, file, 0, 0);
    call!(SYS_fchownat, libc::AT_FDCWD, c"symlink".as_ptr(), 0, 0, libc::AT_SYMLINK_NOFOLLOW);
    call!(SYS_close, file);
}

fn descriptors() {
    let file = open(c"file", libc::O_RDONLY);
    call!(SYS_dup, file);
    call!(SYS_dup2, file, 40);
    call!(SYS_dup3, file, 41, libc::O_CLOEXEC);
    call!(SYS_dup, -1);
    for fd in [file, 40, 41] {
        call!(SYS_close, fd);
    }
    call!(SYS_memfd_create, c"memory".as_ptr(), libc::MFD_CLOEXEC);
}

/// An IPv4 address of this machine, as the kernel takes it.
fn loopback(port: u16) -> libc::sockaddr_in {
    libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    }
}

fn sockets() -> Outcome {
    let size = size_of::<libc::sockaddr_in>();
    let address = loopback(5555);
    let listener = call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0);
    call!(SYS_bind, listener, &raw const address, size);
    call!(SYS_listen, listener, 5);
    for accept4 in [false, true] {
        let client = call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_TCP);
        call!(SYS_connect, client, &raw const address, size);
        let server = if accept4 {
            call!(SYS_accept4, listener, null::<u8>(), null::<u8>(), libc::SOCK_NONBLOCK)
        } else {
            call!(SYS_accept, listener, null::<u8>(), null::<u8>())
        };
        call!(SYS_sendto, client, c"hello".as_ptr(), 5, 0, null::<u8>(), 0);
        call!(SYS_close, server);
        call!(SYS_close, client);
    }
    // Nobody listens there.
    let refused = loopback(5556);
    let client = call!(SYS_socket, libc::AF_INET, libc::SOCK_STREAM, 0);
    call!(SYS_connect, client, &raw const refused, size);
    let datagrams = call!(SYS_socket, libc::AF_INET, libc::SOCK_DGRAM, 0);
    call!(SYS_sendto, datagrams, c"datagram".as_ptr(), 8, 0, &raw const address, size);
    let text = *b"message";
    let mut part = libc::iovec { iov_base: text.as_ptr().cast_mut().cast(), iov_len: text.len() };
    // SAFETY: zeros are a message without an address, parts and control data.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = (&raw const address).cast_mut().cast();
    message.msg_namelen = size as u32;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    call!(SYS_sendmsg, datagrams, &raw const message, 0);
    for fd in [client, datagrams, listener] {
        call!(SYS_close, fd);
    }

    let listener = UnixListener::bind("socket").doing("socket")?;
    let mut address = libc::sockaddr_un { sun_family: libc::AF_UNIX as u16, sun_path: [0; 108] };
    for (to, from) in address.sun_path.iter_mut().zip(b"/tmp/calls/socket") {
        *to = from.cast_signed();
    }
    let client = call!(SYS_socket, libc::AF_UNIX, libc::SOCK_STREAM, 0);
    call!(SYS_connect, client, &raw const address, 2 + "/tmp/calls/socket".len() + 1);
    drop(listener.accept());
    call!(SYS_close, client);
    Ok(())
}

/// Waits for the child that ended last.
fn wait() {
    call!(SYS_wait4, -1, null::<u8>(), 0, null::<u8>());
}

/// In a child: `action`, and the end.
fn in_child(child: libc::c_long, action: impl Fn()) {
    if child == 0 {
        action();
        call!(SYS_exit_group, 0);
    }
    wait();
}

fn processes() {
    let nothing = [PROGRAM.as_ptr(), c"nothing".as_ptr(), null()];
    let environment = [c"LANG=C".as_ptr(), null()];
    in_child(call!(SYS_fork), || {
        call!(SYS_execve, c"/no/such/program".as_ptr(), nothing.as_ptr(), environment.as_ptr());
        call!(SYS_execve, PROGRAM.as_ptr(), nothing.as_ptr(), environment.as_ptr());
    });
    in_child(call!(SYS_clone, libc::SIGCHLD, 0, 0, 0, 0), || {
        let program = open(PROGRAM, libc::O_PATH);
        call!(SYS_execveat, program, c"".as_ptr(), nothing.as_ptr(), environment.as_ptr(), libc::AT_EMPTY_PATH);
    });
    // struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls
    let args: [u64; 8] = [0, 0, 0, 0, libc::SIGCHLD as u64, 0, 0, 0];
    in_child(call!(SYS_clone3, args.as_ptr(), size_of_val(&args)), || {
        call!(SYS_ptrace, libc::PTRACE_TRACEME, 0, 0, 0);
        call!(SYS_setsid);
        call!(SYS_prctl, libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0);
        let me = call!(SYS_getpid);
        call!(SYS_kill, me, 0);
        call!(SYS_exit_group, 7);
    });
    vfork();
    wait();
    in_child(call!(SYS_fork), || {
        call!(SYS_setpgid, 0, 0);
        let me = call!(SYS_getpid);
        call!(SYS_kill, me, libc::SIGKILL);
    });
    call!(SYS_clone, libc::CLONE_NEWUSER | libc::CLONE_FS, 0, 0, 0, 0);
    call!(SYS_ptrace, libc::PTRACE_ATTACH, 0x3fff_ffff, 0, 0);
    call!(SYS_kill, 0x3fff_ffff, libc::SIGTERM);
    call!(SYS_tkill, 0x3fff_ffff, libc::SIGTERM);
    call!(SYS_tgkill, 0x3fff_ffff, 0x3fff_ffff, libc::SIGTERM);
}

/// vfork, whose child runs on our stack until it ends: so it ends without touching it.
fn vfork() {
    // SAFETY: the child does nothing but end, without memory; the parent goes on after it.
    unsafe {
        std::arch::asm!(
            "syscall",
            "test eax, eax",
            "jnz 2f",
            "mov edi, 3",
            "mov eax, 60",
            "syscall",
            "2:",
            inout("rax") libc::SYS_vfork => _,
            out("rcx") _, out("r11") _, out("rdi") _,
        );
    }
}

fn users() {
    in_child(call!(SYS_fork), || {
        call!(SYS_setgid, 1000);
        call!(SYS_setregid, -1, 1000);
        call!(SYS_setresgid, -1, 1000, -1);
        call!(SYS_setuid, 0);
        call!(SYS_setreuid, -1, 0);
        call!(SYS_setresuid, -1, 1000, 0);
        call!(SYS_setresuid, 1000, 1000, 1000);
        call!(SYS_setuid, 0);
    });
    // struct __user_cap_header_struct (version 3, this process) and twice effective, permitted, inheritable
    let header = [0x2008_0522_u32, 0];
    let none = [0_u32; 6];
    in_child(call!(SYS_fork), || {
        call!(SYS_capset, header.as_ptr(), none.as_ptr());
    });
}

fn places() {
    call!(SYS_chdir, c"/tmp".as_ptr());
    let folder = open(c"/tmp/calls", libc::O_RDONLY | libc::O_DIRECTORY);
    call!(SYS_fchdir, folder);
    call!(SYS_close, folder);
    call!(SYS_mkdir, c"mounted".as_ptr(), 0o755);
    call!(
        SYS_mount,
        c"source".as_ptr(),
        c"mounted".as_ptr(),
        c"tmpfs".as_ptr(),
        libc::MS_NOSUID | libc::MS_NODEV,
        c"size=64k".as_ptr()
    );
    call!(SYS_umount2, c"/tmp/calls/mounted".as_ptr(), libc::MNT_DETACH);
    in_child(call!(SYS_fork), || {
        call!(SYS_unshare, libc::CLONE_NEWUTS | libc::CLONE_NEWNS);
        let space = open(c"/proc/self/ns/uts", libc::O_RDONLY);
        call!(SYS_setns, space, libc::CLONE_NEWUTS);
        call!(SYS_chroot, c"/srv".as_ptr());
    });
}

fn kernel() {
    call!(SYS_prctl, libc::PR_SET_DUMPABLE, 1, 0, 0, 0);
    call!(SYS_init_module, null::<u8>(), 0, c"parameter=1".as_ptr());
    let file = open(c"file", libc::O_RDONLY);
    call!(SYS_finit_module, file, c"parameter=2".as_ptr(), 0);
    call!(SYS_close, file);
    call!(SYS_delete_module, c"no_such_module".as_ptr(), libc::O_NONBLOCK);
    // union bpf_attr of BPF_MAP_CREATE: an array of one number
    let array = [2_u32, 4, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let map = call!(SYS_bpf, 0, array.as_ptr(), size_of_val(&array));
    call!(SYS_close, map);
    call!(SYS_getppid);
}
