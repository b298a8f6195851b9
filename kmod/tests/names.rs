//! The table of names, against processes of which everything is known.

#[allow(dead_code, reason = "the object is linked, and nothing of it called")]
mod shim;

use kestrel_kmod::{Comm, Names, Process};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Threads of a process.
const THREADS: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Rename(u32, usize, u8),
    Fork(u32, usize, u32),
    Exec(u32, usize, u8, bool),
    End(u32),
}

/// A process: what its last exec called it, if the kernel can know, and the comms of its threads, the first one's first.
#[derive(Clone, Debug)]
struct Known {
    name: Option<Comm>,
    comms: [Comm; THREADS],
}

fn comm(n: u8) -> Comm {
    let mut comm = [0; 16];
    comm[0] = b'a' + n;
    // What lies behind the NUL is no part of it, and older kernels leave there what was.
    comm[2] = n;
    comm
}

fn text(comm: Comm) -> Vec<u8> {
    comm.iter().copied().take_while(|&byte| byte != 0).collect()
}

fn process(pid: u32) -> Process {
    Process { pid, start_time: 1 }
}

fn step() -> impl Strategy<Value = Step> {
    let pid = 1_u32..8;
    prop_oneof![
        3 => (pid.clone(), 0..THREADS, 0_u8..4).prop_map(|(pid, thread, name)| Step::Rename(pid, thread, name)),
        3 => (pid.clone(), 0..THREADS, pid.clone()).prop_map(|(pid, thread, child)| Step::Fork(pid, thread, child)),
        2 => (pid.clone(), 0..THREADS, 0_u8..4, proptest::bool::weighted(0.2))
            .prop_map(|(pid, thread, name, by_descriptor)| Step::Exec(pid, thread, name, by_descriptor)),
        1 => pid.prop_map(Step::End),
    ]
}

proptest! {
    #[test]
    fn a_process_is_called_as_its_last_exec_called_it_whatever_its_threads_do(
        steps in proptest::collection::vec(step(), 0..80),
    ) {
        let names = Box::new(Names::default());
        let first = Known { name: Some(comm(0)), comms: [comm(0); THREADS] };
        let mut all = BTreeMap::from([(1, first)]);
        for step in steps {
            match step {
                Step::Rename(pid, thread, name) => {
                    let Some(known) = all.get_mut(&pid) else { continue };
                    names.rename(process(pid), &known.comms[0], true);
                    known.comms[thread] = comm(name);
                }
                Step::Fork(pid, thread, child) => {
                    let Some(known) = all.get(&pid).cloned() else { continue };
                    if all.contains_key(&child) {
                        continue;
                    }
                    let made = Known { name: known.name, comms: [known.comms[thread]; THREADS] };
                    names.fork(process(pid), &known.comms[0], process(child), &made.comms[0]);
                    all.insert(child, made);
                }
                Step::Exec(pid, thread, name, by_descriptor) => {
                    let Some(known) = all.get_mut(&pid) else { continue };
                    // The thread that executes becomes the first.
                    known.comms = [known.comms[thread]; THREADS];
                    names.rename(process(pid), &known.comms[0], true);
                    known.comms = [comm(name); THREADS];
                    let filename: &[u8] = if by_descriptor { b"/dev/fd/7" } else { b"/bin/x" };
                    names.exec(process(pid), filename, None);
                    known.name = if by_descriptor { None } else { Some(comm(name)) };
                }
                Step::End(pid) => {
                    all.remove(&pid);
                    names.forget(process(pid));
                }
            }
            for (pid, known) in &all {
                let told = names.of(process(*pid), &known.comms[0]);
                prop_assert_eq!(told.map(text), known.name.map(text));
            }
        }
    }
}

#[test]
fn between_a_rename_and_the_record_of_an_exec_the_old_name_counts() {
    let names = Box::new(Names::default());
    let one = process(1);
    names.rename(one, &comm(0), true);
    assert_eq!(names.of(one, &comm(1)).map(text), Some(text(comm(0))));
    names.exec(one, b"/bin/b", None);
    assert_eq!(names.of(one, &comm(1)).map(text), Some(text(comm(1))));
}

#[test]
fn a_name_that_the_consumer_may_have_read_before_or_after_is_not_known() {
    let names = Box::new(Names::default());
    names.rename(process(1), &comm(0), false);
    assert_eq!(names.of(process(1), &comm(1)), None);
    // A child has the same.
    names.fork(process(1), &comm(1), process(2), &comm(1));
    assert_eq!(names.of(process(2), &comm(1)), None);
    names.exec(process(2), b"/bin/c", None);
    assert_eq!(names.of(process(2), &comm(2)), Some(comm(2)));
    // The next consumer reads again.
    names.rename(process(3), &comm(0), true);
    assert_eq!(names.of(process(3), &comm(1)).map(text), Some(text(comm(0))));
    names.doubt();
    assert_eq!(names.of(process(3), &comm(1)), None);
    names.forget_all();
    assert_eq!(names.of(process(3), &comm(1)), Some(comm(1)));
}

#[test]
fn who_executes_a_descriptor_is_called_as_its_file() {
    let one = process(1);
    for nothing in ["/dev/fd/3", "/proc/self/exe", "/proc/self/fd/3"] {
        let names = Box::new(Names::default());
        names.exec(one, nothing.as_bytes(), Some(&comm(2)));
        assert_eq!(names.of(one, &comm(3)).map(text), Some(text(comm(2))), "{nothing}");
        // Its file is gone, or may be called something else.
        names.exec(one, nothing.as_bytes(), None);
        assert_eq!(names.of(one, &comm(3)), None, "{nothing}");
    }
    let names = Box::new(Names::default());
    names.exec(one, b"/proc/7/root/bin/sh", Some(&comm(2)));
    assert_eq!(names.of(one, &comm(3)), Some(comm(3)));
}

#[test]
fn once_one_found_no_place_nobody_else_is_known() {
    let names = Box::new(Names::default());
    for pid in 1..100_000 {
        names.rename(process(pid), &comm(0), true);
    }
    assert_eq!(names.of(process(200_000), &comm(1)), None);
    assert_eq!(names.of(process(1), &comm(1)).map(text), Some(text(comm(0))));
    names.forget_all();
    assert_eq!(names.of(process(200_000), &comm(1)), Some(comm(1)));
}
