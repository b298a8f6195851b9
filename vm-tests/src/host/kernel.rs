//! The kernels that are tested: what they are called at Debian's, and where they lie here.

use super::arch::Arch;
use std::path::{Path, PathBuf};

/// A kernel that machine tests can run on.
#[derive(Clone, Copy, Debug)]
pub struct Flavour {
    /// The name that `--kernel` takes.
    pub name: &'static str,
    /// What it runs on.
    pub arch: Arch,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a kernel comes from.
#[derive(Clone, Copy, Debug)]
pub enum Origin {
    /// Debian's packages.
    Debian(Packages),
    /// It is built here, by this script.
    Built(&'static str),
}

/// The packages that always name a kernel's newest version.
#[derive(Clone, Copy, Debug)]
pub struct Packages {
    /// The package that depends on the newest image.
    pub image: &'static str,
    /// The package that depends on the newest headers.
    pub headers: &'static str,
    /// Debian's release that they are taken from.
    pub release: &'static str,
}

const fn debian(name: &'static str, image: &'static str, headers: &'static str, release: &'static str) -> Flavour {
    Flavour { name, arch: Arch::X86_64, origin: Origin::Debian(Packages { image, headers, release }) }
}

/// Every kernel of Debian's for x86 that there is a name for: what `all` stands for.
pub const FLAVOURS: [Flavour; 5] = [
    debian("5.10", "linux-image-cloud-amd64", "linux-headers-cloud-amd64", "bullseye"),
    debian("6.1", "linux-image-cloud-amd64", "linux-headers-cloud-amd64", "bookworm"),
    debian("6.12", "linux-image-6.12-cloud-amd64", "linux-headers-6.12-cloud-amd64", "bookworm"),
    debian("6.1-rt", "linux-image-rt-amd64", "linux-headers-rt-amd64", "bookworm"),
    debian("7.2", "linux-image-cloud-amd64", "linux-headers-cloud-amd64", "sid"),
];

/// The kernel that looks at itself: lockdep, KASAN, sleeping in atomic context.
pub const DEBUG: Flavour =
    Flavour { name: "6.12-debug", arch: Arch::X86_64, origin: Origin::Built("ci/debug-kernel.sh") };

/// The kernel for 64-bit ARM.
pub const ARM64: Flavour = Flavour {
    name: "6.12-arm64",
    arch: Arch::Aarch64,
    ..debian("", "linux-image-6.12-cloud-arm64", "linux-headers-6.12-cloud-arm64", "bookworm")
};

/// Those that `make test` runs on.
pub const TESTED: &str = "6.1,6.12";

/// The flavours that a word stands for: names split by commas, or `all`.
///
/// # Errors
/// A message if one stands for none.
pub fn flavours(word: &str) -> Result<Vec<Flavour>, String> {
    if word == "all" {
        return Ok(FLAVOURS.to_vec());
    }
    let known = || FLAVOURS.map(|flavour| flavour.name).join(", ");
    word.split(',')
        .map(|name| {
            let found = FLAVOURS.into_iter().chain([DEBUG, ARM64]).find(|flavour| flavour.name == name);
            found.ok_or_else(|| {
                format!("there is no kernel {name}: use {}, {}, {} or all", known(), DEBUG.name, ARM64.name)
            })
        })
        .collect()
}

/// Where a flavour lies: `root` with the files as packages unpack, and `release`, which is written last.
pub fn folder(target: &Path, flavour: &Flavour) -> PathBuf {
    target.join("kernels").join(flavour.name)
}

impl Origin {
    /// The command that brings such a kernel.
    pub fn remedy(&self) -> &'static str {
        match self {
            Origin::Debian(_) => "`vm-tests --fetch`",
            Origin::Built(script) => script,
        }
    }
}

/// A kernel that lies here.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Its flavour's name.
    pub name: &'static str,
    /// What it runs on.
    pub arch: Arch,
    /// Its release, as `uname -r` says it.
    pub release: String,
    /// The unpacked packages.
    pub root: PathBuf,
    target: PathBuf,
}

impl Kernel {
    /// Its version, as `(major, minor)`.
    pub fn version(&self) -> (u32, u32) {
        let number = self.name.split_once('-').map_or(self.name, |(number, _)| number);
        let mut parts = number.split('.').map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    /// The kernel of a flavour.
    ///
    /// # Errors
    /// A message if it was not fetched.
    pub fn find(target: &Path, flavour: &Flavour) -> Result<Kernel, String> {
        let folder = folder(target, flavour);
        let release = std::fs::read_to_string(folder.join("release"))
            .map_err(|error| format!("{}: {error}: {} brings it", folder.display(), flavour.origin.remedy()))?;
        Ok(Kernel {
            name: flavour.name,
            arch: flavour.arch,
            release: release.trim().to_owned(),
            root: folder.join("root"),
            target: target.to_owned(),
        })
    }

    /// How many times as long things may take on it as on a kernel that people run on x86.
    pub fn patience(&self) -> u32 {
        if self.name == DEBUG.name { 6 } else { self.arch.patience() }
    }

    /// Memory of a machine with it, in MiB: shadow memory, and freed memory that is kept to be watched, come on top.
    pub fn memory_mib(&self) -> u32 {
        if self.name == DEBUG.name { 2048 } else { 768 }
    }

    /// The image to boot.
    pub fn image(&self) -> PathBuf {
        image_of(&self.root, &self.release)
    }

    /// Kestrel's module for it.
    pub fn module(&self) -> PathBuf {
        self.target.join("kmod").join(&self.release).join("kestrel.ko")
    }

    /// One of its own modules, by its path below `kernel`, without the suffix.
    pub fn own_module(&self, path: &str) -> Option<PathBuf> {
        let files = ["lib/modules", "usr/lib/modules"].iter().flat_map(|modules| {
            let folder = self.root.join(modules).join(&self.release).join("kernel");
            [".ko", ".ko.xz"].map(|suffix| folder.join(format!("{path}{suffix}")))
        });
        files.into_iter().find(|path| path.exists())
    }
}

/// Where a kernel's image lies below its unpacked packages: since 7.2 it lies with its modules.
pub fn image_of(root: &Path, release: &str) -> PathBuf {
    let beside_modules = root.join("usr/lib/modules").join(release).join("vmlinuz");
    if beside_modules.exists() { beside_modules } else { root.join("boot").join(format!("vmlinuz-{release}")) }
}
