//! The table against the world: kernel headers, Falco's parameter lists, itself.

use kestrel_core::abi::{Frame, Hello, INTEREST_WORDS, Interest, Mismatch, Welcome, check};
use kestrel_core::event::MAX_PARAMS;
use kestrel_core::schema::{self, Abi, EVENTS, EventId, EventSet, FINGERPRINT, Type, by_name, event_of, id};
use std::collections::BTreeSet;
use std::fmt::Write;

#[test]
fn the_table_of_events_is_the_documented_one() {
    let mut table = String::new();
    for (index, event) in EVENTS.iter().enumerate() {
        let params: Vec<_> = event.params.iter().map(|p| format!("{}:{}", p.name, type_name(&p.ty))).collect();
        let mark = if event.lifecycle { " lifecycle" } else { "" };
        writeln!(table, "{index} {} {}{mark} ({})", event.name, event.category.name(), params.join(", ")).unwrap();
    }
    insta::assert_snapshot!(table);
}

fn type_name(ty: &Type) -> String {
    let debug = format!("{ty:?}");
    debug.split(['(', ' ']).next().unwrap().to_lowercase()
}

#[test]
fn names_are_unique_and_everything_fits_its_bounds() {
    let names: BTreeSet<_> = EVENTS.iter().map(|event| event.name).collect();
    assert_eq!(names.len(), EVENTS.len());
    assert!(EVENTS.len() <= INTEREST_WORDS * 64);
    for event in EVENTS {
        assert!(event.params.len() <= MAX_PARAMS, "{}", event.name);
        let params: BTreeSet<_> = event.params.iter().map(|param| param.name).collect();
        assert_eq!(params.len(), event.params.len(), "{}", event.name);
    }
    assert_eq!(by_name("openat"), Some(id::OPENAT));
    assert_eq!(by_name("no_such_call"), None);
}

/// System call numbers in a header of the form `#define __NR_name number`.
fn numbers(header: &str) -> Option<Vec<(String, u32)>> {
    let text = std::fs::read_to_string(header).ok()?;
    let numbers = text.lines().filter_map(|line| {
        let (name, number) = line.strip_prefix("#define __NR")?.split_once(' ')?;
        let name = name.strip_prefix("3264_").or(name.strip_prefix('_'))?;
        Some((name.to_owned(), number.trim().parse().ok()?))
    });
    Some(numbers.collect())
}

/// The event that a header's name stands for: Falco's names drop widths, and i386 has several calls for one event.
fn event_name(abi: Abi, name: &str) -> &str {
    match name {
        "pread64" => "pread",
        "pwrite64" => "pwrite",
        "prlimit64" => "prlimit",
        "_llseek" => "llseek",
        "_newselect" => "select",
        "ugetrlimit" => "getrlimit",
        "oldstat" => "stat",
        "oldlstat" => "lstat",
        "oldfstat" => "fstat",
        "fstatat64" => "newfstatat",
        "fadvise64_64" => "fadvise64",
        "stat64" | "lstat64" | "fstat64" | "getdents64" | "fadvise64" => name,
        _ if abi == Abi::I386 => {
            let plain = name.strip_suffix("_time64").or(name.strip_suffix("64")).or(name.strip_suffix("32"));
            plain.unwrap_or(name)
        }
        _ => name,
    }
}

#[test]
fn system_call_numbers_agree_with_the_headers_of_this_machine() {
    let tables = [
        (Abi::X86_64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        (Abi::I386, "/usr/include/x86_64-linux-gnu/asm/unistd_32.h"),
        (Abi::Aarch64, "/usr/include/asm-generic/unistd.h"),
    ];
    // Names in the generic header that stand for themselves on 32-bit machines alone.
    let elsewhere = ["stat64", "lstat64", "fstat64", "mmap2", "llseek", "sync_file_range2"];
    let mut compared = 0;
    for (abi, header) in tables {
        let Some(numbers) = numbers(header) else { continue };
        let newest = numbers.iter().filter(|(name, _)| name != "syscalls").map(|(_, number)| *number).max().unwrap();
        for (name, number) in &numbers {
            let outside =
                abi == Abi::Aarch64 && (*number >= 400 && name.ends_with("64") || elsewhere.contains(&&**name));
            let renamed = abi == Abi::Aarch64 && *number < 300 && !name.ends_with("64") && by_name(name).is_none();
            if ["socketcall", "ipc", "syscalls", "arch_specific_syscall", "fstatat"].contains(&&**name)
                || outside
                || renamed
            {
                continue;
            }
            let event =
                by_name(event_name(abi, name)).unwrap_or_else(|| panic!("{name} = {number} of {abi:?} has no event"));
            assert_eq!(event_of(abi, *number), Some(event), "{name} = {number} of {abi:?}");
            compared += 1;
        }
        // And nothing else has a number, up to where the header goes.
        for number in 0..=newest {
            if let Some(id) = event_of(abi, number) {
                let name = schema::get(id).unwrap().name;
                // Added between the numbers of older calls.
                let newer = matches!(name, "uprobe" | "uretprobe");
                assert!(newer || numbers.iter().any(|(_, n)| *n == number), "{name} is not {number} of {abi:?}");
            }
        }
    }
    assert!(compared > 1000, "the kernel's headers (linux-libc-dev) are missing: {compared}");
}

#[test]
fn what_fillers_read_is_what_the_table_says() {
    for (index, event) in EVENTS.iter().enumerate() {
        let recipe = schema::recipe(EventId(index as u16)).unwrap();
        assert_eq!(recipe.lifecycle, event.lifecycle, "{}", event.name);
        let sources: Vec<_> = event.params.iter().map(|param| format!("{:?}", param.from)).collect();
        assert_eq!(recipe.sources.iter().map(|source| format!("{source:?}")).collect::<Vec<_>>(), sources);
    }
    assert!(schema::recipe(EventId(EVENTS.len() as u16)).is_none());
}

#[test]
fn events_that_falco_has_begin_with_its_parameters_in_its_order() {
    // One event a line: its name, then its parameters' names.
    for line in include_str!("falco_parameters.txt").lines() {
        let mut words = line.split(' ');
        let event = words.next().and_then(by_name).unwrap_or_else(|| panic!("{line}: there is no such event"));
        let wanted: Vec<_> = words.collect();
        let ours: Vec<_> = schema::get(event).unwrap().params.iter().map(|param| param.name).collect();
        assert_eq!(ours.get(..wanted.len()), Some(&wanted[..]), "{line}");
    }
}

#[test]
fn what_the_process_table_is_made_from_may_use_the_reserve_of_a_ring_and_nothing_else() {
    let names: Vec<_> = EVENTS.iter().filter(|event| event.lifecycle).map(|event| event.name).collect();
    assert_eq!(
        names,
        [
            "chdir", "fchdir", "chroot", "execve", "execveat", "clone", "clone3", "fork", "vfork", "procexit",
            "setsid", "setpgid"
        ]
    );
}

#[test]
fn a_set_of_events_is_a_set() {
    let set: EventSet = [id::OPEN, id::TGKILL, id::OPEN].into_iter().collect();
    assert_eq!(set.len(), 2);
    assert!(set.contains(id::OPEN) && !set.contains(id::OPENAT));
    assert_eq!(set.complement().len(), EVENTS.len() - 2);
    assert!(set.intersection(&set.complement()).is_empty());
    assert_eq!(set.union(&set.complement()), EventSet::all());
    assert_eq!(set.iter().collect::<Vec<_>>(), [id::OPEN, id::TGKILL]);
    assert_eq!(Interest::from(&set).words, *set.words());
    let mut set = set;
    set.insert(EventId(u16::MAX));
    set.remove(id::OPEN);
    assert_eq!(set.len(), 1);
}

#[test]
fn the_handshake_survives_its_frame_and_refuses_what_does_not_fit() {
    let welcome =
        Welcome { abi_major: 1, abi_minor: 4, schema: FINGERPRINT, cpus: 8, ring_bytes: 1 << 20, retained: true };
    let frame = Frame::encode(&welcome).unwrap();
    assert_eq!(frame.decode::<Welcome>(), Some(welcome));
    assert_eq!(Frame::encode(&Hello::OURS).unwrap().decode::<Hello>(), Some(Hello::OURS));
    let mut short = frame;
    short.len = 3;
    assert_eq!(short.decode::<Welcome>(), None);
    let mut long = frame;
    long.len = u32::MAX;
    assert_eq!(long.decode::<Welcome>(), None);
    assert_eq!(check(Hello::OURS.abi_major, FINGERPRINT), Ok(()));
    assert_eq!(check(9, FINGERPRINT), Err(Mismatch::Abi { theirs: 9 }));
    assert_eq!(check(1, 5), Err(Mismatch::Schema { theirs: 5 }));
}

#[test]
fn flags_have_the_names_that_falco_gives_them() {
    let names = |table: &'static schema::FlagNames, value| table.of(value).collect::<Vec<_>>().join("|");
    assert_eq!(names(&schema::names::OPEN_FLAGS, 0o1101), "O_WRONLY|O_CREAT|O_TRUNC");
    assert_eq!(names(&schema::names::OPEN_FLAGS, 0), "O_RDONLY");
    assert_eq!(names(&schema::names::PTRACE_REQUESTS, 16), "PTRACE_ATTACH");
    assert_eq!(names(&schema::names::MODE_FLAGS, 0o4001), "S_IXOTH|S_ISUID");
    assert_eq!(schema::names::SOCKET_FAMILIES.value("AF_PACKET"), Some(17));
    assert_eq!(libc::O_DIRECTORY as u64, schema::names::OPEN_FLAGS.value("O_DIRECTORY").unwrap());
    assert_eq!(libc::O_TMPFILE as u64, schema::names::OPEN_FLAGS.value("O_TMPFILE").unwrap());
    assert_eq!(libc::O_SYNC as u64, schema::names::OPEN_FLAGS.value("O_SYNC").unwrap());
}
