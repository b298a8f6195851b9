//! The probe in the kernel: loaded, or found where it is kept.

use super::entries;
use super::error::{ProbeError, Refusal};
use super::failure::{chain, system};
use super::mapped::Mapped;
use super::misses::Misses;
use super::operations::Operations;
use super::pins::{ABOUT, ABOUT_WORDS, About, Pins, Stage};
use super::programs::{self, Made, OBJECT, Settings};
use super::ring::Ring;
use super::tables::{TEXTS, Tables};
use super::{refusal, traced};
use aya::Ebpf;
use aya::maps::{Map, MapData};
use aya::pin::PinError;
use kestrel_core::capture::{ABSENT, COUNTED_EVENTS, FIGURES, MEMBERS, Table, count};
use kestrel_ringbuf::Counters;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The ring's name.
const RING: &str = "RING_BUFFER";

/// The name of what is counted.
const COUNTERS: &str = "COUNTERS";

/// The probe in the kernel: loaded, not attached.
pub struct Loaded {
    /// Programs, and the maps that nobody asks for; what is dropped with it, and is not pinned, is detached. `None` for a probe
    /// that was there.
    programs: Option<Ebpf>,
    /// Where it is kept.
    pins: Option<Pins>,
    /// Whose it is.
    pub about: About,
    /// What it goes by.
    pub tables: Tables,
    /// How often each event was seen and rejected, and what became of them: for each CPU [`FIGURES`].
    figures: Mapped,
    /// What the kernel did not hand to the entries.
    misses: Misses,
    /// Captures.
    pub ring: Ring,
    /// Requests of io_uring can be followed.
    requests: bool,
    /// Entries are tracepoints of perf's, as far as there are such.
    traced: bool,
    _operations: Option<Operations>,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
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
    let texts = Map::from_map_data(pinned(&pins, TEXTS)?).map_err(system("texts"))?;
    Ok(Loaded {
        programs: None,
        about: about_of(&pins)?,
        tables: Tables::new(|table, words| map(programs::name_of(table), words), texts)?,
        figures: map(COUNTERS, cpus * FIGURES)?,
        misses: entries::watched_by_pins(&pins)?,
        ring: ring(pinned(&pins, RING)?, ring_bytes)?,
        requests: true,
        traced: false,
        pins: Some(pins),
        _operations: None,
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
    let known = std::thread::scope(|scope| {
        // What aya tries the kernel for takes a while, and hangs on nothing here. It is needed when the object is loaded.
        scope.spawn(aya::features);
        programs::known()
    })?;
    let requests =
        known.offsets.iter().zip(MEMBERS).all(|(offset, member)| *offset != ABSENT || !member.is_of_request());
    // Kernels before 5.11 count maps among locked memory. Where it may not be raised, they say so themselves.
    let unlimited = nix::sys::resource::RLIM_INFINITY;
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_MEMLOCK, unlimited, unlimited);

    let cpus = possible_cpus()?;
    let traced = traced::is_needed();
    let mut settings = Settings { ring_bytes, cpus, follows_types: known.has_registers, known, requests, traced };
    let made = match programs::in_kernel(&settings) {
        // What is common to all kernels of distributions may be different on one: it goes without, and costs more.
        Err(ProbeError::Refused(refusal)) if settings.follows_types != 0 => {
            let Refusal { what, log, .. } = &*refusal;
            log::debug!(
                "eBPF: {what} is refused as it is fastest, and is loaded as it is simplest; the verifier says:\n{log}"
            );
            settings.follows_types = 0;
            programs::in_kernel(&settings)?
        }
        outcome => outcome?,
    };
    let Made { mut programs, operations, tables: [plans, nodes] } = made;
    let all_pins = pins;
    let pins = all_pins.as_ref();
    let misses = entries::watched(&mut programs, pins, traced)?;
    let operations = match pins {
        Some(pins) => operations.keep(pins).map(|()| None)?,
        None => Some(operations),
    };
    let mut array = |name: &str, words: usize| mapped_array(&mut programs, name, words, pins);
    let about = About(array(ABOUT, ABOUT_WORDS)?);
    about.identify(&identity(ring_bytes, cpus));
    let figures = array(COUNTERS, cpus as usize * FIGURES)?;
    let texts = taken(&mut programs, TEXTS, pins)?;
    let table = |table, words| {
        let (map, name) = (if table == Table::Plans { &plans } else { &nodes }, programs::name_of(table));
        if let Some(pins) = pins {
            map.pin(pins.path(name)).map_err(not_kept(name))?;
        }
        mapped(map, name, words)
    };
    let tables = Tables::new(table, texts)?;
    let Map::RingBuf(map) = taken(&mut programs, RING, pins)? else {
        return Err(ProbeError::System { what: RING.to_owned(), error: "it is no ring".to_owned() });
    };
    Ok(Loaded {
        programs: Some(programs),
        about,
        tables,
        figures,
        misses,
        ring: ring(map, ring_bytes)?,
        requests,
        traced,
        pins: all_pins,
        _operations: operations,
    })
}

fn relaxed(word: &AtomicU64) -> u64 {
    word.load(Ordering::Relaxed)
}

fn mapped(map: &MapData, name: &str, words: usize) -> Result<Mapped, ProbeError> {
    let failed = |error: std::io::Error| ProbeError::System { what: name.to_owned(), error: error.to_string() };
    let words = std::num::NonZeroUsize::new(words).ok_or_else(|| failed(std::io::ErrorKind::InvalidInput.into()))?;
    Mapped::new(map.fd(), words).map_err(failed)
}

/// An array of the probe, of so many words, kept over restarts.
fn mapped_array(programs: &mut Ebpf, name: &str, words: usize, pins: Option<&Pins>) -> Result<Mapped, ProbeError> {
    let Map::Array(map) = taken(programs, name, pins)? else {
        return Err(ProbeError::System { what: name.to_owned(), error: "it is no array".to_owned() });
    };
    mapped(&map, name, words)
}

/// A map of the probe, kept over restarts.
fn taken(programs: &mut Ebpf, name: &str, pins: Option<&Pins>) -> Result<Map, ProbeError> {
    let map = programs
        .take_map(name)
        .ok_or_else(|| ProbeError::System { what: name.to_owned(), error: "no such map in the probe".to_owned() })?;
    if let Some(pins) = pins {
        map.pin(pins.path(name)).map_err(not_kept(name))?;
    }
    Ok(map)
}

/// A map cannot be kept over restarts.
fn not_kept(name: &str) -> impl FnOnce(PinError) -> ProbeError + '_ {
    move |error| ProbeError::System { what: format!("keeping {name}"), error: chain(&error) }
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
        entries::attach(programs, pins, self.traced)?;
        if self.requests {
            entries::attach_requests(programs, pins);
        } else {
            log::warn!(
                "eBPF: what io_uring does is not recorded: this kernel's requests are unknown (they are since 6.0)"
            );
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

    /// How often each event was seen and rejected: event by event, CPU by CPU.
    pub fn by_event(&self) -> impl Iterator<Item = (u16, [u64; 2])> {
        self.figures()
            .flat_map(|(events, _)| (0..).zip(events))
            .map(|(event, figures)| (event, figures.each_ref().map(relaxed)))
    }

    /// Events that the kernel did not hand to the probe.
    pub fn misses(&self) -> u64 {
        self.misses.count()
    }

    /// The figures of each CPU: of every event, and what became of them.
    fn figures(&self) -> impl Iterator<Item = (&[[AtomicU64; 2]], &[AtomicU64])> {
        self.figures.words().chunks_exact(FIGURES).map(|all| {
            let (events, counts) = all.split_at(COUNTED_EVENTS as usize * 2);
            (events.as_chunks().0, counts)
        })
    }

    /// What became of the events, for each CPU.
    pub fn counters(&self) -> impl Iterator<Item = Counters> {
        self.figures().map(|(events, counts)| {
            let count = |which: usize| counts.get(which).map_or(0, relaxed);
            let sum = |which: usize| events.iter().filter_map(|of| of.get(which)).map(relaxed).sum();
            Counters {
                seen: sum(0),
                delivered: count(count::DELIVERED),
                filtered: sum(1),
                dropped_full: count(count::FULL),
                dropped_full_lifecycle: count(count::FULL_LIFECYCLE),
                dropped_nested: 0,
                dropped_fault: count(count::FAULT),
                dropped_too_long: count(count::TOO_LONG),
            }
        })
    }
}
