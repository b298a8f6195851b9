//! What Kestrel gives up once it is set up: it reads what others did, and whoever takes it over should gain little by that.
//!
//! | file | gives up |
//! |---|---|
//! | `capabilities.rs` | the powers of root that are not needed any more (capabilities(7)) |
//! | `files.rs` | writing files but where it has to (landlock(7)) |
//! | `calls.rs` | system calls that it never makes (seccomp(2)) |
//!
//! And it gains nothing by what it executes (prctl(2), PR_SET_NO_NEW_PRIVS). A program of `program_output` would be in all of this
//! as well, and nobody knows what it needs: with one, nothing is given up.
//!
//! What the kernel is too old for is left out and said at `debug`; what fails otherwise is said as a warning, and Kestrel goes on:
//! without a sandbox it still sees.

mod calls;
mod capabilities;
mod files;

pub use calls::FORBIDDEN;
pub use capabilities::KEPT;

use crate::config::Config;
use std::path::{Path, PathBuf};

/// Gives up what is not needed with this configuration. `pidfile` is removed at the end.
pub fn enter(config: &Config, pidfile: Option<&Path>) {
    if !config.sandbox.enabled {
        return;
    }
    if config.outputs.program_output.enabled {
        log::info!("sandbox: not entered: a program of program_output would be in it as well");
        return;
    }
    let outcomes = [
        ("no new privileges", nix::sys::prctl::set_no_new_privs().map_err(|error| error.to_string())),
        ("files", files::give_up(&written(config, pidfile))),
        ("capabilities", capabilities::give_up()),
        // Last: what the others need may be among the calls.
        ("system calls", calls::give_up()),
    ];
    for (what, outcome) in outcomes {
        if let Err(error) = outcome {
            log::warn!("sandbox: {what}: {error}");
        }
    }
}

/// The folders in which files are written, made or removed.
fn written(config: &Config, pidfile: Option<&Path>) -> Vec<PathBuf> {
    let outputs = &config.outputs;
    let folder = |path: &Path| {
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
    };
    let mut folders = Vec::new();
    if outputs.file_output.enabled {
        folders.push(folder(&outputs.file_output.filename));
    }
    if outputs.socket_output.enabled {
        folders.push(folder(&outputs.socket_output.path));
    }
    if !outputs.outputs_queue.spool_dir.as_os_str().is_empty() {
        folders.push(outputs.outputs_queue.spool_dir.clone());
    }
    if config.metrics.enabled && !config.metrics.output_file.as_os_str().is_empty() {
        folders.push(folder(&config.metrics.output_file));
    }
    if config.capture.enabled {
        folders.push(folder(Path::new(&config.capture.path_prefix)));
    }
    // What keeps the eBPF probe is taken away at the end.
    if config.engine.ebpf.pin_dir.exists() {
        folders.push(config.engine.ebpf.pin_dir.clone());
    }
    folders.extend(pidfile.map(folder));
    folders
}
