//! Which program is which operation: programs that go on with one another find the next one in an array, by its number.
//!
//! Of a number that is a constant where a program goes on, the kernel makes a jump, and where that leads is changed while all CPUs wait.
//! What is in the array before a program is loaded costs nothing of that: programs are put there one by one, and those first that others
//! go on with so ([`FIRST`]).

use super::error::ProbeError;
use super::failure::{chain, refused, system};
use super::pins::Pins;
use super::traced;
use aya::Ebpf;
use aya::maps::{MapData, ProgramArray};
use aya::programs::{Program, ProgramError};
use kestrel_core::capture::op;
use std::sync::{Mutex, PoisonError};

/// What programs go on with one another for: each kind has its own array, `KIND_OPERATIONS`.
const KINDS: [&str; 4] = ["call", "request", "exec", "fork"];

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

/// Ends of the names of programs that others go on with by a constant: in the order in which they are loaded.
pub const FIRST: [&str; 4] = ["judge", "walk", "socket", "vector"];

/// An array, which programs are put into while others are loaded.
type Array = Mutex<ProgramArray<MapData>>;

/// The arrays, by what their programs are for.
pub struct Operations([(&'static str, Array); KINDS.len()]);

impl Operations {
    /// The arrays of a probe.
    ///
    /// # Errors
    /// [`ProbeError`] if it does not have them.
    pub fn of(programs: &mut Ebpf) -> Result<Operations, ProbeError> {
        let mut array = |kind: &'static str| -> Result<(&'static str, Array), ProbeError> {
            let name = format!("{}_OPERATIONS", kind.to_uppercase());
            let map = programs.take_map(&name).ok_or_else(|| ProbeError::System {
                what: name.clone(),
                error: "no such map in the probe".to_owned(),
            })?;
            Ok((kind, Mutex::new(ProgramArray::try_from(map).map_err(system("programs"))?)))
        };
        let [a, b, c, d] = KINDS;
        Ok(Operations([array(a)?, array(b)?, array(c)?, array(d)?]))
    }

    /// Puts a program that is loaded into the array of its kind, if it is an operation.
    ///
    /// # Errors
    /// [`ProbeError`] if the kernel refuses that.
    pub fn put(&self, name: &str, program: &Program) -> Result<(), ProbeError> {
        let Some((array, number)) = self.place(name) else { return Ok(()) };
        let fd = match program {
            Program::RawTracePoint(program) => program.fd(),
            Program::TracePoint(program) => program.fd(),
            Program::KProbe(program) => program.fd(),
            _ => Err(ProgramError::UnexpectedProgramType),
        };
        let mut array = array.lock().unwrap_or_else(PoisonError::into_inner);
        array.set(number.into(), fd.map_err(|error| refused(name, error))?, 0).map_err(system("programs"))
    }

    /// Where a program belongs, by its name.
    fn place(&self, name: &str) -> Option<(&Array, u8)> {
        let stands_for = traced::stands_for(name);
        let (kind, operation) = stands_for.as_deref().unwrap_or(name).split_once('_')?;
        let (_, array) = self.0.iter().find(|(known, _)| *known == kind)?;
        Some((array, number(operation)?))
    }

    /// Keeps the arrays over restarts. What holds none of them open lets the kernel empty them.
    ///
    /// # Errors
    /// [`ProbeError`] if that cannot be done.
    pub fn keep(self, pins: &Pins) -> Result<(), ProbeError> {
        for (kind, array) in self.0 {
            let name = format!("{}_OPERATIONS", kind.to_uppercase());
            let array = array.into_inner().unwrap_or_else(PoisonError::into_inner);
            array
                .pin(pins.path(&name))
                .map_err(|error| ProbeError::System { what: format!("keeping {name}"), error: chain(&error) })?;
        }
        Ok(())
    }
}

/// The number of an operation, by the second half of its program's name.
fn number(operation: &str) -> Option<u8> {
    OPERATIONS.into_iter().chain(CONTINUATIONS).find_map(|(name, number)| (name == operation).then_some(number))
}
