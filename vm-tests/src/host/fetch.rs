//! Fetches Debian's kernels with their headers, without installing anything.
//!
//! apt is used with a configuration of its own: own lists, own cache, own sources, an empty status. So it does not matter what
//! is installed or configured here, root is not needed, and the machine's own apt sees nothing of it. Proxies that are
//! configured for apt are used.

use super::arch::Arch;
use super::kernel::{Flavour, Origin, Packages, folder, image_of};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where packages come from; `KESTREL_DEBIAN_MIRROR` names another place.
const MIRROR: &str = "http://deb.debian.org";

/// Debian's keys, which the packages' lists are signed with. Debian machines have them.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Fetches the flavours that are not here yet.
///
/// # Errors
/// A message.
pub fn fetch(target: &Path, flavours: &[Flavour]) -> Result<(), String> {
    let lacks_programs = |flavour: &Flavour| {
        !flavour.arch.program_packages().is_empty() && !flavour.arch.programs(target).join(DONE).exists()
    };
    let lacks_kernel = |flavour: &Flavour| !folder(target, flavour).join("release").exists();
    // One release of one architecture at a time, so that a name stands for its newest.
    let mut apt: Option<((&str, Arch), Apt)> = None;
    for flavour in flavours {
        if !lacks_kernel(flavour) && !lacks_programs(flavour) {
            continue;
        }
        let packages = match &flavour.origin {
            Origin::Debian(packages) => packages,
            Origin::Built(script) => return Err(format!("{} is not built yet: {script}", flavour.name)),
        };
        let source = (packages.release, flavour.arch);
        let apt = match &apt {
            Some((known, apt)) if *known == source => apt,
            _ => {
                let lists = match flavour.arch {
                    Arch::X86_64 => packages.release.to_owned(),
                    other => format!("{}-{}", packages.release, other.debian()),
                };
                let dir = target.join("apt").join(&lists);
                let new = Apt::prepare(&dir, packages.release, flavour.arch)
                    .map_err(|error| format!("{}: {error}", dir.display()))?;
                println!("reading the lists of Debian's packages ({lists}) …");
                new.run("apt-get", &["update", "-qq"], None)?;
                &apt.insert((source, new)).1
            }
        };
        if lacks_kernel(flavour) {
            let release = apt.unpack_kernel(packages, flavour.arch, &folder(target, flavour))?;
            println!("kernel {}: {release}", flavour.name);
        }
        if lacks_programs(flavour) {
            let packages: Vec<String> = flavour.arch.program_packages().iter().copied().map(str::to_owned).collect();
            let folder = flavour.arch.programs(target);
            apt.unpack(&packages, &folder)?;
            fs::write(folder.join(DONE), "").map_err(|error| format!("{}: {error}", folder.display()))?;
        }
    }
    Ok(())
}

/// The file that says that all packages of programs are unpacked.
const DONE: &str = "done";

#[derive(Debug)]
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn prepare(dir: &Path, release: &str, arch: Arch) -> io::Result<Apt> {
        for sub in ["state/lists/partial", "cache/archives/partial", "empty"] {
            fs::create_dir_all(dir.join(sub))?;
        }
        let dir = fs::canonicalize(dir)?;
        let mirror = std::env::var("KESTREL_DEBIAN_MIRROR").unwrap_or_else(|_| MIRROR.to_owned());
        let keyring = if Path::new(KEYRING).exists() { format!("[signed-by={KEYRING}] ") } else { String::new() };
        let mut sources = String::new();
        let suites: &[(&str, &str)] = match release {
            // It is always under way, and has no updates besides.
            "sid" => &[("debian", "")],
            _ => &[("debian", ""), ("debian", "-updates"), ("debian-security", "-security")],
        };
        for (archive, suite) in suites {
            let suite = format!("{release}{suite}");
            sources.push_str(&format!("deb {keyring}{mirror}/{archive} {suite} main\n"));
        }
        fs::write(dir.join("sources.list"), sources)?;
        fs::write(dir.join("status"), "")?;
        let path = |name: &str| dir.join(name).display().to_string();
        let options = [
            format!("Dir::State={}", path("state")),
            format!("Dir::State::status={}", path("status")),
            format!("Dir::Cache={}", path("cache")),
            format!("Dir::Etc::sourcelist={}", path("sources.list")),
            format!("Dir::Etc::sourceparts={}", path("empty")),
            format!("Dir::Etc::preferencesparts={}", path("empty")),
            format!("APT::Architecture={}", arch.debian()),
            // The tools that build modules run here.
            format!("APT::Architectures={},{}", arch.debian(), Arch::HOST.debian()),
            "APT::Sandbox::User=".to_owned(),
            "Acquire::Languages=none".to_owned(),
            "Acquire::Retries=5".to_owned(),
            // Sid's lists are valid for a week: a mirror that is behind, or keeps a state, is still signed.
            "Acquire::Check-Valid-Until=false".to_owned(),
            "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false".to_owned(),
        ];
        Ok(Apt { options: options.to_vec() })
    }

    fn command(&self, program: &str, args: &[&str], dir: Option<&Path>) -> Command {
        let mut command = Command::new(program);
        for option in &self.options {
            command.args(["-o", option]);
        }
        command.args(args).env("LC_ALL", "C").stdin(Stdio::null());
        if let Some(dir) = dir {
            command.current_dir(dir);
        }
        command
    }

    fn run(&self, program: &str, args: &[&str], dir: Option<&Path>) -> Result<(), String> {
        succeed(&mut self.command(program, args, dir))
    }

    /// What a package depends on, without alternatives.
    fn depends(&self, package: &str) -> Result<Vec<String>, String> {
        let output = self
            .command("apt-cache", &["depends", "--no-recommends", "--no-suggests", package], None)
            .output()
            .map_err(|error| format!("apt-cache: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok(text.lines().filter_map(|line| line.trim().strip_prefix("Depends: ")).map(str::to_owned).collect())
    }

    /// Downloads and unpacks a kernel; gives its release.
    fn unpack_kernel(&self, kernel: &Packages, arch: Arch, folder: &Path) -> Result<String, String> {
        let named = |package: &str, prefix: &str| -> Result<String, String> {
            let depends = self.depends(package)?;
            let found = depends.into_iter().find(|name| name.starts_with(prefix));
            found.ok_or_else(|| format!("{package} is not known to apt, or names no kernel"))
        };
        let image = named(kernel.image, "linux-image-")?;
        let headers = named(kernel.headers, "linux-headers-")?;
        let release = headers.strip_prefix("linux-headers-").unwrap_or(&headers).to_owned();
        // The files that all flavours share, and the tools that build modules.
        let shared = self.depends(&headers)?.into_iter().filter_map(|name| match &name {
            // It is another package for each machine that modules are built on.
            _ if name.starts_with("linux-kbuild-") && arch != Arch::HOST => {
                (!name.contains(':')).then(|| format!("{name}:{}", Arch::HOST.debian()))
            }
            _ if ["linux-headers-", "linux-kbuild-", "linux-compiler-"].iter().any(|start| name.starts_with(start)) => {
                Some(name)
            }
            _ => None,
        });
        // Newer images are split: the kernel and its modules are packages that the image depends on.
        let parts = self
            .depends(&image)?
            .into_iter()
            .filter(|name| name.starts_with("linux-binary-") || name.starts_with("linux-modules-"));
        let packages: Vec<String> = [image.clone(), headers.clone()].into_iter().chain(shared).chain(parts).collect();

        self.unpack(&packages, folder)?;
        let boots = image_of(&folder.join("root"), &release);
        if !boots.exists() {
            return Err(format!("{} is not in the packages", boots.display()));
        }
        fs::write(folder.join("release"), format!("{release}\n"))
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(release)
    }

    /// Downloads packages and unpacks them in `root` of a folder, which is begun anew.
    fn unpack(&self, packages: &[String], folder: &Path) -> Result<(), String> {
        println!("downloading {} …", packages.join(" "));
        let file = |error: io::Error| format!("{}: {error}", folder.display());
        let downloads = folder.join("packages");
        let root = folder.join("root");
        // What an interrupted run left.
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(file)?;
        }
        fs::create_dir_all(&downloads).map_err(file)?;
        fs::create_dir_all(&root).map_err(file)?;
        let mut args = vec!["download", "-q"];
        args.extend(packages.iter().map(String::as_str));
        self.run("apt-get", &args, Some(&downloads))?;
        let archives: Vec<PathBuf> =
            fs::read_dir(&downloads).map_err(file)?.flatten().map(|entry| entry.path()).collect();
        for archive in archives {
            succeed(Command::new("dpkg").arg("-x").arg(archive).arg(&root))?;
        }
        fs::remove_dir_all(&downloads).map_err(file)
    }
}

/// Runs a command; what it says is shown only if it fails.
fn succeed(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{} failed, {}:\n{}{}",
        command.get_program().display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}
