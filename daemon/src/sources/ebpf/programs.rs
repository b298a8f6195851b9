//! The probe's programs: made for this kernel, and looked at by its verifier.

use super::btf::Btf;
use super::cast;
use super::error::ProbeError;
use super::failure::{not_made, refused};
use super::operations::{self, Operations};
use super::traced;
use aya::maps::MapData;
use aya::programs::{Program, ProgramError};
use aya::{Ebpf, EbpfLoader};
use kestrel_core::capture::{ABSENT, MEMBERS, OFFSETS, PLANS, Plan, STRUCTURES, Table, judge};
use std::collections::BTreeSet;
use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use zerocopy::IntoBytes;

/// The probe, as `ci/build-ebpf.sh` builds it from `ebpf/`.
pub static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ebpf/kestrel.bpf.o"));

/// Where the kernel describes its types.
const TYPES: &str = "/sys/kernel/btf/vmlinux";

/// Of a ring, one part in so many is kept for what processes are known from.
const RESERVE: u64 = 8;

/// What the probe has to know of the kernel that runs.
pub struct Known {
    /// Where the members lie that it reads.
    pub offsets: [u32; OFFSETS],
    /// 1 if the kernel has the helper that finds registers.
    pub has_registers: u32,
    /// Number of the function `bpf_rdonly_cast`, if it has it, and those of the structures that the probe says to be there.
    pub cast: Option<(u32, [u32; STRUCTURES.len()])>,
}

/// What the kernel's description of its types tells.
///
/// # Errors
/// [`ProbeError`] if the kernel does not describe its types, or one of them is not as it is known.
pub fn known() -> Result<Known, ProbeError> {
    let bytes = fs::read(TYPES).map_err(|error| ProbeError::NoTypes { path: TYPES, error })?;
    let named = MEMBERS.iter().map(|member| member.of).chain(STRUCTURES).map(str::as_bytes).collect();
    let btf = Btf::parse(&bytes, &named).ok_or(ProbeError::Types { path: TYPES })?;
    let mut offsets = [ABSENT; OFFSETS];
    for (offset, member) in offsets.iter_mut().zip(MEMBERS) {
        match member.path.split('|').find_map(|path| btf.offset(member.of, path)) {
            Some(found) => *offset = found,
            None if member.optional => {}
            None => return Err(ProbeError::Member { structure: member.of, member: member.path }),
        }
    }
    Ok(Known {
        offsets,
        has_registers: u32::from(btf.has_helper("BPF_FUNC_task_pt_regs")),
        cast: btf.cast().zip(structures(&btf)),
    })
}

/// The numbers of the structures that the probe says to be there; `None` if the kernel does not have them all.
fn structures(btf: &Btf<'_>) -> Option<[u32; STRUCTURES.len()]> {
    let mut numbers = [0; STRUCTURES.len()];
    for (number, structure) in numbers.iter_mut().zip(STRUCTURES) {
        *number = btf.number(structure)?;
    }
    Some(numbers)
}

/// What the probe is told before it is loaded.
pub struct Settings {
    /// Bytes of the ring.
    pub ring_bytes: u32,
    /// CPUs that there may be.
    pub cpus: u32,
    /// What it has to know of the kernel.
    pub known: Known,
    /// 1 if the verifier is asked to follow structures.
    pub follows_types: u32,
    /// Requests of io_uring are followed.
    pub requests: bool,
    /// Programs are of perf's tracepoints, as far as there are such.
    pub traced: bool,
}

/// Ends of the names of programs that the verifier takes longest for.
const LONGEST: [&str; 4] = ["sys_exit", "string_text", "strings", "message"];

/// Threads that have programs verified: more would gain little.
const MOST_THREADS: usize = 4;

/// Has the verifier look at programs, the last of the list first, on as many CPUs as there are, and puts them where others find them.
fn in_parallel(programs: Mutex<Vec<(&str, &mut Program)>>, operations: &Operations) -> Result<(), ProbeError> {
    let work = || {
        loop {
            let next = programs.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((name, program)) = next else { return Ok(()) };
            let begin = Instant::now();
            let loaded = match program {
                Program::RawTracePoint(program) => program.load(),
                Program::TracePoint(program) => program.load(),
                Program::KProbe(program) => program.load(),
                _ => Err(ProgramError::UnexpectedProgramType),
            };
            loaded.map_err(|error| refused(name, error))?;
            operations.put(name, program)?;
            if log::log_enabled!(log::Level::Debug) {
                // Known since 5.16.
                let gone_through = program.info().ok().and_then(|info| info.verified_instruction_count());
                let gone_through = gone_through.map_or_else(|| "unknown".to_owned(), |count| count.to_string());
                log::debug!(
                    "eBPF: program {name}: the verifier went through {gone_through} instructions, {} ms",
                    begin.elapsed().as_millis()
                );
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        let outcomes =
            others.into_iter().map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        outcomes.fold(own, Result::and)
    })
}

/// The probe as it was made: programs and maps; the arrays of those that go on with one another; the maps of [`Table::ALL`].
pub struct Made {
    /// Programs, and the other maps.
    pub programs: Ebpf,
    /// The arrays of programs.
    pub operations: Operations,
    /// The tables.
    pub tables: [MapData; Table::ALL.len()],
}

/// Name of a table's map.
pub fn name_of(table: Table) -> &'static str {
    match table {
        Table::Plans => "WANTED",
        Table::Nodes => "JUDGE_NODES",
    }
}

/// Makes the map of a table: an array of one entry, which can be mapped.
fn table(table: Table) -> Result<MapData, ProbeError> {
    /// BPF_MAP_TYPE_ARRAY and BPF_F_MMAPABLE (`linux/bpf.h`).
    const ARRAY: u32 = 2;
    const MAPPED: u32 = 1 << 10;
    let bytes = match table {
        Table::Plans => PLANS as usize * size_of::<Plan>(),
        Table::Nodes => 2 * judge::NODES as usize * size_of::<judge::JudgeNode>(),
    };
    let map = aya_obj::Map::new_from_params(ARRAY, size_of::<u32>() as u32, bytes as u32, 1, MAPPED);
    MapData::create(map, name_of(table), None).map_err(|error| not_made(error.into()))
}

/// Makes the maps, and has the verifier look at the programs.
///
/// # Errors
/// [`ProbeError`] if the kernel refuses a map or a program.
pub fn in_kernel(settings: &Settings) -> Result<Made, ProbeError> {
    let Settings { ring_bytes, cpus, known, follows_types, requests, traced } = settings;
    let room = u64::from(*ring_bytes) - u64::from(*ring_bytes) / RESERVE;
    let mut loader = EbpfLoader::new();
    loader.btf(None);
    loader.override_global("MEMBER_OFFSETS", known.offsets.as_slice(), true);
    loader.override_global("HAS_REGISTERS", &known.has_registers, true);
    let cast = known.cast.filter(|_| *follows_types != 0);
    let can_cast = u32::from(cast.is_some());
    let (function, structures) = cast.unzip();
    let structures = structures.unwrap_or_default();
    loader.override_global("CAN_CAST", &can_cast, true);
    loader.override_global("STRUCTURE_TYPES", structures.as_slice(), true);
    loader.override_global("FOLLOWS_TYPES", follows_types, true);
    loader.override_global("ORDINARY_ROOM", &room, true);
    loader.map_max_entries("RING_BUFFER", *ring_bytes);
    for by_cpu in ["CALL_SLOTS", "REQUEST_SLOTS", "EXEC_SLOTS", "FORK_SLOTS", "EXIT_SLOTS", "SIGNAL_SLOTS", "COUNTERS"]
    {
        loader.map_max_entries(by_cpu, *cpus);
    }
    let tables = [table(Table::Plans)?, table(Table::Nodes)?];
    let object = cast::settled(OBJECT, function, |table| {
        let [plans, nodes] = &tables;
        match table {
            Table::Plans => plans,
            Table::Nodes => nodes,
        }
        .fd()
        .as_fd()
        .as_raw_fd()
    });
    let mut programs = loader.load(object.as_bytes()).map_err(not_made)?;
    let operations = Operations::of(&mut programs)?;
    let as_traced: BTreeSet<String> = programs.programs().filter_map(|(name, _)| traced::stands_for(name)).collect();
    let is_needed = |name: &str, program: &Program| match program {
        // Of those that there are two of, one.
        Program::RawTracePoint(_) => !(*traced && as_traced.contains(name)),
        Program::TracePoint(_) => *traced,
        // Of no use where requests cannot be followed.
        Program::KProbe(_) => *requests,
        _ => true,
    };
    let mut needed: Vec<(&str, &mut Program)> =
        programs.programs_mut().filter(|(name, program)| is_needed(name, program)).collect();
    // Those that others jump to first; then those that take longest, so that no CPU waits for another one's last.
    let order: Vec<&str> = operations::FIRST.into_iter().chain(LONGEST).collect();
    needed.sort_by_key(|(name, _)| {
        order.iter().position(|part| name.ends_with(part)).map_or(0, |place| order.len() - place)
    });
    in_parallel(Mutex::new(needed), &operations)?;
    Ok(Made { programs, operations, tables })
}
