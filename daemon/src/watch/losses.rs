//! Events that the kernel had to drop: when they are reported. Pure: times and counters come in.
//!
//! Every drop is in exactly one report, however the rate is limited: a report covers everything since the last one.

use super::bucket::Bucket;
use crate::config::DropsConfig;
use kestrel_outputs::FieldValue;
use kestrel_ringbuf::Counters;
use std::time::Instant;

/// Name of the internal alert: Falco's.
pub const RULE: &str = "Falco internal: syscall event drop";

/// Decides when drops are reported.
#[derive(Debug)]
pub struct DropWatch {
    threshold: f64,
    /// The counters at the last look: the threshold is about what happened since.
    looked: Counters,
    /// The counters at the last report.
    reported: Counters,
    bucket: Bucket,
    /// The threshold was passed since the last report.
    due: bool,
    /// A drop that there was not is reported at every look.
    simulate: bool,
}

/// What happened since the last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DropReport {
    /// Events.
    pub events: u64,
    /// Drops of each cause, by its name.
    pub causes: [(&'static str, u64); 5],
    /// Drops that there were not (`syscall_event_drops.simulate_drops`).
    pub simulated: u64,
}

impl DropWatch {
    /// Watches from these counters on.
    pub fn new(config: &DropsConfig, counters: Counters, now: Instant) -> DropWatch {
        DropWatch {
            threshold: config.threshold,
            looked: counters,
            reported: counters,
            bucket: Bucket::new(config.rate, config.max_burst, now),
            due: false,
            simulate: config.simulate_drops,
        }
    }

    /// Other limits count from now on.
    pub fn set_limits(&mut self, config: &DropsConfig, now: Instant) {
        self.threshold = config.threshold;
        self.simulate = config.simulate_drops;
        self.bucket = Bucket::new(config.rate, config.max_burst, now);
    }

    /// Looks at the counters; gives a report if one is due and allowed.
    pub fn look(&mut self, counters: &Counters, now: Instant) -> Option<DropReport> {
        let events = counters.seen.wrapping_sub(self.looked.seen);
        let drops = counters.dropped().wrapping_sub(self.looked.dropped());
        self.looked = *counters;
        self.due |= drops > 0 && drops as f64 > self.threshold * events as f64;
        // As in Falco, the threshold does not matter then.
        self.due |= self.simulate;
        if self.due && self.bucket.take(now) { self.report(counters, u64::from(self.simulate)) } else { None }
    }

    /// The last report: whatever was not reported, allowed or not.
    pub fn rest(&mut self, counters: &Counters) -> Option<DropReport> {
        self.report(counters, 0)
    }

    fn report(&mut self, counters: &Counters, simulated: u64) -> Option<DropReport> {
        let before = std::mem::replace(&mut self.reported, *counters);
        self.due = false;
        let mut causes = counters.causes();
        for ((_, now), (_, before)) in causes.iter_mut().zip(before.causes()) {
            *now = now.wrapping_sub(before);
        }
        let report = DropReport { events: counters.seen.wrapping_sub(before.seen), causes, simulated };
        (report.drops() > 0).then_some(report)
    }
}

impl DropReport {
    /// Drops of all causes.
    pub fn drops(&self) -> u64 {
        self.causes.iter().map(|(_, count)| count).sum::<u64>() + self.simulated
    }

    /// In a sentence.
    pub fn message(&self) -> String {
        let causes = self.causes.iter().copied().chain([("simulated", self.simulated)]);
        let causes: Vec<String> = causes.filter(|(_, n)| *n > 0).map(|(cause, n)| format!("{cause}: {n}")).collect();
        let (events, drops) = (self.events, self.drops());
        format!("{drops} of {events} system call events were dropped since the last report ({})", causes.join(", "))
    }

    /// As fields of an alert: text, as in Falco's alert of this kind. Its fields for classes of system calls are missing: here
    /// drops are counted by cause.
    pub fn fields(&self) -> Vec<(String, FieldValue)> {
        let of =
            |wanted: &[&str]| self.causes.iter().filter(|(name, _)| wanted.contains(name)).map(|(_, n)| n).sum::<u64>();
        let mut fields = vec![
            ("n_evts".to_owned(), self.events),
            ("n_drops".to_owned(), self.drops()),
            ("n_drops_buffer_total".to_owned(), of(&["full", "full_lifecycle"])),
            ("n_drops_page_faults".to_owned(), of(&["fault"])),
            // There are neither maps nor eBPF here.
            ("n_drops_scratch_map".to_owned(), 0),
            ("ebpf_enabled".to_owned(), 0),
        ];
        fields.extend(self.causes.iter().map(|(cause, n)| (format!("n_drops_{cause}"), *n)));
        fields.into_iter().map(|(name, n)| (name, FieldValue::Str(n.to_string()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn counters(seen: u64, full: u64, fault: u64) -> Counters {
        Counters {
            seen,
            delivered: seen - full - fault,
            dropped_full: full,
            dropped_fault: fault,
            ..Counters::default()
        }
    }

    fn config(threshold: f64, rate: f64) -> DropsConfig {
        DropsConfig { threshold, rate, ..DropsConfig::default() }
    }

    #[test]
    fn a_single_drop_is_reported_at_once_and_the_next_ones_later_together() {
        let start = Instant::now();
        let mut watch = DropWatch::new(&config(0.0, 0.1), counters(100, 7, 0), start);
        let at = |s: u64| start + Duration::from_secs(s);
        assert_eq!(watch.look(&counters(200, 7, 0), at(1)), None);
        assert_eq!(watch.look(&counters(300, 8, 0), at(2)).unwrap().drops(), 1);
        assert_eq!(watch.look(&counters(400, 9, 1), at(3)), None);
        assert_eq!(watch.look(&counters(500, 9, 1), at(11)), None);
        let report = watch.look(&counters(600, 10, 1), at(13)).unwrap();
        insta::assert_snapshot!(
            report.message(),
            @"3 of 300 system call events were dropped since the last report (full: 2, fault: 1)"
        );
    }

    #[test]
    fn below_the_threshold_nothing_is_said_before_the_end() {
        let start = Instant::now();
        let mut watch = DropWatch::new(&config(0.1, 1.0), Counters::default(), start);
        assert_eq!(watch.look(&counters(100, 10, 0), start), None);
        assert!(watch.look(&counters(200, 21, 0), start).is_some());
        assert_eq!(watch.look(&counters(300, 22, 0), start), None);
        assert_eq!(watch.rest(&counters(300, 22, 0)).unwrap().drops(), 1);
        assert_eq!(watch.rest(&counters(300, 22, 0)), None);
    }

    #[test]
    fn a_drop_can_be_simulated_to_try_the_actions() {
        let start = Instant::now();
        let config = DropsConfig { simulate_drops: true, ..config(0.5, 1.0) };
        let mut watch = DropWatch::new(&config, Counters::default(), start);
        let report = watch.look(&counters(100, 0, 0), start).unwrap();
        insta::assert_snapshot!(
            report.message(),
            @"1 of 100 system call events were dropped since the last report (simulated: 1)"
        );
        assert_eq!(watch.look(&counters(200, 0, 0), start), None);
        assert_eq!(watch.look(&counters(300, 4, 0), start + Duration::from_secs(1)).unwrap().drops(), 5);
        assert_eq!(watch.rest(&counters(300, 4, 0)), None);
    }

    #[test]
    fn the_fields_are_falcos_and_one_a_cause() {
        let report = DropReport { events: 10, causes: counters(10, 2, 1).causes(), simulated: 0 };
        let fields: Vec<String> = report.fields().iter().map(|(name, value)| format!("{name} {value:?}")).collect();
        insta::assert_snapshot!(fields.join("\n"), @r#"
        n_evts Str("10")
        n_drops Str("3")
        n_drops_buffer_total Str("2")
        n_drops_page_faults Str("1")
        n_drops_scratch_map Str("0")
        ebpf_enabled Str("0")
        n_drops_full Str("2")
        n_drops_full_lifecycle Str("0")
        n_drops_nested Str("0")
        n_drops_fault Str("1")
        n_drops_too_long Str("0")
        "#);
    }

    proptest! {
        #[test]
        fn every_drop_is_in_exactly_one_report(
            steps in prop::collection::vec((0u64..100, 0u64..5, 0u64..30), 0..50), threshold in 0.0f64..0.2
        ) {
            let start = Instant::now();
            let mut watch = DropWatch::new(&config(threshold, 0.1), Counters::default(), start);
            let (mut seen, mut full, mut time, mut reported) = (0, 0, start, 0);
            for (events, drops, seconds) in steps {
                seen += events + drops;
                full += drops;
                time += Duration::from_secs(seconds);
                reported += watch.look(&counters(seen, full, 0), time).map_or(0, |report| report.drops());
            }
            reported += watch.rest(&counters(seen, full, 0)).map_or(0, |report| report.drops());
            prop_assert_eq!(reported, full);
        }
    }
}
