//! The table of marked processes, against a map that knows no bounds.

#[allow(dead_code, reason = "the object is linked, and nothing of it called")]
mod shim;

use kestrel_kmod::{Marks, Process};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
enum Step {
    Change(Process, u64, u64),
    Inherit(Process, Process),
    Forget(Process),
    Clear(u64),
}

fn process() -> impl Strategy<Value = Process> {
    (1_u32..40, 0_u64..3).prop_map(|(pid, start_time)| Process { pid, start_time })
}

fn step() -> impl Strategy<Value = Step> {
    let bits = prop_oneof![Just(0_u64), 0..8_u64, Just(1 << 63)];
    prop_oneof![
        4 => (process(), bits.clone(), bits.clone()).prop_map(|(process, set, clear)| Step::Change(process, set, clear)),
        2 => (process(), process()).prop_map(|(parent, child)| Step::Inherit(parent, child)),
        1 => process().prop_map(Step::Forget),
        1 => bits.prop_map(Step::Clear),
    ]
}

proptest! {
    #[test]
    fn the_table_says_what_a_map_says_until_it_is_full(steps in proptest::collection::vec(step(), 0..60)) {
        let marks = Box::new(Marks::default());
        let mut map = BTreeMap::<Process, u64>::new();
        for step in steps {
            match step {
                Step::Change(process, set, clear) => {
                    prop_assert!(marks.change(process, set, clear));
                    let bits = map.entry(process).or_default();
                    *bits = *bits & !clear | set;
                }
                Step::Inherit(parent, child) => {
                    marks.inherit(parent, child);
                    let bits = map.get(&parent).copied().unwrap_or(0);
                    *map.entry(child).or_default() |= bits;
                }
                Step::Forget(process) => {
                    marks.forget(process);
                    map.remove(&process);
                }
                Step::Clear(bits) => {
                    marks.clear(bits);
                    map.values_mut().for_each(|have| *have &= !bits);
                }
            }
            map.retain(|_, bits| *bits != 0);
            prop_assert_eq!(marks.is_empty(), map.is_empty());
            for pid in 1..40 {
                for start_time in 0..3 {
                    let process = Process { pid, start_time };
                    prop_assert_eq!(marks.of(process), Some(map.get(&process).copied().unwrap_or(0)));
                }
            }
        }
    }
}

#[test]
fn once_a_process_found_no_place_the_marks_of_those_without_one_are_unknown_until_all_are_cleared() {
    let marks = Box::new(Marks::default());
    let found =
        (1_u32..).map(|pid| Process { pid, start_time: 1 }).take_while(|process| marks.change(*process, 2, 0)).count();
    assert!(found > 500, "{found} found a place");
    let first = Process { pid: 1, start_time: 1 };
    let without = Process { pid: found as u32 + 1, start_time: 1 };
    assert_eq!((marks.of(first), marks.of(without)), (Some(2), None));
    // A child of one that is not known is not known either.
    let child = Process { pid: 1_000_000, start_time: 5 };
    marks.inherit(without, child);
    assert_eq!(marks.of(child), None);
    marks.clear(2);
    assert_eq!(marks.of(child), None);
    marks.clear(u64::MAX);
    assert_eq!((marks.of(child), marks.is_empty()), (Some(0), true));
}

#[test]
fn a_pid_that_is_used_again_does_not_have_the_marks_of_the_one_before() {
    let marks = Box::new(Marks::default());
    marks.change(Process { pid: 7, start_time: 1 }, 1, 0);
    assert_eq!(marks.of(Process { pid: 7, start_time: 2 }), Some(0));
}
