//! What fillers write of the calls of 32-bit programs on a 64-bit kernel.

mod fake;

use fake::{FakeTask, exit, index, narrow, number, record};
use kestrel_core::event::{Flags, Record};
use kestrel_core::fill;
use kestrel_core::schema::{self, id};
use zerocopy::IntoBytes;

#[test]
fn a_socketcall_is_the_call_inside_it() {
    let mut task = FakeTask::new();
    task.poke(0x100, [10u32, 3, 0].as_bytes());
    let call = fill::multiplexed(&task, schema::I386_SOCKETCALL, [1, 0x100, 0, 0, 0, 0], 6).unwrap();
    assert_eq!((call.event, call.args[0], call.args[1], call.ret, call.compat), (id::SOCKET, 10, 3, 6, true));
    assert_eq!(fill::multiplexed(&task, schema::I386_SOCKETCALL, [99, 0x100, 0, 0, 0, 0], 0), None);
}

#[test]
fn an_ipc_call_is_the_call_inside_it() {
    let mut task = FakeTask::new();
    task.poke(0x100, &7_u32.to_ne_bytes());
    let call = fill::multiplexed(&task, schema::I386_IPC, [3, 21, 1, 0x110, 0x100, 0], 0).unwrap();
    assert_eq!((call.event, call.args), (id::SEMCTL, [21, 1, 0x110, 7, 0, 0]));
    record(&task, call, |record| {
        // 0x110 is SETVAL for new structures.
        assert_eq!(record.param(index(id::SEMCTL, "cmd")).unwrap().uint(), Some(16));
        assert_eq!(record.param(index(id::SEMCTL, "val")).unwrap().int(), Some(7));
    });
    assert_eq!(fill::multiplexed(&task, schema::I386_IPC, [99, 0, 0, 0, 0, 0], 0), None);
}

#[test]
fn a_32_bit_offset_is_one_word_or_two_as_the_call_has_it() {
    let mut task = FakeTask::new();
    let name = task.poke_str(0x1000, "/f");
    let length = |record: Record<'_>| record.param(index(id::TRUNCATE, "length")).unwrap().uint();
    // truncate, truncate64
    record(&task, narrow(92, [name, 0x8000_0000, 9, 0, 0, 0], 0), |r| {
        assert_eq!(length(r), Some(0xffff_ffff_8000_0000))
    });
    record(&task, narrow(193, [name, 5, 1, 0, 0, 0], 0), |r| assert_eq!(length(r), Some(0x1_0000_0005)));
    exit(&task, id::TRUNCATE, [name, 0x1_0000_0005, 9, 0, 0, 0], 0, |r| assert_eq!(length(r), Some(0x1_0000_0005)));
    // fallocate: both numbers in two words
    record(&task, narrow(324, [3, 1, 7, 0, 8, 1], 0), |record| {
        assert_eq!(record.param(index(id::FALLOCATE, "offset")).unwrap().uint(), Some(7));
        assert_eq!(record.param(index(id::FALLOCATE, "length")).unwrap().uint(), Some(0x1_0000_0008));
    });
}

#[test]
fn a_32_bit_time_is_as_wide_as_the_call_has_it() {
    let mut task = FakeTask::new();
    let wide = task.poke(0x1000, [3_u64, 5].as_bytes());
    let small = task.poke(0x2000, [4_u32, 6].as_bytes());
    let interval = |record: Record<'_>| record.param(index(id::CLOCK_NANOSLEEP, "interval")).unwrap().uint();
    record(&task, narrow(267, [0, 0, small, 0, 0, 0], 0), |r| assert_eq!(interval(r), Some(4_000_000_006)));
    record(&task, narrow(407, [0, 0, wide, 0, 0, 0], 0), |r| assert_eq!(interval(r), Some(3_000_000_005)));
    exit(&task, id::CLOCK_NANOSLEEP, [0, 0, wide, 0, 0, 0], 0, |r| assert_eq!(interval(r), Some(3_000_000_005)));
}

#[test]
fn the_first_mmap_of_i386_has_its_arguments_in_memory() {
    let mut task = FakeTask::new();
    let args = task.poke(0x1000, [0_u32, 4096, 5, 0x22, u32::MAX, 0].as_bytes());
    record(&task, narrow(90, [args, 0, 0, 0, 0, 0], 0x7000), |record| {
        assert_eq!(record.param(index(id::MMAP, "length")).unwrap().uint(), Some(4096));
        assert_eq!(record.param(index(id::MMAP, "prot")).unwrap().uint(), Some(5));
    });
}

#[test]
fn users_and_groups_of_16_bits_are_those_of_32() {
    let mut task = FakeTask::new();
    let name = task.poke_str(0x1000, "/f");
    // chown: 0xffff leaves one as it is, and what is above the 16 bits means nothing; chown32 has all of them.
    for (nr, uid, gid) in [(182, 0xffff_ffff_u32, 0x1234), (212, 0x5_ffff, 0x7_1234)] {
        record(&task, narrow(nr, [name, 0x5_ffff, 0x7_1234, 0, 0, 0], 0), |record| {
            assert_eq!(number(&record, id::CHOWN, "uid"), Some(uid.into()));
            assert_eq!(number(&record, id::CHOWN, "gid"), Some(gid.into()));
        });
    }
    record(&task, narrow(164, [0xffff, 5, 0xffff, 0, 0, 0], 0), |record| {
        let ids = ["ruid", "euid", "suid"].map(|name| number(&record, id::SETRESUID, name));
        assert_eq!(ids, [Some(0xffff_ffff), Some(5), Some(0xffff_ffff)]);
    });
    // getresuid writes 16 bits each, getresuid32 writes 32.
    let ids = task.poke(0x2000, [1000_u16, 1001, 1002, 1003].as_bytes());
    record(&task, narrow(165, [ids, ids + 2, ids + 4, 0, 0, 0], 0), |record| {
        let ids = ["ruid", "euid", "suid"].map(|name| number(&record, id::GETRESUID, name));
        assert_eq!(ids, [Some(1000), Some(1001), Some(1002)]);
    });
    record(&task, narrow(209, [ids, ids + 4, 0, 0, 0, 0], 0), |record| {
        assert_eq!(number(&record, id::GETRESUID, "ruid"), Some(1000 | 1001 << 16));
    });
}

#[test]
fn signed_words_of_32_bit_callers_keep_their_sign_and_no_limit_is_none() {
    let mut task = FakeTask::new();
    record(&task, narrow(172, [15_000, 0xffff_ffff, 0, 0, 0, 0], -22), |record| {
        assert_eq!(number(&record, id::PRCTL, "arg2_int"), Some(-1));
    });
    record(&task, narrow(19, [3, 0xffff_fff8, 2, 0, 0, 0], 0), |record| {
        assert_eq!(number(&record, id::LSEEK, "offset"), Some(-8));
    });
    let limit = task.poke(0x1000, [0xffff_fffe_u32, 0xffff_ffff].as_bytes());
    record(&task, narrow(191, [0, limit, 0, 0, 0, 0], 0), |record| {
        assert_eq!(number(&record, id::GETRLIMIT, "cur"), Some(0xffff_fffe));
        assert_eq!(number(&record, id::GETRLIMIT, "max"), Some(-1));
    });
}

#[test]
fn a_call_whose_arguments_are_gone_is_told_without_them() {
    let task = FakeTask::new();
    let connect = fill::multiplexed(&task, schema::I386_SOCKETCALL, [3, 0xdead_0000, 0, 0, 0, 0], 0).unwrap();
    assert!(connect.lost);
    record(&task, connect, |record| {
        assert_eq!(record.header().event, id::CONNECT.0);
        assert_eq!(number(&record, id::CONNECT, "res"), Some(0));
        assert!((1..4).all(|n| record.param(n).is_none()));
        assert!(record.flags().contains(Flags::FAULT));
    });
    record(&task, narrow(90, [0xdead_0000, 0, 0, 0, 0, 0], -14), |record| {
        let there: Vec<_> = (0..record.param_count()).filter(|&n| record.param(n).is_some()).collect();
        assert_eq!(there, [0, 1, 2, 3], "what is known: the result, and figures of memory");
        assert!(record.flags().contains(Flags::FAULT));
    });
}
