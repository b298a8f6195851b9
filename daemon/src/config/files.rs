//! The files of a configuration: the first one, and those that it names in `config_files`.
//!
//! A later file changes what is there key by key of the first level, as in Falco: `append` adds to lists and replaces
//! everything else, `override` replaces all, `add-only` adds keys that are not there.

use super::check::{Checker, Findings, Variable};
use crate::document::{self, Content};
use figment::value::{Dict, Value};
use ring::digest;
use serde::{Deserialize, Deserializer, Serialize};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Bytes that a configuration file may have.
const MAX_BYTES: u64 = 1 << 20;

/// Files that a folder may have.
const MAX_FILES: usize = 1000;

/// The key that names more files; only the first file may have it.
pub const KEY: &str = "config_files";

/// A file of more configuration, or a folder of such files: those that end in `.yaml` or `.yml`, sorted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fragment {
    /// Its path. It need not be there.
    pub path: PathBuf,
    /// How it is merged.
    pub strategy: Strategy,
}

/// A file that was read, and what was in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFile {
    /// Its path.
    pub path: PathBuf,
    /// SHA-256 of what was in it, in hexadecimal digits.
    pub sha256: String,
}

impl ReadFile {
    /// A file in which this was.
    pub fn new(path: &Path, bytes: &[u8]) -> ReadFile {
        let digest = digest::digest(&digest::SHA256, bytes);
        let sha256 = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        ReadFile { path: path.to_owned(), sha256 }
    }

    /// Its name, without the folder.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }
}

/// How a file changes what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Lists are added to those that are there; everything else takes the place of what is there.
    #[default]
    Append,
    /// Everything takes the place of what is there.
    Override,
    /// Only keys count that are not there.
    AddOnly,
}

impl<'de> Deserialize<'de> for Fragment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fragment, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Path(PathBuf),
            Both {
                #[serde(default)]
                path: PathBuf,
                #[serde(default)]
                strategy: Strategy,
            },
        }
        Ok(match Given::deserialize(deserializer)? {
            Given::Path(path) => Fragment { path, strategy: Strategy::Append },
            Given::Both { path, strategy } => Fragment { path, strategy },
        })
    }
}

impl Strategy {
    /// Changes `root` by what a file says.
    pub fn merge(self, root: &mut Dict, file: Dict) {
        for (key, value) in file {
            match (self, root.get_mut(&key), value) {
                (Strategy::Append, Some(Value::Array(_, old)), Value::Array(_, new)) => old.extend(new),
                (Strategy::AddOnly, Some(_), _) => {}
                (_, _, value) => drop(root.insert(key, value)),
            }
        }
    }
}

/// Reads files, and keeps in mind which.
pub struct Reader<'a> {
    /// A variable of the environment.
    pub variable: Variable<'a>,
    /// What was found.
    pub findings: &'a mut Findings,
    /// The files that were read, in order.
    pub read: Vec<ReadFile>,
}

impl Reader<'_> {
    /// Reads a file. Only the `first` may name more files.
    pub fn file(&mut self, path: &Path, first: bool) -> Dict {
        let name = path.display();
        let mut text = String::new();
        let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text));
        let place = |line: u64, column: u64| format!("{name}:{line}:{column}");
        let wrong = |findings: &mut Findings, message: String| {
            findings.errors.push(message);
            Dict::new()
        };
        if let Err(error) = read {
            return wrong(self.findings, format!("{name}: cannot read the configuration: {error}"));
        }
        if text.len() as u64 > MAX_BYTES {
            return wrong(self.findings, format!("{name}: a configuration of more than {MAX_BYTES} bytes is not read"));
        }
        self.read.push(ReadFile::new(path, text.as_bytes()));
        let node = match document::parse(&text) {
            Ok(node) => node,
            Err((at, message)) => {
                let at = at.map_or_else(|| name.to_string(), |(line, column)| place(line, column));
                return wrong(self.findings, format!("{at}: {message}"));
            }
        };
        match &node.value {
            Content::Map(entries) => {
                for (key, _) in entries.iter().filter(|(key, _)| !first && key.value == KEY) {
                    let at = place(key.referenced.line(), key.referenced.column());
                    self.findings.errors.push(format!("{at}: {KEY}: only the first file can name more"));
                }
                Checker { place: &place, variable: Some(self.variable), findings: self.findings }.section(entries, "")
            }
            Content::Nothing => Dict::new(),
            other => {
                let at = place(node.referenced.line(), node.referenced.column());
                wrong(self.findings, format!("{at}: expected keys and values, found {}", other.describe()))
            }
        }
    }

    /// Changes `root` by a file, or by the files of a folder. `main` is the first file, which cannot name itself.
    pub fn fragment(&mut self, fragment: &Fragment, main: Option<&Path>, root: &mut Dict) {
        let Fragment { path, strategy } = fragment;
        if main == Some(path.as_path()) {
            self.findings.errors.push(format!("{}: {KEY}: the file names itself", path.display()));
            return;
        }
        // As in Falco: what is not there is left out.
        let Ok(metadata) = std::fs::metadata(path) else { return };
        let files = match metadata.is_dir() {
            false => Ok(vec![path.clone()]),
            true => super::rule_files::yaml_files(path),
        };
        let files = match files {
            Ok(files) if files.len() > MAX_FILES => {
                self.findings.errors.push(format!("{}: more than {MAX_FILES} files", path.display()));
                return;
            }
            Ok(files) => files,
            Err(error) => {
                self.findings.errors.push(format!("{}: cannot read the configuration: {error}", path.display()));
                return;
            }
        };
        for file in files {
            let dict = self.file(&file, false);
            strategy.merge(root, dict);
        }
    }
}
