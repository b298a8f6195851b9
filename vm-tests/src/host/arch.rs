//! Architectures of machines: which programs emulate them, what they are called at Debian's, and what runs in them.

use std::path::{Path, PathBuf};

/// What a machine's processor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arch {
    /// 64-bit x86.
    X86_64,
    /// 64-bit ARM.
    Aarch64,
}

/// Packages of programs for machines of another architecture than the harness's: busybox, and runc with its libraries.
const PROGRAMS: [&str; 4] = ["busybox-static", "runc", "libseccomp2", "libc6"];

impl Arch {
    /// That of the harness.
    pub const HOST: Arch = if cfg!(target_arch = "aarch64") { Arch::Aarch64 } else { Arch::X86_64 };

    /// Debian's name.
    pub fn debian(self) -> &'static str {
        match self {
            Arch::X86_64 => "amd64",
            Arch::Aarch64 => "arm64",
        }
    }

    /// Rust's name, and `uname -m`'s.
    pub fn name(self) -> &'static str {
        match self {
            Arch::X86_64 => "x86_64",
            Arch::Aarch64 => "aarch64",
        }
    }

    /// The program that emulates it, and Debian's package of it.
    pub fn emulator(self) -> (&'static str, &'static str) {
        match self {
            Arch::X86_64 => ("qemu-system-x86_64", "qemu-system-x86"),
            Arch::Aarch64 => ("qemu-system-aarch64", "qemu-system-arm"),
        }
    }

    /// What makes a machine of the processor. Signing of pointers is emulated by the quick way: the true one takes half of the
    /// time of everything.
    pub fn machine(self) -> &'static [&'static str] {
        match self {
            Arch::X86_64 => &["-cpu", "max"],
            Arch::Aarch64 => &["-M", "virt,gic-version=3", "-cpu", "max,pauth-impdef=on"],
        }
    }

    /// The kernel's name of the first serial port.
    pub fn console(self) -> &'static str {
        match self {
            Arch::X86_64 => "ttyS0",
            Arch::Aarch64 => "ttyAMA0",
        }
    }

    /// What else its kernel is told. The emulated timer of a busy host may come too late for the check of whether it ticks, which
    /// is a panic.
    pub fn boot_options(self) -> &'static str {
        match self {
            Arch::X86_64 => " no_timer_check",
            Arch::Aarch64 => "",
        }
    }

    /// The device of the second serial port, which the kernel of this architecture has a driver for, with its channel's name.
    pub fn second_port(self) -> &'static str {
        match self {
            Arch::X86_64 => "isa-serial,chardev=words,index=1",
            Arch::Aarch64 => "pci-serial,chardev=words",
        }
    }

    /// How many times as long things take where it is emulated as on emulated x86.
    pub fn patience(self) -> u32 {
        match self {
            Arch::X86_64 => 1,
            Arch::Aarch64 => 3,
        }
    }

    /// The folder of the programs that ci/build-static.sh builds for it, below the target folder.
    pub fn built(self, target: &Path) -> PathBuf {
        let folder = target.join("static");
        if self == Arch::HOST { folder } else { folder.join(self.name()) }
    }

    /// Packages to unpack in [`Arch::programs`]; none where the host's own programs do.
    pub fn program_packages(self) -> &'static [&'static str] {
        if self == Arch::HOST { &[] } else { &PROGRAMS }
    }

    /// Where these packages are unpacked, below the target folder.
    pub fn programs(self, target: &Path) -> PathBuf {
        target.join("programs").join(self.debian())
    }

    /// The root of busybox and of the C library.
    pub fn system(self, target: &Path) -> PathBuf {
        if self == Arch::HOST { PathBuf::from("/") } else { self.programs(target).join("root") }
    }

    /// The root of runc and of its library.
    pub fn runc(self, target: &Path) -> PathBuf {
        if self == Arch::HOST { target.join("runc/root") } else { self.programs(target).join("root") }
    }

    /// Libraries that runc needs: path in the machine, and below which of the two roots it lies where.
    pub fn libraries(self) -> &'static [(&'static str, Root, &'static str)] {
        match self {
            Arch::X86_64 => &[
                ("lib/x86_64-linux-gnu/libseccomp.so.2", Root::Runc, "usr/lib/x86_64-linux-gnu/libseccomp.so.2"),
                ("lib/x86_64-linux-gnu/libc.so.6", Root::System, "lib/x86_64-linux-gnu/libc.so.6"),
                ("lib64/ld-linux-x86-64.so.2", Root::System, "lib64/ld-linux-x86-64.so.2"),
            ],
            Arch::Aarch64 => &[
                ("lib/aarch64-linux-gnu/libseccomp.so.2", Root::Runc, "usr/lib/aarch64-linux-gnu/libseccomp.so.2"),
                ("lib/aarch64-linux-gnu/libc.so.6", Root::System, "lib/aarch64-linux-gnu/libc.so.6"),
                ("lib/ld-linux-aarch64.so.1", Root::System, "lib/ld-linux-aarch64.so.1"),
            ],
        }
    }
}

/// Where a file of the host's comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// [`Arch::system`].
    System,
    /// [`Arch::runc`].
    Runc,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_of_the_harness_s_own_architecture_use_its_programs_and_others_have_their_own() {
        let target = Path::new("target");
        let other = if Arch::HOST == Arch::X86_64 { Arch::Aarch64 } else { Arch::X86_64 };
        assert_eq!(Arch::HOST.built(target), target.join("static"));
        assert_eq!(other.built(target), target.join("static").join(other.name()));
        assert_eq!(Arch::HOST.system(target), Path::new("/"));
        assert!(Arch::HOST.program_packages().is_empty() && !other.program_packages().is_empty());
        for root in [other.system(target), other.runc(target)] {
            assert_eq!(root, other.programs(target).join("root"));
        }
    }
}
