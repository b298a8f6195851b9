//! Getting the probe into the kernel: where members lie, how large maps are, which program is which operation.

use super::btf::Btf;
use super::error::ProbeError;
use super::mapped::Mapped;
use aya::maps::{Map, MapData, ProgramArray, RingBuf};
use aya::programs::{ProgramError, RawTracePoint};
use aya::{Ebpf, EbpfLoader};
use kestrel_core::capture::{ABSENT, MEMBERS, OFFSETS, PLANS, Plan, count, op};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use zerocopy::IntoBytes;

/// The probe, as `ci/build-ebpf.sh` builds it from `ebpf/`.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ebpf/kestrel.bpf.o"));

/// Where the kernel describes its types.
const TYPES: &str = "/sys/kernel/btf/vmlinux";

/// Of a ring, one part in so many is kept for what processes are known from.
const RESERVE: u64 = 8;

/// The tracepoints, by the names of their programs.
const ENTRIES: [&str; 5] =
    ["sched_process_fork", "sched_process_exec", "sched_process_exit", "signal_deliver", "sys_exit"];

/// The operations, by the second half of their programs' names.
const OPERATIONS: [(&str, u8); 15] = [
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
const CONTINUATIONS: [(&str, u8); 2] = [("walk", op::WALK), ("socket", op::SOCKET)];

/// Numbers of 64 bits that a [`Plan`] is.
const PLAN_WORDS: usize = size_of::<Plan>() / size_of::<u64>();

/// The probe in the kernel: loaded, not attached.
pub struct Loaded {
    /// Programs, and the maps that nobody asks for; what is dropped with it is detached.
    pub programs: Ebpf,
    /// What is to be done with each call: plan by plan.
    plans: Mapped,
    /// What became of the events: for each CPU [`count::COUNT`].
    counters: Mapped,
    /// Captures.
    pub ring: RingBuf<MapData>,
    _operations: Vec<ProgramArray<MapData>>,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

fn system(what: &str) -> impl FnOnce(aya::maps::MapError) -> ProbeError + '_ {
    move |error| ProbeError::System { what: what.to_owned(), error: chain(&error) }
}

/// An error with its reasons.
fn chain(error: &dyn std::error::Error) -> String {
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

/// Where the members lie that the probe reads, and whether the kernel has the helper that finds registers.
fn offsets() -> Result<([u32; OFFSETS], u32), ProbeError> {
    let bytes = fs::read(TYPES).map_err(|error| ProbeError::NoTypes { path: TYPES, error })?;
    let btf = Btf::parse(&bytes).ok_or(ProbeError::Types { path: TYPES })?;
    let mut offsets = [ABSENT; OFFSETS];
    for (offset, member) in offsets.iter_mut().zip(MEMBERS) {
        match member.path.split('|').find_map(|path| btf.offset(member.of, path)) {
            Some(found) => *offset = found,
            None if member.optional => {}
            None => return Err(ProbeError::Member { structure: member.of, member: member.path }),
        }
    }
    Ok((offsets, u32::from(btf.has_helper("BPF_FUNC_task_pt_regs"))))
}

/// Loads the probe, with a ring of so many bytes.
///
/// # Errors
/// [`ProbeError`] says what is wrong and what to do.
pub fn load(ring_bytes: u32) -> Result<Loaded, ProbeError> {
    let (offsets, has_registers) = offsets()?;
    // Kernels before 5.11 count maps among locked memory. Where it may not be raised, they say so themselves.
    let unlimited = nix::sys::resource::RLIM_INFINITY;
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_MEMLOCK, unlimited, unlimited);

    let cpus = aya::util::nr_cpus()
        .map_err(|(what, error)| ProbeError::System { what: what.to_owned(), error: error.to_string() })?;
    let cpus = u32::try_from(cpus).unwrap_or(u32::MAX);
    let room = u64::from(ring_bytes) - u64::from(ring_bytes) / RESERVE;
    let mut loader = EbpfLoader::new();
    loader.btf(None);
    loader.override_global("MEMBER_OFFSETS", offsets.as_slice(), true);
    loader.override_global("HAS_REGISTERS", &has_registers, true);
    loader.override_global("ORDINARY_ROOM", &room, true);
    loader.map_max_entries("RING_BUFFER", ring_bytes);
    for by_cpu in ["CALL_SLOTS", "EXEC_SLOTS", "FORK_SLOTS", "EXIT_SLOTS", "SIGNAL_SLOTS", "COUNTERS"] {
        loader.map_max_entries(by_cpu, cpus);
    }
    let mut programs = loader.load(OBJECT).map_err(|error| {
        let error = chain(&error);
        if error.contains("Operation not permitted") || error.contains("Permission denied") {
            return ProbeError::Denied { what: "creating a map".to_owned(), error };
        }
        ProbeError::System { what: "its maps cannot be made".to_owned(), error }
    })?;
    for (name, program) in programs.programs_mut() {
        let name = name.to_owned();
        let program: &mut RawTracePoint = program.try_into().map_err(|error: ProgramError| refused(&name, error))?;
        program.load().map_err(|error| refused(&name, error))?;
    }
    let mut operations = Vec::new();
    for kind in ["call", "exec", "fork"] {
        let map = format!("{}_OPERATIONS", kind.to_uppercase());
        let mut array = ProgramArray::try_from(taken(&mut programs, &map)?).map_err(system("programs"))?;
        for (name, number) in OPERATIONS.into_iter().chain(CONTINUATIONS) {
            let Some(program) = programs.program(&format!("{kind}_{name}")) else { continue };
            let fd = match program {
                aya::programs::Program::RawTracePoint(program) => program.fd().map_err(|error| refused(name, error))?,
                _ => continue,
            };
            array.set(number.into(), fd, 0).map_err(system("programs"))?;
        }
        operations.push(array);
    }
    let plans = mapped(&mut programs, "WANTED", PLANS as usize * PLAN_WORDS)?;
    let counters = mapped(&mut programs, "COUNTERS", cpus as usize * count::COUNT)?;
    let ring = RingBuf::try_from(taken(&mut programs, "RING_BUFFER")?).map_err(system("the ring"))?;
    Ok(Loaded { programs, plans, counters, ring, _operations: operations })
}

fn mapped(programs: &mut Ebpf, name: &str, words: usize) -> Result<Mapped, ProbeError> {
    let failed = |error: std::io::Error| ProbeError::System { what: name.to_owned(), error: error.to_string() };
    let Map::Array(map) = taken(programs, name)? else {
        return Err(failed(std::io::ErrorKind::InvalidData.into()));
    };
    let words = std::num::NonZeroUsize::new(words).ok_or_else(|| failed(std::io::ErrorKind::InvalidInput.into()))?;
    Mapped::new(map.fd(), words).map_err(failed)
}

fn taken(programs: &mut Ebpf, map: &str) -> Result<aya::maps::Map, ProbeError> {
    programs
        .take_map(map)
        .ok_or_else(|| ProbeError::System { what: map.to_owned(), error: "no such map in the probe".to_owned() })
}

/// A program was refused, by the verifier or before.
fn refused(name: &str, error: ProgramError) -> ProbeError {
    match error {
        ProgramError::LoadError { io_error, verifier_log } => {
            let log = verifier_log.to_string();
            if io_error.kind() == std::io::ErrorKind::PermissionDenied && log.trim().is_empty() {
                return ProbeError::Denied { what: format!("program {name}"), error: io_error.to_string() };
            }
            ProbeError::Refused { program: name.to_owned(), error: io_error, log }
        }
        error => ProbeError::System { what: format!("program {name}"), error: chain(&error) },
    }
}

impl Loaded {
    /// Attaches every entry to its tracepoint.
    ///
    /// # Errors
    /// [`ProbeError`] if there is no such tracepoint.
    pub fn attach(&mut self) -> Result<(), ProbeError> {
        for name in ENTRIES {
            let Some(program) = self.programs.program_mut(name) else { continue };
            let program: &mut RawTracePoint = program.try_into().map_err(|error: ProgramError| refused(name, error))?;
            program.attach(name).map_err(|error| refused(name, error))?;
        }
        Ok(())
    }

    /// Has the probe follow these plans. A call meanwhile is judged by the plan before or by this one: what is copied for an
    /// event never changes, so that it is there before the word that says whether it is wanted.
    pub fn follow(&self, plans: &[Plan]) {
        for (plan, to) in plans.iter().zip(self.plans.words().chunks(PLAN_WORDS)) {
            let words = plan.as_bytes().chunks_exact(size_of::<u64>());
            let mut words = words.map(|word| word.try_into().map_or(0, u64::from_ne_bytes));
            let flags = words.next().unwrap_or(0);
            let Some((first, rest)) = to.split_first() else { continue };
            if flags != 0 {
                rest.iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
            }
            first.store(flags, Ordering::Release);
        }
    }

    /// What became of the events, for each CPU.
    pub fn counters(&self) -> impl Iterator<Item = [u64; count::COUNT]> {
        self.counters.words().as_chunks().0.iter().map(|words: &[AtomicU64; count::COUNT]| {
            std::array::from_fn(|n| words.get(n).map_or(0, |word| word.load(Ordering::Relaxed)))
        })
    }
}
