//! Into the ring, or counted.

use crate::capture::{COUNTED_EVENTS, CaptureHead, FIGURES, Plan, count};
use crate::helpers::{self, Context};
use crate::maps::{self, COUNTERS, RING_BUFFER};
use crate::read::Read;
use crate::slot::{Kind, Slot};
use crate::task;
use core::cell::Cell;

/// What is counted on a CPU, which alone changes it.
#[repr(C)]
pub struct Figures {
    /// How often each event was seen and rejected.
    events: [[Cell<u64>; 2]; COUNTED_EVENTS as usize],
    /// What became of them.
    counts: [Cell<u64>; count::COUNT],
}

const _: () = assert!(size_of::<Figures>() == FIGURES * 8);

/// The figures of a CPU.
#[inline(always)]
pub fn figures(cpu: u32) -> Option<&'static Figures> {
    let figures = helpers::lookup(&COUNTERS, cpu);
    // SAFETY: a value of the map is one.
    if figures.is_null() { None } else { Some(unsafe { &*figures.cast() }) }
}

#[inline(always)]
fn add(counter: &Cell<u64>) {
    counter.set(counter.get().wrapping_add(1));
}

impl Figures {
    #[inline(always)]
    fn of_event(&self, event: u16) -> &[Cell<u64>; 2] {
        let at = (u32::from(event) & (COUNTED_EVENTS - 1)) as usize;
        // SAFETY: a masked position is among them.
        unsafe { &*self.events.as_ptr().add(at) }
    }

    /// An event happened that somebody asked for.
    #[inline(always)]
    pub fn count_seen(&self, event: u16) {
        add(&self.of_event(event)[0]);
    }

    /// The number of the next capture: every one takes one, delivered or not.
    #[inline(always)]
    fn seq(&self) -> u64 {
        self.counts[count::DELIVERED].get().wrapping_add(self.counts[count::LOST].get())
    }

    /// A capture is lost, for this reason.
    #[inline(always)]
    fn lose(&self, reason: usize) {
        add(&self.counts[reason]);
        add(&self.counts[count::LOST]);
    }
}

/// An event happened that somebody asked for.
#[inline(always)]
pub fn count_seen(event: u16) {
    if let Some(figures) = figures(helpers::cpu()) {
        figures.count_seen(event);
    }
}

/// The program says that nobody can want it.
#[inline(always)]
pub fn count_rejected(event: u16) {
    if let Some(figures) = figures(helpers::cpu()) {
        add(&figures.of_event(event)[1]);
    }
}

/// What the capture could not do without is not to be had. It takes a number.
#[inline(always)]
pub fn count_fault() {
    if let Some(figures) = figures(helpers::cpu()) {
        figures.lose(count::FAULT);
    }
}

/// The capture is whole.
#[inline(always)]
pub fn end<K: Kind>(_: *const Context) {
    let Some(slot) = Slot::<K>::of_cpu() else { return };
    let Some(plan) = slot.plan() else { return };
    whole(&slot, plan);
}

/// Why there may be no room for what this plan is of.
#[inline(always)]
fn reason(plan: &Plan) -> usize {
    if plan.flags & Plan::LIFECYCLE != 0 { count::FULL_LIFECYCLE } else { count::FULL }
}

/// Is what is left of the ring kept for others?
#[inline(always)]
fn is_reserved(plan: &Plan) -> bool {
    plan.flags & Plan::LIFECYCLE == 0 && helpers::ring_unread(&RING_BUFFER) > maps::ordinary_room()
}

/// The same, for who has slot and plan at hand.
#[inline(always)]
pub fn whole<K: Kind>(slot: &Slot<K>, plan: &Plan) {
    let Some(figures) = figures(helpers::cpu()) else { return };
    if slot.work().too_long.get() != 0 {
        return figures.lose(count::TOO_LONG);
    }
    let len = slot.end() & 0x7fff;
    slot.end_head(len, figures.seq());
    if is_reserved(plan) {
        return figures.lose(reason(plan));
    }
    if len > K::MASK {
        return figures.lose(count::TOO_LONG);
    }
    let capture = slot.capture();
    // SAFETY: the slot has as many bytes.
    if unsafe { helpers::ring_output(&RING_BUFFER, capture, len.into()) } == 0 {
        add(&figures.counts[count::DELIVERED]);
    } else {
        figures.lose(reason(plan));
    }
}

/// A capture that is a head alone, which is written where it is read: neither a slot nor a copy is needed. `head` is what is known of it;
/// when it was, who the task is, how long it is and which number it has are added.
#[inline(always)]
pub fn bare<R: Read>(figures: &Figures, plan: &Plan, head: impl FnOnce(*mut CaptureHead)) {
    const LEN: u32 = size_of::<CaptureHead>() as u32;
    if is_reserved(plan) {
        return figures.lose(reason(plan));
    }
    let out = helpers::ring_reserve(&RING_BUFFER, LEN.into()).cast::<CaptureHead>();
    if out.is_null() {
        return figures.lose(reason(plan));
    }
    head(out);
    // SAFETY: there is room for a head, any bytes are one, and nobody else refers to it until it is handed over.
    unsafe {
        (*out).len = LEN;
        (*out).seq = figures.seq();
        (*out).boot_ns = helpers::boot_ns();
        task::fill_current::<R>(&mut (*out).task);
        helpers::ring_submit(out.cast());
    }
    add(&figures.counts[count::DELIVERED]);
}
