//! What holds of records whatever a caller passes, and of bytes that claim to be a record.

mod fake;

use fake::{FakeTask, STAMP, buffer};
use kestrel_core::event::Record;
use kestrel_core::fill::{self, Call};
use kestrel_core::schema::{self, EVENTS, EventId, From};
use proptest::prelude::*;
use zerocopy::IntoBytes;

const AT_FDCWD: u64 = -100i64 as u64;

/// The obvious way: split, drop, pop, join.
fn normalize_slowly(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// Numbers that hit memory, descriptors and borders more often than chance would.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0u64),
        Just(AT_FDCWD),
        Just(u64::MAX),
        (0u64..8),
        (0x1000u64..0x1100),
        (0x2000u64..0x2200),
        any::<u64>(),
    ]
}

fn busy_task(noise: &[u8]) -> FakeTask {
    let mut task = FakeTask::new();
    task.open_file(3, "/etc/passwd");
    task.open_dir(4, "/srv");
    task.open_inet(5, ([10, 0, 0, 1], 4000), ([10, 0, 0, 2], 80));
    task.poke(0x1000, noise);
    task.poke_str(0x2000, "some/relative/../path");
    task
}

proptest! {
    #[test]
    fn paths_are_normalized_as_the_slow_way_does(path in "/(\\.{0,3}|[a-c]{0,2}|/){0,12}") {
        let mut bytes = path.clone().into_bytes();
        let len = fill::normalize(&mut bytes);
        prop_assert_eq!(std::str::from_utf8(&bytes[..len]).unwrap(), normalize_slowly(&path));
    }

    #[test]
    fn whatever_a_caller_passes_the_record_is_whole(
        event in 0..EVENTS.len() as u16,
        args in prop::array::uniform6(word()),
        ret in prop_oneof![-200i64..10, any::<i64>()],
        compat in any::<bool>(),
        noise in prop::collection::vec(any::<u8>(), 0..200),
        room in prop_oneof![Just(kestrel_core::event::MAX_RECORD), 0..600usize],
    ) {
        let task = busy_task(&noise);
        let mut buf = buffer();
        let call = Call { event: EventId(event), nr: 0, args, ret, compat, lost: false };
        let bytes = &mut buf.as_mut_slice().as_mut_bytes()[..room];
        match fill::syscall_exit(&task, &call, STAMP, bytes) {
            Ok(len) => {
                let record = Record::parse(&bytes[..len]).unwrap();
                let params = schema::get(EventId(event)).unwrap().params;
                prop_assert_eq!(record.param_count(), params.len());
                for (index, param) in params.iter().enumerate() {
                    let Some(value) = record.param(index) else { continue };
                    let derived = matches!(param.from, From::Context(_) | From::OfFd { .. } | From::Process(_));
                    prop_assert!(!derived, "{} is written although it is derived", param.name);
                    prop_assert!(readable(&param.ty, value), "{} does not read as its type", param.name);
                }
            }
            Err(_) => prop_assert!(room < kestrel_core::event::MAX_RECORD, "a full-size buffer must do"),
        }
    }

    #[test]
    fn hostile_bytes_are_refused_or_read_within_bounds(mut words in prop::collection::vec(any::<u64>(), 0..80), len in 0u32..800) {
        if let Some(first) = words.first_mut() {
            *first = *first & !0xffff_ffff | u64::from(len & !7);
        }
        if let Some(second) = words.get_mut(1) {
            *second &= 0xffff_ffff_001f_ffff;
        }
        if let Ok(record) = Record::parse(words.as_bytes()) {
            for index in 0..=record.param_count() {
                if let Some(param) = record.param(index) {
                    let _ = (param.int(), param.path(), param.fd(), param.tuple(), param.address(), param.strings().count());
                    let _ = param.fd_list().count();
                }
            }
            prop_assert!(record.bytes().len() <= words.len() * 8);
        }
    }
}

fn readable(ty: &schema::Type, value: kestrel_core::event::Param<'_>) -> bool {
    use schema::Type;
    match ty {
        Type::Fd => value.fd().is_some(),
        Type::FdList => value.fd_list().all(|(_, fd)| fd.tuple.is_some() == fd.kind().has_tuple()),
        Type::Path => value.path().is_some(),
        Type::Address => value.address().is_some(),
        Type::Tuple => value.tuple().is_some(),
        Type::String | Type::Strings | Type::Bytes => true,
        _ => value.uint().is_some(),
    }
}
