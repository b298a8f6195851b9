//! A rule for scenarios under load: one alert for each file that the load opens.

use crate::guest::alerts::Alert;
use crate::guest::failure::{Doing, Outcome};
use std::collections::BTreeSet;

/// The rule file.
pub const RULES: &str = "/run/load.yaml";

/// Folders that the load opens files in: one a CPU.
pub const FOLDERS: [&str; 2] = ["/run/load/0", "/run/load/1"];

const RULE: &str = "Load";

/// Writes the rule file and makes the folders.
///
/// # Errors
/// What the system said.
pub fn prepare() -> Outcome {
    for folder in FOLDERS {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).doing(folder)?;
    }
    let text = format!(
        "- rule: {RULE}\n  desc: The load opened a file.\n  \
         condition: evt.type = openat and fd.name startswith /run/load/\n  \
         output: Load (file=%fd.name process=%proc.name)\n  priority: INFORMATIONAL\n  tags: [test]\n"
    );
    std::fs::write(RULES, text).doing(RULES)
}

/// The files of the load among alerts, by their paths.
pub fn files(alerts: &[Alert]) -> BTreeSet<String> {
    alerts.iter().filter(|alert| alert.rule() == RULE).map(|alert| alert.field("fd.name")).collect()
}

/// Files that the load opened and no alert tells of.
pub fn missing(alerts: &[Alert], count: u64) -> Vec<String> {
    let found = files(alerts);
    let all = FOLDERS.iter().flat_map(|folder| (0..count).map(move |index| format!("{folder}/{index}")));
    all.filter(|path| !found.contains(path)).collect()
}
