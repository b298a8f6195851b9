//! The short way of a record whose first parameters are in the registers: what it writes is what the long way writes.

mod fake;

use fake::{FakeTask, STAMP, buffer};
use kestrel_core::event::{Flags, RecordWriter};
use kestrel_core::fill::{self, Call, Kernel};
use kestrel_core::filter::Registers;
use kestrel_core::schema::{EVENT_COUNT, EventId, id, recipe};
use proptest::prelude::*;
use zerocopy::IntoBytes;

/// The record as the module writes it for a call of the native table, and how many parameters came from registers, over memory
/// that something else lay in before.
fn by_registers(task: &FakeTask, call: &Call) -> (Vec<u8>, usize) {
    let mut buf = buffer();
    buf.fill(0xa5a5_a5a5_a5a5_a5a5);
    let registers = Registers::of(call.args, call.ret);
    let sources = recipe(call.event).unwrap().sources;
    let mut out = RecordWriter::begin(buf.as_mut_slice().as_mut_bytes(), sources.len()).unwrap();
    let begin = fill::registers(call.event, sources, &registers, &mut out).unwrap();
    let len = if begin == sources.len() {
        task.task_context(out.task());
        fill::registers_exit(call.event, &registers, STAMP, out)
    } else {
        let mut call = *call;
        fill::unpack(task, &mut call);
        fill::unpacked_exit(task, &call, Flags::default(), begin, STAMP, &mut out).unwrap()
    };
    (buf.as_mut_slice().as_mut_bytes()[..len].to_vec(), begin)
}

fn whole(task: &FakeTask, call: &Call) -> Vec<u8> {
    let mut buf = buffer();
    let len = fill::syscall_exit(task, call, STAMP, buf.as_mut_slice().as_mut_bytes()).unwrap();
    buf.as_mut_slice().as_mut_bytes()[..len].to_vec()
}

proptest! {
    #[test]
    fn records_from_registers_are_those_of_the_long_way(
        event in 0..EVENT_COUNT as u16,
        args in prop::array::uniform6(prop_oneof![0..8u64, Just(0x1000), any::<u64>()]),
        ret in prop_oneof![-200i64..10, any::<i64>()],
    ) {
        let mut task = FakeTask::new();
        task.open_file(3, "/etc/passwd");
        task.poke_str(0x1000, "some/path");
        let call = Call { event: EventId(event), nr: 0, args, ret, compat: false, lost: false };
        prop_assert_eq!(by_registers(&task, &call).0, whole(&task, &call));
    }
}

#[test]
fn what_is_in_registers_is_taken_from_there() {
    let task = FakeTask::new();
    let from = |event| {
        let call = Call { event, nr: 0, args: [1, 2, 3, 4, 5, 6], ret: 7, compat: false, lost: false };
        by_registers(&task, &call).1
    };
    assert_eq!(from(id::GETPPID), 1);
    assert_eq!(from(id::KILL), recipe(id::KILL).unwrap().sources.len());
    // The result comes first, then a descriptor.
    assert_eq!(from(id::READ), 1);
    assert_eq!(from(id::MODIFY_LDT), 0, "its result is narrower than its register");
}
