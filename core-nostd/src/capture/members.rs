//! Which members of the kernel's structures the probe reads. Where they lie, the loader finds in the kernel's own description
//! of its types (BTF), and tells the probe before it is loaded.

/// A member of a structure of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The structure.
    pub of: &'static str,
    /// The member, or members of members split by dots; empty for the size of the structure. Of several names split by `|`, the
    /// first that there is: kernels differ.
    pub path: &'static str,
    /// Kernels may be without it.
    pub optional: bool,
}

impl Member {
    /// It is read of requests of io_uring.
    pub fn is_of_request(&self) -> bool {
        self.of == "filename" || self.of.starts_with("io_")
    }
}

/// Stands for a member that the kernel does not have.
pub const ABSENT: u32 = u32::MAX;

macro_rules! members {
    ($($name:ident: $of:literal $path:literal $($optional:ident)?;)*) => {
        /// Positions in the table of offsets that the probe is given.
        #[allow(missing_docs, non_camel_case_types, clippy::upper_case_acronyms, reason = "the table below names each")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(usize)]
        pub enum Offset { $($name,)* }

        /// How many offsets there are.
        pub const OFFSETS: usize = [$($path,)*].len();

        /// What each offset is of, in the order of [`Offset`].
        #[cfg(not(target_arch = "bpf"))]
        pub const MEMBERS: [Member; OFFSETS] =
            [$(Member { of: $of, path: $path, optional: members!(@$($optional)?) },)*];
    };
    (@optional) => { true };
    (@) => { false };
}

members! {
    TASK_STATUS: "task_struct" "thread_info.status";
    TASK_STACK: "task_struct" "stack";
    TASK_FLAGS: "task_struct" "flags";
    TASK_PID: "task_struct" "pid";
    TASK_TGID: "task_struct" "tgid";
    TASK_PARENT: "task_struct" "real_parent";
    TASK_LEADER: "task_struct" "group_leader";
    TASK_CHILDREN: "task_struct" "children";
    TASK_SIBLING: "task_struct" "sibling";
    TASK_THREAD_NODE: "task_struct" "thread_node";
    TASK_START: "task_struct" "start_boottime";
    TASK_REAL_CRED: "task_struct" "real_cred";
    TASK_CRED: "task_struct" "cred";
    TASK_LOGINUID: "task_struct" "loginuid" optional;
    TASK_SIGNAL: "task_struct" "signal";
    TASK_THREAD_PID: "task_struct" "thread_pid";
    TASK_NSPROXY: "task_struct" "nsproxy";
    TASK_COMM: "task_struct" "comm";
    TASK_FS: "task_struct" "fs";
    TASK_FILES: "task_struct" "files";
    TASK_MM: "task_struct" "mm";
    TASK_MAJ_FLT: "task_struct" "maj_flt";
    TASK_MIN_FLT: "task_struct" "min_flt";
    TASK_CGROUPS: "task_struct" "cgroups" optional;
    TASK_EXIT_CODE: "task_struct" "exit_code";
    SIGNAL_PIDS: "signal_struct" "pids";
    SIGNAL_TTY: "signal_struct" "tty";
    SIGNAL_LIVE: "signal_struct" "live";
    SIGNAL_RLIM: "signal_struct" "rlim";
    SIGNAL_THREADS: "signal_struct" "thread_head";
    PID_LEVEL: "pid" "level";
    PID_NUMBERS: "pid" "numbers";
    PIDNS_INUM: "pid_namespace" "ns.inum";
    PIDNS_REAPER: "pid_namespace" "child_reaper";
    NSPROXY_MNT: "nsproxy" "mnt_ns";
    MNTNS_INUM: "mnt_namespace" "ns.inum";
    CRED_UID: "cred" "uid";
    CRED_GID: "cred" "gid";
    CRED_EUID: "cred" "euid";
    CRED_EGID: "cred" "egid";
    CRED_FSUID: "cred" "fsuid";
    CRED_FSGID: "cred" "fsgid";
    CRED_INHERITABLE: "cred" "cap_inheritable";
    CRED_PERMITTED: "cred" "cap_permitted";
    CRED_EFFECTIVE: "cred" "cap_effective";
    CRED_GROUPS: "cred" "group_info";
    GROUPS_COUNT: "group_info" "ngroups";
    GROUPS_GID: "group_info" "gid";
    TTY_DRIVER: "tty_struct" "driver";
    TTY_INDEX: "tty_struct" "index";
    TTY_MAJOR: "tty_driver" "major";
    TTY_MINOR: "tty_driver" "minor_start";
    CSS_CGROUP: "css_set" "dfl_cgrp" optional;
    CGROUP_NODE: "cgroup" "kn" optional;
    NODE_ID: "kernfs_node" "id";
    NODE_NAME: "kernfs_node" "name";
    NODE_PARENT: "kernfs_node" "parent|__parent";
    FS_ROOT: "fs_struct" "root";
    FS_PWD: "fs_struct" "pwd";
    PATH_MNT: "path" "mnt";
    PATH_DENTRY: "path" "dentry";
    FILES_FDT: "files_struct" "fdt";
    FDT_MAX: "fdtable" "max_fds";
    FDT_FD: "fdtable" "fd";
    FILE_PATH: "file" "f_path|__f_path";
    FILE_FLAGS: "file" "f_flags";
    FILE_INODE: "file" "f_inode";
    FILE_PRIVATE: "file" "private_data";
    INODE_MODE: "inode" "i_mode";
    INODE_UID: "inode" "i_uid";
    INODE_GID: "inode" "i_gid";
    INODE_INO: "inode" "i_ino";
    INODE_SB: "inode" "i_sb";
    INODE_CTIME: "inode" "i_ctime.tv_sec|__i_ctime.tv_sec|i_ctime_sec";
    INODE_CTIME_NS: "inode" "i_ctime.tv_nsec|__i_ctime.tv_nsec|i_ctime_nsec";
    INODE_MTIME: "inode" "i_mtime.tv_sec|__i_mtime.tv_sec|i_mtime_sec";
    INODE_MTIME_NS: "inode" "i_mtime.tv_nsec|__i_mtime.tv_nsec|i_mtime_nsec";
    INODE_SIZE: "inode" "";
    INODE_PRIVATE: "inode" "i_private";
    STASHED_NAMESPACES: "stashed_operations" "" optional;
    NS_OPS: "ns_common" "ops";
    NS_OPS_NAME: "proc_ns_operations" "name";
    SB_DEV: "super_block" "s_dev";
    SB_MAGIC: "super_block" "s_magic";
    SB_FLAGS: "super_block" "s_flags";
    DENTRY_PARENT: "dentry" "d_parent";
    DENTRY_NAME: "dentry" "d_name.name|__d_name.name";
    DENTRY_LEN: "dentry" "d_name.len|__d_name.len";
    DENTRY_SHORT: "dentry" "d_iname|d_shortname";
    DENTRY_PPREV: "dentry" "d_hash.pprev";
    DENTRY_OP: "dentry" "d_op";
    DENTRY_INODE: "dentry" "d_inode";
    DENTRY_FSDATA: "dentry" "d_fsdata";
    OP_DNAME: "dentry_operations" "d_dname";
    VFSMOUNT_ROOT: "vfsmount" "mnt_root";
    MOUNT_MNT: "mount" "mnt";
    MOUNT_PARENT: "mount" "mnt_parent";
    MOUNT_POINT: "mount" "mnt_mountpoint";
    MM_TOTAL: "mm_struct" "total_vm";
    MM_RSS: "mm_struct" "rss_stat";
    MM_ARG_START: "mm_struct" "arg_start";
    MM_ARG_END: "mm_struct" "arg_end";
    MM_ENV_START: "mm_struct" "env_start";
    MM_ENV_END: "mm_struct" "env_end";
    MM_EXE: "mm_struct" "exe_file";
    COUNTER_SIZE: "percpu_counter" "";
    COUNTER_COUNT: "percpu_counter" "count";
    OLD_RSS: "mm_rss_stat" "count" optional;
    SOCKET_TYPE: "socket" "type";
    SOCKET_SK: "socket" "sk";
    SK_FAMILY: "sock" "__sk_common.skc_family";
    SK_STATE: "sock" "__sk_common.skc_state";
    SK_DADDR: "sock" "__sk_common.skc_daddr";
    SK_RCV_SADDR: "sock" "__sk_common.skc_rcv_saddr";
    SK_DPORT: "sock" "__sk_common.skc_dport";
    SK_NUM: "sock" "__sk_common.skc_num";
    SK_V6_DADDR: "sock" "__sk_common.skc_v6_daddr" optional;
    SK_V6_RCV_SADDR: "sock" "__sk_common.skc_v6_rcv_saddr" optional;
    SK_PROTOCOL: "sock" "sk_protocol";
    SK_TYPE: "sock" "sk_type";
    SK_BACKLOG: "sock" "sk_ack_backlog";
    SK_MAX_BACKLOG: "sock" "sk_max_ack_backlog";
    SK_QUEUED: "sock" "sk_receive_queue.qlen";
    INET_SADDR: "inet_sock" "inet_saddr";
    INET_PINET6: "inet_sock" "pinet6" optional;
    PINET6_SADDR: "ipv6_pinfo" "saddr" optional;
    UNIX_ADDR: "unix_sock" "addr" optional;
    UNIX_PEER: "unix_sock" "peer" optional;
    UNIX_ADDRESS_LEN: "unix_address" "len" optional;
    UNIX_ADDRESS_NAME: "unix_address" "name" optional;
    BPRM_FILENAME: "linux_binprm" "filename";
    BPRM_FDPATH: "linux_binprm" "fdpath" optional;
    FILENAME_NAME: "filename" "name" optional;
    REQUEST_FILE: "io_kiocb" "file" optional;
    REQUEST_CMD: "io_kiocb" "cmd" optional;
    REQUEST_OPCODE: "io_kiocb" "opcode" optional;
    REQUEST_FLAGS: "io_kiocb" "flags" optional;
    REQUEST_FD: "io_kiocb" "cqe.fd" optional;
    REQUEST_RES: "io_kiocb" "cqe.res" optional;
    URING_OPEN_DIR: "io_open" "dfd" optional;
    URING_OPEN_SLOT: "io_open" "file_slot" optional;
    URING_OPEN_NAME: "io_open" "filename" optional;
    URING_OPEN_HOW: "io_open" "how" optional;
    URING_UNLINK_DIR: "io_unlink" "dfd" optional;
    URING_UNLINK_FLAGS: "io_unlink" "flags" optional;
    URING_UNLINK_NAME: "io_unlink" "filename" optional;
    URING_MKDIR_DIR: "io_mkdir" "dfd" optional;
    URING_MKDIR_MODE: "io_mkdir" "mode" optional;
    URING_MKDIR_NAME: "io_mkdir" "filename" optional;
    URING_RENAME_OLD_DIR: "io_rename" "old_dfd" optional;
    URING_RENAME_NEW_DIR: "io_rename" "new_dfd" optional;
    URING_RENAME_OLD: "io_rename" "oldpath" optional;
    URING_RENAME_NEW: "io_rename" "newpath" optional;
    URING_RENAME_FLAGS: "io_rename" "flags" optional;
    URING_LINK_OLD_DIR: "io_link" "old_dfd" optional;
    URING_LINK_NEW_DIR: "io_link" "new_dfd" optional;
    URING_LINK_OLD: "io_link" "oldpath" optional;
    URING_LINK_NEW: "io_link" "newpath" optional;
    URING_LINK_FLAGS: "io_link" "flags" optional;
    URING_CONNECT_ADDRESS: "io_connect" "addr" optional;
    URING_CONNECT_LEN: "io_connect" "addr_len" optional;
    FORK_CHILD: "trace_event_raw_sched_process_fork" "child_pid" optional;
    EXEC_FILENAME: "trace_event_raw_sched_process_exec" "__data_loc_filename" optional;
    SIGINFO_CODE: "kernel_siginfo" "si_code";
    SIGINFO_PID: "kernel_siginfo" "_sifields._kill._pid";
}
