//! What aya says, as errors of ours.

use super::error::{ProbeError, Refusal};
use super::{refusal, rights};
use aya::EbpfError;
use aya::maps::MapError;
use aya::programs::ProgramError;

/// A map's error; `what` is what was to be done.
pub fn system(what: &str) -> impl FnOnce(MapError) -> ProbeError + '_ {
    move |error| ProbeError::System { what: what.to_owned(), error: chain(&error) }
}

/// An error with its reasons.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

/// This process may not.
fn denied(what: String, error: &std::io::Error) -> ProbeError {
    let advice = rights::advice(&rights::lacking(), &refusal::kernel());
    ProbeError::Denied { what, error: error.to_string(), advice }
}

/// A map was refused, or the object.
pub fn not_made(error: EbpfError) -> ProbeError {
    match error {
        EbpfError::MapError(MapError::CreateError { name, io_error }) => {
            if io_error.kind() == std::io::ErrorKind::PermissionDenied {
                return denied(format!("map {name}"), &io_error);
            }
            let missing = refusal::missing_of_map(&name, &io_error);
            let what = format!("map {name}");
            Box::new(Refusal { what, kernel: refusal::kernel(), missing, error: io_error, log: String::new() }).into()
        }
        error => ProbeError::System { what: "its maps cannot be made".to_owned(), error: chain(&error) },
    }
}

/// A program was refused, by the verifier or before.
pub fn refused(name: &str, error: ProgramError) -> ProbeError {
    match error {
        ProgramError::LoadError { io_error, verifier_log } => {
            let log = verifier_log.to_string();
            if io_error.kind() == std::io::ErrorKind::PermissionDenied && log.trim().is_empty() {
                return denied(format!("program {name}"), &io_error);
            }
            let missing = refusal::missing(&log, &io_error);
            let what = format!("program {name}");
            Box::new(Refusal { what, kernel: refusal::kernel(), missing, error: io_error, log }).into()
        }
        error => ProbeError::System { what: format!("program {name}"), error: chain(&error) },
    }
}
