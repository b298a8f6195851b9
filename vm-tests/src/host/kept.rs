//! Files that the guest hands over.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What one boot handed over.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    begun: BTreeSet<String>,
}

impl Kept {
    /// Files go into `kept` in this folder.
    pub fn new(folder: &Path) -> Kept {
        Kept { folder: folder.join("kept"), begun: BTreeSet::new() }
    }

    /// Takes the next part of a file, as base64; the first replaces what there was.
    ///
    /// # Errors
    /// What is wrong with the name or the part, or what the system said.
    pub fn take(&mut self, name: &str, part: &str) -> Result<(), String> {
        if name.is_empty() || name.starts_with('.') || name.contains('/') {
            return Err(format!("{name:?} is no name of a file to keep"));
        }
        let path = self.folder.join(name);
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let bytes = BASE64_STANDARD.decode(part).map_err(|error| failed(&error))?;
        std::fs::create_dir_all(&self.folder).map_err(|error| failed(&error))?;
        let first = self.begun.insert(name.to_owned());
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(first).append(!first);
        let mut file = options.open(&path).map_err(|error| failed(&error))?;
        file.write_all(&bytes).map_err(|error| failed(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_one_another_and_a_new_boot_begins_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        for _ in 0..2 {
            let mut kept = Kept::new(folder.path());
            kept.take("a", &BASE64_STANDARD.encode("one ")).expect("kept");
            kept.take("a", &BASE64_STANDARD.encode("two")).expect("kept");
        }
        assert_eq!(std::fs::read(folder.path().join("kept/a")).expect("there"), b"one two");
    }

    #[test]
    fn no_file_lies_elsewhere() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut kept = Kept::new(folder.path());
        for name in ["", "../a", "/etc/passwd", ".."] {
            kept.take(name, "").expect_err(name);
        }
        kept.take("a", "no base64!").expect_err("not base64");
    }
}
