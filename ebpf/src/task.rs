//! Who a task is: the context that records have.

use crate::capture::{Offset as O, Structure};
use crate::event::TaskContext;
use crate::helpers;
use crate::read::{Copied, Read, field, has, member, number};

/// Positions in `signal_struct.pids` (`linux/pid.h`, `enum pid_type`).
const PROCESS: u64 = 1;
const GROUP: u64 = 2;
const SESSION: u64 = 3;

/// `struct upid` (`linux/pid.h`): the number, and the namespace 8 bytes behind; 16 bytes.
const UPID: u64 = 16;

/// Namespaces are nested no deeper (MAX_PID_NS_LEVEL, `linux/pid_namespace.h`).
const DEEPEST: u32 = 32;

/// A kernel's own thread (PF_KTHREAD, `linux/sched.h`).
const KERNEL_THREAD: u32 = 0x0020_0000;

/// Is it a kernel's own thread?
#[inline(always)]
pub fn is_kernel_thread(task: u64) -> bool {
    field::<u32>(task, O::TASK_FLAGS) & KERNEL_THREAD != 0
}

/// The task of this number that another just made; 0 if it is not found: a thread is the last of its process, a process the last
/// child of who made it, or of whose child that is.
#[inline(always)]
pub fn child(task: u64, nr: u32) -> u64 {
    let thread = last(member(field(task, O::TASK_SIGNAL), O::SIGNAL_THREADS), O::TASK_THREAD_NODE, nr);
    if thread != 0 {
        return thread;
    }
    let child = last(member(task, O::TASK_CHILDREN), O::TASK_SIBLING, nr);
    if child != 0 {
        return child;
    }
    last(member(field(task, O::TASK_PARENT), O::TASK_CHILDREN), O::TASK_SIBLING, nr)
}

/// The task of this number among the last of a list (`struct list_head`): others may have come behind it meanwhile.
#[inline(always)]
fn last(list: u64, node: O, nr: u32) -> u64 {
    const MOST: u32 = 8;
    let before = |entry: u64| number::<u64>(entry.wrapping_add(8));
    let mut at = before(list);
    let mut n = 0;
    while n < MOST && at != list {
        let task = at.wrapping_sub(member(0, node));
        if field::<u32>(task, O::TASK_PID) == nr {
            return task;
        }
        at = before(at);
        n += 1;
    }
    0
}

/// The namespace in which a task is numbered; 0 if it is none any more.
#[inline(always)]
pub fn pid_namespace(task: u64) -> u64 {
    let pid: u64 = field(task, O::TASK_THREAD_PID);
    if pid == 0 {
        return 0;
    }
    number(entry(pid, level::<Copied>(pid)).wrapping_add(8))
}

/// How deep the namespace lies that a `struct pid` was made in.
#[inline(always)]
fn level<R: Read>(pid: u64) -> u32 {
    let level: u32 = R::field(pid, O::PID_LEVEL);
    if level > DEEPEST { 0 } else { level }
}

/// Where a pid's number of a level lies.
#[inline(always)]
fn entry(pid: u64, level: u32) -> u64 {
    member(pid, O::PID_NUMBERS).wrapping_add(u64::from(level) * UPID)
}

/// What `pid` is called on a level, if it is that namespace's there; 0 if it has no number there.
#[inline(always)]
fn number_in<R: Read>(pid: u64, level: u32, namespace: u64) -> u32 {
    if pid == 0 {
        return 0;
    }
    if level == 0 {
        return R::field(pid, O::PID_NUMBERS);
    }
    if R::field::<u32>(pid, O::PID_LEVEL) < level {
        return 0;
    }
    let [nr, of]: [u64; 2] = number(entry(pid, level));
    if of == namespace { nr as u32 } else { 0 }
}

/// Number of a terminal as `new_encode_dev` has it (`linux/kdev_t.h`); 0 if there is none.
#[inline(always)]
fn terminal<R: Read>(signal: u64) -> u32 {
    let tty: u64 = R::field(signal, O::SIGNAL_TTY);
    if tty == 0 {
        return 0;
    }
    let driver: u64 = R::field(tty, O::TTY_DRIVER);
    let major: u32 = R::field(driver, O::TTY_MAJOR);
    let minor = R::field::<u32>(driver, O::TTY_MINOR).wrapping_add(R::field::<u32>(tty, O::TTY_INDEX));
    minor & 0xff | major << 8 | (minor & !0xff) << 12
}

/// Id of a task's cgroup in the default hierarchy.
#[inline(always)]
fn cgroup<R: Read>(task: u64) -> u64 {
    if !has(O::TASK_CGROUPS) || !has(O::CSS_CGROUP) {
        return 0;
    }
    let cgroup: u64 = R::field(R::field(task, O::TASK_CGROUPS), O::CSS_CGROUP);
    R::field(R::field(cgroup, O::CGROUP_NODE), O::NODE_ID)
}

/// Fills in the context of the current task.
#[inline(always)]
pub fn fill_current<R: Read>(out: &mut TaskContext) {
    let current = R::current();
    let walked = if R::IS_TYPED { helpers::cast(current, Structure::Task) } else { current };
    fill_by::<R>(current, walked, out);
}

/// Fills in the context of a task: the current one, or a child that does not run yet.
#[inline(always)]
pub fn fill(task: u64, out: &mut TaskContext) {
    fill_by::<Copied>(task, task, out);
}

/// Numbers of the task's own are read by way of `own`: of the current task the kernel believes more, and takes less for each. Pointers are
/// followed by way of `task` (see [`helpers::current_walked`]).
#[inline(always)]
fn fill_by<R: Read>(own: u64, task: u64, out: &mut TaskContext) {
    let signal: u64 = R::field(task, O::TASK_SIGNAL);
    let cred: u64 = R::field(task, O::TASK_REAL_CRED);
    let pid: u64 = R::field(task, O::TASK_THREAD_PID);
    let pids = member(signal, O::SIGNAL_PIDS);
    let tgid: u64 = R::number(pids.wrapping_add(PROCESS * 8));
    let group: u64 = R::number(pids.wrapping_add(GROUP * 8));
    let session: u64 = R::number(pids.wrapping_add(SESSION * 8));

    out.start_time = R::field(R::field(task, O::TASK_LEADER), O::TASK_START);
    out.cgroup = cgroup::<R>(task);
    out.tid = R::field(own, O::TASK_PID);
    out.pid = R::field(own, O::TASK_TGID);
    out.ppid = R::field(R::field(task, O::TASK_PARENT), O::TASK_TGID);
    out.uid = R::field(cred, O::CRED_UID);
    out.gid = R::field(cred, O::CRED_GID);
    out.euid = R::field(cred, O::CRED_EUID);
    out.egid = R::field(cred, O::CRED_EGID);
    out.loginuid = if has(O::TASK_LOGINUID) { R::field(own, O::TASK_LOGINUID) } else { u32::MAX };
    out.sid = number_in::<R>(session, 0, 0);
    out.pgid = number_in::<R>(group, 0, 0);
    out.tty = terminal::<R>(signal);
    let proxy: u64 = R::field(task, O::TASK_NSPROXY);
    out.mnt_ns = if proxy == 0 { 0 } else { R::field(R::field(proxy, O::NSPROXY_MNT), O::MNTNS_INUM) };
    out.pid_ns = 0;
    out.vtid = 0;
    out.vpid = 0;
    out.vpgid = 0;
    if pid != 0 {
        let level = level::<R>(pid);
        let namespace: u64 = if level == 0 {
            R::number(entry(pid, 0).wrapping_add(8))
        } else {
            number(entry(pid, level).wrapping_add(8))
        };
        if namespace != 0 {
            out.pid_ns = if level == 0 { R::field(namespace, O::PIDNS_INUM) } else { field(namespace, O::PIDNS_INUM) };
            out.vtid = number_in::<R>(pid, level, namespace);
            out.vpid = number_in::<R>(tgid, level, namespace);
            out.vpgid = number_in::<R>(group, level, namespace);
        }
    }
    let comm = member(own, O::TASK_COMM);
    let [first, second]: [u64; 2] =
        if R::IS_TYPED { [R::number(comm), R::number(comm.wrapping_add(8))] } else { number(comm) };
    let [a, b, c, d, e, f, g, h] = first.to_ne_bytes();
    let [i, j, k, l, m, n, o, _] = second.to_ne_bytes();
    out.comm = [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, 0];
}
