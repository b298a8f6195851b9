//! Into the ring, or counted.

use crate::capture::{COUNTED_EVENTS, Plan, count};
use crate::helpers::{self, Context};
use crate::maps::{self, COUNTERS, EVENT_COUNTS, RING_BUFFER};
use crate::slot::{Kind, Slot};

/// The counters of this CPU.
#[inline(always)]
fn counters(cpu: u32) -> Option<&'static [core::cell::Cell<u64>; count::COUNT]> {
    let counters = helpers::lookup(&COUNTERS, cpu);
    // SAFETY: a value of the map is as many numbers. This CPU alone changes them.
    if counters.is_null() { None } else { Some(unsafe { &*counters.cast() }) }
}

#[inline(always)]
fn add(counter: &core::cell::Cell<u64>) {
    counter.set(counter.get().wrapping_add(1));
}

/// The figures of an event on this CPU: seen, rejected.
#[inline(always)]
fn figures(cpu: u32, event: u16) -> Option<&'static [core::cell::Cell<u64>; 2]> {
    let all = helpers::lookup(&EVENT_COUNTS, cpu);
    let at = (u32::from(event) & (COUNTED_EVENTS - 1)) as usize;
    // SAFETY: a value of the map is as many of them. This CPU alone changes them.
    if all.is_null() { None } else { Some(unsafe { &*all.cast::<[core::cell::Cell<u64>; 2]>().add(at) }) }
}

/// An event happened that somebody asked for.
#[inline(always)]
pub fn count_seen(cpu: u32, event: u16) {
    if let Some(counters) = counters(cpu) {
        add(&counters[count::SEEN]);
    }
    if let Some(figures) = figures(cpu, event) {
        add(&figures[0]);
    }
}

/// The program says that nobody can want it.
#[inline(always)]
pub fn count_rejected(event: u16) {
    let cpu = helpers::cpu();
    if let Some(counters) = counters(cpu) {
        add(&counters[count::FILTERED]);
    }
    if let Some(figures) = figures(cpu, event) {
        add(&figures[1]);
    }
}

/// What the capture could not do without is not to be had. It takes a number.
#[inline(always)]
pub fn count_fault() {
    if let Some(counters) = counters(helpers::cpu()) {
        add(&counters[count::FAULT]);
    }
}

/// The capture is whole.
#[inline(always)]
pub fn end<K: Kind>(_: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let Some(plan) = slot.plan() else { return };
    whole(&slot, plan);
}

/// The same, for who has slot and plan at hand.
#[inline(always)]
pub fn whole<K: Kind>(slot: &Slot<K>, plan: &Plan) {
    let Some(counters) = counters(helpers::cpu()) else { return };
    if slot.work().too_long.get() != 0 {
        return add(&counters[count::TOO_LONG]);
    }
    // Every capture takes a number, delivered or not.
    let seq = counters[count::DELIVERED]
        .get()
        .wrapping_add(counters[count::FULL].get())
        .wrapping_add(counters[count::FULL_LIFECYCLE].get())
        .wrapping_add(counters[count::FAULT].get())
        .wrapping_add(counters[count::TOO_LONG].get());
    let len = slot.end() & 0x7fff;
    slot.end_head(len, seq);
    let lifecycle = plan.flags & Plan::LIFECYCLE != 0;
    let full = if lifecycle { &counters[count::FULL_LIFECYCLE] } else { &counters[count::FULL] };
    if !lifecycle && helpers::ring_unread(&RING_BUFFER) > maps::ordinary_room() {
        return add(full);
    }
    if len > K::MASK {
        return add(&counters[count::TOO_LONG]);
    }
    let capture = slot.capture();
    // SAFETY: the slot has as many bytes.
    if unsafe { helpers::ring_output(&RING_BUFFER, capture, len.into()) } == 0 {
        add(&counters[count::DELIVERED]);
    } else {
        add(full);
    }
}
