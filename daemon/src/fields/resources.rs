//! `proc.vmsize`, `proc.fdlimit`, `thread.pfmajor` and the like: what a process used when it was last asked. Records say it at
//! an exec and at a fork, /proc once, for processes that were there before. Threads are counted as they come and go.

use super::EventFacts;
use super::given::Given;
use crate::state::{Figures, Threads};
use kestrel_rules::{Field, Value};

pub(super) const GIVEN: &[Given] = &[
    (Field::ProcFdlimit, |facts, _| {
        facts.figure(|figures| figures.fd_limit.and_then(|limit| i64::try_from(limit).ok()).map(Value::Int))
    }),
    (Field::ProcVmsize, |facts, _| facts.figure(|figures| figures.vm_size_kib.map(Value::Uint))),
    (Field::ProcVmrss, |facts, _| facts.figure(|figures| figures.vm_rss_kib.map(Value::Uint))),
    (Field::ProcVmswap, |facts, _| facts.figure(|figures| figures.vm_swap_kib.map(Value::Uint))),
    (Field::ThreadVmsize, |facts, _| facts.of_main_thread(|figures| figures.vm_size_kib)),
    (Field::ThreadVmrss, |facts, _| facts.of_main_thread(|figures| figures.vm_rss_kib)),
    (Field::ThreadVmsizeB, |facts, _| facts.of_main_thread(|figures| figures.vm_size_kib.map(bytes))),
    (Field::ThreadVmrssB, |facts, _| facts.of_main_thread(|figures| figures.vm_rss_kib.map(bytes))),
    (Field::ProcNthreads, |facts, _| facts.threads(|threads| threads.alive)),
    (Field::ProcNchilds, |facts, _| {
        facts.threads(|threads| threads.alive.saturating_sub(u32::from(!threads.without_first)))
    }),
    (Field::ThreadPfmajor, |facts, _| facts.faults(|figures| figures.faults_major)),
    (Field::ThreadPfminor, |facts, _| facts.faults(|figures| figures.faults_minor)),
];

fn bytes(kib: u64) -> u64 {
    kib.saturating_mul(1024)
}

impl<'a> EventFacts<'a> {
    fn figure(&self, value: impl Fn(&Figures) -> Option<Value<'a>>) -> Value<'a> {
        self.process.and_then(|process| value(&process.figures)).unwrap_or(Value::Missing)
    }

    fn threads(&self, value: impl Fn(&Threads) -> u32) -> Value<'a> {
        let threads = self.process.and_then(|process| process.threads);
        threads.map_or(Value::Missing, |threads| Value::Uint(value(&threads).into()))
    }

    /// A figure of the process that Falco shows for its first thread; the others have 0.
    fn of_main_thread(&self, value: impl Fn(&Figures) -> Option<u64>) -> Value<'a> {
        if self.is_main_thread() { self.figure(|figures| value(figures).map(Value::Uint)) } else { Value::Uint(0) }
    }

    /// A figure of the first thread; of the others it is not known.
    fn faults(&self, value: impl Fn(&Figures) -> Option<u64>) -> Value<'a> {
        if self.is_main_thread() { self.figure(|figures| value(figures).map(Value::Uint)) } else { Value::Missing }
    }
}
