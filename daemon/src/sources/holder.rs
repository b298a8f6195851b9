//! Who has a device or a folder open, so that a message can name the process.

use std::fmt;
use std::path::Path;

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Its name.
    pub comm: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} ({})", self.pid, self.comm)
    }
}

/// A process, or another one if nobody can tell which.
pub fn who(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), ToString::to_string)
}

/// The first process other than this one that has the file open, as far as this one may see.
pub fn holder(path: &str) -> Option<Holder> {
    let path = std::fs::canonicalize(path).ok()?;
    let own = std::process::id();
    std::fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .find(|&pid| pid != own && has_open(pid, &path))
        .map(|pid| {
            let comm = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
            // A process may call itself anything.
            let comm = kestrel_outputs::escape::line(String::from_utf8_lossy(&comm).trim_end()).into_owned();
            Holder { pid, comm }
        })
}

fn has_open(pid: u32, path: &Path) -> bool {
    let Ok(fds) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    fds.flatten().any(|fd| std::fs::read_link(fd.path()).is_ok_and(|target| target == path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::process::{Command, Stdio};

    #[test]
    fn the_process_that_has_a_file_open_is_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        assert_eq!(holder(&path), None);
        let script = format!("exec 9<{path}; echo ready; read line");
        let mut child =
            Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0; 6]).unwrap();
        assert_eq!(holder(&path), Some(Holder { pid: child.id(), comm: "sh".to_owned() }));
        drop(child.stdin.take());
        child.wait().unwrap();
    }
}
