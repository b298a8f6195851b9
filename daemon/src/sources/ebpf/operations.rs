//! Which program is which operation: programs that go on with one another find the next one in an array, by its number.

use super::error::ProbeError;
use super::failure::{refused, system};
use super::traced;
use aya::Ebpf;
use aya::maps::{MapData, ProgramArray};
use aya::programs::Program;
use kestrel_core::capture::op;

/// What programs go on with one another for: each kind has its own array, `KIND_OPERATIONS`.
pub const KINDS: [&str; 4] = ["call", "request", "exec", "fork"];

/// The operations, by the second half of their programs' names.
const OPERATIONS: [(&str, u8); 16] = [
    ("judge", op::JUDGE),
    ("end", op::END),
    ("fd", op::FD),
    ("dir_fd", op::DIR_FD),
    ("string", op::STRING),
    ("bytes", op::BYTES),
    ("cwd", op::CWD),
    ("exe", op::EXE),
    ("cgroup", op::CGROUP),
    ("image", op::IMAGE),
    ("arguments", op::ARGUMENTS),
    ("environment", op::ENVIRONMENT),
    ("vector", op::VECTOR),
    ("message", op::MESSAGE),
    ("fd_list", op::FD_LIST),
    ("strings", op::STRINGS),
];

/// Operations that others go on with.
const CONTINUATIONS: [(&str, u8); 5] = [
    ("walk", op::WALK),
    ("socket", op::SOCKET),
    ("path_text", op::PATH_TEXT),
    ("string_text", op::STRING_TEXT),
    ("joined_text", op::JOINED_TEXT),
];

/// Puts the programs of a kind into its array.
///
/// # Errors
/// [`ProbeError`] if the kernel refuses that.
pub fn fill(
    array: &mut ProgramArray<MapData>,
    programs: &mut Ebpf,
    kind: &str,
    requests: bool,
    traced: bool,
) -> Result<(), ProbeError> {
    for (name, number) in OPERATIONS.into_iter().chain(CONTINUATIONS) {
        let Some(program) = traced::program(programs, &format!("{kind}_{name}"), traced) else { continue };
        let fd = match program {
            Program::RawTracePoint(program) => program.fd(),
            Program::TracePoint(program) => program.fd(),
            Program::KProbe(program) if requests => program.fd(),
            _ => continue,
        };
        array.set(number.into(), fd.map_err(|error| refused(name, error))?, 0).map_err(system("programs"))?;
    }
    Ok(())
}
