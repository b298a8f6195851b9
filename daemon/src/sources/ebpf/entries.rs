//! Where programs are attached: to tracepoints, and to the functions that carry out requests of io_uring.

use super::error::ProbeError;
use super::failure::{chain, refused};
use super::misses::Misses;
use super::pins::Pins;
use super::{perf, traced};
use aya::Ebpf;
use aya::programs::links::FdLink;
use aya::programs::{KProbe, Program, ProgramError};
use std::os::fd::AsFd;

/// The tracepoints, by the names of their programs, and of which system of perf's each is.
const ENTRIES: [(&str, &str); 5] = [
    ("sched_process_fork", "sched"),
    ("sched_process_exec", "sched"),
    ("sched_process_exit", "sched"),
    ("signal_deliver", "signal"),
    ("sys_exit", "raw_syscalls"),
];

/// Functions that carry out requests of io_uring.
const REQUESTS: [&str; 7] =
    ["io_openat2", "io_unlinkat", "io_renameat", "io_mkdirat", "io_linkat", "io_symlinkat", "io_connect"];

/// What puts an opened file into a ring's own table.
const INSTALLS: &str = "io_fixed_fd_install";

/// Has what the kernel says of the entries looked at, by who finds them pinned, too.
///
/// # Errors
/// [`ProbeError`] if that cannot be kept.
pub fn watched(programs: &mut Ebpf, pins: Option<&Pins>, traced: bool) -> Result<Misses, ProbeError> {
    let mut misses = Misses::default();
    for (name, _) in ENTRIES {
        let Some(program) = traced::program(programs, name, traced) else { continue };
        let fd = match program {
            Program::RawTracePoint(program) => program.fd(),
            Program::TracePoint(program) => program.fd(),
            _ => Err(ProgramError::UnexpectedProgramType),
        };
        misses.watch(fd.map_err(|error| refused(name, error))?.as_fd());
        if let Some(pins) = pins {
            let failed = |error| ProbeError::System { what: format!("keeping {name}"), error: chain(&error) };
            program.pin(pins.path(&program_of(name))).map_err(failed)?;
        }
    }
    Ok(misses)
}

/// The same, of entries that are kept.
///
/// # Errors
/// [`ProbeError`] if they are not there.
pub fn watched_by_pins(pins: &Pins) -> Result<Misses, ProbeError> {
    let mut misses = Misses::default();
    for (name, _) in ENTRIES {
        let failed = |error: ProgramError| refused(name, error);
        misses.watch_pinned(&pins.path(&program_of(name))).map_err(failed)?;
    }
    Ok(misses)
}

/// Under which name the program of an entry is pinned; the entry's own is that of its link.
fn program_of(entry: &str) -> String {
    format!("{entry}-program")
}

/// Attaches a program to a function of the kernel's.
fn probe(programs: &mut Ebpf, pins: Option<&Pins>, name: &str, function: &str) -> Result<(), ProbeError> {
    let Some(program) = programs.program_mut(name) else { return Ok(()) };
    let failed = |error: ProgramError| refused(name, error);
    let program: &mut KProbe = program.try_into().map_err(failed)?;
    let id = program.attach(function, 0).map_err(failed)?;
    if let Some(pins) = pins {
        let link = program.take_link(id).map_err(failed)?;
        keep(pins, &format!("{name}-{function}"), FdLink::try_from(link))?;
    }
    Ok(())
}

/// Keeps a link over restarts.
fn keep<E: std::error::Error>(pins: &Pins, name: &str, link: Result<FdLink, E>) -> Result<(), ProbeError> {
    let failed =
        |error: &dyn std::error::Error| ProbeError::System { what: format!("keeping {name}"), error: chain(error) };
    let link = link.map_err(|error| failed(&error))?;
    // Dropped here, it lives on where it is pinned.
    link.pin(pins.path(name)).map(drop).map_err(|error| failed(&error))
}

/// Attaches every entry to its tracepoint.
///
/// # Errors
/// [`ProbeError`] if there is no such tracepoint.
pub fn attach(programs: &mut Ebpf, pins: Option<&Pins>, traced: bool) -> Result<(), ProbeError> {
    for (name, system) in ENTRIES {
        let failed = |error: ProgramError| refused(name, error);
        match traced::program(programs, name, traced) {
            Some(Program::TracePoint(program)) => {
                let id = program.attach(system, name).map_err(failed)?;
                if let Some(pins) = pins {
                    keep(pins, name, FdLink::try_from(program.take_link(id).map_err(failed)?))?;
                }
            }
            Some(Program::RawTracePoint(program)) => {
                let id = program.attach(name).map_err(failed)?;
                if let Some(pins) = pins {
                    let link = FdLink::from(program.take_link(id).map_err(failed)?);
                    keep::<std::convert::Infallible>(pins, name, Ok(link))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Attaches what follows requests of io_uring. What cannot be followed is said.
pub fn attach_requests(programs: &mut Ebpf, pins: Option<&Pins>) {
    if let Some(why) = perf::denied() {
        log::warn!(
            "eBPF: what io_uring does is not recorded, since this process may not watch the functions of it: {why}"
        );
        return;
    }
    let probes = REQUESTS.iter().flat_map(|function| [("request_entered", *function), ("request_returned", *function)]);
    for (name, function) in probes.chain([("request_installed", INSTALLS)]) {
        if let Err(error) = probe(programs, pins, name, function) {
            log::warn!("eBPF: requests of io_uring are not recorded as far as {function} carries them out: {error}");
        }
    }
}
