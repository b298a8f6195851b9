//! Which rule files there are, and what is in them.

use kestrel_rules::RuleSource;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes that a rule file may have.
const MAX_BYTES: u64 = 16 << 20;

/// A rule file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: cannot read the rules: {error}", path.display())]
pub struct UnreadableRules {
    /// The file or folder.
    pub path: PathBuf,
    /// Why not.
    pub error: io::Error,
}

/// Every file, in order: a folder stands for the `.yaml` and `.yml` files in it, sorted.
///
/// # Errors
/// [`UnreadableRules`] for each file or folder that is not there or cannot be read.
pub fn read(paths: &[PathBuf]) -> Result<Vec<RuleSource>, Vec<UnreadableRules>> {
    let (sources, problems) = read_each(paths);
    if problems.is_empty() { Ok(sources) } else { Err(problems) }
}

/// Every file that can be read, in order, and why each other cannot.
pub fn read_each(paths: &[PathBuf]) -> (Vec<RuleSource>, Vec<UnreadableRules>) {
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match files(path).map(|files| files.iter().map(|file| source(file)).collect::<Vec<_>>()) {
            Ok(read) => {
                for result in read {
                    match result {
                        Ok(source) => sources.push(source),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            Err(error) => problems.push(UnreadableRules { path: path.clone(), error }),
        }
    }
    (sources, problems)
}

fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    yaml_files(path)
}

/// The files of a folder that end in `.yaml` or `.yml`, sorted; hidden ones are left out.
///
/// # Errors
/// What the system said.
pub fn yaml_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.path();
        let is_rules = file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if is_rules && !is_hidden {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn source(path: &Path) -> Result<RuleSource, UnreadableRules> {
    let unreadable = |error| UnreadableRules { path: path.to_owned(), error };
    // Opening a pipe would wait for whoever writes to it.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(unreadable(io::Error::other("it is no regular file")));
    }
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text)).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(unreadable(io::Error::other(format!("it has more than {MAX_BYTES} bytes"))));
    }
    Ok(RuleSource { name: path.display().to_string(), text })
}

/// The paths of the configuration without those that need not be there: a folder for one's own rules may be missing.
pub fn present(paths: &[PathBuf]) -> Vec<PathBuf> {
    let optional = |path: &Path| path.extension().is_some_and(|extension| extension == "d");
    paths.iter().filter(|path| !optional(path) || path.exists()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_its_yaml_files_sorted() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("b.yaml", "b"), ("a.yml", "a"), ("notes.txt", "x"), (".hidden.yaml", "x")] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let sources = read(&[dir.path().to_owned()]).unwrap();
        let texts: Vec<&str> = sources.iter().map(|source| source.text.as_str()).collect();
        assert_eq!(texts, ["a", "b"]);
    }

    #[test]
    fn every_file_that_cannot_be_read_is_named() {
        let problems = read(&["/no/such.yaml".into(), "/no/other.yaml".into()]).unwrap_err();
        let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(messages.join("\n"), @r"
        /no/such.yaml: cannot read the rules: No such file or directory (os error 2)
        /no/other.yaml: cannot read the rules: No such file or directory (os error 2)
        ");
        let binary = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(binary.path(), [0xff, 0xfe]).unwrap();
        assert!(read(&[binary.path().to_owned()]).is_err());
        let device = read(&["/dev/null".into()]).unwrap_err();
        assert_eq!(device[0].to_string(), "/dev/null: cannot read the rules: it is no regular file");
    }

    #[test]
    fn only_a_folder_of_fragments_may_be_missing() {
        let paths = ["/no/such/rules.d".into(), "/no/such.yaml".into()];
        assert_eq!(present(&paths), [PathBuf::from("/no/such.yaml")]);
    }
}
