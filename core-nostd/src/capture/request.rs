//! Requests of io_uring: what the probe keeps of one while it is carried out, and how it stands for a system call.
//!
//! What a call would have in user memory (names, the structure of openat2), a request has in the kernel's: its chunks have
//! addresses that no program can have as keys.

/// Keys of the names: in the last page of the address space, which is the kernel's.
pub const NAMES: [u64; 2] = [u64::MAX - 0xfff, u64::MAX - 0xfef];

/// Key of the structure of openat2.
pub const HOW: u64 = u64::MAX - 0xeff;

/// Stands for the descriptor of a file that has none.
pub const NO_NUMBER: i32 = i32::MAX;

/// Longest name, with its NUL.
pub const NAME: usize = 4096;

/// Requests that are followed at the same time.
pub const KEPT: u32 = 64;

/// What is kept of a request, for the task that carries it out.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct UnderWay {
    /// Address of the request.
    pub request: u64,
    /// Address of the file that was opened into the ring's own table; 0 if there is none yet.
    pub file: u64,
    /// The structure of openat2.
    pub how: [u64; 3],
    /// The arguments of the call that it stands for.
    pub args: [u64; 6],
    /// The call's number.
    pub nr: u32,
    /// The descriptor that it is about; [`NO_NUMBER`] if it is of the ring's own table.
    pub fd: i32,
    /// Lengths of the names with their NUL; 0 if there is none.
    pub lens: [u32; 2],
    /// Not 0: it opens into the ring's own table.
    pub own_table: u32,
    /// Zero.
    pub reserved: u32,
    /// The names.
    pub names: [[u8; NAME]; 2],
}

const _: () = assert!(size_of::<UnderWay>() == 112 + 2 * NAME);

/// Numbers of the system calls that requests stand for.
#[allow(missing_docs, reason = "each is the number of the call that it is called by")]
#[derive(Clone, Copy, Debug)]
pub struct Native {
    pub connect: u32,
    pub openat: u32,
    pub openat2: u32,
    pub renameat2: u32,
    pub unlinkat: u32,
    pub mkdirat: u32,
    pub symlinkat: u32,
    pub linkat: u32,
}

/// Those of x86-64 (`asm/unistd_64.h`), which is all that the probe runs on.
pub const NATIVE: Native = Native {
    connect: 42,
    openat: 257,
    openat2: 437,
    renameat2: 316,
    unlinkat: 263,
    mkdirat: 258,
    symlinkat: 266,
    linkat: 265,
};
