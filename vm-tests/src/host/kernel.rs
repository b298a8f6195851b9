//! The kernels that are tested: what they are called at Debian's, and where they lie here.

use std::path::{Path, PathBuf};

/// A kernel of Debian's, by the packages that always name its newest version.
#[derive(Clone, Copy, Debug)]
pub struct Flavour {
    /// The name that `--kernel` takes.
    pub name: &'static str,
    /// The package that depends on the newest image.
    pub image: &'static str,
    /// The package that depends on the newest headers.
    pub headers: &'static str,
    /// Debian's release that they are taken from.
    pub release: &'static str,
}

/// Every kernel there is a name for.
pub const FLAVOURS: [Flavour; 5] = [
    Flavour {
        name: "5.10",
        image: "linux-image-cloud-amd64",
        headers: "linux-headers-cloud-amd64",
        release: "bullseye",
    },
    Flavour {
        name: "6.1",
        image: "linux-image-cloud-amd64",
        headers: "linux-headers-cloud-amd64",
        release: "bookworm",
    },
    Flavour {
        name: "6.12",
        image: "linux-image-6.12-cloud-amd64",
        headers: "linux-headers-6.12-cloud-amd64",
        release: "bookworm",
    },
    Flavour { name: "6.1-rt", image: "linux-image-rt-amd64", headers: "linux-headers-rt-amd64", release: "bookworm" },
    Flavour { name: "7.2", image: "linux-image-cloud-amd64", headers: "linux-headers-cloud-amd64", release: "sid" },
];

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
            let found = FLAVOURS.iter().find(|flavour| flavour.name == name);
            found.copied().ok_or_else(|| format!("there is no kernel {name}: use {} or all", known()))
        })
        .collect()
}

/// Where a flavour's packages are unpacked: `root` with the files, and `release`, which is written last.
pub fn folder(target: &Path, flavour: &Flavour) -> PathBuf {
    target.join("kernels").join(flavour.name)
}

/// A kernel that lies here.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Its flavour's name.
    pub name: &'static str,
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
            .map_err(|error| format!("{}: {error}: `vm-tests --fetch` brings it", folder.display()))?;
        Ok(Kernel {
            name: flavour.name,
            release: release.trim().to_owned(),
            root: folder.join("root"),
            target: target.to_owned(),
        })
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
