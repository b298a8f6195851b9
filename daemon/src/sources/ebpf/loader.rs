//! Getting the probe into the kernel: where members lie, how large maps are, which program is which operation.

use super::btf::Btf;
use super::error::{ProbeError, Refusal};
use super::half::Half;
use super::judge::Judgement;
use super::mapped::Mapped;
use super::misses::Misses;
use super::pins::{ABOUT, ABOUT_WORDS, About, Pins, Stage};
use super::ring::Ring;
use super::{perf, refusal, rights, traced};
use aya::maps::lpm_trie::Key;
use aya::maps::{LpmTrie, Map, MapData, MapError, ProgramArray};
use aya::programs::links::FdLink;
use aya::programs::{KProbe, Program, ProgramError};
use aya::{Ebpf, EbpfError, EbpfLoader};
use kestrel_core::capture::judge::{self, TextKey, TextMarks};
use kestrel_core::capture::{ABSENT, COUNTED_EVENTS, MEMBERS, OFFSETS, PLANS, Plan, count, op};
use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use zerocopy::IntoBytes;

/// The probe, as `ci/build-ebpf.sh` builds it from `ebpf/`.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("CARGO_MANIFEST_DIR"), "/../ebpf/kestrel.bpf.o"));

/// Where the kernel describes its types.
const TYPES: &str = "/sys/kernel/btf/vmlinux";

/// The ring's name.
const RING: &str = "RING_BUFFER";

/// Of a ring, one part in so many is kept for what processes are known from.
const RESERVE: u64 = 8;

/// The tracepoints, by the names of their programs, and of which system of perf's each is.
const ENTRIES: [(&str, &str); 5] = [
    ("sched_process_fork", "sched"),
    ("sched_process_exec", "sched"),
    ("sched_process_exit", "sched"),
    ("signal_deliver", "signal"),
    ("sys_exit", "raw_syscalls"),
];

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

/// Functions that carry out requests of io_uring.
const REQUESTS: [&str; 7] =
    ["io_openat2", "io_unlinkat", "io_renameat", "io_mkdirat", "io_linkat", "io_symlinkat", "io_connect"];

/// What puts an opened file into a ring's own table.
const INSTALLS: &str = "io_fixed_fd_install";

/// Operations that others go on with.
const CONTINUATIONS: [(&str, u8); 5] = [
    ("walk", op::WALK),
    ("socket", op::SOCKET),
    ("path_text", op::PATH_TEXT),
    ("string_text", op::STRING_TEXT),
    ("joined_text", op::JOINED_TEXT),
];

/// Numbers of 64 bits that a [`Plan`] is.
const PLAN_WORDS: usize = size_of::<Plan>() / size_of::<u64>();

/// Bytes of a [`TextKey`] behind the number of its bits.
const TEXT_BYTES: usize = size_of::<TextKey>() - size_of::<u32>();

/// Numbers of 64 bits that [`TextMarks`] are.
const MARK_WORDS: usize = size_of::<TextMarks>() / size_of::<u64>();

/// Numbers of 64 bits that a node is.
const NODE_WORDS: usize = size_of::<judge::JudgeNode>() / size_of::<u64>();

/// The probe in the kernel: loaded, not attached.
pub struct Loaded {
    /// Programs, and the maps that nobody asks for; what is dropped with it, and is not pinned, is detached. `None` for a probe
    /// that was there.
    programs: Option<Ebpf>,
    /// Where it is kept.
    pins: Option<Pins>,
    /// Whose it is.
    pub about: About,
    /// What is to be done with each call: plan by plan.
    plans: Mapped,
    /// What events are judged by.
    nodes: Mapped,
    /// The texts that they are compared with.
    texts: LpmTrie<MapData, [u8; TEXT_BYTES], [u64; MARK_WORDS]>,
    /// Of these, those that are in force.
    in_force: Vec<TextKey>,
    /// The texts of the program before: events that were under way when it was replaced may still be compared with them.
    former: Vec<TextKey>,
    /// How often each event was seen and rejected: for each CPU [`COUNTED_EVENTS`] times two.
    by_event: Mapped,
    /// What became of the events: for each CPU [`count::COUNT`].
    counters: Mapped,
    /// What the kernel did not hand to the entries.
    misses: Misses,
    /// Captures.
    pub ring: Ring,
    /// Requests of io_uring can be followed.
    requests: bool,
    /// Entries are tracepoints of perf's, as far as there are such.
    traced: bool,
    _operations: Vec<ProgramArray<MapData>>,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

fn system(what: &str) -> impl FnOnce(MapError) -> ProbeError + '_ {
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

/// CPUs that there may be.
fn possible_cpus() -> Result<u32, ProbeError> {
    let cpus = aya::util::nr_cpus()
        .map_err(|(what, error)| ProbeError::System { what: what.to_owned(), error: error.to_string() })?;
    Ok(u32::try_from(cpus).unwrap_or(u32::MAX))
}

/// What a probe must be that this daemon can go on with: the object, the table of events, the sizes.
fn identity(ring_bytes: u32, cpus: u32) -> [u64; 4] {
    let mut object = crc32fast::Hasher::new();
    object.update(OBJECT);
    [object.finalize().into(), kestrel_core::schema::FINGERPRINT, ring_bytes.into(), cpus.into()]
}

/// Loads the probe, with a ring of so many bytes; or goes on with the one that is kept in the folder.
///
/// # Errors
/// [`ProbeError`] says what is wrong and what to do.
pub fn open(ring_bytes: u32, folder: Option<&Path>) -> Result<Loaded, ProbeError> {
    let pins = match folder.map(Pins::open).transpose() {
        Err(error @ ProbeError::Pins { .. }) => {
            log::warn!("{error}; what happens while kestrel is restarted is not recorded");
            None
        }
        pins => pins?,
    };
    let Some(pins) = pins else { return load(ring_bytes, None) };
    if pins.is_used() {
        match kept(&pins, &identity(ring_bytes, possible_cpus()?)) {
            Ok(true) => return take_over(ring_bytes, pins),
            Ok(false) => {}
            Err(error) => log::warn!("{error}"),
        }
        pins.clear();
    }
    load(ring_bytes, Some(pins))
}

/// Can this daemon go on with the probe that is kept?
fn kept(pins: &Pins, identity: &[u64; 4]) -> Result<bool, ProbeError> {
    let about = about_of(pins)?;
    if !about.records() {
        return Ok(false);
    }
    let differences = about.differences(identity);
    if differences.is_empty() {
        return Ok(true);
    }
    let unread = pinned(pins, RING).ok().and_then(|ring| Ring::unread_of(&ring).ok());
    log::warn!(
        "the eBPF probe that is kept in {} is not this kestrel's ({} differ): it is loaded anew; {} of records that nobody read are \
         lost with it",
        pins.path("").display(),
        differences.join(", "),
        unread.map_or_else(|| "an unknown number".to_owned(), |bytes| format!("{bytes} bytes")),
    );
    Ok(false)
}

fn about_of(pins: &Pins) -> Result<About, ProbeError> {
    let map = pinned(pins, ABOUT)?;
    mapped(&map, ABOUT, ABOUT_WORDS).map(About)
}

fn pinned(pins: &Pins, name: &str) -> Result<MapData, ProbeError> {
    MapData::from_pin(pins.path(name)).map_err(system(name))
}

/// Goes on with the probe that is kept.
fn take_over(ring_bytes: u32, pins: Pins) -> Result<Loaded, ProbeError> {
    let cpus = possible_cpus()? as usize;
    let map = |name: &str, words: usize| mapped(&pinned(&pins, name)?, name, words);
    let texts = Map::from_map_data(pinned(&pins, "JUDGE_TEXTS")?).map_err(system("texts"))?;
    let texts: LpmTrie<MapData, [u8; TEXT_BYTES], [u64; MARK_WORDS]> =
        LpmTrie::try_from(texts).map_err(system("texts"))?;
    let in_force = texts.keys().flatten().map(|key| text_key(&key)).collect();
    let mut misses = Misses::default();
    for (name, _) in ENTRIES {
        let failed = |error: ProgramError| refused(name, error);
        misses.watch_pinned(&pins.path(&program_of(name))).map_err(failed)?;
    }
    Ok(Loaded {
        programs: None,
        about: about_of(&pins)?,
        plans: map("WANTED", PLANS as usize * PLAN_WORDS)?,
        nodes: map("JUDGE_NODES", 2 * judge::NODES as usize * NODE_WORDS)?,
        texts,
        in_force,
        former: Vec::new(),
        by_event: map("EVENT_COUNTS", cpus * COUNTED_EVENTS as usize * 2)?,
        counters: map("COUNTERS", cpus * count::COUNT)?,
        misses,
        ring: ring(pinned(&pins, RING)?, ring_bytes)?,
        requests: true,
        traced: false,
        pins: Some(pins),
        _operations: Vec::new(),
    })
}

fn ring(map: MapData, bytes: u32) -> Result<Ring, ProbeError> {
    Ring::new(map, bytes).map_err(|error| ProbeError::System { what: "the ring".to_owned(), error: error.to_string() })
}

/// Loads the probe.
fn load(ring_bytes: u32, pins: Option<Pins>) -> Result<Loaded, ProbeError> {
    if refusal::is_confidential() {
        return Err(ProbeError::LockedDown);
    }
    let (offsets, has_registers) = offsets()?;
    let requests = offsets.iter().zip(MEMBERS).all(|(offset, member)| *offset != ABSENT || !member.is_of_request());
    // Kernels before 5.11 count maps among locked memory. Where it may not be raised, they say so themselves.
    let unlimited = nix::sys::resource::RLIM_INFINITY;
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_MEMLOCK, unlimited, unlimited);

    let cpus = possible_cpus()?;
    let traced = traced::is_needed();
    let mut settings =
        Settings { ring_bytes, cpus, offsets, has_registers, follows_types: has_registers, requests, traced };
    let mut programs = match in_kernel(&settings) {
        // What is common to all kernels of distributions may be different on one: it goes without, and costs more.
        Err(ProbeError::Refused(refusal)) if settings.follows_types != 0 => {
            let Refusal { what, log, .. } = &*refusal;
            log::debug!(
                "eBPF: {what} is refused as it is fastest, and is loaded as it is simplest; the verifier says:\n{log}"
            );
            settings.follows_types = 0;
            in_kernel(&settings)?
        }
        outcome => outcome?,
    };
    let all_pins = pins;
    let pins = all_pins.as_ref();
    let misses = watched(&mut programs, pins, traced)?;
    let mut operations = Vec::new();
    for kind in ["call", "request", "exec", "fork"] {
        let map = format!("{}_OPERATIONS", kind.to_uppercase());
        let mut array = ProgramArray::try_from(taken(&mut programs, &map, pins)?).map_err(system("programs"))?;
        for (name, number) in OPERATIONS.into_iter().chain(CONTINUATIONS) {
            let Some(program) = traced::program(&mut programs, &format!("{kind}_{name}"), traced) else { continue };
            let fd = match program {
                Program::RawTracePoint(program) => program.fd(),
                Program::TracePoint(program) => program.fd(),
                Program::KProbe(program) if requests => program.fd(),
                _ => continue,
            };
            array.set(number.into(), fd.map_err(|error| refused(name, error))?, 0).map_err(system("programs"))?;
        }
        operations.push(array);
    }
    let mut array = |name: &str, words: usize| {
        let Map::Array(map) = taken(&mut programs, name, pins)? else {
            return Err(ProbeError::System { what: name.to_owned(), error: "it is no array".to_owned() });
        };
        mapped(&map, name, words)
    };
    let about = About(array(ABOUT, ABOUT_WORDS)?);
    about.identify(&identity(ring_bytes, cpus));
    let plans = array("WANTED", PLANS as usize * PLAN_WORDS)?;
    let nodes = array("JUDGE_NODES", 2 * judge::NODES as usize * NODE_WORDS)?;
    let by_event = array("EVENT_COUNTS", cpus as usize * COUNTED_EVENTS as usize * 2)?;
    let counters = array("COUNTERS", cpus as usize * count::COUNT)?;
    let texts = LpmTrie::try_from(taken(&mut programs, "JUDGE_TEXTS", pins)?).map_err(system("texts"))?;
    let Map::RingBuf(map) = taken(&mut programs, RING, pins)? else {
        return Err(ProbeError::System { what: RING.to_owned(), error: "it is no ring".to_owned() });
    };
    Ok(Loaded {
        programs: Some(programs),
        about,
        plans,
        nodes,
        texts,
        in_force: Vec::new(),
        former: Vec::new(),
        by_event,
        counters,
        misses,
        ring: ring(map, ring_bytes)?,
        requests,
        traced,
        pins: all_pins,
        _operations: operations,
    })
}

/// What the probe is told before it is loaded.
struct Settings {
    ring_bytes: u32,
    cpus: u32,
    offsets: [u32; OFFSETS],
    /// 1 if the kernel has the helper that finds registers.
    has_registers: u32,
    /// 1 if the verifier is asked to follow structures.
    follows_types: u32,
    /// Requests of io_uring are followed.
    requests: bool,
    /// Programs are of perf's tracepoints, as far as there are such.
    traced: bool,
}

/// Ends of the names of programs that the verifier takes longest for.
const LONGEST: [&str; 6] = ["sys_exit", "judge", "string_text", "strings", "vector", "message"];

/// Threads that have programs verified: more would gain little.
const MOST_THREADS: usize = 4;

/// Has the verifier look at programs, the last of the list first, on as many CPUs as there are.
fn in_parallel(programs: Mutex<Vec<(&str, &mut Program)>>) -> Result<(), ProbeError> {
    let work = || {
        loop {
            let next = programs.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some((name, program)) = next else { return Ok(()) };
            let loaded = match program {
                Program::RawTracePoint(program) => program.load(),
                Program::TracePoint(program) => program.load(),
                Program::KProbe(program) => program.load(),
                _ => Err(ProgramError::UnexpectedProgramType),
            };
            loaded.map_err(|error| refused(name, error))?;
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

/// Makes the maps, and has the verifier look at the programs.
fn in_kernel(settings: &Settings) -> Result<Ebpf, ProbeError> {
    let Settings { ring_bytes, cpus, offsets, has_registers, follows_types, requests, traced } = settings;
    let room = u64::from(*ring_bytes) - u64::from(*ring_bytes) / RESERVE;
    let mut loader = EbpfLoader::new();
    loader.btf(None);
    loader.override_global("MEMBER_OFFSETS", offsets.as_slice(), true);
    loader.override_global("HAS_REGISTERS", has_registers, true);
    loader.override_global("FOLLOWS_TYPES", follows_types, true);
    loader.override_global("ORDINARY_ROOM", &room, true);
    loader.map_max_entries("RING_BUFFER", *ring_bytes);
    for by_cpu in [
        "CALL_SLOTS",
        "REQUEST_SLOTS",
        "EXEC_SLOTS",
        "FORK_SLOTS",
        "EXIT_SLOTS",
        "SIGNAL_SLOTS",
        "COUNTERS",
        "EVENT_COUNTS",
    ] {
        loader.map_max_entries(by_cpu, *cpus);
    }
    let mut programs = loader.load(OBJECT).map_err(not_made)?;
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
    // Those that take longest first, so that no CPU waits for another one's last.
    needed.sort_by_key(|(name, _)| {
        LONGEST.iter().position(|part| name.ends_with(part)).map_or(0, |place| LONGEST.len() - place)
    });
    in_parallel(Mutex::new(needed))?;
    Ok(programs)
}

/// Has what the kernel says of the entries looked at, by who finds them pinned, too.
fn watched(programs: &mut Ebpf, pins: Option<&Pins>, traced: bool) -> Result<Misses, ProbeError> {
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

/// Under which name the program of an entry is pinned; the entry's own is that of its link.
fn program_of(entry: &str) -> String {
    format!("{entry}-program")
}

/// A key as the map has it.
fn lpm(key: &TextKey) -> Key<[u8; TEXT_BYTES]> {
    let mut data = [0; TEXT_BYTES];
    let bytes = key.as_bytes().iter().skip(size_of::<u32>());
    data.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Key::new(key.bits, data)
}

/// A key of the map as what it was made of.
fn text_key(key: &Key<[u8; TEXT_BYTES]>) -> TextKey {
    let mut bytes = [0; size_of::<TextKey>()];
    let (bits, data) = bytes.split_at_mut(size_of::<u32>());
    bits.copy_from_slice(&key.prefix_len().to_ne_bytes());
    data.copy_from_slice(&key.data());
    zerocopy::transmute!(bytes)
}

fn mapped(map: &MapData, name: &str, words: usize) -> Result<Mapped, ProbeError> {
    let failed = |error: std::io::Error| ProbeError::System { what: name.to_owned(), error: error.to_string() };
    let words = std::num::NonZeroUsize::new(words).ok_or_else(|| failed(std::io::ErrorKind::InvalidInput.into()))?;
    Mapped::new(map.fd(), words).map_err(failed)
}

/// A map of the probe, kept over restarts.
fn taken(programs: &mut Ebpf, name: &str, pins: Option<&Pins>) -> Result<Map, ProbeError> {
    let map = programs
        .take_map(name)
        .ok_or_else(|| ProbeError::System { what: name.to_owned(), error: "no such map in the probe".to_owned() })?;
    if let Some(pins) = pins {
        let failed = |error| ProbeError::System { what: format!("keeping {name}"), error: chain(&error) };
        map.pin(pins.path(name)).map_err(failed)?;
    }
    Ok(map)
}

/// This process may not.
fn denied(what: String, error: &std::io::Error) -> ProbeError {
    let advice = rights::advice(&rights::lacking(), &refusal::kernel());
    ProbeError::Denied { what, error: error.to_string(), advice }
}

/// A map was refused, or the object.
fn not_made(error: EbpfError) -> ProbeError {
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
fn refused(name: &str, error: ProgramError) -> ProbeError {
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

impl Drop for Loaded {
    fn drop(&mut self) {
        if let Some(pins) = self.pins.take().filter(|_| !self.about.records()) {
            pins.remove();
        }
    }
}

impl Loaded {
    /// Attaches every entry to its tracepoint.
    ///
    /// # Errors
    /// [`ProbeError`] if there is no such tracepoint.
    pub fn attach(&mut self) -> Result<(), ProbeError> {
        let Some(programs) = &mut self.programs else { return Ok(()) };
        let pins = self.pins.as_ref();
        for (name, system) in ENTRIES {
            let failed = |error: ProgramError| refused(name, error);
            match traced::program(programs, name, self.traced) {
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
        if !self.requests {
            log::warn!(
                "eBPF: what io_uring does is not recorded: this kernel's requests are unknown (they are since 6.0)"
            );
        } else if let Some(why) = perf::denied() {
            log::warn!(
                "eBPF: what io_uring does is not recorded, since this process may not watch the functions of it: {why}"
            );
        } else {
            let probes =
                REQUESTS.iter().flat_map(|function| [("request_entered", *function), ("request_returned", *function)]);
            for (name, function) in probes.chain([("request_installed", INSTALLS)]) {
                if let Err(error) = probe(programs, pins, name, function) {
                    log::warn!(
                        "eBPF: requests of io_uring are not recorded as far as {function} carries them out: {error}"
                    );
                }
            }
        }
        self.about.reach(Stage::Records);
        Ok(())
    }

    /// True if it was there before this daemon.
    pub fn is_taken_over(&self) -> bool {
        self.programs.is_none()
    }

    /// It records no more, and is not kept.
    pub fn end(&self) {
        self.about.reach(Stage::Stopped);
    }

    /// Has the probe follow these plans. A call meanwhile is judged by the plan before or by this one: what is copied for an
    /// event never changes, so that it is there before the word that says whether it is wanted.
    pub fn follow(&self, plans: &[Plan]) {
        for (plan, to) in plans.iter().zip(self.plans.words().chunks(PLAN_WORDS)) {
            let words = plan.as_bytes().chunks_exact(size_of::<u64>());
            let mut words = words.map(|word| word.try_into().map_or(0, u64::from_ne_bytes));
            let flags = words.next().unwrap_or(0);
            let Some((first, rest)) = to.split_first() else { continue };
            if flags & u64::from(Plan::WANTED) != 0 {
                rest.iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
            }
            first.store(flags, Ordering::Release);
        }
    }

    /// A half of the nodes that no plan leads to.
    pub fn free_half(&self) -> Half {
        Half::free(self.plans.words().iter().step_by(PLAN_WORDS))
    }

    /// Hands over what events are judged by, of which nothing is in force until plans lead there. Gives the texts that are.
    ///
    /// # Errors
    /// [`ProbeError`] if the kernel takes no more texts; none of these are there then.
    pub fn judge_by(&mut self, judgement: &Judgement, base: u16) -> Result<Vec<TextKey>, ProbeError> {
        let former = std::mem::take(&mut self.former);
        self.forget(&former);
        let mut added: Vec<TextKey> = Vec::new();
        for (key, marks) in &judgement.texts {
            let words: [u64; MARK_WORDS] = zerocopy::transmute!(*marks);
            if let Err(error) = self.texts.insert(&lpm(key), words, 0) {
                self.forget(&added);
                return Err(system("texts of the prefilter")(error));
            }
            added.push(*key);
        }
        let to = self.nodes.words().chunks_exact(NODE_WORDS).skip(base.into());
        for (node, to) in judgement.nodes.iter().zip(to) {
            let words: [u64; NODE_WORDS] = zerocopy::transmute!(*node);
            to.iter().zip(words).for_each(|(to, word)| to.store(word, Ordering::Relaxed));
        }
        Ok(added)
    }

    /// Remembers the texts that plans lead to now. Those of the plans before are taken away with the next program.
    pub fn have_in_force(&mut self, texts: Vec<TextKey>) {
        self.former = std::mem::replace(&mut self.in_force, texts);
    }

    /// Takes away texts that no program compares with any more.
    pub fn forget(&mut self, texts: &[TextKey]) {
        for key in texts {
            if let Err(error) = self.texts.remove(&lpm(key)) {
                log::debug!("eBPF: texts of the prefilter stay: {error}");
                return;
            }
        }
    }

    /// How often each event was seen and rejected: event by event, CPU by CPU.
    pub fn by_event(&self) -> impl Iterator<Item = (u16, [u64; 2])> {
        let pairs = self.by_event.words().chunks_exact(2);
        (0..COUNTED_EVENTS as u16).cycle().zip(pairs).map(|(event, pair)| {
            (event, std::array::from_fn(|n| pair.get(n).map_or(0, |word| word.load(Ordering::Relaxed))))
        })
    }

    /// Events that the kernel did not hand to the probe.
    pub fn misses(&self) -> u64 {
        self.misses.count()
    }

    /// What became of the events, for each CPU.
    pub fn counters(&self) -> impl Iterator<Item = [u64; count::COUNT]> {
        self.counters.words().as_chunks().0.iter().map(|words: &[AtomicU64; count::COUNT]| {
            std::array::from_fn(|n| words.get(n).map_or(0, |word| word.load(Ordering::Relaxed)))
        })
    }
}
